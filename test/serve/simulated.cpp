// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The vendors' simulator in the dialects of Responses and generateContent, seen by their wires.
#include <boost/test/unit_test.hpp>

#include "round_trip.hpp"

#include <baton/testing/impl/answer_body.ipp>
#include <baton/testing/served_request.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/openai_responses.hpp>

BOOST_AUTO_TEST_SUITE(serve_simulated)

using namespace baton;
using namespace baton::test;
using testing::Answer;
using testing::Behaviour;
using testing::Fault;
using testing::ServedRequest;

namespace {

template <class W>
ServedRequest asked(bool stream) {
    const Request request{user("Name rivers. #17"), model("m-1")};
    const Draft draft(request);
    Target target;
    target.model = request.model;
    ServedRequest served;
    std::string path, headers;
    BOOST_REQUIRE(!W::encode(draft, target, stream, wire::Outgoing{path, headers, served.body}));
    served.method = "POST";
    served.target = "/v1" + path;
    served.classify(true);
    BOOST_REQUIRE_MESSAGE(!served.problem, (served.problem ? served.problem->what() : ""));
    BOOST_TEST(served.id == "17");
    BOOST_TEST(served.incoming.stream == stream);
    BOOST_TEST(served.incoming.request.model == "m-1");
    return served;
}

/// What content can suffer; what HTTP can is the same in all dialects.
constexpr Fault content_faults[] = {Fault::none,        Fault::comments,       Fault::error_in_200,
                                    Fault::error_event, Fault::missing_end,    Fault::missing_done,
                                    Fault::bad_json,    Fault::nul_bytes,      Fault::done_without_blank,
                                    Fault::empty_body,  Fault::lone_surrogate, Fault::split_surrogate,
                                    Fault::tiny_events, Fault::giant_event};

template <class W>
std::size_t suffer() {
    std::size_t count = 0;
    const std::vector<std::string> models{"m-1"};
    for (const bool stream : {false, true}) {
        const ServedRequest request = asked<W>(stream);
        for (const Fault fault : content_faults) {
            for (std::size_t at = 0; at <= 3; ++at, ++count) {
                Behaviour behaviour(Answer("Rh\u00f4ne, Elbe, Oder", 3), fault, at);
                behaviour.count = 7;
                behaviour.answer.reasoning = {"Let me ", "think."};
                behaviour.answer.tool_calls.emplace_back("call_1", "look", R"({"a":[1,2]})", 3);
                behaviour.answer.tool_calls.emplace_back("call_2", "see", "{}");
                const testing::detail::AnswerBody body(request, behaviour, models);
                BOOST_TEST_CONTEXT(to_string(fault) << " at " << at << (stream ? ", streamed" : "")) {
                    Error error;
                    Reply reply;
                    if (stream) {
                        const Streamed<W> streamed(body.bytes);
                        BOOST_TEST(streamed.ended);
                        error = streamed.error;
                        reply = streamed.reply;
                    } else if (auto wrong = W::decode(body.bytes, reply)) {
                        error = *std::move(wrong);
                    }
                    BOOST_TEST((error.errc() == Errc::ok) == body.complete, error.what());
                    if (!body.complete) continue;
                    BOOST_TEST(reply.text() == body.text);
                    BOOST_TEST((reply.stop == StopReason::tool_calls));
                    BOOST_TEST(reply.parts.back().detail->name == "see");
                    BOOST_TEST(reply.usage.reported);
                    BOOST_TEST(body.bytes.find("@marker@") == std::string::npos);
                }
            }
        }
    }
    return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(responses_suffers_every_fault) {
    const std::size_t count = suffer<wire::OpenAIResponses>();
    BOOST_TEST(count == 112U);
}

BOOST_AUTO_TEST_CASE(gemini_suffers_every_fault) {
    const std::size_t count = suffer<wire::Gemini>();
    BOOST_TEST(count == 112U);
}

BOOST_AUTO_TEST_CASE(errors_and_models_come_in_the_dialect) {
    const std::vector<std::string> models{"m-1"};
    for (const bool google : {false, true}) {
        const ServedRequest request = google ? asked<wire::Gemini>(true) : asked<wire::OpenAIResponses>(true);
        const testing::detail::AnswerBody body(request, Behaviour(Error(Errc::rate_limited, "slowly")),
                                               models);
        BOOST_TEST(body.status == 429);
        BOOST_TEST((body.bytes.find("RESOURCE_EXHAUSTED") != std::string::npos) == google);
        ServedRequest list;
        list.method = "GET";
        list.target = "/v1beta/models?pageSize=1000";
        if (google) list.headers.emplace_back("x-goog-api-key", "k");
        list.classify(true);
        const testing::detail::AnswerBody all(list, Behaviour(), models);
        BOOST_TEST((all.bytes.find("\"models/m-1\"") != std::string::npos) == google);
    }
}

BOOST_AUTO_TEST_SUITE_END()
