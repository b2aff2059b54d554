// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What the gateway answers, seen by a client that knows nothing but sockets: every endpoint, whole and
// streamed, every dialect to every vendor; and how answers end when something breaks.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <gateway/models.hpp>

#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_endpoints)

using namespace baton::testing;
using namespace std::chrono_literals;

namespace {

Script says(const char* text, std::size_t pieces = 4) { return always(Behaviour(Answer(text, pieces))); }

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t n = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + what.size()))
        ++n;
    return n;
}
bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// What a client shows of a stream in either dialect; for texts without escapes.
std::string shown(std::string_view body) {
    std::string text;
    for (const std::string_view start : {R"("delta":{"content":")", R"("type":"text_delta","text":")"}) {
        for (std::size_t at = body.find(start); at != std::string_view::npos; at = body.find(start, at)) {
            at += start.size();
            text += body.substr(at, body.find('"', at) - at);
        }
    }
    return text;
}

Behaviour with_tools() {
    Answer answer("Let me see.", 2);
    answer.tool_calls.emplace_back("call_a", "weather", R"({"city":"Bonn"})", 3);
    answer.tool_calls.emplace_back("call_b", "time", R"({"zone":"CET"})", 2);
    return Behaviour(std::move(answer));
}

} // namespace

BOOST_AUTO_TEST_CASE(either_dialect_in_either_vendor_out) {
    Lab lab(says("I am the first."), says("I am the second."));
    for (const char* model : {"openai/mock-gpt", "anthropic/mock-claude"}) {
        const std::string text =
            std::string_view(model).starts_with("openai") ? "I am the first." : "I am the second.";
        const std::string provider = text == "I am the first." ? "openai" : "anthropic";
        BOOST_TEST_CONTEXT(model) {
            auto whole = lab.ask(post("/v1/chat/completions", chat(model, false)));
            BOOST_TEST(whole.status == 200);
            BOOST_TEST(whole.header("content-type") == "application/json");
            BOOST_TEST(whole.header("x-baton-provider") == provider);
            BOOST_TEST(whole.header("x-baton-attempts") == "1");
            BOOST_TEST(whole.header("x-baton-cache") == "off");
            BOOST_TEST(whole.header("x-request-id").starts_with("req_"));
            BOOST_TEST(whole.header("request-id") == whole.header("x-request-id")); // Anthropic's name for it
            BOOST_TEST(has(whole.body, "\"content\":\"" + text + "\""));
            BOOST_TEST(has(whole.body, "\"finish_reason\":\"stop\""));
            BOOST_TEST(!has(whole.body, "\"prompt_tokens\":0"));

            whole = lab.ask(post("/v1/messages", chat(model, false)));
            BOOST_TEST(whole.status == 200);
            BOOST_TEST(has(whole.body, "\"text\":\"" + text + "\""));
            BOOST_TEST(has(whole.body, "\"stop_reason\":\"end_turn\""));

            auto streamed = lab.ask(post("/v1/chat/completions",
                                         chat(model, true, R"("stream_options":{"include_usage":true},)")));
            BOOST_TEST(streamed.status == 200);
            BOOST_TEST(streamed.whole);
            BOOST_TEST(streamed.header("content-type") == "text/event-stream");
            BOOST_TEST(streamed.header("x-baton-provider") == provider);
            BOOST_TEST(streamed.header("x-baton-attempts") == "1");
            BOOST_TEST(count(streamed.body, "\"delta\":{\"content\":") == 4U);
            BOOST_TEST(count(streamed.body, "data: [DONE]\n\n") == 1U);
            BOOST_TEST(streamed.body.ends_with("data: [DONE]\n\n"));
            BOOST_TEST(count(streamed.body, "\"usage\":{\"prompt_tokens\":") == 1U);
            BOOST_TEST(!has(streamed.body, "\"prompt_tokens\":0"));
            BOOST_TEST(!has(streamed.body, "\"completion_tokens\":0"));

            streamed = lab.ask(post("/v1/chat/completions", chat(model, true)));
            BOOST_TEST(!has(streamed.body, "usage"));

            streamed = lab.ask(post("/v1/messages", chat(model, true)));
            BOOST_TEST(streamed.whole);
            BOOST_TEST(streamed.body.starts_with("event: message_start\n"));
            BOOST_TEST(count(streamed.body, "text_delta") == 4U);
            BOOST_TEST(count(streamed.body, "event: message_stop\n") == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(parallel_tool_calls) {
    Lab lab(always(with_tools()), always(with_tools()));
    const std::string tools =
        R"("tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}],)";
    const std::string blocks = R"("tools":[{"name":"weather","input_schema":{"type":"object"}}],)";
    for (const char* model : {"openai/mock-gpt", "anthropic/mock-claude"}) {
        BOOST_TEST_CONTEXT(model) {
            auto answer = lab.ask(post("/v1/chat/completions", chat(model, false, tools)));
            BOOST_TEST(has(
                answer.body,
                R"("id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Bonn\"}"})"));
            BOOST_TEST(has(answer.body, R"("name":"time")"));
            BOOST_TEST(has(answer.body, R"("finish_reason":"tool_calls")"));
            answer = lab.ask(post("/v1/messages", chat(model, false, blocks)));
            BOOST_TEST(
                has(answer.body, R"("type":"tool_use","id":"call_b","name":"time","input":{"zone":"CET"})"));
            BOOST_TEST(has(answer.body, R"("stop_reason":"tool_use")"));
            answer = lab.ask(post("/v1/chat/completions", chat(model, true, tools)));
            BOOST_TEST(answer.whole);
            BOOST_TEST(count(answer.body, R"("id":"call_a")") == 1U);
            BOOST_TEST(count(answer.body, R"("id":"call_b")") == 1U);
            BOOST_TEST(has(answer.body, R"({"index":1,)"));
            answer = lab.ask(post("/v1/messages", chat(model, true, blocks)));
            BOOST_TEST(answer.whole);
            BOOST_TEST(count(answer.body, "\"tool_use\",\"id\"") == 2U);
            BOOST_TEST(count(answer.body, "input_json_delta") >= 2U);
        }
    }
}

BOOST_AUTO_TEST_CASE(responses_and_gemini_clients) {
    Lab lab(says("I am the first."), says("I am the second."));
    const std::string contents =
        R"({"contents":[{"role":"user","parts":[{"text":"Hello"}]}],"generationConfig":{"maxOutputTokens":50}})";
    for (const std::string model : {"openai/mock-gpt", "anthropic/mock-claude"}) {
        const std::string text = model.starts_with("openai") ? "I am the first." : "I am the second.";
        BOOST_TEST_CONTEXT(model) {
            const auto input = [&](bool stream) {
                return post("/v1/responses", "{\"model\":\"" + model + "\",\"input\":\"Hello\"" +
                                                 (stream ? ",\"stream\":true}" : "}"));
            };
            auto answer = lab.ask(input(false));
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(has(answer.body, "\"object\":\"response\""));
            BOOST_TEST(has(answer.body, "\"text\":\"" + text + "\""));
            BOOST_TEST(!has(answer.body, "\"input_tokens\":0"));
            answer = lab.ask(input(true));
            BOOST_TEST(answer.whole);
            BOOST_TEST(count(answer.body, "event: response.created\n") == 1U);
            BOOST_TEST(count(answer.body, "event: response.output_text.delta\n") == 4U);
            BOOST_TEST(count(answer.body, "event: response.completed\n") == 1U);

            answer = lab.ask(post("/v1beta/models/" + model + ":generateContent", contents));
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(has(answer.body, "\"text\":\"" + text + "\""));
            BOOST_TEST(has(answer.body, "\"finishReason\":\"STOP\""));
            BOOST_TEST(has(answer.body, "\"promptTokenCount\":"));
            answer =
                lab.ask(post("/v1beta/models/" + model + ":streamGenerateContent?alt=sse&key=any", contents));
            BOOST_TEST(answer.whole);
            BOOST_TEST(answer.header("content-type") == "text/event-stream");
            BOOST_TEST(answer.body.starts_with("data: {"));
            BOOST_TEST(!has(answer.body, "event:"));
            BOOST_TEST(has(answer.body, "\"finishReason\":\"STOP\""));
            answer = lab.ask(post("/v1beta/models/" + model + ":streamGenerateContent", contents));
            BOOST_TEST(answer.header("content-type") == "application/json");
            BOOST_TEST(answer.body.starts_with("["));
            BOOST_TEST(has(answer.body.substr(answer.body.size() - 3), "]"));
        }
    }
    BOOST_TEST(has(lab.ask(get("/v1beta/models")).body, "models/fast"));
    BOOST_TEST(has(lab.ask(get("/v1/models", "x-goog-api-key: any\r\n")).body, "\"models/fast\""));
    BOOST_TEST(
        lab.ask(get("/v1/models", "user-agent: Together/JS 0.37.0\r\n")).body.starts_with("[{\"id\":"));
    BOOST_TEST(has(lab.ask(get("/v1/models", "user-agent: mistral-client-python/3.7.0\r\n")).body,
                   "\"type\":\"base\""));
    BOOST_TEST(has(lab.ask(get("/v1/models/fast", "x-goog-api-key: any\r\n")).body, "\"models/fast\""));
    BOOST_TEST(lab.ask(get("/v1beta/models/mock-gpt")).status == 200);
    BOOST_TEST(has(lab.ask(get("/v1/models/mock-gpt")).body, "\"id\":\"mock-gpt\""));
    BOOST_TEST(has(lab.ask(get("/v1/models/openai%2Fmock-gpt")).body, "\"id\":\"openai/mock-gpt\""));
    const auto unknown = lab.ask(post("/v1beta/models/unheard-of:generateContent", contents));
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(has(unknown.body, "NOT_FOUND"));
    BOOST_TEST(lab.ask(get("/v1/models/unheard-of")).status == 404);
    BOOST_TEST(lab.ask(post("/v1beta/models/mock-gpt:dance", contents)).status == 405);
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_in_the_other_dialects) {
    Behaviour behaviour(Answer("One two three four five six.", 6), Fault::close_mid_body, 3);
    behaviour.tokens_per_write = 1;
    Lab lab(always(behaviour));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/responses", R"({"model":"mock-gpt","input":"Hello","stream":true})"));
    auto answer = client.response();
    BOOST_TEST(has(answer.body, "event: response.failed\n"));
    BOOST_TEST(!has(answer.body, "response.completed"));
    BOOST_TEST(answer.whole);

    RawClient google(lab.gateway.port());
    google.send(post("/v1beta/models/mock-gpt:streamGenerateContent?alt=sse",
                     R"({"contents":[{"parts":[{"text":"Hello"}]}]})"));
    answer = google.response();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(has(answer.body, "\"error\""));
    BOOST_TEST(!has(answer.body, "finishReason"));
    BOOST_TEST(!answer.whole); // this dialect has no other way to say it than to be cut
    BOOST_TEST(google.ended());
}

BOOST_AUTO_TEST_CASE(embeddings_and_counts) {
    std::string asked;
    Lab lab(
        [&](const ServedRequest& request) {
            asked = request.body;
            return Behaviour(CannedResponse(
                200,
                R"({"object":"list","model":"mock-embed","data":[)"
                R"({"object":"embedding","index":0,"embedding":[0.5,-1]},{"object":"embedding","index":1,"embedding":[2,0]}],)"
                R"("usage":{"prompt_tokens":7,"total_tokens":7}})"));
        },
        always(Behaviour(CannedResponse(200, R"({"input_tokens":42})"))));
    auto answer = lab.ask(post("/v1/embeddings", R"({"model":"openai/mock-embed","input":["a","b"]})"));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.header("x-baton-provider") == "openai");
    BOOST_TEST(has(asked, "\"mock-embed\""));
    BOOST_TEST(has(answer.body, "\"embedding\":[0.5,-1"));
    BOOST_TEST(has(answer.body, "\"prompt_tokens\":7"));
    answer = lab.ask(post("/v1/embeddings",
                          R"({"model":"openai/mock-embed","input":["a","b"],"encoding_format":"base64"})"));
    BOOST_TEST(has(answer.body, "\"AAAAPwAAgL8=\"")); // 0.5f, -1f, little endian
    answer = lab.ask(
        post("/v1beta/models/openai/mock-embed:batchEmbedContents",
             R"({"requests":[{"model":"models/openai/mock-embed","content":{"parts":[{"text":"a"}]}},)"
             R"({"model":"models/openai/mock-embed","content":{"parts":[{"text":"b"}]}}]})"));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(count(answer.body, "\"values\"") == 2U);
    BOOST_TEST(lab.ask(post("/v1/embeddings", R"({"model":"unheard-of","input":"a"})")).status == 404);
    BOOST_TEST(lab.ask(post("/v1/embeddings", R"({"model":"openai/mock-embed"})")).status == 400);
    answer = lab.ask(post("/v1/messages/count_tokens", chat("mock-claude", false)));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(has(answer.body, "\"input_tokens\":42"));
}

