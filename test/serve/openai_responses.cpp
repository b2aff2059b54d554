// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The server's side of the Responses API against the client's side, and against what real clients send.
#include <boost/test/unit_test.hpp>

#include "round_trip.hpp"

#include <baton/serve/openai_responses.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>

#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(serve_openai_responses)

using namespace baton;
using namespace baton::test;
using Server = serve::OpenAIResponses;
using Client = wire::OpenAIResponses;
using Kind = Part::Kind;

static_assert(serve::Dialect<Server>);
static_assert(Server::name == Client::name);

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
    reply.id = "resp_1";
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

Reply unary(const Reply& reply) {
    std::string body;
    Server::encode(reply, then, body);
    Reply read;
    const auto error = Client::decode(body, read);
    BOOST_REQUIRE_MESSAGE(!error, body);
    return read;
}

/// `reply` as events: its texts in pieces of `step` bytes.
std::string events(const Reply& reply, std::size_t step) {
    std::string bytes;
    Server::StreamEncoder encoder;
    serve::StreamHead head;
    head.id = reply.id;
    head.model = reply.model;
    head.created = then;
    encoder.begin(head, bytes);
    int call = 0;
    for (const Part& part : reply.parts) {
        for (std::size_t at = 0, next = 0; at == 0 || at < part.text.size(); at = next) {
            for (next = at + step; next < part.text.size() && (part.text[next] & 0xC0) == 0x80;) ++next;
            Delta delta;
            const std::string_view piece = std::string_view(part.text).substr(at, next - at);
            Delta::ToolFragment fragment;
            if (part.kind == Kind::thinking) delta.reasoning = piece;
            if (part.kind == Kind::text) delta.text = piece;
            if (part.kind == Kind::tool_call) {
                fragment = {call, at == 0 ? std::string_view(part.detail->id) : "",
                            at == 0 ? std::string_view(part.detail->name) : "", piece};
                delta.tools = {&fragment, 1};
            }
            encoder.delta(delta, bytes);
        }
        if (part.kind == Kind::tool_call) ++call;
        if (part.kind == Kind::opaque || (part.detail && !part.detail->signature.empty()))
            encoder.part(part, bytes);
    }
    encoder.finish(reply, bytes);
    return bytes;
}

void same_content(const Reply& a, const Reply& b) {
    BOOST_TEST(a.id == b.id);
    BOOST_TEST(a.model == b.model);
    BOOST_TEST((a.stop == b.stop));
    BOOST_TEST((a.usage == b.usage));
    BOOST_REQUIRE_EQUAL(a.parts.size(), b.parts.size());
    for (std::size_t i = 0; i < a.parts.size(); ++i) {
        BOOST_TEST((a.parts[i].kind == b.parts[i].kind));
        BOOST_TEST(a.parts[i].text == b.parts[i].text);
        if (a.parts[i].kind != Kind::tool_call) continue;
        BOOST_TEST(a.parts[i].detail->id == b.parts[i].detail->id);
        BOOST_TEST(a.parts[i].detail->name == b.parts[i].detail->name);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(details_of_images_and_tools_go_through) {
    const auto incoming = served<Server>(R"({"model":"m","input":[{"role":"user","content":[
        {"type":"input_image","image_url":"https://a/b.png","detail":"high","file_id":null}]}],
        "tools":[{"type":"function","name":"f","parameters":null,"defer_loading":true}]})");
    const auto body = parse(client_bytes<Client>(incoming.request));
    BOOST_TEST(serialize(body.at("input").at(0).at("content").at(0)) ==
               R"({"type":"input_image","image_url":"https://a/b.png","detail":"high"})");
    BOOST_TEST(body.at("tools").at(0).at("defer_loading").as_bool());
    const auto chat = parse(client_bytes<wire::OpenAI>(incoming.request));
    BOOST_TEST(text_at(chat.at("messages").at(0).at("content").at(0).at("image_url").as_object(), "detail") ==
               "high");
    BOOST_TEST(!chat.at("tools").at(0).as_object().contains("defer_loading"));
}

