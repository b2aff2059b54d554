// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/fallback.hpp>

#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>

BOOST_AUTO_TEST_SUITE(falling_back)

using namespace baton;
using namespace std::chrono_literals;
using enum Errc;

namespace {

// One strategy stands for itself, so that what names `Fallback<S>::strategy` goes on to work.
static_assert(std::is_same_v<Fallback<>::strategy, InOrder>);
static_assert(std::is_same_v<Fallback<Stay>::strategy, Stay>);
static_assert(std::is_same_v<Fallback<InOrder>::strategy, InOrder>);
static_assert(std::is_same_v<Fallback<StaleCache>::strategy, FallbackChain<StaleCache>>);
static_assert(std::is_same_v<Fallback<Stay, StaleCache>::slot, slot::fallback>);
static_assert(ServesStale<Fallback<Stay, StaleCache>::strategy>);
static_assert(!ServesStale<Fallback<InOrder, AlsoOnContentFilter>::strategy> && !ServesStale<InOrder>);
static_assert(std::is_aggregate_v<StaleCache::Options> &&
              std::is_trivially_destructible_v<StaleCache::Options>);

constexpr int errors = static_cast<int>(slow_reader) + 1;

template <class F>
void for_each_error(F f) {
    for (int code = 0; code < errors; ++code) {
        BOOST_TEST_CONTEXT(to_string(static_cast<Errc>(code))) { f(static_cast<Errc>(code)); }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_strategy_by_class) {
    const std::set<Errc> in_order{transient,    rate_limited,    quota,        auth,      permission,
                                  not_found,    unavailable,     tls,          truncated, timeout_first_token,
                                  timeout_idle, timeout_connect, breaker_open, protocol,  context_overflow};
    using Chosen = OnClasses<transient, breaker_open, content_filtered>;
    const std::set<Errc> chosen{transient, breaker_open, content_filtered};
    for_each_error([&](Errc e) {
        const bool plain = in_order.contains(e);
        BOOST_TEST(InOrder().may_move(e) == plain);
        BOOST_TEST(AlsoOnContentFilter::may_move(e) == (plain || e == content_filtered));
        BOOST_TEST(AlsoOnContentFilter(AlsoOnContentFilter::Options{}).may_move(e) ==
                   InOrder(InOrder::Options{.around_content_filter = true}).may_move(e));
        BOOST_TEST(Chosen::may_move(e) == chosen.contains(e));
        BOOST_TEST(Chosen(Chosen::Options{}).may_move(e) == chosen.contains(e));
        BOOST_TEST(!Stay::may_move(e));
        BOOST_TEST(!StaleCache::may_move(e));
        // chains: any of them; last stages alone leave the targets to InOrder
        BOOST_TEST((FallbackChain<InOrder, StaleCache>().may_move(e) == plain));
        BOOST_TEST((FallbackChain<Stay, StaleCache>().may_move(e) == false));
        BOOST_TEST((FallbackChain<StaleCache>().may_move(e) == plain));
        BOOST_TEST((FallbackChain<OnClasses<quota>, AlsoOnContentFilter>().may_move(e) ==
                    (plain || e == content_filtered)));
        BOOST_TEST((FallbackChain<Stay, Chosen>().may_move(e) == chosen.contains(e)));
        // whatever moves is not final
        if (ends_call(e)) BOOST_TEST(!AlsoOnContentFilter::may_move(e));
    });
    const FallbackChain<InOrder, StaleCache> around{InOrder(InOrder::Options{.around_content_filter = true}),
                                                    StaleCache()};
    BOOST_TEST(around.may_move(content_filtered));
}

BOOST_AUTO_TEST_CASE(a_stale_answer_only_where_the_targets_failed) {
    const std::set<Errc> failed{
        transient,    rate_limited, quota,         auth,     permission,      unavailable,
        tls,          truncated,    timeout_total, protocol, timeout_connect, timeout_first_token,
        timeout_idle, breaker_open};
    const StaleCache day, minute(StaleCache::Options{.max_stale = 1min});
    const FallbackChain<InOrder, StaleCache> chain{InOrder(), minute};
    const FallbackChain<StaleCache, Stay> other;
    BOOST_TEST((day.max_stale() == 24h));
    BOOST_TEST((chain.max_stale() == 1min));
    BOOST_TEST((other.max_stale() == 24h));
    for_each_error([&](Errc e) {
        const bool may = failed.contains(e);
        BOOST_TEST(may_serve_stale(e) == may);
        BOOST_TEST(day.may_serve_stale(e, 24h) == may);
        BOOST_TEST(!day.may_serve_stale(e, 24h + 1ns));
        BOOST_TEST(day.may_serve_stale(e, -1s) == may); // not even expired
        BOOST_TEST(chain.may_serve_stale(e, 1min) == may);
        BOOST_TEST(!chain.may_serve_stale(e, 1min + 1ns));
        BOOST_TEST(other.may_serve_stale(e, 23h) == may);
    });
    for (const Errc e :
         {content_filtered, invalid_request, cancelled, context_overflow, too_large, not_found}) {
        BOOST_TEST(!may_serve_stale(e));
    }
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_chain_are_reached_by_their_types) {
    FallbackChain<InOrder, StaleCache> chain;
    chain.get<StaleCache>() = StaleCache(StaleCache::Options{.max_stale = 1ns});
    BOOST_TEST((chain.max_stale() == 1ns));
}

BOOST_AUTO_TEST_CASE(invalid_options_throw_and_name_the_option) {
    const auto refused = [](Duration stale) {
        try {
            (void)StaleCache(StaleCache::Options{.max_stale = stale});
        } catch (const std::invalid_argument& error) {
            return std::string(error.what()).find("max_stale") != std::string::npos;
        }
        return false;
    };
    BOOST_TEST(refused(0s));
    BOOST_TEST(refused(-1s));
    BOOST_TEST(refused(87601h));
    BOOST_TEST(!refused(1ns));
    BOOST_TEST(!refused(87600h));
}

BOOST_AUTO_TEST_SUITE_END()