BOOST_AUTO_TEST_CASE(what_is_asked_reaches_the_vendor) {
    std::string seen, headers;
    Lab lab([&](const ServedRequest& request) {
        seen = request.body;
        headers.clear();
        for (const auto& [name, value] : request.headers) headers += name + ": " + value + "\n";
        return Behaviour(Answer("{}"));
    });
    const std::string schema =
        R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})";
    const auto answer = lab.ask(post(
        "/v1/chat/completions",
        chat("fast", false,
             R"("response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":)" +
                 schema + R"(}},"temperature":0.25,"wishes":{"deep":[1,2]},)"),
        "authorization: Bearer client-secret\r\nx-baton-task: chat\r\nx-baton-tenant: "
        "t\r\nx-baton-deadline-ms: 5000\r\n"
        "cookie: a=b\r\ntraceparent: 00-1\r\nx-forwarded-for: 10.0.0.1\r\nconnection: keep-alive, "
        "x-hop\r\nx-hop: 1\r\n"));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(has(seen, schema));
    BOOST_TEST(has(seen, "\"temperature\":0.25"));
    BOOST_TEST(has(seen, R"("wishes":{"deep":[1,2]})"));
    BOOST_TEST(has(seen, "\"model\":\"mock-gpt\""));
    BOOST_TEST(!has(seen, "fallbacks"));
    BOOST_TEST(has(headers, "Bearer upstream-openai"));
    for (const char* secret :
         {"client-secret", "x-baton", "cookie", "traceparent", "x-forwarded", "x-hop", "10.0.0.1"}) {
        BOOST_TEST(!has(headers, secret), secret);
    }
}

