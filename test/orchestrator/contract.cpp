// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What using baton looks like: each rule of the design's contract, as a program would rely on it.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <baton/any.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <initializer_list>
#include <thread>
#include <type_traits>

using namespace lab;

BOOST_AUTO_TEST_SUITE(contract)

using Chat = Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                     baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                     baton::Route<baton::ByTask>, baton::Cache<baton::ExactMatch>>;
using Stream = decltype(std::declval<Chat&>().stream(Request()));

struct Fixture : Lab {
    template <class... Options>
    Chat chat(Options&&... options) {
        return make<Chat>(openai(), anthropic(), std::forward<Options>(options)...);
    }
    Fixture() {
        net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe and Oder", 4))));
        net.serve("anthropic.test", always(Behaviour(Answer("Danube", 2))));
    }
    /// Runs `make(...)`'s awaitable to its end.
    template <class Coroutine>
    void await(Coroutine coroutine) {
        const auto run = std::make_shared<Running>();
        spawn(io.get_executor(), coroutine(), run);
        this->run();
        BOOST_REQUIRE(run->finished == 1);
        if (run->thrown) std::rethrow_exception(run->thrown);
    }
    const ServedRequest& last() const { return net.requests().back(); }
};

// --- README
// -----------------------------------------------------------------------------------------------------

asio::awaitable<void> talk(Chat& chat, std::string& said) {
    auto reply = co_await chat.complete("Name three rivers.");
    if (!reply) {
        said += reply.error().what() + '\n';
        co_return;
    }
    said += std::string(reply->text()) + "  (" + reply->model + ", " +
            std::to_string(reply->usage.output_tokens) + " tokens)\n";

    auto stream = chat.stream({baton::system("You tell stories."), baton::user("One about a river."),
                               baton::task("chat"), baton::max_tokens(400), baton::temperature(0.8)});
    while (auto delta = co_await stream.next()) said += delta->text;
    auto whole = stream.reply(); // result<Reply>: an error here if the story was cut short
    said += whole ? " " + std::to_string(whole->usage.output_tokens) : whole.error().what();
}

BOOST_FIXTURE_TEST_CASE(the_first_program, Fixture) {
    Chat one = chat();
    std::string said;
    asio::co_spawn(io, talk(one, said), asio::detached);
    run();
    BOOST_TEST(said == "Rhine, Elbe and Oder  (gpt-5-mini, 4 tokens)\nRhine, Elbe and Oder 4");
    io.restart();
    BOOST_TEST(io.run() == 0u); // between calls there is no work outstanding
    BOOST_TEST(io.stopped());
}

// --- requests
// -----------------------------------------------------------------------------------------------------

static_assert(!std::is_aggregate_v<Request> && !std::is_aggregate_v<baton::Message> &&
              !std::is_aggregate_v<baton::Part>);
static_assert(!std::is_constructible_v<Request, std::initializer_list<baton::Message>>);
static_assert(!std::is_constructible_v<Request, int> && !std::is_constructible_v<Request, std::nullptr_t>);
// one parameter, by value, no overload: else these would be ambiguous
static_assert(std::is_same_v<decltype(&Chat::complete), asio::awaitable<result<Reply>> (Chat::*)(Request)> ||
              std::is_member_function_pointer_v<decltype(&Chat::complete)>);
static_assert(std::is_member_function_pointer_v<decltype(&Chat::stream)>);

BOOST_AUTO_TEST_CASE(parts_come_in_any_order) {
    const Request a(baton::system("Be brief."), baton::user("Hello"), baton::task("chat"),
                    baton::max_tokens(400));
    const Request b(baton::max_tokens(400), baton::system("Be brief."), baton::task("chat"),
                    baton::user("Hello"));
    BOOST_TEST((a == b));
    std::vector<baton::Message> history;
    history.push_back(baton::system("Be brief."));
    history.push_back(baton::user("Hello"));
    const Request c(baton::task("chat"), history, baton::max_tokens(400));
    BOOST_TEST((a == c));
    Request d;
    d.messages = history;
    d.task = "chat";
    d.max_tokens = 400;
    BOOST_TEST((a == d));
    const std::string text = "Hello";
    const std::string_view view = text;
    BOOST_TEST((Request("Hello") == Request(text)));
    BOOST_TEST((Request(view) == Request(baton::user("Hello"))));
}