BOOST_AUTO_TEST_CASE(every_member_of_a_request_survives) {
    Request request{baton::system("Be \"brief\".\n"),
                    user("Hello \U0001F600"),
                    model("gpt-5"),
                    max_tokens(400),
                    temperature(0.25),
                    top_p(0.5),
                    top_logprobs(3),
                    reasoning("low"),
                    service_tier("flex"),
                    end_user("u1"),
                    extra(R"({"metadata":{"a":"b"},"previous_response_id":"resp_0"})")};
    request.messages.push_back(baton::system("Still."));
    request.messages.push_back(user_parts(
        Part("What is this?"), image_url("https://x.test/a.png?b=1"), image_data("iVBORw0KGgo=", "image/png"),
        document_data("JVBERi0=", "application/pdf", "a.pdf"), document_url("https://x.test/b.pdf")));
    Message turn = assistant("Looking.");
    turn.parts.push_back(tool_call("call_1", "look", R"({"deep":{"er":[1,2]}})"));
    turn.parts.push_back(tool_call("call_2", "see", "{}"));
    request.messages.push_back(turn);
    request.messages.push_back(tool_result("call_1", "a cat"));
    request.messages.push_back(tool_result("call_2", ""));
    request.messages.push_back(assistant("One."));
    request.messages.push_back(assistant("Two."));
    request.messages.push_back(user("Go on."));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.tools.emplace_back("see", "", R"({"type":"object"})");
    request.tools[0].strict = true;
    request.parallel_tools = false;
    for (const ToolChoice& choice :
         {ToolChoice(ToolChoice::Mode::automatic), ToolChoice(ToolChoice::Mode::none),
          ToolChoice(ToolChoice::Mode::required), ToolChoice("look")}) {
        request.tool_choice = choice;
        for (const bool stream : {false, true}) {
            const serve::Incoming read = served<Server>(client_bytes<Client>(request, stream));
            same_request(read.request, request);
            BOOST_TEST(read.stream == stream);
            BOOST_TEST(read.include_usage);
        }
    }
    request.response_format = ResponseFormat("answer", R"({"type":"object"})", true);
    same_request(served<Server>(client_bytes<Client>(request)).request, request);
    request.response_format = ResponseFormat(ResponseFormat::Kind::json_object);
    same_request(served<Server>(client_bytes<Client>(request)).request, request);
}

BOOST_AUTO_TEST_CASE(what_the_model_said_goes_back_as_it_came) {
    const std::string items =
        R"({"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"abc"},)"
        R"({"id":"msg_1","type":"message","status":"completed","role":"assistant","phase":"x","content":[)"
        R"({"type":"output_text","text":"Hi","annotations":[{"url":"u"}]},{"type":"refusal","refusal":"No."},{"type":"new","x":1}]},)"
        R"({"id":"fc_1","type":"function_call","status":"completed","call_id":"call_1","name":"f","arguments":"{}"},)"
        R"({"id":"ws_1","type":"web_search_call","status":"completed","action":{"q":"x"}})";
    // as an answer, and as part of the next question
    Reply reply;
    BOOST_REQUIRE(
        !Client::decode(R"({"id":"r","model":"m","status":"completed","output":[)" + items + "]}", reply));
    const auto read = served<Server>(
        R"({"input":[{"role":"user","content":"x"},)" + items +
        R"(,{"type":"function_call_output","call_id":"call_1","output":[{"type":"input_text","text":"4"},{"type":"input_text","text":"2"}]},)"
        R"({"type":"computer_call_output","call_id":"c","output":{"type":"x"}}]})");
    BOOST_REQUIRE_EQUAL(read.request.messages.size(), 4U);
    BOOST_TEST((read.request.messages[1].role == Role::assistant));
    same_parts(read.request.messages[1].parts, reply.parts);
    BOOST_TEST(read.request.messages[2].parts[0].text == "42");
    BOOST_TEST((read.request.messages[3].role == Role::tool));
    BOOST_TEST((read.request.messages[3].parts[0].kind == Kind::opaque));
    Request again = read.request;
    again.model = "m";
    const auto second = served<Server>(client_bytes<Client>(again));
    same_request(second.request, again);
    // and as an answer once more
    same_parts(unary(reply).parts, reply.parts);
}

