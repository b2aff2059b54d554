// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The server's side of chat completions against the client's side, and against what real clients send.
#include <boost/test/unit_test.hpp>

#include "round_trip.hpp"

#include <baton/serve/error_status.hpp>
#include <baton/serve/mistral.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/together.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>
#include <baton/wire/openrouter.hpp>
#include <baton/wire/vertex.hpp>

#include <chrono>

BOOST_AUTO_TEST_SUITE(serve_openai)

using namespace baton;
using namespace baton::test;
using namespace std::chrono_literals;
using Server = serve::OpenAI;
using Client = wire::OpenAI;
using Kind = Part::Kind;

static_assert(serve::Dialect<Server>);

namespace {

constexpr WallTime then{std::chrono::seconds(1'700'000'000)};

Part tool_call(std::string id, std::string name, std::string arguments) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    return Part(Kind::tool_call, std::move(arguments), std::move(detail));
}

Reply full_reply() {
    Reply reply;
    reply.id = "chatcmpl-1";
    reply.model = "gpt-5-mini-2025-08-07";
    reply.parts.emplace_back(Kind::thinking, "Let me \"think\".\n");
    reply.parts.emplace_back("Caf\u00e9 \U0001F30A \\ / \x01 done");
    reply.parts.push_back(tool_call("call_1", "weather", R"({"city":"Paris"})"));
    reply.parts.push_back(tool_call("call_2", "time", "{}"));
    reply.stop = StopReason::tool_calls;
    reply.usage.input_tokens = 10;
    reply.usage.cached_input_tokens = 20;
    reply.usage.cache_write_tokens = 5;
    reply.usage.input_audio_tokens = 3;
    reply.usage.output_tokens = 7;
    reply.usage.reasoning_tokens = 40;
    reply.usage.output_audio_tokens = 2;
    reply.usage.reported = true;
    return reply;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_member_of_a_request_survives) {
    Request request{baton::system("Be \"brief\".\n"),
                    user("Hello \U0001F600"),
                    model("openai/gpt-5"),
                    max_tokens(400),
                    temperature(0.25),
                    top_p(0.5),
                    seed(-7),
                    stop("END", "\n\n"),
                    end_user("u1"),
                    choices(2),
                    top_logprobs(0),
                    reasoning("low"),
                    service_tier("flex"),
                    frequency_penalty(0.5),
                    presence_penalty(-0.5),
                    extra(R"({"logit_bias":{"1":2},"verbosity":"low"})")};
    Part::Detail file;
    file.name = "a.pdf";
    file.media_type = "application/pdf";
    request.messages.push_back(user_parts(Part("What is this?"), image_url("https://x.test/a.png?b=1"),
                                          image_data("iVBORw0KGgo=", "image/png"),
                                          Part(Kind::document, "JVBERi0=", file)));
    Message turn = assistant("Looking.");
    turn.parts.push_back(tool_call("call_1", "look", R"({"deep":{"er":[1,2]}})"));
    turn.parts.push_back(tool_call("call_2", "see", "{}"));
    request.messages.push_back(turn);
    request.messages.push_back(tool_result("call_1", "a cat"));
    request.messages.push_back(tool_result("call_2", ""));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.tools.emplace_back("see", "");
    request.tools[0].strict = true;
    request.tool_choice = ToolChoice("look");
    request.parallel_tools = false;
    request.response_format = ResponseFormat("cat", R"({"type":"object"})", true);

    const serve::Incoming incoming = served<Server>(client_bytes<Client>(request));
    same_request(incoming.request, request);
    BOOST_TEST(!incoming.stream);
    BOOST_TEST(!incoming.include_usage);

    const serve::Incoming streamed = served<Server>(client_bytes<Client>(request, true));
    same_request(streamed.request, request);
    BOOST_TEST(streamed.stream);
    BOOST_TEST(streamed.include_usage);
}

BOOST_AUTO_TEST_CASE(every_tool_choice_and_format_survives) {
    for (const auto mode :
         {ToolChoice::Mode::automatic, ToolChoice::Mode::none, ToolChoice::Mode::required}) {
        Request request{user("x"), model("m")};
        request.tools.emplace_back("t", "d");
        request.tool_choice = ToolChoice(mode);
        same_request(served<Server>(client_bytes<Client>(request)).request, request);
    }
    Request request{user("x"), model("m"), ResponseFormat(ResponseFormat::Kind::json_object)};
    same_request(served<Server>(client_bytes<Client>(request)).request, request);
}

BOOST_AUTO_TEST_CASE(what_clients_send_is_understood) {
    const serve::Incoming incoming = served<Server>(R"({
        "stream": true, "stream_options": {"include_usage": false, "x": 1}, "temperature": null,
        "max_completion_tokens": 9, "stop": "END", "parallel_tool_calls": true, "seed": 17106857715909825000,
        "fallbacks": ["a/b", "c"], "metadata": {"k": [1, {"l": null}]}, "tool_choice": {"type": "allowed_tools"},
        "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "object"}, "name": "n"}},
        "messages": [
            {"content": [{"type": "text", "text": "a"}, {"text": "b", "type": "text"}], "role": "developer"},
            {"role": "user", "name": "bob", "content": [{"type": "image_url", "image_url": "https://x.test/i"},
                {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}]},
            {"role": "assistant", "content": "", "refusal": null, "reasoning_content": "hm", "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]},
            {"tool_call_id": "c1", "role": "tool", "content": [{"type": "text", "text": "r1"},
                {"type": "text", "text": "r2"}]},
            {"role": "assistant", "content": null, "refusal": "I won't."}
        ], "model": "gpt"})");
    const Request& request = incoming.request;
    BOOST_TEST(incoming.stream);
    BOOST_TEST(!incoming.include_usage);
    BOOST_TEST(!request.temperature.has_value());
    BOOST_TEST(request.max_tokens.value() == 9U);
    BOOST_TEST(request.stop.at(0) == "END");
    BOOST_TEST(request.fallbacks.size() == 2U);
    BOOST_TEST(!request.seed.has_value());
    BOOST_TEST(
        request.extra ==
        R"({"seed":17106857715909825000,"metadata":{"k": [1, {"l": null}]},"tool_choice":{"type": "allowed_tools"}})");
    BOOST_TEST(request.response_format->schema == R"({"type": "object"})");
    BOOST_TEST(request.response_format->name == "n");
    BOOST_TEST(!request.response_format->strict);
    BOOST_REQUIRE_EQUAL(request.messages.size(), 5U);
    BOOST_TEST((request.messages[0].role == Role::system));
    BOOST_TEST(request.messages[0].text() == "ab");
    BOOST_TEST((request.messages[1].parts[0] == image_url("https://x.test/i")));
    BOOST_TEST((request.messages[1].parts[1].kind == Kind::opaque));
    BOOST_TEST(request.messages[1].parts[1].text ==
               R"({"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}})");
    BOOST_TEST(request.messages[1].parts[1].detail->name == "input_audio");
    BOOST_REQUIRE_EQUAL(request.messages[2].parts.size(), 2U); // the empty text beside a call says nothing
    BOOST_TEST((request.messages[2].parts[0] == Part(Kind::thinking, "hm")));
    BOOST_TEST((request.messages[2].parts[1] == tool_call("c1", "f", R"({"a": 1})")));
    BOOST_TEST((request.messages[3] == tool_result("c1", "r1r2")));
    BOOST_TEST(request.messages[4].parts[0].detail->name == "refusal");
}