BOOST_FIXTURE_TEST_CASE(every_form_of_a_request_may_stand_in_an_awaiting_expression, Fixture) {
    Chat one = chat();
    await([&]() -> asio::awaitable<void> {
        const std::string long_text(100, 'x'); // beyond any small-string buffer
        const std::string_view view = long_text;
        const Request kept(baton::user(long_text), baton::cache(baton::no));
        auto r1 = co_await one.complete("a text that is long enough to be on the heap");
        auto r2 = co_await one.complete(long_text);
        auto r3 = co_await one.complete(view);
        auto r4 = co_await one.complete(kept);
        auto r5 = co_await one.complete(
            {baton::system(long_text), baton::user(long_text + "?"), baton::stop("x", long_text)});
        auto r6 = co_await one.complete(
            Request(baton::user(long_text), baton::tools(baton::Tool(long_text, long_text))));
        auto r7 = co_await one.complete({long_text, baton::fallbacks("openai/" + long_text, "anthropic"),
                                         baton::extra("{\"user\":\"u\"}")});
        auto r8 = co_await one.complete(Request(kept));
        int ok = 0;
        for (const auto* r : {&r1, &r2, &r3, &r4, &r5, &r6, &r7, &r8}) ok += r->has_value();
        BOOST_TEST(ok == 8);
    });
    BOOST_TEST(last().incoming.request.messages[0].text() == std::string(100, 'x'));
}

BOOST_FIXTURE_TEST_CASE(what_is_asked_arrives, Fixture) {
    Chat one = chat();
    await([&]() -> asio::awaitable<void> {
        auto reply = co_await one.complete(
            {baton::system("Be brief."), baton::user("Hello"), baton::assistant("Yes?"),
             baton::user("A river."), baton::max_tokens(40), baton::temperature(0.5), baton::top_p(0.25),
             baton::seed(7), baton::stop("END"), baton::extra(R"({"user":"u1","service_tier":"flex"})")});
        BOOST_TEST(reply.has_value());
    });
    const Request& sent = last().incoming.request;
    BOOST_TEST(sent.messages.size() == 4u);
    BOOST_TEST(sent.max_tokens.value() == 40u);
    BOOST_TEST(sent.temperature.value() == 0.5);
    BOOST_TEST(sent.top_p.value() == 0.25);
    BOOST_TEST(sent.seed.value() == 7);
    BOOST_TEST(sent.stop[0] == "END");
    BOOST_TEST(last().body.find(R"("service_tier":"flex")") != std::string::npos);
    BOOST_TEST(last().target == "/v1/chat/completions");
    BOOST_TEST(last().header("authorization") == "Bearer key-o");
    BOOST_TEST(last().header("host") == "openai.test");
    BOOST_TEST(last().header("accept-encoding") == "identity");
}

BOOST_FIXTURE_TEST_CASE(an_awaitable_may_be_stored_and_awaited_later, Fixture) {
    Chat one = chat();
    await([&]() -> asio::awaitable<void> {
        auto later = [&] {
            const std::string text(200, 'y');
            return one.complete({baton::system(text), baton::user(text)});
        }();
        auto never = one.complete("never awaited");
        auto reply = co_await std::move(later);
        BOOST_TEST(reply.has_value());
    });
    BOOST_TEST(net.requests().size() == 1u);
    BOOST_TEST(last().incoming.request.messages[1].text() == std::string(200, 'y'));
    BOOST_TEST(one.stats().active_calls == 0u);
}

// --- models
// -------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_model_selects_a_target_or_applies_to_who_lists_it, Fixture) {
    Chat one = chat(baton::ByTask(
        baton::row("big", baton::to<baton::OpenAI>("gpt-big"), baton::to<baton::Anthropic>("claude-big"))));
    const auto asked = [&](Request request) {
        BOOST_TEST(complete(one, std::move(request)).errc() == Errc::ok);
        return std::string(last().header("host")) + " " + last().incoming.request.model;
    };
    using baton::model;
    BOOST_TEST(asked("1") == "openai.test gpt-5-mini");
    BOOST_TEST(asked(Request("2", model("anthropic/claude-x"))) == "anthropic.test claude-x");
    BOOST_TEST(asked(Request("3", model("openai/ft:gpt/x"))) == "openai.test ft:gpt/x");
    BOOST_TEST(asked(Request("4", model("gpt-new"))) == "openai.test gpt-new"); // nobody lists it: the first
    BOOST_TEST(asked(Request("5", model("gpt-big"))) == "openai.test gpt-big"); // who lists it
    BOOST_TEST(asked(Request("5", model("claude-big"))) == "openai.test gpt-5-mini"); // others keep their own
    BOOST_TEST(asked(Request("6", model("vendor/other"))) ==
               "openai.test vendor/other"); // no provider's name
    BOOST_TEST(asked(Request("7", baton::fallbacks("anthropic/claude-y", "openai"))) ==
               "anthropic.test claude-y");
    BOOST_TEST(asked(Request("8", baton::task("big"))) == "openai.test gpt-big");
    BOOST_TEST(complete(one, Request("9", baton::fallbacks("nobody/x"))).errc() == Errc::invalid_request);
}

