// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The sixteen ways a provider breaks (test/faults/sixteen.cpp has them for the library), through the gateway:
// clients of four dialects, whole and streamed, with and without a fallback, all modes of one fault at once,
// real sockets and real time. Limits are scaled down so that a second stands for a minute.
#include <boost/test/unit_test.hpp>

#include "faults/sixty_words.hpp"
#include "reader.hpp"

#include <gateway/gateway.hpp>

#include <baton/testing/fault_server.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_sixteen)

using namespace baton::testing;
using namespace sixty_words;
using namespace std::chrono_literals;
using baton::Errc;

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// The primary is OpenAI's, or Anthropic's: that has the smaller context window.
std::string config(const FaultServer& primary, const FaultServer& other, const std::string& more,
                   bool anthropic_first = false) {
    const FaultServer& openai = anthropic_first ? other : primary;
    const FaultServer& anthropic = anthropic_first ? primary : other;
    const std::string first = anthropic_first ? "\"anthropic/mock-claude\"" : "\"openai/mock-gpt\"";
    const std::string second = anthropic_first ? "\"openai/mock-gpt\"" : "\"anthropic/mock-claude\"";
    return "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n[providers.openai]\nkey = \"a\"\nbase_url = \"" +
           openai.url("/v1") + "\"\nmodel = \"mock-gpt\"\n[providers.anthropic]\nkey = \"b\"\nbase_url = \"" +
           anthropic.url("") + "\"\nmodel = \"mock-claude\"\n[aliases]\nalone = [" + first + "]\nboth = [" +
           first + ", " + second + "]\n[retry]\nbase_ms = 10\ncap_ms = 40\n" + more;
}

/// One request in one mode: its vendors, its gateway, what came of it.
struct Mode {
    Mode(const Dialect& dialect, bool stream, bool fallback, Script primary, Script other,
         const std::string& more, bool anthropic_first)
        : dialect(dialect), stream(stream), fallback(fallback), first(std::move(primary)),
          second(std::move(other)),
          gateway(gateway::parse_config(config(first, second, more, anthropic_first), "sixteen",
                                        gateway::known_providers())) {}

    void run() {
        const auto begin = std::chrono::steady_clock::now();
        answer =
            ask(gateway.port(), question(dialect, fallback ? "both" : "alone", stream, "Say sixty words."));
        took = std::chrono::steady_clock::now() - begin;
        reading = read(dialect, stream, answer);
        lives = ask(gateway.port(), get("/healthz")).status == 200;
        drained = gateway.drain(10s);
        primary = first.totals();
        other = second.totals();
    }
    int attempts() const { return std::atoi(answer.header("x-baton-attempts").c_str()); }

    const Dialect& dialect;
    const bool stream, fallback;
    FaultServer first, second;
    gateway::Gateway gateway;
    RawClient::Response answer;
    Reading reading;
    std::chrono::nanoseconds took{};
    bool lives = false, drained = false;
    Ledger::Totals primary, other;
};

using Scripts = std::pair<Script, Script>;

/// Runs `check(mode)` for the sixteen modes, which run at once. `make` makes the scripts of the two vendors,
/// `more` is further configuration.
template <class Make, class Check>
void in_every_mode(Make make, Check check, const std::string& more = {}, bool anthropic_first = false) {
    std::vector<std::unique_ptr<Mode>> modes;
    for (const Dialect& dialect : dialects) {
        for (const bool stream : {false, true}) {
            for (const bool fallback : {false, true}) {
                Scripts scripts = make();
                modes.push_back(std::make_unique<Mode>(dialect, stream, fallback, std::move(scripts.first),
                                                       std::move(scripts.second), more, anthropic_first));
            }
        }
    }
    std::vector<std::thread> clients;
    for (auto& mode : modes) clients.emplace_back([&mode] { mode->run(); });
    for (std::thread& client : clients) client.join();
    for (auto& mode : modes) {
        BOOST_TEST_CONTEXT(mode->dialect.name << (mode->stream ? ", streamed, " : ", ")
                                              << (mode->fallback ? "with" : "without")
                                              << " a fallback; status " << mode->answer.status << ", "
                                              << mode->answer.body.substr(0, 300)) {
            BOOST_TEST((mode->reading.end != End::wrong), mode->reading.why);
            if (mode->reading.end == End::whole) BOOST_TEST(mode->reading.text == whole);
            BOOST_TEST(whole.starts_with(mode->reading.text));
            if (!mode->fallback) BOOST_TEST(mode->other.connections_opened == 0u);
            BOOST_TEST(mode->primary.bad_requests + mode->other.bad_requests == 0u);
            BOOST_TEST(mode->lives);
            BOOST_TEST(mode->drained); // nothing was left of it
            check(*mode);
        }
    }
}

