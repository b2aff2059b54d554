// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What a composition of policies does with a vendor's errors and delays: retries, hints, fallback, limits of
// time, breaker, route, hooks. In virtual time: the waits are exact.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

using namespace lab;

BOOST_AUTO_TEST_SUITE(behaviour)

using Chat = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                     baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                     baton::Route<baton::ByTask>, baton::Use<Spy>>;

struct Fixture : Lab {
    template <class... Options>
    Chat chat(Options&&... options) {
        return make<Chat>(openai(), anthropic(), spy, std::forward<Options>(options)...);
    }
    Fixture() {
        net.serve("openai.test", always(Behaviour(Answer("from openai", 3))));
        net.serve("anthropic.test", always(Behaviour(Answer("from anthropic", 3))));
    }
    ~Fixture() { BOOST_TEST(net.misused() == 0u); }
    std::size_t asked(std::string_view host) const {
        std::size_t n = 0;
        for (const ServedRequest& request : net.requests()) n += request.header("host") == host;
        return n;
    }
};

Request hello() { return Request("Hello"); }

// --- retries
// --------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(retries_wait_exactly_what_the_back_off_drew, Fixture) {
    for (const bool streamed : {false, true}) {
        Lab fresh;
        fresh.net.serve("openai.test", sequence(baton::testing::overloaded(), baton::testing::overloaded(),
                                                Behaviour(Answer("third time", 2))));
        Chat chat = fresh.make<Chat>(openai(), spy);
        const Result got = fresh.ask(chat, streamed, hello());
        BOOST_REQUIRE(got.reply);
        baton::Xoshiro same(1);
        same.next(); // the breaker's jitter
        const Duration first = same.uniform(500ms), second = same.uniform(1s);
        const auto& attempts = got.reply->trace.attempts;
        BOOST_REQUIRE(attempts.size() == 4u);
        BOOST_TEST(attempts[0].outcome == Errc::auth); // Anthropic, which has no key: noted, not asked
        BOOST_TEST(!attempts[0].sent);
        BOOST_TEST(attempts[2].waited == first);
        BOOST_TEST(attempts[3].waited == second);
        BOOST_TEST(fresh.elapsed() == first + second);
        BOOST_TEST(got.reply->text() == "third time");
        BOOST_TEST(!got.reply->served_by_fallback);
        BOOST_TEST(fresh.net.ledger().totals.connections_opened == 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(after_the_last_retry_the_call_moves_on, Fixture) {
    net.serve("openai.test", always(fails(Errc::transient)));
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 1});
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->text() == "from anthropic");
    BOOST_TEST(got.reply->provider == "anthropic");
    BOOST_TEST(got.reply->served_by_fallback);
    BOOST_TEST(asked("openai.test") == 2u);
    const auto& attempts = got.reply->trace.attempts;
    BOOST_REQUIRE(attempts.size() == 3u);
    BOOST_TEST(attempts[0].outcome == Errc::transient);
    BOOST_TEST(attempts[2].outcome == Errc::ok);
    BOOST_TEST(attempts[2].fallback);
}

BOOST_FIXTURE_TEST_CASE(when_every_target_fails_the_last_error_has_all_attempts, Fixture) {
    net.serve("openai.test", always(fails(Errc::transient)));
    net.serve("anthropic.test", always(fails(Errc::transient)));
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 1});
    const Result got = stream(one, hello());
    BOOST_TEST(got.errc() == Errc::transient);
    BOOST_TEST(got.reply.error().detail().provider == "anthropic");
    BOOST_TEST(got.reply.error().detail().trace.attempts.size() == 4u);
    BOOST_TEST(got.deltas.empty());
}