BOOST_AUTO_TEST_CASE(names_of_models) {
    Lab lab(says("one"), says("two"),
            "[aliases]\nfast = [\"openai/mock-gpt\"]\nsmart = [\"anthropic/mock-claude\"]\nnone = "
            "[\"groq/a\"]\nsome = [\"groq/a\", \"anthropic/b\"]\n");
    const auto provider = [&](const char* model, const char* more = "") {
        const auto answer = lab.ask(post("/v1/chat/completions", chat(model, false, more)));
        return answer.status == 200 ? answer.header("x-baton-provider") : std::to_string(answer.status);
    };
    BOOST_TEST(provider("auto") == "openai");
    BOOST_TEST(provider("fast") == "openai");
    BOOST_TEST(provider("smart") == "anthropic");
    BOOST_TEST(provider("mock-claude") == "anthropic");
    BOOST_TEST(provider("other-gpt") == "openai");
    BOOST_TEST(provider("claude-anything") == "anthropic");
    BOOST_TEST(provider("anthropic/whatever") == "anthropic");
    BOOST_TEST(provider("unheard-of") == "404");
    BOOST_TEST(provider("groq/llama") == "404");
    BOOST_TEST(provider("none") == "503");
    BOOST_TEST(provider("some") == "anthropic");
    BOOST_TEST(provider("smart", R"("fallbacks":["unheard-of"],)") == "404");
    const auto unknown = lab.ask(post("/v1/messages", chat("unheard-of", false)));
    BOOST_TEST(unknown.status == 404);
    BOOST_TEST(has(unknown.body, R"("type":"not_found_error")"));
}

