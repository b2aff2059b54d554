// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The sixteen ways a provider breaks, over real sockets: each with and without a fallback, whole and
// streamed, all modes of one fault at once. After each call the client's trace and the servers' ledgers
// agree on what was sent, and no connection is left. Limits are scaled down so that a silence of seconds
// stands for one of minutes; test/orchestrator/resilience.cpp has the real lengths, in virtual time.

#include "sixty_words.hpp"

#include <baton/baton.hpp>
#include <baton/testing/fault_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(sixteen)

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace sixty_words;
using baton::Errc;
using baton::ResumeMode;
using baton::testing::always;
using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::Fault;
using baton::testing::FaultServer;
using baton::testing::Ledger;
using baton::testing::Script;
using baton::testing::sequence;
using baton::testing::ServedRequest;

template <class... More>
using Full = baton::Orchestrator<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
                                 baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                                 baton::Fallback<baton::InOrder>, baton::Resume<baton::Auto>,
                                 baton::Health<baton::Passive>, baton::Deadline<baton::Limits>, More...>;

// Keys of the machine that runs the tests must not add a provider.
const bool no_keys = ::unsetenv("OPENAI_API_KEY") == 0 && ::unsetenv("ANTHROPIC_API_KEY") == 0;

baton::ExpBackoff::Options quick() { return {.base = 10ms, .cap = 40ms}; }
baton::Limits::Options patient() { return {.first_token = 20s, .first_byte_unary = 20s, .idle = 20s}; }

/// One call in one mode: its vendors, how it ended, what was handed out.
struct Mode {
    Mode(bool fallback, bool streamed, Script primary, Script other)
        : fallback(fallback), streamed(streamed), first(std::move(primary)), second(std::move(other)) {}

    const Errc* failure() const { return reply ? nullptr : &errc; }
    const baton::Trace& trace() const { return reply ? reply->trace : reply.error().detail().trace; }

    bool fallback, streamed;
    FaultServer first, second;
    std::string first_url = first.url("/v1"), second_url = second.url("/v1");
    baton::result<baton::Reply> reply = baton::Error(Errc::cancelled, "has not ended");
    Errc errc = Errc::ok;
    std::string text;       // of the deltas, joined
    baton::Duration took{}; // from the request to the reply
    int ended = 0;
    Ledger primary, other; // once all is over
};

template <class Chat>
asio::awaitable<void> ask(Chat& chat, Mode& mode) {
    const auto begin = std::chrono::steady_clock::now();
    if (mode.streamed) {
        auto stream = chat.stream("Say sixty words.");
        while (auto delta = co_await stream.next()) mode.text += delta->text;
        mode.reply = stream.reply();
    } else {
        baton::result<baton::Reply> reply = co_await chat.complete("Say sixty words.");
        mode.reply = std::move(reply);
        if (mode.reply) mode.text = mode.reply->text();
    }
    if (!mode.reply) mode.errc = mode.reply.error().errc();
    mode.took = std::chrono::steady_clock::now() - begin;
    ++mode.ended;
}

/// What is true of every call, however it ended.
void is_honest(Mode& mode) {
    BOOST_TEST(mode.ended == 1);
    for (auto* server : {&mode.first, &mode.second}) {
        const bool closed = server->wait([](const Ledger::Totals& totals) {
            return totals.connections_closed == totals.connections_opened &&
                   totals.finished == totals.requests;
        });
        BOOST_TEST(closed);
    }
    mode.primary = mode.first.ledger();
    mode.other = mode.second.ledger();
    const auto requests = mode.primary.totals.requests + mode.other.totals.requests;
    BOOST_TEST(static_cast<std::uint64_t>(mode.trace().sent()) == requests);
    BOOST_TEST(mode.primary.totals.bad_requests + mode.other.totals.bad_requests == 0u);
    if (!mode.fallback) BOOST_TEST(mode.other.totals.connections_opened == 0u);
    if (mode.reply) {
        BOOST_TEST(mode.text == whole); // never a truncated success, no token twice
        BOOST_TEST(mode.reply->text() == whole);
        BOOST_TEST(mode.reply->served_by_fallback == (mode.reply->provider == "anthropic"));
    } else {
        BOOST_TEST(whole.starts_with(mode.text));
        BOOST_TEST(!mode.reply.error().detail().message.empty());
        if (mode.streamed) BOOST_TEST(mode.reply.error().detail().delivered == mode.text);
    }
}

