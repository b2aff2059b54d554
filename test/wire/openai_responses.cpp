// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The Responses dialect: what is written, and what is read in whole bodies and streams.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/openai_responses.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(openai_responses)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<OpenAIResponses::Options>);
static_assert(std::is_trivially_destructible_v<AzureResponses::Options>);
static_assert(wire::StreamDecoder<OpenAIResponses::StreamDecoder>);

// A vendor of the same dialect that can do little.
constexpr wire::ResponsesDialect modest{
    .vendor = {.name = "modest", .key_variable = "", .rules = {}},
    .capabilities = {.stop_sequences = false},
    .ciphertext = wire::ResponsesDialect::Ciphertext::never,
};

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};

Encoded encode(const Request& request, const char* model = "m", bool stream = false,
               const wire::ResponsesDialect& dialect = OpenAIResponses::dialect) {
    Encoded out;
    const Draft draft(request);
    Target target;
    target.model = model;
    out.error = wire::encode_responses(dialect, draft, target, stream,
                                       wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
bj::value written(const Request& request, const char* model = "m",
                  const wire::ResponsesDialect& dialect = OpenAIResponses::dialect) {
    const Encoded out = encode(request, model, false, dialect);
    BOOST_TEST_REQUIRE(!out.error.has_value(), (out.error ? out.error->what() : ""));
    return test::parse(out.body);
}
bj::value input(const Request& request) { return written(request).at("input"); }
std::string refusal(const Request& request,
                    const wire::ResponsesDialect& dialect = OpenAIResponses::dialect) {
    const Encoded out = encode(request, "m", false, dialect);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body.empty());
    return out.error->detail().message;
}
void refused(const Request& request, const char* member,
             const wire::ResponsesDialect& dialect = OpenAIResponses::dialect) {
    BOOST_TEST(refusal(request, dialect).find("`" + std::string(member) + "`") != std::string::npos, member);
}

Part part_of(Part::Kind kind, std::string text, Part::Detail detail) {
    return Part(kind, std::move(text), std::move(detail));
}
Part tool_call(std::string id, std::string name, std::string arguments) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    return part_of(Part::Kind::tool_call, std::move(arguments), std::move(detail));
}
template <class... P>
Message turn(Role role, P&&... parts) {
    Message message;
    message.role = role;
    (message.parts.push_back(std::forward<P>(parts)), ...);
    return message;
}

// A stream, event by event.
struct Run {
    OpenAIResponses::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    Step operator()(std::string_view data, std::string_view type = "message") {
        return decoder.on_event(type, data, delta, reply);
    }
    Errc errc() const { return decoder.error().errc(); }
};

std::string added(int index, std::string_view item) {
    return R"({"type":"response.output_item.added","output_index":)" + std::to_string(index) + R"(,"item":)" +
           std::string(item) + "}";
}
std::string done(int index, std::string_view item) {
    return R"({"type":"response.output_item.done","output_index":)" + std::to_string(index) + R"(,"item":)" +
           std::string(item) + "}";
}
std::string text_delta(int index, std::string_view text, int content = 0) {
    return R"({"type":"response.output_text.delta","output_index":)" + std::to_string(index) +
           R"(,"content_index":)" + std::to_string(content) + R"(,"delta":")" + std::string(text) +
           R"(","obfuscation":"x8Hs"})";
}
std::string completed(std::string_view output = "[]", std::string_view rest = R"("status":"completed")") {
    return R"({"type":"response.completed","response":{"id":"r1","model":"m-1","output":)" +
           std::string(output) + "," + std::string(rest) + "}}";
}
std::string message_item(std::string_view text, std::string_view id = "msg_1") {
    return R"({"type":"message","id":")" + std::string(id) +
           R"(","status":"completed","role":"assistant","content":[{"type":"output_text","text":")" +
           std::string(text) + R"(","annotations":[]}]})";
}

Reply decoded(std::string_view body) {
    Reply reply;
    const auto error = OpenAIResponses::decode(body, reply);
    BOOST_TEST_REQUIRE(!error.has_value(), (error ? error->what() : ""));
    return reply;
}
Reply decoded_output(std::string_view output) {
    return decoded(R"({"id":"r","model":"m","status":"completed","output":)" + std::string(output) + "}");
}

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."), "gpt-4.1");
    BOOST_TEST(out.path == "/responses");
    BOOST_TEST(out.headers == "");
    BOOST_TEST(
        out.body ==
        R"({"model":"gpt-4.1","input":[{"role":"user","content":"Name three rivers."}],"store":false})");
    BOOST_TEST(encode(Request("x"), "gpt-5-mini", true).body ==
               R"({"model":"gpt-5-mini","input":[{"role":"user","content":"x"}],)"
               R"("include":["reasoning.encrypted_content"],"store":false,"stream":true})");
}

