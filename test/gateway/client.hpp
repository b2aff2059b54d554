// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// A client that knows nothing but sockets: blocking, with a limit so that no test hangs.
class RawClient {
public:
    explicit RawClient(std::uint16_t port, int limit_seconds = 10) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        timeval limit{limit_seconds, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(port);
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) refused_ = true;
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient() { close(); }

    bool refused() const { return refused_; }
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return; // the server may close while we write; what it said is read below
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    /// False at the end of the connection, or when the limit has passed.
    bool receive() {
        char buffer[16 * 1024];
        const ssize_t n = ::recv(fd_, buffer, sizeof buffer, 0);
        if (n == 0) ended_ = true;
        if (n < 0 && errno == ECONNRESET) ended_ = reset_ = true;
        if (n <= 0) return false;
        in.append(buffer, static_cast<std::size_t>(n));
        return true;
    }
    bool read_until(std::string_view text) {
        while (in.find(text) == std::string::npos) {
            if (!receive()) return false;
        }
        return true;
    }
    /// Reads to the end of the connection; true if that came before the limit.
    bool read_to_end() {
        while (receive()) {
        }
        return ended_;
    }
    /// Small receive buffer: a slow reader. Before the first byte arrives.
    void shrink() {
        const int bytes = 4096;
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

    struct Response {
        int status = 0;
        std::string head, body;
        bool whole = false; ///< its framing has come to its end

        /// The value of a header line; names are written in small letters by the gateway.
        std::string header(std::string_view name) const {
            const std::string start = "\r\n" + std::string(name) + ": ";
            const std::size_t at = head.find(start);
            if (at == std::string::npos) return {};
            return head.substr(at + start.size(), head.find("\r\n", at + 2) - at - start.size());
        }
    };
    /// The next response, as far as it comes.
    Response response(bool to_head = false) {
        Response made;
        if (!read_until("\r\n\r\n")) {
            made.head = in;
            return made;
        }
        const std::size_t end = in.find("\r\n\r\n") + 4;
        made.head = in.substr(0, end);
        in.erase(0, end);
        if (made.head.size() > 12) std::from_chars(made.head.data() + 9, made.head.data() + 12, made.status);
        if (made.status == 100) return response(to_head);
        if (to_head || made.status == 204) {
            made.whole = true;
        } else if (made.header("transfer-encoding") == "chunked") {
            chunks(made);
        } else if (const std::string length = made.header("content-length"); !length.empty()) {
            const std::size_t size = std::stoul(length);
            while (in.size() < size && receive()) {
            }
            made.body = in.substr(0, size);
            made.whole = made.body.size() == size;
            in.erase(0, size);
        } else {
            made.whole = read_to_end() && !reset_;
            made.body = std::exchange(in, {});
        }
        return made;
    }

    std::string in; ///< received and not yet taken
    bool ended() const { return ended_; }

private:
    void chunks(Response& made) {
        for (;;) {
            if (!read_until("\r\n")) return;
            const std::size_t line = in.find("\r\n");
            std::size_t size = 0;
            const auto done = std::from_chars(in.data(), in.data() + line, size, 16);
            if (done.ec != std::errc{} || done.ptr != in.data() + line)
                throw std::runtime_error("a bad chunk: " + in.substr(0, 40));
            while (in.size() < line + 2 + size + 2) {
                if (!receive()) return;
            }
            made.body.append(in, line + 2, size);
            in.erase(0, line + 2 + size + 2);
            if (size == 0) {
                made.whole = true;
                return;
            }
        }
    }

    int fd_;
    bool ended_ = false, reset_ = false, refused_ = false;
};

/// A whole POST.
inline std::string post(std::string_view path, std::string_view body, std::string_view headers = {}) {
    std::string bytes("POST ");
    bytes.append(path)
        .append(" HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n")
        .append(headers);
    return bytes.append("content-length: ")
        .append(std::to_string(body.size()))
        .append("\r\n\r\n")
        .append(body);
}
inline std::string get(std::string_view path, std::string_view headers = {}) {
    return std::string("GET ")
        .append(path)
        .append(" HTTP/1.1\r\nhost: gateway\r\n")
        .append(headers)
        .append("\r\n");
}
/// One request on a connection of its own.
inline RawClient::Response ask(std::uint16_t port, std::string_view bytes) {
    RawClient client(port);
    client.send(bytes);
    return client.response(bytes.starts_with("HEAD"));
}
