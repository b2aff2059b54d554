// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The server's side of generateContent against the client's side, and against what real clients send.
#include <boost/test/unit_test.hpp>

#include "round_trip.hpp"

#include <baton/serve/gemini.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/vertex.hpp>

BOOST_AUTO_TEST_SUITE(serve_gemini)

using namespace baton;
using namespace baton::test;
using Server = serve::Gemini;
using Client = wire::Gemini;
using Method = serve::GeminiTarget::Method;
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
    reply.id = "answer-1";
    reply.model = "gemini-3.5-flash";
    reply.parts.emplace_back(Kind::thinking, "Let me \"think\".\n");
    reply.parts.back().detail.ensure().vendor = Server::name;
    reply.parts.emplace_back("Caf\u00e9 \U0001F30A \\ / \x01 done");
    reply.parts.push_back(tool_call("call_1", "weather", R"({"city":"Paris"})"));
    reply.parts.push_back(tool_call("", "time", "{}"));
    reply.stop = StopReason::tool_calls;
    reply.usage.input_tokens = 10;
    reply.usage.cached_input_tokens = 20;
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

/// `reply` as events: its texts in pieces of about `step` bytes.
std::string events(const Reply& reply, std::size_t step, bool array = false) {
    std::string bytes;
    Server::StreamEncoder encoder;
    serve::StreamHead head;
    head.id = reply.id;
    head.model = reply.model;
    head.array = array;
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

serve::Incoming served_at(std::string_view target, std::string_view body) {
    serve::Incoming incoming;
    const auto error = Server::decode(serve::GeminiTarget(target), body, incoming);
    BOOST_REQUIRE_MESSAGE(!error, (error ? error->what() : ""));
    return incoming;
}

void sent_and_read(const Request& request) {
    serve::Incoming read = served<Server>(client_bytes<Client>(request));
    read.request.model = request.model; // is in the path
    same_request(read.request, request);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_users_own_blocks_reach_vertex_too) {
    const auto incoming = served<Server>(R"({"contents":[
        {"role":"user","parts":[{"text":"x"},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}},
            {"fileData":{"mimeType":"video/mp4","fileUri":"https://x/a.mp4"},"videoMetadata":{"startOffset":"10s"}}]},
        {"role":"model","parts":[{"text":"y"},{"executableCode":{"language":"PYTHON","code":"2"}}]},
        {"role":"user","parts":[{"text":"z"}]}]})");
    BOOST_TEST((incoming.request.messages.at(0).parts.at(1).kind == Kind::opaque));
    BOOST_TEST(client_bytes<Client>(incoming.request).find("executableCode") != std::string::npos);
    const std::string vertex = client_bytes<wire::Vertex>(incoming.request);
    BOOST_TEST(vertex.find(R"({"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"1"}})") != vertex.npos,
               vertex);
    BOOST_TEST(vertex.find(R"("videoMetadata":{"startOffset":"10s"})") != vertex.npos, vertex);
    BOOST_TEST(vertex.find("executableCode") == vertex.npos); // as before: what a model said elsewhere
}

BOOST_AUTO_TEST_CASE(a_declarations_own_members_go_back) {
    const auto incoming = served<Server>(R"({"contents":[{"role":"user","parts":[{"text":"x"}]}],"tools":[
        {"functionDeclarations":[{"name":"f","behavior":"NON_BLOCKING","response":{"type":"STRING"}}]}]})");
    const std::string body = client_bytes<Client>(incoming.request);
    BOOST_TEST(body.find(R"({"name":"f","behavior":"NON_BLOCKING","response":{"type":"STRING"}})") !=
                   body.npos,
               body);
}