BOOST_AUTO_TEST_CASE(what_clients_write_is_read) {
    struct Row {
        std::string_view body;
        Role role;
        std::string_view text;
    };
    static constexpr Row rows[] = {
        {R"({"input":"Hi"})", Role::user, "Hi"},
        {R"({"input":[{"role":"developer","content":"Hi"}]})", Role::system, "Hi"},
        {R"({"input":[{"role":"system","content":[{"type":"input_text","text":"Hi"}]}]})", Role::system,
         "Hi"},
        {R"({"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"H"},{"type":"input_text","text":"i"}]}]})",
         Role::user, "Hi"},
        {R"({"input":[{"role":"assistant","content":[{"type":"output_text","text":"Hi"}]}]})",
         Role::assistant, "Hi"},
        {R"({"instructions":"Hi","input":"x"})", Role::system, "Hi"},
        {R"({"instructions":null,"tools":null,"input":"Hi","text":null,"temperature":null})", Role::user,
         "Hi"},
    };
    for (const Row& row : rows) {
        const auto read = served<Server>(row.body);
        BOOST_TEST((read.request.messages.at(0).role == row.role));
        BOOST_TEST(read.request.messages.at(0).text() == row.text);
        BOOST_TEST(read.request.extra == "");
    }
    const auto mixed = served<Server>(
        R"({"input":"x","tools":[{"type":"web_search"},{"type":"function","name":"f"}],"text":{"verbosity":"low"},)"
        R"("reasoning":{"effort":"high","summary":"auto"},"include":["file_search_call.results"],"store":true,"n":1})");
    BOOST_TEST(mixed.request.tools.size() == 1U);
    BOOST_TEST(mixed.request.tuning->reasoning_effort == "high");
    for (const std::string_view kept :
         {"web_search", "verbosity", "summary", "file_search_call", "store", "\"n\":1"})
        BOOST_TEST((mixed.request.extra.find(kept) != std::string::npos), kept);
}

BOOST_AUTO_TEST_CASE(bad_requests_are_told_so) {
    struct Row {
        std::string_view body, names;
    };
    static constexpr Row rows[] = {
        {"", "JSON"},
        {"[]", "JSON"},
        {R"({"input":"x")", "JSON"},
        {R"({})", "'input'"},
        {R"({"input":[]})", "'input'"},
        {R"({"input":1})", "'input'"},
        {R"({"input":[1]})", "input[]"},
        {R"({"input":[{}]})", "input[].type"},
        {R"({"input":[{"role":"robot","content":"x"}]})", "robot"},
        {R"({"input":[{"role":"user"}]})", "input[].content"},
        {R"({"input":[{"role":"user","content":1}]})", "input[].content"},
        {R"({"input":[{"role":"user","content":[{"text":"x"}]}]})", "input[].content[].type"},
        {R"({"input":[{"type":"function_call","name":"f"}]})", "call_id"},
        {R"({"input":[{"type":"function_call","call_id":"f"}]})", "input[].name"},
        {R"({"input":[{"type":"function_call_output","output":"f"}]})", "call_id"},
        {R"({"input":[{"type":"function_call_output","call_id":"f"}]})", "output"},
        {R"({"input":"x","model":1})", "'model'"},
        {R"({"input":"x","stream":"yes"})", "'stream'"},
        {R"({"input":"x","temperature":"hot"})", "'temperature'"},
        {R"({"input":"x","max_output_tokens":-1})", "'max_output_tokens'"},
        {R"({"input":"x","tools":{}})", "'tools'"},
        {R"({"input":"x","tools":[{"type":"function"}]})", "tools[].name"},
        {R"({"input":"x","text":{"format":{"type":"json_schema"}}})", "text.format.schema"},
        {R"({"input":"x","reasoning":{"effort":1}})", "reasoning.effort"},
        {R"({"input":"x","model":"a","model":"b"})", "twice"},
    };
    for (const Row& row : rows) {
        const std::string message = refused<Server>(row.body);
        BOOST_TEST((message.find(row.names) != std::string::npos), row.body << ": " << message);
    }
}