BOOST_AUTO_TEST_CASE(every_member) {
    Tool weather("weather", "Looks outside.", R"({"type":"object","properties":{"city":{"type":"string"}}})");
    weather.strict = true;
    Request request(baton::system("Be brief."), user("Hi \"you\"\n"), max_tokens(400), temperature(0.8),
                    top_p(0.9), tools(weather, Tool("now", "")), ToolChoice("weather"),
                    ResponseFormat("shape", R"({"type":"object"})", false), top_logprobs(3), reasoning("low"),
                    service_tier("flex"), end_user("u-1"), choices(1), extra(R"({"truncation":"auto"})"),
                    task("chat"), tenant("t"), priority(3), deadline(std::chrono::seconds(3)),
                    fallbacks("anthropic/x"), cache(no));
    request.parallel_tools = false;
    BOOST_TEST(written(request, "o3") == test::parse(R"({
        "model":"o3",
        "instructions":"Be brief.",
        "input":[{"role":"user","content":"Hi \"you\"\n"}],
        "tools":[
          {"type":"function","name":"weather","description":"Looks outside.",
            "parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true},
          {"type":"function","name":"now","parameters":{"type":"object","properties":{}},"strict":false}],
        "tool_choice":{"type":"function","name":"weather"},
        "parallel_tool_calls":false,
        "text":{"format":{"type":"json_schema","name":"shape","schema":{"type":"object"},"strict":false}},
        "reasoning":{"effort":"low"},
        "max_output_tokens":400,"temperature":0.8,"top_p":0.9,"top_logprobs":3,
        "service_tier":"flex","safety_identifier":"u-1",
        "include":["reasoning.encrypted_content","message.output_text.logprobs"],
        "store":false,"truncation":"auto"})"));
    BOOST_TEST(test::at(written(request, "o3", AzureResponses::dialect), "user") == "u-1");
}

BOOST_AUTO_TEST_CASE(choices_formats_and_effort) {
    const auto choice = [](ToolChoice::Mode mode) {
        return test::at(written(Request(user("x"), ToolChoice(mode))), "tool_choice");
    };
    BOOST_TEST(choice(ToolChoice::Mode::vendor_default).is_null());
    BOOST_TEST(choice(ToolChoice::Mode::automatic) == "auto");
    BOOST_TEST(choice(ToolChoice::Mode::none) == "none");
    BOOST_TEST(choice(ToolChoice::Mode::required) == "required");
    const auto format = [](ResponseFormat value) {
        return test::at(test::at(written(Request(user("x"), std::move(value))), "text"), "format");
    };
    BOOST_TEST(format(ResponseFormat()).is_null());
    BOOST_TEST(format(ResponseFormat(ResponseFormat::Kind::json_object)) ==
               test::parse(R"({"type":"json_object"})"));
    BOOST_TEST(test::at(format(ResponseFormat("", "{}", true)), "name") == "answer");
    BOOST_TEST(test::at(written(Request(user("x"), reasoning(0))), "reasoning") ==
               test::parse(R"({"effort":"none"})"));
    Tool strict("f", "");
    strict.strict = true;
    BOOST_TEST(
        written(Request(user("x"), tools(strict))).at("tools").as_array()[0].at("parameters") ==
        test::parse(R"({"type":"object","properties":{},"required":[],"additionalProperties":false})"));
}

BOOST_AUTO_TEST_CASE(ciphertext_is_asked_for_where_it_is_understood) {
    const auto asks = [](const char* model,
                         const wire::ResponsesDialect& dialect = OpenAIResponses::dialect) {
        return !test::at(written(Request("x"), model, dialect), "include").is_null();
    };
    for (const char* model : {"o1", "o3-mini", "o4-mini-deep-research", "gpt-5", "gpt-5.6-sol", "gpt-10",
                              "codex-mini-latest", "openai/gpt-5-nano"})
        BOOST_TEST(asks(model), model);
    for (const char* model : {"gpt-4o", "gpt-4.1-mini", "gpt-3.5-turbo", "gpt-5-chat-latest",
                              "chatgpt-4o-latest", "omni", "o", "gpt-oss-120b", "mine", "grok-4.3", ""})
        BOOST_TEST(!asks(model), model);
    static constexpr wire::ResponsesDialect always{.vendor = {.name = "x", .key_variable = "", .rules = {}},
                                                   .capabilities = {}};
    BOOST_TEST(asks("grok-4.3", always));
    BOOST_TEST(!asks("gpt-5", modest));
    // one's own list takes the place of ours
    BOOST_TEST(test::at(written(Request(user("x"), extra(R"({"include":[]})")), "o3"), "include") ==
               bj::array());
}

BOOST_AUTO_TEST_CASE(messages_of_every_kind) {
    Part::Detail pdf;
    pdf.media_type = "application/pdf";
    pdf.name = "paper.pdf";
    Part::Detail foreign;
    foreign.vendor = "anthropic";
    foreign.signature = "s";
    Part::Detail own;
    own.vendor = "openai_responses";
    Part::Detail thought;
    thought.id = "rs_1";
    thought.signature = "cipher";
    Part::Detail result;
    result.id = "call_0";
    const Request request(
        user_parts("What is this?", image_url("https://x/y.png"), image_data("QUJD", "image/png"),
                   part_of(Part::Kind::document, "JVBERg==", pdf), document_url("https://x/y.pdf"),
                   part_of(Part::Kind::opaque, R"({"type":"input_audio","input_audio":{}})", own),
                   part_of(Part::Kind::opaque, R"({"type":"server_tool_use"})", foreign),
                   part_of(Part::Kind::tool_result, "before", result), Part("and now?"),
                   part_of(Part::Kind::opaque, R"({"type":"mcp_approval_response","approve":true})", own)),
        turn(Role::assistant, part_of(Part::Kind::thinking, "hm", foreign),
             part_of(Part::Kind::thinking, "so", thought), Part("It is "), Part("a pipe."),
             part_of(Part::Kind::opaque, "{}", foreign), tool_call("call_1", "draw", R"({"what":"pipe"})"),
             part_of(Part::Kind::opaque, R"({"type":"web_search_call","id":"ws"})", own),
             tool_call("call_2", "stop", "")),
        tool_result("call_1", "drawn"), tool_result("call_2", "failed", true), assistant("Done."),
        baton::system("Be brief."), turn(Role::user), baton::lossy());
    BOOST_TEST(input(request) == test::parse(R"([
        {"role":"user","content":[
          {"type":"input_text","text":"What is this?"},
          {"type":"input_image","image_url":"https://x/y.png"},
          {"type":"input_image","image_url":"data:image/png;base64,QUJD"},
          {"type":"input_file","filename":"paper.pdf","file_data":"data:application/pdf;base64,JVBERg=="},
          {"type":"input_file","file_url":"https://x/y.pdf"},
          {"type":"input_audio","input_audio":{}}]},
        {"type":"function_call_output","call_id":"call_0","output":"before"},
        {"role":"user","content":"and now?"},
        {"type":"mcp_approval_response","approve":true},
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"so"}],"encrypted_content":"cipher"},
        {"role":"assistant","content":[{"type":"output_text","text":"It is "},{"type":"output_text","text":"a pipe."}]},
        {"type":"function_call","call_id":"call_1","name":"draw","arguments":"{\"what\":\"pipe\"}"},
        {"type":"web_search_call","id":"ws"},
        {"type":"function_call","call_id":"call_2","name":"stop","arguments":"{}"},
        {"type":"function_call_output","call_id":"call_1","output":"drawn"},
        {"type":"function_call_output","call_id":"call_2","output":"failed"},
        {"role":"assistant","content":"Done."},
        {"role":"system","content":"Be brief."}])"));
}

