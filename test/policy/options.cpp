// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/active.hpp>
#include <baton/policy/after_p95.hpp>
#include <baton/policy/aimd.hpp>
#include <baton/policy/breaker.hpp>
#include <baton/policy/cache.hpp>
#include <baton/policy/consecutive_failures.hpp>
#include <baton/policy/deadline.hpp>
#include <baton/policy/exp_backoff.hpp>
#include <baton/policy/fallback.hpp>
#include <baton/policy/gcra.hpp>
#include <baton/policy/gradient2.hpp>
#include <baton/policy/half_open.hpp>
#include <baton/policy/latency_ewma.hpp>
#include <baton/policy/prompt_affinity.hpp>
#include <baton/policy/provider.hpp>
#include <baton/policy/resume.hpp>
#include <baton/policy/sre.hpp>
#include <baton/policy/use.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <vector>

// The defaults and the ranges of all policies' options are part of the interface: here each of them stands as
// it is documented, with the last value inside and the first outside of every range.
BOOST_AUTO_TEST_SUITE(options)

using namespace baton;
using namespace std::chrono_literals;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr double tiny = 1e-9;
constexpr Duration zero = Duration::zero();

/// Whether S can be made with `value` as `member` beside `others`; if not, it must say which one is at fault.
template <class S, class Owner, class T>
bool takes(std::string_view name, T Owner::* member, std::type_identity_t<T> value,
           typename S::Options others = {}) {
    others.*member = value;
    try {
        static_cast<void>(S(others));
        return true;
    } catch (const std::invalid_argument& error) {
        BOOST_TEST(std::string_view(error.what()).find(name) != std::string_view::npos, error.what());
        return false;
    }
}

/// Rules are checked by whoever takes them.
struct Rules {
    using Options = HealthRules;
    explicit Rules(const HealthRules& rules) { rules.check(); }
};

/// All that a breaker needs but a permit that can be judged.
struct Unjudged {
    struct State {
        using Permit = bool;
        explicit State(const Unjudged&) {}
        Permit try_acquire(TimePoint, Xoshiro&) { return true; }
        BreakerPhase phase() const { return BreakerPhase::closed; }
        TimePoint retry_at() const { return {}; }
    };
    static bool counts_as_failure(Errc) { return true; }
};
static_assert(!BreakerStrategy<Unjudged> && BreakerStrategy<HalfOpen>);

} // namespace