BOOST_FIXTURE_TEST_CASE(a_short_hint_is_waited_for_on_the_same_target, Fixture) {
    net.serve("openai.test",
              sequence(baton::testing::rate_limited("retry-after: 3\r\n"), Behaviour(Answer("now"))));
    Chat one = chat(baton::ExpBackoff::Options{.hint_jitter = 0});
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->text() == "now");
    BOOST_TEST(elapsed() == 3s);
    BOOST_TEST(asked("anthropic.test") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_hint_in_milliseconds_and_one_as_a_date, Fixture) {
    net.serve("openai.test",
              sequence(baton::testing::rate_limited("retry-after-ms: 250\r\nretry-after: 9\r\n"),
                       baton::testing::rate_limited("retry-after: Thu, 01 Jan 2026 00:00:02 GMT\r\n"),
                       Behaviour(Answer("now"))));
    Chat one = chat(baton::ExpBackoff::Options{.hint_jitter = 0});
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->trace.attempts[1].waited == 250ms);
    BOOST_TEST(std::chrono::round<std::chrono::microseconds>(elapsed()).count() == 2'000'000);
}

BOOST_FIXTURE_TEST_CASE(a_long_hint_moves_at_once, Fixture) {
    net.serve("openai.test", always(baton::testing::rate_limited("retry-after: 7\r\n")));
    Chat one = chat();
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->text() == "from anthropic");
    BOOST_TEST(elapsed() == 0s);
    BOOST_TEST(asked("openai.test") == 1u);
}

BOOST_FIXTURE_TEST_CASE(without_another_target_a_long_hint_is_waited_for, Fixture) {
    net.serve("openai.test",
              sequence(baton::testing::rate_limited("retry-after: 7\r\n"), Behaviour(Answer("now"))));
    Chat alone = make<Chat>(openai(), spy, baton::ExpBackoff::Options{.hint_jitter = 0});
    BOOST_TEST(complete(alone, hello()).errc() == Errc::ok);
    BOOST_TEST(elapsed() == 7s);
}

BOOST_FIXTURE_TEST_CASE(credentials_and_credit_move_without_a_retry, Fixture) {
    for (const Errc errc : {Errc::auth, Errc::permission, Errc::quota, Errc::not_found}) {
        Lab fresh;
        fresh.net.serve("openai.test", always(fails(errc)));
        fresh.net.serve("anthropic.test", always(Behaviour(Answer("from anthropic"))));
        Chat one = fresh.make<Chat>(openai(), anthropic(), spy);
        const Result got = fresh.complete(one, hello());
        BOOST_REQUIRE(got.reply);
        BOOST_TEST(got.reply->text() == "from anthropic");
        BOOST_TEST(got.reply->trace.attempts[0].outcome == errc);
        BOOST_TEST(fresh.net.requests().size() == 2u);
        BOOST_TEST(fresh.elapsed() == 0s);
    }
}

BOOST_FIXTURE_TEST_CASE(a_bad_request_and_a_filter_end_the_call, Fixture) {
    for (const Errc errc : {Errc::invalid_request, Errc::content_filtered}) {
        for (const bool streamed : {false, true}) {
            Lab fresh;
            fresh.net.serve("openai.test", always(fails(errc)));
            fresh.net.serve("anthropic.test", always(Behaviour(Answer("never"))));
            Chat one = fresh.make<Chat>(openai(), anthropic(), spy);
            BOOST_TEST(fresh.ask(one, streamed, hello()).errc() == errc);
            BOOST_TEST(fresh.net.requests().size() == 1u);
        }
    }
}

BOOST_FIXTURE_TEST_CASE(an_unreachable_host_is_retried_and_left, Fixture) {
    net.on_connect("openai.test", [](std::uint64_t) { return baton::testing::Accept::refuse(); });
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 1});
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->text() == "from anthropic");
    BOOST_TEST(got.reply->trace.attempts[0].outcome == Errc::unavailable);
    BOOST_TEST(!got.reply->trace.attempts[0].sent);
    BOOST_TEST(got.reply->trace.sent() == 1);
    BOOST_TEST(one.stats().open_connections == 1u);
}