BOOST_AUTO_TEST_CASE(system_messages) {
    const Request two(baton::system("a"), baton::system("b"), user("x"));
    BOOST_TEST(written(two).at("instructions") == "a");
    BOOST_TEST(input(two) ==
               test::parse(R"([{"role":"system","content":"b"},{"role":"user","content":"x"}])"));
    // not lost where `extra` has instructions of its own
    const bj::value both =
        written(Request(baton::system("a"), user("x"), extra(R"({"instructions":"mine"})")));
    BOOST_TEST(both.at("instructions") == "mine");
    BOOST_TEST(both.at("input").as_array()[0].at("content") == "a");
    const Request parts(turn(Role::system, Part("a"), Part("b")), user("x"));
    BOOST_TEST(test::at(written(parts), "instructions").is_null());
    BOOST_TEST(input(parts).as_array()[0] == test::parse(R"({"role":"system","content":[
        {"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]})"));
    // what another vendor's block stands between is still one message
    Part::Detail foreign;
    foreign.vendor = "anthropic";
    const Request apart(turn(Role::user, Part("a"), part_of(Part::Kind::opaque, "{}", foreign), Part("b")),
                        baton::lossy());
    BOOST_TEST(input(apart) == test::parse(R"([{"role":"user","content":[
        {"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]}])"));
}

BOOST_AUTO_TEST_CASE(extra_goes_out_untouched_and_wins) {
    const Encoded out = encode(Request(user("x"), temperature(0.5),
                                       extra(R"({ "temperature" : 1.50 ,"store":true,"background":true})")),
                               "m", true);
    BOOST_TEST(!out.error.has_value());
    BOOST_TEST(out.body == R"({"model":"m","input":[{"role":"user","content":"x"}],"stream":true,)"
                           R"("temperature":1.50,"store":true,"background":true})");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said_is_refused_by_name_or_dropped) {
    const auto with = [](auto member) { return Request(user("x"), std::move(member)); };
    refused(with(extra("{broken")), "extra");
    refused(with(extra(R"({"stream":false})")), "stream");
    refused(with(tools(Tool("f", "", "nonsense"))), "tools[0].parameters");
    refused(with(ResponseFormat("n", "{", true)), "response_format.schema");
    refused(with(seed(1)), "seed");
    refused(with(stop("END")), "stop");
    refused(with(top_k(4)), "top_k");
    refused(with(frequency_penalty(0.5)), "frequency_penalty");
    refused(with(presence_penalty(0.5)), "presence_penalty");
    refused(with(choices(2)), "choices");
    refused(with(reasoning(2000)), "reasoning_tokens");
    refused(Request(turn(Role::system, Part("a"), image_url("https://x"))), "image");
    refused(Request(turn(Role::system, document_url("https://x"))), "document");
    refused(Request(turn(Role::user, tool_call("i", "n", "{}"))), "tool_call");
    refused(Request(turn(Role::tool, Part("x"))), "tool message");
    refused(Request(turn(Role::assistant, image_url("https://x"))), "assistant message");
    refused(Request(turn(Role::assistant, Part(Part::Kind::opaque, "nonsense"))), "opaque part");
    Part::Detail forged;
    forged.vendor = "openai_responses";
    forged.extra = R"("item":{,)";
    refused(Request(turn(Role::assistant, part_of(Part::Kind::text, "x", forged))), "Part::Detail::extra");
    forged.extra = "nonsense";
    refused(Request(turn(Role::assistant, part_of(Part::Kind::tool_call, "{}", forged))),
            "Part::Detail::extra");
    refused(with(reasoning("low")), "reasoning_effort", modest);
    refused(with(reasoning(0)), "reasoning_tokens", modest);
    refused(with(service_tier("flex")), "service_tier", modest);
    refused(with(end_user("u")), "end_user", modest);
    refused(with(top_logprobs(0)), "top_logprobs", modest);
    refused(with(tools(Tool("f", ""))), "tools", modest);
    refused(with(ResponseFormat("n", "{}", true)), "response_format: json_schema", modest);
    refused(with(ResponseFormat(ResponseFormat::Kind::json_object)), "response_format: json_object", modest);

    Request all(turn(Role::system, image_url("https://x")), user("x"), turn(Role::tool, Part("x")), seed(1),
                stop("END"), top_k(4), frequency_penalty(0.5), presence_penalty(0.5), choices(2),
                reasoning(2000), reasoning("low"), service_tier("flex"), end_user("u"), top_logprobs(1),
                tools(Tool("f", "")), ResponseFormat("n", "{}", true), lossy());
    BOOST_TEST(written(all, "m", modest) ==
               test::parse(R"({"model":"m","input":[{"role":"user","content":"x"}],"store":false})"));
    // what is merely broken is refused all the same
    refused(Request(user("x"), extra("{broken"), lossy()), "extra");
}

BOOST_AUTO_TEST_CASE(counting_tokens) {
    const Request request(baton::system("Be brief."), user("x"), tools(Tool("f", "")), max_tokens(5),
                          temperature(1), reasoning("low"), extra(R"({"metadata":{}})"));
    const Draft draft(request);
    Target target;
    target.model = "gpt-5";
    Encoded out;
    BOOST_TEST(
        !OpenAIResponses::encode_count(draft, target, wire::Outgoing{out.path, out.headers, out.body}));
    BOOST_TEST(out.path == "/responses/input_tokens");
    BOOST_TEST(test::parse(out.body) == test::parse(R"({"model":"gpt-5","instructions":"Be brief.",
        "input":[{"role":"user","content":"x"}],"reasoning":{"effort":"low"},
        "tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}},"strict":false}]})"));
    std::uint64_t tokens = 0;
    BOOST_TEST(
        !OpenAIResponses::decode_count(R"({"object":"response.input_tokens","input_tokens":11})", tokens));
    BOOST_TEST(tokens == 11u);
    for (const char* bad : {"", "{}", R"({"input_tokens":"11"})", R"({"input_tokens":11)"}) {
        const auto error = OpenAIResponses::decode_count(bad, tokens);
        BOOST_TEST_REQUIRE(error.has_value(), bad);
        BOOST_TEST(error->errc() == Errc::protocol);
    }
}

BOOST_AUTO_TEST_CASE(accounts) {
    std::string lines;
    BOOST_TEST(
        !OpenAIResponses::write_account_headers({.organization = "o", .project = "p"}, Secret("k"), lines));
    BOOST_TEST(lines == "authorization: Bearer k\r\nopenai-organization: o\r\nopenai-project: p\r\n");
    BOOST_TEST(
        OpenAIResponses::write_account_headers({.project = "p\r\nx: y"}, Secret("k"), lines).has_value());
    lines.clear();
    BOOST_TEST(!AzureResponses::write_account_headers({}, Secret("k"), lines));
    BOOST_TEST(!AzureResponses::write_account_headers({.bearer = true}, Secret("t"), lines));
    BOOST_TEST(lines == "api-key: k\r\nauthorization: Bearer t\r\n");
    const wire::Environment nothing = [](std::string_view) { return std::string_view(); };
    const wire::Environment endpoint = [](std::string_view name) {
        return name == "AZURE_OPENAI_ENDPOINT" ? std::string_view("https://e.openai.azure.com/")
                                               : std::string_view();
    };
    const wire::Environment whole = [](std::string_view) { return std::string_view("https://e/openai/v1/"); };
    BOOST_TEST(AzureResponses::base_url({.resource = "r"}, endpoint).value() ==
               "https://r.openai.azure.com/openai/v1");
    BOOST_TEST(AzureResponses::base_url({}, endpoint).value() == "https://e.openai.azure.com/openai/v1");
    const wire::Environment project = [](std::string_view) {
        return std::string_view("https://r.services.ai.azure.com/api/projects/p");
    };
    BOOST_TEST(AzureResponses::base_url({}, project).value() ==
               "https://r.services.ai.azure.com/api/projects/p/openai/v1");
    static_assert(AzureResponses::bare_path == "/openai/v1");
    BOOST_TEST(AzureResponses::base_url({}, whole).value() == "https://e/openai/v1");
    BOOST_TEST(AzureResponses::base_url({}, nothing).has_error());
}

// --- whole bodies ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_body) {
    const Reply reply = decoded(R"( {"id":"resp_1","model":"m-1","status":"completed","error":null,
        "incomplete_details":null,"output":[
          {"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"First."},
            {"type":"summary_text","text":"Then."}],"encrypted_content":"ci\u0070her=="},
          {"type":"web_search_call","id":"ws","status":"completed","action":{"type":"search"}},
          {"type":"message","id":"msg","role":"assistant","status":"completed","content":[
            {"type":"output_text","text":"a\n","annotations":[{"type":"url_citation"}],"logprobs":[{"token":"a"}]},
            {"type":"output_text","text":"b","annotations":[],"logprobs":[{"token":"b"}]}]},
          {"type":"function_call","id":"fc","call_id":"call","name":"f","arguments":"{\"x\":1}","status":"completed"}],
        "service_tier":"flex",
        "usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},
          "output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150}} )");
    BOOST_TEST(reply.id == "resp_1");
    BOOST_TEST(reply.model == "m-1");
    BOOST_TEST(reply.text() == "a\nb");
    BOOST_TEST(reply.stop == StopReason::tool_calls);
    BOOST_TEST_REQUIRE(reply.parts.size() == 6u);
    BOOST_TEST(reply.parts[0].text == "First.");
    BOOST_TEST(reply.parts[0].detail->signature == "cipher==");
    BOOST_TEST((reply.parts[1].kind == Part::Kind::thinking));
    BOOST_TEST((reply.parts[2].kind == Part::Kind::opaque));
    BOOST_TEST(reply.parts[2].detail->name == "web_search_call");
    BOOST_TEST(reply.parts[5].detail->id == "call");
    BOOST_TEST(reply.parts[5].detail->name == "f");
    BOOST_TEST(reply.usage.input_tokens == 30u);
    BOOST_TEST(reply.usage.cached_input_tokens == 60u);
    BOOST_TEST(reply.usage.cache_write_tokens == 10u);
    BOOST_TEST(reply.usage.output_tokens == 30u);
    BOOST_TEST(reply.usage.reasoning_tokens == 20u);
    BOOST_TEST(reply.usage.total() == 150u);
    BOOST_TEST_REQUIRE(static_cast<bool>(reply.extras));
    BOOST_TEST(reply.extras->service_tier == "flex");
    BOOST_TEST(reply.extras->logprobs == R"([{"token":"a"},{"token":"b"}])");
}

