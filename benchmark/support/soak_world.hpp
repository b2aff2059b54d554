// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/fault_server.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/// What the soaks of the library and of the gateway have in common: two vendors that say, to whoever asks for
/// number N, the tokens of number N, and that fail by chance.
namespace soak {

namespace testing = baton::testing;
using namespace std::chrono_literals;
using testing::Answer;
using testing::Behaviour;
using testing::Fault;
using testing::ServedRequest;

struct World {
    std::uint64_t faults = 20; ///< percent of the requests
    std::uint64_t slow = 0;    ///< percent: twenty times the delay, four times the gaps
    std::uint64_t seed = 1;
};

inline constexpr auto vendor_delay = 20ms;                      // to the headers
inline constexpr auto vendor_gap = 25ms;                        // before each write of tokens
inline constexpr auto vendor_first = vendor_delay + vendor_gap; // to the first token

inline std::size_t token_count(std::uint64_t number) { return 12 + number % 40; }
inline std::size_t tokens_per_write(std::uint64_t number) { return 1 + number % 3; }

/// No two tokens of it are alike, so that a lost, doubled or exchanged one shows.
inline std::vector<std::string> tokens_of(std::uint64_t number) {
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < token_count(number); ++i) {
        tokens.push_back(std::to_string(number) + "." + std::to_string(i) + "\u00e4 ");
    }
    return tokens;
}
inline std::string text_of(std::uint64_t number) {
    std::string text;
    for (const std::string& token : tokens_of(number)) text += token;
    return text;
}
/// How long the vendor takes by its script.
inline std::chrono::nanoseconds scripted(std::uint64_t number) {
    const std::size_t writes =
        (token_count(number) + tokens_per_write(number) - 1) / tokens_per_write(number);
    return vendor_delay + vendor_gap * static_cast<int>(writes + 1); // the last: the end
}

/// The number behind '#' in the first message: follow-up requests of Resume have others behind it.
inline std::uint64_t number_of(const ServedRequest& request) {
    const auto& messages = request.incoming.request.messages;
    if (messages.empty()) return 0;
    const std::string text = messages.front().text();
    const auto at = text.find('#');
    return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 1, nullptr, 10);
}

// Left out are those two of which neither side can tell whether a request arrived (see
// test/faults/exact_faults.hpp).
inline constexpr std::array kinds = {
    Fault::silence,
    Fault::reset_before_headers,
    Fault::close_before_headers,
    Fault::reset_in_headers,
    Fault::reset_mid_body,
    Fault::close_mid_body,
    Fault::stall,
    Fault::close_on_next,
    Fault::close_announced,
    Fault::garbage,
    Fault::bad_chunk_size,
    Fault::missing_last_chunk,
    Fault::error_in_200,
    Fault::error_event,
    Fault::missing_end,
    Fault::missing_done,
    Fault::bad_json,
    Fault::split_utf8,
    Fault::interim,
    Fault::comments,
    Fault::length_and_chunked,
    Fault::giant_header,
    Fault::empty_body,
    Fault::trailers,
};

inline Behaviour behave(const ServedRequest& request, const World& world) {
    const std::uint64_t number = number_of(request);
    std::vector<std::string> tokens = tokens_of(number);
    for (const baton::Message& message : request.incoming.request.messages) { // it goes on where it was cut
        if (message.role != baton::Role::assistant) continue;
        std::string said = message.text();
        while (!tokens.empty() && said.size() >= tokens.front().size()) {
            said.erase(0, tokens.front().size());
            tokens.erase(tokens.begin());
        }
        if (!tokens.empty()) tokens.front().erase(0, said.size());
    }
    Behaviour behaviour{Answer()};
    behaviour.answer.tokens = std::move(tokens);
    const std::uint64_t draw = testing::random_at(world.seed + request.number * 7919, number);
    const std::uint64_t kind = (draw / 100) % (kinds.size() + 2);
    if (draw % 100 < world.faults) {
        if (kind == kinds.size()) return testing::overloaded();
        if (kind > kinds.size()) return testing::rate_limited("retry-after: 0\r\n");
        behaviour.fault = kinds[kind];
        behaviour.at = (draw / 10'000) % 12;
    }
    behaviour.delay = vendor_delay;
    behaviour.gap = vendor_gap;
    if ((draw / 1'000'000) % 100 < world.slow) {
        behaviour.delay *= 20;
        behaviour.gap *= 4;
    }
    behaviour.tokens_per_write = tokens_per_write(number);
    return behaviour;
}

struct Served {
    testing::Ledger::Totals totals[2];
    bool settled = false;
};

/// Both vendors in a forked child, so that their memory and time are not those of what is measured. Made
/// before any thread is.
class Vendors {
public:
    explicit Vendors(const World& world) {
        int to[2], from[2];
        if (::pipe(to) != 0 || ::pipe(from) != 0) throw std::runtime_error("pipe");
        const pid_t parent = ::getpid();
        child_ = ::fork();
        if (child_ < 0) throw std::runtime_error("fork");
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);
            ::close(to[1]), ::close(from[0]);
            serve(world, to[0], from[1]);
            ::_exit(0);
        }
        ::close(to[0]), ::close(from[1]);
        ask_ = to[1], answer_ = from[0];
        get(ports_);
    }
    Vendors(const Vendors&) = delete;
    Vendors& operator=(const Vendors&) = delete;
    ~Vendors() { ::close(ask_), ::close(answer_), ::waitpid(child_, nullptr, 0); }

    std::string url(std::size_t which, const char* path = "/v1") const {
        return "http://127.0.0.1:" + std::to_string(ports_[which]) + path;
    }
    /// The vendors' books, once their connections are closed.
    Served books() {
        Served served;
        if (::write(ask_, "?", 1) == 1) get(served);
        return served;
    }

private:
    template <class T>
    void get(T& value) {
        if (::read(answer_, &value, sizeof value) != static_cast<ssize_t>(sizeof value)) {
            throw std::runtime_error("the vendors' process is gone");
        }
    }
    static void serve(const World& world, int in, int out) {
        const auto script = [&](const ServedRequest& request) { return behave(request, world); };
        testing::FaultServer first(script), second(script);
        const std::array<std::uint16_t, 2> ports{first.port(), second.port()};
        bool open = ::write(out, &ports, sizeof ports) == sizeof ports;
        for (char byte; open && ::read(in, &byte, 1) == 1;) {
            Served served;
            const auto quiet = [](const testing::Ledger::Totals& totals) {
                return totals.connections_closed == totals.connections_opened &&
                       totals.finished == totals.requests;
            };
            served.settled = first.wait(quiet) && second.wait(quiet);
            served.totals[0] = first.totals(), served.totals[1] = second.totals();
            open = ::write(out, &served, sizeof served) == sizeof served;
        }
    }

    pid_t child_ = 0;
    int ask_ = -1, answer_ = -1;
    std::array<std::uint16_t, 2> ports_{};
};

} // namespace soak