BOOST_AUTO_TEST_CASE(paths_say_what_is_wanted) {
    struct Row {
        std::string_view target;
        Method method;
        std::string_view model;
        bool sse;
    };
    static constexpr Row rows[] = {
        {"/v1beta/models/gemini-3.5-flash:generateContent", Method::generate, "gemini-3.5-flash", false},
        {"/models/x:streamGenerateContent?alt=sse", Method::stream, "x", true},
        {"/v1/models/x:streamGenerateContent?key=k&alt=sse", Method::stream, "x", true},
        {"/v1/models/x:streamGenerateContent", Method::stream, "x", false},
        {"/v1/models/openai/gpt-5:generateContent", Method::generate, "openai/gpt-5", false},
        {"/v1/models/openai%2Fgpt-5%3Aa:generateContent", Method::generate, "openai/gpt-5:a", false},
        {"/v1beta/tunedModels/mine:generateContent", Method::generate, "tunedModels/mine", false},
        {"/v1/projects/p/locations/l/publishers/google/models/x:generateContent", Method::generate, "x",
         false},
        {"/v1beta/models/x:countTokens", Method::count, "x", false},
        {"/v1beta/models/x:embedContent", Method::embed, "x", false},
        {"/v1beta/models/x:batchEmbedContents", Method::batch_embed, "x", false},
        {"/v1beta/models?pageSize=1000", Method::models, "", false},
        {"/v1beta/models/x", Method::model, "x", false},
        {"/v1beta/models/llama3:8b", Method::model, "llama3:8b", false},
        {"/v1beta/models/:generateContent", Method::unknown, "", false},
        {"/v1beta/modelsx", Method::unknown, "", false},
        {"/v1/chat/completions", Method::unknown, "", false},
        {"", Method::unknown, "", false},
        {"/models/%:generateContent?", Method::generate, "%", false},
    };
    for (const Row& row : rows) {
        const serve::GeminiTarget target(row.target);
        BOOST_TEST((target.method == row.method), row.target);
        BOOST_TEST(target.model == row.model);
        BOOST_TEST(target.sse == row.sse);
    }
    const std::string_view body = R"({"contents":[{"parts":[{"text":"x"}]}]})";
    BOOST_TEST(served_at("/models/m:streamGenerateContent?alt=sse", body).request.model == "m");
    BOOST_TEST(served_at("/models/m:streamGenerateContent?alt=sse", body).stream);
    BOOST_TEST(!served_at("/models/m:streamGenerateContent?alt=sse", body).array);
    BOOST_TEST(served_at("/models/m:streamGenerateContent", body).array);
    BOOST_TEST(!served_at("/models/m:generateContent", body).stream);
    serve::Incoming incoming;
    BOOST_TEST((Server::decode(serve::GeminiTarget("/models"), body, incoming)->errc() == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(every_member_of_a_request_survives) {
    Request request{baton::system("Be \"brief\".\n"),
                    user("Hello \U0001F600"),
                    model("gemini-3.5-flash"),
                    max_tokens(400),
                    temperature(0.25),
                    top_p(0.5),
                    top_k(40),
                    seed(-7),
                    stop("END", "\n\n"),
                    top_logprobs(3),
                    choices(2),
                    frequency_penalty(0.5),
                    presence_penalty(-0.5),
                    reasoning("low"),
                    service_tier("flex")};
    request.extra =
        R"({"generationConfig":{"responseModalities":["TEXT"]},"safetySettings":[{"category":10,"threshold":3}]})";
    request.messages.push_back(user_parts(
        Part("What is this?"), image_url("https://x.test/a.png?b=1"), image_data("iVBORw0KGgo=", "image/png"),
        document_data("JVBERi0=", "application/pdf"), document_url("https://x.test/b.pdf")));
    Message turn = assistant("Looking.");
    turn.parts.push_back(tool_call("call_1", "look", R"({"deep":{"er":[1,2]}})"));
    turn.parts.push_back(tool_call("call_2", "see", "{}"));
    request.messages.push_back(turn);
    request.messages.push_back(tool_result("call_1", "a cat"));
    request.messages.push_back(tool_result("call_2", "no eyes", true));
    turn.parts.clear();
    turn.parts.push_back(tool_call("", "look", "{}"));
    turn.parts.push_back(tool_call("", "see", "{}"));
    request.messages.push_back(turn);
    request.messages.push_back(tool_result("", R"({"a":1})"));
    request.messages.push_back(tool_result("", R"([1,2])"));
    Message thought(Role::assistant, Parts());
    thought.parts.emplace_back(Kind::thinking, "Hm.");
    thought.parts[0].detail.ensure().vendor = Server::name;
    thought.parts.emplace_back("Signed.");
    thought.parts[1].detail.ensure().vendor = Server::name;
    thought.parts[1].detail->signature = "sig==";
    thought.parts.emplace_back(Kind::opaque, R"({"executableCode":{"code":"1"}})");
    thought.parts[2].detail.ensure().vendor = Server::name;
    thought.parts[2].detail->name = "executableCode";
    request.messages.push_back(thought);
    request.messages.push_back(user("Go on."));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.tools.emplace_back("see", "");
    for (const ToolChoice& choice :
         {ToolChoice(ToolChoice::Mode::automatic), ToolChoice(ToolChoice::Mode::none),
          ToolChoice(ToolChoice::Mode::required), ToolChoice("look")}) {
        request.tool_choice = choice;
        sent_and_read(request);
    }
    request.response_format = ResponseFormat("", R"({"type":"object","$ref":"#"})", false);
    sent_and_read(request);
    request.response_format = ResponseFormat(ResponseFormat::Kind::json_object);
    sent_and_read(request);
    request.tuning->reasoning_effort.clear();
    for (const std::uint32_t budget : {0U, 2000U}) {
        request.tuning->reasoning_tokens = budget;
        sent_and_read(request);
    }
    // the same question, as countTokens has it
    const Draft draft(request);
    Target target;
    target.model = request.model;
    std::string path, headers, body;
    BOOST_REQUIRE(!Client::encode_count(draft, target, wire::Outgoing{path, headers, body}));
    same_request(served_at(path, body).request, request);
}

BOOST_AUTO_TEST_CASE(what_clients_write_is_read) {
    // both cases of names, types of the older schemas, and what the wire of this API would say otherwise
    const auto read = served<Server>(
        R"({"system_instruction":{"parts":[{"text":"Be brief."}],"role":"user"},)"
        R"("contents":[{"role":"user","parts":[{"text":"a"},{"inline_data":{"mime_type":"image/png","data":"AA=="}},)"
        R"({"fileData":{"mimeType":"video/mp4","fileUri":"https://generativelanguage.googleapis.com/v1beta/files/f"}}]}],)"
        R"("generation_config":{"max_output_tokens":5,"stop_sequences":[],"top_p":0.5,"thinking_config":{"thinking_budget":-1},"speech_config":{"a":1}},)"
        R"("tools":[{"function_declarations":[{"name":"f","parameters":{"type":"OBJECT","nullable":true,"properties":{"type":{"type":"STRING"},)"
        R"("list":{"type":"ARRAY","items":{"type":"INTEGER"},"min_items":"1","maxItems":"07","minLength":"x","maxLength":2}},"required":["type"],"propertyOrdering":["type"]}}]},{"googleSearch":{}}],)"
        R"("tool_config":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f","g"]}},"safety_settings":[]})");
    const Request& request = read.request;
    BOOST_TEST((request.messages.at(0).role == Role::system));
    BOOST_TEST((request.messages.at(1).parts.at(1).kind == Kind::image));
    BOOST_TEST((request.messages.at(1).parts.at(2).kind == Kind::opaque));
    BOOST_TEST((request.max_tokens == 5U));
    BOOST_TEST((request.top_p == 0.5));
    BOOST_TEST((request.tool_choice->mode == ToolChoice::Mode::required));
    BOOST_REQUIRE_EQUAL(request.tools.size(), 1U);
    BOOST_TEST(
        request.tools[0].parameters ==
        R"({"properties":{"type":{"type":"string"},"list":{"items":{"type":"integer"},"minItems":1,"maxItems":"07","minLength":"x","maxLength":2,"type":"array"}},"required":["type"],"type":["object","null"]})");
    BOOST_TEST(
        request.extra ==
        R"({"generationConfig":{"thinkingConfig":{"thinking_budget":-1},"speech_config":{"a":1}},"tools":[{"googleSearch":{}}],"toolConfig":{"function_calling_config":{"mode":"ANY","allowed_function_names":["f","g"]}},"safety_settings":[]})");
    const auto one = served<Server>(
        R"({"contents":{"parts":{"text":"a"}},"systemInstruction":"s","generationConfig":{"responseSchema":{"type":"OBJECT"},"responseMimeType":"application/json"}})");
    BOOST_TEST(one.request.messages.at(0).text() == "s");
    BOOST_TEST(one.request.messages.at(1).text() == "a");
    BOOST_TEST(one.request.response_format->schema == R"({"type":"object"})");
}

