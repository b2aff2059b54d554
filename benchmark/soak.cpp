// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// A long run over real sockets: many streams at once, a fifth of the requests struck by faults, every policy
// on, two vendors in a forked child. Each minute a line of figures; at the end a verdict.
//
//   soak [--minutes N=10] [--streams N=300] [--faults PERCENT=20] [--seed N=1]
//
// Ends with 1 if
// - a call had no outcome, or a reply's text was not the vendor's, or an error's was no prefix of it;
// - the two sides' books differ: requests sent and served, connections opened (but for those given up
//   meanwhile), connections left open;
// - memory grew or descriptors are not flat (support/steady.hpp says how that is judged: a 600-second run
//   cannot see less than 512 kB), or at the end there are more descriptors than at the start.
// Times are what a caller sees beyond the vendor's scripted ones: they hold the server's, the kernel's and
// other programs' share too, so they are printed and not judged. The processor's time per call is baton's,
// Asio's and the kernel's in this process.

#include "support/soak_world.hpp"
#include "support/steady.hpp"

#include <baton/baton.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <csignal>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace asio = boost::asio;
namespace testing = baton::testing;
using namespace soak;
using Clock = std::chrono::steady_clock;

using Chat =
    baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                        baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                        baton::Fallback<baton::InOrder>, baton::Resume<baton::Auto>,
                        baton::Health<baton::Passive>, baton::Balance<baton::PowerOfTwo>,
                        baton::Hedge<baton::AfterP95>, baton::Limit<baton::Gcra>, baton::Route<baton::ByTask>,
                        baton::Cache<baton::ExactMatch>, baton::Deadline<baton::Limits>>;

struct Settings {
    double minutes = 10;
    std::size_t streams = 300;
    World world;
};

// --- figures: all of fixed size, as the soak must not grow itself

/// Durations in 16 buckets per doubling: at most 6 % off.
class Histogram {
public:
    void add(std::chrono::nanoseconds span) noexcept {
        const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(span.count() / 1000, 0));
        ++buckets_[bucket(us)];
        ++count_;
    }
    /// In microseconds.
    std::uint64_t quantile(double part) const noexcept {
        std::uint64_t left = static_cast<std::uint64_t>(part * static_cast<double>(count_));
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            if (buckets_[i] > left) return i < 16 ? i : (16 + i % 16) << (i / 16 - 1);
            left -= buckets_[i];
        }
        return 0;
    }
    void clear() noexcept { *this = Histogram(); }

private:
    static std::size_t bucket(std::uint64_t us) noexcept {
        if (us < 16) return us;
        const auto shift = static_cast<std::size_t>(std::bit_width(us)) - 5;
        return std::min<std::size_t>((shift + 1) * 16 + (us >> shift) - 16, 1023);
    }
    std::array<std::uint64_t, 1024> buckets_{};
    std::uint64_t count_ = 0;
};

struct Figures {
    std::uint64_t begun = 0, ended = 0, whole = 0, wrong = 0, sent = 0, dropped = 0;
    std::uint64_t resumed = 0, hedged = 0, by_fallback = 0;
    std::map<baton::Errc, std::uint64_t> errors;
    std::string first_wrong;
    Histogram first_token, total; // beyond the vendor's own time, of calls that one attempt answered

    void mistake(std::uint64_t number, std::string_view what) {
        ++wrong;
        if (first_wrong.empty()) first_wrong = "call " + std::to_string(number) + ": " + std::string(what);
    }
};

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// --- the calls