BOOST_FIXTURE_TEST_CASE(a_bare_model_leaves_the_fallbacks_their_own, Fixture) {
    net.serve("openai.test", always(fails(Errc::quota)));
    Chat one = chat();
    BOOST_TEST(complete(one, Request("Hello", baton::model("gpt-new"))).reply->provider == "anthropic");
    BOOST_TEST(net.requests()[0].incoming.request.model == "gpt-new");
    BOOST_TEST(net.requests()[1].incoming.request.model == baton::Anthropic::default_model);
}

BOOST_FIXTURE_TEST_CASE(the_replys_model_is_what_the_vendor_reported, Fixture) {
    Answer answer("Rhine");
    answer.model = "gpt-5-mini-2025-08-07";
    net.serve("openai.test", always(Behaviour(answer)));
    Chat one = chat();
    const Result got = complete(one, "Hello");
    BOOST_TEST(got.reply->model == "gpt-5-mini-2025-08-07");
    BOOST_TEST(got.reply->trace.attempts[0].model == "gpt-5-mini");
    BOOST_TEST(stream(one, Request("Hello", baton::cache(baton::no))).reply->model ==
               "gpt-5-mini-2025-08-07");
}

// --- streams
// ------------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_stream_does_nothing_until_it_is_asked, Fixture) {
    Chat one = chat();
    {
        Stream stream = one.stream("Hello");
        run();
        BOOST_TEST(net.operations() == 0u);
        BOOST_TEST(one.stats().active_calls == 0u);
        BOOST_TEST(!stream.reply().has_value());
        BOOST_TEST(stream.reply().error().errc() == Errc::cancelled); // it has not ended
    }
    Stream invalid = one.stream(Request()); // nor does it fail
    await([&]() -> asio::awaitable<void> {
        auto delta = co_await invalid.next();
        BOOST_TEST(!delta.has_value());
    });
    BOOST_TEST(invalid.reply().error().errc() == Errc::invalid_request);
}

BOOST_FIXTURE_TEST_CASE(next_yields_nothing_at_every_end_and_reply_says_which, Fixture) {
    const auto read = [&](Chat& one) {
        Stream stream = one.stream(Request("Hello", baton::cache(baton::no)));
        Errc errc = Errc::ok;
        await([&]() -> asio::awaitable<void> {
            while (auto delta = co_await stream.next()) BOOST_TEST(!delta->empty());
            for (int i = 0; i < 3; ++i) { // and again
                auto after = co_await stream.next();
                BOOST_TEST(!after.has_value());
            }
        });
        if (!stream.reply()) errc = stream.reply().error().errc();
        BOOST_TEST((stream.reply().has_value() == (errc == Errc::ok)));
        const result<Reply> taken = std::move(stream).reply();
        BOOST_TEST(taken.has_value() == (errc == Errc::ok));
        return errc;
    };
    Chat one = make<Chat>(openai());
    BOOST_TEST(read(one) == Errc::ok);
    net.serve("openai.test", always(fails(Errc::quota)));
    BOOST_TEST(read(one) == Errc::quota);
    net.serve("openai.test", always(Behaviour(Answer("a b c", 3), Fault::close_mid_body, 2)));
    BOOST_TEST(read(one) == Errc::truncated);
    net.serve("openai.test", always(Behaviour(Answer("a b c", 3), Fault::stall, 2)));
    BOOST_TEST(read(one) == Errc::timeout_idle);
    net.serve("openai.test", always(Behaviour(Answer("a b c", 3), Fault::error_event, 2)));
    BOOST_TEST(read(one) == Errc::transient);
}

BOOST_FIXTURE_TEST_CASE(a_deltas_views_live_until_the_next_one_and_can_be_copied, Fixture) {
    Chat one = chat();
    std::vector<baton::OwnedDelta> kept;
    await([&]() -> asio::awaitable<void> {
        Stream stream = one.stream("Hello");
        while (auto delta = co_await stream.next()) {
            const std::string now(delta->text); // readable now, under ASan
            kept.emplace_back(*delta);
            BOOST_TEST(kept.back().text == now);
        }
    });
    std::string all;
    for (const baton::OwnedDelta& delta : kept) all += delta.text;
    BOOST_TEST(all == "Rhine, Elbe and Oder");
    BOOST_TEST(kept.size() == 4u);
    static_assert(std::is_trivially_destructible_v<baton::Delta>);
}

BOOST_FIXTURE_TEST_CASE(buffered_pieces_come_without_suspension, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer::words(500, 1))));
    Chat one = chat();
    const auto call = start_stream(one, "Hello");
    const std::size_t handlers = clock.run(io);
    BOOST_TEST(call->result.deltas.size() == 500u);
    BOOST_TEST(handlers < 30u);
}

