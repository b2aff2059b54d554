// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <string>
#include <string_view>

namespace baton {

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits. For keys that leave the process (a shared cache, a
/// log): nobody can find another text with the same digest, nor guess a long text from it. Throws
/// std::runtime_error if OpenSSL refuses, e.g. because a FIPS provider is misconfigured.
BATON_DECL std::string sha256(std::string_view bytes);

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/sha256.ipp>
#endif