BOOST_AUTO_TEST_CASE(one_body_names_no_more_targets_than_there_may_be) {
    std::string aliases = "[aliases]\ntwo = [\"openai/a\", \"anthropic/b\"]\nmany = [\"openai/a\"";
    for (int i = 0; i < 100; ++i) aliases += ",\"openai/" + std::to_string(i) + "\"";
    Lab lab(always(Behaviour()), always(Behaviour()), aliases + "]\n");
    std::string names;
    for (std::size_t i = 0; i < gateway::most_fallbacks; ++i) names += names.empty() ? "\"two\"" : ",\"two\"";
    const auto ask = [&](const std::string& list) {
        return lab.ask(post("/v1/chat/completions", chat("two", false, "\"fallbacks\":[" + list + "],")));
    };
    BOOST_TEST(ask(names).status == 200);
    const auto refused = ask(names + ",\"two\"");
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(has(refused.body, "fallbacks"));

    const auto config = lab.config(aliases + "]\n");
    const auto targets = [&](const char* model) {
        baton::Request request;
        request.model = model;
        request.fallbacks.assign(gateway::most_fallbacks, "two");
        BOOST_TEST(!gateway::resolve(config, request));
        return request.fallbacks;
    };
    const std::vector<std::string> once = {"openai/a", "anthropic/b"};
    BOOST_TEST(targets("two") == once, boost::test_tools::per_element());
    BOOST_TEST(targets("many").size() == gateway::most_targets);
}