BOOST_AUTO_TEST_CASE(tools_of_another_kind_pass_whole) {
    const std::string tools =
        R"([{"type":"custom","custom":{"name":"x"}},{"type":"function","function":{"name":"f"}}])";
    const auto incoming =
        served<Server>(R"({"messages":[{"role":"user","content":"x"}],"tools":)" + tools + "}");
    BOOST_TEST(incoming.request.tools.empty());
    BOOST_TEST(incoming.request.extra == "{\"tools\":" + tools + "}");
}

BOOST_AUTO_TEST_CASE(words_of_the_dialect_reach_whoever_speaks_it) {
    const auto incoming = served<Server>(R"({"model":"m","messages":[{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AA","detail":"hi\"gh"}},
        {"type":"image_url","image_url":{"url":"https://a/c.png","detail":null}},
        {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]}],"tools":[
        {"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]})");
    Request request = incoming.request;
    BOOST_TEST((request.messages[0].parts[2] == image_url("https://a/c.png")));
    const std::string both[] = {client_bytes<Client>(request), client_bytes<wire::OpenRouter>(request)};
    for (const std::string& sent : both) {
        const auto body = parse(sent);
        const auto& content = body.at("messages").at(0).at("content").as_array();
        BOOST_TEST(serialize(content.at(0)) ==
                   R"({"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}})");
        BOOST_TEST(text_at(content.at(1).at("image_url").as_object(), "detail") == "hi\"gh");
        BOOST_TEST(content.at(2).at("image_url").as_object().size() == 1U);
        BOOST_TEST(serialize(content.at(3)) ==
                   R"({"type":"input_audio","input_audio":{"data":"AA","format":"wav"}})");
        // a marker of OpenRouter's; an unknown member elsewhere
        BOOST_TEST(body.at("tools").at(0).as_object().contains("cache_control") == (&sent == &both[1]));
    }
    const auto refusal = [](const Request& asked, auto wire) {
        const Draft draft(asked);
        std::string path, headers, out;
        const auto error = decltype(wire)::encode(draft, Target(), false, wire::Outgoing{path, headers, out});
        return error ? error->detail().message : std::string();
    };
    // refused here and so free to go elsewhere: who has no such models, and files of another's account
    BOOST_TEST(refusal(request, wire::Mistral()).find("opaque part") != std::string::npos);
    Request file = request;
    file.messages[0].parts[3] =
        served<Server>(R"({"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]})")
            .request.messages[0]
            .parts[0];
    BOOST_TEST(refusal(file, wire::OpenRouter()).find("opaque part") != std::string::npos);
    BOOST_TEST(refusal(file, Client()).empty());
    // the vendor's other API has the word for images, and other words for the rest
    request.messages[0].parts.pop_back();
    const auto responses = parse(client_bytes<wire::OpenAIResponses>(request));
    BOOST_TEST(serialize(responses.at("input").at(0).at("content").at(0)) ==
               R"({"type":"input_image","image_url":"https://a/b.png","detail":"low"})");
    BOOST_TEST(!responses.at("tools").at(0).as_object().contains("cache_control"));
    const std::string anthropic = client_bytes<wire::Anthropic>(request);
    BOOST_TEST(anthropic.find("low") == anthropic.npos);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
    const auto has = [](const std::string& text, std::string_view part) {
        BOOST_TEST((text.find(part) != std::string::npos), text << " should mention " << part);
    };
    has(refused<Server>(""), "JSON");
    has(refused<Server>("[]"), "JSON");
    has(refused<Server>(R"({"messages":[{"role":"user","content":"x"}]} x)"), "JSON");
    has(refused<Server>(R"({"messages":[{"role":"user","content":"x"}])"), "JSON");
    has(refused<Server>("{}"), "'messages'");
    has(refused<Server>(R"({"messages":[]})"), "'messages'");
    has(refused<Server>(R"({"messages":"x"})"), "'messages'");
    has(refused<Server>(R"({"messages":["x"]})"), "messages[]");
    has(refused<Server>(R"({"messages":[{"role":"robot","content":"x"}]})"), "robot");
    has(refused<Server>(R"({"messages":[{"content":"x"}]})"), "role");
    has(refused<Server>(R"({"messages":[{"role":"user","content":1}]})"), "content");
    has(refused<Server>(R"({"messages":[{"role":"user","content":[1]}]})"), "content");
    has(refused<Server>(R"({"messages":[{"role":"tool","content":"x"}]})"), "tool_call_id");
    has(refused<Server>(R"({"messages":[{"role":"assistant","tool_calls":[{"id":"x"}]}]})"), "function.name");
    const std::string good = R"("messages":[{"role":"user","content":"x"}])";
    has(refused<Server>("{" + good + R"(,"model":1})"), "'model'");
    has(refused<Server>("{" + good + R"(,"stream":"yes"})"), "'stream'");
    has(refused<Server>("{" + good + R"(,"temperature":"hot"})"), "'temperature'");
    has(refused<Server>("{" + good + R"(,"max_tokens":-1})"), "'max_tokens'");
    has(refused<Server>("{" + good + R"(,"max_tokens":4294967296})"), "'max_tokens'");
    has(refused<Server>("{" + good + R"(,"stop":[1]})"), "'stop'");
    has(refused<Server>("{" + good + R"(,"tools":{}})"), "'tools'");
    has(refused<Server>("{" + good + R"(,"tools":[{"type":"function","function":{}}]})"),
        "tools[].function.name");
    has(refused<Server>("{" + good + R"(,"response_format":{"type":"json_schema"}})"), "json_schema.schema");
    has(refused<Server>("{" + good + R"(,"model":"a","model":"b"})"), "twice");
    has(refused<Server>("{" + good + R"(,"x":1,"\u0078":2})"), "twice");
}

