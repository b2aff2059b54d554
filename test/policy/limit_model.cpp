// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"

#include <baton/policy/gcra.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

/// Gcra against a model that keeps plain token buckets in exact integers and sorts its waiters.
BOOST_AUTO_TEST_SUITE(limit_model)

using namespace baton;
using namespace std::chrono_literals;

namespace {

using State = Gcra::State;
using Kind = State::Answer::Kind;

__extension__ typedef __int128 Wide;
constexpr Wide minute = 60'000'000'000;

/// A token bucket. Its level is in units of 1/minute-in-nanoseconds of a token, so that a nanosecond brings
/// exactly `rate` of them; below zero it is in debt.
struct Bucket {
    std::int64_t rate = 0, burst = 1;
    Wide level = 0;

    Wide full() const { return burst * minute; }
    void pass(Duration span) { level = std::min(full(), level + Wide(rate) * span.count()); }
    void take(std::int64_t cost) { level -= cost * minute; }
    void give(std::int64_t cost) { level = std::min(full(), level + cost * minute); }
    static Wide up(Wide a, Wide b) { return a <= 0 ? 0 : (a + b - 1) / b; }
    /// From now; 0: at once.
    Wide wait(std::int64_t cost, std::int64_t ahead) const {
        if (rate == 0 || cost == 0) return 0;
        return up((ahead + std::min(cost, burst)) * minute - level, rate);
    }
    void configure(std::int64_t new_rate, std::int64_t new_burst) {
        const Wide until_full = up(full() - level, rate);
        rate = new_rate;
        burst = new_burst;
        level = full() - until_full * rate;
    }
};

struct Model {
    struct Waiter {
        int id;
        Demand demand;
        TimePoint give_up;
    };
    struct Out {
        Demand demand;
        bool sent = false;
    };

    std::array<Bucket, 4> buckets;
    std::int64_t concurrency = 0;
    Duration max_wait{};
    std::size_t max_queue = 0;
    TimePoint now{}, cool = TimePoint::min();
    std::vector<Waiter> queue; // in order
    std::map<int, Out> out;

    static std::array<std::int64_t, 4> costs(const Demand& d) {
        return {d.requests, d.input_tokens, d.output_tokens, d.input_tokens + d.output_tokens};
    }
    void pass(Duration span) {
        now += span;
        for (Bucket& b : buckets) {
            if (b.rate != 0) b.pass(span);
        }
    }
    /// The rates alone.
    TimePoint ready(const Demand& d, const std::array<std::int64_t, 4>& ahead) const {
        Wide wait = 0;
        for (std::size_t i = 0; i < 4; ++i) wait = std::max(wait, buckets[i].wait(costs(d)[i], ahead[i]));
        return now + Duration(static_cast<std::int64_t>(wait));
    }
    bool can_go(const Demand& d) const {
        return now < d.deadline && now >= cool && ready(d, {}) <= now &&
               (concurrency == 0 || static_cast<std::int64_t>(out.size()) < concurrency);
    }
    std::array<std::int64_t, 4> ahead_of(std::int16_t priority) const {
        std::array<std::int64_t, 4> sum{};
        for (const Waiter& w : queue) {
            for (std::size_t i = 0; i < 4 && w.demand.priority >= priority; ++i) sum[i] += costs(w.demand)[i];
        }
        return sum;
    }
    void admit(int id, const Demand& d) {
        out[id] = {d};
        for (std::size_t i = 0; i < 4; ++i) {
            if (buckets[i].rate != 0) buckets[i].take(costs(d)[i]);
        }
    }
    std::vector<Waiter>::iterator find(int id) {
        return std::find_if(queue.begin(), queue.end(), [id](const Waiter& w) { return w.id == id; });
    }
    Kind ask(int id, const Demand& d) {
        if (const auto at = find(id); at != queue.end()) {
            if (at == queue.begin() && can_go(at->demand)) {
                admit(id, at->demand);
                queue.erase(at);
                return Kind::admitted;
            }
            if (now < at->give_up) return Kind::wait;
            queue.erase(at);
            return Kind::refused;
        }
        const auto ahead = std::count_if(queue.begin(), queue.end(),
                                         [&](const Waiter& w) { return w.demand.priority >= d.priority; });
        if (ahead == 0 && can_go(d)) {
            admit(id, d);
            return Kind::admitted;
        }
        const TimePoint give_up = std::min(now + max_wait, d.deadline);
        if (now >= give_up || std::max(ready(d, ahead_of(d.priority)), cool) > give_up) return Kind::refused;
        if (queue.size() >= max_queue) return Kind::refused;
        queue.insert(queue.begin() + ahead, {id, d, give_up});
        return Kind::wait;
    }
    void give_back(int id, const std::array<std::int64_t, 4>& actual) {
        const auto estimated = costs(out.at(id).demand);
        for (std::size_t i = 0; i < 4; ++i) {
            if (buckets[i].rate == 0) continue;
            if (actual[i] < estimated[i]) buckets[i].give(estimated[i] - actual[i]);
            if (actual[i] > estimated[i]) buckets[i].take(actual[i] - estimated[i]);
        }
        out.erase(id);
    }
};

struct Seeded {
    std::mt19937_64 engine;
    std::int64_t operator()(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(high - low + 1));
    }
};