BOOST_AUTO_TEST_CASE(usage_of_careless_vendors) {
    const auto usage = [](std::string text) {
        return decoded(R"({"output":[],"usage":)" + text + "}").usage;
    };
    BOOST_TEST(!usage("null").reported);
    BOOST_TEST(usage(R"({"input_tokens":1})").reported);
    const Usage odd = usage(R"({"input_tokens":10,"input_tokens_details":{"cached_tokens":99},
                                "output_tokens":1,"output_tokens_details":{"reasoning_tokens":7}})");
    BOOST_TEST(odd.cached_input_tokens == 10u);
    BOOST_TEST(odd.input_tokens == 0u);
    const Usage beside = usage(R"({"input_tokens":10,"output_tokens":5,"total_tokens":22,
                                   "output_tokens_details":{"reasoning_tokens":7}})");
    BOOST_TEST(beside.output_tokens == 5u);
    BOOST_TEST(beside.reasoning_tokens == 7u);
    BOOST_TEST(usage(R"({"input_tokens":-1,"output_tokens":2.5,"total_tokens":"3"})").total() == 0u);
}

BOOST_AUTO_TEST_CASE(how_bodies_end) {
    const auto stop = [](std::string members) {
        return decoded(R"({"output":[)" + message_item("x") + "]," + members + "}");
    };
    BOOST_TEST(stop(R"("status":"completed")").stop == StopReason::stop);
    BOOST_TEST(stop(R"("status":"complete")").stop == StopReason::stop);
    BOOST_TEST(stop(R"("object":"response")").stop == StopReason::stop);
    BOOST_TEST(stop(R"("status":"queued")").stop == StopReason::pause);
    BOOST_TEST(stop(R"("status":"in_progress")").stop == StopReason::pause);
    BOOST_TEST(stop(R"("status":"incomplete","incomplete_details":{"reason":"max_output_tokens"})").stop ==
               StopReason::length);
    BOOST_TEST(stop(R"("incomplete_details":{"reason":"content_filter"},"status":"incomplete")").stop ==
               StopReason::content_filter);
    const Reply odd = stop(R"("status":"incomplete","incomplete_details":{"reason":"because"})");
    BOOST_TEST(odd.stop == StopReason::unknown);
    BOOST_TEST(odd.stop_text == "because");
    BOOST_TEST(stop(R"("status":"strange")").stop_text == "strange");
    const Reply refused = decoded_output(R"([{"type":"message","id":"m","role":"assistant","content":[
        {"type":"refusal","refusal":"No."}]}])");
    BOOST_TEST(refused.stop == StopReason::refusal);
    BOOST_TEST(refused.text() == "No.");
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answer) {
    const auto errc = [](std::string_view body) {
        Reply reply;
        const auto error = OpenAIResponses::decode(body, reply);
        return error ? error->errc() : Errc::ok;
    };
    BOOST_TEST(errc("") == Errc::protocol);
    BOOST_TEST(errc("<html><title>Hello</title></html>") == Errc::protocol);
    BOOST_TEST(errc("[]") == Errc::protocol);
    BOOST_TEST(errc("{}") == Errc::protocol);
    BOOST_TEST(errc(R"({"output":[]} trailing)") == Errc::protocol);
    BOOST_TEST(errc(R"({"output":[1,null,"x",{}]})") == Errc::ok);
    BOOST_TEST(errc(R"({"choices":[{"message":{"content":"x"}}]})") == Errc::protocol);
    BOOST_TEST(errc(R"({"error":{"message":"m","code":429},"user_id":"u"})") == Errc::rate_limited);
    BOOST_TEST(errc(R"({"error":"model is loading"})") == Errc::transient);
    BOOST_TEST(errc(R"({"status":"failed","output":[],"error":{"code":"server_error","message":"m"}})") ==
               Errc::transient);
    BOOST_TEST(
        errc(R"({"status":"failed","output":[],"error":{"code":"rate_limit_exceeded","message":"m"}})") ==
        Errc::rate_limited);
    BOOST_TEST(errc(R"({"status":"failed","output":[],"error":{"code":"invalid_image","message":"m"}})") ==
               Errc::invalid_request);
    BOOST_TEST(errc(R"({"status":"failed","output":[],"error":{"code":"invalid_prompt",
        "message":"flagged as potentially violating our usage policy"}})") == Errc::content_filtered);
    BOOST_TEST(errc(R"({"status":"failed","output":[],"error":null})") == Errc::transient);
    BOOST_TEST(errc(R"({"status":"cancelled","output":[],"error":null})") == Errc::cancelled);
}

// --- there and back --------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(items_go_back_as_they_came) {
    const std::string output = R"([
        {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"aa/b+=="},
        {"type":"reasoning","id":"rs_2","status":"completed","summary":[{"type":"summary_text","text":"s"}],
         "content":[{"type":"reasoning_text","text":"t"},{"type":"future","data":[1]}],"encrypted_content":"c"},
        {"type":"message","id":"msg_1","role":"assistant","status":"completed","phase":"commentary","content":[
          {"type":"output_text","text":"a\u00e9\n","annotations":[{"type":"url_citation","start_index":0}]},
          {"type":"refusal","refusal":"no"},{"type":"output_image","image":{"x":null}},
          {"type":"output_text","text":"","annotations":[]}]},
        {"type":"message","id":"msg_2","role":"assistant","content":[{"type":"future"},
          {"type":"output_text","text":"b","annotations":[]}]},
        {"type":"message","id":"msg_3","role":"assistant","status":"completed","content":[]},
        {"type":"function_call","id":"fc","call_id":"call","name":"f","arguments":"{ }","namespace":"n",
         "caller":{"type":"program"}},
        {"type":"custom_tool_call","id":"ct","call_id":"c2","name":"g","input":"SELECT 1"},
        {"type":"compaction","id":"cmp","encrypted_content":"zz"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"c"}]},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"d"}]}])";
    const Reply reply = decoded_output(output);
    bj::array expected = test::parse(output).as_array();
    BOOST_TEST(input(Request(reply.message())) == expected);
    // and so does what was read from what was sent
    const bj::value sent = input(Request(reply.message()));
    const Reply again = decoded_output(bj::serialize(sent));
    BOOST_TEST((again.parts == reply.parts));
    // the same, streamed
    Run run;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        run(added(static_cast<int>(i), R"({"type":")" + test::string_of(expected[i].at("type")) + R"("})"));
        run(done(static_cast<int>(i), bj::serialize(expected[i])));
    }
    BOOST_TEST(run(completed()) == Step::end);
    BOOST_TEST(input(Request(run.reply.message())) == expected);
    // edited text is what is sent
    Reply edited = reply;
    for (Part& part : edited.parts) {
        if (part.text == "b") part.text = "B";
    }
    BOOST_TEST(input(Request(edited.message())).as_array()[3].at("content").as_array()[1].at("text") == "B");
}