using Scripts = std::pair<Script, Script>;

/// Runs `check(mode)` for the four modes, which run at once. `make` makes the scripts of the two vendors.
template <class Chat = Full<>, class Make, class Check, class... Options>
void in_every_mode(Make make, Check check, Options... options) {
    std::vector<std::unique_ptr<Mode>> modes;
    for (const bool fallback : {false, true}) {
        for (const bool streamed : {false, true}) {
            Scripts scripts = make();
            modes.push_back(std::make_unique<Mode>(fallback, streamed, std::move(scripts.first),
                                                   std::move(scripts.second)));
        }
    }
    {
        asio::io_context io;
        std::vector<std::unique_ptr<Chat>> chats;
        std::exception_ptr thrown;
        for (auto& mode : modes) {
            const baton::OpenAI::Options openai{.base_url = mode->first_url, .key = "key-o"};
            const baton::Anthropic::Options anthropic{.base_url = mode->second_url, .key = "key-a"};
            chats.push_back(mode->fallback
                                ? std::make_unique<Chat>(io.get_executor(), openai, anthropic, options...)
                                : std::make_unique<Chat>(io.get_executor(), openai, options...));
            asio::co_spawn(io, ask(*chats.back(), *mode), [&](std::exception_ptr error) {
                if (error) thrown = error;
            });
        }
        io.run(); // returns only if nothing is left waiting
        BOOST_TEST(!thrown);
        for (auto& chat : chats) BOOST_TEST(chat->stats().active_calls == 0u);
    }
    for (auto& mode : modes) {
        BOOST_TEST_CONTEXT((mode->fallback ? "with" : "without")
                           << " a fallback, " << (mode->streamed ? "streamed" : "whole")) {
            is_honest(*mode);
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

void is_whole(const Mode& mode) {
    BOOST_TEST(mode.reply.has_value(), (mode.reply ? "" : mode.reply.error().what()));
}
void failed_with(const Mode& mode, Errc errc) {
    BOOST_TEST((mode.failure() != nullptr && *mode.failure() == errc),
               (mode.reply ? "succeeded" : mode.reply.error().what()));
}
void served_by_fallback(const Mode& mode) {
    is_whole(mode);
    BOOST_TEST((mode.reply && mode.reply->served_by_fallback));
}

} // namespace

BOOST_AUTO_TEST_CASE(fault_1_a_short_wait_is_honoured_on_the_same_target) {
    in_every_mode(primary_in_turn(fails(Errc::rate_limited, "retry-after: 2\r\n"), answers()),
                  [](const Mode& mode) {
                      is_whole(mode);
                      BOOST_TEST(mode.primary.totals.requests == 2u);
                      BOOST_TEST(mode.other.totals.requests == 0u);
                      BOOST_TEST((mode.took >= 1800ms));
                  });
}

BOOST_AUTO_TEST_CASE(fault_1_a_long_wait_moves_on) {
    in_every_mode(primary(always(fails(Errc::rate_limited, "retry-after: 90\r\n"))), [](const Mode& mode) {
        BOOST_TEST(mode.primary.totals.requests == 1u);
        if (mode.fallback) return served_by_fallback(mode);
        failed_with(mode, Errc::rate_limited);
        BOOST_TEST((mode.reply.error().detail().retry_after == baton::Duration(90s)));
    });
}

BOOST_AUTO_TEST_CASE(fault_2_limited_for_ever) {
    in_every_mode(
        primary(always(fails(Errc::rate_limited))),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.totals.requests <= 4u);
            BOOST_TEST(mode.primary.totals.requests + mode.other.totals.requests <= 6u);
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, Errc::rate_limited);
        },
        quick());
}

BOOST_AUTO_TEST_CASE(fault_3_one_500) {
    in_every_mode(
        primary_in_turn(fails(Errc::transient), answers()),
        [](const Mode& mode) {
            is_whole(mode);
            BOOST_TEST(mode.primary.totals.requests == 2u);
        },
        quick());
}

BOOST_AUTO_TEST_CASE(fault_4_503_for_ever) {
    in_every_mode(
        primary(always(Behaviour(baton::testing::CannedResponse(503, "{}")))),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.totals.requests == 3u);
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, Errc::transient);
            BOOST_TEST(mode.trace().attempts.back().status == 503);
        },
        quick());
}