auto primary(Script script) {
    return [script = std::move(script)] { return Scripts(script, goes_on); };
}
/// A script with a state of its own for each mode.
template <class... B>
auto primary_in_turn(B... behaviours) {
    return [=] { return Scripts(sequence(Behaviour(behaviours)...), goes_on); };
}

void is_whole(const Mode& mode) { BOOST_TEST((mode.reading.end == End::whole)); }
/// Before anything was said: by its own status.
void failed(const Mode& mode) { BOOST_TEST((mode.reading.end == End::error)); }
void failed_with(const Mode& mode, int status) {
    failed(mode);
    BOOST_TEST(mode.answer.status == status);
}
void served_by_fallback(const Mode& mode) {
    is_whole(mode);
    BOOST_TEST(mode.answer.header("x-baton-provider") == "anthropic");
}

} // namespace

BOOST_AUTO_TEST_CASE(fault_1_a_short_wait_is_honoured_and_a_long_one_moves_on) {
    in_every_mode(primary_in_turn(fails(Errc::rate_limited, "retry-after: 2\r\n"), answers()),
                  [](const Mode& mode) {
                      is_whole(mode);
                      BOOST_TEST(mode.primary.requests == 2u);
                      BOOST_TEST(mode.other.requests == 0u);
                      BOOST_TEST((mode.took >= 1800ms));
                  });
    in_every_mode(primary(always(fails(Errc::rate_limited, "retry-after: 90\r\n"))), [](const Mode& mode) {
        BOOST_TEST(mode.primary.requests == 1u);
        if (mode.fallback) return served_by_fallback(mode);
        failed_with(mode, 429);
        BOOST_TEST(mode.answer.header("retry-after") == "90");
    });
}

BOOST_AUTO_TEST_CASE(fault_2_limited_for_ever) {
    in_every_mode(primary(always(fails(Errc::rate_limited))), [](const Mode& mode) {
        BOOST_TEST(mode.primary.requests <= 4u);
        BOOST_TEST(mode.primary.requests + mode.other.requests <= 6u);
        if (mode.fallback) return served_by_fallback(mode);
        failed_with(mode, 429);
    });
}

BOOST_AUTO_TEST_CASE(fault_3_one_500) {
    in_every_mode(primary_in_turn(fails(Errc::transient), answers()), [](const Mode& mode) {
        is_whole(mode);
        BOOST_TEST(mode.primary.requests == 2u);
        BOOST_TEST(mode.attempts() == 2);
    });
}

BOOST_AUTO_TEST_CASE(fault_4_503_for_ever) {
    in_every_mode(primary(always(Behaviour(CannedResponse(503, "{}")))), [](const Mode& mode) {
        BOOST_TEST(mode.primary.requests == 3u);
        if (mode.fallback) return served_by_fallback(mode);
        failed(mode);
        BOOST_TEST(mode.answer.status >= 500);
    });
}

BOOST_AUTO_TEST_CASE(fault_5_reset_before_headers) {
    in_every_mode(primary_in_turn(answers(Fault::reset_before_headers), answers()), [](const Mode& mode) {
        is_whole(mode);
        BOOST_TEST(mode.primary.requests == 2u);
    });
    in_every_mode(primary(always(answers(Fault::reset_before_headers))), [](const Mode& mode) {
        BOOST_TEST(mode.primary.requests == 3u);
        if (mode.fallback) return served_by_fallback(mode);
        failed(mode);
        BOOST_TEST(mode.answer.status >= 500);
    });
}

