// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Several endpoints and keys of a vendor: Balance, Health and their probes, Limit. In virtual time.
#include <boost/test/unit_test.hpp>

#include "scene.hpp"

#include <memory>
#include <utility>
#include <vector>

using namespace lab;

BOOST_AUTO_TEST_SUITE(endpoints)

namespace {
baton::Endpoints<baton::OpenAI> three() {
    return baton::endpoints<baton::OpenAI>(baton::Endpoint("http://a.test/v1").with_key("k-a"),
                                           baton::Endpoint("http://b.test/v1").with_key("k-b"),
                                           baton::Endpoint("http://c.test/v1").with_key("k-c"));
}
using Limited = Virtual<baton::Provider<baton::OpenAI>, baton::Limit<baton::Gcra>,
                        baton::Breaker<baton::HalfOpen>, baton::Use<Spy>>;
} // namespace

BOOST_AUTO_TEST_CASE(endpoints_are_equals_and_one_stands_in_for_another) {
    using Balanced =
        Virtual<baton::Provider<baton::OpenAI>, baton::Balance<baton::RoundRobin>, baton::Use<Spy>>;
    Scene s;
    for (const char* host : {"a.test", "b.test", "c.test"}) s.net.serve(host, always(answers()));
    Balanced chat = s.make<Balanced>(three(), s.spy);
    for (int i = 0; i < 9; ++i) is_whole(s.complete(chat, hello()));
    for (const char* host : {"a.test", "b.test", "c.test"}) BOOST_TEST(s.asked(host) == 3u);
    // each with its own key
    for (const ServedRequest& request : s.net.requests()) {
        const std::string key = "Bearer k-" + std::string(request.header("host").substr(0, 1));
        BOOST_TEST(request.header("authorization") == key);
    }
    // one that fails: the others stand in, without any Retry
    s.net.serve("b.test", always(fails(Errc::transient)));
    for (int i = 0; i < 9; ++i) is_whole(s.complete(chat, hello()));
    // at run time: b is drained, and d is new; what is known of a and c stays
    s.net.serve("d.test", always(answers()));
    chat.configure(
        baton::endpoints<baton::OpenAI>(baton::Endpoint("http://a.test/v1").with_key("k-a"),
                                        baton::Endpoint("http://b.test/v1").with_key("k-b").with_weight(0),
                                        baton::Endpoint("http://d.test/v1").with_key("k-d")));
    const std::size_t b = s.asked("b.test");
    for (int i = 0; i < 8; ++i) is_whole(s.complete(chat, hello()));
    BOOST_TEST(s.asked("b.test") == b);
    BOOST_TEST(s.asked("d.test") == 4u);
}

BOOST_AUTO_TEST_CASE(a_dead_key_is_quarantined_and_a_resting_endpoint_left_alone) {
    using Healthy = Virtual<baton::Provider<baton::OpenAI>, baton::Balance<baton::RoundRobin>,
                            baton::Health<baton::Passive>, baton::Use<Spy>>;
    Scene s;
    s.net.serve("a.test", always(fails(Errc::auth)));
    s.net.serve("b.test", sequence(fails(Errc::rate_limited, "retry-after: 30\r\n"), answers()));
    s.net.serve("c.test", always(answers()));
    Healthy chat = s.make<Healthy>(three(), s.spy);
    for (int i = 0; i < 10; ++i) {
        is_whole(s.complete(chat, hello()));
        s.clock.advance(s.io, 1s);
    }
    BOOST_TEST(s.asked("a.test") == 1u);
    BOOST_TEST(s.asked("b.test") == 1u);
    s.clock.advance(s.io, 25s);
    for (int i = 0; i < 4; ++i) is_whole(s.complete(chat, hello()));
    BOOST_TEST(s.asked("b.test") == 3u); // back, and takes its turn
    BOOST_TEST(s.asked("a.test") == 1u);
    // a new key ends the quarantine
    s.net.serve("a.test", always(answers()));
    chat.configure(three());
    for (int i = 0; i < 6; ++i) is_whole(s.complete(chat, hello()));
    BOOST_TEST(s.asked("a.test") >= 2u);
}

