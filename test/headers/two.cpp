// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <baton/baton.hpp>

int second_file();

int second_file() { return BATON_VERSION; }