BOOST_FIXTURE_TEST_CASE(nothing_runs_between_two_pieces, Fixture) {
    Behaviour slow(Answer::words(50, 1));
    slow.tokens_per_write = 1;
    slow.gap = 10ms;
    net.serve("openai.test", always(slow));
    Chat one = chat();
    Stream stream = one.stream("Hello");
    await([&]() -> asio::awaitable<void> {
        auto delta = co_await stream.next();
        BOOST_TEST(delta.has_value());
    });
    const auto operations = net.operations();
    clock.advance(io, 10s);
    BOOST_TEST(net.operations() == operations); // back-pressure: not one read ahead
}

BOOST_FIXTURE_TEST_CASE(tool_calls_come_whole_from_the_reply_only, Fixture) {
    Answer answer("Let me look.", 2);
    answer.tool_calls.emplace_back("call_1", "weather", R"({"city":"Bonn","unit":"C"})", 5);
    answer.tool_calls.emplace_back("call_2", "clock", "{}", 1);
    for (const bool streamed : {false, true}) {
        net.serve("openai.test", always(Behaviour(answer)));
        net.serve("anthropic.test", always(Behaviour(answer)));
        Chat one = chat();
        for (const char* model : {"openai/gpt-x", "anthropic/claude-x"}) {
            const Result got = ask(one, streamed,
                                   Request("Hello", baton::model(model), baton::cache(baton::no),
                                           baton::tools(baton::Tool("weather", "says it"))));
            BOOST_REQUIRE(got.reply);
            std::vector<std::string> calls;
            for (const baton::Part& part : got.reply->parts) {
                if (part.kind == baton::Part::Kind::tool_call)
                    calls.push_back(part.detail->id + part.detail->name + part.text);
            }
            BOOST_TEST(calls == (std::vector<std::string>{"call_1weather{\"city\":\"Bonn\",\"unit\":\"C\"}",
                                                          "call_2clock{}"}),
                       boost::test_tools::per_element());
            BOOST_TEST((got.reply->stop == baton::StopReason::tool_calls));
        }
        Behaviour broken(answer, Fault::missing_end);
        net.serve("openai.test", always(broken));
        Chat other = make<Chat>(openai(), baton::ExpBackoff::Options{.max_retries = 0});
        BOOST_TEST(
            !ask(other, streamed, Request("Hello", baton::tools(baton::Tool("weather", "says it")))).reply);
    }
}

// --- options and configuration
// --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(options_come_in_any_order_and_what_they_view_is_copied, Fixture) {
    std::string url(openai_url), key("key-x"), model("gpt-mine");
    Chat one(io.get_executor(), baton::ExpBackoff::Options{.max_retries = 1, .base = 1ms, .cap = 1ms}, net,
             baton::OpenAI::Options{.base_url = url, .key = key, .model = model}, baton::Xoshiro(3), clock,
             baton::HalfOpen::Options{.min_calls = 100});
    url.assign(url.size(), '#');
    key.assign(key.size(), '#');
    model.assign(model.size(), '#');
    net.serve("openai.test", always(fails(Errc::transient)));
    BOOST_TEST(complete(one, "Hello").errc() == Errc::transient);
    BOOST_TEST(net.requests().size() == 2u);
    BOOST_TEST(last().header("authorization") == "Bearer key-x");
    BOOST_TEST(last().incoming.request.model == "gpt-mine");
    static_assert(baton::detail::options_ok<baton::OpenAI::Options> &&
                  baton::detail::options_ok<baton::ExpBackoff::Options> &&
                  baton::detail::options_ok<baton::HalfOpen::Options> &&
                  baton::detail::options_ok<baton::Limits::Options> &&
                  baton::detail::options_ok<baton::ExactMatch::Options> &&
                  baton::detail::options_ok<baton::Tcp::Options> &&
                  baton::detail::options_ok<baton::Anthropic::Options>);
}

using Eu = baton::As<"eu", baton::OpenAI>;
using Own =
    Virtual<baton::Provider<baton::OpenAI>,
            baton::Provider<Eu, baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::ConsecutiveFailures>>,
            baton::Provider<baton::Anthropic, baton::Retry<baton::Never>>, baton::Retry<baton::ExpBackoff>>;

BOOST_FIXTURE_TEST_CASE(a_provider_may_have_policies_and_a_name_of_its_own, Fixture) {
    for (const char* host : {"openai.test", "eu.test", "anthropic.test"})
        net.serve(host, always(fails(Errc::transient)));
    using baton::on;
    Own one = make<Own>(on<baton::OpenAI>(openai()), anthropic(),
                        on<Eu>(baton::OpenAI::Options{.base_url = "http://eu.test/v1", .key = "key-e"},
                               baton::ExpBackoff::Options{.max_retries = 3},
                               baton::ConsecutiveFailures::Options{.failures = 2}),
                        baton::ExpBackoff::Options{.max_retries = 1});
    const auto asked = [&](std::string_view host) {
        std::size_t n = 0;
        for (const ServedRequest& request : net.requests()) n += request.header("host") == host;
        return n;
    };
    const Result got = complete(one, "Hello");
    BOOST_TEST(got.errc() == Errc::transient);
    BOOST_TEST(asked("openai.test") == 2u);    // the orchestrator's: one retry
    BOOST_TEST(asked("eu.test") == 2u);        // its own: three, but its own breaker opens after two failures
    BOOST_TEST(asked("anthropic.test") == 1u); // its own: never
    std::vector<std::string> providers;
    for (const baton::Attempt& a : got.reply.error().detail().trace.attempts)
        providers.emplace_back(a.provider);
    BOOST_TEST(providers == (std::vector<std::string>{"openai", "openai", "eu", "eu", "eu", "anthropic"}),
               boost::test_tools::per_element());
    BOOST_TEST(complete(one, Request("Hello", baton::model("eu/gpt-y"))).reply.error().detail().provider ==
               "eu");
}

