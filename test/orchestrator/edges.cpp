// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Where two rules meet: found by readers who looked for trouble, kept so that it does not come back.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <future>
#include <thread>

BOOST_AUTO_TEST_SUITE(edges)

using namespace lab;
using baton::on, baton::otherwise, baton::row, baton::to;
using OpenAI = baton::OpenAI;
using Anthropic = baton::Anthropic;

/// Takes an hour to name the task.
struct Slow {
    baton::testing::ManualClock* clock = nullptr;
    asio::io_context* io = nullptr;
    int* answered = nullptr;
    asio::awaitable<std::string> classify(const baton::Draft&) {
        auto timer = clock->timer(asio::any_io_executor(io->get_executor()));
        timer.expires_at(clock->now() + 1h);
        co_await timer.async_wait(asio::use_awaitable);
        ++*answered;
        co_return "";
    }
};

BOOST_AUTO_TEST_CASE(stay_stays_when_the_breaker_is_open) {
    Lab lab;
    lab.net.serve("openai.test", always(fails(Errc::transient)));
    lab.net.serve("anthropic.test", always(Behaviour(Answer("from the second"))));
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Provider<Anthropic>, baton::Fallback<baton::Stay>,
                         baton::Breaker<baton::ConsecutiveFailures>>;
    Chat chat = lab.make<Chat>(openai(), anthropic(), baton::ConsecutiveFailures::Options{.failures = 1});
    BOOST_TEST(lab.complete(chat, "a").errc() == Errc::transient);
    BOOST_TEST(lab.complete(chat, "b").errc() == Errc::breaker_open);
    BOOST_TEST(lab.net.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_pool_says_nothing_of_the_vendor) {
    Lab lab;
    Behaviour slow(Answer("ok"));
    slow.delay = 10s;
    lab.net.serve("openai.test", always(slow));
    lab.net.settings().pool.connections = 1;
    lab.net.settings().pool_wait = 100ms;
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Breaker<baton::ConsecutiveFailures>>;
    Chat chat = lab.make<Chat>(openai());
    std::vector<std::shared_ptr<Running>> calls;
    for (int i = 0; i < 6; ++i) calls.push_back(lab.start_complete(chat, Request(std::to_string(i))));
    lab.run();
    BOOST_TEST(calls[0]->result.errc() == Errc::ok);
    for (std::size_t i = 1; i < calls.size(); ++i) {
        BOOST_TEST(calls[i]->result.errc() == Errc::timeout_connect);
        BOOST_TEST(calls[i]->result.reply.error().detail().message.find("max_connections") !=
                   std::string::npos);
    }
    BOOST_TEST(chat.stats().targets[0].breaker == baton::BreakerPhase::closed);
    BOOST_TEST(lab.complete(chat, "next").errc() == Errc::ok);
}

BOOST_AUTO_TEST_CASE(a_refused_configuration_changes_nothing) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Route<baton::ByTask>>;
    Chat chat = lab.make<Chat>(openai());
    BOOST_CHECK_THROW(chat.configure(baton::ByTask(row("t", to("nobody")))), std::invalid_argument);
    BOOST_CHECK_THROW(chat.configure(baton::ByTask(row("t", to("openai")), row("t", to("openai")))),
                      std::invalid_argument);
    chat.configure(OpenAI::Options{.model = "m2"}); // key and address stay what they were
    BOOST_TEST(lab.complete(chat, "a").errc() == Errc::ok);
    BOOST_TEST(lab.net.requests()[0].incoming.request.model == "m2");
}

BOOST_AUTO_TEST_CASE(each_on_configures_what_it_names) {
    Lab lab;
    lab.net.serve("openai.test", always(fails(Errc::transient)));
    using Chat = Virtual<baton::Provider<OpenAI, baton::Retry<baton::ExpBackoff>>>;
    Chat chat =
        lab.make<Chat>(on<OpenAI>(baton::ExpBackoff::Options{.max_retries = 5}), on<OpenAI>(openai()));
    lab.complete(chat, "a");
    BOOST_TEST(lab.net.requests().size() == 6u);
}

