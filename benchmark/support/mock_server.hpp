// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

// An HTTP server on loopback that answers POST requests with prepared bytes. It runs in a forked child, so
// its instructions and allocations are never counted with the client's. Linux only (it watches /proc).

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// How the bytes of a reply are cut into writes.
enum class Delivery {
    at_once, ///< one write, at once: for wall time. How the client's reads fall is left to chance.
    slices,  ///< 16 KiB writes, each when the client waits for bytes: reads as large as 16 KiB
    events,  ///< one event per write, each when the client waits for bytes: one event per read
};

struct MockOptions {
    std::string unary_body; ///< the JSON document
    std::vector<std::string>
        stream_lines; ///< data lines without line ends, sent if the request asks to stream
    Delivery delivery = Delivery::slices;
    std::size_t slice = 16 * 1024; ///< bytes per write with Delivery::slices
};

/// Serves from construction to destruction. Construct it before starting threads, on the thread that will run
/// the client: with a paced delivery the child sends only while that thread sleeps in the kernel and, after
/// an earlier write of the same reply, only once it has woken up and gone to sleep again. Each write is thus
/// read by its own wake-up, however slow the client runs, and instruction counts repeat.
class MockServer {
public:
    explicit MockServer(MockOptions options) : options_(std::move(options)) {
        client_task_ = "/proc/" + std::to_string(::getpid()) + "/task/" +
                       std::to_string(static_cast<long>(::syscall(SYS_gettid))) + "/status";
        prepare_writes();
        listen_on_loopback();
        void* page =
            ::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) fail("mmap");
        counters_ = ::new (page) Counters;
        const pid_t parent = ::getpid();
        child_ = ::fork();
        if (child_ < 0) fail("fork");
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() == parent) serve();
            ::_exit(0);
        }
        ::close(listener_);
    }

    MockServer(const MockServer&) = delete;
    MockServer& operator=(const MockServer&) = delete;

    ~MockServer() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        ::munmap(counters_, sizeof(Counters));
    }

    std::uint16_t port() const { return port_; }
    std::uint64_t connections() const { return counters_->connections.load(); }
    std::uint64_t requests() const { return counters_->requests.load(); }
    std::uint64_t streamed_requests() const { return counters_->streamed.load(); }
    std::uint64_t request_bytes() const { return counters_->request_bytes.load(); }
    std::uint64_t writes() const { return counters_->writes.load(); }