BOOST_AUTO_TEST_CASE(a_reply_survives) {
    const Reply reply = full_reply();
    const Reply read = unary(reply);
    same_content(read, reply);
    same_reply(unary(read), read); // from here on nothing changes any more
    std::string body;
    Server::encode(reply, then, body);
    const auto json = parse(body).as_object();
    BOOST_TEST(text_at(json, "object") == "response");
    BOOST_TEST(text_at(json, "status") == "completed");
    BOOST_TEST(json.at("created_at").as_int64() == 1'700'000'000);
    BOOST_TEST(json.at("usage").at("input_tokens").as_int64() == 38);
    BOOST_TEST(json.at("usage").at("total_tokens").as_int64() == 87);
    BOOST_TEST(json.at("output").as_array().size() == 4U);
}

BOOST_AUTO_TEST_CASE(every_stop_reason_survives_that_has_a_word) {
    struct Row {
        StopReason stop;
        std::string_view text, status, event;
    };
    static constexpr Row rows[] = {
        {StopReason::stop, "", "completed", "response.completed"},
        {StopReason::length, "", "incomplete", "response.incomplete"},
        {StopReason::content_filter, "", "incomplete", "response.incomplete"},
        {StopReason::unknown, "sunset", "incomplete", "response.incomplete"},
    };
    for (const Row& row : rows) {
        Reply reply = full_reply();
        reply.parts.erase(reply.parts.begin() + 2, reply.parts.end());
        reply.stop = row.stop;
        reply.stop_text = row.text;
        const Reply read = unary(reply);
        BOOST_TEST((read.stop == row.stop));
        BOOST_TEST(read.stop_text == row.text);
        std::string body;
        Server::encode(reply, then, body);
        BOOST_TEST(text_at(parse(body).as_object(), "status") == row.status);
        const std::string bytes = events(reply, 5);
        const Streamed<Client> streamed(bytes);
        BOOST_TEST((streamed.reply.stop == row.stop));
        BOOST_TEST((bytes.find("event: " + std::string(row.event) + "\n") != std::string::npos));
    }
}

BOOST_AUTO_TEST_CASE(a_stream_survives) {
    const Reply reply = full_reply();
    for (const std::size_t step : {1U, 4U, 1000U}) {
        const std::string bytes = events(reply, step);
        const Streamed<Client> streamed(bytes);
        BOOST_TEST(streamed.ended);
        BOOST_TEST((streamed.error.errc() == Errc::ok));
        same_content(streamed.reply, reply);
        same_reply(streamed.reply, unary(reply)); // streamed or not, the client holds the same
        std::string text, thoughts;
        for (const OwnedDelta& delta : streamed.deltas) {
            text += delta.text;
            thoughts += delta.reasoning;
        }
        BOOST_TEST(text == reply.text());
        BOOST_TEST(thoughts == reply.parts[0].text);
        if (step != 1) same_wherever_cut<Client>(bytes, streamed.reply);
    }
}

BOOST_AUTO_TEST_CASE(the_ladder_of_events_is_whole) {
    const std::string bytes = events(full_reply(), 6);
    net::SseParser parser;
    net::SseEvent event;
    std::string_view left = bytes;
    std::int64_t sequence = 0, opened = 0;
    std::vector<std::string> kinds;
    std::map<std::int64_t, std::string> ids;   // by output_index
    std::map<std::int64_t, std::string> texts; // what the fragments add up to
    std::set<std::int64_t> done;
    while (parser.next(left, event) == net::SseParser::Status::event) {
        const auto json = parse(event.data).as_object();
        const std::string type = text_at(json, "type");
        BOOST_TEST(type == event.type);
        BOOST_TEST(json.at("sequence_number").as_int64() == sequence++);
        if (kinds.empty() || kinds.back() != type) kinds.push_back(type);
        if (!json.contains("output_index")) continue;
        const std::int64_t index = json.at("output_index").as_int64();
        if (type == "response.output_item.added") {
            BOOST_TEST(index == opened++);
            ids[index] = text_at(json.at("item").as_object(), "id");
            BOOST_TEST(!ids[index].empty());
        } else if (type == "response.output_item.done") {
            BOOST_TEST(ids[index] == text_at(json.at("item").as_object(), "id"));
            BOOST_TEST(done.insert(index).second);
        } else {
            BOOST_TEST(ids[index] == text_at(json, "item_id"));
            BOOST_TEST(!done.contains(index));
            if (type.ends_with(".delta")) texts[index] += text_at(json, "delta");
            if (json.contains("text")) BOOST_TEST(texts[index] == text_at(json, "text"));
            if (json.contains("arguments") && !texts[index].empty())
                BOOST_TEST(texts[index] == text_at(json, "arguments"));
        }
    }
    BOOST_TEST(done.size() == 4U);
    BOOST_TEST(std::set<std::string>({ids[0], ids[1], ids[2], ids[3]}).size() == 4U);
    const std::vector<std::string> expected{"response.created",
                                            "response.in_progress",
                                            "response.output_item.added",
                                            "response.reasoning_summary_part.added",
                                            "response.reasoning_summary_text.delta",
                                            "response.reasoning_summary_text.done",
                                            "response.reasoning_summary_part.done",
                                            "response.output_item.done",
                                            "response.output_item.added",
                                            "response.content_part.added",
                                            "response.output_text.delta",
                                            "response.output_text.done",
                                            "response.content_part.done",
                                            "response.output_item.done",
                                            "response.output_item.added",
                                            "response.function_call_arguments.delta",
                                            "response.output_item.added",
                                            "response.function_call_arguments.delta",
                                            "response.function_call_arguments.done",
                                            "response.output_item.done",
                                            "response.function_call_arguments.done",
                                            "response.output_item.done",
                                            "response.completed"};
    BOOST_TEST(kinds == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(opaque_items_and_ciphertexts_are_streamed) {
    Reply reply;
    BOOST_REQUIRE(!Client::decode(
        R"({"id":"resp_1","model":"m","status":"completed","output":[)"
        R"({"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"abc"},)"
        "{\"id\":\"ws_1\",\n\"type\":\"web_search_call\"},"
        R"({"id":"rs_2","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"def"}]})",
        reply));
    const Streamed<Client> streamed(events(reply, 2));
    BOOST_REQUIRE(streamed.ended);
    BOOST_TEST((streamed.error.errc() == Errc::ok));
    std::vector<std::string> seen;
    for (const Part& part : streamed.reply.parts)
        seen.push_back(part.detail->id + ":" + part.detail->signature);
    // the summary was shown before the name of its item was known: the ciphertext has one of its own
    const std::vector<std::string> expected{"rs_1:abc", "ws_1:", "rs_resp_1_2:", "rs_2:def"};
    BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_error_survives) {
    for (const ToldError& row : told_errors) {
        const Error error(row.told, "because of the weather");
        std::string body;
        const int status = Server::encode_error(error, body);
        const Error seen = Client::decode_error(status, Headers(), body, then);
        BOOST_TEST((seen.errc() == row.seen), to_string(row.told)
                                                  << " is seen as " << to_string(seen.errc()));

        Server::StreamEncoder encoder;
        std::string bytes;
        encoder.begin(serve::StreamHead(), bytes);
        Delta delta;
        delta.text = "half an ans";
        encoder.delta(delta, bytes);
        encoder.fail(error, bytes);
        const Streamed<Client> streamed(bytes);
        BOOST_TEST(streamed.ended);
        BOOST_TEST((streamed.error.errc() != Errc::ok));
        BOOST_TEST((streamed.error.detail().message.find("because of the weather") != std::string::npos));
        BOOST_TEST((bytes.find("event: error\n") < bytes.find("event: response.failed\n")));
        BOOST_TEST((bytes.find("\"status\":\"failed\"") != std::string::npos));
        for (const std::string_view never : {"response.completed", "output_text.done", "output_item.done"})
            BOOST_TEST((bytes.find(never) == std::string::npos), never);
    }
}