BOOST_AUTO_TEST_CASE(after_a_context_overflow_only_larger_models_are_asked) {
    const auto asked = [](auto... targets) {
        Lab lab;
        lab.net.serve("openai.test", always(fails(Errc::context_overflow)));
        using Chat = Virtual<baton::Provider<OpenAI>, baton::Route<baton::ByTask>>;
        Chat chat = lab.make<Chat>(openai(), baton::ByTask(otherwise(std::move(targets)...)));
        BOOST_TEST(lab.complete(chat, "a").errc() == Errc::context_overflow);
        std::string models;
        for (const auto& request : lab.net.requests()) models += request.incoming.request.model + " ";
        return models;
    };
    BOOST_TEST(asked(to<OpenAI>("one"), to<OpenAI>("two")) == "one "); // nothing is known
    BOOST_TEST(asked(to<OpenAI>("big").max_context(200'000), to<OpenAI>("small").max_context(8'000)) ==
               "big ");
    BOOST_TEST(asked(to<OpenAI>("small").max_context(8'000), to<OpenAI>("same").max_context(8'000),
                     to<OpenAI>("big").max_context(200'000)) == "small big ");
}

BOOST_AUTO_TEST_CASE(the_windows_of_models_are_known_however_they_are_named) {
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Provider<Anthropic>, baton::Route<baton::ByTask>>;
    Lab lab;
    const auto overflows = [](const baton::testing::ServedRequest& request) {
        const std::string& model = request.incoming.request.model;
        return model.starts_with("large") ? Behaviour(Answer("ok")) : fails(Errc::context_overflow);
    };
    lab.net.serve("openai.test", overflows);
    lab.net.serve("anthropic.test", overflows);
    Chat chat = lab.make<Chat>(
        openai(), anthropic(), baton::context_windows<OpenAI>({{"small", 8'000}, {"large", 128'000}}),
        baton::context_windows<Anthropic>({{"smaller", 4'000}, {"large-a", 200'000}}),
        baton::ByTask(otherwise(to<OpenAI>("small"), to<Anthropic>("smaller"), to("openai")),
                      row("row", to<OpenAI>("small"), to<OpenAI>("large")),
                      row("said", to<OpenAI>("small"), to<OpenAI>("large").max_context(8'000))));
    const auto asked = [&](Request request) {
        const std::size_t before = lab.net.requests().size();
        const Errc errc = lab.complete(chat, std::move(request)).errc();
        std::string models(to_string(errc));
        for (std::size_t i = before; i < lab.net.requests().size(); ++i)
            models += " " + lab.net.requests()[i].incoming.request.model;
        return models;
    };
    BOOST_TEST(asked(Request("a", baton::task("row"))) == "ok small large");
    BOOST_TEST(asked(Request("a", baton::task("said"))) == "context_overflow small"); // the row's word holds
    BOOST_TEST(asked(Request("a", baton::model("openai/small"),
                             baton::fallbacks("anthropic/smaller", "openai/small", "anthropic/large-a"))) ==
               "ok small large-a");
    BOOST_TEST(asked(Request("a", baton::model("large"))) == "ok large"); // a bare name
    // of a model that is not listed, the vendor's largest is assumed
    BOOST_TEST(asked(Request("a", baton::model("openai/x"), baton::fallbacks("openai/large"))) ==
               "context_overflow x");
    chat.configure(baton::context_windows<OpenAI>({{"small", 200'000}, {"large", 128'000}}));
    BOOST_TEST(asked(Request("b", baton::task("row"))) == "context_overflow small");
    chat.configure(OpenAI::Options{.model = "m2"}); // they stay
    BOOST_TEST(asked(Request("c", baton::task("row"))) == "context_overflow small");
    chat.configure(baton::context_windows<OpenAI>({{"small", 0}, {"large", 2'000'000}}));
    BOOST_TEST(asked(Request("d", baton::task("row"))) == "ok small large");
}

BOOST_AUTO_TEST_CASE(a_prompt_that_is_too_long_goes_where_it_fits) {
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Provider<Anthropic>, baton::Route<baton::ByTask>>;
    Lab lab;
    lab.net.serve("openai.test", always(fails(Errc::context_overflow)));
    lab.net.serve("anthropic.test", always(Behaviour(Answer("ok"))));
    Chat chat = lab.make<Chat>(
        openai(), anthropic(),
        baton::ByTask(
            otherwise(to<OpenAI>("small").max_context(1'000), to<Anthropic>("large").max_context(2'000)),
            row("unknown", to<OpenAI>("small").max_context(1'000), to<OpenAI>("tiny").max_context(10))));
    const auto ask = [&](std::size_t tokens, std::string task = "") {
        const std::size_t before = lab.net.requests().size();
        const Result result = lab.complete(chat, Request(std::string(4 * tokens, 'x'), baton::task(task)));
        std::string said(to_string(result.errc()));
        for (std::size_t i = before; i < lab.net.requests().size(); ++i)
            said += " " + lab.net.requests()[i].incoming.request.model;
        const auto& trace = result.reply ? result.reply->trace : result.reply.error().detail().trace;
        for (const baton::Attempt& attempt : trace.attempts) {
            if (!attempt.sent) said += ", not " + attempt.model;
        }
        if (result.reply && result.reply->served_by_fallback) said += ", by fallback";
        return said;
    };
    BOOST_TEST(ask(900) == "ok small large, by fallback");
    BOOST_TEST(ask(1'100) == "ok large, not small, by fallback"); // not asked in vain
    BOOST_TEST(ask(2'100) == "ok small large, by fallback");      // an estimate refuses nothing
    BOOST_TEST(ask(500, "unknown") == "context_overflow small, not tiny");
}

BOOST_AUTO_TEST_CASE(max_event_is_the_limit) {
    using Chat = Virtual<baton::Provider<OpenAI>>;
    const auto ends = [](std::size_t limit, std::size_t size) {
        Lab lab;
        Behaviour behaviour(Answer("a b c", 3), Fault::giant_event, 1);
        behaviour.count = size;
        lab.net.serve("openai.test", always(behaviour));
        lab.net.settings().max_event = limit;
        Chat chat = lab.make<Chat>(openai());
        return lab.stream(chat, "a").errc();
    };
    BOOST_TEST(ends(1000, 100'000) == Errc::too_large);
    BOOST_TEST(ends(200'000, 100'000) == Errc::ok);
    BOOST_TEST(ends(std::size_t{8} << 20, std::size_t{2} << 20) == Errc::ok);
    BOOST_TEST(ends(std::size_t{8} << 20, std::size_t{9} << 20) == Errc::too_large);
}

using Classified = Virtual<baton::Provider<OpenAI>, baton::Route<baton::ByTask>,
                           baton::Cache<baton::ExactMatch>, baton::Use<Slow>>;

BOOST_AUTO_TEST_CASE(a_classifier_is_no_longer_than_its_call) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    int answered = 0;
    std::optional<Classified> chat(lab.make<Classified>(openai(), Slow{&lab.clock, &lab.io, &answered}));
    const auto limited = lab.start_complete(*chat, Request("a", baton::deadline(1s)));
    const auto joined = lab.start_complete(*chat, Request("a", baton::deadline(30s))); // the same flight
    const auto cancelled = lab.start_complete(*chat, Request("b"));
    const auto patient = lab.start_complete(*chat, Request("c", baton::deadline(2h)));
    const auto orphan = lab.start_complete(*chat, Request("d"));
    lab.clock.advance(lab.io, 2s);
    BOOST_TEST(limited->result.errc() == Errc::timeout_total);
    BOOST_TEST(!joined->result.ended);
    cancelled->signal.emit(asio::cancellation_type::terminal);
    lab.clock.advance(lab.io, 1ms);
    BOOST_TEST(cancelled->result.errc() == Errc::cancelled);
    BOOST_TEST(!cancelled->thrown);
    BOOST_TEST(lab.net.operations() == 0u);
    lab.clock.advance(lab.io, 60s);
    BOOST_TEST(joined->result.errc() == Errc::timeout_total);
    lab.clock.advance(lab.io, 1h);
    BOOST_TEST(patient->result.errc() == Errc::ok);
    BOOST_TEST(answered == 1);
    BOOST_TEST(orphan->result.errc() == Errc::timeout_total); // the default total is ten minutes
    const auto last = lab.start_complete(*chat, Request("e"));
    lab.clock.advance(lab.io, 1s);
    chat.reset();
    lab.clock.advance(lab.io, 1ms);
    BOOST_TEST(last->result.errc() == Errc::cancelled);
    lab.run();
    BOOST_TEST(answered == 1);
}

BOOST_AUTO_TEST_CASE(connections_of_a_burst_are_closed_when_they_have_aged) {
    Lab lab;
    Behaviour behaviour(Answer("ok"));
    behaviour.delay = 10ms;
    lab.net.serve("openai.test", always(behaviour));
    using Chat = Virtual<baton::Provider<OpenAI>>;
    Chat chat = lab.make<Chat>(openai());
    for (int i = 0; i < 50; ++i) lab.start_complete(chat, Request(std::to_string(i)));
    lab.run();
    BOOST_TEST(chat.stats().idle_connections == 50u);
    for (int i = 0; i < 6; ++i) {
        lab.complete(chat, "x");
        lab.clock.advance(lab.io, 30s);
    }
    BOOST_TEST(chat.stats().idle_connections == 1u);
    BOOST_TEST(lab.net.open() == 1u);
}

BOOST_AUTO_TEST_CASE(a_vendor_that_echoes_the_key_does_not_spread_it) {
    for (const std::string key :
         {"7d9f2c1e-4b3a-4c5d-8e6f-1a2b3c4d5e6f", "my-team-gateway-token", "sk:proj:abcdef0123456789"}) {
        Lab lab;
        lab.net.serve("openai.test", always(Behaviour(baton::Error(Errc::auth, "Incorrect key: " + key))));
        using Chat = Virtual<baton::Provider<OpenAI>>;
        Chat chat = lab.make<Chat>(OpenAI::Options{.base_url = openai_url, .key = key});
        const Result got = lab.complete(chat, "a");
        BOOST_TEST(got.errc() == Errc::auth);
        BOOST_TEST(got.reply.error().what().find(key) == std::string::npos);
        BOOST_TEST(got.reply.error().what().find("Incorrect key: ***") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_connection_goes_by_priority) {
    Lab lab;
    Behaviour behaviour(Answer("ok"));
    behaviour.delay = 1s;
    lab.net.serve("openai.test", always(behaviour));
    lab.net.settings().pool.connections = 1;
    using Chat = Virtual<baton::Provider<OpenAI>>;
    Chat chat = lab.make<Chat>(openai());
    lab.start_complete(chat, Request("1"));
    lab.start_complete(chat, Request("low", baton::priority(-5)));
    lab.start_complete(chat, Request("high", baton::priority(5)));
    lab.start_complete(chat, Request("high, later", baton::priority(5)));
    lab.run();
    std::string order;
    for (const auto& request : lab.net.requests())
        order += request.incoming.request.messages[0].text() + "; ";
    BOOST_TEST(order == "1; high; high, later; low; ");
}

BOOST_AUTO_TEST_CASE(a_trickle_does_not_stretch_the_latency_a_route_allows) {
    Lab lab;
    Behaviour trickle(Answer("a slow answer"), Fault::trickle);
    trickle.count = 4;
    trickle.step = 1s;
    lab.net.serve("openai.test", always(trickle));
    lab.net.serve("anthropic.test", always(Behaviour(Answer("fast"))));
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Provider<Anthropic>, baton::Route<baton::ByTask>>;
    Chat chat = lab.make<Chat>(openai(), anthropic(),
                               baton::ByTask(otherwise(to<OpenAI>(), to<Anthropic>()).max_latency(3s)));
    const Result got = lab.complete(chat, "a");
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.reply->provider == "anthropic");
    BOOST_TEST((lab.elapsed() < 4s));
}

BOOST_AUTO_TEST_CASE(a_whole_answer_survives_the_stream_it_had_joined) {
    Lab lab;
    lab.net.serve("openai.test",
                  sequence(Behaviour(Answer("a b c", 3), Fault::stall, 1), Behaviour(Answer("whole"))));
    using Chat =
        Virtual<baton::Provider<OpenAI>, baton::Retry<baton::ExpBackoff>, baton::Cache<baton::ExactMatch>>;
    Chat chat = lab.make<Chat>(openai());
    const auto stream = lab.start_stream(chat, "a");
    const auto whole = lab.start_complete(chat, "a");
    lab.run();
    BOOST_TEST(stream->result.errc() == Errc::timeout_idle);
    BOOST_TEST(whole->result.errc() == Errc::ok);
    BOOST_TEST(whole->result.reply->text() == "whole");
    BOOST_TEST(lab.net.requests().size() == 2u);
    BOOST_TEST(chat.stats().active_calls == 0u);
}

BOOST_AUTO_TEST_CASE(a_resting_stream_ends_with_its_orchestrator) {
    Lab lab;
    Behaviour behaviour(Answer::words(50, 1));
    behaviour.tokens_per_write = 1;
    behaviour.gap = 10ms;
    lab.net.serve("openai.test", always(behaviour));
    using Chat = Virtual<baton::Provider<OpenAI>>;
    std::optional<Chat> chat(lab.make<Chat>(openai()));
    auto stream = chat->stream("a");
    std::string first;
    stream.async_next([&](std::optional<baton::Delta> delta) { first = delta->text; });
    BOOST_TEST(lab.run_until([&] { return !first.empty(); }));
    chat.reset();
    BOOST_TEST(lab.net.open() == 0u); // at once
    bool ended = false;
    stream.async_next([&](std::optional<baton::Delta> delta) { ended = !delta; });
    lab.run();
    BOOST_TEST(ended);
    BOOST_TEST_REQUIRE(stream.reply().has_error());
    BOOST_TEST(stream.reply().error() == Errc::cancelled);
    BOOST_TEST(stream.reply().error().detail().delivered.starts_with(first));
}

struct Attempts {
    int* count = nullptr;
    void on_attempt(const baton::Attempt&) { ++*count; }
};

BOOST_AUTO_TEST_CASE(a_skipped_target_is_reported) {
    Lab lab;
    lab.net.serve("anthropic.test", always(Behaviour(Answer("ok"))));
    int count = 0;
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Provider<Anthropic>, baton::Observe<Attempts>>;
    Chat chat = lab.make<Chat>(OpenAI::Options{.base_url = openai_url}, anthropic(), Attempts{&count});
    const Result got = lab.complete(chat, "a");
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.reply->trace.attempts.size() == 2u);
    BOOST_TEST(count == 2);
    BOOST_TEST(got.reply->served_by_fallback);
    BOOST_TEST(got.reply->trace.attempts[1].fallback);
}

BOOST_AUTO_TEST_CASE(health_looks_behind_an_open_breaker) {
    Lab lab;
    lab.net.serve("openai.test", always(fails(Errc::transient)));
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Breaker<baton::ConsecutiveFailures>>;
    Chat chat = lab.make<Chat>(openai(), baton::ConsecutiveFailures::Options{.failures = 1});
    lab.complete(chat, "a");
    BOOST_TEST(lab.complete(chat, "b").errc() == Errc::breaker_open);
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    bool well = false;
    asio::co_spawn(lab.io, chat.health(), [&](std::exception_ptr, std::vector<baton::HealthReport> all) {
        well = all.size() == 1 && all[0].ok();
    });
    lab.run();
    BOOST_TEST(well);
}

BOOST_AUTO_TEST_CASE(callers_cannot_grow_the_statistics_without_bound) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    using Chat = Virtual<baton::Provider<OpenAI>>;
    Chat chat = lab.make<Chat>(openai());
    for (int i = 0; i < 300; ++i) lab.complete(chat, Request("a", baton::model("m" + std::to_string(i))));
    BOOST_TEST(lab.net.requests().size() == 300u);
    BOOST_TEST(chat.stats().targets.size() == 256u);
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused) {
    for (const baton::Tcp::Options& options :
         {baton::Tcp::Options{.max_connections = 0}, baton::Tcp::Options{.pool_wait = -1s},
          baton::Tcp::Options{.idle = -1s}, baton::Tcp::Options{.max_reply = 0},
          baton::Tcp::Options{.max_event = 0}, baton::Tcp::Options{.max_header = 0}}) {
        BOOST_CHECK_THROW(baton::Tcp{options}, std::invalid_argument);
    }
    BOOST_CHECK_THROW(baton::ExactMatch(baton::ExactMatch::Options{.ttl = -1s}), std::invalid_argument);
    Lab lab;
    using Chat = Virtual<baton::Provider<OpenAI>, baton::Route<baton::ByTask>>;
    BOOST_CHECK_THROW(lab.make<Chat>(openai(), baton::ByTask(row("a", to<OpenAI>()).max_latency(-1s))),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_while_the_request_is_sent_is_read) {
    // real sockets: 24 MiB do not fit their buffers
    for (const bool closes : {false, true}) {
        asio::io_context server_io, io;
        std::promise<void> client_is_done;
        asio::ip::tcp::acceptor acceptor(server_io, {asio::ip::address_v4::loopback(), 0});
        std::thread server([&] {
            auto socket = acceptor.accept();
            std::string buffer(1 << 16, '\0');
            boost::system::error_code ec;
            socket.read_some(asio::buffer(buffer), ec);
            const std::string body = R"({"error":{"message":"Request too large for this server"}})";
            asio::write(socket,
                        asio::buffer("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Type: "
                                     "application/json\r\nContent-Length: " +
                                     std::to_string(body.size()) + "\r\n\r\n" + body),
                        ec);
            if (closes) return; // with unread bytes: the client meets a reset, or its answer before it
            client_is_done.get_future().wait(); // what it sends is not read any more
        });
        const std::string url =
            "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/v1";
        baton::Orchestrator<baton::Provider<OpenAI>> chat(
            io.get_executor(), OpenAI::Options{.base_url = url, .key = "k"},
            baton::Limits::Options{.connect = 1s, .idle = 300ms});
        Errc errc = Errc::ok;
        chat.async_complete(
            Request(std::string(std::size_t{24} << 20, 'x')),
            [&](const result<Reply>& reply) { errc = reply ? Errc::ok : reply.error().errc(); });
        io.run();
        client_is_done.set_value();
        server.join();
        BOOST_TEST(errc == Errc::too_large);
    }
}

BOOST_AUTO_TEST_CASE(a_route_does_not_hide_providers_from_errands) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    lab.net.serve("anthropic.test", always(Behaviour(Answer("ok"))));
    using Chat = Virtual<baton::Provider<Anthropic>, baton::Provider<OpenAI>, baton::Route<baton::ByTask>>;
    Chat chat = lab.make<Chat>(openai(), anthropic(), baton::ByTask(otherwise(to<Anthropic>())));
    std::size_t well = 0;
    asio::co_spawn(lab.io, chat.health(), [&](std::exception_ptr, std::vector<baton::HealthReport> all) {
        for (const auto& one : all) well += one.ok();
    });
    lab.run();
    BOOST_TEST(well == 2u);
    BOOST_TEST(chat.stats().targets.empty()); // a health check is no request
}

BOOST_AUTO_TEST_CASE(a_last_piece_without_its_blank_line_is_handed_over) {
    Lab lab;
    lab.net.serve("openai.test",
                  always(Behaviour(Answer("Rhine, Elbe and Oder", 4), Fault::done_without_blank)));
    using Chat = Virtual<baton::Provider<OpenAI>>;
    Chat chat = lab.make<Chat>(openai());
    const Result got = lab.stream(chat, "a");
    BOOST_TEST_REQUIRE(got.reply.has_value());
    BOOST_TEST(got.text == got.reply->text());
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_is_not_counted) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    using Chat = Virtual<baton::Provider<OpenAI>>;
    Chat chat = lab.make<Chat>(openai());
    BOOST_TEST(lab.complete(chat, "a").errc() == Errc::ok);
    const Result refused = lab.complete(chat, Request("a", baton::extra("[1]")));
    BOOST_TEST(refused.errc() == Errc::invalid_request);
    BOOST_TEST(!refused.reply.error().detail().trace.attempts.back().sent);
    BOOST_TEST(chat.stats().targets[0].requests == 1u);
    BOOST_TEST(chat.stats().targets[0].errors == 0u);
}

BOOST_AUTO_TEST_CASE(a_row_says_what_its_requests_need) {
    Lab lab;
    using Chat =
        Virtual<baton::Provider<OpenAI>, baton::Provider<baton::Perplexity>, baton::Route<baton::ByTask>>;
    const auto made = [&](auto target) {
        Chat chat = lab.make<Chat>(
            openai(),
            baton::ByTask(row("agent", std::move(target)).template needs<&baton::Capabilities::tools>()));
        return true;
    };
    BOOST_TEST(made(to<OpenAI>()));
    BOOST_TEST(made(to("openai/gpt-5")));
    BOOST_CHECK_EXCEPTION(made(to("perplexity")), std::invalid_argument, [](const std::exception& error) {
        return std::string_view(error.what()).find("needs what perplexity cannot do") !=
               std::string_view::npos;
    });
}

BOOST_AUTO_TEST_CASE(what_no_target_can_express_is_refused_before_anything_is_sent) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("ok"))));
    lab.net.serve("anthropic.test", always(Behaviour(Answer("ok"))));
    using Chat = Virtual<baton::Provider<Anthropic>, baton::Provider<OpenAI>>;
    Chat both = lab.make<Chat>(openai(), anthropic());
    const Result moved = lab.complete(both, Request("a", baton::seed(7))); // Anthropic has no seed
    BOOST_TEST_REQUIRE(moved.reply.has_value());
    BOOST_TEST(moved.reply->provider == "openai");
    using Alone = Virtual<baton::Provider<Anthropic>>;
    Alone alone = lab.make<Alone>(anthropic());
    const Result refused = lab.complete(alone, Request("a", baton::seed(7)));
    BOOST_TEST(refused.errc() == Errc::invalid_request);
    BOOST_TEST(refused.reply.error().what().find("`seed`") != std::string::npos);
    BOOST_TEST(lab.net.requests().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