// --- limits of time
// -------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_host_that_does_not_accept_times_out, Fixture) {
    net.on_connect("openai.test", [](std::uint64_t) { return baton::testing::Accept::hang(); });
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 0}, baton::Limits::Options{.connect = 2s});
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->trace.attempts[0].outcome == Errc::timeout_connect);
    BOOST_TEST(got.reply->trace.attempts[0].latency == 2s);
    BOOST_TEST(elapsed() == 2s);
    BOOST_TEST(one.stats().abandoned_connections == 1u); // the peer may have accepted it
    BOOST_TEST(one.stats().established_connections == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_first_token_that_does_not_come_moves_the_call, Fixture) {
    for (const bool streamed : {false, true}) {
        Lab fresh;
        fresh.net.serve("openai.test", always(Behaviour(Answer("late"), Fault::silence)));
        fresh.net.serve("anthropic.test", always(Behaviour(Answer("in time"))));
        Chat one = fresh.make<Chat>(openai(), anthropic(), spy,
                                    baton::Limits::Options{.first_token = 4s, .first_byte_unary = 6s});
        const Result got = fresh.ask(one, streamed, hello());
        BOOST_REQUIRE(got.reply);
        BOOST_TEST(got.reply->text() == "in time");
        BOOST_TEST(got.reply->trace.attempts[0].outcome == Errc::timeout_first_token);
        BOOST_TEST(fresh.elapsed() == (streamed ? Duration(4s) : Duration(6s)));
        BOOST_TEST(fresh.net.requests().size() == 2u);
        BOOST_TEST(fresh.net.open() == 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(headers_and_comments_are_no_first_token, Fixture) {
    Behaviour slow(Answer("late", 2), Fault::stall, 0);
    slow.tokens_per_write = 1;
    net.serve("openai.test", always(slow));
    Chat one = chat(baton::Limits::Options{.first_token = 3s, .idle = 10s});
    const Result got = stream(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->text() == "from anthropic");
    BOOST_TEST(elapsed() == 3s);
}

BOOST_FIXTURE_TEST_CASE(a_stall_after_the_first_token_is_a_typed_error_with_what_was_delivered, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("one two three", 3), Fault::stall, 2)));
    Chat one = chat(baton::Limits::Options{.idle = 5s});
    const Result got = stream(one, hello());
    BOOST_TEST(got.errc() == Errc::timeout_idle);
    BOOST_TEST(got.text == "one two ");
    BOOST_TEST(got.reply.error().detail().delivered == "one two ");
    BOOST_TEST(got.reply.error().detail().provider == "openai");
    BOOST_TEST(elapsed() == 5s);
    BOOST_TEST(asked("anthropic.test") == 0u);
    BOOST_TEST(net.open() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_whole_answer_that_stalls_is_asked_for_again, Fixture) {
    net.serve("openai.test",
              sequence(Behaviour(Answer("one two three", 3), Fault::stall, 2), Behaviour(Answer("again"))));
    Chat one = chat(baton::Limits::Options{.idle = 5s});
    const Result got = complete(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->trace.attempts[0].outcome == Errc::timeout_idle);
    BOOST_TEST(got.reply->text() == "again");
}

BOOST_FIXTURE_TEST_CASE(one_deadline_covers_attempts_waits_and_fallbacks, Fixture) {
    Behaviour slow = baton::testing::overloaded();
    slow.delay = 400ms;
    net.serve("openai.test", always(slow));
    net.serve("anthropic.test", always(Behaviour(Answer("late"), Fault::silence)));
    for (const bool streamed : {false, true}) {
        Chat one = chat(baton::ExpBackoff::Options{.max_retries = 2, .base = 300ms});
        const Duration before = elapsed();
        const Result got = ask(one, streamed, Request("Hello", baton::deadline(3s)));
        BOOST_TEST(got.errc() == Errc::timeout_total);
        BOOST_TEST(elapsed() - before == 3s);
        BOOST_TEST(got.reply.error().detail().trace.attempts.size() == 4u);
        BOOST_TEST(one.stats().active_calls == 0u);
        BOOST_TEST(net.open() == one.stats().open_connections);
    }
}

BOOST_FIXTURE_TEST_CASE(a_wait_that_would_end_after_the_deadline_is_not_begun, Fixture) {
    net.serve("openai.test", always(baton::testing::rate_limited("retry-after: 4\r\n")));
    Chat alone = make<Chat>(openai(), spy);
    BOOST_TEST(complete(alone, Request("Hello", baton::deadline(3s))).errc() == Errc::rate_limited);
    BOOST_TEST(elapsed() == 0s);
}

BOOST_FIXTURE_TEST_CASE(the_consumers_own_time_counts_only_towards_the_total, Fixture) {
    Behaviour slow(Answer("one two three", 3));
    slow.fault = Fault::stall;
    slow.at = 3;
    slow.tokens_per_write = 1;
    slow.gap = 30s;
    net.serve("openai.test", always(slow));
    Chat one = chat(baton::Limits::Options{.first_token = 40s, .idle = 40s, .total = 100s});
    auto stream = one.stream(hello());
    const auto run = std::make_shared<Running>();
    const auto read_one = [&] {
        const auto read = [](auto& from, auto into) -> asio::awaitable<void> {
            auto delta = co_await from.next();
            into->result.text += delta ? std::string(delta->text) : std::string("<end>");
        };
        const int before = run->finished;
        spawn(io.get_executor(), read(stream, run), run);
        BOOST_TEST(run_until([&] { return run->finished > before; }));
    };
    read_one();
    BOOST_TEST(run->result.text == "one ");
    BOOST_TEST(elapsed() == 30s);
    clock.advance(io, 45s); // longer than any limit but the total
    read_one();
    BOOST_TEST(run->result.text == "one two ");
    BOOST_TEST(elapsed() == 75s);
    read_one();
    BOOST_TEST(elapsed() == 90s);
    read_one();
    BOOST_TEST(run->result.text == "one two three<end>");
    BOOST_TEST(elapsed() == 100s);
    BOOST_REQUIRE(!stream.reply());
    BOOST_TEST(stream.reply().error().errc() == Errc::timeout_total);
    BOOST_TEST(stream.reply().error().detail().delivered == "one two three");
}

// --- fallback and the commit point
// ------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(an_error_before_the_first_token_moves_the_stream, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("one two three", 3), Fault::error_event, 0)));
    Chat one = chat(baton::ExpBackoff::Options{.max_retries = 0});
    const Result got = stream(one, hello());
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.text == "from anthropic");
    BOOST_TEST(got.reply->text() == "from anthropic");
    BOOST_TEST(got.reply->model == got.reply->trace.attempts[1].model);
}