BOOST_AUTO_TEST_CASE(fallbacks_of_an_alias_and_of_the_body) {
    Lab lab(always(overloaded()), says("The second answers."));
    for (const std::string& body :
         {chat("fast", false), chat("mock-gpt", false, R"("fallbacks":["anthropic/mock-claude"],)")}) {
        const auto answer = lab.ask(post("/v1/chat/completions", body));
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.header("x-baton-provider") == "anthropic");
        BOOST_TEST(answer.header("x-baton-attempts") == "3"); // two at the first, with its retry
        BOOST_TEST(has(answer.body, "The second answers."));
    }
}

BOOST_AUTO_TEST_CASE(tasks_are_routed) {
    Lab lab(says("one"), says("two"), "[tasks.hard]\ntargets = [\"anthropic/mock-claude\", \"openai\"]\n");
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("auto", false), "x-baton-task: hard\r\n"))
                   .header("x-baton-provider") == "anthropic");
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("auto", false), "x-baton-task: other\r\n"))
                   .header("x-baton-provider") == "openai");
}

BOOST_AUTO_TEST_CASE(errors_have_the_dialects_status_and_shape) {
    struct Case {
        baton::Errc code;
        int status;
        const char* openai;
        const char* anthropic;
    };
    const Case cases[] = {
        {baton::Errc::rate_limited, 429, "rate_limit_error", "rate_limit_error"},
        {baton::Errc::invalid_request, 400, "invalid_request_error", "invalid_request_error"},
        {baton::Errc::auth, 401, "invalid_api_key", "authentication_error"},
        {baton::Errc::permission, 403, "permission_error", "permission_error"},
        {baton::Errc::not_found, 404, "model_not_found", "not_found_error"},
        {baton::Errc::context_overflow, 400, "context_length_exceeded", "invalid_request_error"},
    };
    for (const Case& one : cases) {
        for (const bool stream : {false, true}) {
            for (const bool anthropic : {false, true}) {
                BOOST_TEST_CONTEXT(to_string(one.code)
                                   << (stream ? ", streamed" : "") << (anthropic ? ", anthropic" : "")) {
                    Lab lab(always(Behaviour(baton::Error(one.code, "a reason"))));
                    const auto answer = lab.ask(
                        post(anthropic ? "/v1/messages" : "/v1/chat/completions", chat("mock-gpt", stream)));
                    BOOST_TEST(answer.status == one.status);
                    BOOST_TEST(answer.header("content-type") == "application/json");
                    BOOST_TEST(answer.header("x-baton-provider") == "openai");
                    BOOST_TEST(answer.header("retry-after").empty() == (one.status != 429));
                    BOOST_TEST(has(answer.body, anthropic ? one.anthropic : one.openai));
                    BOOST_TEST(answer.body.starts_with(R"({"type":"error","error":{)") == anthropic);
                }
            }
        }
    }
    Lab lab;
    BOOST_TEST(lab.ask(post("/v1/chat/completions", "{\"model\":\"fast\"}")).status == 400);
    BOOST_TEST(lab.ask(post("/v1/chat/completions", "not json")).status == 400);
    BOOST_TEST(lab.ask(post("/v1/messages", "")).status == 400);
    BOOST_TEST(
        lab.ask(post("/v1/chat/completions", chat("fast", false), "x-baton-deadline-ms: soon\r\n")).status ==
        400);
}

BOOST_AUTO_TEST_CASE(a_vendors_hint_reaches_the_client) {
    Lab lab(always(rate_limited("retry-after: 77\r\n")));
    const auto answer = lab.ask(post("/v1/chat/completions", chat("mock-gpt", false)));
    BOOST_TEST(answer.status == 429);
    BOOST_TEST(answer.header("retry-after") == "77");
}

