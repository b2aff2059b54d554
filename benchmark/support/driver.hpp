// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

// The command line, the mock and the tally that all benchmark drivers share, so that two clients are measured
// with the same prompts, replies and reads. Include it in one source file per program (it counts
// allocations).

#include "count_alloc.hpp"
#include "mock_server.hpp"
#include "payloads.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

struct DriverPlan {
    std::string mode;         ///< unary-small, unary, stream or stream-each
    std::size_t calls = 0;    ///< all calls to make, one after the other on one kept connection
    std::size_t warm_up = 10; ///< of these, how many at the start are left out of the allocation figures
    std::size_t events = 500; ///< text deltas per streamed call
    std::size_t read_size = 16 * 1024; ///< the client's read buffer, in bytes
    bool concrete_executor = false;    ///< io_context::executor_type instead of any_io_executor
    bool repeat = false;               ///< the same prompt each time: all but the first call are cache hits
    bool unpaced = false;              ///< the mock answers at once, for wall time: counts then vary
    bool streaming = false;
    std::uint16_t port = 0; ///< of the mock on 127.0.0.1
    std::string prompt;     ///< `next_prompt` gives each call its own

    std::string_view next_prompt(std::size_t call) {
        number_prompt(prompt, call);
        return prompt;
    }
};

/// Checks every call and counts allocations between the end of the warm-up and the end of the last call.
class Tally {
public:
    using Clock = std::chrono::steady_clock;

    Tally(const Expected& expected, const DriverPlan& plan) : expected_(expected), plan_(plan) {
        if (plan.unpaced) times_.reserve(plan.calls);
    }

    /// To be called after each call, with its whole text. Throws if the client read the reply wrongly.
    void call_done(std::string_view text, std::string_view finish_reason, std::int64_t prompt_tokens,
                   std::int64_t completion_tokens) {
        if (text != expected_.text) throw std::runtime_error("wrong text: " + std::string(text));
        if (finish_reason != expected_.finish_reason) throw std::runtime_error("wrong finish reason");
        if (prompt_tokens != expected_.prompt_tokens || completion_tokens != expected_.completion_tokens)
            throw std::runtime_error("wrong usage");
        ++done_;
        if (plan_.unpaced) times_.push_back(Clock::now()); // else no count includes it
        if (done_ == plan_.warm_up) start_ = allocations();
        if (done_ == plan_.calls) end_ = allocations();
    }

    std::size_t done() const { return done_; }
    Allocations counted() const { return end_ - start_; }
    /// Microseconds from the end of one call to the end of the next, after the warm-up; 0 if not unpaced.
    double quantile(double part) const {
        std::vector<double> spans;
        for (std::size_t i = plan_.warm_up; i < times_.size(); ++i)
            spans.push_back(std::chrono::duration<double, std::micro>(times_[i] - times_[i - 1]).count());
        if (spans.empty()) return 0;
        std::sort(spans.begin(), spans.end());
        return spans[static_cast<std::size_t>(part * static_cast<double>(spans.size() - 1))];
    }

private:
    const Expected& expected_;
    const DriverPlan& plan_;
    std::size_t done_ = 0;
    Allocations start_, end_;
    std::vector<Clock::time_point> times_;
};

namespace detail {

inline std::size_t to_number(std::string_view text) {
    std::size_t used = 0;
    const std::string copy(text);
    const std::size_t number = copy.empty() || copy[0] == '-' ? 0 : std::stoul(copy, &used);
    if (used != copy.size() || used == 0) throw std::invalid_argument("not a number: " + copy);
    return number;
}

inline DriverPlan parse_plan(int argc, char** argv) {
    if (argc < 3) throw std::invalid_argument("two arguments are needed");
    DriverPlan plan;
    plan.mode = argv[1];
    plan.calls = to_number(argv[2]);
    plan.streaming = plan.mode == "stream" || plan.mode == "stream-each";
    if (!plan.streaming && plan.mode != "unary" && plan.mode != "unary-small")
        throw std::invalid_argument("unknown mode: " + plan.mode);
    for (int i = 3; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--concrete")
            plan.concrete_executor = true;
        else if (option == "--unpaced")
            plan.unpaced = true;
        else if (option == "--repeat")
            plan.repeat = true;
        else if (i + 1 == argc)
            throw std::invalid_argument("unknown option, or no value: " + std::string(option));
        else if (option == "--warm-up")
            plan.warm_up = to_number(argv[++i]);
        else if (option == "--events")
            plan.events = to_number(argv[++i]);
        else if (option == "--read-size")
            plan.read_size = to_number(argv[++i]);
        else
            throw std::invalid_argument("unknown option: " + std::string(option));
    }
    if (plan.warm_up == 0 || plan.calls <= plan.warm_up)
        throw std::invalid_argument("calls must exceed the warm-up, which is at least 1");
    return plan;
}

} // namespace detail