BOOST_AUTO_TEST_CASE(tokens_are_counted) {
    std::string body;
    Server::encode_count(17, body);
    std::uint64_t tokens = 0;
    BOOST_TEST(!Client::decode_count(body, tokens));
    BOOST_TEST(tokens == 17U);
}

BOOST_AUTO_TEST_CASE(recorded_requests_survive) {
    std::size_t count = 0;
    for (const std::string_view provider :
         {"openai", "azure", "xai", "openrouter", "bedrock", "deepseek", "other"}) {
        for (const RecordedRequest& recorded : recorded_bodies(provider, "responses")) {
            if (recorded.detail != "responses" || recorded.body.find("\"input\"") == std::string::npos)
                continue;
            BOOST_TEST_CONTEXT(recorded.id) {
                const serve::Incoming first = served<Server>(recorded.body);
                const serve::Incoming second =
                    served<Server>(client_bytes<Client>(first.request, first.stream));
                BOOST_TEST(second.request.messages.size() == first.request.messages.size());
                for (std::size_t i = 0;
                     i < first.request.messages.size() && i < second.request.messages.size(); ++i)
                    BOOST_TEST(second.request.messages[i].text() == first.request.messages[i].text());
                BOOST_TEST(first.stream == second.stream);
            }
            ++count;
        }
    }
    BOOST_TEST_MESSAGE(count << " recorded requests" << (count == 0 ? ": skipped, no recordings here" : ""));
}