BOOST_FIXTURE_TEST_CASE(an_error_after_the_first_token_never_does, Fixture) {
    for (const Fault fault : {Fault::error_event, Fault::reset_mid_body, Fault::close_mid_body,
                              Fault::missing_end, Fault::bad_json, Fault::bad_chunk_size}) {
        Lab fresh;
        fresh.net.settings().max_malformed = 0; // else one malformed event is passed over
        fresh.net.serve("openai.test", always(Behaviour(Answer("one two three", 3), fault, 2)));
        fresh.net.serve("anthropic.test", always(Behaviour(Answer("never"))));
        Chat one = fresh.make<Chat>(openai(), anthropic(), spy);
        const Result got = fresh.stream(one, hello());
        BOOST_TEST_CONTEXT(baton::testing::to_string(fault)) {
            BOOST_TEST(!got.reply);
            BOOST_TEST((got.errc() == Errc::truncated || got.errc() == Errc::transient ||
                        got.errc() == Errc::protocol));
            BOOST_TEST(std::string("one two three").starts_with(got.text));
            BOOST_TEST(got.text.starts_with("one two"));
            BOOST_TEST(got.reply.error().detail().delivered == got.text);
            BOOST_TEST(fresh.net.requests().size() == 1u);
        }
    }
}

// --- breaker
// ----------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(the_breaker_opens_skips_probes_and_closes, Fixture) {
    net.serve("openai.test", always(fails(Errc::transient)));
    Chat one =
        chat(baton::ExpBackoff::Options{.max_retries = 0},
             baton::HalfOpen::Options{.min_calls = 4, .open = 10s, .jitter = 0, .probes = 1, .passes = 1});
    for (int i = 0; i < 4; ++i) BOOST_TEST(complete(one, hello()).reply->text() == "from anthropic");
    BOOST_TEST(asked("openai.test") == 4u);
    BOOST_TEST(one.stats().targets[0].breaker == baton::BreakerPhase::open);

    const Result skipped = complete(one, hello());
    BOOST_REQUIRE(skipped.reply);
    BOOST_TEST(asked("openai.test") == 4u);
    BOOST_TEST(skipped.reply->trace.attempts[0].outcome == Errc::breaker_open);
    BOOST_TEST(!skipped.reply->trace.attempts[0].sent);
    BOOST_TEST(skipped.reply->served_by_fallback);

    clock.advance(io, 10s); // half open: one probe, which fails, doubles the time
    complete(one, hello());
    complete(one, hello());
    BOOST_TEST(asked("openai.test") == 5u);
    clock.advance(io, 19s);
    complete(one, hello());
    BOOST_TEST(asked("openai.test") == 5u);

    net.serve("openai.test", always(Behaviour(Answer("well again"))));
    clock.advance(io, 2s);
    BOOST_TEST(complete(one, hello()).reply->text() == "well again");
    BOOST_TEST(one.stats().targets[0].breaker == baton::BreakerPhase::closed);
}