BOOST_AUTO_TEST_CASE(a_reply_survives) {
    const Reply reply = full_reply();
    std::string body;
    Server::encode(reply, then, body);
    Reply read;
    const auto error = Client::decode(body, read);
    BOOST_REQUIRE_MESSAGE(!error, body);
    same_reply(read, reply);
    const auto json = parse(body).as_object();
    BOOST_TEST(text_at(json, "object") == "chat.completion");
    BOOST_TEST(json.at("created").as_int64() == 1'700'000'000);
    BOOST_TEST(json.at("usage").at("prompt_tokens").as_int64() == 38);
    BOOST_TEST(json.at("usage").at("total_tokens").as_int64() == 87);
}

BOOST_AUTO_TEST_CASE(every_stop_reason_survives_that_has_a_word) {
    for (const StopReason stop : {StopReason::stop, StopReason::length, StopReason::content_filter}) {
        Reply reply = full_reply();
        reply.parts.pop_back();
        reply.stop = stop;
        std::string body;
        Server::encode(reply, then, body);
        Reply read;
        BOOST_REQUIRE(!Client::decode(body, read));
        BOOST_TEST((read.stop == stop));
    }
    Reply unknown;
    unknown.stop_text = "sunset";
    unknown.parts.emplace_back("x");
    std::string body;
    Server::encode(unknown, then, body);
    Reply read;
    BOOST_REQUIRE(!Client::decode(body, read));
    BOOST_TEST((read.stop == StopReason::unknown));
    BOOST_TEST(read.stop_text == "sunset");
    BOOST_TEST(!read.usage.reported);
}

BOOST_AUTO_TEST_CASE(a_refusal_survives) {
    const auto turn =
        served<Server>(R"({"messages":[{"role":"assistant","refusal":"No."}]})").request.messages[0];
    Reply reply;
    reply.parts = turn.parts;
    reply.stop = StopReason::refusal;
    std::string body;
    Server::encode(reply, then, body);
    Reply read;
    BOOST_REQUIRE(!Client::decode(body, read));
    BOOST_TEST((read.stop == StopReason::refusal));
    same_parts(read.parts, reply.parts);
    BOOST_TEST(parse(body).at("choices").at(0).at("message").at("content").is_null());
}

BOOST_AUTO_TEST_CASE(a_thought_signature_of_gemini_comes_back_to_it) {
    Reply reply;
    reply.id = "r";
    reply.model = "gemini-3-pro";
    reply.parts.push_back(tool_call("c1", "f", "{}"));
    reply.parts.push_back(tool_call("c2", "g", R"({"a":1})"));
    reply.parts[1].detail->signature = "c2ln+/=";
    reply.parts[1].detail->vendor = "gemini";
    reply.stop = StopReason::tool_calls;
    constexpr std::string_view place = R"("extra_content":{"google":{"thought_signature":"c2ln+/="}})";
    std::string body;
    Server::encode(reply, then, body);
    BOOST_TEST(body.find(place) != body.npos, body);

    std::string bytes;
    Server::StreamEncoder encoder;
    encoder.begin(serve::StreamHead(), bytes);
    Delta delta;
    const Delta::ToolFragment calls[] = {{0, "c1", "f", "{}"}, {1, "c2", "g", R"({"a":1})"}};
    delta.tools = calls;
    encoder.delta(delta, bytes);
    encoder.finish(reply, bytes);
    BOOST_TEST(bytes.find(R"("tool_calls":[{"index":1,"function":{"arguments":""},)" + std::string(place)) !=
                   bytes.npos,
               bytes);
    const Streamed<Client> streamed(bytes);
    BOOST_TEST(streamed.ended);
    BOOST_TEST(streamed.reply.parts.size() == 2U);
    BOOST_TEST(streamed.reply.parts.at(1).text == R"({"a":1})");

    // the client sends the message back as it came
    const auto message = serialize(parse(body).at("choices").at(0).at("message"));
    Request request = served<Server>(R"({"model":"gemini-3-pro","messages":[{"role":"user","content":"x"},)" +
                                     message + "]}")
                          .request;
    BOOST_TEST(request.messages.at(1).parts.at(1).detail->signature == "c2ln+/=");
    for (const std::string& sent : {client_bytes<wire::Gemini>(request), client_bytes<wire::Vertex>(request)})
        BOOST_TEST(sent.find(R"("thoughtSignature":"c2ln+/=")") != sent.npos, sent);
    BOOST_TEST(client_bytes<Client>(request).find("c2ln") == std::string::npos); // means nothing to others
}

BOOST_AUTO_TEST_CASE(a_stream_survives) {
    for (const bool include_usage : {true, false}) {
        Reply reply = full_reply();
        std::string bytes;
        Server::StreamEncoder encoder;
        serve::StreamHead head;
        head.id = reply.id;
        head.model = reply.model;
        head.created = then;
        head.include_usage = include_usage;
        encoder.begin(head, bytes);
        Delta delta;
        delta.reasoning = "Let me ";
        encoder.delta(delta, bytes);
        delta.reasoning = "\"think\".\n";
        encoder.delta(delta, bytes);
        delta = Delta();
        const std::string text(reply.text());
        delta.text = std::string_view(text).substr(0, 6);
        encoder.delta(delta, bytes);
        encoder.delta(Delta(), bytes); // says nothing
        delta.text = std::string_view(text).substr(6);
        encoder.delta(delta, bytes);
        delta = Delta();
        const Delta::ToolFragment first[] = {{0, "call_1", "weather", R"({"ci)"}};
        const Delta::ToolFragment second[] = {{0, "", "", R"(ty":"Paris"})"}, {1, "call_2", "time", ""}};
        delta.tools = first;
        encoder.delta(delta, bytes);
        delta.tools = second;
        encoder.delta(delta, bytes);
        encoder.finish(reply, bytes);

        if (!include_usage) reply.usage = Usage();
        const Streamed<Client> streamed(bytes);
        BOOST_TEST(streamed.ended);
        BOOST_TEST((streamed.error.errc() == Errc::ok));
        same_reply(streamed.reply, reply);
        BOOST_REQUIRE_EQUAL(streamed.deltas.size(), 7U); // two calls in one chunk, some clients do not see
        BOOST_TEST(streamed.deltas[1].reasoning == "\"think\".\n");
        BOOST_TEST(streamed.deltas[2].text + streamed.deltas[3].text == text);
        BOOST_TEST(streamed.deltas[6].tools.at(0).name == "time");
        BOOST_TEST((bytes.find("\"usage\"") != std::string::npos) == include_usage);
        BOOST_TEST(bytes.ends_with("data: [DONE]\n\n"));
        BOOST_TEST((bytes.find(R"("delta":{"role":"assistant")") < bytes.find("\n\n")));
    }
}

BOOST_AUTO_TEST_CASE(mistrals_clients_get_a_name_in_every_piece_and_the_usage) {
    static_assert(serve::Dialect<serve::Mistral>);
    serve::Incoming incoming;
    BOOST_TEST(!serve::Mistral::decode(
        R"({"model":"m","messages":[{"role":"user","content":"x"}],"stream":true})", incoming));
    BOOST_TEST(incoming.include_usage);
    serve::StreamHead head;
    head.include_usage = incoming.include_usage;
    std::string bytes;
    serve::Mistral::StreamEncoder encoder;
    encoder.begin(head, bytes);
    const Delta::ToolFragment first[] = {{0, "c", "weather", "{"}}, second[] = {{0, "", "", "}"}};
    Delta delta;
    delta.tools = first;
    encoder.delta(delta, bytes);
    delta.tools = second;
    encoder.delta(delta, bytes);
    encoder.finish(full_reply(), bytes);
    BOOST_TEST(bytes.find(R"("function":{"name":"","arguments":"}"})") != std::string::npos);
    BOOST_TEST(bytes.find(R"("usage":null)") == std::string::npos);
    BOOST_TEST(bytes.find(R"("choices":[])") == std::string::npos); // they look into the first of each chunk
    const Streamed<Client> streamed(bytes);                         // and others read it as before
    BOOST_TEST(streamed.ended);
    BOOST_TEST_REQUIRE(streamed.reply.parts.size() == 1U);
    BOOST_TEST(streamed.reply.parts[0].detail->name == "weather");
    BOOST_TEST(streamed.reply.parts[0].text == "{}");
    BOOST_TEST(streamed.reply.usage.reported);
}

BOOST_AUTO_TEST_CASE(every_error_survives) {
    for (const ToldError& row : told_errors) {
        const Error error(row.told, "because of the weather");
        std::string body, lines;
        const int status = Server::encode_error(error, body);
        BOOST_TEST(status >= 400);
        const Error seen = Client::decode_error(status, Headers(), body, then);
        BOOST_TEST((seen.errc() == row.seen), to_string(row.told)
                                                  << " is seen as " << to_string(seen.errc()));
        BOOST_TEST((seen.detail().message.find("because of the weather") != std::string::npos));

        Server::StreamEncoder encoder;
        std::string bytes;
        encoder.begin(serve::StreamHead(), bytes);
        encoder.fail(error, bytes);
        const Streamed<Client> streamed(bytes);
        BOOST_TEST(streamed.ended);
        BOOST_TEST((streamed.error.errc() != Errc::ok));
        BOOST_TEST((bytes.find("[DONE]") == std::string::npos));
    }
    std::string body;
    BOOST_TEST(Server::encode_error(Error(Errc::timeout_total), body) == 504);
    BOOST_TEST((body.find("timeout_total") != std::string::npos)); // never an empty message
}

BOOST_AUTO_TEST_CASE(wait_hints_survive) {
    Error::Detail detail;
    detail.retry_after = 1500ms;
    detail.should_retry = false;
    const Error error(Errc::rate_limited, detail);
    std::string lines;
    serve::write_retry_headers(error, lines);
    BOOST_TEST(lines == "retry-after: 2\r\nretry-after-ms: 1500\r\nx-should-retry: false\r\n");
    const HeaderField fields[] = {
        {"Retry-After", "2"}, {"Retry-After-Ms", "1500"}, {"X-Should-Retry", "false"}};
    std::string body;
    const int status = Server::encode_error(error, body);
    const Error seen = Client::decode_error(status, Headers(fields), body, then);
    BOOST_TEST((seen.detail().retry_after == 1500ms));
    BOOST_TEST((seen.detail().should_retry == false));
    std::string none;
    serve::write_retry_headers(Error(Errc::transient), none);
    BOOST_TEST(none.empty());
}

BOOST_AUTO_TEST_CASE(models_are_listed) {
    const std::vector<std::string> models{"a/b", "c\"d"};
    std::string body;
    Server::encode_models(models, body);
    const auto json = parse(body).as_object();
    BOOST_TEST(json.at("data").as_array().size() == 2U);
    BOOST_TEST(text_at(json.at("data").at(1).as_object(), "id") == "c\"d");

    body.clear(); // each has a kind here
    serve::Mistral::encode_models(models, body);
    const auto mistral = parse(body).at("data").at(1).as_object();
    BOOST_TEST(text_at(mistral, "id") == "c\"d");
    BOOST_TEST(text_at(mistral, "type") == "base");
    BOOST_TEST(mistral.at("capabilities").at("completion_chat").as_bool());
    body.clear();
    serve::Mistral::encode_model("c\"d", body);
    BOOST_TEST((parse(body) == mistral));

    static_assert(serve::Dialect<serve::Together>);
    body.clear(); // and stands in no object here
    serve::Together::encode_models(models, body);
    BOOST_TEST_REQUIRE(parse(body).as_array().size() == 2U);
    BOOST_TEST(text_at(parse(body).at(1).as_object(), "id") == "c\"d");
}

BOOST_AUTO_TEST_CASE(what_says_nothing_is_no_tuning) {
    const auto read = served<Server>(
        R"({"messages":[{"role":"developer","content":"x"}],"n":1,"frequency_penalty":0,"presence_penalty":null,"logprobs":false,"max_completion_tokens":7})");
    BOOST_TEST(!read.request.tuning);
    BOOST_TEST((read.request.max_tokens == 7U));
    BOOST_TEST((read.request.messages[0].role == Role::system));
    BOOST_TEST((served<Server>(R"({"messages":[{"role":"user","content":"x"}],"logprobs":true})")
                    .request.tuning->top_logprobs == 0U));
}

BOOST_AUTO_TEST_CASE(alternatives_and_log_probabilities_survive) {
    Reply reply = full_reply();
    ReplyExtras& extras = reply.extras.ensure();
    extras.logprobs =
        R"({"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[]}],"refusal":null})";
    extras.service_tier = "flex";
    Reply& other = extras.alternatives.emplace_back();
    other.parts.emplace_back("Or else.");
    other.parts.push_back(tool_call("call_3", "time", "{}"));
    other.stop = StopReason::tool_calls;
    std::string body;
    Server::encode(reply, then, body);
    std::string bytes;
    Server::StreamEncoder encoder;
    encoder.begin(serve::StreamHead(), bytes);
    encoder.finish(reply, bytes);
    Reply whole;
    BOOST_REQUIRE(!Client::decode(body, whole));
    same_reply(whole, reply);
    BOOST_REQUIRE(whole.extras);
    BOOST_TEST(whole.extras->service_tier == "flex");
    Streamed<Client> streamed(bytes);
    BOOST_TEST(streamed.ended);
    for (const Reply* read : {&whole, &streamed.reply}) {
        BOOST_REQUIRE(read->extras);
        BOOST_TEST((parse(read->extras->logprobs).at("content") == parse(extras.logprobs).at("content")));
        BOOST_REQUIRE_EQUAL(read->extras->alternatives.size(), 1U);
        same_parts(read->extras->alternatives[0].parts, other.parts);
        BOOST_TEST((read->extras->alternatives[0].stop == StopReason::tool_calls));
    }
}