BOOST_AUTO_TEST_CASE(a_key_on_trial_is_released_by_an_answer_about_the_request) {
    using Healthy = Virtual<baton::Provider<baton::OpenAI>, baton::Health<baton::Passive>, baton::Use<Spy>>;
    for (const Errc answer : {Errc::invalid_request, Errc::not_found, Errc::rate_limited}) {
        for (const bool streamed : {false, true}) {
            Scene s;
            const char* wait = answer == Errc::rate_limited ? "retry-after: 2\r\n" : "";
            s.primary(sequence(fails(Errc::auth), fails(answer, wait), answers()));
            Healthy chat = s.make<Healthy>(openai(), s.spy);
            BOOST_TEST(s.ask(chat, streamed, hello()).errc() == Errc::auth);
            BOOST_TEST(s.ask(chat, streamed, hello()).errc() == Errc::auth); // not sent
            BOOST_TEST(s.asked("openai.test") == 1u);
            s.clock.advance(s.io, 10min);
            BOOST_TEST(s.ask(chat, streamed, hello()).errc() == answer); // the trial
            const Duration before = s.elapsed();
            is_whole(s.ask(chat, streamed, hello()));
            const Duration took = s.elapsed() - before;
            BOOST_TEST((answer == Errc::rate_limited ? took >= 2s && took < 3s : took < 1s));
        }
    }
}

BOOST_AUTO_TEST_CASE(two_runs_share_the_probes_and_each_ends_when_it_should) {
    using Probed = Virtual<baton::Provider<baton::OpenAI>, baton::Health<baton::Active>, baton::Use<Spy>>;
    for (const bool first_goes : {true, false}) {
        Scene s;
        for (const char* host : {"a.test", "b.test", "c.test"}) s.net.serve(host, always(fails(Errc::auth)));
        std::optional<Probed> chat;
        chat.emplace(
            s.make<Probed>(three(), s.spy, baton::Active::Options{.interval = 1s, .probes_per_minute = 3}));
        const auto first = std::make_shared<Running>(), second = std::make_shared<Running>();
        spawn(s.io.get_executor(), chat->run(), first);
        spawn(s.io.get_executor(), chat->run(), second);
        const auto call = s.start_complete(*chat, hello());
        s.clock.advance(s.io, 30s);
        BOOST_TEST(call->result.errc() == Errc::auth);
        const std::size_t calls = 3;                       // one at each of the three, with its own key
        BOOST_TEST(s.net.requests().size() == calls + 3u); // one budget for both
        Running& gone = *(first_goes ? first : second);
        Running& left = *(first_goes ? second : first);
        gone.signal.emit(asio::cancellation_type::terminal);
        s.clock.advance(s.io, 0s);
        BOOST_TEST((gone.finished == 1 && left.finished == 0));
        s.clock.advance(s.io, 60s);
        BOOST_TEST(s.net.requests().size() == calls + 6u); // the other goes on
        chat.reset();
        s.clock.advance(s.io, 0s); // at once
        BOOST_TEST(left.finished == 1);
        BOOST_TEST((!gone.thrown && !left.thrown));
    }
}

BOOST_AUTO_TEST_CASE(probes_find_out_that_a_key_works_again_without_a_caller_paying) {
    using Probed = Virtual<baton::Provider<baton::OpenAI>, baton::Balance<baton::RoundRobin>,
                           baton::Health<baton::Active>, baton::Use<Spy>>;
    Scene s;
    for (const char* host : {"b.test", "c.test"}) s.net.serve(host, always(answers()));
    bool dead = true;
    s.net.serve("a.test", [&](const ServedRequest&) { return dead ? fails(Errc::auth) : answers(); });
    Probed chat = s.make<Probed>(three(), s.spy, baton::Active::Options{.interval = 10s});
    auto running = std::make_shared<Running>();
    spawn(s.io.get_executor(), chat.run(), running);
    for (int i = 0; i < 3; ++i) {
        const auto call = s.start_complete(chat, hello());
        s.clock.advance(s.io, 1s);
        is_whole(call->result);
    }
    BOOST_TEST(s.asked("a.test") == 1u);
    s.clock.advance(s.io, 60s);
    const std::size_t probes = s.asked("a.test") - 1;
    BOOST_TEST((probes >= 4u && probes <= 7u));
    BOOST_TEST(s.net.requests().back().method == "GET");
    BOOST_TEST(s.asked("b.test") + s.asked("c.test") == 3u); // the healthy are not probed
    dead = false;
    s.clock.advance(s.io, 15s); // a probe succeeds: the endpoint is back
    const std::size_t before = s.asked("a.test");
    for (int i = 0; i < 6; ++i) {
        const auto call = s.start_complete(chat, hello());
        s.clock.advance(s.io, 100ms);
        is_whole(call->result);
    }
    BOOST_TEST(s.asked("a.test") >= before + 2u);
    running->signal.emit(asio::cancellation_type::terminal);
    s.run(); // returns: nothing is left
    BOOST_TEST(running->finished == 1);
    BOOST_TEST(!running->thrown);

    // and it ends with the orchestrator
    auto second = std::make_shared<Running>();
    {
        Probed other = s.make<Probed>(three(), s.spy);
        spawn(s.io.get_executor(), other.run(), second);
        s.clock.advance(s.io, 1s);
    }
    s.run();
    BOOST_TEST(second->finished == 1);
}