BOOST_AUTO_TEST_CASE(parts_without_their_first_are_still_said) {
    Reply reply = decoded_output(R"([{"type":"message","id":"m","role":"assistant","content":[
        {"type":"output_text","text":"a","annotations":[]},{"type":"output_text","text":"b","annotations":[]},
        {"type":"refusal","refusal":"no"}]}])");
    reply.parts.erase(reply.parts.begin());
    BOOST_TEST(input(Request(reply.message())) == test::parse(R"([{"role":"assistant","content":[
        {"type":"output_text","text":"b","annotations":[]},{"type":"refusal","refusal":"no"}]}])"));
}

BOOST_AUTO_TEST_CASE(thinking_that_the_vendor_cannot_find_stays_behind) {
    const Reply reply = decoded_output(R"([
        {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"s"}]},
        {"type":"reasoning","id":"rs_2","summary":[]},
        {"type":"reasoning","id":"rs_3","summary":[],"content":[{"type":"reasoning_text","text":"t"}]}])");
    BOOST_TEST(input(Request(reply.message())).as_array().size() == 1u);
    BOOST_TEST(input(Request(reply.message(), extra(R"({"store":true})"))).as_array().size() == 3u);
}

BOOST_AUTO_TEST_CASE(other_vendors_get_the_text_only) {
    const Reply reply =
        decoded_output(R"([{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"c"},
        {"type":"web_search_call","id":"ws"},)" +
                       message_item("hello") +
                       R"(,{"type":"function_call","id":"fc","call_id":"c","name":"f","arguments":"{}"}])");
    BOOST_TEST(written(Request(reply.message()), "m", AzureResponses::dialect).at("input") == test::parse(R"([
        {"role":"assistant","content":"hello"},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}"}])"));
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    BOOST_TEST(run(R"({"type":"response.created","response":{"id":"r0","model":"m-0","output":[]}})") ==
               Step::nothing);
    BOOST_TEST(run.reply.id == "r0");
    BOOST_TEST(run(R"({"type":"keepalive","sequence_number":3})", "keepalive") == Step::nothing);
    BOOST_TEST(run(added(0, R"({"type":"message","id":"msg_1","content":[]})")) == Step::nothing);
    BOOST_TEST(run(text_delta(0, "Hello")) == Step::delta);
    BOOST_TEST(run.delta.text == "Hello");
    BOOST_TEST(run(text_delta(0, R"( \"you\"\n)"), "response.output_text.delta") == Step::delta);
    BOOST_TEST(run.delta.text == " \"you\"\n");
    BOOST_TEST(
        run(R"({"type":"response.output_text.done","output_index":0,"content_index":0,"text":"Hello \"you\"\n"})") ==
        Step::nothing);
    BOOST_TEST(run(done(0, message_item(R"(Hello \"you\"\n)"))) == Step::nothing);
    BOOST_TEST(run(completed("[" + message_item(R"(Hello \"you\"\n)") + "]",
                             R"("status":"completed","usage":{"input_tokens":3,"output_tokens":2})")) ==
               Step::end);
    BOOST_TEST(run.reply.text() == "Hello \"you\"\n");
    BOOST_TEST(run.reply.parts.size() == 1u);
    BOOST_TEST(run.reply.id == "r1");
    BOOST_TEST(run.reply.model == "m-1");
    BOOST_TEST(run.reply.stop == StopReason::stop);
    BOOST_TEST(run.reply.usage.total() == 5u);
}

BOOST_AUTO_TEST_CASE(members_in_any_order_and_events_without_a_type) {
    Run run;
    BOOST_TEST(
        run(R"({"item":{"id":"m","content":[],"type":"message"},"output_index":0,"type":"response.output_item.added"})") ==
        Step::nothing);
    BOOST_TEST(
        run(R"({"content_index":0,"delta":"a","output_index":0,"type":"response.output_text.delta"})") ==
        Step::delta);
    BOOST_TEST(run(R"({"content_index":0,"delta":"b","output_index":0})", "response.output_text.delta") ==
               Step::delta);
    BOOST_TEST(run(R"({"delta":"c"})", "response.output_text.delta") == Step::delta); // no indexes at all
    BOOST_TEST(run(R"({"response":{"output":[],"status":"completed"},"type":"response.completed"})") ==
               Step::end);
    BOOST_TEST(run.reply.text() == "abc");
}

BOOST_AUTO_TEST_CASE(items_are_ordered_by_their_index) {
    Run run;
    run(added(0, R"({"type":"reasoning","id":"rs","summary":[]})"));
    BOOST_TEST(
        run(R"({"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"hm"})") ==
        Step::delta);
    BOOST_TEST(run.delta.reasoning == "hm");
    run(added(2, R"({"type":"message","id":"m","content":[]})"));
    run(text_delta(2, "answer"));
    run(added(1, R"({"type":"web_search_call","id":"ws"})"));
    BOOST_TEST(run(text_delta(2, "!")) == Step::delta);
    BOOST_TEST(run.delta.text == "!");
    // a summary stands before the text it came after
    run(R"({"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"s"})");
    run(R"({"type":"response.reasoning_text.delta","output_index":0,"content_index":0,"delta":"m"})");
    run(done(2, message_item("answer!", "m")));
    run(done(1, R"({"type":"web_search_call","id":"ws","status":"completed"})"));
    run(done(0, R"({"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"s"}],
        "content":[{"type":"reasoning_text","text":"hmm"}],"encrypted_content":"c"})"));
    BOOST_TEST(run(completed()) == Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 4u);
    BOOST_TEST(run.reply.parts[0].text == "s");
    BOOST_TEST(run.reply.parts[0].detail->signature == "c");
    BOOST_TEST(run.reply.parts[1].text == "hmm");
    BOOST_TEST(run.reply.parts[2].text == R"({"type":"web_search_call","id":"ws","status":"completed"})");
    BOOST_TEST(run.reply.parts[3].text == "answer!");
}