BOOST_AUTO_TEST_CASE(calls_without_ids_are_numbered) {
    auto read = served<Server>(
        R"({"contents":[{"role":"user","parts":[{"text":"x"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"g"}},{"functionCall":{"id":"own","name":"h"}}]},)"
        R"({"role":"user","parts":[{"functionResponse":{"name":"g","response":{"result":"2"}}},{"functionResponse":{"name":"f","response":{"a":"1"}}},{"functionResponse":{"id":"own","name":"h","response":{"error":"3"}}},{"text":"y"}]}]})");
    Server::number_calls(read.request);
    const auto& messages = read.request.messages;
    BOOST_REQUIRE_EQUAL(messages.size(), 6U);
    BOOST_TEST(messages[1].parts[0].detail->id == "call_1");
    BOOST_TEST(messages[1].parts[1].detail->id == "call_2");
    BOOST_TEST(messages[2].parts[0].detail->id == "call_2");
    BOOST_TEST(messages[2].parts[0].text == "2");
    BOOST_TEST(messages[3].parts[0].detail->id == "call_1");
    BOOST_TEST(messages[3].parts[0].text == R"({"a":"1"})");
    BOOST_TEST(messages[4].parts[0].detail->id == "own");
    BOOST_TEST(messages[4].parts[0].detail->is_error);
    BOOST_TEST(messages[5].text() == "y");
}