BOOST_AUTO_TEST_CASE(fault_6_no_answer_at_all) {
    in_every_mode(
        primary(always(answers(Fault::silence))),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.requests == 1u); // a silent route is not tried twice
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, 504);
        },
        "[deadline]\nfirst_token_ms = 1000\nfirst_byte_unary_ms = 1000\n");
}

BOOST_AUTO_TEST_CASE(fault_7_headers_at_once_and_the_first_token_late) {
    Behaviour silent = answers(Fault::stall);
    silent.count = 1;
    in_every_mode(
        primary(always(silent)),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.requests == (mode.stream ? 1u : 3u));
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, 504);
        },
        "[deadline]\nfirst_token_ms = 600\nidle_ms = 800\n");
}

BOOST_AUTO_TEST_CASE(fault_8_cut_after_40_of_60_tokens) {
    for (const Fault fault :
         {Fault::reset_mid_body, Fault::close_mid_body, Fault::bad_chunk_size, Fault::error_event}) {
        BOOST_TEST_CONTEXT(to_string(fault)) {
            const Script cut = [fault](const ServedRequest& request) {
                return request.number == 1 ? answers(fault, 40) : goes_on(request);
            };
            in_every_mode(primary(cut), is_whole);
        }
    }
    // Cut every time at the same place: there is no progress, and without another vendor a clear error.
    in_every_mode(primary(always(answers(Fault::reset_mid_body, 40))), [](const Mode& mode) {
        if (mode.fallback) return is_whole(mode);
        if (!mode.stream) return failed(mode);
        BOOST_TEST((mode.reading.end == End::broken));
        BOOST_TEST(mode.reading.text == tokens(40));
    });
    // The same without Resume: what was said is not followed by an end.
    in_every_mode(
        primary(always(answers(Fault::close_mid_body, 40))),
        [](const Mode& mode) {
            if (!mode.stream) return;
            BOOST_TEST((mode.reading.end == End::broken));
            BOOST_TEST(mode.reading.text == tokens(40));
        },
        "[resume]\nmax_resumes = 0\n");
}

BOOST_AUTO_TEST_CASE(fault_9_silent_after_20_tokens) {
    const Script stalls = [](const ServedRequest& request) {
        return request.number == 1 ? answers(Fault::stall, 20) : goes_on(request);
    };
    in_every_mode(primary(stalls), is_whole, "[deadline]\nidle_ms = 1000\n");
}

BOOST_AUTO_TEST_CASE(fault_10_one_malformed_event) {
    in_every_mode(primary_in_turn(answers(Fault::bad_json, 30), answers()), [](const Mode& mode) {
        is_whole(mode);
        BOOST_TEST(mode.other.requests == 0u);
        if (mode.stream) BOOST_TEST(mode.primary.requests == 1u);
    });
}

BOOST_AUTO_TEST_CASE(fault_11_no_done) {
    in_every_mode(primary(always(answers(Fault::missing_done))), [](const Mode& mode) {
        if (!mode.stream) { // a whole body without its end is no JSON
            if (mode.fallback) return served_by_fallback(mode);
            return failed_with(mode, 502);
        }
        is_whole(mode);
        BOOST_TEST(mode.primary.requests == 1u);
        BOOST_TEST(mode.other.requests == 0u);
    });
}

BOOST_AUTO_TEST_CASE(fault_12_context_exceeded_moves_to_the_larger_model_only) {
    for (const bool larger : {false, true}) {
        in_every_mode(
            primary(always(fails(Errc::context_overflow))),
            [larger](const Mode& mode) {
                BOOST_TEST(mode.primary.requests == 1u);
                if (!mode.fallback || !larger) {
                    BOOST_TEST(mode.other.requests == 0u);
                    return failed_with(mode, 400);
                }
                is_whole(mode);
                BOOST_TEST(mode.answer.header("x-baton-provider") == "openai");
            },
            {}, larger);
    }
}