BOOST_AUTO_TEST_CASE(tool_calls_in_pieces) {
    Run run;
    BOOST_TEST(run(added(0, R"({"type":"function_call","call_id":"a","name":"f","arguments":""})")) ==
               Step::delta);
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].id == "a");
    BOOST_TEST(run.delta.tools[0].name == "f");
    const auto piece = [](int index, const char* text) {
        return R"({"type":"response.function_call_arguments.delta","output_index":)" + std::to_string(index) +
               R"(,"delta":")" + text + "\"}";
    };
    BOOST_TEST(run(piece(0, R"({\"x\")")) == Step::delta);
    BOOST_TEST(run.delta.tools[0].id == "");
    BOOST_TEST(run.delta.tools[0].arguments == "{\"x\"");
    run(added(1, R"({"type":"function_call","call_id":"b","name":"g","arguments":""})"));
    run(piece(0, ":1}"));
    BOOST_TEST(run.delta.tools[0].index == 0);
    // all of it at once, where there were no pieces
    BOOST_TEST(
        run(R"({"type":"response.function_call_arguments.done","output_index":1,"arguments":"[2]"})") ==
        Step::delta);
    BOOST_TEST(run.delta.tools[0].index == 1);
    BOOST_TEST(run.delta.tools[0].arguments == "[2]");
    BOOST_TEST(
        run(R"({"type":"response.function_call_arguments.done","output_index":0,"arguments":"{\"x\":1}"})") ==
        Step::nothing);
    run(done(0, R"({"type":"function_call","call_id":"a","name":"f","arguments":"{\"x\":1}"})"));
    run(done(1, R"({"type":"function_call","call_id":"b","name":"g","arguments":"[2]"})"));
    // never added
    BOOST_TEST(run(done(2, R"({"type":"function_call","call_id":"c","name":"h","arguments":""})")) ==
               Step::delta);
    BOOST_TEST(run.delta.tools[0].name == "h");
    BOOST_TEST(run(completed()) == Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 3u);
    BOOST_TEST(run.reply.parts[0].text == R"({"x":1})");
    BOOST_TEST(run.reply.parts[1].text == "[2]");
    BOOST_TEST(run.reply.parts[2].text == "{}");
    BOOST_TEST(run.reply.stop == StopReason::tool_calls);
}

BOOST_AUTO_TEST_CASE(a_call_announced_twice_is_shown_once) { // found by fuzzing
    Run run;
    const std::string call = R"({"type":"function_call","call_id":"a","name":"f","arguments":""})";
    run(added(0, call));
    run(R"({"type":"response.function_call_arguments.delta","output_index":0,"delta":"{\"x\":1}"})");
    BOOST_TEST(run.delta.tools[0].arguments == R"({"x":1})");
    BOOST_TEST(run(added(0, call)) == Step::nothing);
    BOOST_TEST(run(completed()) == Step::end);
    BOOST_TEST(run.reply.parts[0].text == R"({"x":1})");
}

BOOST_AUTO_TEST_CASE(calls_are_numbered_as_they_are_shown) { // found by fuzzing
    Run run;
    run(added(0, R"({"type":"reasoning","summary":[]})"));
    BOOST_TEST(run(done(0, R"({"type":"function_call"})")) == Step::delta); // it has become a call
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].index == 0);
    run(added(1, R"({"type":"function_call","call_id":"a","name":"f","arguments":""})"));
    BOOST_TEST(run.delta.tools[0].index == 1);
    BOOST_TEST(run.delta.tools[0].id == "a");
}

BOOST_AUTO_TEST_CASE(what_was_not_streamed_is_in_the_final_event) {
    Run run;
    run(added(0, R"({"type":"message","id":"m","content":[]})"));
    run(text_delta(0, "par"));
    BOOST_TEST(run(completed("[" + message_item("partial", "m") +
                             R"(,{"type":"function_call","call_id":"c","name":"f","arguments":"{}"}])")) ==
               Step::end);
    BOOST_TEST(run.delta.empty());
    BOOST_TEST(run.reply.text() == "partial");
    BOOST_TEST(run.reply.parts.size() == 2u);
    BOOST_TEST(run.reply.stop == StopReason::tool_calls);
}

BOOST_AUTO_TEST_CASE(a_stream_resumed_in_the_middle) {
    Run run;
    BOOST_TEST(run(text_delta(1, "world", 1)) == Step::delta);
    run(R"({"type":"response.function_call_arguments.delta","output_index":2,"delta":"1}"})");
    run(done(1, R"({"type":"message","id":"m","content":[{"type":"output_text","text":"Hello "},
                    {"type":"output_text","text":"world"}]})"));
    run(done(2, R"({"type":"function_call","call_id":"c","name":"f","arguments":"{\"x\":1}"})"));
    BOOST_TEST(run(completed("[" + message_item("first") + "]")) == Step::end);
    BOOST_TEST(run.reply.text() == "firstHello world");
    BOOST_TEST(run.reply.parts.back().text == R"({"x":1})");
    BOOST_TEST(run.reply.parts.back().detail->name == "f");
}

BOOST_AUTO_TEST_CASE(vendors_that_number_badly) {
    Run run; // every item is number 0
    run(done(0, message_item("a", "m1")));
    run(done(0, R"({"type":"function_call","call_id":"c","name":"f","arguments":"{}"})"));
    run(done(0, message_item("b", "m2")));
    BOOST_TEST(run(completed("[" + message_item("a", "m1") +
                             R"(,{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},)" +
                             message_item("b", "m2") + "]")) == Step::end);
    BOOST_TEST(run.reply.text() == "ab");
    BOOST_TEST(run.reply.parts.size() == 3u);
    Run guess; // a fragment of one kind for an item of another
    guess(text_delta(0, "x"));
    guess(text_delta(1, "answer"));
    guess(done(0, R"({"type":"reasoning","id":"rs","summary":[],"encrypted_content":"c"})"));
    BOOST_TEST(guess(completed()) == Step::end);
    BOOST_TEST(guess.reply.text() == "answer");
    BOOST_TEST(guess.reply.parts.size() == 2u);
    Run wrong;
    wrong(added(0, R"({"type":"web_search_call","id":"ws"})"));
    BOOST_TEST(wrong(text_delta(0, "x")) == Step::nothing);
}

BOOST_AUTO_TEST_CASE(how_streams_end) {
    Run silent;
    silent(text_delta(0, "a"));
    BOOST_TEST(silent.decoder.on_body_end(silent.reply) == Step::failed);
    BOOST_TEST(silent.errc() == Errc::truncated);
    Run declared;
    declared(text_delta(0, "a"));
    BOOST_TEST(declared("[DONE]") == Step::failed);
    BOOST_TEST(declared.errc() == Errc::truncated);
    Run cut;
    cut(text_delta(0, "a"));
    BOOST_TEST(cut(R"({"type":"response.incomplete","response":{"output":[],"status":"incomplete",
        "incomplete_details":{"reason":"max_output_tokens"}}})") == Step::end);
    BOOST_TEST(cut.reply.stop == StopReason::length);
    BOOST_TEST(cut.reply.text() == "a");
    Run bare;
    bare(text_delta(0, "a"));
    BOOST_TEST(bare(R"({"type":"response.completed"})") == Step::failed);
    BOOST_TEST(bare.errc() == Errc::protocol);
    Run refused;
    BOOST_TEST(
        refused(R"({"type":"response.refusal.delta","output_index":0,"content_index":0,"delta":"No."})") ==
        Step::delta);
    BOOST_TEST(refused.delta.text == "No.");
    BOOST_TEST(refused(completed()) == Step::end);
    BOOST_TEST(refused.reply.stop == StopReason::refusal);
}