BOOST_AUTO_TEST_CASE(results_without_ids_find_calls_with_ids) {
    auto read = served<Server>(
        R"({"contents":[{"role":"model","parts":[{"functionCall":{"id":"a","name":"f"}},{"functionCall":{"id":"b","name":"f"}},{"functionCall":{"id":"c","name":"f"}}]},)"
        R"({"role":"user","parts":[{"functionResponse":{"id":"b","name":"f","response":{}}},{"functionResponse":{"name":"f","response":{}}},{"functionResponse":{"name":"f","response":{}}}]}]})");
    Server::number_calls(read.request);
    const auto& messages = read.request.messages;
    BOOST_REQUIRE_EQUAL(messages.size(), 4U);
    BOOST_TEST(messages[1].parts[0].detail->id == "b");
    BOOST_TEST(messages[2].parts[0].detail->id == "a");
    BOOST_TEST(messages[3].parts[0].detail->id == "c");
}

BOOST_AUTO_TEST_CASE(bad_requests_are_told_so) {
    struct Row {
        std::string_view body, names;
    };
    static constexpr Row rows[] = {
        {"", "JSON"},
        {R"({"contents":)", "JSON"},
        {R"({})", "'contents'"},
        {R"({"contents":[]})", "'contents'"},
        {R"({"contents":[1]})", "contents[]"},
        {R"({"contents":[{"role":"robot","parts":[]}]})", "robot"},
        {R"({"contents":[{"parts":[{}]}]})", "contents[].parts[]"},
        {R"({"contents":[{"parts":[{"text":1}]}]})", "parts[].text"},
        {R"({"contents":[{"parts":[{"functionCall":{}}]}]})", "functionCall.name"},
        {R"({"contents":[{"parts":[{"functionCall":{"name":"f","args":[]}}]}]})", "functionCall.args"},
        {R"({"contents":[{"parts":[{"inlineData":1}]}]})", "inlineData"},
        {R"({"contents":"x","generationConfig":{"temperature":"hot"}})", "generationConfig.temperature"},
        {R"({"contents":"x","generationConfig":{"max_output_tokens":-1}})", "maxOutputTokens"},
        {R"({"contents":"x","generationConfig":{"responseSchema":1}})", "responseSchema"},
        {R"({"contents":"x","generationConfig":{"topK":1,"top_k":2}})", "twice"},
        {R"({"contents":"x","generationConfig":{"thinkingConfig":{"thinkingBudget":"x"}}})",
         "thinkingBudget"},
        {R"({"contents":"x","generationConfig":[]})", "'generationConfig'"},
        {R"({"contents":"x","tools":1})", "'tools'"},
        {R"({"contents":"x","tools":[1]})", "tools[]"},
        {R"({"contents":"x","tools":[{"functionDeclarations":[{}]}]})", "functionDeclarations[].name"},
        {R"({"contents":"x","tools":[{"functionDeclarations":[{"name":"f","parameters":1}]}]})",
         "parameters"},
        {R"({"contents":"x","toolConfig":{"functionCallingConfig":1}})", "functionCallingConfig"},
        {R"({"contents":"x","systemInstruction":1})", "systemInstruction"},
        {R"({"contents":"x","contents":"y"})", "twice"},
    };
    for (const Row& row : rows) {
        const std::string message = refused<Server>(row.body);
        BOOST_TEST((message.find(row.names) != std::string::npos), row.body << ": " << message);
    }
}

