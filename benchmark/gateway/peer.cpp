// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// Both ends of a gateway under measurement, without a library between them and the sockets:
//
//   peer serve PORT                            a vendor: answers at once, or streams
//   peer latency PORT BYTES REQUESTS [HEADER]  one connection, one request after the other
//   peer stream PORT STREAMS EVENTS GAP_US [HEADER]
//
// A streamed request says in max_tokens how many events it wants and in seed how many microseconds apart;
// each event carries the time at which it was sent, so that what lies between can be timed one way. Prints
// "name value" lines.

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace {

std::int64_t now_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}
[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}
sockaddr_in loopback(int port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(port));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return where;
}
/// The number behind `name` in a JSON text.
long number(std::string_view text, std::string_view name, long otherwise) {
    const std::size_t at = text.find(name);
    if (at == std::string_view::npos) return otherwise;
    long value = otherwise;
    const char* from = text.data() + at + name.size();
    while (*from == ' ') ++from;
    std::from_chars(from, text.data() + text.size(), value);
    return value;
}
void no_delay(int fd) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

const std::string whole_answer = [] {
    const std::string body =
        R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"mock-gpt","choices":[{"index":0,"message":{"role":"assistant","content":")" +
        std::string(300, 'a') +
        R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":30,"total_tokens":50}})";
    return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}();

std::string chunk(std::string_view text) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + std::string(text) + "\r\n";
}
std::string event(std::string_view delta, std::string_view reason) {
    return R"(data: {"id":"c","object":"chat.completion.chunk","created":1700000000,"model":"mock-gpt","choices":[{"index":0,"delta":{)" +
           std::string(delta) + R"(},"finish_reason":)" + std::string(reason) + "}]}\n\n";
}

// ---- the vendor

struct Client {
    int fd;
    std::string in;
    std::uint64_t generation = 0; // of its stream
    long events_left = 0, gap_ns = 0;
    std::int64_t due = 0;
};

class Vendor {
public:
    explicit Vendor(int port)
        : poll_(::epoll_create1(0)), timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const sockaddr_in where = loopback(port);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) fail("bind");
        ::listen(listener_, 4096);
        watch(listener_);
        watch(timer_);
    }
    void run() {
        std::vector<epoll_event> events(1024);
        for (;;) {
            const int n = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < n; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listener_) {
                    accept();
                } else if (fd == timer_) {
                    std::uint64_t ignored = 0;
                    [[maybe_unused]] const auto got = ::read(timer_, &ignored, sizeof ignored);
                } else {
                    receive(fd);
                }
            }
            send_due();
        }
    }

private:
    void watch(int fd) const {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event);
    }
    void accept() {
        for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
            no_delay(fd);
            clients_[fd] = std::make_unique<Client>(Client{fd, {}});
            watch(fd);
        }
    }
    void close(int fd) {
        ::close(fd);
        clients_.erase(fd);
    }
    void receive(int fd) {
        Client& client = *clients_.at(fd);
        char buffer[64 * 1024];
        for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, 0)) != -1;) {
            if (n == 0) return close(fd);
            client.in.append(buffer, static_cast<std::size_t>(n));
            if (static_cast<std::size_t>(n) < sizeof buffer) break;
        }
        for (;;) {
            const std::size_t head = client.in.find("\r\n\r\n");
            if (head == std::string::npos) return;
            std::string lower = client.in.substr(0, head);
            std::transform(lower.begin(), lower.end(), lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
            const auto length = static_cast<std::size_t>(number(lower, "content-length:", 0));
            if (client.in.size() < head + 4 + length) return;
            const std::string body = client.in.substr(head + 4, length);
            client.in.erase(0, head + 4 + length);
            if (body.find("\"stream\":true") == std::string::npos) {
                send(fd, whole_answer);
                continue;
            }
            client.events_left = number(body, "tokens\":", 200);
            client.gap_ns = number(body, "\"seed\":", 1000) * 1000;
            client.due = now_ns() + client.gap_ns;
            ++client.generation;
            send(fd,
                 "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
            due_.push({client.due, fd, client.generation});
        }
    }
    static void send(int fd, std::string_view bytes) {
        [[maybe_unused]] const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    void send_due() {
        while (!due_.empty() && due_.top().at <= now_ns()) {
            const Due due = due_.top();
            due_.pop();
            const auto found = clients_.find(due.fd);
            if (found == clients_.end() || found->second->generation != due.generation) continue;
            Client& client = *found->second;
            if (client.events_left-- == 0) {
                send(due.fd, chunk(event("", "\"stop\"") + "data: [DONE]\n\n") + "0\r\n\r\n");
                continue;
            }
            send(due.fd, chunk(event("\"content\":\"@" + std::to_string(now_ns()) + "@\"", "null")));
            client.due += client.gap_ns; // a late one does not delay those behind it
            due_.push({client.due, due.fd, due.generation});
        }
        itimerspec next{};
        if (!due_.empty()) {
            next.it_value.tv_sec = due_.top().at / 1'000'000'000;
            next.it_value.tv_nsec = due_.top().at % 1'000'000'000;
        }
        ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &next, nullptr);
    }

    struct Due {
        std::int64_t at;
        int fd;
        std::uint64_t generation;
        bool operator<(const Due& other) const { return at > other.at; }
    };
    int poll_, timer_, listener_ = -1;
    std::map<int, std::unique_ptr<Client>> clients_;
    std::priority_queue<Due> due_;
};

// ---- the clients