BOOST_AUTO_TEST_CASE(limits_and_the_breaker_change_at_run_time) {
    Scene s;
    s.primary(always(answers()));
    Limited chat = s.make<Limited>(
        openai(), s.spy, baton::Gcra::Options{.requests_per_minute = 60, .request_burst = 1, .max_wait = 0s});
    s.complete(chat, hello());
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::rate_limited);
    chat.configure(baton::Gcra::Options{.requests_per_minute = 6000, .max_wait = 5s});
    is_whole(s.complete(chat, hello()));
    chat.configure(baton::HalfOpen::Options{.mode = baton::BreakerMode::forced_open});
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::breaker_open);
    chat.configure(baton::HalfOpen::Options{});
    is_whole(s.complete(chat, hello()));
}

BOOST_AUTO_TEST_CASE(where_all_rest_the_call_waits_a_little_or_says_when) {
    using Healthy = Virtual<baton::Provider<baton::OpenAI>, baton::Health<baton::Passive>, baton::Use<Spy>>;
    for (const bool soon : {true, false}) {
        Scene s;
        s.primary(sequence(fails(Errc::rate_limited, soon ? "retry-after: 3\r\n" : "retry-after: 40\r\n"),
                           answers()));
        Healthy chat = s.make<Healthy>(openai(), s.spy);
        BOOST_TEST(s.complete(chat, hello()).errc() == Errc::rate_limited);
        const Duration before = s.elapsed();
        const Result got = s.complete(chat, hello());
        if (soon) {
            is_whole(got);
            BOOST_TEST(s.elapsed() - before >= 3s);
        } else {
            BOOST_TEST(got.errc() == Errc::rate_limited);
            BOOST_TEST(s.net.requests().size() == 1u); // it was not asked
            BOOST_TEST((*got.reply.error().detail().retry_after > Duration(39s)));
        }
    }
}

BOOST_AUTO_TEST_CASE(siblings_that_are_kept_from_calls_are_no_way_out) {
    using Healthy =
        Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                baton::Balance<baton::RoundRobin>, baton::Health<baton::Passive>, baton::Use<Spy>>;
    Scene s;
    s.net.serve("a.test", always(fails(Errc::transient)));
    for (const char* host : {"b.test", "c.test"}) s.net.serve(host, always(fails(Errc::auth)));
    Healthy chat = s.make<Healthy>(three(), anthropic(), s.spy, baton::HalfOpen::Options{.min_calls = 8});
    std::size_t asked = 0;
    for (int i = 0; i < 20; ++i) {
        is_whole(s.complete(chat, hello()));
        BOOST_TEST(s.asked("a.test") - asked <= 3u); // one attempt and two retries
        asked = s.asked("a.test");
    }
    BOOST_TEST(asked <= 9u); // and none once its breaker is open
    BOOST_TEST(s.asked("b.test") + s.asked("c.test") == 2u);
}