BOOST_AUTO_TEST_CASE(errors_inside_a_stream) {
    Run event;
    event(text_delta(0, "a"));
    BOOST_TEST(event(R"({"type":"error","code":"rate_limit_exceeded","message":"slow down","param":null})",
                     "error") == Step::failed);
    BOOST_TEST(event.errc() == Errc::rate_limited);
    BOOST_TEST(event.reply.text() == "a"); // what was delivered stays readable
    Run nested;
    BOOST_TEST(
        nested(R"({"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded",
        "message":"too long"}})") == Step::failed);
    BOOST_TEST(nested.errc() == Errc::context_overflow);
    Run failed;
    BOOST_TEST(failed(R"({"type":"response.failed","response":{"id":"r","status":"failed","output":[],
        "error":{"code":"server_error","message":"The model failed"}}})") == Step::failed);
    BOOST_TEST(failed.errc() == Errc::transient);
    BOOST_TEST(failed.decoder.error().detail().message.starts_with("The model failed"));
    Run unexplained;
    BOOST_TEST(unexplained(R"({"type":"response.failed","response":{"output":[],"error":null}})") ==
               Step::failed);
    BOOST_TEST(unexplained.errc() == Errc::transient);
    Run other; // a gateway in the words of another API
    BOOST_TEST(other(R"({"error":{"code":502,"message":"upstream"}})") == Step::failed);
    BOOST_TEST(other.errc() == Errc::transient);
    Run plain;
    BOOST_TEST(plain("boom", "error") == Step::failed);
    for (const char* broken :
         {"{", "", "nonsense", "[1]", R"({"type":"response.output_text.delta","delta":"x")", "{}{}",
          "{\"type\":\"response.output_text.delta\",\"delta\":\"\xFF\"}"}) {
        Run run;
        BOOST_TEST(run(broken) == Step::failed, broken);
        BOOST_TEST(run.errc() == Errc::protocol, broken);
    }
}

BOOST_AUTO_TEST_CASE(unknown_and_odd_events_are_passed_over) {
    Run run;
    for (const char* odd :
         {"{}", R"({"type":"response.future","delta":{"x":1}})", R"({"type":5})",
          R"({"type":"response.output_text.delta","delta":null})", R"({"type":"response.output_text.delta"})",
          R"({"type":"response.output_item.added","item":null})",
          R"({"type":"response.output_item.done","output_index":0,"item":"x"})",
          R"({"type":"response.created"})",
          R"({"type":"response.output_item.added","output_index":99999999999999999999})"}) {
        BOOST_TEST(run(odd) == Step::nothing, odd);
    }
    BOOST_TEST(run("not JSON at all", "ping") == Step::nothing);
    BOOST_TEST(run.reply.parts.empty());
    // items whose members are of the wrong kind
    run(done(0, R"({"type":"message","content":"all text","id":7})"));
    run(done(1, R"({"type":"reasoning","summary":null,"content":{},"encrypted_content":5})"));
    run(done(2, R"({"type":"function_call","arguments":{"x":1},"name":null,"call_id":3})"));
    run(done(3, "{}"));
    BOOST_TEST(run(completed()) == Step::end);
    BOOST_TEST(run.reply.text() == "all text");
    BOOST_TEST(run.reply.parts[2].text == R"({"x":1})");
    BOOST_TEST(input(Request(run.reply.message(), extra(R"({"store":true})"))).as_array().size() == 4u);
}

BOOST_AUTO_TEST_CASE(views_of_one_event_stay_whole) {
    Run run;
    BOOST_TEST(run(done(0, R"({"type":"message","content":[{"type":"output_text","text":"a\n"},
        {"type":"refusal","refusal":"b\n"},{"type":"output_text","text":"c"}]})")) == Step::delta);
    BOOST_TEST(run.delta.text == "a\nb\nc");
    std::string all, big(3000, 'x');
    for (int i = 0; i < 5; ++i) {
        run(text_delta(1, big));
        BOOST_TEST(run.delta.text == big);
        all += big;
    }
    BOOST_TEST(run.reply.parts[3].text == all);
}

// --- recorded requests -----------------------------------------------------------------------------

