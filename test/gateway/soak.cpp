// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The gateway's program under faults, for a minute or for hours: real sockets, clients of four dialects,
// whole and streamed, some of which leave; two vendors of which a part of the answers is cut, late, refused
// or none; a reload every few seconds, and a drain at the end. Each minute a line of figures, then a verdict.
//
//   gateway_soak GATEWAY [--minutes N=1] [--clients N=24] [--faults PERCENT=20] [--pause MS=0] [--seed N=1]
//
// Ends with 1 if
// - an answer was neither whole, nor an error in its dialect's shape and status, or its text was not the
//   vendor's (of an error in a stream: no beginning of it), or a client waited for half a minute in vain;
// - the books differ: requests of clients and those the gateway counted, attempts the gateway counted and
//   requests the vendors saw (but for those of clients that left), connections left open;
// - the gateway's memory or descriptors grew (benchmark/support/steady.hpp says how that is judged);
// - the gateway ended by itself, or its drain did not succeed.

#include "reader.hpp"

#include <support/soak_world.hpp>
#include <support/steady.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>

namespace {

using namespace soak;
using Clock = std::chrono::steady_clock;

struct Settings {
    std::string gateway;
    double minutes = 1;
    std::size_t clients = 24;
    std::chrono::milliseconds pause{0}; // of a client between two requests
    World world{.faults = 20, .slow = 5, .seed = 1};
};

// --- what clients ask

struct Question {
    const Dialect* dialect;
    std::uint64_t number;
    bool stream, leaves, keeps; // keeps: its connection for the next one
    std::string bytes;
};

Question draw(std::uint64_t number, std::uint64_t seed) {
    std::uint64_t random = testing::random_at(seed ^ 0x5eed, number);
    const auto one_of = [&random](std::uint64_t count) {
        const std::uint64_t got = random % count;
        random /= count;
        return got;
    };
    Question made{
        &dialects[one_of(dialects.size())], number, one_of(4) > 0, one_of(10) == 0, one_of(4) > 0, {}};
    made.bytes =
        question(*made.dialect, one_of(2) ? "fast" : "smart", made.stream, "Say #" + std::to_string(number));
    return made;
}

/// Judges an answer; what is wrong goes to `why`.
End judge(const Question& asked, const RawClient::Response& got, std::string& why) {
    Reading reading = read(*asked.dialect, asked.stream, got);
    const std::string all = text_of(asked.number);
    if (reading.end == End::whole && reading.text != all) reading = {End::wrong, {}, "another text"};
    if (reading.end == End::broken && !all.starts_with(reading.text))
        reading = {End::wrong, {}, "what is no beginning of the text"};
    if (reading.end == End::wrong) {
        why = std::string(asked.dialect->name) + (asked.stream ? ", streamed, " : ", ") +
              std::to_string(asked.number) + ": " + std::string(reading.why) + "; status " +
              std::to_string(got.status) + ", body: ..." +
              got.body.substr(got.body.size() > 300 ? got.body.size() - 300 : 0);
    }
    return reading.end;
}

// --- the gateway's process

class Program {
public:
    Program(const Settings& settings, const Vendors& vendors)
        : folder_(std::filesystem::temp_directory_path() / ("gateway-soak-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder_);
        const std::string config = (folder_ / "gateway.toml").string(), log = (folder_ / "log").string();
        std::ofstream(config) << "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 2\n"
                                 "[providers.openai]\nkey = \"a\"\nbase_url = \""
                              << vendors.url(0)
                              << "\"\nmodel = \"mock-gpt\"\n[providers.anthropic]\nkey = \"b\"\nbase_url = \""
                              << vendors.url(1, "") << "\"\nmodel = \"mock-claude\"\n[aliases]\n"
                              << "fast = [\"openai/mock-gpt\", \"anthropic/mock-claude\"]\n"
                                 "smart = [\"anthropic/mock-claude\", \"openai/mock-gpt\"]\n"
                                 "[retry]\nbase_ms = 5\ncap_ms = 50\n[deadline]\nfirst_token_ms = 3000\n"
                                 "first_byte_unary_ms = 6000\nidle_ms = 2000\ntotal_ms = 15000\n"
                                 "[health]\nmax_cool_down_ms = 0\n";
        process_ = ::fork();
        if (process_ < 0) throw std::runtime_error("fork");
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            const int to = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
            ::dup2(to, 1), ::dup2(to, 2), ::close(to);
            // What is measured is the gateway's memory, not the allocator's adaptation.
            for (const char* name : {"OPENAI_API_KEY", "ANTHROPIC_API_KEY"}) ::unsetenv(name);
            ::setenv("MALLOC_ARENA_MAX", "1", 1), ::setenv("MALLOC_MMAP_THRESHOLD_", "262144", 1),
                ::setenv("MALLOC_TRIM_THRESHOLD_", "262144", 1);
            ::execl(settings.gateway.c_str(), "gateway", "--config", config.c_str(), nullptr);
            ::_exit(127);
        }
        for (int i = 0; i < 1000 && port_ == 0 && running(); ++i) {
            std::this_thread::sleep_for(10ms);
            const std::string text = said();
            const std::string_view start = "listening on http://127.0.0.1:";
            if (const auto at = text.find(start);
                at != std::string::npos && text.find('\n') != std::string::npos)
                port_ = static_cast<std::uint16_t>(std::atoi(text.c_str() + at + start.size()));
        }
        if (port_ == 0) throw std::runtime_error("the gateway does not start: " + said());
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;
    ~Program() {
        if (running()) ::kill(process_, SIGKILL), wait();
        std::filesystem::remove_all(folder_);
    }

    std::uint16_t port() const { return port_; }
    std::string id() const { return std::to_string(process_); }
    std::string said() const {
        std::ifstream file(folder_ / "log");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    bool running() {
        if (!status_ && ::waitpid(process_, &wait_status_, WNOHANG) == process_) status_ = wait_status_;
        return !status_;
    }
    void reload() const { ::kill(process_, SIGHUP); }
    /// SIGTERM; whether it then ends as a good drain does.
    bool drain() {
        if (!running()) return false;
        ::kill(process_, SIGTERM);
        return wait() == 0;
    }
    /// A counter or gauge of its page, of all its labels or of one.
    std::uint64_t metric(const std::string& name) const {
        const std::string page = ask(port_, get("/metrics")).body;
        std::uint64_t sum = 0;
        for (std::size_t at = page.find("\n" + name); at != std::string::npos;
             at = page.find("\n" + name, at + 1)) {
            const std::size_t end = page.find('\n', at + 1), value = page.rfind(' ', end);
            sum += std::strtoull(page.c_str() + value, nullptr, 10);
        }
        return sum;
    }

private:
    int wait() {
        if (!status_) {
            ::waitpid(process_, &wait_status_, 0);
            status_ = wait_status_;
        }
        return *status_;
    }

    std::filesystem::path folder_;
    pid_t process_ = 0;
    std::uint16_t port_ = 0;
    int wait_status_ = 0;
    std::optional<int> status_;
};

// --- the clients

struct Figures {
    std::atomic<std::uint64_t> asked{0}, whole{0}, errors{0}, broken{0}, left{0}, wrong{0}, pages{0};
    std::mutex mutex;
    std::string first_wrong;
    std::map<int, std::uint64_t> statuses;

    void mistake(const std::string& what) {
        const std::lock_guard lock(mutex);
        ++wrong;
        if (first_wrong.empty()) first_wrong = what;
    }
};

void client(const Settings& settings, std::uint16_t port, Clock::time_point until,
            std::atomic<std::uint64_t>& next, Figures& figures) {
    std::optional<RawClient> kept;
    while (Clock::now() < until) {
        const Question asked = draw(next++, settings.world.seed);
        if (!kept) kept.emplace(port, 30);
        ++figures.asked;
        kept->send(asked.bytes);
        if (asked.leaves) { // at once, or with a part of the answer
            if (asked.number % 2) kept->receive();
            ++figures.left;
            kept.reset();
            continue;
        }
        RawClient::Response got;
        std::string why;
        try {
            got = kept->response();
        } catch (const std::exception& e) {
            why = e.what();
        }
        const End end = why.empty() ? judge(asked, got, why) : End::wrong;
        if (end == End::wrong) figures.mistake(why);
        if (end == End::whole) ++figures.whole;
        if (end == End::broken) ++figures.broken;
        if (end == End::error) {
            ++figures.errors;
            const std::lock_guard lock(figures.mutex);
            ++figures.statuses[got.status];
        }
        if (!asked.keeps || end != End::whole || got.header("connection") == "close") kept.reset();
        if (settings.pause > 0ms) std::this_thread::sleep_for(settings.pause);
    }
}

unsigned long long ull(std::uint64_t value) { return value; }

int soak_it(const Settings& settings) {
    Vendors vendors(settings.world);
    Program gateway(settings, vendors);
    const std::size_t at_start = descriptors(gateway.id());
    const auto begin = Clock::now();
    const auto until = begin + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(settings.minutes * 60));
    Figures figures;
    std::atomic<std::uint64_t> next{1};
    std::vector<std::thread> clients;
    for (std::size_t i = 0; i < settings.clients; ++i)
        clients.emplace_back([&] { client(settings, gateway.port(), until, next, figures); });

    std::vector<Sample> samples;
    samples.reserve(static_cast<std::size_t>(settings.minutes * 60) + 10);
    int seconds = 0, reloads = 0;
    for (; Clock::now() < until && gateway.running(); ++seconds) {
        std::this_thread::sleep_until(begin + (seconds + 1) * 1s);
        samples.push_back({std::chrono::duration<double>(Clock::now() - begin).count(),
                           static_cast<double>(resident_kb(gateway.id())),
                           static_cast<double>(descriptors(gateway.id()))});
        if (seconds % 7 == 6) gateway.reload(), ++reloads;
        if (seconds % 60 != 59) continue;
        std::printf("minute %d: %llu requests, whole %llu, errors %llu, broken streams told %llu, left %llu; "
                    "resident %.1f MB, descriptors %.0f\n",
                    (seconds + 1) / 60, ull(figures.asked), ull(figures.whole), ull(figures.errors),
                    ull(figures.broken), ull(figures.left), samples.back().kb / 1024, samples.back().fds);
        std::fflush(stdout);
    }
    const bool survived = gateway.running();
    for (std::thread& one : clients) one.join();

    Verdict verdict;
    verdict.claim(survived, "the gateway's process lives");
    std::uint64_t counted = 0, attempts = 0, aborted = 0, by_target = 0;
    bool quiet = false;
    std::size_t at_end = 0;
    if (survived) {
        std::uint64_t pages = 0; // requests of our own, which it counts too
        for (int i = 0; i < 3'000 && !quiet; ++i, ++pages) {
            quiet = gateway.metric("baton_active_requests ") == 1;
            if (!quiet) std::this_thread::sleep_for(10ms);
        }
        counted = gateway.metric("baton_requests_total") - pages;
        attempts = gateway.metric("baton_attempts_total ");
        by_target = gateway.metric("baton_target_requests_total");
        aborted = gateway.metric("baton_requests_total{outcome=\"aborted\"}");
        at_end = descriptors(gateway.id());
    }
    const bool drained = gateway.drain();
    const Served served = vendors.books();
    const auto& [a, b] = served.totals;
    const std::uint64_t arrived = a.requests + a.closed_on_arrival + b.requests + b.closed_on_arrival;
    const auto number = [](std::uint64_t value) { return std::to_string(value); };
    std::printf("%llu requests: whole %llu, errors %llu, broken streams told %llu, left %llu (aborted %llu); "
                "attempts %llu, of which for clients that stayed %llu; served %llu; %d reloads\n",
                ull(figures.asked), ull(figures.whole), ull(figures.errors), ull(figures.broken),
                ull(figures.left), ull(aborted), ull(by_target), ull(attempts), ull(arrived), reloads);
    for (const auto& [status, count] : figures.statuses)
        std::printf("  status %d: %llu\n", status, ull(count));
    verdict.claim(figures.wrong == 0,
                  "every answer is whole or a typed error, no token lost, doubled or out of place " +
                      figures.first_wrong);
    if (settings.world.faults <= 20)
        verdict.claim(figures.whole * 10 > (figures.asked - figures.left) * 9,
                      number(100 * figures.whole / std::max<std::uint64_t>(1, figures.asked - figures.left)) +
                          " % of those who stayed have the whole answer (more than 90 asked)");
    verdict.claim(counted == figures.asked,
                  "requests counted by the gateway " + number(counted) + " = asked " + number(figures.asked));
    verdict.claim(quiet, "no request left under way");
    verdict.claim(by_target >= arrived && by_target - arrived <= figures.left,
                  "attempts " + number(by_target) + " = arrived at the vendors " + number(arrived) +
                      ", but for at most those of " + number(figures.left) + " clients that left");
    verdict.claim(a.bad_requests + b.bad_requests == 0, "no request to a vendor was malformed");
    verdict.claim(drained, "the drain succeeds");
    verdict.claim(served.settled, "the vendors' connections are closed, their requests finished");
    judge_steady(verdict, samples, settings.minutes * 60, 20, settings.minutes < 5 ? 2048 : 512,
                 static_cast<double>(settings.clients) / 4);
    std::printf("descriptors: %zu at the start, %zu at the end (kept connections to vendors among them)\n",
                at_start, at_end);
    std::printf("gateway_soak: %d passed, %d failed\n", verdict.held(), verdict.failed());
    return verdict.failed() == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char* argv[]) {
    Settings settings;
    if (argc < 2) {
        std::fprintf(stderr, "usage: see the head of soak.cpp\n");
        return 2;
    }
    settings.gateway = argv[1];
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--minutes") settings.minutes = std::strtod(value, nullptr);
        if (name == "--clients") settings.clients = std::strtoull(value, nullptr, 10);
        if (name == "--pause") settings.pause = std::chrono::milliseconds(std::atoi(value));
        if (name == "--faults") settings.world.faults = std::strtoull(value, nullptr, 10);
        if (name == "--seed") settings.world.seed = std::strtoull(value, nullptr, 10);
    }
    try {
        return soak_it(settings);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "gateway_soak: %s\n", e.what());
        return 1;
    }
}