BOOST_AUTO_TEST_CASE(a_reply_survives) {
    Reply reply = full_reply();
    same_reply(unary(reply), reply);
    Reply& other = reply.extras.ensure().alternatives.emplace_back();
    other.parts.emplace_back("Or else.");
    other.stop = StopReason::length;
    const Reply read = unary(reply);
    BOOST_REQUIRE(read.extras);
    BOOST_REQUIRE_EQUAL(read.extras->alternatives.size(), 1U);
    same_parts(read.extras->alternatives[0].parts, other.parts);
    BOOST_TEST((read.extras->alternatives[0].stop == StopReason::length));
}

BOOST_AUTO_TEST_CASE(every_stop_reason_survives_that_has_a_word) {
    struct Row {
        StopReason stop;
        std::string_view text, word;
    };
    static constexpr Row rows[] = {
        {StopReason::stop, "", "STOP"},
        {StopReason::length, "", "MAX_TOKENS"},
        {StopReason::content_filter, "", "SAFETY"},
        {StopReason::unknown, "MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"},
    };
    for (const Row& row : rows) {
        Reply reply = full_reply();
        reply.parts.erase(reply.parts.begin() + 2, reply.parts.end());
        reply.stop = row.stop;
        reply.stop_text = row.text;
        same_reply(unary(reply), reply);
        const std::string bytes = events(reply, 5);
        same_reply(Streamed<Client>(bytes).reply, reply);
        BOOST_TEST((bytes.find("\"finishReason\":\"" + std::string(row.word)) != std::string::npos));
    }
}

BOOST_AUTO_TEST_CASE(a_stream_survives) {
    Reply reply = full_reply();
    reply.parts[2].detail->signature = "sig=="; // is in the Reply only
    reply.parts[2].detail->vendor = Server::name;
    for (const std::size_t step : {1U, 4U, 1000U}) {
        const std::string bytes = events(reply, step);
        const Streamed<Client> streamed(bytes);
        BOOST_TEST(streamed.ended);
        BOOST_TEST((streamed.error.errc() == Errc::ok));
        same_reply(streamed.reply, reply);
        if (step != 1) same_wherever_cut<Client>(bytes, streamed.reply);
        for (std::size_t at = 0; at < bytes.size(); at = bytes.find("\n\n", at) + 2)
            BOOST_TEST(bytes.substr(at, 6) == "data: "); // Google's SDK drops what starts otherwise
        Reply list;
        BOOST_REQUIRE(!Client::decode(events(reply, step, true), list));
        same_reply(list, reply);
    }
}