namespace {

/// A recorded request in our words; `why`: what of it has to go out as `extra`, or is said differently.
struct Rebuilt {
    Request request;
    bj::object expected; ///< the recorded body, in the spelling we use
    std::set<std::string> why;
    bool possible = true;
};

std::string only_text(const bj::value& content) {
    if (content.is_string()) return test::string_of(content);
    return test::string_of(test::at(content.as_array().at(0), "text"));
}

void rebuild_message(const bj::value& item, Rebuilt& out) {
    const std::string role = test::string_of(test::at(item, "role"));
    const bj::value& content = test::at(item, "content");
    bj::object expected{{"role", role}, {"content", content}};
    if (item.as_object().contains("type")) out.why.insert("input: `type` of a message is left out");
    if (item.as_object().contains("status")) out.why.insert("input: `status` of a message is left out");
    Message message;
    message.role = role == "assistant" ? Role::assistant : role == "user" ? Role::user : Role::system;
    if (role == "developer") {
        expected["role"] = "system";
        out.why.insert("input: role developer is said as system");
    } else if (role == "tool") {
        out.possible = false; // of another API; the vendor refused it
        return;
    }
    if (content.is_string()) {
        message.parts.emplace_back(test::string_of(content));
    } else {
        const bj::array& parts = content.as_array();
        const std::string first = test::string_of(test::at(parts.at(0), "type"));
        if (parts.size() == 1 && (first == "input_text" || first == "output_text")) {
            expected["content"] = only_text(content);
            out.why.insert("input: one text is a string, not a list");
        }
        for (const bj::value& part : parts) {
            const std::string type = test::string_of(test::at(part, "type"));
            const std::string data =
                test::string_of(test::at(part, type == "input_file" ? "file_data" : "image_url"));
            const std::size_t comma = data.find(";base64,");
            const bool base64 = data.starts_with("data:") && comma != std::string::npos;
            if ((type == "input_text" || type == "output_text") && part.as_object().size() == 2) {
                message.parts.emplace_back(test::string_of(test::at(part, "text")));
            } else if (type == "input_image" && part.as_object().size() == 2 && !data.empty()) {
                message.parts.push_back(base64 ? image_data(data.substr(comma + 8), data.substr(5, comma - 5))
                                               : image_url(data));
            } else if (type == "input_file" && base64) {
                message.parts.push_back(document_data(data.substr(comma + 8), data.substr(5, comma - 5),
                                                      test::string_of(test::at(part, "filename"))));
            } else {
                Part::Detail own;
                own.vendor = "openai_responses";
                message.parts.push_back(part_of(Part::Kind::opaque, bj::serialize(part), own));
                out.why.insert("input: " + type + " with members of its own as an opaque part");
            }
        }
    }
    out.request.messages.push_back(std::move(message));
    out.expected["input"].as_array().push_back(expected);
}

void rebuild_item(const bj::value& item, Rebuilt& out) {
    const std::string type = test::string_of(test::at(item, "type"));
    if (type.empty() || (type == "message" && !item.as_object().contains("id")))
        return rebuild_message(item, out);
    if (type == "function_call_output" && test::at(item, "output").is_string()) {
        out.request.messages.push_back(baton::tool_result(test::string_of(test::at(item, "call_id")),
                                                          test::string_of(test::at(item, "output"))));
    } else { // what the model said earlier, or what we do not model
        Reply reply = decoded_output("[" + bj::serialize(item) + "]");
        Message message = std::move(reply).message();
        if (type.ends_with("_output")) message.role = Role::tool;
        out.request.messages.push_back(std::move(message));
    }
    out.expected["input"].as_array().push_back(item);
}

Rebuilt rebuild(const bj::object& body) {
    Rebuilt out;
    out.expected = body;
    out.expected["input"] = bj::array();
    bj::object rest;
    const auto text_of = [](const bj::value& value) { return test::string_of(value); };
    if (body.contains("instructions") && body.at("instructions").is_string())
        out.request.messages.push_back(baton::system(text_of(body.at("instructions"))));
    for (const auto& [name, value] : body) {
        if (name == "model" || name == "stream") {
        } else if (name == "instructions" && value.is_string()) {
        } else if (name == "input" && value.is_string()) {
            out.request.messages.push_back(user(text_of(value)));
            out.expected["input"].as_array().push_back(bj::object{{"role", "user"}, {"content", value}});
            out.why.insert("input: a list of one message, not a string");
        } else if (name == "input") {
            for (const bj::value& item : value.as_array()) rebuild_item(item, out);
        } else if (name == "max_output_tokens") {
            out.request.max_tokens = value.to_number<std::uint32_t>();
        } else if (name == "temperature") {
            out.request.temperature = value.to_number<double>();
            // JSON has one kind of number, this library three
            if (const double number = value.to_number<double>(); number == static_cast<int>(number))
                out.expected["temperature"] = static_cast<int>(number);
        } else if (name == "service_tier") {
            out.request.tuning.ensure().service_tier = text_of(value);
        } else if (name == "reasoning" && value.as_object().size() == 1 &&
                   value.as_object().contains("effort")) {
            out.request.tuning.ensure().reasoning_effort = text_of(value.at("effort"));
        } else if (name == "tool_choice" && value.is_string()) {
            using Mode = ToolChoice::Mode;
            out.request.tool_choice = ToolChoice(value == "auto"       ? Mode::automatic
                                                 : value == "required" ? Mode::required
                                                                       : Mode::none);
        } else if (name == "text" && test::at(value.at("format"), "type") == "json_object" &&
                   value.as_object().size() == 1) {
            out.request.response_format = ResponseFormat(ResponseFormat::Kind::json_object);
        } else if (name == "text" && test::at(value.at("format"), "type") == "json_schema" &&
                   value.as_object().size() == 1 && !value.at("format").as_object().contains("description")) {
            const bj::value& format = value.at("format");
            const bool strict = test::at(format, "strict") == true;
            out.request.response_format =
                ResponseFormat(text_of(format.at("name")), bj::serialize(format.at("schema")), strict);
            if (!format.as_object().contains("strict")) {
                out.expected["text"].at("format").as_object()["strict"] = false;
                out.why.insert("text.format: strict is always said");
            }
        } else if (name == "tools" && [&] {
                       for (const bj::value& tool : value.as_array()) {
                           if (test::at(tool, "type") != "function" || test::at(tool, "strict").is_null() ||
                               tool.as_object().contains("defer_loading") ||
                               !test::at(tool, "description").is_string())
                               return false;
                       }
                       return true;
                   }()) {
            for (const bj::value& tool : value.as_array()) {
                Tool made(text_of(tool.at("name")), text_of(tool.at("description")),
                          bj::serialize(tool.at("parameters")));
                made.strict = tool.at("strict") == true;
                out.request.tools.push_back(std::move(made));
            }
            for (bj::value& tool : out.expected["tools"].as_array()) {
                if (tool.at("description") == "") tool.as_object().erase("description"); // says nothing
            }
        } else {
            rest[name] = value;
            out.why.insert("as extra: " + std::string(name));
        }
    }
    if (!rest.empty()) out.request.extra = bj::serialize(rest);
    if (bj::array& items = out.expected["input"].as_array();
        !body.contains("instructions") && !items.empty() && test::at(items[0], "role") == "system") {
        if (const bj::value content = test::at(items[0], "content"); content.is_string()) {
            items.erase(items.begin());
            out.expected["instructions"] = content;
            out.why.insert("input: a leading system message is said as instructions");
        }
    }
    // what we say in any case
    if (!rest.contains("store")) {
        out.expected["store"] = false;
        out.why.insert("added: store");
    }
    std::string model = text_of(body.at("model"));
    model.erase(0, model.rfind('/') + 1);
    const bool thinks = (model.starts_with("gpt-5") && model.find("chat") == std::string::npos) ||
                        model.starts_with("o1") || model.starts_with("o3") || model.starts_with("o4");
    if (!rest.contains("include") && thinks) {
        out.expected["include"] = bj::array{"reasoning.encrypted_content"};
        out.why.insert("added: include");
    }
    if (test::at(body, "stream") == false) out.expected.erase("stream");
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(recorded_requests_are_built_in_our_words) {
    const auto recordings = test::Recordings::open();
    if (!recordings) {
        std::cout << "skipped: no recordings\n";
        return;
    }
    const char* directory = std::getenv("BATON_RECORDINGS");
    int cases = 0, equal = 0, impossible = 0;
    std::map<std::string, int> reasons;
    for (const test::RecordingEntry& entry : recordings->entries()) {
        if (entry.api_detail != "responses") continue;
        std::ifstream file(std::filesystem::path(directory != nullptr ? directory : "../shared/wire") /
                           "cases" / entry.provider / (entry.id + ".json"));
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        const bj::value recorded = test::at(test::parse(bytes), "request");
        bj::value body = test::at(recorded, "body");
        boost::system::error_code unreadable;
        if (body.is_string()) body = bj::parse(body.as_string(), unreadable);
        if (unreadable || !body.is_object() || !body.as_object().contains("model")) continue;
        BOOST_TEST_CONTEXT(entry.id) {
            ++cases;
            const Rebuilt rebuilt = rebuild(body.as_object());
            if (!rebuilt.possible) {
                ++impossible;
                continue;
            }
            Request request = rebuilt.request;
            Encoded out;
            const Draft draft(request);
            Target target;
            target.model = test::string_of(test::at(body, "model"));
            const auto error = OpenAIResponses::encode(draft, target, test::at(body, "stream") == true,
                                                       wire::Outgoing{out.path, out.headers, out.body});
            BOOST_TEST_REQUIRE(!error.has_value(), (error ? error->what() : ""));
            const bj::value built = test::parse(out.body);
            BOOST_TEST(built == bj::value(rebuilt.expected));
            equal += built == bj::value(rebuilt.expected);
            for (const std::string& why : rebuilt.why) ++reasons[why];
        }
    }
    std::cout << "recorded requests: " << cases << ", built " << equal << ", of another API " << impossible
              << '\n';
    for (const auto& [why, count] : reasons) std::cout << "  " << count << "  " << why << '\n';
    BOOST_TEST(equal + impossible == cases);
}

// Found by fuzzing: a call whose arguments come before its item.
BOOST_AUTO_TEST_CASE(a_call_always_has_its_detail) {
    OpenAIResponses::StreamDecoder decoder;
    Reply reply;
    Delta delta;
    decoder.on_event("message",
                     R"({"type":"response.function_call_arguments.delta","output_index":0,"delta":"{}"})",
                     delta, reply);
    for (const Part& part : reply.parts) {
        if (part.kind == Part::Kind::tool_call) BOOST_TEST(static_cast<bool>(part.detail));
    }
    BOOST_TEST(!reply.parts.empty());
}

BOOST_AUTO_TEST_SUITE_END()
