// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <string>
#include <utility>

// Parrot itself, on 127.0.0.1: repeats what it is told, word by word. Just enough to be talked to.
class ParrotServer {
public:
    explicit ParrotServer(boost::asio::io_context& io)
        : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
        boost::asio::co_spawn(io, accept(), boost::asio::detached);
    }
    std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    void stop() { acceptor_.close(); }

    bool asleep = false; // answers nobody

private:
    using Socket = boost::asio::ip::tcp::socket;
    static constexpr auto as_tuple = boost::asio::as_tuple(boost::asio::use_awaitable);

    boost::asio::awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor_.async_accept(as_tuple);
            if (error) co_return; // stopped
            boost::asio::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), boost::asio::detached);
        }
    }

    // One request; the end of the connection ends the answer.
    boost::asio::awaitable<void> serve(Socket socket) {
        boost::beast::flat_buffer buffer;
        boost::beast::http::request<boost::beast::http::string_body> request;
        auto [failed, size] = co_await boost::beast::http::async_read(socket, buffer, request, as_tuple);
        if (failed) co_return;
        std::string prompt;
        baton::json::Reader reader(request.body());
        reader.object([&](std::string_view key) {
            if (key == "prompt") reader.append_string(prompt);
        });
        std::string answer = asleep ? "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
                                      "connection: close\r\n\r\n"
                                      R"({"error":{"code":"asleep","message":"The parrot sleeps."}})"
                                    : "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                      "connection: close\r\n\r\n";
        co_await boost::asio::async_write(socket, boost::asio::buffer(answer), as_tuple);
        if (asleep) co_return;
        int words = 0;
        boost::asio::steady_timer pause(socket.get_executor());
        for (std::size_t from = 0; from < prompt.size(); ++words) {
            const std::size_t space = prompt.find(' ', from + 1);
            const std::size_t to = space == std::string::npos ? prompt.size() : space;
            answer = "data: {\"piece\":";
            baton::json::append_string(answer, std::string_view(prompt).substr(from, to - from));
            answer += "}\n\n";
            co_await boost::asio::async_write(socket, boost::asio::buffer(answer), as_tuple);
            pause.expires_after(std::chrono::milliseconds(20)); // so that one sees it stream
            co_await pause.async_wait(as_tuple);
            from = to;
        }
        const std::string count = std::to_string(words);
        answer = R"(data: {"end":{"why":"done","heard":)" + count + R"(,"said":)" + count + "}}\n\n";
        co_await boost::asio::async_write(socket, boost::asio::buffer(answer), as_tuple);
    }

    boost::asio::ip::tcp::acceptor acceptor_;
};