BOOST_AUTO_TEST_CASE(embeddings_survive) {
    EmbedRequest request(std::vector<std::string>{"a", "\"b\""});
    request.model = "text-embedding-3-small";
    request.dimensions = 3;
    request.extra = R"({"user":"u"})";
    Target target;
    target.model = request.model;
    std::string path, headers, body;
    BOOST_REQUIRE(!Client::encode_embed(request, target, wire::Outgoing{path, headers, body}));
    EmbedRequest read;
    bool base64 = false;
    BOOST_REQUIRE(!Server::decode_embed(body, read, base64));
    BOOST_TEST((read == request));
    Embeddings answer;
    answer.model = request.model;
    answer.usage.input_tokens = 4;
    answer.usage.reported = true;
    for (std::size_t size = 1; size < 6; ++size) { // every length of padding
        answer.vectors.assign(2, std::vector<float>(size, -1.25F));
        answer.vectors[1].back() = 0.1F;
        for (const bool packed : {false, true}) {
            body.clear();
            Server::encode_embed(answer, packed, body);
            Embeddings got;
            BOOST_REQUIRE_MESSAGE(!Client::decode_embed(body, got), body);
            BOOST_TEST((got.vectors == answer.vectors), body);
            BOOST_TEST(got.model == answer.model);
            BOOST_TEST((got.usage == answer.usage));
        }
    }
    EmbedRequest one;
    BOOST_TEST(!Server::decode_embed(R"({"model":"m","input":"a","encoding_format":"base64"})", one, base64));
    BOOST_TEST(base64);
    for (const std::string_view bad :
         {"{}", "[]", R"({"input":[]})", R"({"input":[1,2]})", R"({"input":[[1,2]]})",
          R"({"input":"a","encoding_format":"int8"})", R"({"input":"a","dimensions":-1})"}) {
        EmbedRequest wrong;
        const auto error = Server::decode_embed(bad, wrong, base64);
        BOOST_REQUIRE_MESSAGE(error, bad);
        BOOST_TEST((error->errc() == Errc::invalid_request));
    }
}