BOOST_FIXTURE_TEST_CASE(a_provider_without_a_key_is_skipped_and_noted, Fixture) {
    Chat one = make<Chat>(baton::OpenAI::Options{.base_url = openai_url}, anthropic());
    const Result got = complete(one, "Hello");
    BOOST_REQUIRE(got.reply);
    BOOST_TEST(got.reply->provider == "anthropic");
    BOOST_REQUIRE(got.reply->trace.attempts.size() == 2u);
    BOOST_TEST(got.reply->trace.attempts[0].outcome == Errc::auth);
    BOOST_TEST(!got.reply->trace.attempts[0].sent);

    Chat none = make<Chat>();
    for (const bool streamed : {false, true}) {
        const Result failed = ask(none, streamed, "Hello");
        BOOST_TEST(failed.errc() == Errc::auth);
        const std::string text = failed.reply.error().what();
        BOOST_TEST(text.find("OPENAI_API_KEY is not set") != std::string::npos);
        BOOST_TEST(text.find("ANTHROPIC_API_KEY is not set") != std::string::npos);
    }
    BOOST_TEST(net.requests().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(keys_come_from_the_environment_once, Fixture) {
    ::setenv("OPENAI_API_KEY", "key-env", 1);
    Chat one = make<Chat>(baton::OpenAI::Options{.base_url = openai_url});
    ::unsetenv("OPENAI_API_KEY");
    BOOST_TEST(complete(one, "Hello").errc() == Errc::ok);
    BOOST_TEST(last().header("authorization") == "Bearer key-env");
}

BOOST_FIXTURE_TEST_CASE(configuration_errors_name_the_option, Fixture) {
    const auto problem = [&](auto&&... options) -> std::string {
        std::string thrown;
        try {
            make<Chat>(options...);
        } catch (const std::exception& e) {
            thrown = e.what();
        }
        const result<Chat> made = Chat::make(io.get_executor(), clock, net, options...);
        BOOST_TEST(!made.has_value());
        if (!made) {
            BOOST_TEST(made.error().errc() == Errc::invalid_request);
            BOOST_TEST(made.error().what().find(thrown.substr(0, 20)) != std::string::npos);
        }
        return thrown;
    };
    const auto names = [](const std::string& text, std::string_view what) {
        return text.find(what) != std::string::npos;
    };
    BOOST_TEST(names(problem(baton::OpenAI::Options{.base_url = "ftp://openai.test"}), "base_url"));
    BOOST_TEST(
        names(problem(baton::OpenAI::Options{.base_url = "http://user:pass@openai.test/v1"}), "base_url"));
    BOOST_TEST(names(problem(baton::OpenAI::Options{.base_url = openai_url, .key = "a\r\nb"}), "key"));
    BOOST_TEST(names(problem(baton::ExpBackoff::Options{.max_retries = -1}), "max_retries"));
    BOOST_TEST(names(problem(baton::HalfOpen::Options{.failure_rate = 2}), "failure_rate"));
    BOOST_TEST(names(problem(baton::ExactMatch::Options{.max_bytes = 1}), "max_bytes"));
    BOOST_TEST(names(problem(baton::ByTask(baton::row("chat", baton::to("nobody/x")))), "nobody"));
    BOOST_TEST(names(problem(baton::ByTask(baton::row("chat"))), "chat"));
    result<Chat> good = Chat::make(io.get_executor(), clock, net, openai());
    BOOST_REQUIRE(good.has_value());
    BOOST_TEST(complete(*good, "Hello").errc() == Errc::ok);
    net.settings().allow_http = false;
    BOOST_TEST(names(problem(openai()), "base_url")); // plain http to a host that is not loopback
}

BOOST_FIXTURE_TEST_CASE(configure_changes_what_begins_after_it, Fixture) {
    Behaviour slow(Answer("old answer", 2));
    slow.delay = 1s;
    net.serve("openai.test", always(slow));
    net.serve("new.test", always(Behaviour(Answer("new answer", 2))));
    Chat one = chat(baton::HalfOpen::Options{.min_calls = 1, .open = 1h, .open_max = 1h});
    net.serve("anthropic.test", always(fails(Errc::transient)));
    complete(one, Request("Hello", baton::model("anthropic/claude-x"))); // opens a breaker
    BOOST_TEST((one.stats().targets[0].breaker == baton::BreakerPhase::open));

    const auto flying = start_complete(one, "Hello");
    clock.advance(io, 500ms);
    one.configure(
        baton::OpenAI::Options{.base_url = "http://new.test/v1", .key = "key-n", .model = "gpt-new"});
    const Result after = complete(one, "Hello");
    BOOST_REQUIRE(after.reply);
    BOOST_TEST(after.reply->text() == "new answer");
    BOOST_TEST(after.reply->model == "gpt-new");
    BOOST_TEST(flying->result.reply->text() == "old answer");
    BOOST_TEST((one.stats().targets.back().breaker == baton::BreakerPhase::open)); // state survives

    BOOST_CHECK_THROW(one.configure(baton::OpenAI::Options{.base_url = "ftp://x"}), std::exception);
    BOOST_TEST(complete(one, Request("Again")).reply->text() == "new answer"); // nothing has changed
    BOOST_CHECK_THROW(one.configure(baton::ByTask(baton::row("t", baton::to("nobody")))), std::exception);
    BOOST_TEST(complete(one, Request("And again", baton::task("t"))).reply->text() == "new answer");
    one.configure(baton::ByTask(baton::row("t", baton::to<baton::OpenAI>("gpt-t"))));
    BOOST_TEST(complete(one, Request("At last", baton::task("t"))).reply->model == "gpt-t");
}

// --- life and death
// -------------------------------------------------------------------------------------------------

static_assert(!std::is_copy_constructible_v<Chat> && !std::is_copy_assignable_v<Chat>);
static_assert(std::is_nothrow_move_constructible_v<Chat> && std::is_nothrow_move_assignable_v<Chat>);
static_assert(!std::is_copy_constructible_v<Stream> && std::is_nothrow_move_constructible_v<Stream> &&
              std::is_nothrow_move_assignable_v<Stream>);

BOOST_FIXTURE_TEST_CASE(an_orchestrator_may_move_while_calls_run, Fixture) {
    std::optional<Chat> first(chat());
    const auto call = start_complete(*first, "Hello");
    clock.step(io);
    Chat second = std::move(*first);
    first.reset();
    run();
    BOOST_TEST(call->result.errc() == Errc::ok);
    const auto replaced = start_stream(second, "Another");
    clock.step(io);
    second = chat(); // ends what it replaces
    run();
    BOOST_TEST(replaced->result.errc() == Errc::cancelled);
    BOOST_TEST(complete(second, "Hello").errc() == Errc::ok);
}

BOOST_FIXTURE_TEST_CASE(streams_and_awaitables_outlive_their_orchestrator, Fixture) {
    std::optional<Chat> one(chat());
    Stream begun = one->stream("Hello"), unbegun = one->stream("World");
    auto awaitable = one->complete("Later");
    await([&]() -> asio::awaitable<void> {
        auto delta = co_await begun.next();
        BOOST_TEST(delta.has_value());
        one.reset();
        auto after = co_await begun.next();
        BOOST_TEST(!after.has_value());
        auto nothing = co_await unbegun.next();
        BOOST_TEST(!nothing.has_value());
        auto reply = co_await std::move(awaitable);
        BOOST_TEST(!reply.has_value());
        BOOST_TEST(reply.error().errc() == Errc::cancelled);
    });
    BOOST_TEST(begun.reply().error().errc() == Errc::cancelled);
    BOOST_TEST(unbegun.reply().error().errc() == Errc::cancelled);
    BOOST_TEST(net.open() == 0u);
    BOOST_TEST(net.requests().size() == 1u);
}

// --- cancellation
// ---------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_cancelled_call_yields_cancelled_and_the_callers_own_state_is_untouched, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("never"), Fault::silence)));
    for (const bool streamed : {false, true}) {
        Chat one = make<Chat>(openai());
        const auto run = std::make_shared<Running>();
        bool threw_later = false;
        const auto caller = [&]() -> asio::awaitable<void> {
            if (streamed) {
                Stream stream = one.stream("Hello");
                auto delta = co_await stream.next(); // does not throw
                BOOST_TEST(!delta.has_value());
                run->result.reply = stream.reply();
            } else {
                run->result.reply = co_await one.complete("Hello");
            }
            const auto state = co_await asio::this_coro::cancellation_state;
            BOOST_TEST((state.cancelled() == asio::cancellation_type::terminal));
            const bool throws = co_await asio::this_coro::throw_if_cancelled();
            BOOST_TEST(throws);
            try {
                auto timer = clock.timer(io.get_executor());
                timer.expires_at(clock.now() + 1s);
                co_await timer.async_wait(asio::use_awaitable);
            } catch (const boost::system::system_error& e) {
                threw_later = e.code() == asio::error::operation_aborted; // Asio's own rule still holds
            }
        };
        spawn(io.get_executor(), caller(), run);
        clock.advance(io, 1s);
        run->signal.emit(asio::cancellation_type::partial); // a spawned coroutine takes only terminal ones
        clock.advance(io, 1s);
        BOOST_TEST(run->finished == 0);
        run->signal.emit(asio::cancellation_type::terminal);
        BOOST_TEST(net.open() == 1u);
        clock.advance(io, 0s);
        BOOST_TEST(run->finished == 1);
        BOOST_TEST(!run->thrown);
        BOOST_TEST(run->result.errc() == Errc::cancelled);
        BOOST_TEST(threw_later);
        BOOST_TEST(net.open() == 0u);
    }
}

BOOST_FIXTURE_TEST_CASE(a_caller_that_asked_not_to_be_thrown_at_is_not, Fixture) {
    net.serve("openai.test", always(Behaviour(Answer("never"), Fault::silence)));
    Chat one = make<Chat>(openai());
    const auto run = std::make_shared<Running>();
    const auto caller = [&]() -> asio::awaitable<void> {
        co_await asio::this_coro::throw_if_cancelled(false);
        auto first = co_await one.complete("Hello");
        BOOST_TEST((first.error() == Errc::cancelled));
        auto second = co_await one.complete("Hello"); // cancelled from the beginning
        BOOST_TEST((second.error() == Errc::cancelled));
        const bool throws = co_await asio::this_coro::throw_if_cancelled();
        BOOST_TEST(!throws);
        co_await asio::this_coro::reset_cancellation_state();
        net.serve("openai.test", always(Behaviour(Answer("well"))));
        auto third = co_await one.complete("Hello");
        BOOST_TEST(third.has_value());
    };
    spawn(io.get_executor(), caller(), run);
    clock.advance(io, 1s);
    run->signal.emit(asio::cancellation_type::terminal);
    this->run();
    BOOST_TEST(run->finished == 1);
    BOOST_TEST(!run->thrown);
}

// --- completion tokens
// ----------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(completion_tokens, Fixture) {
    Chat one = chat();
    int called = 0;
    one.async_complete("Hello", [&](result<Reply> reply) {
        ++called;
        BOOST_TEST(reply->text() == "Rhine, Elbe and Oder");
    });
    BOOST_TEST(called == 0); // never from inside the initiating call
    run();
    BOOST_TEST(called == 1);

    auto operation = one.async_complete("World", asio::deferred);
    run();
    BOOST_TEST(net.requests().size() == 1u); // deferred: not begun
    std::move(operation)([&](result<Reply> reply) { called += reply.has_value(); });
    run();
    BOOST_TEST(called == 2);

    std::future<result<Reply>> future = one.async_complete("From another thread", asio::use_future);
    std::thread thread([&] { run(); });
    BOOST_TEST(future.get().has_value());
    thread.join();

    await([&]() -> asio::awaitable<void> {
        auto reply = co_await one.async_complete("In a coroutine", asio::use_awaitable);
        BOOST_TEST(reply.has_value());
        auto again = co_await one.async_complete("Deferred in a coroutine", asio::deferred);
        BOOST_TEST(again.has_value());
    });
}