BOOST_AUTO_TEST_CASE(fault_13_the_content_filter_is_never_routed_around) {
    in_every_mode(primary(always(fails(Errc::content_filtered))), [](const Mode& mode) {
        const bool google = mode.dialect.name == "gemini"; // says it under status 200, as an event too
        failed_with(mode, google ? 200 : 400);
        if (google) {
            const std::string body = mode.answer.body;
            BOOST_TEST(body.starts_with(mode.stream ? "data: {\"promptFeedback\":" : "{\"promptFeedback\":"));
        }
        BOOST_TEST(mode.primary.requests == 1u);
        BOOST_TEST(mode.other.requests == 0u);
        BOOST_TEST(has(mode.answer.body, "because of the test"));
    });
}

BOOST_AUTO_TEST_CASE(fault_14_continuations_are_refused) {
    // Whoever is asked to continue says no, and answers when asked from the beginning.
    const auto refuses = [](Fault fault) -> Script {
        return [fault](const ServedRequest& request) {
            if (continues(request)) return fails(Errc::invalid_request);
            return request.number == 1 ? answers(fault, 40) : answers();
        };
    };
    in_every_mode([&] { return Scripts(refuses(Fault::reset_mid_body), refuses(Fault::none)); }, is_whole);
    // If all refuse everything, the client sees how the stream broke and not the refusal.
    const Script hopeless = [](const ServedRequest& request) {
        return request.number == 1 ? answers(Fault::reset_mid_body, 40) : fails(Errc::invalid_request);
    };
    in_every_mode([&] { return Scripts(hopeless, always(fails(Errc::invalid_request))); },
                  [](const Mode& mode) {
                      if (!mode.stream) return failed(mode);
                      BOOST_TEST((mode.reading.end == End::broken));
                      BOOST_TEST(mode.reading.text == tokens(40));
                  });
}

BOOST_AUTO_TEST_CASE(fault_15_primary_down_under_steady_traffic) {
    std::atomic<bool> down{true};
    FaultServer first([&](const ServedRequest&) { return down ? fails(Errc::transient) : answers(); });
    FaultServer second(goes_on);
    gateway::Gateway gateway(
        gateway::parse_config(config(first, second, ""), "sixteen", gateway::known_providers()));
    int good = 0, asked = 0;
    const auto once = [&] {
        const Dialect& dialect = dialects[static_cast<std::size_t>(asked) % dialects.size()];
        const bool stream = ++asked % 8 >= 4;
        const auto answer = ask(gateway.port(), question(dialect, "both", stream, "Say sixty words."));
        const Reading reading = read(dialect, stream, answer);
        good += reading.end == End::whole && reading.text == whole;
        return answer.header("x-baton-provider");
    };
    for (int i = 0; i < 40; ++i) once(); // until the breaker has seen enough
    const auto before = first.totals().requests;
    for (int i = 0; i < 200; ++i) BOOST_TEST(once() == "anthropic");
    // An open phase is five seconds: of 200 requests one phase's probes at the most find out in vain,
    // however slow this machine is within two.
    BOOST_TEST(first.totals().requests - before <= 6u);
    down = false;
    // Back within thirty seconds, with nothing but traffic to find out.
    std::string provider;
    for (const auto begin = std::chrono::steady_clock::now();
         provider != "openai" && std::chrono::steady_clock::now() - begin < 30s;) {
        provider = once();
        std::this_thread::sleep_for(5ms);
    }
    BOOST_TEST(provider == "openai");
    BOOST_TEST(good == asked); // nobody noticed
}

BOOST_AUTO_TEST_CASE(fault_16_accounting_after_a_fail_over) {
    in_every_mode(primary(always(fails(Errc::transient))), [](const Mode& mode) {
        BOOST_TEST(mode.primary.requests == 3u);
        if (!mode.fallback) return failed(mode);
        served_by_fallback(mode);
        BOOST_TEST(mode.attempts() == 4);
        if (mode.dialect.name == "chat" && mode.stream) return; // says its usage only if asked
        BOOST_TEST(has(mode.answer.body, "mock-claude"));
        const std::string_view name = mode.dialect.name == "chat"     ? "\"completion_tokens\":60"
                                      : mode.dialect.name == "gemini" ? "\"candidatesTokenCount\":60"
                                                                      : "\"output_tokens\":60";
        BOOST_TEST(has(mode.answer.body, name));
    });
}

BOOST_AUTO_TEST_SUITE_END()