BOOST_FIXTURE_TEST_CASE(with_every_breaker_open_the_error_says_so, Fixture) {
    net.serve("openai.test", always(fails(Errc::transient)));
    Chat one = make<Chat>(openai(), spy, baton::ExpBackoff::Options{.max_retries = 0},
                          baton::HalfOpen::Options{.min_calls = 2, .jitter = 0});
    complete(one, hello());
    complete(one, hello());
    const Result refused = stream(one, hello());
    BOOST_TEST(refused.errc() == Errc::breaker_open);
    BOOST_TEST(refused.reply.error().detail().provider == "openai");
    BOOST_TEST(net.requests().size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(half_open_admits_one_probe_at_a_time_and_gives_its_place_back, Fixture) {
    net.serve("openai.test", always(fails(Errc::transient)));
    Chat one =
        chat(baton::ExpBackoff::Options{.max_retries = 0},
             baton::HalfOpen::Options{.min_calls = 2, .open = 1s, .jitter = 0, .probes = 1, .passes = 1});
    complete(one, hello());
    complete(one, hello());
    clock.advance(io, 1s);
    Behaviour slow(Answer("well"));
    slow.delay = 2s;
    net.serve("openai.test", always(slow));
    const auto probe = start_complete(one, hello());
    clock.advance(io, 1s);
    const auto other = start_complete(one, hello());
    clock.advance(io, 100ms);
    BOOST_TEST(asked("openai.test") == 3u);
    BOOST_TEST(other->result.reply->text() == "from anthropic");
    probe->signal.emit(asio::cancellation_type::terminal);
    clock.advance(io, 0s);
    BOOST_TEST(probe->result.errc() == Errc::cancelled);
    BOOST_TEST(complete(one, hello()).reply->text() == "well"); // the cancelled probe left its place
    BOOST_TEST(one.stats().targets[0].breaker == baton::BreakerPhase::closed);
}

BOOST_FIXTURE_TEST_CASE(what_is_the_callers_fault_does_not_trip_the_breaker, Fixture) {
    net.serve("openai.test", always(fails(Errc::invalid_request)));
    Chat one = chat(baton::HalfOpen::Options{.min_calls = 2});
    for (int i = 0; i < 6; ++i) BOOST_TEST(complete(one, hello()).errc() == Errc::invalid_request);
    BOOST_TEST(one.stats().targets[0].breaker == baton::BreakerPhase::closed);
    BOOST_TEST(one.stats().targets[0].errors == 6u);
}

// --- route
BOOST_FIXTURE_TEST_CASE(a_kept_connection_that_was_closed_does_not_trip_the_breaker, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("well"), Fault::close_on_next)));
    Chat one = chat(baton::HalfOpen::Options{.min_calls = 2, .failure_rate = 0.1});
    for (int i = 0; i < 6; ++i) BOOST_TEST(complete(one, hello()).reply->provider == "openai");
    BOOST_TEST(one.stats().targets[0].breaker == baton::BreakerPhase::closed);
}