BOOST_AUTO_TEST_CASE(opaque_parts_and_signatures_are_streamed) {
    Reply reply;
    BOOST_REQUIRE(!Client::decode(
        R"({"candidates":[{"content":{"parts":[{"text":"Hm.","thought":true,"thoughtSignature":"abc"},)"
        "{\"executableCode\":\n{\"code\":\"1\"}},{\"text\":\"Hi\"}]},"
        R"("finishReason":"STOP","groundingMetadata":{"a":1},"citationMetadata":{"b":[2]}}],"responseId":"r","modelVersion":"m"})",
        reply));
    same_reply(unary(reply), reply);
    const Streamed<Client> streamed(events(reply, 100));
    BOOST_REQUIRE(streamed.ended);
    BOOST_TEST(streamed.reply.text() == "Hi");
    BOOST_REQUIRE_EQUAL(streamed.reply.parts.size(), 6U); // the signature came behind its thought
    BOOST_TEST(streamed.reply.parts[1].detail->signature == "abc");
    BOOST_TEST((streamed.reply.parts[2].kind == Kind::opaque));
    BOOST_TEST(streamed.reply.parts[4].text == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(every_error_survives) {
    for (const ToldError& row : told_errors) {
        const Error error(row.told, "because of the weather");
        std::string body;
        const int status = Server::encode_error(error, body);
        const auto json = parse(body).at("error").as_object();
        BOOST_TEST(json.at("code").as_int64() == status);
        BOOST_TEST(!text_at(json, "status").empty());
        const Error seen = Client::decode_error(status, Headers(), body, then);
        BOOST_TEST((seen.errc() == row.seen), to_string(row.told)
                                                  << " is seen as " << to_string(seen.errc()));

        for (const bool array : {false, true}) {
            Server::StreamEncoder encoder;
            serve::StreamHead head;
            head.array = array;
            std::string bytes;
            encoder.begin(head, bytes);
            Delta delta;
            delta.text = "half an ans";
            encoder.delta(delta, bytes);
            encoder.fail(error, bytes);
            BOOST_TEST((bytes.find("finishReason") == std::string::npos));
            if (array) {
                Reply reply;
                BOOST_TEST(bool(Client::decode(bytes, reply)));
                continue;
            }
            const Streamed<Client> streamed(bytes);
            BOOST_TEST(streamed.ended);
            BOOST_TEST((streamed.error.errc() != Errc::ok));
            BOOST_TEST((streamed.error.detail().message.find("because of the weather") != std::string::npos));
        }
    }
    // a stream that just stops is no answer
    std::string bytes;
    Server::StreamEncoder encoder;
    encoder.begin(serve::StreamHead(), bytes);
    Delta delta;
    delta.text = "half an ans";
    encoder.delta(delta, bytes);
    BOOST_TEST((Streamed<Client>(bytes).error.errc() == Errc::truncated));
    Error::Detail detail;
    detail.vendor_code = "SAFETY";
    std::string body;
    Server::encode_blocked(Error(Errc::content_filtered, detail), "m", body);
    Reply reply;
    const auto blocked = Client::decode(body, reply);
    BOOST_REQUIRE(blocked);
    BOOST_TEST((blocked->errc() == Errc::content_filtered));
    BOOST_TEST(blocked->detail().vendor_code == "SAFETY");
}

BOOST_AUTO_TEST_CASE(errands_survive) {
    std::string body;
    const std::vector<std::string> models{"gemini-x", "openai/gpt-5"};
    Server::encode_models(models, body);
    std::vector<ModelInfo> seen;
    BOOST_REQUIRE(!Client::decode_models(body, seen));
    BOOST_REQUIRE_EQUAL(seen.size(), 2U);
    BOOST_TEST(seen[1].id == "openai/gpt-5");
    body.clear();
    Server::encode_count(17, body);
    std::uint64_t tokens = 0;
    BOOST_TEST(!Client::decode_count(body, tokens));
    BOOST_TEST(tokens == 17U);

    EmbedRequest request(std::vector<std::string>{"a", "\"b\""});
    request.model = "gemini-embedding-001";
    request.dimensions = 3;
    request.purpose = EmbedRequest::Purpose::query;
    Target target;
    target.model = request.model;
    std::string path, headers;
    body.clear();
    BOOST_REQUIRE(!Client::encode_embed(request, target, wire::Outgoing{path, headers, body}));
    EmbedRequest read;
    BOOST_REQUIRE(!Server::decode_embed(serve::GeminiTarget(path), body, read));
    BOOST_TEST((read == request));
    for (const std::string_view where : {"/models/m:batchEmbedContents", "/models/m:embedContent"}) {
        Embeddings answer;
        answer.vectors = {{0.5F, -1.25F}};
        answer.usage.input_tokens = 4;
        answer.usage.reported = true;
        body.clear();
        Server::encode_embed(serve::GeminiTarget(where), answer, body);
        Embeddings got;
        BOOST_REQUIRE(!Client::decode_embed(body, got));
        BOOST_TEST((got.vectors == answer.vectors));
        BOOST_TEST((got.usage == answer.usage));
    }
    EmbedRequest one;
    BOOST_TEST(!Server::decode_embed(
        serve::GeminiTarget("/models/m:embedContent"),
        R"({"content":{"parts":[{"text":"x"}]},"task_type":"RETRIEVAL_DOCUMENT"})", one));
    BOOST_TEST((one.purpose == EmbedRequest::Purpose::document));
    for (const std::string_view bad :
         {"{}", "[]", R"({"requests":[]})", R"({"requests":[{}]})", R"({"requests":[1]})",
          R"({"requests":[{"content":{"parts":[{"inlineData":{"mimeType":"a","data":"b"}}]}}]})"}) {
        EmbedRequest wrong;
        BOOST_TEST(
            bool(Server::decode_embed(serve::GeminiTarget("/models/m:batchEmbedContents"), bad, wrong)), bad);
    }
}

BOOST_AUTO_TEST_CASE(recorded_requests_survive) {
    std::size_t count = 0;
    for (const RecordedRequest& recorded : recorded_bodies("gemini", "generateContent")) {
        if (recorded.body.find("\"contents\"") == std::string::npos) continue;
        const serve::GeminiTarget target(recorded.url);
        BOOST_TEST_CONTEXT(recorded.id << " " << recorded.url) {
            BOOST_TEST((target.method != Method::unknown));
            BOOST_TEST(target.sse == (recorded.url.find("alt=sse") != std::string::npos));
            serve::Incoming first;
            const auto error = Server::decode(target, recorded.body, first);
            BOOST_REQUIRE_MESSAGE(!error, (error ? error->what() : "") << recorded.body.substr(0, 1000));
            Request request = first.request;
            request.lossy = true;
            serve::Incoming second = served<Server>(client_bytes<Client>(request));
            second.request.model = first.request.model;
            BOOST_TEST(second.request.messages.size() == first.request.messages.size());
            BOOST_TEST((second.request.tools == first.request.tools));
            BOOST_TEST((second.request.tuning == first.request.tuning));
        }
        ++count;
    }
    for (const RecordedRequest& recorded : recorded_bodies("gemini", "embeddings")) {
        if (recorded.detail == "predict") continue;
        EmbedRequest request;
        const bool image = recorded.body.find("inline_data") != std::string::npos; // EmbedRequest has none
        const auto error = Server::decode_embed(serve::GeminiTarget(recorded.url), recorded.body, request);
        BOOST_TEST(error.has_value() == image, recorded.id);
        ++count;
    }
    BOOST_TEST_MESSAGE(count << " recorded requests" << (count == 0 ? ": skipped, no recordings here" : ""));
}

BOOST_AUTO_TEST_CASE(recorded_replies_survive) {
    std::size_t count = 0;
    if (const auto recordings = Recordings::open()) {
        for (const RecordingEntry& entry : recordings->entries()) {
            if (entry.provider != "gemini" || entry.api_detail != "generateContent" || entry.status != 200)
                continue;
            Reply reply;
            if (Client::decode(recordings->response(entry).body, reply)) continue;
            if (reply.stop == StopReason::unknown && reply.stop_text.empty()) continue; // cut short
            BOOST_TEST_CONTEXT(entry.id) same_reply(unary(reply), reply);
            ++count;
        }
    }
    BOOST_TEST_MESSAGE(count << " recorded replies" << (count == 0 ? ": skipped, no recordings here" : ""));
}

BOOST_AUTO_TEST_CASE(broken_requests_give_errors) {
    Request request{baton::system("Be brief."), user("Hello"), model("gemini-3.5-flash"), reasoning("low"),
                    top_k(3)};
    request.messages.push_back(full_reply().message());
    request.messages.push_back(tool_result("call_1", "a cat"));
    request.messages.push_back(user_parts(Part("And?"), image_data("iVBORw0KGgo=", "image/png")));
    request.tools.emplace_back("look", "looks", R"({"type":"object","properties":{"deep":{}}})");
    request.response_format = ResponseFormat("", R"({"type":"object"})", false);
    const std::vector<std::string> bodies{
        client_bytes<Client>(request),
        R"({"contents":[{"parts":[{"fileData":{"mimeType":"video/mp4","fileUri":"gs://f"}},{"functionResponse":{"name":"g","response":{"result":"2"}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true}},"anyOf":[{"items":{}}]}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"generationConfig":{"responseSchema":{"type":"OBJECT"},"thinkingConfig":{"thinkingBudget":1}}})"};
    const std::size_t refused = mutate(bodies, 25'000, [](const std::string& body) {
        serve::Incoming incoming;
        auto error = Server::decode(body, incoming);
        Server::number_calls(incoming.request);
        return error;
    });
    BOOST_TEST(refused > 15'000U);
    BOOST_TEST_MESSAGE(refused << " of 25000 mutations refused");
}

BOOST_AUTO_TEST_SUITE_END()