BOOST_FIXTURE_TEST_CASE(completion_tokens_of_streams, Fixture) {
    Chat one = chat();
    Stream stream = one.stream("Hello");
    std::string text;
    int ends = 0;
    std::function<void()> read = [&] {
        stream.async_next([&](std::optional<baton::Delta> delta) {
            if (!delta) {
                ++ends;
                return;
            }
            text += delta->text;
            read();
        });
    };
    read();
    run();
    BOOST_TEST(text == "Rhine, Elbe and Oder");
    BOOST_TEST(ends == 1);
    BOOST_TEST(stream.reply()->text() == text);

    Stream second = one.stream("World");
    std::future<std::optional<baton::Delta>> future = second.async_next(asio::use_future);
    run();
    BOOST_TEST(std::string(future.get()->text).size() > 0u);
    bool got = false;
    second.async_next(asio::deferred)([&](std::optional<baton::Delta> delta) { got = delta.has_value(); });
    run();
    BOOST_TEST(got);
}

BOOST_FIXTURE_TEST_CASE(handlers_have_their_own_executor_and_cancellation_slot, Fixture) {
    Chat one = chat();
    asio::io_context other;
    bool called = false;
    one.async_complete("Hello", asio::bind_executor(other.get_executor(), [&](result<Reply> reply) {
                           BOOST_TEST(other.get_executor().running_in_this_thread());
                           called = reply.has_value();
                       }));
    run();
    BOOST_TEST(!called);
    other.run();
    BOOST_TEST(called);

    net.serve("openai.test", always(Behaviour(Answer("never"), Fault::silence)));
    Chat alone = make<Chat>(openai());
    asio::cancellation_signal signal;
    Errc errc = Errc::ok;
    alone.async_complete("Hello", asio::bind_cancellation_slot(signal.slot(), [&](result<Reply> reply) {
                             errc = reply.error().errc();
                         }));
    clock.advance(io, 1s);
    signal.emit(asio::cancellation_type::terminal);
    run();
    BOOST_TEST(errc == Errc::cancelled);
    Stream stream = alone.stream("Hello");
    bool ended = false;
    stream.async_next(asio::bind_cancellation_slot(
        signal.slot(), [&](std::optional<baton::Delta> delta) { ended = !delta; }));
    clock.advance(io, 1s);
    signal.emit(asio::cancellation_type::terminal);
    run();
    BOOST_TEST(ended);
    BOOST_TEST(stream.reply().error().errc() == Errc::cancelled);
}