// ------------------------------------------------------------------------------------------------------

std::string model_of(const ServedRequest& request) { return request.incoming.request.model; }

BOOST_FIXTURE_TEST_CASE(a_task_has_its_row_and_the_row_its_settings, Fixture) {
    Chat one = chat(baton::ByTask(
        baton::row("chat", baton::to<baton::Anthropic>("claude-x").temperature(0.25).max_tokens(77),
                   baton::to<baton::OpenAI>("gpt-x")),
        baton::row("code", baton::to<baton::OpenAI>("gpt-code")),
        baton::otherwise(baton::to<baton::OpenAI>("gpt-default"))));
    const Result chatted =
        complete(one, Request("Hello", baton::task("chat"), baton::temperature(1.0), baton::max_tokens(400)));
    BOOST_REQUIRE(chatted.reply);
    BOOST_TEST(chatted.reply->trace.task == "chat");
    const Request& sent = net.requests().back().incoming.request;
    BOOST_TEST(sent.model == "claude-x");
    BOOST_TEST(sent.temperature.value() == 0.25);
    BOOST_TEST(sent.max_tokens.value() == 77u);
    complete(one, Request("Hello", baton::task("code")));
    BOOST_TEST(model_of(net.requests().back()) == "gpt-code");
    for (const char* task : {"", "unknown"}) {
        const Result got = complete(one, Request("Hello", baton::task(task)));
        BOOST_REQUIRE(got.reply);
        BOOST_TEST(model_of(net.requests().back()) == "gpt-default");
        BOOST_TEST(got.reply->trace.task == "");
    }
    complete(one, Request("Hello", baton::task("chat"), baton::max_tokens(10)));
    BOOST_TEST(net.requests().back().incoming.request.max_tokens.value() == 10u); // the smaller one
}

BOOST_FIXTURE_TEST_CASE(a_row_falls_back_in_its_own_order, Fixture) {
    net.serve("anthropic.test", always(fails(Errc::quota)));
    Chat one = chat(baton::ByTask(
        baton::row("chat", baton::to<baton::Anthropic>("claude-x"), baton::to<baton::OpenAI>("gpt-x"))));
    const Result got = complete(one, Request("Hello", baton::task("chat")));
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->provider == "openai");
    BOOST_TEST(got.reply->served_by_fallback);
    BOOST_TEST(got.reply->model == "gpt-x");
}

BOOST_FIXTURE_TEST_CASE(without_rows_the_providers_stand_in_their_order, Fixture) {
    Chat one = chat();
    BOOST_TEST(complete(one, Request("Hello", baton::task("anything"))).reply->provider == "openai");
}

BOOST_FIXTURE_TEST_CASE(a_rows_latency_moves_on, Fixture) {
    Behaviour slow(Answer("slow"));
    slow.delay = 5s;
    net.serve("openai.test", always(slow));
    Chat one = chat(baton::ByTask(
        baton::row("chat", baton::to<baton::OpenAI>(), baton::to<baton::Anthropic>()).max_latency(2s)));
    for (const bool streamed : {false, true}) {
        const Duration before = elapsed();
        const Result got = ask(one, streamed, Request("Hello", baton::task("chat")));
        BOOST_REQUIRE(got.reply);
        BOOST_TEST(got.reply->provider == "anthropic");
        BOOST_TEST(elapsed() - before == 2s);
        BOOST_TEST(ask(one, streamed, hello()).reply->provider ==
                   "openai"); // without the task: no such limit
    }
}

