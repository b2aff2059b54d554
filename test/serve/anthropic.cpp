// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The server's side of the messages API against the client's side, and against what real clients send.
#include <boost/test/unit_test.hpp>

#include "round_trip.hpp"

#include <baton/core/estimate.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/bedrock.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>

#include <chrono>

BOOST_AUTO_TEST_SUITE(serve_anthropic)

using namespace baton;
using namespace baton::test;
using Server = serve::Anthropic;
using Client = wire::Anthropic;
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

Part thinking(std::string text, std::string signature) {
    Part::Detail detail;
    detail.signature = std::move(signature);
    detail.vendor = "anthropic";
    return Part(Kind::thinking, std::move(text), std::move(detail));
}

Part opaque(std::string type, std::string json) {
    Part::Detail detail;
    detail.name = std::move(type);
    detail.vendor = "anthropic";
    return Part(Kind::opaque, std::move(json), std::move(detail));
}

Reply full_reply() {
    Reply reply;
    reply.id = "msg_1";
    reply.model = "claude-haiku-4-5-20251001";
    reply.parts.push_back(thinking("Let me \"think\".\n", "c2ln+/="));
    reply.parts.push_back(opaque("redacted_thinking", R"({"type":"redacted_thinking","data":"abc"})"));
    reply.parts.emplace_back("Caf\u00e9 \U0001F30A \\ / \x01 done");
    reply.parts.push_back(tool_call("toolu_1", "weather", R"({"city":"Paris"})"));
    reply.parts.push_back(tool_call("toolu_2", "time", "{}"));
    reply.stop = StopReason::tool_calls;
    reply.usage.input_tokens = 10;
    reply.usage.cached_input_tokens = 20;
    reply.usage.cache_write_tokens = 5;
    reply.usage.output_tokens = 7;
    reply.usage.reasoning_tokens = 40;
    reply.usage.reported = true;
    return reply;
}

/// As the client's side says it: all system messages are one, in front, and there is a token cap.
Request as_said(Request request) {
    if (!request.max_tokens) request.max_tokens = Client::default_max_tokens;
    Message all(Role::system, Parts());
    std::vector<Message> others;
    for (Message& message : request.messages) {
        if (message.role == Role::system) {
            for (Part& part : message.parts) all.parts.push_back(std::move(part));
        } else {
            others.push_back(std::move(message));
        }
    }
    if (!all.parts.empty()) others.insert(others.begin(), std::move(all));
    request.messages = std::move(others);
    return request;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_member_of_a_request_survives) {
    Message system(Role::system, Parts());
    system.parts.emplace_back("Be \"brief\".\n");
    system.parts.emplace_back("And kind.");
    system.parts[1].detail.ensure().extra = R"("cache_control":{"type":"ephemeral"})";
    system.parts[1].detail->vendor = "anthropic";
    Request request{system,          model("claude"),
                    max_tokens(400), temperature(0.25),
                    top_p(0.5),      stop("END", "\n\n"),
                    baton::top_k(5), extra(R"({"thinking":{"type":"enabled","budget_tokens":1024}})")};
    Part::Detail file;
    file.name = "A title";
    file.media_type = "application/pdf";
    request.messages.push_back(user_parts(Part("What is this?"), image_url("https://x.test/a.png?b=1"),
                                          image_data("iVBORw0KGgo=", "image/png"),
                                          Part(Kind::document, "JVBERi0=", file)));
    Message turn(Role::assistant, Parts());
    turn.parts.push_back(thinking("hm", "c2ln"));
    turn.parts.push_back(
        opaque("server_tool_use", R"({"type":"server_tool_use","id":"s","name":"n","input":{}})"));
    turn.parts.emplace_back("Looking.");
    turn.parts.push_back(tool_call("toolu_1", "look", R"({"deep":{"er":[1,2]}})"));
    request.messages.push_back(turn);
    request.messages.push_back(tool_result("toolu_1", "a cat"));
    request.messages.push_back(tool_result("toolu_2", "", true));
    request.messages.push_back(user("And now?"));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.tools[0].strict = true;
    request.tool_choice = ToolChoice("look");
    request.parallel_tools = false;
    request.response_format = ResponseFormat("", R"({"type":"object"})", true);

    const serve::Incoming incoming = served<Server>(client_bytes<Client>(request));
    same_request(incoming.request, request);
    BOOST_TEST(!incoming.stream);
    BOOST_TEST(incoming.include_usage);
    BOOST_TEST(served<Server>(client_bytes<Client>(request, true)).stream);
}