private:
    struct Counters {
        std::atomic<std::uint64_t> connections{0}, requests{0}, streamed{0}, request_bytes{0}, writes{0};
    };

    struct Connection {
        int socket;
        std::string received;
    };

    [[noreturn]] static void fail(const char* what) {
        throw std::system_error(errno, std::generic_category(), what);
    }

    static std::string head(std::string_view content_type, const std::string& framing) {
        return "HTTP/1.1 200 OK\r\n"
               "Date: Wed, 30 Apr 2025 08:00:00 GMT\r\n"
               "Content-Type: " +
               std::string(content_type) + "\r\n" + framing +
               "x-request-id: req_b2a9b906a450ff730d7c2cce58e3df6c\r\n"
               "\r\n";
    }

    static std::string chunk(std::string_view data) {
        static constexpr char digits[] = "0123456789abcdef";
        std::string size;
        for (std::size_t n = data.size(); n != 0; n /= 16) size.insert(size.begin(), digits[n % 16]);
        return size + "\r\n" + std::string(data) + "\r\n";
    }

    void prepare_writes() {
        unary_ = head("application/json",
                      "Content-Length: " + std::to_string(options_.unary_body.size()) + "\r\n") +
                 options_.unary_body;
        std::vector<std::string> pieces;
        for (const std::string& line : options_.stream_lines) pieces.push_back(chunk(line + "\n\n"));
        if (pieces.empty()) pieces.emplace_back();
        pieces.front() =
            head("text/event-stream; charset=utf-8", "Transfer-Encoding: chunked\r\n") + pieces.front();
        pieces.back() += "0\r\n\r\n";
        if (options_.delivery == Delivery::events) {
            stream_ = std::move(pieces);
            return;
        }
        std::string all;
        for (const std::string& piece : pieces) all += piece;
        const std::size_t step = options_.delivery == Delivery::slices ? options_.slice : all.size();
        for (std::size_t at = 0; at < all.size(); at += step) stream_.push_back(all.substr(at, step));
    }

    void listen_on_loopback() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (listener_ < 0) fail("socket");
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0) fail("bind");
        if (::listen(listener_, 128) != 0) fail("listen");
        if (::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
        port_ = ntohs(address.sin_port);
    }

    // From here on: the child.

    void serve() {
        std::vector<Connection> connections;
        std::vector<pollfd> waits;
        for (;;) {
            waits.assign(1, pollfd{listener_, POLLIN, 0});
            for (const Connection& c : connections) waits.push_back({c.socket, POLLIN, 0});
            if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) return;
            for (std::size_t i = connections.size(); i-- > 0;) {
                if (waits[i + 1].revents == 0 || receive(connections[i])) continue;
                ::close(connections[i].socket);
                connections.erase(connections.begin() + static_cast<std::ptrdiff_t>(i));
            }
            if (waits[0].revents != 0) accept_one(connections);
        }
    }

    void accept_one(std::vector<Connection>& connections) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0) return;
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections.push_back({socket, {}});
        ++counters_->connections;
    }

    // False when the connection is at its end.
    bool receive(Connection& connection) {
        char bytes[16 * 1024];
        const ssize_t n = ::recv(connection.socket, bytes, sizeof bytes, 0);
        if (n <= 0) return n < 0 && errno == EINTR;
        std::string& received = connection.received;
        received.append(bytes, static_cast<std::size_t>(n));
        const std::size_t header_end = received.find("\r\n\r\n");
        if (header_end == std::string::npos) return true;
        const std::size_t total =
            header_end + 4 + content_length(std::string_view(received).substr(0, header_end));
        if (received.size() < total) return true;
        const bool wants_stream =
            std::string_view(received).substr(header_end).find("\"stream\":true") != std::string_view::npos;
        counters_->request_bytes += total;
        received.erase(0, total);
        ++counters_->requests;
        if (!wants_stream) return send_piece(connection.socket, unary_, false);
        ++counters_->streamed;
        for (std::size_t i = 0; i < stream_.size(); ++i)
            if (!send_piece(connection.socket, stream_[i], i != 0)) return false;
        return true;
    }

    static std::size_t content_length(std::string_view header) {
        static constexpr std::string_view name = "content-length:";
        const auto same = [](char a, char b) { return (a | 0x20) == (b | 0x20); };
        const auto found = std::search(header.begin(), header.end(), name.begin(), name.end(), same);
        if (found == header.end()) return 0;
        return std::strtoul(&*found + name.size(), nullptr, 10);
    }

    bool send_piece(int socket, std::string_view piece, bool follows_another) {
        if (options_.delivery != Delivery::at_once) sleeps_seen_ = await_sleep(follows_another);
        ++counters_->writes;
        while (!piece.empty()) {
            const ssize_t n = ::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            piece.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    // Returns how often the client's thread has gone to sleep so far.
    std::uint64_t await_sleep(bool again) {
        for (;;) {
            const auto [asleep, sleeps] = client_state();
            if (asleep && (!again || sleeps > sleeps_seen_)) return sleeps;
            std::this_thread::sleep_for(std::chrono::microseconds(10));
        }
    }

    std::pair<bool, std::uint64_t> client_state() {
        const int file = ::open(client_task_.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) ::_exit(1);
        char bytes[4096];
        const ssize_t n = ::read(file, bytes, sizeof bytes - 1);
        ::close(file);
        if (n <= 0) ::_exit(1);
        bytes[n] = 0; // strtoull below stops here at the latest
        const std::string_view status(bytes, static_cast<std::size_t>(n));
        static constexpr std::string_view state = "\nState:\t", switches = "\nvoluntary_ctxt_switches:\t";
        const std::size_t state_at = status.find(state), switches_at = status.find(switches);
        if (state_at == std::string_view::npos || switches_at == std::string_view::npos) ::_exit(1);
        return {status[state_at + state.size()] == 'S',
                std::strtoull(bytes + switches_at + switches.size(), nullptr, 10)};
    }

    MockOptions options_;
    std::string client_task_;
    std::string unary_;
    std::vector<std::string> stream_;
    std::uint64_t sleeps_seen_ = 0;
    Counters* counters_ = nullptr;
    pid_t child_ = -1;
    int listener_ = -1;
    std::uint16_t port_ = 0;
};

} // namespace bench