struct Counts {
    std::uint64_t operations = 0, admitted = 0, waited = 0, refused = 0, oversized = 0;
};

constexpr std::size_t calls = 16;

class Run {
public:
    explicit Run(std::uint64_t seed)
        : random_{std::mt19937_64(seed)}, options_(first_options()), state_(Gcra(options_)) {
        for (std::size_t i = 0; i < calls; ++i) tickets_.emplace_back(&names_[i]);
        model_.now = TimePoint(1000s);
        take_over();
        for (Bucket& b : model_.buckets) b.level = b.full();
    }

    void steps(int count, Counts& counts) {
        for (int i = 0; i < count; ++i) {
            step(counts);
            ++counts.operations;
            if (!agrees()) {
                BOOST_TEST_REQUIRE(false, "state and model differ after step " << i);
            }
        }
        finish();
    }

private:
    Gcra::Options first_options() {
        Gcra::Options o{.requests_per_minute = random_(0, 2) ? random_(1, 3000) : 0,
                        .input_tokens_per_minute = random_(0, 1) ? random_(1000, 300'000) : 0,
                        .output_tokens_per_minute = random_(0, 1) ? random_(1000, 300'000) : 0,
                        .tokens_per_minute = random_(0, 1) ? random_(1000, 300'000) : 0,
                        .concurrency = random_(0, 1) ? random_(1, 10) : 0};
        vary(o);
        return o;
    }
    void vary(Gcra::Options& o) {
        o.burst = std::chrono::milliseconds(random_(500, 60'000));
        o.request_burst = random_(0, 3) == 0 ? random_(1, 20) : 0;
        o.max_wait = random_(0, 4) == 0 ? 0s : std::chrono::milliseconds(random_(1, 20'000));
        o.max_queue = random_(0, 9);
    }
    void take_over() {
        const std::array<std::int64_t, 4> rates{
            options_.requests_per_minute, options_.input_tokens_per_minute, options_.output_tokens_per_minute,
            options_.tokens_per_minute};
        for (std::size_t i = 0; i < 4; ++i) {
            // milliseconds: exact
            std::int64_t burst =
                rates[i] * std::chrono::duration_cast<std::chrono::milliseconds>(options_.burst).count() /
                60'000;
            if (i == 0 && options_.request_burst > 0) burst = options_.request_burst;
            burst = std::max<std::int64_t>(burst, 1);
            Bucket& b = model_.buckets[i];
            if (b.rate == 0) {
                b.rate = rates[i];
                b.burst = burst;
            } else {
                b.configure(rates[i], burst);
            }
        }
        model_.concurrency = options_.concurrency;
        model_.max_wait = options_.max_wait;
        model_.max_queue = static_cast<std::size_t>(options_.max_queue);
    }

    Demand demand() {
        Demand d{.requests = random_(0, 9) ? 1 : random_(0, 3),
                 .input_tokens = random_(0, 3) ? random_(0, 2000) : random_(0, 40'000),
                 .output_tokens = random_(0, 1000),
                 .priority = static_cast<std::int16_t>(random_(0, 4) ? 0 : random_(-1, 1))};
        if (random_(0, 4) == 0) d.deadline = model_.now + std::chrono::milliseconds(random_(0, 8000));
        return d;
    }

    void ask(std::size_t i, Counts& counts) {
        const Demand d = demand();
        const bool stood_first = !model_.queue.empty() && model_.queue.front().id == static_cast<int>(i);
        auto answer = state_.acquire(d, model_.now, tickets_[i]);
        const Kind expected = model_.ask(static_cast<int>(i), d);
        BOOST_REQUIRE(answer.kind == expected);
        BOOST_REQUIRE(static_cast<bool>(answer.lease) == (expected == Kind::admitted));
        BOOST_REQUIRE(tickets_[i].waiting() == (expected == Kind::wait));
        if (expected == Kind::admitted) {
            ++counts.admitted;
            leases_[i] = std::move(answer.lease);
            // who was admitted was first of its priority, and the lease found room
            for (const auto& w : model_.queue)
                BOOST_REQUIRE(stood_first || w.demand.priority < leases_[i].demand().priority);
            BOOST_REQUIRE(options_.concurrency == 0 || state_.in_flight() <= options_.concurrency);
            counts.oversized +=
                model_.buckets[3].rate != 0 && Model::costs(leases_[i].demand())[3] > model_.buckets[3].burst;
        } else if (expected == Kind::wait) {
            ++counts.waited;
            const bool first = model_.queue.front().id == static_cast<int>(i);
            const Demand& own = model_.find(static_cast<int>(i))->demand;
            const bool no_place =
                model_.concurrency > 0 && static_cast<std::int64_t>(model_.out.size()) >= model_.concurrency;
            const TimePoint until = !first || no_place ? never : std::max(model_.ready(own, {}), model_.cool);
            BOOST_REQUIRE(answer.until == until);
            BOOST_REQUIRE(answer.sleep_until() > model_.now);
        } else {
            ++counts.refused;
        }
    }

    void step(Counts& counts) {
        const auto i = static_cast<std::size_t>(random_(0, calls - 1));
        const int id = static_cast<int>(i);
        const bool out = model_.out.count(id) != 0;
        switch (random_(0, 15)) {
        case 0:
        case 1:
        case 2: model_.pass(Duration(random_(0, 300'000'000))); break;
        case 3: model_.pass(Duration(random_(0, 8'000'000'000))); break;
        case 4: // in time, as an integrator would
            if (const TimePoint wake = state_.next_wake(model_.now);
                wake < model_.now + 30s && wake > model_.now) {
                model_.pass(wake - model_.now);
                BOOST_REQUIRE(state_.to_wake(model_.now) != nullptr);
                BOOST_REQUIRE(state_.to_wake(model_.now) == state_.to_wake(model_.now + 1ns));
            }
            break;
        case 5:
        case 6: // whoever is to be woken gets its answer
            if (LimitTicket* next = state_.to_wake(model_.now)) {
                const auto who =
                    static_cast<std::size_t>(static_cast<const char*>(next->owner()) - names_.data());
                ask(who, counts);
                BOOST_REQUIRE(!tickets_[who].waiting());
            }
            break;
        case 7:
            if (out) {
                leases_[i].sent();
                model_.out[id].sent = true;
            }
            break;
        case 8:
        case 9:
            if (out) {
                const LimitOutcome outcome{.input_tokens = random_(-1, 3000),
                                           .output_tokens = random_(-1, 3000)};
                const auto [asked, sent] = model_.out[id];
                Demand actual = asked;
                if (outcome.input_tokens >= 0) actual.input_tokens = outcome.input_tokens;
                if (outcome.output_tokens >= 0) actual.output_tokens = outcome.output_tokens;
                leases_[i].settle(outcome, model_.now);
                leases_[i].settle(outcome, model_.now); // changes nothing
                model_.give_back(id, sent ? Model::costs(actual) : Model::costs(Demand{.requests = 0}));
            }
            break;
        case 10:
            if (out) {
                const auto [asked, sent] = model_.out[id];
                leases_[i] = State::Lease();
                model_.give_back(id, sent ? Model::costs(asked) : Model::costs(Demand{.requests = 0}));
            }
            break;
        case 11:
            if (const auto at = model_.find(id); at != model_.queue.end()) {
                if (random_(0, 1)) {
                    state_.leave(tickets_[i]);
                } else {
                    tickets_[i] = LimitTicket(&names_[i]);
                }
                model_.queue.erase(at);
            } else if (random_(0, 15) == 0) {
                const TimePoint until = model_.now + Duration(random_(-1'000'000'000, 4'000'000'000));
                state_.cool_down(until);
                model_.cool = std::max(model_.cool, until);
            } else if (random_(0, 15) == 0) {
                if (options_.requests_per_minute) options_.requests_per_minute = random_(1, 3000);
                if (options_.input_tokens_per_minute)
                    options_.input_tokens_per_minute = random_(1000, 300'000);
                if (options_.concurrency) options_.concurrency = random_(1, 10);
                vary(options_);
                state_.configure(Gcra(options_));
                take_over();
            } else if (random_(0, 7) == 0) {
                const std::int64_t left = random_(0, 20);
                RateHeaders said;
                said.requests.remaining = left;
                state_.observe(said, model_.now);
                Bucket& b = model_.buckets[0];
                if (b.rate != 0) b.level = std::min(b.level, left * minute);
            }
            break;
        default: {
            LimitTicket moved(std::move(tickets_[i])); // a place is kept when its ticket moves
            tickets_[i] = std::move(moved);
            if (!out) ask(i, counts);
        }
        }
    }

    /// One probe per dimension: a lease half applied would show.
    bool agrees() const {
        constexpr Demand none{.requests = 0};
        for (const Demand& probe : {Demand{.requests = 3}, Demand{.requests = 0, .input_tokens = 977},
                                    Demand{.requests = 0, .output_tokens = 977}}) {
            const TimePoint ready = state_.core().ready_at(probe, none, model_.now);
            if (std::max(ready, model_.now) != model_.ready(probe, {})) return false;
        }
        return state_.in_flight() == static_cast<std::int64_t>(model_.out.size()) &&
               state_.waiters() == model_.queue.size() && state_.cool_until() == model_.cool &&
               state_.has_waiters() == !model_.queue.empty() && state_.headroom(model_.now) >= 0 &&
               state_.headroom(model_.now) <= 1;
    }

    void finish() {
        leases_ = {};
        for (LimitTicket& ticket : tickets_) ticket.leave();
        BOOST_REQUIRE(state_.in_flight() == 0 && !state_.has_waiters());
        BOOST_REQUIRE(state_.next_wake(model_.now) == never);
        const TimePoint later = model_.now + 24h * 365;
        BOOST_REQUIRE(state_.idle(later) && state_.headroom(later) == 1);
    }

    Seeded random_;
    Gcra::Options options_;
    State state_;
    Model model_;
    std::array<char, calls> names_{};
    std::vector<LimitTicket> tickets_;
    std::array<State::Lease, calls> leases_; // after the state: dropped before it
};

} // namespace

BOOST_AUTO_TEST_CASE(random_operations_equal_the_model) {
    Counts counts;
    for (std::uint64_t seed = 1; seed <= 1200 / test::one_in; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) { Run(seed).steps(1050, counts); }
    }
    BOOST_TEST_MESSAGE(counts.operations << " operations: " << counts.admitted << " admitted, "
                                         << counts.waited << " waits, " << counts.refused << " refused, "
                                         << counts.oversized << " beyond the burst");
    BOOST_TEST(counts.operations >= 1'000'000u / test::one_in);
    BOOST_TEST(counts.admitted > 50'000u / test::one_in);
    BOOST_TEST(counts.waited > 10'000u / test::one_in);
    BOOST_TEST(counts.refused > 10'000u / test::one_in);
    BOOST_TEST(counts.oversized > 1'000u / test::one_in);
}

// The greatest sum of admitted cost less `rate * W`, over all windows that end here, is one running maximum.
BOOST_AUTO_TEST_CASE(no_window_of_a_million_arrivals_is_beyond_rate_and_burst) {
    struct Window {
        std::int64_t rate, burst;
        Wide most = 0;
        void pass(Duration span) { most = std::max<Wide>(most - Wide(rate) * span.count(), 0); }
    };
    std::uint64_t admitted = 0, arrivals = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        Seeded random{std::mt19937_64(seed)};
        const Gcra::Options options{.requests_per_minute = random(1, 100'000),
                                    .input_tokens_per_minute = random(1, 90'000'000),
                                    .output_tokens_per_minute = random(1, 9'000'000),
                                    .tokens_per_minute = random(1, 90'000'000),
                                    .request_burst = random(1, 100),
                                    .token_burst = random(5'000, 9'000),
                                    .max_wait = 0s};
        State state{Gcra(options)};
        LimitTicket ticket;
        TimePoint now(77s);
        Window windows[] = {{options.requests_per_minute, options.request_burst},
                            {options.input_tokens_per_minute, options.token_burst},
                            {options.output_tokens_per_minute, options.token_burst},
                            {options.tokens_per_minute, options.token_burst}};
        const std::int64_t gap = 60'000'000'000 / options.requests_per_minute;
        for (int i = 0; i < 100'000; ++i, ++arrivals) {
            const Duration span(random(0, 2 * gap));
            now += span;
            for (Window& w : windows) w.pass(span);
            const Demand demand{.input_tokens = random(0, 4'000), .output_tokens = random(0, 900)};
            auto answer = state.acquire(demand, now, ticket);
            if (!answer.lease) continue;
            answer.lease.sent();
            ++admitted;
            const std::int64_t costs[] = {1, demand.input_tokens, demand.output_tokens, demand.tokens()};
            for (std::size_t d = 0; d < 4; ++d) {
                windows[d].most += costs[d] * minute;
                BOOST_REQUIRE(windows[d].most <= windows[d].burst * minute);
            }
        }
    }
    BOOST_TEST(arrivals == 1'000'000u);
    BOOST_TEST(admitted > 1'000u);
}

BOOST_AUTO_TEST_SUITE_END()
