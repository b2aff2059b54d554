// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Every way a vendor can break, through the gateway: a client gets the complete answer or the right kind of
// error, and never a part that looks like the whole. And many clients at once, in a world where a third of
// all goes wrong.
#define BOOST_TEST_MODULE gateway_faults
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <baton/testing/answer.hpp>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_faults)

using namespace baton::testing;

namespace {

enum class End { whole, error, cut, clean_part };

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// What a client that follows its dialect's rules makes of an answer.
End end_of(const RawClient::Response& answer, bool anthropic, bool stream) {
    if (answer.status >= 400)
        return answer.whole && has(answer.body, "\"error\"") ? End::error : End::clean_part;
    if (answer.status != 200) return End::cut;
    if (!stream)
        return !answer.whole ? End::cut
               : has(answer.body, anthropic ? "\"stop_reason\":\"" : "\"finish_reason\":\"")
                   ? End::whole
                   : End::clean_part;
    if (has(answer.body, anthropic ? "event: error\n" : "data: {\"error\":")) return End::error;
    if (has(answer.body, anthropic ? "event: message_stop\n" : "data: [DONE]\n\n")) return End::whole;
    return answer.whole ? End::clean_part : End::cut;
}

std::string text_of(std::string_view body, bool anthropic, bool stream) {
    std::string text;
    const std::string_view start =
        anthropic ? (stream ? R"("type":"text_delta","text":")" : R"("type":"text","text":")")
                  : (stream ? R"("delta":{"content":")" : R"("content":")");
    for (std::size_t at = body.find(start); at != std::string_view::npos; at = body.find(start, at)) {
        at += start.size();
        text += body.substr(at, body.find('"', at) - at);
    }
    return text;
}

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
        for (const bool stream : {false, true}) {
            for (const bool anthropic : {false, true}) {
                for (const char* model : {"openai/mock-gpt", "anthropic/mock-claude"}) {
                    BOOST_TEST_CONTEXT(to_string(fault)
                                       << (stream ? ", streamed, " : ", ")
                                       << (anthropic ? "/v1/messages, " : "/v1/chat/completions, ")
                                       << model) {
                        const auto answer =
                            lab.ask(post(anthropic ? "/v1/messages" : "/v1/chat/completions",
                                         chat(model, stream), "x-baton-deadline-ms: 500\r\n"));
                        const End end = end_of(answer, anthropic, stream);
                        BOOST_TEST((end == End::whole || end == End::error));
                        if (end == End::whole && !adds)
                            BOOST_TEST(text_of(answer.body, anthropic, stream) == told);
                        if (fault == Fault::none) BOOST_TEST((end == End::whole));
                        ++(end == End::whole ? whole : errors);
                    }
                }
            }
        }
    }
    BOOST_TEST(whole > 100);
    BOOST_TEST(errors > 50);
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
                    const bool stream = random & 1, anthropic = random & 2, leave = random % 10 == 9;
                    const std::string bytes = post(anthropic ? "/v1/messages" : "/v1/chat/completions",
                                                   chat(random & 4 ? "fast" : "smart", stream));
                    RawClient client(lab.gateway.port());
                    client.send(bytes);
                    if (leave) { // at once, or with a part of the answer
                        if (random & 8) client.receive();
                        ++left;
                        continue;
                    }
                    const auto answer = client.response();
                    const End end = end_of(answer, anthropic, stream);
                    const bool good = end == End::error ||
                                      (end == End::whole && text_of(answer.body, anthropic, stream) == told);
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