BOOST_AUTO_TEST_CASE(fault_5_reset_before_headers) {
    in_every_mode(
        primary_in_turn(answers(Fault::reset_before_headers), answers()),
        [](const Mode& mode) {
            is_whole(mode);
            BOOST_TEST(mode.primary.totals.requests == 2u);
        },
        quick());
    in_every_mode(
        primary(always(answers(Fault::reset_before_headers))),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.totals.requests == 3u);
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, Errc::unavailable);
        },
        quick());
}

BOOST_AUTO_TEST_CASE(fault_6_no_answer_at_all) {
    in_every_mode(
        primary(always(answers(Fault::silence))),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.totals.requests == 1u); // a silent route is not tried twice
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, Errc::timeout_first_token);
        },
        quick(), baton::Limits::Options{.first_token = 1s, .first_byte_unary = 1s});
}

BOOST_AUTO_TEST_CASE(fault_7_headers_at_once_and_the_first_token_late) {
    Behaviour late = answers(Fault::trickle); // bytes come, but no content for a minute
    late.step = 200ms;
    in_every_mode(
        primary(always(late)),
        [](const Mode& mode) {
            if (mode.streamed) BOOST_TEST(mode.primary.totals.requests == 1u);
            if (mode.fallback && mode.streamed) return served_by_fallback(mode);
            // of a whole answer the first byte is there: only the call's own time ends the waiting
            failed_with(mode, mode.streamed ? Errc::timeout_first_token : Errc::timeout_total);
        },
        quick(), baton::Limits::Options{.first_token = 1s, .total = 4s});
    // headers, then nothing
    Behaviour silent = answers(Fault::stall);
    silent.count = 1;
    in_every_mode(
        primary(always(silent)),
        [](const Mode& mode) {
            BOOST_TEST(mode.primary.totals.requests == (mode.streamed ? 1u : 3u));
            if (mode.fallback) return served_by_fallback(mode);
            failed_with(mode, mode.streamed ? Errc::timeout_first_token : Errc::timeout_idle);
        },
        quick(), baton::Limits::Options{.first_token = 600ms, .idle = 800ms});
}

BOOST_AUTO_TEST_CASE(fault_8_cut_after_40_of_60_tokens) {
    for (const Fault fault :
         {Fault::reset_mid_body, Fault::close_mid_body, Fault::bad_chunk_size, Fault::error_event}) {
        BOOST_TEST_CONTEXT(baton::testing::to_string(fault)) {
            const Script cut = [fault](const ServedRequest& request) {
                return request.number == 1 ? answers(fault, 40) : goes_on(request);
            };
            in_every_mode(
                primary(cut),
                [](const Mode& mode) {
                    is_whole(mode);
                    if (!mode.streamed || !mode.reply) return;
                    const auto& attempts = mode.trace().attempts;
                    BOOST_TEST((attempts.back().resume != ResumeMode::none));
                    const auto broken = std::find_if(attempts.begin(), attempts.end(), [](const auto& a) {
                        return a.outcome != Errc::ok && a.sent;
                    });
                    BOOST_TEST_REQUIRE((broken != attempts.end()));
                    BOOST_TEST(broken->usage.estimated);
                    BOOST_TEST(mode.reply->usage.total_output() ==
                               broken->usage.total_output() + attempts.back().usage.total_output());
                    BOOST_TEST(mode.primary.requests.front().tokens == 40u);
                },
                quick(), patient());
        }
    }
}

BOOST_AUTO_TEST_CASE(fault_8_cut_every_time_is_a_clear_error) {
    // A vendor that repeats itself and is cut at the same place makes no progress: without another the
    // stream is told to be truncated, with what was delivered.
    in_every_mode(
        primary(always(answers(Fault::reset_mid_body, 40))),
        [](const Mode& mode) {
            if (mode.fallback) return is_whole(mode);
            BOOST_TEST(!mode.reply.has_value());
            if (!mode.streamed) return;
            failed_with(mode, Errc::truncated);
            BOOST_TEST(mode.text == tokens(40));
        },
        quick(), patient());
}

BOOST_AUTO_TEST_CASE(fault_9_silent_after_20_tokens) {
    const Script stalls = [](const ServedRequest& request) {
        return request.number == 1 ? answers(Fault::stall, 20) : goes_on(request);
    };
    in_every_mode(primary(stalls), is_whole, quick(), baton::Limits::Options{.idle = 1s});
}