BOOST_AUTO_TEST_CASE(recorded_requests_survive) {
    std::size_t count = 0;
    for (const auto& [id, body] : recorded_requests("openai", "chat")) {
        BOOST_TEST_CONTEXT(id) {
            const serve::Incoming first = served<Server>(body);
            const serve::Incoming second = served<Server>(client_bytes<Client>(first.request, first.stream));
            same_request(second.request, first.request);
            BOOST_TEST(first.stream == second.stream);
        }
        ++count;
    }
    BOOST_TEST_MESSAGE(count << " recorded requests" << (count == 0 ? ": skipped, no recordings here" : ""));
}

BOOST_AUTO_TEST_CASE(broken_requests_give_errors) {
    Request request{baton::system("Be brief."), user("Hello"), model("gpt-5"), reasoning("low")};
    request.messages.push_back(full_reply().message());
    request.messages.push_back(tool_result("call_1", "a cat"));
    request.messages.push_back(user_parts(Part("And?"), image_data("iVBORw0KGgo=", "image/png")));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.response_format = ResponseFormat("answer", R"({"type":"object"})", true);
    const std::vector<std::string> bodies{client_bytes<Client>(request, true)};
    const std::size_t refused = mutate(bodies, 25'000, [](const std::string& body) {
        serve::Incoming incoming;
        return Server::decode(body, incoming);
    });
    BOOST_TEST(refused > 15'000U);
    BOOST_TEST_MESSAGE(refused << " of 25000 mutations refused");
}

BOOST_AUTO_TEST_SUITE_END()