BOOST_AUTO_TEST_CASE(every_tool_choice_survives) {
    for (const auto mode :
         {ToolChoice::Mode::automatic, ToolChoice::Mode::none, ToolChoice::Mode::required}) {
        Request request{user("x"), model("m"), max_tokens(1)};
        request.tools.emplace_back("t", "d", "{}");
        request.tool_choice = ToolChoice(mode);
        same_request(served<Server>(client_bytes<Client>(request)).request, request);
    }
    Request request{user("x"), model("m"), max_tokens(1)};
    request.tools.emplace_back("t", "d", "{}");
    request.parallel_tools = false;
    same_request(served<Server>(client_bytes<Client>(request)).request, request);
}

BOOST_AUTO_TEST_CASE(what_clients_send_is_understood) {
    const serve::Incoming incoming = served<Server>(R"({
        "model": "claude", "max_tokens": 200, "top_k": 7, "stream": true, "system": "Be brief.", "metadata": {"user_id": "u"},
        "tools": [{"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "s"},
                {"type": "text", "text": "two", "citations": null},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "r1"},
                    {"type": "text", "text": "r2"}]},
                {"type": "tool_result", "tool_use_id": "t2", "content": [{"type": "image", "source":
                    {"type": "base64", "media_type": "image/png", "data": "AA"}}]},
                {"type": "image", "source": {"type": "file", "file_id": "f1"}},
                {"type": "text", "text": "three"}]}
        ]})");
    const Request& request = incoming.request;
    BOOST_TEST(incoming.stream);
    BOOST_TEST(request.max_tokens.value() == 200U);
    BOOST_TEST(request.tuning->top_k.value() == 7U);
    BOOST_TEST(request.extra ==
               R"({"metadata":{"user_id": "u"},"output_config":)"
               R"({"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}}})");
    BOOST_TEST(request.response_format->schema == R"({"type": "object"})");
    BOOST_TEST((request.tool_choice->mode == ToolChoice::Mode::required));
    BOOST_TEST(!request.parallel_tools);
    BOOST_TEST(request.tools.at(0).parameters == R"({"type": "object"})");
    BOOST_REQUIRE_EQUAL(request.messages.size(), 5U);
    BOOST_TEST((request.messages[0] == baton::system("Be brief.")));
    BOOST_TEST((request.messages[2].parts[0] == thinking("", "s")));
    BOOST_TEST(request.messages[2].parts[1].detail->extra == R"("citations":null)");
    BOOST_TEST(request.messages[2].parts[2].text == R"({"a": 1})");
    BOOST_TEST(request.messages[2].parts[2].detail->extra == R"("caller":{"type": "direct"})");
    BOOST_TEST((request.messages[3] == tool_result("t1", "r1r2")));
    BOOST_TEST((request.messages[4].role == Role::user));
    BOOST_REQUIRE_EQUAL(request.messages[4].parts.size(), 3U);
    BOOST_TEST((request.messages[4].parts[0].kind == Kind::opaque)); // a result that is more than text
    BOOST_TEST((request.messages[4].parts[1].kind == Kind::opaque)); // an image only Anthropic can find
    BOOST_TEST(request.messages[4].parts[2].text == "three");
}

BOOST_AUTO_TEST_CASE(tools_of_the_vendor_pass_whole) {
    const std::string tools =
        R"([{"type":"web_search_20250305","name":"web_search"},{"name":"f","input_schema":{}}])";
    const auto incoming =
        served<Server>(R"({"messages":[{"role":"user","content":"x"}],"tools":)" + tools + "}");
    BOOST_TEST(incoming.request.tools.empty());
    BOOST_TEST(incoming.request.extra == "{\"tools\":" + tools + "}");
}

