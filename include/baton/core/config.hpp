// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

/// Version of the library: 10000 * major + 100 * minor + patch.
#define BATON_VERSION 100

/// Non-template function bodies live in `impl/*.ipp`. By default they are included and `inline`;
/// with BATON_SEPARATE_COMPILATION defined in every file of a program they are compiled once, in the
/// one file that includes <baton/src.hpp>.
#if defined(BATON_SEPARATE_COMPILATION)
#define BATON_DECL
#else
#define BATON_DECL inline
#endif
