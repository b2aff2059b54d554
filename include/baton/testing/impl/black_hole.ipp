// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/black_hole.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include <vector>

namespace baton::testing {

struct BlackHole::Sockets {
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor acceptor{io};
    std::vector<boost::asio::ip::tcp::socket> fillers;
    std::uint16_t port = 0;
};

BATON_DECL BlackHole::BlackHole() : sockets_(std::make_unique<Sockets>()) {
    using boost::asio::ip::tcp;
    const tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
    sockets_->acceptor.open(any.protocol());
    sockets_->acceptor.bind(any);
    sockets_->acceptor.listen(0);
    const tcp::endpoint here = sockets_->acceptor.local_endpoint();
    sockets_->port = here.port();
    // A backlog of 0 still holds one connection; once it is full, the kernel drops what else knocks. One
    // filler too many does no harm: it waits like everybody else.
    for (int i = 0; i < 3; ++i) {
        tcp::socket& filler = sockets_->fillers.emplace_back(sockets_->io, here.protocol());
        filler.native_non_blocking(true);
        // Not Asio's connect: it waits for the end even where reads and writes would not. The end is what
        // never comes, so there is no result to look at.
        (void)::connect(filler.native_handle(), here.data(), static_cast<::socklen_t>(here.size()));
    }
}

BATON_DECL BlackHole::~BlackHole() = default;

BATON_DECL std::uint16_t BlackHole::port() const noexcept { return sockets_->port; }

} // namespace baton::testing
