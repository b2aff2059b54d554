// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/reply.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace baton {

/// Appends a compact binary form of what `reply` says to `out`: id, model, parts, stop, stop_text, usage. Not
/// how it was got (trace, served_by_fallback). `Reply::provider` is a view of static storage and cannot be
/// stored: the caller passes its index, -1 for none. Portable between machines, not between versions of
/// baton.
BATON_DECL void pack(const Reply& reply, std::string& out, int provider = -1);

/// The same in two steps, for a place whose size must be known first: exactly `packed_size` bytes go to `to`.
BATON_DECL std::size_t packed_size(const Reply& reply, int provider = -1) noexcept;
BATON_DECL void pack(const Reply& reply, char* to, int provider = -1) noexcept;

/// Reads what `pack` wrote. False, and an empty Reply, if `bytes` are not exactly that: any bytes are safe to
/// pass. `reply.provider` is left empty; its index goes to `*provider` if asked for.
BATON_DECL bool unpack(std::string_view bytes, Reply& reply, int* provider = nullptr);

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/reply_codec.ipp>
#endif