BOOST_AUTO_TEST_CASE(fault_10_one_malformed_event_is_skipped_and_counted) {
    in_every_mode(
        primary_in_turn(answers(Fault::bad_json, 30), answers()),
        [](const Mode& mode) {
            is_whole(mode);
            BOOST_TEST(mode.other.totals.requests == 0u);
            if (!mode.streamed) return; // a whole body that is not JSON is asked for again
            BOOST_TEST(mode.primary.totals.requests == 1u);
            BOOST_TEST(mode.trace().attempts.back().malformed_events == 1u);
        },
        quick(), patient());
}

BOOST_AUTO_TEST_CASE(fault_11_no_done) {
    in_every_mode(
        primary(always(answers(Fault::missing_done))),
        [](const Mode& mode) {
            if (!mode.streamed) { // a whole body without its end is no JSON
                if (mode.fallback) return served_by_fallback(mode);
                return failed_with(mode, Errc::protocol);
            }
            is_whole(mode);
            BOOST_TEST(mode.primary.totals.requests == 1u);
            BOOST_TEST((mode.reply && mode.reply->usage.reported && !mode.reply->usage.estimated));
        },
        quick(), patient());
}

BOOST_AUTO_TEST_CASE(fault_12_context_exceeded_moves_to_the_larger_model_only) {
    for (const bool larger : {false, true}) {
        in_every_mode<Full<baton::Route<baton::ByTask>>>(
            primary(always(fails(Errc::context_overflow))),
            [larger](const Mode& mode) {
                BOOST_TEST(mode.primary.totals.requests == 1u);
                if (mode.fallback && larger) return served_by_fallback(mode);
                failed_with(mode, Errc::context_overflow);
                BOOST_TEST(mode.other.totals.requests == 0u);
            },
            quick(),
            baton::ByTask{baton::otherwise(
                baton::to<baton::OpenAI>("small").max_context(8'000),
                baton::to<baton::Anthropic>("large").max_context(larger ? 200'000 : 8'000))});
    }
}

BOOST_AUTO_TEST_CASE(fault_13_the_content_filter_is_never_routed_around) {
    in_every_mode(
        primary(always(fails(Errc::content_filtered))),
        [](const Mode& mode) {
            failed_with(mode, Errc::content_filtered);
            BOOST_TEST(mode.primary.totals.requests == 1u);
            BOOST_TEST(mode.other.totals.requests == 0u);
            if (mode.reply) return;
            BOOST_TEST(
                (mode.reply.error().detail().message.find("because of the test") != std::string::npos));
        },
        quick());
}

BOOST_AUTO_TEST_CASE(fault_14_continuations_are_refused) {
    // Whoever is asked to continue says no, and answers when asked from the beginning.
    const auto refuses = [](Fault fault) -> Script {
        return [fault](const ServedRequest& request) {
            if (continues(request)) return fails(Errc::invalid_request);
            return request.number == 1 ? answers(fault, 40) : answers();
        };
    };
    in_every_mode([&] { return Scripts(refuses(Fault::reset_mid_body), refuses(Fault::none)); },
                  [](const Mode& mode) {
                      is_whole(mode);
                      if (mode.streamed)
                          BOOST_TEST((mode.trace().attempts.back().resume == ResumeMode::restart));
                  },
                  quick(), patient());
    // If all refuse everything, the caller sees how the stream broke and not the refusal.
    const Script hopeless = [](const ServedRequest& request) {
        return request.number == 1 ? answers(Fault::reset_mid_body, 40) : fails(Errc::invalid_request);
    };
    in_every_mode([&] { return Scripts(hopeless, always(fails(Errc::invalid_request))); },
                  [](const Mode& mode) {
                      BOOST_TEST(!mode.reply.has_value());
                      if (!mode.streamed) return;
                      failed_with(mode, Errc::truncated);
                      BOOST_TEST(mode.text == tokens(40));
                  },
                  quick(), patient());
}

BOOST_AUTO_TEST_CASE(fault_15_primary_down_under_steady_traffic) {
    constexpr int at_once = 4;
    for (const bool streamed : {false, true}) {
        std::atomic<bool> down{false};
        FaultServer first([&](const ServedRequest&) {
            Behaviour behaviour = down ? fails(Errc::transient) : answers();
            behaviour.delay = 4ms;
            return behaviour;
        });
        FaultServer second([](const ServedRequest& request) {
            Behaviour behaviour = goes_on(request);
            behaviour.delay = 4ms;
            return behaviour;
        });
        const std::string first_url = first.url("/v1"), second_url = second.url("/v1");
        asio::io_context io;
        const baton::HalfOpen::Options breaker{
            .window = 200ms, .min_calls = 8, .open = 100ms, .open_max = 200ms, .jitter = 0};
        Full<> chat{io.get_executor(), baton::OpenAI::Options{.base_url = first_url, .key = "key-o"},
                    baton::Anthropic::Options{.base_url = second_url, .key = "key-a"}, quick(), breaker};
        int left = 0, good = 0, asked = 0;
        const auto worker = [&]() -> asio::awaitable<void> {
            while (left-- > 0) {
                ++asked;
                std::string text;
                if (streamed) {
                    auto stream = chat.stream("Say sixty words.");
                    while (auto delta = co_await stream.next()) text += delta->text;
                    if (!stream.reply()) text.clear();
                } else {
                    const baton::result<baton::Reply> reply = co_await chat.complete("Say sixty words.");
                    if (reply) text = reply->text();
                }
                good += text == whole;
            }
        };
        const auto calls = [&](int count) {
            left = count;
            std::exception_ptr thrown;
            for (int i = 0; i < at_once; ++i) {
                asio::co_spawn(io, worker(), [&](std::exception_ptr error) {
                    if (error) thrown = error;
                });
            }
            io.restart();
            io.run();
            BOOST_TEST(!thrown);
        };
        calls(40);
        BOOST_TEST(second.totals().requests == 0u);
        down = true;
        calls(200); // until the breaker has seen enough
        const auto before = first.totals().requests;
        const auto begin = std::chrono::steady_clock::now();
        calls(200);
        const auto span = std::chrono::steady_clock::now() - begin;
        const auto probes = first.totals().requests - before;
        // three probes a half-open phase, one such phase after each open one of 100 ms at least
        BOOST_TEST(probes <= 3 * static_cast<std::uint64_t>(span / 100ms + 2));
        BOOST_TEST(second.totals().requests >= 200u);
        down = false;
        // back, with nothing but traffic to find out: at most 200 ms, whatever number of calls that is
        std::uint64_t served = second.totals().requests;
        int rounds = 0;
        for (; rounds < 1000; ++rounds) {
            calls(20);
            const std::uint64_t now = second.totals().requests;
            if (now == served) break;
            served = now;
        }
        BOOST_TEST(rounds < 1000);
        BOOST_TEST(good == asked); // nobody noticed
        BOOST_TEST_MESSAGE("fault 15: " << asked << " calls, " << probes << " probes in " << span / 1ms
                                        << " ms, back after " << rounds * 20 << " calls");
    }
}

BOOST_AUTO_TEST_CASE(fault_16_accounting_after_a_fail_over) {
    in_every_mode(
        primary(always(fails(Errc::transient))),
        [](const Mode& mode) {
            auto attempts = mode.trace().attempts; // a target without a key is in it too, as not sent
            attempts.erase(
                std::remove_if(attempts.begin(), attempts.end(), [](const auto& a) { return !a.sent; }),
                attempts.end());
            const std::size_t refused = 3;
            BOOST_TEST_REQUIRE(attempts.size() == refused + (mode.fallback ? 1u : 0u));
            for (std::size_t i = 0; i < refused; ++i) {
                BOOST_TEST(attempts[i].sent);
                BOOST_TEST(attempts[i].provider == "openai");
                BOOST_TEST(attempts[i].usage.total() == 0u); // refused: not billed
            }
            if (!mode.fallback) return failed_with(mode, Errc::transient);
            served_by_fallback(mode);
            if (!mode.reply) return;
            BOOST_TEST(mode.reply->provider == "anthropic");
            BOOST_TEST(mode.reply->model == attempts.back().model);
            BOOST_TEST((mode.reply->usage == attempts.back().usage));
            BOOST_TEST(mode.reply->usage.reported);
            BOOST_TEST(!mode.reply->usage.estimated);
            BOOST_TEST(mode.reply->usage.output_tokens == 60u);
        },
        quick());
}

BOOST_AUTO_TEST_SUITE_END()