/// Runs `session(plan, tally)`, which makes `plan.calls` calls with `plan.next_prompt(i)` to the mock on
/// `plan.port` and reports each to `tally`, then prints one `name value` pair per line. Returns main's
/// result.
///
/// Sizes (source: the bars of the benchmark): unary-small has a 552-byte reply body; unary a 2,000-byte
/// prompt and a 2,400-byte reply body; the streams 500 data lines of 260 bytes, with reads of at most 16 KiB
/// or, for stream-each, one event per read.
template <class Session>
int run_driver(int argc, char** argv, Session session) {
    try {
        DriverPlan plan = detail::parse_plan(argc, argv);
        const bool small = plan.mode == "unary-small";
        UnaryReply unary = make_unary_reply(small ? 552 : 2400);
        StreamReply stream = make_stream_reply(plan.events, 260);
        const Expected expected = plan.streaming ? stream.expected : unary.expected;
        plan.prompt = make_prompt(small ? 32 : 2000);

        MockOptions options;
        options.unary_body = std::move(unary.body);
        options.stream_lines = std::move(stream.lines);
        options.delivery = plan.mode == "stream-each" ? Delivery::events : Delivery::slices;
        if (plan.unpaced) options.delivery = Delivery::at_once;
        MockServer server(std::move(options));
        plan.port = server.port();

        Tally tally(expected, plan);
        session(plan, tally);
        if (tally.done() != plan.calls) throw std::runtime_error("the session made another number of calls");
        const std::size_t expected_requests = plan.repeat ? 1 : plan.calls;
        if (server.requests() != expected_requests)
            throw std::runtime_error("the mock saw another number of requests");
        if (server.streamed_requests() != (plan.streaming ? expected_requests : 0))
            throw std::runtime_error("the mock saw the wrong kind of request");

        const double counted = static_cast<double>(plan.calls - plan.warm_up);
        std::printf("mode %s\ncalls %zu\nallocations_per_call %.2f\nallocated_bytes_per_call %.0f\n",
                    plan.mode.c_str(), plan.calls, static_cast<double>(tally.counted().calls) / counted,
                    static_cast<double>(tally.counted().bytes) / counted);
        if (plan.streaming)
            std::printf("events_per_call %zu\nallocations_per_event %.3f\n", plan.events,
                        static_cast<double>(tally.counted().calls) / counted /
                            static_cast<double>(plan.events));
        std::printf(
            "connections %llu\nrequests %llu\nrequest_bytes_per_call %llu\nserver_writes_per_call %llu\n",
            static_cast<unsigned long long>(server.connections()),
            static_cast<unsigned long long>(server.requests()),
            static_cast<unsigned long long>(server.request_bytes() / plan.calls),
            static_cast<unsigned long long>(server.writes() / plan.calls));
        if (plan.unpaced) {
            std::printf("p50_us %.2f\np99_us %.2f\n", tally.quantile(0.5), tally.quantile(0.99));
        }
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr,
                     "%s\nusage: %s unary-small|unary|stream|stream-each CALLS [--warm-up N] [--events N] "
                     "[--read-size BYTES] [--concrete] [--unpaced] [--repeat]\n",
                     error.what(), argv[0]);
        return 1;
    }
}

} // namespace bench
