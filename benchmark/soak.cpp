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
// - memory grew: the least-squares slope of the resident size over the time after the warm-up (the first
//   third, at least a minute) is above 1 MB/h and its rise over that time above 512 kB, which is what a
//   single sample is uncertain by (a 600-second run cannot see less);
// - descriptors are not flat: after the warm-up the most in the second half is more than 10 % above the most
//   in the first, or at the end there are more than at the start.
// Times are what a caller sees beyond the vendor's scripted ones: they hold the server's, the kernel's and
// other programs' share too, so they are printed and not judged. The processor's time per call is baton's,
// Asio's and the kernel's in this process.

#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

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
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::Answer;
using testing::Behaviour;
using testing::Fault;
using testing::ServedRequest;

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
    std::uint64_t faults = 20; // percent
    std::uint64_t seed = 1;
};

// --- what is asked and answered

constexpr auto vendor_delay = 20ms;                      // to the headers
constexpr auto vendor_gap = 25ms;                        // before each write of tokens
constexpr auto vendor_first = vendor_delay + vendor_gap; // to the first token

std::size_t token_count(std::uint64_t number) { return 12 + number % 40; }
std::size_t tokens_per_write(std::uint64_t number) { return 1 + number % 3; }

/// No two tokens of it are alike, so that a lost, doubled or exchanged one shows.
std::vector<std::string> tokens_of(std::uint64_t number) {
    std::vector<std::string> tokens;
    for (std::size_t i = 0; i < token_count(number); ++i) {
        tokens.push_back(std::to_string(number) + "." + std::to_string(i) + "\u00e4 ");
    }
    return tokens;
}
std::string text_of(std::uint64_t number) {
    std::string text;
    for (const std::string& token : tokens_of(number)) text += token;
    return text;
}
/// How long the vendor takes by its script.
std::chrono::nanoseconds scripted(std::uint64_t number) {
    const std::size_t writes =
        (token_count(number) + tokens_per_write(number) - 1) / tokens_per_write(number);
    return vendor_delay + vendor_gap * static_cast<int>(writes + 1); // the last: the end
}

/// The number behind '#' in the first message: follow-up requests of Resume have others behind it.
std::uint64_t number_of(const ServedRequest& request) {
    const auto& messages = request.incoming.request.messages;
    if (messages.empty()) return 0;
    const std::string text = messages.front().text();
    const auto at = text.find('#');
    return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + 1, nullptr, 10);
}

// Left out are those two of which neither side can tell whether a request arrived (see
// test/faults/ledgers.cpp).
constexpr std::array kinds = {
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

Behaviour behave(const ServedRequest& request, const Settings& settings) {
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
    const std::uint64_t draw = testing::random_at(settings.seed + request.number * 7919, number);
    const std::uint64_t kind = (draw / 100) % (kinds.size() + 2);
    if (draw % 100 < settings.faults) {
        if (kind == kinds.size()) return testing::overloaded();
        if (kind > kinds.size()) return testing::rate_limited("retry-after: 0\r\n");
        behaviour.fault = kinds[kind];
        behaviour.at = (draw / 10'000) % 12;
    }
    behaviour.delay = vendor_delay;
    behaviour.gap = vendor_gap;
    behaviour.tokens_per_write = tokens_per_write(number);
    return behaviour;
}

// --- the vendors, in a child

struct Served {
    testing::Ledger::Totals totals[2];
    bool settled = false;
};

class Vendors {
public:
    explicit Vendors(const Settings& settings) {
        int to[2], from[2];
        if (::pipe(to) != 0 || ::pipe(from) != 0) throw std::runtime_error("pipe");
        const pid_t parent = ::getpid();
        child_ = ::fork();
        if (child_ < 0) throw std::runtime_error("fork");
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);
            ::close(to[1]), ::close(from[0]);
            serve(settings, to[0], from[1]);
            ::_exit(0);
        }
        ::close(to[0]), ::close(from[1]);
        ask_ = to[1], answer_ = from[0];
        get(ports_);
    }
    Vendors(const Vendors&) = delete;
    Vendors& operator=(const Vendors&) = delete;
    ~Vendors() { ::close(ask_), ::close(answer_), ::waitpid(child_, nullptr, 0); }

    std::string url(std::size_t which) const {
        return "http://127.0.0.1:" + std::to_string(ports_[which]) + "/v1";
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
    static void serve(const Settings& settings, int in, int out) {
        const auto script = [&](const ServedRequest& request) { return behave(request, settings); };
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

long resident_kb() {
    long pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}
std::size_t descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;
}
double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Sample {
    double at; // seconds
    double kb, fds;
};

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
    int failed = 0;
    const auto claim = [&failed](bool holds, const std::string& what) {
        failed += !holds;
        std::printf("%s: %s\n", holds ? "holds" : "DOES NOT HOLD", what.c_str());
    };
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

    const double length = settings.minutes * 60, warm = std::max(60.0, length / 3);
    double n = 0, t = 0, kb = 0, tt = 0, tkb = 0, early = 0, late = 0;
    for (const Sample& sample : samples) {
        if (sample.at < warm) continue;
        n += 1, t += sample.at, kb += sample.kb, tt += sample.at * sample.at, tkb += sample.at * sample.kb;
        double& most = sample.at < (warm + length) / 2 ? early : late;
        most = std::max(most, sample.fds);
    }
    if (n < 30) {
        std::printf("too short to judge memory and descriptors: at least 90 s after a minute of warm-up\n");
        return failed;
    }
    const double slope = (n * tkb - t * kb) / (n * tt - t * t); // kB per second
    char line[200];
    std::snprintf(line, sizeof line,
                  "resident memory %.1f MB, slope after %.0f s: %+.2f MB/h, %+.0f kB in all", kb / n / 1024,
                  warm, slope * 3600 / 1024, slope * (length - warm));
    claim(slope * 3600 <= 1024 || slope * (length - warm) <= 512, line);
    std::snprintf(line, sizeof line, "descriptors flat: at most %.0f in the first half, %.0f in the second",
                  early, late);
    claim(late <= early * 1.1, line);
    return failed;
}

} // namespace

int main(int argc, char* argv[]) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--minutes") settings.minutes = std::strtod(value, nullptr);
        if (name == "--streams") settings.streams = std::strtoull(value, nullptr, 10);
        if (name == "--faults") settings.faults = std::strtoull(value, nullptr, 10);
        if (name == "--seed") settings.seed = std::strtoull(value, nullptr, 10);
    }
    for (const char* key : {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"}) ::unsetenv(key);
    // One arena and a fixed threshold: what is measured is baton's memory, not the allocator's adaptation.
    ::mallopt(M_ARENA_MAX, 1), ::mallopt(M_MMAP_THRESHOLD, 256 * 1024),
        ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);

    Vendors vendors(settings);
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