// --- everything else
// ------------------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(health_has_one_result_per_provider, Fixture) {
    net.serve("anthropic.test", always(fails(Errc::auth)));
    Own one = make<Own>(baton::on<baton::OpenAI>(openai()), anthropic());
    await([&]() -> asio::awaitable<void> {
        auto health = co_await one.health();
        BOOST_REQUIRE(health.size() == 3u);
        BOOST_TEST(health[0].provider == "openai");
        BOOST_TEST(health[0].ok());
        BOOST_TEST(health[1].provider == "eu");
        BOOST_TEST(health[1].answer.error().errc() == Errc::auth); // unconfigured
        BOOST_TEST(health[2].provider == "anthropic");
        BOOST_TEST(health[2].answer.error().errc() == Errc::auth); // refused
        co_await one.run();
    });
    BOOST_TEST(net.requests()[0].method == "GET");
    BOOST_TEST(net.requests()[0].target == "/v1/models");
}

BOOST_FIXTURE_TEST_CASE(stats_count_requests_errors_and_latency, Fixture) {
    Behaviour slow(Answer("one"));
    slow.delay = 2s;
    net.serve("openai.test", sequence(slow, fails(Errc::invalid_request)));
    Chat one = chat();
    complete(one, "Hello");
    complete(one, "World");
    const baton::Stats stats = one.stats();
    BOOST_REQUIRE(stats.targets.size() == 1u);
    BOOST_TEST(stats.targets[0].provider == "openai");
    BOOST_TEST(stats.targets[0].requests == 2u);
    BOOST_TEST(stats.targets[0].errors == 1u);
    BOOST_TEST(stats.targets[0].latency == 2s);
    BOOST_TEST(stats.open_connections == 1u);
    BOOST_TEST(stats.idle_connections == 1u);
}