BOOST_FIXTURE_TEST_CASE(a_hook_may_name_the_task, Fixture) {
    spy.state->classify = [](const baton::Draft& draft) {
        return draft->messages[0].text().find("int main") != std::string::npos ? "code" : "";
    };
    Chat one = chat(baton::ByTask(baton::row("code", baton::to<baton::Anthropic>("claude-code")),
                                  baton::otherwise(baton::to<baton::OpenAI>("gpt-default"))));
    complete(one, Request("What is int main?"));
    BOOST_TEST(model_of(net.requests().back()) == "claude-code");
    complete(one, Request("Hello"));
    BOOST_TEST(model_of(net.requests().back()) == "gpt-default");
    complete(one, Request("int main", baton::task("other")));
    BOOST_TEST(model_of(net.requests().back()) == "gpt-default"); // the caller's word comes first
}

// --- hooks
// ------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(hooks_run_in_the_fixed_order_and_each_end_once, Fixture) {
    Chat one = chat();
    complete(one, hello());
    BOOST_TEST(spy.state->log ==
                   (std::vector<std::string>{"start", "request", "targets", "attempt", "reply", "end"}),
               boost::test_tools::per_element());
    spy.state->log.clear();
    stream(one, hello());
    BOOST_TEST(spy.state->log == (std::vector<std::string>{"start", "request", "targets", "delta", "delta",
                                                           "delta", "attempt", "reply", "end"}),
               boost::test_tools::per_element());
    BOOST_TEST(spy.state->ends.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_hook_edits_the_request_on_the_wire_but_not_the_callers, Fixture) {
    spy.state->request = [](baton::Draft& draft) -> std::optional<baton::Error> {
        draft.edit().messages.insert(draft.edit().messages.begin(), baton::system("Be brief."));
        return std::nullopt;
    };
    Chat one = chat();
    const Request mine = hello();
    BOOST_TEST(complete(one, mine).errc() == Errc::ok);
    const Request& sent = net.requests().back().incoming.request;
    BOOST_REQUIRE(sent.messages.size() == 2u);
    BOOST_TEST((sent.messages[0].role == baton::Role::system));
    BOOST_TEST(mine.messages.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_hook_refuses, Fixture) {
    spy.state->request = [](baton::Draft&) { return baton::Error(Errc::content_filtered, "not here"); };
    Chat one = chat();
    for (const bool streamed : {false, true}) {
        BOOST_TEST(ask(one, streamed, hello()).errc() == Errc::content_filtered);
        BOOST_TEST(spy.state->ends.back() == Errc::content_filtered);
    }
    BOOST_TEST(net.requests().empty());
    BOOST_TEST(spy.state->ends.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_hook_reorders_and_removes_targets, Fixture) {
    spy.state->targets = [](auto& targets) { std::swap(targets[0], targets[1]); };
    Chat one = chat();
    BOOST_TEST(complete(one, hello()).reply->provider == "anthropic");
    spy.state->targets = [](auto& targets) { targets.clear(); };
    BOOST_TEST(complete(one, hello()).errc() == Errc::no_target);
}

BOOST_FIXTURE_TEST_CASE(a_hook_sees_every_attempt_and_edits_deltas_and_replies, Fixture) {
    net.serve("openai.test", sequence(baton::testing::overloaded(), Behaviour(Answer("one two three", 3))));
    spy.state->delta = [](baton::Delta& delta) { delta.text = delta.text.substr(0, 1); };
    spy.state->reply = [](Reply& reply) { reply.parts[0].text += "!"; };
    Chat one = chat();
    const Result got = stream(one, hello());
    BOOST_TEST(got.text.size() == 3u);
    BOOST_TEST(got.reply->text() == "one two three!");
    BOOST_REQUIRE(spy.state->attempts.size() == 2u);
    BOOST_TEST(spy.state->attempts[0].outcome == Errc::transient);
    BOOST_TEST(spy.state->attempts[0].status == 529);
    BOOST_TEST(spy.state->attempts[1].outcome == Errc::ok);
    BOOST_TEST(spy.state->attempts[1].reused);
}

BOOST_FIXTURE_TEST_CASE(a_request_without_messages_is_refused, Fixture) {
    Chat one = chat();
    BOOST_TEST(complete(one, Request()).errc() == Errc::invalid_request);
    BOOST_TEST(stream(one, Request(baton::task("chat"))).errc() == Errc::invalid_request);
}

/// Says of each answer what the test told it to.
class Judge {
public:
    struct State {
        std::function<baton::Judgement(Reply&, baton::Draft&)> say;
        int asked = 0;
    };
    baton::Judgement on_reply(Reply& reply, baton::Draft& draft) {
        ++state->asked;
        return state->say ? state->say(reply, draft) : baton::Judgement::accept();
    }
    std::shared_ptr<State> state = std::make_shared<State>();
};
using Judged = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>, baton::Use<Judge>>;

struct JudgeFixture : Fixture {
    Judge judge;
    Judged judged = make<Judged>(openai(), anthropic(), judge);
};

BOOST_FIXTURE_TEST_CASE(a_judge_accepts_and_streams_are_held_back_until_then, JudgeFixture) {
    judge.state->say = [&](Reply& reply, baton::Draft&) {
        BOOST_TEST(reply.text() == "from openai");
        return baton::Judgement::accept();
    };
    const auto call = start_stream(judged, hello());
    call->each_delta = [&] { BOOST_TEST(judge.state->asked == 1); };
    run();
    BOOST_TEST(call->result.text == "from openai");
    BOOST_TEST(call->result.errc() == Errc::ok);
    BOOST_TEST(complete(judged, hello()).reply->text() == "from openai");
}

BOOST_FIXTURE_TEST_CASE(a_judge_rejects, JudgeFixture) {
    judge.state->say = [](Reply&, baton::Draft&) {
        return baton::Judgement::reject(baton::Error(Errc::content_filtered, "no"));
    };
    for (const bool streamed : {false, true}) {
        const Result got = ask(judged, streamed, hello());
        BOOST_TEST(got.errc() == Errc::content_filtered);
        BOOST_TEST(got.deltas.empty());
    }
}

BOOST_FIXTURE_TEST_CASE(a_judge_asks_again_with_an_edited_draft, JudgeFixture) {
    judge.state->say = [](Reply& reply, baton::Draft& draft) {
        if (draft->messages.size() > 1) return baton::Judgement::accept();
        draft.edit().messages.push_back(std::move(reply).message());
        draft.edit().messages.push_back(baton::user("Shorter."));
        return baton::Judgement::again();
    };
    for (const bool streamed : {false, true}) {
        judge.state->asked = 0;
        const Result got = ask(judged, streamed, hello());
        BOOST_REQUIRE(got.reply);
        BOOST_TEST(judge.state->asked == 2);
        BOOST_TEST(got.reply->trace.attempts.size() == 2u);
        BOOST_TEST(net.requests().back().incoming.request.messages.size() == 3u);
        if (streamed) BOOST_TEST(got.text == "from openai"); // once, not twice
    }
}

BOOST_FIXTURE_TEST_CASE(a_judge_moves_and_its_rounds_are_limited, JudgeFixture) {
    judge.state->say = [](Reply& reply, baton::Draft&) {
        return reply.provider == "openai" ? baton::Judgement::move() : baton::Judgement::accept();
    };
    BOOST_TEST(complete(judged, hello()).reply->provider == "anthropic");
    judge.state->say = [](Reply&, baton::Draft&) { return baton::Judgement::move(); };
    BOOST_TEST(complete(judged, hello()).errc() == Errc::no_target);
    judge.state->say = [](Reply&, baton::Draft&) { return baton::Judgement::again(); };
    judge.state->asked = 0;
    BOOST_TEST(stream(judged, hello()).errc() == Errc::no_target);
    BOOST_TEST(judge.state->asked == 4);
}

BOOST_FIXTURE_TEST_CASE(the_deadline_covers_all_rounds, JudgeFixture) {
    Behaviour slow(Answer("slow"));
    slow.delay = 2s;
    net.serve("openai.test", always(slow));
    judge.state->say = [](Reply&, baton::Draft&) { return baton::Judgement::again(); };
    BOOST_TEST(complete(judged, Request("Hello", baton::deadline(3s))).errc() == Errc::timeout_total);
    BOOST_TEST(elapsed() == 3s);
}

BOOST_AUTO_TEST_SUITE_END()