#define LIST(...) {__VA_ARGS__}
// RANGE_WITH(Strategy, its other options, member, (values inside), (values outside))
#define RANGE_WITH(S, others, member, inside, outside)                                                       \
    for (const auto value : std::vector<decltype(S::Options::member)> LIST inside)                           \
        BOOST_TEST(takes<S>(#member, &S::Options::member, value, others), #S "::" #member " is in range");   \
    for (const auto value : std::vector<decltype(S::Options::member)> LIST outside)                          \
    BOOST_TEST(!takes<S>(#member, &S::Options::member, value, others), #S "::" #member " is out of range")
#define RANGE(S, member, inside, outside) RANGE_WITH(S, S::Options{}, member, inside, outside)

BOOST_AUTO_TEST_CASE(of_breakers) {
    const HalfOpen::Options half_open;
    BOOST_TEST((half_open.window == 30s && half_open.min_calls == 20 && half_open.failure_rate == 0.5));
    BOOST_TEST((half_open.open == 5s && half_open.open_max == 60s && half_open.jitter == 0.1));
    BOOST_TEST((half_open.probes == 3 && half_open.passes == 2 && half_open.probe_deadline == 30s));
    BOOST_TEST((half_open.mode == BreakerMode::automatic));
    RANGE(HalfOpen, window, (10ms, 1h), (10ms - 1ns, 1h + 1ns, -1s));
    RANGE(HalfOpen, min_calls, (1, 1'000'000), (0, -1, 1'000'001));
    RANGE(HalfOpen, failure_rate, (tiny, 1), (0, -1, 1 + tiny, no_number));
    RANGE_WITH(HalfOpen, HalfOpen::Options{.open_max = 24h}, open, (1ns, 24h), (0ns, -1ns, 24h + 1ns));
    RANGE(HalfOpen, open_max, (5s, 24h), (5s - 1ns, 24h + 1ns));
    RANGE(HalfOpen, jitter, (0, 0.5), (-tiny, 0.5 + tiny, no_number));
    RANGE(HalfOpen, probes, (2, 8), (1, 9)); // not fewer than must pass
    RANGE_WITH(HalfOpen, HalfOpen::Options{.passes = 1}, probes, (1, 2), (0, -1));
    RANGE(HalfOpen, passes, (1, 3), (0, 4));
    RANGE(HalfOpen, probe_deadline, (1ns, 1h), (0ns, -1s));

    const ConsecutiveFailures::Options run;
    BOOST_TEST((run.failures == 3 && run.window == 60s && run.open == 30s && run.probe_deadline == 30s));
    BOOST_TEST((run.mode == BreakerMode::automatic));
    RANGE(ConsecutiveFailures, failures, (1, 16), (0, -1, 17));
    RANGE(ConsecutiveFailures, window, (1ns, 1h), (0ns, -1s));
    RANGE(ConsecutiveFailures, open, (1ns, 24h), (0ns, -1s, 24h + 1ns));
    RANGE(ConsecutiveFailures, probe_deadline, (1ns, 1h), (0ns, -1s));

    const Sre::Options sre;
    BOOST_TEST((sre.k == 2 && sre.window == 120s && sre.min_calls == 10 && sre.max_refusal == 0.95));
    RANGE(Sre, k, (1, 100), (1 - tiny, 100.1, no_number));
    RANGE(Sre, window, (1s, 1h), (1s - 1ns, 1h + 1ns));
    RANGE(Sre, min_calls, (0, 1'000'000), (-1, 1'000'001));
    RANGE(Sre, max_refusal, (0, 1), (-tiny, 1 + tiny, no_number));
}

BOOST_AUTO_TEST_CASE(of_retry_and_fallback) {
    const ExpBackoff::Options backoff;
    BOOST_TEST((backoff.max_retries == 2 && backoff.base == 500ms && backoff.cap == 8s));
    BOOST_TEST((backoff.max_wait == 5s && backoff.max_hint == 60s && backoff.hint_jitter == 0.1));
    BOOST_TEST((backoff.budget_ratio == 0.2 && backoff.budget_reserve == 10 && backoff.budget_ttl == 10s));
    BOOST_TEST((backoff.throttle_tokens == 0 && backoff.throttle_ratio == 0.1));
    RANGE(ExpBackoff, max_retries, (0, 100), (-1, 101));
    RANGE(ExpBackoff, base, (1ns, 8s), (0ns, -1s));
    BOOST_TEST(!takes<ExpBackoff>("cap", &ExpBackoff::Options::base, 8s + 1ns));
    RANGE(ExpBackoff, cap, (500ms, 1h), (500ms - 1ns));
    RANGE(ExpBackoff, max_wait, (0ns, 60s), (-1ns));
    RANGE(ExpBackoff, max_hint, (5s, 24h), (5s - 1ns));
    RANGE(ExpBackoff, hint_jitter, (0, 1), (-tiny, 1 + tiny, no_number));
    RANGE(ExpBackoff, budget_ratio, (0, 1e-6, 1000), (-tiny, 1e-9, 1000.1, no_number));
    RANGE(ExpBackoff, budget_reserve, (0, 1e6), (-tiny, 1e6 + 1, no_number));
    RANGE(ExpBackoff, budget_ttl, (1s, 60s), (1s - 1ns, 60s + 1ns));
    RANGE(ExpBackoff, throttle_tokens, (0, 1000), (-1, 1001));
    RANGE(ExpBackoff, throttle_ratio, (0.001, 1000), (0.001 - tiny, 1000.1, no_number));

    BOOST_TEST(!InOrder::Options{}.around_content_filter);
    BOOST_TEST((StaleCache::Options{}.max_stale == 24h && StaleCache().max_stale() == 24h));
    RANGE(StaleCache, max_stale, (1ns, 87600h), (0ns, -1s, 87600h + 1ns));
}

BOOST_AUTO_TEST_CASE(of_deadline) {
    const Limits::Options limits;
    BOOST_TEST((limits.connect == 5s && limits.first_token == 60s && limits.first_byte_unary == 300s));
    BOOST_TEST((limits.idle == 45s && limits.total == 600s));
    RANGE(Limits, connect, (1ns, Duration::max()), (0ns, -1s));
    RANGE(Limits, first_token, (1ns, Duration::max()), (0ns, -1s));
    RANGE(Limits, first_byte_unary, (1ns, Duration::max()), (0ns, -1s));
    RANGE(Limits, idle, (1ns, Duration::max()), (0ns, -1s));
    RANGE(Limits, total, (1ns, Duration::max()), (0ns, -1s));
}

BOOST_AUTO_TEST_CASE(of_resume) {
    const Instruct::Options instruct;
    BOOST_TEST((instruct.max_resumes == 2 && instruct.instruction.empty() && instruct.bytes_per_token == 4));
    BOOST_TEST((instruct.window == 512 && instruct.min_overlap == 4));
    const Prefill::Options prefill;
    BOOST_TEST((prefill.max_resumes == 2 && prefill.bytes_per_token == 4 && prefill.min_echo == 16));
    BOOST_TEST(Restart::Options{}.max_resumes == 2);
    const Auto::Options either;
    BOOST_TEST((either.max_resumes == 2 && either.min_text == 1 && either.instruction.empty()));
    BOOST_TEST((either.bytes_per_token == 4 && either.window == 512 && either.min_overlap == 4));
    RANGE(Prefill, max_resumes, (0, 16), (-1, 17));
    RANGE(Instruct, max_resumes, (0, 16), (-1, 17));
    RANGE(Restart, max_resumes, (0, 16), (-1, 17));
    RANGE(Auto, max_resumes, (0, 16), (-1, 17));
    RANGE(Prefill, bytes_per_token, (1, 64), (0, 65));
    RANGE(Prefill, min_echo, (1, 1000), (0));
    RANGE(Instruct, bytes_per_token, (1, 64), (0, 65));
    RANGE(Instruct, window, (0, 4096), (4097));
    RANGE(Instruct, min_overlap, (1, 1000), (0));
    RANGE(Auto, bytes_per_token, (1, 64), (0, 65));
    RANGE(Auto, window, (0, 4096), (4097));
    RANGE(Auto, min_overlap, (1, 1000), (0));
    // what is taken is what is used
    const Prefill exact(Prefill::Options{.bytes_per_token = 7, .min_echo = 9});
    BOOST_TEST(exact.continuation().bytes_per_token == 7U);
    BOOST_TEST(exact.continuation().min_echo == 9U);
    const Auto own(
        Auto::Options{.instruction = "go on", .bytes_per_token = 3, .window = 30, .min_overlap = 5});
    BOOST_TEST(own.continuation().instruction == "go on");
    BOOST_TEST((own.continuation().bytes_per_token == 3 && own.continuation().window == 30));
    BOOST_TEST((own.continuation().min_overlap == 5 && own.continuation().min_echo == 16));
    BOOST_TEST(Auto(either).continuation().instruction == Continuation().instruction);
}

BOOST_AUTO_TEST_CASE(of_limits) {
    const Gcra::Options gcra;
    BOOST_TEST((gcra.requests_per_minute == 0 && gcra.input_tokens_per_minute == 0));
    BOOST_TEST((gcra.output_tokens_per_minute == 0 && gcra.tokens_per_minute == 0 && gcra.concurrency == 0));
    BOOST_TEST((gcra.burst == 10s && gcra.request_burst == 0 && gcra.token_burst == 0));
    BOOST_TEST((gcra.max_wait == 5s && gcra.max_queue == 1000));
    RANGE(Gcra, requests_per_minute, (0, 300'000'000), (-1, 300'000'001));
    RANGE(Gcra, input_tokens_per_minute, (0, 300'000'000), (-1, 300'000'001));
    RANGE(Gcra, output_tokens_per_minute, (0, 300'000'000), (-1, 300'000'001));
    RANGE(Gcra, tokens_per_minute, (0, 300'000'000), (-1, 300'000'001));
    RANGE(Gcra, concurrency, (0, 1'000'000), (-1));
    RANGE(Gcra, burst, (1ms, 24h), (1ms - 1ns, 24h + 1ns));
    RANGE(Gcra, request_burst, (0, 1'000'000), (-1)); // without a rate it means nothing
    RANGE_WITH(Gcra, Gcra::Options{.requests_per_minute = 1}, request_burst, (0, 1440), (1441));
    RANGE_WITH(Gcra, Gcra::Options{.input_tokens_per_minute = 1}, token_burst, (0, 1440), (1441));
    RANGE_WITH(Gcra, Gcra::Options{.output_tokens_per_minute = 1}, token_burst, (0, 1440), (1441));
    RANGE_WITH(Gcra, Gcra::Options{.tokens_per_minute = 1}, token_burst, (0, 1440), (1441));
    RANGE(Gcra, max_wait, (0ns, 1h), (-1ns));
    RANGE(Gcra, max_queue, (0, 1'000'000), (-1, 1'000'001));

    const Aimd::Options aimd;
    BOOST_TEST((aimd.initial == 20 && aimd.min == 1 && aimd.max == 200 && aimd.backoff == 0.9));
    BOOST_TEST((aimd.max_wait == 5s && aimd.max_queue == 1000));
    RANGE(Aimd, min, (1, 20), (0, -1));
    RANGE(Aimd, max, (20, 1'000'000), (0, 1'000'001));
    RANGE(Aimd, initial, (1, 200), (0, 201));
    RANGE_WITH(Aimd, Aimd::Options{.min = 5}, initial, (5), (4));
    RANGE(Aimd, backoff, (0.1, 0.99), (0.1 - tiny, 0.99 + tiny, no_number));
    RANGE(Aimd, max_wait, (0ns, 1h), (-1ns));
    RANGE(Aimd, max_queue, (0, 1'000'000), (-1, 1'000'001));

    const Gradient2::Options gradient;
    BOOST_TEST((gradient.initial == 20 && gradient.min == 1 && gradient.max == 200));
    BOOST_TEST((gradient.tolerance == 1.5 && gradient.prompt_unit == 1000));
    BOOST_TEST((gradient.max_wait == 5s && gradient.max_queue == 1000));
    RANGE(Gradient2, min, (1, 20), (0, -1));
    RANGE(Gradient2, max, (20, 1'000'000), (0, 1'000'001));
    RANGE(Gradient2, initial, (1, 200), (0, 201));
    RANGE_WITH(Gradient2, Gradient2::Options{.min = 5}, initial, (5), (4));
    RANGE(Gradient2, tolerance, (1, 10), (1 - tiny, 10.1, no_number));
    RANGE(Gradient2, prompt_unit, (1, 1e9), (1 - tiny, no_number));
    RANGE(Gradient2, max_wait, (0ns, 1h), (-1ns));
    RANGE(Gradient2, max_queue, (0, 1'000'000), (-1, 1'000'001));
}

BOOST_AUTO_TEST_CASE(of_health) {
    const HealthRules rules;
    BOOST_TEST((rules.consecutive_failures == 5 && rules.failure_rate == 0.3 && rules.outlier == 2));
    BOOST_TEST((rules.min_calls == 10 && rules.interval == 10s));
    BOOST_TEST((rules.ejection == 30s && rules.max_ejection == 300s));
    BOOST_TEST((rules.max_ejected == 0.5 && rules.panic_threshold == 0.5 && rules.max_cool_down == 1h));
    BOOST_TEST((rules.credential_retry == 10min && rules.quota_retry == 60s && rules.max_quota_retry == 1h));
    BOOST_TEST((rules.trial == 30s));
    RANGE(Rules, consecutive_failures, (0, 1000), (-1, 1001));
    RANGE(Rules, failure_rate, (tiny, 1), (0, -1, 1 + tiny, no_number));
    RANGE(Rules, outlier, (1, 1000), (1 - tiny, 1000.1, no_number));
    RANGE(Rules, min_calls, (1, 1'000'000), (0, 1'000'001));
    RANGE(Rules, interval, (1ns, 24h), (0ns, -1s, 24h + 1ns));
    RANGE(Rules, ejection, (1ns, 300s), (0ns, -1s, 300s + 1ns));
    RANGE(Rules, max_ejection, (30s, 24h), (30s - 1ns, 24h + 1ns));
    RANGE(Rules, max_ejected, (0, 1), (-tiny, 1 + tiny, no_number));
    RANGE(Rules, panic_threshold, (0, 1), (-tiny, 1 + tiny, no_number));
    RANGE(Rules, max_cool_down, (0ns, 24h), (-1ns, -1s));
    RANGE(Rules, credential_retry, (0ns, 24h), (-1ns, -1s));
    RANGE(Rules, quota_retry, (0ns, 1h), (-1ns, -1s, 1h + 1ns));
    RANGE(Rules, max_quota_retry, (60s, 24h), (60s - 1ns, 24h + 1ns));
    RANGE(Rules, trial, (1ns, 24h), (0ns, -1s));

    const Active::Options active;
    BOOST_TEST((active.interval == 30s && active.jitter == 0.1 && !active.all));
    BOOST_TEST(active.probes_per_minute == 20);
    RANGE(Active, interval, (1ms, 24h), (1ms - 1ns, 24h + 1ns));
    RANGE(Active, jitter, (0, 0.5), (-tiny, 0.5 + tiny, no_number));
    RANGE(Active, probes_per_minute, (1, 60), (0, 61));
    HealthRules wrong;
    wrong.trial = zero;
    BOOST_CHECK_THROW(Active(Active::Options{.rules = wrong}), std::invalid_argument);
    BOOST_CHECK_THROW(Passive(Passive::Options{.rules = wrong}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(of_balance_and_hedge) {
    const LatencyEwma::Options ewma;
    BOOST_TEST((ewma.explore == 0.05 && ewma.stale == 30s));
    RANGE(LatencyEwma, explore, (0, 1), (-tiny, 1 + tiny, no_number));
    RANGE(LatencyEwma, stale, (1ns, 1h), (0ns, -1s));
    const PromptAffinity::Options affinity;
    BOOST_TEST((affinity.load == 1.25 && affinity.min_load == 1));
    RANGE(PromptAffinity, load, (1 + tiny, 1000), (1, 1000.1, no_number));
    RANGE(PromptAffinity, min_load, (1, 1'000'000), (0, 1'000'001));

    const AfterP95::Options hedge;
    BOOST_TEST((hedge.quantile == 0.95 && hedge.least == 2 && hedge.most == 2.5 && hedge.floor == 50ms));
    BOOST_TEST((hedge.min_samples == 20 && hedge.budget == 0.05 && hedge.burst == 50));
    RANGE(AfterP95, quantile, (tiny, 1 - tiny), (0, 1, no_number));
    RANGE(AfterP95, least, (0, 2.5), (-tiny, 2.5 + tiny, no_number));
    RANGE_WITH(AfterP95, AfterP95::Options{.least = 0}, most, (tiny, 1000), (0, -1, 1000.1, no_number));
    RANGE(AfterP95, floor, (0ns, 1h), (-1ns));
    RANGE(AfterP95, min_samples, (8, 128), (7, 129));
    RANGE(AfterP95, budget, (0, 1), (-tiny, 1 + tiny, no_number));
    RANGE(AfterP95, burst, (1, 10'000), (0, 10'001));
}

BOOST_AUTO_TEST_CASE(of_the_cache) {
    const ExactMatch::Options cache;
    BOOST_TEST((cache.ttl == 1h && cache.single_flight));
    BOOST_TEST((cache.max_bytes == 67'108'864 && cache.max_entry_bytes == 1'048'576));
    BOOST_TEST(cache.replay_bytes == 1'048'576U);
    RANGE(ExactMatch, ttl, (1ns, 24h * 365), (0ns, -1ns, -1h));
}

// What a breaker takes for the target's fault, of all there is.
BOOST_AUTO_TEST_CASE(what_speaks_against_a_target) {
    const Errc against[] = {
        Errc::transient,           Errc::unavailable,  Errc::tls,       Errc::timeout_connect,
        Errc::timeout_first_token, Errc::timeout_idle, Errc::truncated, Errc::protocol};
    for (int i = 0; i < 64; ++i) {
        const Errc error = static_cast<Errc>(i);
        BOOST_TEST(is_target_failure(error) ==
                       (std::find(std::begin(against), std::end(against), error) != std::end(against)),
                   i);
    }
    const BreakerCounters none;
    BOOST_TEST((none.transitions == 0 && none.refused == 0));
}

BOOST_AUTO_TEST_CASE(judgements_and_names) {
    BOOST_TEST((Judgement::accept().kind() == Judgement::Kind::accept));
    BOOST_TEST((Judgement().kind() == Judgement::Kind::accept));
    BOOST_TEST((Judgement::again().kind() == Judgement::Kind::again));
    BOOST_TEST((Judgement::move().kind() == Judgement::Kind::move));
    const Judgement rejected = Judgement::reject(Error(Errc::content_filtered, "no"));
    BOOST_TEST((rejected.kind() == Judgement::Kind::reject));
    BOOST_TEST((rejected.error() == Errc::content_filtered));
    static_assert(std::string_view(FixedString("eu")) == "eu" && std::string_view(FixedString("")).empty());
}

BOOST_AUTO_TEST_SUITE_END()