int connect_to(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in where = loopback(port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) fail("connect");
    no_delay(fd);
    return fd;
}
std::string request(std::string_view more, std::size_t prompt, const std::string& header) {
    const std::string body = "{\"model\":\"mock-gpt\"," + std::string(more) +
                             "\"messages\":[{\"role\":\"user\",\"content\":\"" + std::string(prompt, 'a') +
                             "\"}]}";
    return "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n" +
           header + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
void percentiles(std::vector<std::int64_t>& times) {
    std::sort(times.begin(), times.end());
    const auto at = [&](double part) {
        return static_cast<double>(
                   times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))]) /
               1000;
    };
    std::printf("p50_us %.1f\np99_us %.1f\nmax_us %.1f\n", at(0.5), at(0.99), at(1));
}

int latency(int port, std::size_t prompt, long requests, const std::string& header) {
    const int fd = connect_to(port);
    const std::string bytes = request("", prompt, header);
    std::vector<std::int64_t> times;
    std::string in;
    for (long i = 0; i < requests + requests / 10; ++i) {
        const std::int64_t start = now_ns();
        for (std::size_t sent = 0; sent < bytes.size();) {
            const ssize_t n = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (n <= 0) fail("send");
            sent += static_cast<std::size_t>(n);
        }
        in.clear();
        std::size_t end = std::string::npos;
        while (end == std::string::npos || in.size() < end) {
            char buffer[64 * 1024];
            const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
            if (n <= 0) fail("recv");
            in.append(buffer, static_cast<std::size_t>(n));
            if (end != std::string::npos) continue;
            const std::size_t head = in.find("\r\n\r\n");
            if (head == std::string::npos) continue;
            std::string lower = in.substr(0, head);
            std::transform(lower.begin(), lower.end(), lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
            const long length = number(lower, "content-length:", -1);
            if (!in.starts_with("HTTP/1.1 200")) {
                std::fprintf(stderr, "%s\n", in.c_str());
                return 1;
            }
            if (length >= 0) {
                end = head + 4 + static_cast<std::size_t>(length);
            } else if (in.ends_with("0\r\n\r\n")) { // chunks
                end = in.size();
            } else {
                end = std::string::npos;
            }
        }
        if (i >= requests / 10) times.push_back(now_ns() - start);
    }
    percentiles(times);
    return 0;
}

int streams(int port, int count, long events, long gap_us, const std::string& header) {
    const std::string bytes = request("\"stream\":true,\"max_tokens\":" + std::to_string(events) +
                                          ",\"seed\":" + std::to_string(gap_us) + ",",
                                      200, header);
    const int poll = ::epoll_create1(0);
    std::map<int, std::string> open;
    std::vector<std::int64_t> delays;
    delays.reserve(static_cast<std::size_t>(count * events));
    int finished = 0, begun = 0;
    const std::int64_t start = now_ns();
    std::vector<epoll_event> ready(1024);
    while (finished < count) {
        // begun one after the other over one gap, so that they do not beat together
        while (begun < count && now_ns() - start >= begun * gap_us * 1000 / count) {
            const int fd = connect_to(port);
            ::fcntl(fd, F_SETFL, O_NONBLOCK);
            if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
                fail("send");
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.fd = fd;
            ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
            open[fd];
            ++begun;
        }
        const int n =
            ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), begun < count ? 0 : 10'000);
        const std::int64_t arrived = now_ns();
        if (n == 0 && begun == count) fail("no event for ten seconds");
        for (int i = 0; i < n; ++i) {
            const int fd = ready[static_cast<std::size_t>(i)].data.fd;
            std::string& in = open.at(fd);
            char buffer[64 * 1024];
            const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
            if (got < 0) fail("recv");
            in.append(buffer, static_cast<std::size_t>(got));
            if (got == 0 ||
                (in.size() >= 12 && in.starts_with("HTTP/1.1 ") && !in.starts_with("HTTP/1.1 200"))) {
                std::fprintf(stderr, "no stream, or it ended early: %s\n", in.c_str());
                return 1;
            }
            std::size_t from = 0;
            for (std::size_t at; (at = in.find('@', from)) != std::string::npos;) {
                const std::size_t end = in.find('@', at + 1);
                if (end == std::string::npos) {
                    from = at;
                    break;
                }
                std::int64_t sent = 0;
                std::from_chars(in.data() + at + 1, in.data() + end, sent);
                delays.push_back(arrived - sent);
                from = end + 1;
            }
            if (in.find("[DONE]", from) != std::string::npos) {
                ::close(fd);
                open.erase(fd);
                ++finished;
            } else if (in.find('@', from) == std::string::npos) {
                in.erase(0, in.size() > 16 ? in.size() - 16 : 0); // the end of a line may be cut
            } else {
                in.erase(0, from);
            }
        }
    }
    std::printf("events %zu\n", delays.size());
    percentiles(delays);
    return delays.size() == static_cast<std::size_t>(count) * static_cast<std::size_t>(events) ? 0 : 1;
}

} // namespace

int main(int argc, char* argv[]) {
    const std::string_view mode = argc > 2 ? argv[1] : "";
    const auto argument = [&](int i) { return std::atol(argv[i]); };
    const auto header = [&](int i) { return argc > i ? std::string(argv[i]) + "\r\n" : std::string(); };
    std::string lines;
    if (mode == "serve") {
        Vendor(static_cast<int>(argument(2))).run();
    } else if (mode == "latency" && argc >= 5) {
        for (int i = 5; i < argc; ++i) lines += header(i);
        return latency(static_cast<int>(argument(2)), static_cast<std::size_t>(argument(3)), argument(4),
                       lines);
    } else if (mode == "stream" && argc >= 6) {
        for (int i = 6; i < argc; ++i) lines += header(i);
        return streams(static_cast<int>(argument(2)), static_cast<int>(argument(3)), argument(4), argument(5),
                       lines);
    }
    std::fprintf(stderr, "usage: see the head of peer.cpp\n");
    return 2;
}
