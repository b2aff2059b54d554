// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// With two.cpp: every header may be included by several files of one program (a function that is neither a
// template nor inline would be defined twice). Its flags are also those of the header and must-not-compile
// checks.
#include <baton/baton.hpp>

int second_file();

int main() { return second_file() - BATON_VERSION; }