BOOST_AUTO_TEST_CASE(recorded_replies_survive) {
    std::size_t count = 0;
    if (const auto recordings = Recordings::open()) {
        for (const RecordingEntry& entry : recordings->entries()) {
            if (entry.provider != "openai" || entry.api != "responses" || entry.status != 200 || entry.stream)
                continue;
            Reply reply;
            if (Client::decode(recordings->response(entry).body, reply) || !reply.usage.reported) continue;
            if (reply.stop == StopReason::pause) continue; // still at work
            BOOST_TEST_CONTEXT(entry.id) same_reply(unary(reply), reply);
            ++count;
        }
    }
    BOOST_TEST_MESSAGE(count << " recorded replies" << (count == 0 ? ": skipped, no recordings here" : ""));
}

BOOST_AUTO_TEST_CASE(broken_requests_give_errors) {
    Request request{baton::system("Be brief."), user("Hello"), model("gpt-5"), reasoning("low")};
    request.messages.push_back(full_reply().message());
    request.messages.push_back(tool_result("call_1", "a cat"));
    request.messages.push_back(user_parts(Part("And?"), image_data("iVBORw0KGgo=", "image/png")));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.response_format = ResponseFormat("answer", R"({"type":"object"})", true);
    const std::vector<std::string> bodies{
        client_bytes<Client>(request, true),
        R"({"input":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm."}],"encrypted_content":"abc"},{"id":"msg_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi"}]},{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/png;base64,AA"}]}],"tool_choice":{"type":"function","name":"f"}})"};
    const std::size_t refused = mutate(bodies, 25'000, [](const std::string& body) {
        serve::Incoming incoming;
        return Server::decode(body, incoming);
    });
    BOOST_TEST(refused > 15'000U);
    BOOST_TEST_MESSAGE(refused << " of 25000 mutations refused");
}

BOOST_AUTO_TEST_SUITE_END()
