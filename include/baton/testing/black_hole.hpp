// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <cstdint>
#include <memory>

namespace baton::testing {

/// A port on 127.0.0.1 on which connecting never ends: neither accepted nor refused, as behind a firewall
/// that drops packets. For connect timeouts. Relies on how Linux treats a full backlog.
class BlackHole {
public:
    /// Throws boost::system::system_error if it cannot listen.
    BATON_DECL BlackHole();
    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;
    BATON_DECL ~BlackHole();

    BATON_DECL std::uint16_t port() const noexcept;

private:
    struct Sockets;
    std::unique_ptr<Sockets> sockets_;
};

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/black_hole.ipp>
#endif