// Two keys, one address: where it is silent, another first-token limit is not spent on the other key.
BOOST_AUTO_TEST_CASE(a_silent_address_is_not_asked_again_with_another_key) {
    using Two = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                        baton::Retry<baton::ExpBackoff>, baton::Deadline<baton::Limits>, baton::Use<Spy>>;
    using One = Virtual<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>,
                        baton::Deadline<baton::Limits>, baton::Use<Spy>>;
    const auto key = [](const char* url, const char* name) { return baton::Endpoint(url).with_key(name); };
    const auto hosts = [&]<class C>(C*, const char* second, auto&&... more) {
        Scene s;
        Behaviour silent = answers();
        silent.delay = 120s;
        bool first = true;
        s.primary([&](const ServedRequest&) { return std::exchange(first, false) ? silent : answers(); });
        s.net.serve("elsewhere.test", always(answers()));
        C chat = s.make<C>(
            baton::endpoints<baton::OpenAI>(key("http://openai.test/v1", "k-1"), key(second, "k-2")), s.spy,
            baton::Limits::Options{.first_token = 2s, .first_byte_unary = 2s}, more...);
        is_whole(s.complete(chat, hello()));
        std::string asked;
        for (const ServedRequest& request : s.net.requests()) {
            asked.append(request.header("host")).append(" ");
        }
        return asked;
    };
    constexpr Two* two = nullptr;
    BOOST_TEST(hosts(two, "http://openai.test/v1", anthropic()) == "openai.test anthropic.test ");
    BOOST_TEST(hosts(two, "http://elsewhere.test/v1", anthropic()) == "openai.test elsewhere.test ");
    BOOST_TEST(hosts(static_cast<One*>(nullptr), "http://openai.test/v1") == "openai.test openai.test ");
}

BOOST_AUTO_TEST_CASE(calls_over_the_limit_wait_in_line_or_are_refused) {
    Scene s;
    Behaviour slow = answers();
    slow.delay = 1s;
    s.primary(always(slow));
    Limited chat = s.make<Limited>(openai(), s.spy,
                                   baton::Gcra::Options{.concurrency = 2, .max_wait = 3s, .max_queue = 4});
    std::vector<std::shared_ptr<Running>> calls;
    std::vector<int> order;
    for (int i = 0; i < 8; ++i) calls.push_back(s.start_complete(chat, hello()));
    s.run();
    int whole_ones = 0, refused = 0;
    for (const auto& call : calls) {
        BOOST_TEST(call->result.ended);
        if (call->result.reply) ++whole_ones;
        if (call->result.errc() == Errc::rate_limited) ++refused;
    }
    BOOST_TEST(whole_ones == 6); // two at once, four waiting; the queue holds no more
    BOOST_TEST(refused == 2);
    BOOST_TEST(calls[6]->result.errc() == Errc::rate_limited);
    BOOST_TEST((s.elapsed() >= 3s && s.elapsed() < 4s));
    // everything is given back
    BOOST_TEST(s.complete(chat, hello()).errc() == Errc::ok);

    // one that leaves the queue makes room for the next
    const auto first = s.start_complete(chat, hello()), second = s.start_complete(chat, hello());
    const auto third = s.start_complete(chat, hello()), fourth = s.start_complete(chat, hello());
    s.clock.advance(s.io, 100ms);
    third->signal.emit(asio::cancellation_type::terminal);
    s.run();
    BOOST_TEST(third->result.errc() == Errc::cancelled);
    BOOST_TEST(fourth->result.errc() == Errc::ok);
    BOOST_TEST(first->result.errc() == Errc::ok);
    BOOST_TEST(second->result.errc() == Errc::ok);
}

BOOST_AUTO_TEST_CASE(a_target_without_room_is_passed_over) {
    using Both = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                         baton::Limit<baton::Gcra, baton::PerTenant<baton::Gcra>>, baton::Use<Spy>>;
    Scene s;
    s.primary(always(answers()));
    Both chat =
        s.make<Both>(openai(), anthropic(), s.spy,
                     baton::Gcra::Options{.requests_per_minute = 2, .request_burst = 2, .max_wait = 0s},
                     baton::PerTenant<baton::Gcra>::Options{
                         {.requests_per_minute = 3, .request_burst = 3, .max_wait = 0s}});
    std::size_t served = 0;
    for (int i = 0; i < 4; ++i) {
        const Result got = s.complete(chat, Request("Hello", baton::tenant("t")));
        served += got.reply.has_value();
        if (i == 3) {
            BOOST_TEST(got.errc() == Errc::rate_limited);
            BOOST_TEST(got.reply.error().detail().retry_after.has_value());
        }
    }
    BOOST_TEST(served == 3u); // the tenant's limit
    BOOST_TEST(s.asked("openai.test") == 2u);
    BOOST_TEST(s.asked("anthropic.test") == 1u);
    BOOST_TEST(s.complete(chat, Request("Hello", baton::tenant("u"))).errc() ==
               Errc::ok); // the other's is its own
}

BOOST_AUTO_TEST_SUITE_END()
