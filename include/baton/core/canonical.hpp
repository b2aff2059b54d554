// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/request.hpp>

#include <string>

namespace baton {

/// Appends the canonical bytes of `request` to `out`: equal bytes if and only if two requests ask for the
/// same answer on behalf of the same tenant. Every text is preceded by its length, so that no content can
/// imitate structure. In memory only: the form changes between versions and byte orders.
///
/// Left out, and nothing else: `deadline`, `priority` and `cacheable`, which decide how a call is served and
/// not what it says. `model`, `task` and `fallbacks` are in: they are what the caller asked for, and name who
/// answers; the model a call ends up with is never in.
BATON_DECL void canonical(const Request& request, std::string& out);

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/canonical.ipp>
#endif