// Gemini often gives its calls none, and without one no other dialect can carry the result.
BOOST_AUTO_TEST_CASE(every_call_has_an_id) {
    Answer two;
    two.tool_calls.emplace_back("", "weather", R"({"city":"Bonn"})", 2);
    two.tool_calls.emplace_back("", "weather", R"({"city":"Oslo"})", 2);
    Lab lab(always(Behaviour(two)));
    const std::string tools =
        R"(,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]})";
    for (const bool stream : {false, true}) {
        const auto answer = lab.ask(
            post("/v1/chat/completions",
                 std::string(R"({"model":"openai/mock-gpt","stream":)") + (stream ? "true" : "false") +
                     R"(,"messages":[{"role":"user","content":"Weather?"}])" + tools));
        BOOST_TEST_REQUIRE(answer.status == 200);
        std::set<std::string> ids;
        for (std::size_t at = 0; (at = answer.body.find("\"id\":\"call_", at)) != std::string::npos; ++at)
            ids.insert(answer.body.substr(at + 6, answer.body.find('"', at + 6) - at - 6));
        BOOST_TEST(ids.size() == 2U, answer.body);
        BOOST_TEST(!has(answer.body, "\"id\":\"\""));
    }
}

BOOST_AUTO_TEST_CASE(what_a_vendor_cannot_say_is_refused_by_name) {
    Lab lab;
    const auto told = [&](std::string_view path, std::string_view body, int status) {
        const auto answer = lab.ask(post(path, body));
        BOOST_TEST(answer.status == status, answer.body);
        return answer.body;
    };
    // not by what other vendors lack
    BOOST_TEST(has(
        told("/v1/chat/completions",
             R"({"model":"anthropic/mock-claude","n":2,"messages":[{"role":"user","content":"q"}]})", 400),
        "no target can express"));
    // a question about something that does not arrive is another question
    BOOST_TEST(has(told("/v1/chat/completions",
                        R"({"model":"anthropic/mock-claude","messages":[{"role":"user","content":[
                            {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]}]})",
                        400),
                   "anthropic cannot express `opaque part`"));
    // settings of one vendor's service are not for another's
    told("/v1beta/models/openai%2Fmock-gpt:generateContent",
         R"({"contents":[{"parts":[{"text":"Hello"}]}],"generationConfig":{"responseModalities":["TEXT"]},
             "safetySettings":null,"toolConfig":null})",
         200);
}