asio::awaitable<void> caller(Chat& chat, Clock::time_point until, std::uint64_t& next, Figures& figures) {
    while (Clock::now() < until) {
        const std::uint64_t number = next++;
        ++figures.begun;
        const auto begin = Clock::now();
        std::chrono::nanoseconds first{};
        std::string text;
        auto stream = chat.stream(baton::Request("Say #" + std::to_string(number)));
        while (auto delta = co_await stream.next()) {
            if (text.empty() && !delta->text.empty()) first = Clock::now() - begin;
            text += delta->text;
        }
        const auto& reply = stream.reply();
        ++figures.ended;
        const std::string whole = text_of(number);
        const baton::Trace& trace = reply ? reply->trace : reply.error().detail().trace;
        figures.sent += static_cast<std::uint64_t>(trace.sent());
        for (const baton::Attempt& attempt : trace.attempts) {
            figures.dropped += attempt.sent && attempt.outcome == baton::Errc::cancelled;
            figures.resumed += attempt.resume != baton::ResumeMode::none;
            figures.hedged += attempt.hedge;
        }
        if (reply) {
            ++figures.whole;
            figures.by_fallback += reply->served_by_fallback;
            if (text != whole) figures.mistake(number, "completed with another text: " + text);
            if (reply->text() != whole) figures.mistake(number, "the reply's text is another");
            if (trace.attempts.size() == 1) {
                figures.first_token.add(first - vendor_first);
                figures.total.add(Clock::now() - begin - scripted(number));
            }
        } else {
            ++figures.errors[reply.error().errc()];
            if (!whole.starts_with(text)) figures.mistake(number, "delivered what is no prefix: " + text);
            if (reply.error().detail().message.empty()) figures.mistake(number, "an error without a text");
        }
    }
}

asio::awaitable<void> watch(Clock::time_point begin, Clock::time_point until, Figures& figures,
                            std::vector<Sample>& samples) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    int minute = 0;
    std::uint64_t before = 0;
    double cpu = cpu_seconds();
    while (Clock::now() < until) {
        timer.expires_after(1s);
        co_await timer.async_wait(asio::use_awaitable);
        const double at = std::chrono::duration<double>(Clock::now() - begin).count();
        samples.push_back({at, static_cast<double>(resident_kb()), static_cast<double>(descriptors())});
        if (at < 60 * (minute + 1)) continue;
        ++minute;
        const double used = cpu_seconds();
        const std::uint64_t calls = figures.ended - before;
        std::string errors;
        for (const auto& [code, count] : figures.errors) {
            errors.append(" ").append(to_string(code)).append(" ").append(std::to_string(count));
        }
        std::printf(
            "minute %d: %llu calls (%.0f/s), whole %llu, errors:%s; resident %.1f MB, descriptors %.0f; "
            "beyond the vendor's time: first token p50 %llu us p99 %llu us, whole p50 %llu us p99 %llu us; "
            "processor %.0f us/call\n",
            minute, static_cast<unsigned long long>(calls), static_cast<double>(calls) / 60,
            static_cast<unsigned long long>(figures.whole), errors.empty() ? " none" : errors.c_str(),
            samples.back().kb / 1024, samples.back().fds,
            static_cast<unsigned long long>(figures.first_token.quantile(0.5)),
            static_cast<unsigned long long>(figures.first_token.quantile(0.99)),
            static_cast<unsigned long long>(figures.total.quantile(0.5)),
            static_cast<unsigned long long>(figures.total.quantile(0.99)),
            calls == 0 ? 0.0 : 1e6 * (used - cpu) / static_cast<double>(calls));
        std::fflush(stdout);
        figures.first_token.clear(), figures.total.clear();
        before = figures.ended, cpu = used;
    }
}

// --- the verdict

int judge(const Settings& settings, const Figures& figures, const std::vector<Sample>& samples,
          const Served& served, std::uint64_t established, std::uint64_t abandoned, bool quiet) {
    Verdict verdict;
    const auto claim = [&verdict](bool holds, const std::string& what) { verdict.claim(holds, what); };
    const auto number = [](auto value) { return std::to_string(value); };
    claim(figures.begun == figures.ended,
          "each of " + number(figures.begun) + " calls has an outcome (" + number(figures.ended) + ")");
    claim(figures.wrong == 0, "no token lost, doubled or out of place " + figures.first_wrong.substr(0, 200));
    claim(quiet, "no call and no busy connection left");
    claim(served.settled, "the vendors' connections are closed, their requests finished");
    const auto& [a, b] = served.totals;
    const std::uint64_t arrived = a.requests + a.closed_on_arrival + b.requests + b.closed_on_arrival;
    // a loser that was cancelled while its request was on its way may not have been read
    claim(arrived <= figures.sent && figures.sent - arrived <= figures.dropped,
          "requests sent " + number(figures.sent) + " = served " + number(arrived) + ", but for at most " +
              number(figures.dropped) + " cancelled attempts");
    // a hedge that is beaten while it connects has a connection that only the vendor may have seen
    const std::uint64_t accepted = a.connections_opened + b.connections_opened;
    claim(established <= accepted && accepted - established <= abandoned,
          "connections opened " + number(established) + " = accepted " + number(accepted) +
              ", but for at most " + number(abandoned) + " given up while they were opened");
    claim(a.bad_requests + b.bad_requests == 0, "no request was malformed");

    judge_steady(verdict, samples, settings.minutes * 60);
    return verdict.failed();
}

} // namespace