asio::awaitable<void> talk_to_any(baton::AnyOrchestrator& any, std::string& said) {
    auto reply = co_await any.complete("Hello");
    said += reply->text();
    auto stream = any.stream({baton::user("Hello again"), baton::max_tokens(9)});
    while (auto delta = co_await stream.next()) said += delta->text;
    said += stream.reply().has_value() ? "." : "!";
}

BOOST_FIXTURE_TEST_CASE(code_without_templates_sees_an_any_orchestrator, Fixture) {
    baton::AnyOrchestrator any{chat()};
    std::string said;
    asio::co_spawn(io, talk_to_any(any, said), asio::detached);
    run();
    BOOST_TEST(said == "Rhine, Elbe and OderRhine, Elbe and Oder.");
    BOOST_TEST((any.get_executor() == io.get_executor()));
}

BOOST_FIXTURE_TEST_CASE(errors_are_values_and_say_what_is_known, Fixture) {
    const std::string key = "sk-test-0123456789abcdefghijklmn";
    net.serve("openai.test",
              always(Behaviour(baton::Error(Errc::auth, "Incorrect API key provided: " + key))));
    Chat one = make<Chat>(baton::OpenAI::Options{.base_url = openai_url, .key = key});
    const Result got = complete(one, "Hello");
    const baton::Error& error = got.reply.error();
    BOOST_TEST(error.errc() == Errc::auth);
    BOOST_TEST(error.detail().status == 401);
    BOOST_TEST(error.detail().request_id == "req_1");
    BOOST_TEST(error.detail().provider == "openai");
    BOOST_TEST(error.detail().trace.sent() == 1);
    BOOST_TEST(error.what().find(key) == std::string::npos);
    BOOST_TEST((error.code() == baton::ErrorClass::credential));
    BOOST_CHECK_THROW(got.reply.value(), boost::system::system_error);
    BOOST_TEST((baton::Error() == Errc::ok));
}

BOOST_AUTO_TEST_SUITE_END()