BOOST_AUTO_TEST_CASE(a_prompt_that_outgrows_a_model_moves_to_a_larger_one_of_the_same_vendor) {
    const auto overflows = [](const ServedRequest& request) {
        return request.incoming.request.model == "large"
                   ? Behaviour(Answer("It fits.", 2))
                   : Behaviour(baton::Error(baton::Errc::context_overflow));
    };
    Lab lab(overflows, always(Behaviour(baton::Error(baton::Errc::transient))),
            "[context_windows]\n\"openai/small\" = 8000\n\"openai/large\" = 128000\n");
    const auto body = [](std::string_view first) {
        return std::string(R"({"model":"openai/)").append(first) +
               R"(","fallbacks":["openai/large"],"messages":[{"role":"user","content":"Hello"}]})";
    };
    const auto answer = lab.ask(post("/v1/chat/completions", body("small")));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(has(answer.body, "It fits."));
    BOOST_TEST(answer.header("x-baton-attempts") == "2");
    const auto refused = lab.ask(post("/v1/chat/completions", body("unheard-of")));
    BOOST_TEST(refused.status == 400);
    BOOST_TEST(has(refused.body, "context_length_exceeded"));
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_is_never_a_short_answer) {
    for (const Fault fault : {Fault::reset_mid_body, Fault::close_mid_body, Fault::missing_end,
                              Fault::error_event, Fault::missing_last_chunk, Fault::bad_chunk_size}) {
        for (const char* path : {"/v1/chat/completions", "/v1/messages"}) {
            for (const char* model : {"openai/mock-gpt", "anthropic/mock-claude"}) {
                Behaviour behaviour(Answer("One two three four five six.", 6), fault, 3);
                behaviour.tokens_per_write = 1;
                behaviour.count = fault == Fault::missing_last_chunk ? 0 : 5;
                Lab lab(always(behaviour), always(behaviour));
                BOOST_TEST_CONTEXT(to_string(fault) << " " << path << " " << model) {
                    RawClient client(lab.gateway.port());
                    client.send(post(path, chat(model, true)));
                    const auto answer = client.response();
                    if (fault == Fault::missing_last_chunk) { // the terminal event was there: nothing is lost
                        BOOST_TEST((has(answer.body, "[DONE]") || has(answer.body, "message_stop") ||
                                    has(answer.body, "\"error\"")));
                        continue;
                    }
                    BOOST_TEST(answer.status == 200);
                    BOOST_TEST(!has(answer.body, "[DONE]"));
                    BOOST_TEST(!has(answer.body, "event: message_stop"));
                    BOOST_TEST(!has(answer.body, "\"finish_reason\":\"stop\""));
                    BOOST_TEST(!has(answer.body, "end_turn"));
                    BOOST_TEST(count(answer.body, std::string_view(path) == "/v1/messages"
                                                      ? "event: error\n"
                                                      : "data: {\"error\":") == 1U);
                    BOOST_TEST(answer.whole); // its clients read the error, and may use the connection again
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_is_carried_on_by_the_next_vendor) {
    Behaviour cut(Answer("One two three four five six.", 6), Fault::reset_mid_body, 3);
    cut.tokens_per_write = 1;
    for (const char* path : {"/v1/chat/completions", "/v1/messages"}) {
        BOOST_TEST_CONTEXT(path) {
            Lab lab(always(cut), says("four five six.", 3), "[resume]\nmax_resumes = 2\n");
            const auto answer = lab.ask(post(path, chat("fast", true)));
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(answer.whole);
            BOOST_TEST(!has(answer.body, "error"));
            const std::string text = shown(answer.body);
            BOOST_TEST(text == "One two three four five six.");
            BOOST_TEST(
                (answer.body.ends_with("data: [DONE]\n\n") || has(answer.body, "event: message_stop")));
            BOOST_TEST(lab.anthropic.totals().requests == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_breaks_before_the_first_delta_is_repeated_or_told_by_status) {
    for (const Fault fault :
         {Fault::reset_before_headers, Fault::close_before_headers, Fault::reset_in_headers, Fault::garbage,
          Fault::empty_body, Fault::error_in_200}) {
        for (const bool stream : {false, true}) {
            BOOST_TEST_CONTEXT(to_string(fault) << (stream ? ", streamed" : "")) {
                Lab broken(always(Behaviour(Answer("x"), fault)));
                const auto answer = broken.ask(post("/v1/chat/completions", chat("mock-gpt", stream)));
                BOOST_TEST(answer.status >= 500);
                BOOST_TEST(has(answer.body, "\"error\""));
                Lab mended(sequence(Behaviour(Answer("x"), fault), Behaviour(Answer("good"))));
                const auto second = mended.ask(post("/v1/chat/completions", chat("mock-gpt", stream)));
                BOOST_TEST(second.status == 200);
                BOOST_TEST(second.header("x-baton-attempts") == "2");
                BOOST_TEST(has(second.body, "good"));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(each_delta_is_sent_when_it_comes) {
    // The vendor says one token and then nothing for ever: the client must have the first one.
    Behaviour behaviour(Answer("First. Second.", 2), Fault::stall, 1);
    Lab lab(always(behaviour));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(client.read_until("\"content\":\"First. \""));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_cancels_the_call_upstream) {
    for (const bool stream : {false, true}) {
        BOOST_TEST_CONTEXT((stream ? "streamed" : "whole")) {
            Behaviour behaviour(Answer("First. Second.", 2), stream ? Fault::stall : Fault::silence, 1);
            Lab lab(always(behaviour));
            {
                RawClient client(lab.gateway.port());
                client.send(post("/v1/chat/completions", chat("mock-gpt", stream)));
                if (stream) BOOST_TEST(client.read_until("First. "));
                BOOST_TEST(lab.openai.wait([](const auto& t) { return t.requests == 1; }));
            }
            BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed == 1; }));
            bool counted = false; // in the gateway's own books, which another thread writes
            for (int i = 0; i < 2'000 && !counted; ++i) {
                counted = has(lab.ask(get("/metrics")).body, "baton_requests_total{outcome=\"aborted\"} 1\n");
            }
            BOOST_TEST(counted);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_slow_reader_slows_the_vendor) {
    // 48 MiB: more than all socket buffers on the way; a gateway that reads ahead would take them all.
    Behaviour behaviour(Answer("x", 1), Fault::tiny_events, 0);
    behaviour.count = 250'000;
    behaviour.tokens_per_write = 500; // the vendor's books count a write when it begins
    Lab lab(always(behaviour), always(Behaviour()),
            "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\nwrite_timeout_ms = 1500\n");
    RawClient client(lab.gateway.port());
    client.shrink();
    client.send(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(client.read_until("\"content\""));
    // It reads no more, and is given up after the limit; the vendor has not been read to its end.
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed == 1; }));
    BOOST_TEST(lab.openai.totals().bytes_out < 40'000'000U);
    BOOST_TEST(lab.openai.totals().completed == 0U);
}

BOOST_AUTO_TEST_CASE(pages_besides_completions) {
    Lab lab;
    auto answer = lab.ask(get("/v1/models"));
    BOOST_TEST(answer.status == 200);
    for (const char* name : {"\"fast\"", "\"smart\"", "\"openai/mock-gpt\"", "\"openai/other-gpt\"",
                             "\"anthropic/mock-claude\""}) {
        BOOST_TEST(has(answer.body, name), name);
    }
    BOOST_TEST(
        has(lab.ask(get("/v1/models", "anthropic-version: 2023-06-01\r\n")).body, "\"has_more\":false"));
    BOOST_TEST(lab.ask(get("/healthz")).body == "ok\n");
    BOOST_TEST(lab.ask(get("/readyz")).body == "ready\n");
    answer = lab.ask("HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.header("content-length") == "3");
    answer = lab.ask("OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n");
    BOOST_TEST(answer.status == 204);
    BOOST_TEST(has(answer.header("allow"), "POST"));
    BOOST_TEST(lab.ask("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n").status == 204);
    answer = lab.ask(get("/v1/chat/completions"));
    BOOST_TEST(answer.status == 405);
    BOOST_TEST(has(answer.header("allow"), "POST"));
    BOOST_TEST(lab.ask(get("/v1/nothing")).status == 404);
    BOOST_TEST(lab.ask(get("/v1/../v1/models")).status == 404);
    answer = lab.ask(get("/metrics"));
    BOOST_TEST(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    BOOST_TEST(has(answer.body, "# TYPE baton_request_duration_seconds histogram\n"));
}

BOOST_AUTO_TEST_CASE(connections_are_kept_and_pipelines_served_in_order) {
    Lab lab(says("kept"));
    RawClient client(lab.gateway.port());
    const std::string one = post("/v1/chat/completions", chat("mock-gpt", false));
    client.send(one + get("/healthz") + post("/v1/chat/completions", chat("mock-gpt", true)) +
                get("/readyz"));
    BOOST_TEST(has(client.response().body, "kept"));
    BOOST_TEST(client.response().body == "ok\n");
    BOOST_TEST(has(client.response().body, "[DONE]"));
    BOOST_TEST(client.response().body == "ready\n");
    client.send("GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    const auto last = client.response();
    BOOST_TEST(last.header("connection") == "close");
    BOOST_TEST(client.read_to_end());
    BOOST_TEST(lab.openai.totals().connections_opened == 1U);
}

BOOST_AUTO_TEST_CASE(clients_of_http_1_0_and_those_that_expect) {
    Lab lab(says("old"));
    RawClient old(lab.gateway.port());
    const std::string body = chat("mock-gpt", true);
    old.send("POST /v1/chat/completions HTTP/1.0\r\ncontent-length: " + std::to_string(body.size()) +
             "\r\n\r\n" + body);
    const auto answer = old.response();
    BOOST_TEST(answer.head.starts_with("HTTP/1.0 200"));
    BOOST_TEST(answer.header("transfer-encoding").empty());
    BOOST_TEST(answer.body.ends_with("data: [DONE]\n\n"));
    BOOST_TEST(answer.whole);

    RawClient careful(lab.gateway.port());
    careful.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: " +
                 std::to_string(body.size()) + "\r\n\r\n");
    BOOST_TEST(careful.read_until("HTTP/1.1 100 Continue\r\n\r\n"));
    careful.send(body);
    BOOST_TEST(has(careful.response().body, "[DONE]"));
}

BOOST_AUTO_TEST_CASE(the_cache_says_what_it_did) {
    Lab lab(says("from somewhere"), always(Behaviour()), "[cache]\nenabled = true\n");
    const std::string one = post("/v1/chat/completions", chat("mock-gpt", false));
    BOOST_TEST(lab.ask(one).header("x-baton-cache") == "miss");
    const auto again = lab.ask(one);
    BOOST_TEST(again.header("x-baton-cache") == "hit");
    BOOST_TEST(again.header("x-baton-attempts") == "0");
    BOOST_TEST(has(again.body, "from somewhere"));
    const auto streamed = lab.ask(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(streamed.header("x-baton-cache") == "hit");
    BOOST_TEST(has(streamed.body, "[DONE]"));
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), "x-baton-tenant: other\r\n"))
                   .header("x-baton-cache") == "miss");
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), "cache-control: no-cache\r\n"))
                   .header("x-baton-cache") == "off");
    BOOST_TEST(lab.openai.totals().requests == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