int main(int argc, char* argv[]) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--minutes") settings.minutes = std::strtod(value, nullptr);
        if (name == "--streams") settings.streams = std::strtoull(value, nullptr, 10);
        if (name == "--faults") settings.world.faults = std::strtoull(value, nullptr, 10);
        if (name == "--seed") settings.world.seed = std::strtoull(value, nullptr, 10);
    }
    for (const char* key : {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"}) ::unsetenv(key);
    // One arena and a fixed threshold: what is measured is baton's memory, not the allocator's adaptation.
    ::mallopt(M_ARENA_MAX, 1), ::mallopt(M_MMAP_THRESHOLD, 256 * 1024),
        ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);

    Vendors vendors(settings.world);
    const std::size_t before = descriptors();
    std::vector<Sample> samples;
    samples.reserve(static_cast<std::size_t>(settings.minutes * 60) + 60);
    Figures figures;
    std::uint64_t established = 0, abandoned = 0, hedges = 0;
    bool quiet = false;
    const std::string first = vendors.url(0), second = vendors.url(1);
    {
        asio::io_context io(1);
        Chat chat{io.get_executor(),
                  baton::OpenAI::Options{.base_url = first, .key = "key-o"},
                  baton::Anthropic::Options{.base_url = second, .key = "key-a"},
                  baton::ExpBackoff::Options{.base = 5ms, .cap = 50ms, .budget_reserve = 1'000},
                  baton::Limits::Options{.first_token = 3s, .idle = 2s, .total = 60s},
                  baton::Gcra::Options{.requests_per_minute = 10'000'000, .concurrency = 10'000},
                  baton::Tcp::Options{.max_connections = 4 * settings.streams},
                  baton::ExactMatch::Options{.max_bytes = 1024 * 1024},
                  baton::ByTask{baton::otherwise(baton::to<baton::OpenAI>(), baton::to<baton::Anthropic>())}};
        const auto begin = Clock::now();
        const auto until = begin + std::chrono::duration_cast<Clock::duration>(
                                       std::chrono::duration<double>(settings.minutes * 60));
        std::uint64_t next = 1;
        std::exception_ptr thrown;
        const auto ended = [&thrown](std::exception_ptr error) {
            if (error) thrown = error;
        };
        for (std::size_t i = 0; i < settings.streams; ++i) {
            asio::co_spawn(io, caller(chat, until, next, figures), ended);
        }
        asio::co_spawn(io, watch(begin, until, figures, samples), ended);
        io.run();
        if (thrown) std::rethrow_exception(thrown);
        const baton::Stats stats = chat.stats();
        quiet = stats.active_calls == 0 && stats.open_connections == stats.idle_connections;
        established = stats.established_connections, abandoned = stats.abandoned_connections;
        hedges = stats.hedges;
    }
    const Served served = vendors.books();
    std::printf(
        "%llu calls, whole %llu (%.3f %%), attempts %llu, hedges %llu, resumed %llu, by fallback %llu\n",
        static_cast<unsigned long long>(figures.ended), static_cast<unsigned long long>(figures.whole),
        100 * static_cast<double>(figures.whole) / static_cast<double>(figures.ended),
        static_cast<unsigned long long>(figures.sent), static_cast<unsigned long long>(hedges),
        static_cast<unsigned long long>(figures.resumed),
        static_cast<unsigned long long>(figures.by_fallback));
    for (const auto& [code, count] : figures.errors) {
        const std::string_view name = to_string(code);
        std::printf("  %.*s %llu\n", static_cast<int>(name.size()), name.data(),
                    static_cast<unsigned long long>(count));
    }
    int failed = judge(settings, figures, samples, served, established, abandoned, quiet);
    if (descriptors() > before) {
        ++failed;
        std::printf("DOES NOT HOLD: %zu descriptors at the start, %zu at the end\n", before, descriptors());
    }
    return failed == 0 ? 0 : 1;
}
