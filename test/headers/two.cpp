// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#if __has_include(<baton/baton.hpp>)
#include <baton/baton.hpp>
#else
#include <baton/core/config.hpp>
#endif

int second_file();

int second_file() { return BATON_VERSION; }
