// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Every way a vendor can break, through the gateway: a client gets the complete answer or the right kind of
// error, and never a part that looks like the whole. And many clients at once, in a world where a third of
// all goes wrong.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"
#include "reader.hpp"

#include <baton/testing/answer.hpp>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_faults)

using namespace baton::testing;

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

const std::string told = "One two three four five six seven eight nine ten.";

} // namespace

BOOST_AUTO_TEST_CASE(every_fault_ends_in_the_whole_answer_or_an_error) {
    int whole = 0, errors = 0;
    for (int number = 0; number < static_cast<int>(Fault::count_); ++number) {
        const auto fault = static_cast<Fault>(number);
        if (fault == Fault::early_response || fault == Fault::bad_record) continue; // need another server
        Behaviour behaviour(Answer(told, 10), fault, 4);
        behaviour.tokens_per_write = 1;
        const bool adds = fault == Fault::tiny_events || fault == Fault::giant_event ||
                          fault == Fault::lone_surrogate || fault == Fault::split_surrogate ||
                          fault == Fault::nul_bytes;
        if (fault == Fault::tiny_events) behaviour.count = 1'000;
        if (fault == Fault::giant_event) behaviour.count = 100'000;
        Lab lab(always(behaviour), always(behaviour));
        struct Asked {
            const Dialect& dialect;
            bool stream;
            const char* model;
            Reading got;
        };
        std::vector<Asked> all;
        for (const bool stream : {false, true}) {
            for (const Dialect& dialect : dialects) {
                for (const char* model : {"openai/mock-gpt", "anthropic/mock-claude"})
                    all.push_back({dialect, stream, model, {}});
            }
        }
        std::vector<std::thread> clients;
        for (Asked& one : all) {
            clients.emplace_back([&lab, &one] {
                one.got = read(one.dialect, one.stream,
                               lab.ask(question(one.dialect, one.model, one.stream, "Hello",
                                                "x-baton-deadline-ms: 500\r\n")));
            });
        }
        for (std::thread& client : clients) client.join();
        for (const Asked& one : all) {
            BOOST_TEST_CONTEXT(to_string(fault) << (one.stream ? ", streamed, " : ", ") << one.dialect.name
                                                << ", " << one.model) {
                BOOST_TEST((one.got.end != End::wrong), one.got.why);
                if (one.got.end == End::whole && !adds) BOOST_TEST(one.got.text == told);
                if (fault == Fault::none) BOOST_TEST((one.got.end == End::whole));
                ++(one.got.end == End::whole ? whole : errors);
            }
        }
    }
    BOOST_TEST(whole > 200);
    BOOST_TEST(errors > 100);
}

// Clients keep a connection whose answer came to its end without "connection: close": if it is closed behind
// that, their next request fails for nothing.
BOOST_AUTO_TEST_CASE(a_connection_whose_answer_ended_takes_another_request) {
    int again = 0, broken = 0;
    for (const Fault fault : {Fault::none, Fault::close_mid_body, Fault::error_event, Fault::garbage,
                              Fault::empty_body, Fault::reset_before_headers}) {
        Behaviour behaviour(Answer(told, 10), fault, 4);
        behaviour.tokens_per_write = 1;
        Lab lab(always(behaviour), always(behaviour));
        for (const bool stream : {false, true}) {
            for (const Dialect& dialect : dialects) {
                BOOST_TEST_CONTEXT(to_string(fault) << (stream ? ", streamed, " : ", ") << dialect.name) {
                    RawClient client(lab.gateway.port());
                    client.send(question(dialect, "openai/mock-gpt", stream, "Hello"));
                    const RawClient::Response first = client.response();
                    if (!first.whole || first.header("connection") == "close") {
                        ++broken; // cut: only so do the dialect's clients notice an error
                        BOOST_TEST((stream && read(dialect, stream, first).end == End::broken));
                        continue;
                    }
                    ++again;
                    client.send(get("/healthz"));
                    BOOST_TEST(client.response().body == "ok\n");
                }
            }
        }
    }
    BOOST_TEST(again > 30);
    BOOST_TEST(broken <= 3);
}

// BATON_SOAK_REQUESTS: of each of four clients; the default takes a few seconds.
BOOST_AUTO_TEST_CASE(many_clients_in_a_bad_world) {
    const char* wanted = std::getenv("BATON_SOAK_REQUESTS");
    const int requests = wanted ? std::atoi(wanted) : 250;
    const std::vector<Fault> faults = {Fault::reset_before_headers, Fault::close_before_headers,
                                       Fault::reset_in_headers,     Fault::reset_mid_body,
                                       Fault::close_mid_body,       Fault::close_after,
                                       Fault::close_on_next,        Fault::garbage,
                                       Fault::bad_chunk_size,       Fault::missing_last_chunk,
                                       Fault::error_in_200,         Fault::error_event,
                                       Fault::missing_end,          Fault::empty_body};
    const auto answers = [](const ServedRequest&) { return Answer(told, 10); };
    std::atomic<int> whole{0}, errors{0}, left{0}, wrong{0};
    {
        Lab lab(seeded(1, 0.33, faults, answers), seeded(2, 0.33, faults, answers),
                "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 2\n[resume]\nmax_resumes = 0\n");
        std::vector<std::thread> clients;
        for (std::uint64_t id = 0; id < 4; ++id) {
            clients.emplace_back([&, id] {
                for (int n = 0; n < requests; ++n) {
                    const std::uint64_t random = random_at(7 + id, static_cast<std::uint64_t>(n));
                    const bool stream = random & 1, leave = random % 10 == 9;
                    const Dialect& dialect = dialects[(random >> 1) % dialects.size()];
                    RawClient client(lab.gateway.port());
                    client.send(question(dialect, random & 8 ? "fast" : "smart", stream, "Hello"));
                    if (leave) { // at once, or with a part of the answer
                        if (random & 16) client.receive();
                        ++left;
                        continue;
                    }
                    const Reading got = read(dialect, stream, client.response());
                    const End end = got.end;
                    const bool good = end == End::whole ? got.text == told
                                                        : end != End::wrong && told.starts_with(got.text);
                    wrong += !good;
                    ++(end == End::whole ? whole : errors);
                }
            });
        }
        for (std::thread& client : clients) client.join();
        bool quiet = false; // calls of clients that left end by themselves
        for (int i = 0; i < 10'000 && !quiet; ++i)
            quiet = has(lab.ask(get("/metrics")).body, "\nbaton_active_requests 1\n");
        BOOST_TEST(quiet);
        lab.gateway.stop();
        BOOST_TEST(
            lab.openai.wait([](const auto& t) { return t.connections_closed == t.connections_opened; }));
        BOOST_TEST(
            lab.anthropic.wait([](const auto& t) { return t.connections_closed == t.connections_opened; }));
    }
    BOOST_TEST(wrong == 0);
    BOOST_TEST(whole + errors + left == 4 * requests);
    BOOST_TEST(whole > 2 * requests);
    BOOST_TEST_MESSAGE(whole << " whole, " << errors << " errors, " << left << " left");
}

BOOST_AUTO_TEST_SUITE_END()