BOOST_AUTO_TEST_CASE(a_tools_own_members_go_back_to_anthropic_alone) {
    const auto incoming = served<Server>(R"({"model":"m","messages":[{"role":"user","content":"x"}],"tools":[
        {"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral","ttl":"1h"},"defer_loading":true},
        {"name":"g","input_schema":{"type":"object"},"cache_control":null}]})");
    BOOST_REQUIRE_EQUAL(incoming.request.tools.size(), 2U);
    BOOST_TEST(incoming.request.tools[0].vendor == "anthropic");
    BOOST_TEST((incoming.request.tools[1] == Tool("g", "", R"({"type":"object"})")));
    const auto back = parse(client_bytes<Client>(incoming.request)).at("tools").as_array();
    BOOST_TEST(serialize(back.at(0)) ==
               R"({"name":"f","input_schema":{"type":"object"},)"
               R"("cache_control":{"type":"ephemeral","ttl":"1h"},"defer_loading":true})");
    BOOST_TEST(back.at(1).as_object().size() == 2U);
    Request less = incoming.request;
    less.tools[0].extra.clear();
    BOOST_TEST(estimate_input(less) < estimate_input(incoming.request));
    for (const std::string& other :
         {client_bytes<wire::OpenAI>(incoming.request), client_bytes<wire::Gemini>(incoming.request),
          client_bytes<wire::OpenAIResponses>(incoming.request),
          client_bytes<wire::Bedrock>(incoming.request)})
        BOOST_TEST(other.find("defer_loading") == other.npos);

    Request broken = incoming.request;
    broken.tools[0].extra = "nonsense";
    const Draft draft(broken);
    std::string path, headers, body;
    const auto error = Client::encode(draft, Target(), false, wire::Outgoing{path, headers, body});
    BOOST_REQUIRE(error);
    BOOST_TEST(error->detail().message.find("`tools[0].extra`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(half_an_emoji_does_not_break_the_next_request) {
    // models write them into arguments, and the vendor would refuse each request that repeats one
    Request request(user("x"), Message(Role::assistant, Parts()), model("m"), max_tokens(1));
    request.messages[1].parts.push_back(tool_call("t1", "f", R"({"mood":"\ud83d"})"));
    for (const std::string& sent : {client_bytes<wire::OpenAI>(request), client_bytes<wire::Cohere>(request),
                                    client_bytes<wire::OpenAIResponses>(request)})
        BOOST_TEST(sent.find(R"("arguments":"{\"mood\":\"\\ufffd\"}")") != sent.npos, sent);
    request.messages[1].parts.push_back(opaque("odd", R"({"type":"odd","text":"\ude00 \ud83d\ude00"})"));
    const auto content = parse(client_bytes<Client>(request)).at("messages").at(1).at("content");
    BOOST_TEST(text_at(content.at(0).at("input").as_object(), "mood") == "\xEF\xBF\xBD");
    BOOST_TEST(text_at(content.at(1).as_object(), "text") == "\xEF\xBF\xBD \xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named) {
    const auto has = [](const std::string& text, std::string_view part) {
        BOOST_TEST((text.find(part) != std::string::npos), text << " should mention " << part);
    };
    has(refused<Server>("nonsense"), "JSON");
    has(refused<Server>("{}"), "'messages'");
    has(refused<Server>(R"({"messages":[{"role":"tool","content":"x"}]})"), "role");
    has(refused<Server>(R"({"messages":[{"role":"user"}],"max_tokens":"x"})"), "'max_tokens'");
    has(refused<Server>(R"({"messages":[{"role":"user","content":{}}]})"), "content");
    has(refused<Server>(R"({"messages":[{"role":"user","content":[{"text":"x"}]}]})"), "type");
    has(refused<Server>(R"({"messages":[{"role":"user","content":[{"type":"text","text":1}]}]})"), "text");
    has(refused<Server>(R"({"messages":[{"role":"user","content":"x"}],"system":1})"), "system");
    has(refused<Server>(R"({"messages":[{"role":"user","content":"x"}],"tools":[{"input_schema":{}}]})"),
        "name");
    has(refused<Server>(R"({"messages":[{"role":"user","content":"x"}],"messages":[]})"), "twice");
}

BOOST_AUTO_TEST_CASE(a_reply_survives) {
    const Reply reply = full_reply();
    std::string body;
    Server::encode(reply, then, body);
    Reply read;
    BOOST_REQUIRE_MESSAGE(!Client::decode(body, read), body);
    same_reply(read, reply);
}

BOOST_AUTO_TEST_CASE(every_stop_reason_survives) {
    for (const StopReason stop : {StopReason::stop, StopReason::length, StopReason::tool_calls,
                                  StopReason::stop_sequence, StopReason::refusal, StopReason::pause}) {
        Reply reply;
        reply.parts.emplace_back("x");
        reply.stop = stop;
        if (stop == StopReason::stop_sequence) reply.stop_text = "END";
        std::string body;
        Server::encode(reply, then, body);
        Reply read;
        BOOST_REQUIRE(!Client::decode(body, read));
        BOOST_TEST((read.stop == stop));
        BOOST_TEST(read.stop_text == reply.stop_text);
    }
}

BOOST_AUTO_TEST_CASE(other_vendors_blocks_are_left_out) {
    Reply reply;
    reply.parts.push_back(opaque("audio", R"({"id":"a"})"));
    reply.parts[0].detail->vendor = "openai";
    reply.parts.emplace_back("x");
    std::string body;
    Server::encode(reply, then, body);
    BOOST_TEST(parse(body).at("content").as_array().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stream_survives) {
    const Reply reply = full_reply();
    std::string bytes;
    Server::StreamEncoder encoder;
    serve::StreamHead head;
    head.id = reply.id;
    head.model = reply.model;
    encoder.begin(head, bytes);
    Delta delta;
    delta.reasoning = "Let me ";
    encoder.delta(delta, bytes);
    delta.reasoning = "\"think\".\n";
    encoder.delta(delta, bytes);
    encoder.part(reply.parts[0], bytes);
    encoder.part(reply.parts[1], bytes);
    delta = Delta();
    encoder.delta(delta, bytes);
    const std::string& text = reply.parts[2].text;
    delta.text = std::string_view(text).substr(0, 6);
    encoder.delta(delta, bytes);
    delta.text = std::string_view(text).substr(6);
    encoder.delta(delta, bytes);
    delta = Delta();
    const Delta::ToolFragment first[] = {{0, "toolu_1", "weather", R"({"ci)"}};
    const Delta::ToolFragment second[] = {{0, "", "", R"(ty":"Paris"})"}, {1, "toolu_2", "time", ""}};
    delta.tools = first;
    encoder.delta(delta, bytes);
    delta.tools = second;
    encoder.delta(delta, bytes);
    encoder.finish(reply, bytes);

    const Streamed<Client> streamed(bytes);
    BOOST_TEST(streamed.ended);
    BOOST_TEST((streamed.error.errc() == Errc::ok));
    same_reply(streamed.reply, reply);
    std::string deltas;
    for (const OwnedDelta& d : streamed.deltas) deltas += d.text;
    BOOST_TEST(deltas == text);
    BOOST_TEST(bytes.starts_with("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"));
    BOOST_TEST(bytes.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
    // blocks do not nest: as many stops as starts, each start after the stop before it
    std::size_t at = 0, blocks = 0;
    for (;; ++blocks) {
        const std::size_t start = bytes.find("event: content_block_start", at);
        if (start == std::string::npos) break;
        const std::size_t stop = bytes.find("event: content_block_stop", start);
        BOOST_REQUIRE(stop != std::string::npos);
        BOOST_TEST((bytes.find("event: content_block_start", start + 1) > stop));
        at = stop;
    }
    BOOST_TEST(blocks == 5U);
}

// A client would have half a call, and not know it.
BOOST_AUTO_TEST_CASE(calls_that_come_interleaved_end_with_an_error) {
    std::string bytes;
    Server::StreamEncoder encoder;
    encoder.begin(serve::StreamHead{}, bytes);
    const Delta::ToolFragment fragments[] = {
        {0, "t0", "f", "{"}, {1, "t1", "g", "{}"}, {0, "", "", "}"}, {1, "", "", ""}};
    Delta delta;
    delta.tools = fragments;
    encoder.delta(delta, bytes);
    encoder.finish(Reply(), bytes);
    const Streamed<Client> streamed(bytes);
    BOOST_TEST((streamed.error.errc() != Errc::ok));
    BOOST_TEST(bytes.find("interleaved") != std::string::npos);
    BOOST_TEST(bytes.find("message_stop") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(line_breaks_of_raw_json_stay_out_of_the_stream) {
    Reply reply;
    std::string bytes;
    Server::StreamEncoder encoder;
    encoder.begin(serve::StreamHead(), bytes);
    encoder.part(opaque("x", "{\"type\":\r\n\n\"x\"}"), bytes);
    encoder.finish(reply, bytes);
    const Streamed<Client> streamed(bytes);
    BOOST_TEST(streamed.ended);
    BOOST_REQUIRE_EQUAL(streamed.reply.parts.size(), 1U);
    BOOST_TEST(streamed.reply.parts[0].detail->name == "x");
}

BOOST_AUTO_TEST_CASE(every_error_survives) {
    for (const ToldError& row : told_errors) {
        const Error error(row.told, "because of the weather");
        std::string body;
        const int status = Server::encode_error(error, body);
        BOOST_TEST(status >= 400);
        // Anthropic has no word for it but "invalid request"
        const Errc expected = row.told == Errc::content_filtered ? Errc::invalid_request : row.seen;
        const Error seen = Client::decode_error(status, Headers(), body, then);
        BOOST_TEST((seen.errc() == expected), to_string(row.told)
                                                  << " is seen as " << to_string(seen.errc()));
        BOOST_TEST((seen.detail().message.find("because of the weather") != std::string::npos));

        Server::StreamEncoder encoder;
        std::string bytes;
        encoder.begin(serve::StreamHead(), bytes);
        encoder.fail(error, bytes);
        const Streamed<Client> streamed(bytes);
        BOOST_TEST(streamed.ended);
        BOOST_TEST((streamed.error.errc() != Errc::ok));
        BOOST_TEST((bytes.find("message_stop") == std::string::npos));
    }
    const Error long_prompt(Errc::context_overflow, "prompt is too long: 3 tokens > 2 maximum");
    std::string as_is;
    Server::encode_error(long_prompt, as_is);
    BOOST_TEST((as_is.find("too long", as_is.find("too long") + 1) == std::string::npos)); // said once
    Error::Detail detail;
    detail.message = "Overloaded";
    detail.status = 529;
    detail.request_id = "req_1";
    std::string body;
    BOOST_TEST(Server::encode_error(Error(Errc::transient, detail), body) == 529);
    BOOST_TEST(
        body ==
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"})");
}

BOOST_AUTO_TEST_CASE(models_are_listed) {
    const std::vector<std::string> models{"a", "b"};
    std::string body;
    Server::encode_models(models, body);
    const auto json = parse(body).as_object();
    BOOST_TEST(json.at("data").as_array().size() == 2U);
    BOOST_TEST(text_at(json, "last_id") == "b");
    body.clear();
    Server::encode_models({}, body);
    BOOST_TEST(parse(body).at("first_id").is_null());
}

BOOST_AUTO_TEST_CASE(recorded_requests_survive) {
    std::size_t count = 0;
    for (const auto& [id, body] : recorded_requests("anthropic", "messages")) {
        BOOST_TEST_CONTEXT(id) {
            const serve::Incoming first = served<Server>(body);
            const serve::Incoming second = served<Server>(client_bytes<Client>(first.request, first.stream));
            same_request(second.request, as_said(first.request));
            BOOST_TEST(first.stream == second.stream);
        }
        ++count;
    }
    BOOST_TEST_MESSAGE(count << " recorded requests" << (count == 0 ? ": skipped, no recordings here" : ""));
}

BOOST_AUTO_TEST_CASE(tokens_are_counted) {
    const Request request{baton::system("Be brief."), user("Hello"), model("claude-sonnet-4-5")};
    const Draft draft(request);
    Target target;
    target.model = request.model;
    std::string path, headers, body;
    BOOST_REQUIRE(!Client::encode_count(draft, target, wire::Outgoing{path, headers, body}));
    BOOST_TEST(path.ends_with(Server::count_path)); // behind the base URL
    same_request(served<Server>(body).request, request);
    body.clear();
    Server::encode_count(17, body);
    std::uint64_t tokens = 0;
    BOOST_TEST(!Client::decode_count(body, tokens));
    BOOST_TEST(tokens == 17U);
}

BOOST_AUTO_TEST_SUITE_END()
