// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The chat completions dialect: what is written, and what is read in whole bodies and streams.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/openai.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(openai)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<OpenAI::Options> && std::is_trivially_destructible_v<OpenAI::Options>);
static_assert(wire::StreamDecoder<OpenAI::StreamDecoder>);

// A vendor of the same dialect that can do little.
constexpr wire::ChatDialect modest{
    .vendor = {.name = "modest", .key_variable = "", .rules = {}},
    .capabilities = {.stop_sequences = false},
    .stream_options = false,
};

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};

Encoded encode(const Request& request, const Target& target, bool stream,
               const wire::ChatDialect& dialect = OpenAI::dialect) {
    Encoded out;
    const Draft draft(request);
    out.error =
        wire::encode_chat(dialect, draft, target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
Target target_named(const char* model) {
    Target target;
    target.model = model;
    return target;
}
bj::value written(const Request& request, bool stream = false) {
    const Encoded out = encode(request, target_named("m"), stream);
    BOOST_TEST_REQUIRE(!out.error.has_value());
    return test::parse(out.body);
}
std::string refusal(const Request& request, const wire::ChatDialect& dialect = OpenAI::dialect) {
    const Encoded out = encode(request, target_named("m"), false, dialect);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body.empty());
    return out.error->detail().message;
}

Part with(Part::Kind kind, std::string text, Part::Detail detail) {
    return Part(kind, std::move(text), std::move(detail));
}
Part tool_call(std::string id, std::string name, std::string arguments) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    return with(Part::Kind::tool_call, std::move(arguments), std::move(detail));
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
    OpenAI::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    Step operator()(std::string_view data, std::string_view type = "message") {
        return decoder.on_event(type, data, delta, reply);
    }
    Errc errc() const { return decoder.error().errc(); }
};

std::string chunk(std::string_view delta, std::string_view rest = R"("finish_reason":null)") {
    return R"({"id":"c1","model":"m-1","choices":[{"index":0,"delta":)" + std::string(delta) + "," +
           std::string(rest) + "}]}";
}
const std::string finish = chunk("{}", R"("finish_reason":"stop")");

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."), target_named("gpt-5-mini"), false);
    BOOST_TEST(out.path == "/chat/completions");
    BOOST_TEST(out.headers == "");
    BOOST_TEST(out.body ==
               R"({"model":"gpt-5-mini","messages":[{"role":"user","content":"Name three rivers."}]})");
    const Encoded streamed = encode(Request("x"), target_named("m"), true);
    BOOST_TEST(streamed.body.ends_with(R"("stream":true,"stream_options":{"include_usage":true}})"));
    BOOST_TEST(encode(Request("x"), target_named("m"), true, modest).body.ends_with(R"("stream":true})"));
}

BOOST_AUTO_TEST_CASE(every_member) {
    Tool weather("weather", "Looks outside.", R"({"type":"object","properties":{"city":{"type":"string"}}})");
    weather.strict = true;
    Request request(baton::system("Be brief."), user("Hi \"you\"\n"), max_tokens(400), temperature(0.8),
                    top_p(0.9), seed(-7), stop("\n", "END"), tools(weather, Tool("now", "")),
                    ToolChoice("weather"), ResponseFormat("shape", R"({"type":"object"})", false),
                    extra(R"({"user":"u-1","logit_bias":{"50256":-100}})"), task("chat"), tenant("t"),
                    priority(3), deadline(std::chrono::seconds(3)), fallbacks("anthropic/x"), cache(no));
    request.parallel_tools = false;
    BOOST_TEST(written(request) == test::parse(R"({
        "model":"m",
        "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\"\n"}],
        "max_completion_tokens":400,"temperature":0.8,"top_p":0.9,"seed":-7,"stop":["\n","END"],
        "tools":[
          {"type":"function","function":{"name":"weather","description":"Looks outside.",
            "parameters":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true}},
          {"type":"function","function":{"name":"now"}}],
        "tool_choice":{"type":"function","function":{"name":"weather"}},
        "parallel_tool_calls":false,
        "response_format":{"type":"json_schema","json_schema":{"name":"shape","schema":{"type":"object"},"strict":false}},
        "user":"u-1","logit_bias":{"50256":-100}})"));
}

BOOST_AUTO_TEST_CASE(choices_and_formats) {
    const auto choice = [](ToolChoice::Mode mode) {
        return test::at(written(Request(user("x"), ToolChoice(mode))), "tool_choice");
    };
    BOOST_TEST(choice(ToolChoice::Mode::vendor_default).is_null());
    BOOST_TEST(choice(ToolChoice::Mode::automatic) == "auto");
    BOOST_TEST(choice(ToolChoice::Mode::none) == "none");
    BOOST_TEST(choice(ToolChoice::Mode::required) == "required");
    const auto format = [](ResponseFormat value) {
        return test::at(written(Request(user("x"), std::move(value))), "response_format");
    };
    BOOST_TEST(format(ResponseFormat()).is_null());
    BOOST_TEST(format(ResponseFormat(ResponseFormat::Kind::json_object)) ==
               test::parse(R"({"type":"json_object"})"));
    BOOST_TEST(test::at(test::at(format(ResponseFormat("", "{}", true)), "json_schema"), "name") == "answer");
}

BOOST_AUTO_TEST_CASE(the_target_decides_temperature_and_cap) {
    Target target = target_named("m");
    target.temperature = 0.1;
    target.max_tokens = 100;
    const auto body = [&](Request request) { return test::parse(encode(request, target, false).body); };
    BOOST_TEST(body(Request(user("x"), temperature(0.9), max_tokens(400))) ==
               test::parse(R"({"model":"m","messages":[{"role":"user","content":"x"}],
                               "max_completion_tokens":100,"temperature":0.1})"));
    BOOST_TEST(test::at(body(Request(user("x"), max_tokens(50))), "max_completion_tokens") == 50);
    BOOST_TEST(test::at(body(Request("x")), "max_completion_tokens") == 100);
    BOOST_TEST(encode(Request(user("x"), max_tokens(5)), target_named("m"), false, modest)
                   .body.ends_with(R"("max_tokens":5})"));
}

BOOST_AUTO_TEST_CASE(messages_of_every_kind) {
    Part::Detail pdf;
    pdf.media_type = "application/pdf";
    pdf.name = "paper.pdf";
    Part::Detail foreign;
    foreign.vendor = "anthropic";
    Part::Detail own;
    own.vendor = "openai";
    Part::Detail thought;
    thought.signature = "sig";
    Request request(user_parts("What is this?", image_url("https://x/y.png"), image_data("QUJD", "image/png"),
                               with(Part::Kind::document, "JVBERg==", pdf),
                               with(Part::Kind::opaque, R"({"type":"input_audio"})", own),
                               Part(Part::Kind::opaque, R"({"type":"anybody's"})"),
                               with(Part::Kind::opaque, R"({"type":"server_tool_use"})", foreign)),
                    turn(Role::assistant, with(Part::Kind::thinking, "hm", thought), Part("It is "),
                         Part("a pipe."), with(Part::Kind::opaque, "{}", foreign),
                         tool_call("call_1", "draw", R"({"what":"pipe"})"), tool_call("call_2", "stop", "")),
                    tool_result("call_1", "drawn"), tool_result("call_2", "failed", true),
                    turn(Role::assistant), baton::lossy());
    BOOST_TEST(test::at(written(request), "messages") == test::parse(R"([
        {"role":"user","content":[
          {"type":"text","text":"What is this?"},
          {"type":"image_url","image_url":{"url":"https://x/y.png"}},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},
          {"type":"file","file":{"filename":"paper.pdf","file_data":"data:application/pdf;base64,JVBERg=="}},
          {"type":"input_audio"},
          {"type":"anybody's"}]},
        {"role":"assistant","content":[{"type":"text","text":"It is "},{"type":"text","text":"a pipe."}],
          "tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"draw","arguments":"{\"what\":\"pipe\"}"}},
            {"id":"call_2","type":"function","function":{"name":"stop","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"call_1","content":"drawn"},
        {"role":"tool","tool_call_id":"call_2","content":"failed"},
        {"role":"assistant","content":""}])"));
}

BOOST_AUTO_TEST_CASE(tool_results_inside_a_user_turn_become_messages_of_their_own) {
    Part::Detail call;
    call.id = "c";
    const Request request(turn(Role::user, with(Part::Kind::tool_result, "42", call), Part("and now?")),
                          turn(Role::user, with(Part::Kind::tool_result, "43", call)));
    BOOST_TEST(test::at(written(request), "messages") == test::parse(R"([
        {"role":"tool","tool_call_id":"c","content":"42"},
        {"role":"user","content":[{"type":"text","text":"and now?"}]},
        {"role":"tool","tool_call_id":"c","content":"43"}])"));
}

BOOST_AUTO_TEST_CASE(extra_goes_out_untouched_and_wins) {
    const Encoded out =
        encode(Request(user("x"), temperature(0.5),
                       extra(R"({ "temperature" : 1.50 , "seed":17106857715909825000,"n":2})")),
               target_named("m"), true);
    BOOST_TEST(!out.error.has_value());
    BOOST_TEST(out.body.find(R"("temperature":1.50,"seed":17106857715909825000,"n":2)") != std::string::npos);
    BOOST_TEST(out.body.find("0.5") == std::string::npos);
    const Request replaced(user("x"), extra(R"({"messages":[],"stream_options":null,"model":"other"})"));
    BOOST_TEST(encode(replaced, target_named("m"), true).body ==
               R"({"stream":true,"messages":[],"stream_options":null,"model":"other"})");
}

BOOST_AUTO_TEST_CASE(words_of_another_api_stay_there) {
    const auto sent = [](std::string_view of, std::string json, bool lossy = false) {
        Request request(user("x"), extra(std::move(json)), baton::lossy(lossy));
        request.extra_of = of;
        return request;
    };
    const std::string google = R"({"safetySettings":[],"generation_config":{"a":1},"novel":2})";
    BOOST_TEST(test::at(written(sent("gemini", google)), "novel") == 2); // nobody's word: for whoever it is
    BOOST_TEST(test::at(written(sent("gemini", google)), "safetySettings").is_null());
    BOOST_TEST(test::at(written(sent("gemini", google)), "generation_config").is_null());
    BOOST_TEST(
        !test::at(written(sent("", google)), "safetySettings").is_null()); // a user's own goes out untouched
    BOOST_TEST(refusal(sent("gemini", R"({"cached_content":"c"})"))
                   .starts_with("openai cannot express `cached_content`"));
    BOOST_TEST(
        test::at(written(sent("gemini", R"({"cached_content":"c"})", true)), "cached_content").is_null());
    BOOST_TEST(
        refusal(sent("openai_responses", R"({"previous_response_id":"r"})")).find("`previous_response_id`") !=
        std::string::npos);
    // what both of OpenAI's have
    BOOST_TEST(
        test::at(written(sent("openai_responses", R"({"metadata":{"a":"b"}})")), "metadata").is_object());
    BOOST_TEST(test::at(written(sent("anthropic", R"({"metadata":{"user_id":"b"}})")), "metadata").is_null());
    BOOST_TEST(test::at(written(sent("openai", R"({"logit_bias":{}})")), "logit_bias").is_object());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said_is_refused_by_name) {
    BOOST_TEST(refusal(Request(user("x"), extra("{broken"))).starts_with("`extra` is not a JSON object"));
    BOOST_TEST(refusal(Request(user("x"), extra("[1]"))).starts_with("`extra` is not a JSON object"));
    BOOST_TEST(refusal(Request(user("x"), extra(R"({"stream":false})"))).find("`stream`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), tools(Tool("f", "", "nonsense")))).find("`tools[0].parameters`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), ResponseFormat("n", "{", true))).find("`response_format.schema`") !=
               std::string::npos);
    const Part by_url(Part::Kind::document, "https://x/y.pdf");
    BOOST_TEST(refusal(Request(turn(Role::user, by_url))).starts_with("openai cannot express `document`"));
    BOOST_TEST(refusal(Request(turn(Role::system, Part("a"), image_url("https://x")))).find("`image`") !=
               std::string::npos);
    Part::Detail foreign;
    foreign.vendor = "anthropic";
    for (const Role role : {Role::user, Role::tool, Role::system}) { // but not what an assistant said beside
        BOOST_TEST(
            refusal(Request(user("x"), turn(role, with(Part::Kind::opaque, "{}", foreign))))
                .find("openai cannot express `opaque part`: a message holds a block that only anthropic's") !=
            std::string::npos);
    }
    BOOST_TEST(
        written(Request(user("x"), turn(Role::assistant, Part("y"), with(Part::Kind::opaque, "{}", foreign))))
            .is_object());
    BOOST_TEST(refusal(Request(turn(Role::user, tool_call("i", "n", "{}")))).find("`tool_call`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(turn(Role::tool, Part("x")))).find("`tool message`") != std::string::npos);
    BOOST_TEST(refusal(Request(turn(Role::assistant, image_url("https://x")))).find("`assistant message`") !=
               std::string::npos);
    // a vendor with less
    BOOST_TEST(refusal(Request(user("x"), seed(1)), modest).starts_with("modest cannot express `seed`"));
    BOOST_TEST(refusal(Request(user("x"), stop("a")), modest).find("`stop`") != std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), tools(Tool("f", ""))), modest).find("`tools`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user_parts(image_url("https://x"))), modest).find("`image_url`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user_parts(image_data("QUJD", "image/png"))), modest).find("`image`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), ResponseFormat(ResponseFormat::Kind::json_object)), modest)
                   .find("json_object") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(account_headers) {
    std::string lines;
    const OpenAI::Options options{.organization = "org-1", .project = "p-1"};
    BOOST_TEST(!OpenAI::write_account_headers(options, Secret("sk-1"), lines).has_value());
    BOOST_TEST(lines ==
               "authorization: Bearer sk-1\r\nopenai-organization: org-1\r\nopenai-project: p-1\r\n");
    lines.clear();
    BOOST_TEST(!OpenAI::write_account_headers({}, Secret(), lines).has_value());
    BOOST_TEST(lines == "");
    const auto error = OpenAI::write_account_headers({}, Secret("sk-1\r\nhost: evil"), lines);
    BOOST_TEST_REQUIRE(error.has_value());
    BOOST_TEST(error->detail().message.find("OPENAI_API_KEY") != std::string::npos);
    BOOST_TEST(error->detail().message.find("evil") == std::string::npos);
    BOOST_TEST(lines == "");
}

// --- whole bodies ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_whole_body) {
    Reply reply;
    const auto error =
        OpenAI::decode(" \r\n\n"
                       R"({"id":"i","object":"chat.completion","created":1,"model":"m","choices":[
            {"index":0,"message":{"role":"assistant","content":"Nile \ud83d\ude00","refusal":null,"tool_calls":null},
             "logprobs":null,"finish_reason":"stop"},
            {"index":1,"message":{"content":"another"},"finish_reason":"length"}],
            "usage":{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
              "prompt_tokens_details":{"cached_tokens":30,"audio_tokens":5,"cache_write_tokens":10},
              "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":4}},
            "seed":17106857715909825000,"future":{"a":[1,{"b":null}]}})",
                       reply);
    BOOST_TEST_REQUIRE(!error.has_value());
    BOOST_TEST(reply.text() == "Nile \xF0\x9F\x98\x80");
    BOOST_TEST(reply.id == "i");
    BOOST_TEST(reply.model == "m");
    BOOST_TEST((reply.stop == StopReason::stop));
    const Usage expected{55, 30, 10, 5, 26, 20, 4, true, false};
    BOOST_TEST((reply.usage == expected));
    BOOST_TEST(reply.usage.total() == 150u);
}

BOOST_AUTO_TEST_CASE(usage_never_goes_below_zero_and_follows_the_total) {
    const auto usage = [](const char* json) {
        Reply reply;
        const auto error = OpenAI::decode(
            R"({"choices":[{"message":{"content":"x"}}],"usage":)" + std::string(json) + "}", reply);
        BOOST_TEST_REQUIRE(!error.has_value());
        return reply.usage;
    };
    BOOST_TEST(!usage("null").reported);
    // reasoning on top of the completion (xAI)
    const Usage beside = usage(R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,
                                   "completion_tokens_details":{"reasoning_tokens":100}})");
    BOOST_TEST(beside.output_tokens == 5u);
    BOOST_TEST(beside.reasoning_tokens == 100u);
    BOOST_TEST(beside.total() == 115u);
    // more cached than read
    const Usage odd = usage(R"({"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,
                                "prompt_tokens_details":{"cached_tokens":99}})");
    BOOST_TEST(odd.input_tokens == 0u);
    BOOST_TEST(odd.cached_input_tokens == 10u);
    BOOST_TEST(usage(R"({"prompt_tokens":10,"prompt_cache_hit_tokens":4,"completion_tokens":1})")
                   .cached_input_tokens == 4u);
    // counts that are no counts
    BOOST_TEST(usage(R"({"prompt_tokens":-1,"completion_tokens":2.5,"total_tokens":"3"})").total() == 0u);
}

BOOST_AUTO_TEST_CASE(tool_calls_of_a_whole_body) {
    Reply reply;
    const auto error = OpenAI::decode(
        R"({"choices":[{"message":{"content":null,"tool_calls":[
             {"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},
             {"id":"b","type":"function","function":{"name":"g","arguments":""}},
             {"type":"function","function":{"name":"h","arguments":{"y":2}}},
             {"type":"function","function":{"name":"h","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})",
        reply);
    BOOST_TEST_REQUIRE(!error.has_value());
    BOOST_TEST_REQUIRE(reply.parts.size() == 4u);
    BOOST_TEST(reply.parts[0].text == R"({"x":1})");
    BOOST_TEST(reply.parts[1].text == "{}");
    BOOST_TEST(reply.parts[1].detail->id == "b");
    BOOST_TEST(reply.parts[2].text == R"({"y":2})");
    BOOST_TEST(reply.parts[3].detail->name == "h");
    BOOST_TEST((reply.stop == StopReason::tool_calls));
}

BOOST_AUTO_TEST_CASE(a_refusal_in_pieces_goes_back_as_one) {
    const auto no = [](const char* text) {
        Part::Detail detail;
        detail.name = "refusal";
        detail.vendor = "openai";
        return with(Part::Kind::text, text, detail);
    };
    const auto back = [&](auto&&... parts) {
        return written(Request(user("x"), turn(Role::assistant, parts...))).at("messages").at(1);
    };
    BOOST_TEST(back(no("I can"), Part("but"), no("not")) ==
               test::parse(R"({"role":"assistant","content":"but","refusal":"I cannot"})"));
    BOOST_TEST(back(no("I can"), no("not")) ==
               test::parse(R"({"role":"assistant","content":null,"refusal":"I cannot"})"));
    BOOST_TEST(back(Part("a"), no("n"), Part("b"), no("o")).at("content").as_array().size() == 2U);
}

BOOST_AUTO_TEST_CASE(refusals_thoughts_parts_and_legacy_calls) {
    Reply refused;
    BOOST_TEST(
        !OpenAI::decode(
             R"({"choices":[{"message":{"content":null,"refusal":"No."},"finish_reason":"stop"}]})", refused)
             .has_value());
    BOOST_TEST(refused.text() == "No.");
    BOOST_TEST((refused.stop == StopReason::refusal));
    BOOST_TEST(test::at(test::at(written(Request(refused.message())), "messages").as_array()[0], "refusal") ==
               "No.");

    Reply thoughtful;
    BOOST_TEST(!OpenAI::decode(R"({"choices":[{"message":{"reasoning_content":"hm","reasoning":"hm",
        "reasoning_details":[{"text":"hm"}],"content":[{"type":"thinking","thinking":[{"type":"text","text":"!"}]},
        {"text":"A","type":"text"},{"type":"reference","ids":[1]},{"type":"text","text":"B"}]}}]})",
                               thoughtful)
                    .has_value());
    BOOST_TEST(thoughtful.text() == "AB");
    // the thought, said thrice, once; the block that is not known, in its place
    BOOST_TEST_REQUIRE(thoughtful.parts.size() == 5u);
    BOOST_TEST(thoughtful.parts[0].text == "hm!");
    BOOST_TEST(thoughtful.parts[1].text == "A");
    BOOST_TEST(thoughtful.parts[2].text == R"({"type":"reference","ids":[1]})");
    BOOST_TEST(thoughtful.parts[3].text == "B");
    BOOST_TEST(thoughtful.parts[4].detail->name == "reasoning_details");
    BOOST_TEST(test::at(test::at(written(Request(thoughtful.message())), "messages").as_array()[0],
                        "content") == test::parse(R"([{"type":"text","text":"A"},
        {"type":"reference","ids":[1]},{"type":"text","text":"B"}])"));

    Reply legacy;
    BOOST_TEST(!OpenAI::decode(R"({"choices":[{"message":{"function_call":{"name":"f","arguments":"{}"}},
        "finish_reason":"function_call"}]})",
                               legacy)
                    .has_value());
    BOOST_TEST((legacy.stop == StopReason::tool_calls));
    BOOST_TEST(test::at(test::at(written(Request(legacy.message())), "messages").as_array()[0],
                        "function_call") == test::parse(R"({"name":"f","arguments":"{}"})"));

    Reply spoken;
    BOOST_TEST(
        !OpenAI::decode(R"({"choices":[{"message":{"content":null,"audio":{"id":"audio_1","data":"QUJD",
        "transcript":"hi"}},"finish_reason":"stop"}]})",
                        spoken)
             .has_value());
    BOOST_TEST(test::at(test::at(written(Request(spoken.message())), "messages").as_array()[0], "audio") ==
               test::parse(R"({"id":"audio_1"})"));
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answer) {
    const auto errc = [](std::string_view body) {
        Reply reply;
        const auto error = OpenAI::decode(body, reply);
        return error ? error->errc() : Errc::ok;
    };
    BOOST_TEST(errc("") == Errc::protocol);
    BOOST_TEST(errc("<html><title>Hello</title></html>") == Errc::protocol);
    BOOST_TEST(errc("[]") == Errc::protocol);
    BOOST_TEST(errc("{}") == Errc::protocol);
    BOOST_TEST(errc(R"({"choices":[]})") == Errc::protocol);
    BOOST_TEST(errc(R"({"choices":[{"message":{"content":"x"}}]} trailing)") == Errc::protocol);
    BOOST_TEST(errc(R"({"choices":[{"message":{"content":"x"}}],"error":null})") == Errc::ok);
    BOOST_TEST(errc(R"({"error":{"message":"m","code":429},"user_id":"u"})") == Errc::rate_limited);
    BOOST_TEST(errc(R"({"error":"model is loading"})") == Errc::transient);
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    BOOST_TEST(run(chunk(R"({"role":"assistant","content":"","refusal":null})")) == Step::nothing);
    BOOST_TEST(run(chunk(R"({"content":"Hello"})")) == Step::delta);
    BOOST_TEST(run.delta.text == "Hello");
    BOOST_TEST(run(chunk(R"({"content":" \"you\"\n"})")) == Step::delta);
    BOOST_TEST(run.delta.text == " \"you\"\n");
    BOOST_TEST(run(finish) == Step::nothing);
    BOOST_TEST(
        run(R"({"id":"c1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})") ==
        Step::nothing);
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST(run.reply.text() == "Hello \"you\"\n");
    BOOST_TEST(run.reply.id == "c1");
    BOOST_TEST(run.reply.model == "m-1");
    BOOST_TEST(run.reply.usage.input_tokens == 3u);
    BOOST_TEST(run.reply.usage.output_tokens == 2u);
}

BOOST_AUTO_TEST_CASE(usage_is_cumulative_not_additive) {
    Run run;
    run(R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}})");
    run(R"({"choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}})");
    run(R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":null})");
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST(run.reply.usage.input_tokens == 5u);
    BOOST_TEST(run.reply.usage.output_tokens == 2u);
}

BOOST_AUTO_TEST_CASE(how_streams_end) {
    Run silent;
    silent(chunk(R"({"content":"a"})"));
    BOOST_TEST(silent.decoder.on_body_end(silent.reply) == Step::failed);
    BOOST_TEST(silent.errc() == Errc::truncated);
    Run unfinished;
    unfinished(chunk(R"({"content":"a"})"));
    BOOST_TEST(unfinished("[DONE]") == Step::failed);
    BOOST_TEST(unfinished.errc() == Errc::truncated);
    Run without_done; // some never say [DONE]
    without_done(chunk(R"({"content":"a"})"));
    without_done(finish);
    without_done(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})");
    BOOST_TEST(without_done.decoder.on_body_end(without_done.reply) == Step::end);
    BOOST_TEST(without_done.reply.usage.reported);
    Run empty_reason; // "" is no reason
    empty_reason(chunk(R"({"content":"a"})", R"("finish_reason":"")"));
    BOOST_TEST(empty_reason.decoder.on_body_end(empty_reason.reply) == Step::failed);
    Run repeated;
    repeated(chunk(R"({"content":"a"})", R"("finish_reason":"stop")"));
    repeated(finish);
    BOOST_TEST(repeated("[DONE] ") == Step::end);
    Run odd;
    odd(chunk("{}", R"("finish_reason":"because")"));
    BOOST_TEST(odd("[DONE]") == Step::end);
    BOOST_TEST((odd.reply.stop == StopReason::unknown));
    BOOST_TEST(odd.reply.stop_text == "because");
}

BOOST_AUTO_TEST_CASE(errors_inside_a_stream) {
    Run server;
    server(chunk(R"({"content":"a"})"));
    BOOST_TEST(
        server(R"({"error":{"message":"The server had an error","type":"server_error","code":null}})") ==
        Step::failed);
    BOOST_TEST(server.errc() == Errc::transient);
    BOOST_TEST(server.reply.text() == "a"); // what was delivered stays readable
    Run named;
    BOOST_TEST(named(R"({"error":{"message":"m","type":"invalid_request_error","status_code":400}})",
                     "error") == Step::failed);
    BOOST_TEST(named.errc() == Errc::invalid_request);
    Run plain;
    BOOST_TEST(plain("boom", "error") == Step::failed);
    BOOST_TEST(plain.errc() == Errc::transient);
    Run beside;
    BOOST_TEST(beside(R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}],
                          "error":{"code":502,"message":"upstream"}})") == Step::failed);
    BOOST_TEST(beside.errc() == Errc::transient);
    Run null;
    BOOST_TEST(null(R"({"error":null,"choices":[{"index":0,"delta":{"content":"x"}}]})") == Step::delta);
    for (const char* broken : {"{", "", "nonsense", "[1]", R"({"choices":[{"delta":{"content":"x"}}])",
                               "{}{}", "{\"choices\":[{\"delta\":{\"content\":\"\xFF\"}}]}"}) {
        Run run;
        BOOST_TEST(run(broken) == Step::failed, broken);
        BOOST_TEST(run.errc() == Errc::protocol, broken);
    }
}

BOOST_AUTO_TEST_CASE(unknown_events_and_members_are_passed_over) {
    Run run;
    BOOST_TEST(run(R"({"type":"keepalive","sequence_number":3})", "keepalive") == Step::nothing);
    BOOST_TEST(run("not JSON at all", "ping") == Step::nothing);
    BOOST_TEST(run("{}") == Step::nothing);
    BOOST_TEST(run(R"({"choices":[{"content_filter_results":{}}]})") ==
               Step::nothing); // a choice without delta
    BOOST_TEST(run(R"({"choices":[{"index":0,"delta":null}]})") == Step::nothing);
    BOOST_TEST(run(R"({"choices":null,"usage":null})") == Step::nothing);
    BOOST_TEST(
        run(R"({"choices":[{"index":0,"delta":{"content":"x","future":[{}]}}],"seed":99999999999999999999})") ==
        Step::delta);
    BOOST_TEST(run.delta.text == "x");
}

BOOST_AUTO_TEST_CASE(other_choices_are_extras) {
    Run run;
    const auto piece = [](int index, const char* text, const char* reason) {
        return R"({"id":"c1","choices":[{"index":)" + std::to_string(index) + R"(,"delta":{"content":")" +
               text + R"("},"finish_reason":)" + reason + "}]}";
    };
    BOOST_TEST(run(piece(2, "Third", "null")) == Step::nothing);
    BOOST_TEST(run(piece(0, "First", "null")) == Step::delta);
    BOOST_TEST(run(piece(1, "Second", "null")) == Step::nothing);
    BOOST_TEST(run(piece(2, " one", R"("length")")) == Step::nothing);
    BOOST_TEST(run(piece(0, "", R"("stop")")) == Step::nothing);
    BOOST_TEST(run(piece(1, "", R"("stop")")) == Step::nothing);
    BOOST_TEST(run(piece(9000, "beyond any n", R"("stop")")) == Step::nothing);
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST(run.reply.text() == "First");
    BOOST_TEST_REQUIRE(static_cast<bool>(run.reply.extras));
    BOOST_TEST_REQUIRE(run.reply.extras->alternatives.size() == 2u);
    BOOST_TEST(run.reply.extras->alternatives[0].text() == "Second");
    BOOST_TEST(run.reply.extras->alternatives[1].text() == "Third one");
    BOOST_TEST((run.reply.extras->alternatives[1].stop == StopReason::length));

    Run cut; // one of them without its end
    cut(piece(0, "First", R"("stop")"));
    cut(piece(1, "Sec", "null"));
    BOOST_TEST(cut("[DONE]") == Step::failed);
    BOOST_TEST(cut.errc() == Errc::truncated);

    Reply whole;
    BOOST_TEST(!OpenAI::decode(R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"},
        {"message":{"content":null,"tool_calls":[{"id":"t","function":{"name":"f","arguments":""}}]},
         "logprobs":{"content":[{"token":"b"}]},"finish_reason":"tool_calls"}]})",
                               whole)
                    .has_value());
    BOOST_TEST_REQUIRE(whole.extras->alternatives.size() == 1u);
    BOOST_TEST(whole.extras->alternatives[0].parts[0].text == "{}");
    BOOST_TEST((whole.extras->alternatives[0].stop == StopReason::tool_calls));
    BOOST_TEST_REQUIRE(static_cast<bool>(whole.extras->alternatives[0].extras));
    BOOST_TEST(whole.extras->alternatives[0].extras->logprobs == R"({"content":[{"token":"b"}]})");
    BOOST_TEST(whole.extras->logprobs.empty());
}

BOOST_AUTO_TEST_CASE(log_probabilities_and_tier_are_extras) {
    Run run;
    BOOST_TEST(run(R"({"service_tier":"default","choices":[{"index":0,"delta":{"content":"a"},
        "logprobs":{"content":[{"token":"a","logprob":-0.5}],"refusal":null},"finish_reason":null}]})") ==
               Step::delta);
    BOOST_TEST(run(R"({"service_tier":"flex","choices":[{"index":0,"delta":{"content":"b"},
        "logprobs":{"content":[ {"token":"b","logprob":-1} , {"token":"","logprob":0}],"refusal":[]},
        "finish_reason":"stop"}]})") == Step::delta);
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST_REQUIRE(static_cast<bool>(run.reply.extras));
    BOOST_TEST(run.reply.extras->service_tier == "flex");
    BOOST_TEST(test::parse(run.reply.extras->logprobs) ==
               test::parse(R"({"content":[{"token":"a","logprob":-0.5},{"token":"b","logprob":-1},
                               {"token":"","logprob":0}]})"));

    Reply whole;
    BOOST_TEST(!OpenAI::decode(R"({"service_tier":"default","choices":[{"message":{"content":"a"},
        "logprobs":{ "content" : [{"token":"a"}]}}]})",
                               whole)
                    .has_value());
    BOOST_TEST(whole.extras->logprobs == R"({ "content" : [{"token":"a"}]})");
    BOOST_TEST(whole.extras->service_tier == "");

    Reply plain;
    BOOST_TEST(!OpenAI::decode(R"({"service_tier":"default","choices":[{"message":{"content":"a"},
        "logprobs":{"content":null,"refusal":null}}]})",
                               plain)
                    .has_value());
    BOOST_TEST(!plain.extras); // such a reply can be cached
}

BOOST_AUTO_TEST_CASE(annotations_go_back) {
    Run run;
    run(chunk(R"({"content":"See there.","annotations":[]})"));
    run(chunk(R"({"annotations":[{"type":"url_citation","url_citation":{"url":"https://a"}}]})"));
    run(chunk(R"({"annotations":[ {"type":"url_citation","url_citation":{"url":"https://b"}} ]})",
              R"("finish_reason":"stop")"));
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 2u);
    BOOST_TEST((run.reply.parts[1].kind == Part::Kind::opaque));
    const bj::value message =
        test::at(written(Request(user("q"), run.reply.message(), user("r"))), "messages").as_array()[1];
    BOOST_TEST(message == test::parse(R"({"role":"assistant","content":"See there.","annotations":[
        {"type":"url_citation","url_citation":{"url":"https://a"}},
        {"type":"url_citation","url_citation":{"url":"https://b"}}]})"));
}

BOOST_AUTO_TEST_CASE(an_error_in_place_of_a_choice) {
    Reply reply;
    const auto whole = OpenAI::decode(
        R"({"choices":[{"error":{"code":502,"message":"upstream"},"finish_reason":"error"}]})", reply);
    BOOST_TEST_REQUIRE(whole.has_value());
    BOOST_TEST(whole->errc() == Errc::transient);
    Run run;
    BOOST_TEST(run(R"({"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error",
        "error":{"code":429,"message":"slow down"}}]})") == Step::failed);
    BOOST_TEST(run.errc() == Errc::rate_limited);
    Reply fine;
    BOOST_TEST(
        !OpenAI::decode(R"({"choices":[{"error":null,"message":{"content":"x"}}]})", fine).has_value());
}

BOOST_AUTO_TEST_CASE(only_choice_0_is_shown) {
    Run run;
    BOOST_TEST(run(R"({"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"stop"}]})") ==
               Step::nothing);
    BOOST_TEST(run.decoder.on_body_end(run.reply) == Step::failed);
    // the index may follow what it is about, or be missing
    BOOST_TEST(run(R"({"choices":[{"delta":{"content":"no"},"finish_reason":"stop","index":1}]})") ==
               Step::nothing);
    BOOST_TEST(run(R"({"choices":[{"delta":{"content":"a\n"},"index":0}]})") == Step::delta);
    BOOST_TEST(run(R"({"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]})") == Step::delta);
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST(run.reply.text() == "a\nb");
}

BOOST_AUTO_TEST_CASE(tool_calls_in_pieces) {
    Run run;
    BOOST_TEST(
        run(chunk(
            R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})")) ==
        Step::delta);
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].id == "a");
    BOOST_TEST(run.delta.tools[0].name == "f");
    run(chunk(R"({"tool_calls":[{"index":0,"id":null,"function":{"name":"","arguments":"{\"x\""}}]})"));
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].id == "");
    BOOST_TEST(run.delta.tools[0].arguments == "{\"x\"");
    // two calls in one event, one of them new; the id repeated
    run(chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"arguments":":1}"}},
                                {"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]})"));
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 2u);
    BOOST_TEST(run.delta.tools[0].arguments == ":1}");
    BOOST_TEST(run.delta.tools[1].index == 1);
    BOOST_TEST(run.delta.tools[1].id == "b");
    // one call twice in one event
    run(chunk(R"({"tool_calls":[{"index":2,"id":"c","function":{"name":"h","arguments":"[1"}},
                                {"index":2,"function":{"arguments":",2]"}}]})"));
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].arguments == "[1,2]");
    // nothing new
    BOOST_TEST(run(chunk(R"({"tool_calls":[{"index":1,"function":{"arguments":""}}]})")) == Step::nothing);
    run(chunk(R"({"tool_calls":[{"index":3,"id":"d","function":{"name":"i"}}]})",
              R"("finish_reason":"tool_calls")"));
    BOOST_TEST(run("[DONE]") == Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 4u);
    BOOST_TEST(run.reply.parts[0].text == R"({"x":1})");
    BOOST_TEST(run.reply.parts[1].text == "{}");
    BOOST_TEST(run.reply.parts[2].text == "[1,2]");
    BOOST_TEST(run.reply.parts[3].text == "{}"); // never named any arguments
    BOOST_TEST((run.reply.stop == StopReason::tool_calls));
}

BOOST_AUTO_TEST_CASE(tool_calls_of_careless_vendors) {
    Run no_index; // whole calls, told apart by their ids
    no_index(chunk(R"({"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},
                                     {"id":"b","function":{"name":"f","arguments":"{}"}}]})"));
    BOOST_TEST(no_index.delta.tools.size() == 2u);
    BOOST_TEST(no_index.reply.parts.size() == 2u);
    Run all_zero; // every parallel call is number 0
    all_zero(chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]})"));
    all_zero(chunk(R"({"tool_calls":[{"index":0,"id":"b","function":{"name":"f","arguments":"{}"}}]})"));
    BOOST_TEST(all_zero.reply.parts.size() == 2u);
    Run ghost; // an empty legacy call beside the real ones
    ghost(chunk(R"({"function_call":{"name":"","arguments":""},"tool_calls":null,"content":"x"})"));
    BOOST_TEST(ghost.reply.parts.size() == 1u);
    Run legacy;
    legacy(chunk(R"({"function_call":{"name":"f","arguments":""}})"));
    BOOST_TEST_REQUIRE(legacy.delta.tools.size() == 1u);
    BOOST_TEST(legacy.delta.tools[0].name == "f");
    legacy(chunk(R"({"function_call":{"arguments":"{\"a\":"}})"));
    legacy(chunk(R"({"function_call":{"arguments":"1}"}})", R"("finish_reason":"function_call")"));
    BOOST_TEST(legacy("[DONE]") == Step::end);
    BOOST_TEST(legacy.reply.parts[0].text == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(a_call_is_shown_from_its_name_on) { // found by fuzzing
    Run run;
    BOOST_TEST(run(chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"x\""}}]})")) ==
               Step::nothing);
    BOOST_TEST(
        run(chunk(R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]})")) ==
        Step::nothing); // nor is a later one
    BOOST_TEST(
        run(chunk(R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]})")) ==
        Step::delta);
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 2u);
    BOOST_TEST(run.delta.tools[0].id == "a");
    BOOST_TEST(run.delta.tools[0].name == "f");
    BOOST_TEST(run.delta.tools[0].arguments == R"({"x":1})");
    BOOST_TEST(run.delta.tools[1].index == 1);
    BOOST_TEST(run.delta.tools[1].name == "g");
    run(chunk(R"({"tool_calls":[{"index":2,"function":{"arguments":"[]"}}]})"));
    run(chunk("{}", R"("finish_reason":"tool_calls")")); // it has none: at the end it is shown nevertheless
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].index == 2);
    BOOST_TEST(run.delta.tools[0].arguments == "[]");
}

BOOST_AUTO_TEST_CASE(views_of_one_event_stay_whole) {
    Run run;
    // text, reasoning and refusal, each with escapes, and each twice
    const Step step =
        run(chunk(R"({"content":[{"type":"text","text":"a\n"},{"type":"thinking","thinking":"t\n"},
        {"type":"text","text":"b\n"}],"reasoning":"r\n","refusal":"c\n",
        "tool_calls":[{"index":0,"id":"i1","function":{"name":"f","arguments":"{\n}"}},
                      {"index":1,"id":"i2","function":{"name":"g","arguments":"{\t}"}}]})"));
    BOOST_TEST(step == Step::delta);
    BOOST_TEST(run.delta.text == "a\nb\nc\n");
    BOOST_TEST(run.delta.reasoning == "t\nr\n");
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 2u);
    BOOST_TEST(run.delta.tools[0].arguments == "{\n}");
    BOOST_TEST(run.delta.tools[1].id == "i2");
    // growing far beyond what was reserved
    std::string all, big(3000, 'x');
    for (int i = 0; i < 5; ++i) {
        run(chunk(R"({"content":")" + big + R"("})"));
        BOOST_TEST(run.delta.text == big);
        all += big;
    }
    BOOST_TEST(run.reply.parts[0].text == "a\n"); // what follows a thought is a part of its own
    BOOST_TEST(run.reply.parts[2].text == "b\n"); // ... and what follows a refusal
    run(finish);
    BOOST_TEST((run("[DONE]") == Step::end));
    BOOST_TEST(run.reply.text() == "a\nb\nc\n" + all);
}

BOOST_AUTO_TEST_CASE(answers_and_refusals_keep_their_order) { // found by fuzzing
    Run run;
    std::string shown;
    for (const char* delta : {R"({"content":"a","refusal":"1"})", R"({"content":"b"})", R"({"content":"c"})",
                              R"({"refusal":"2"})", R"({"refusal":"3","content":"d"})"}) {
        run(chunk(delta));
        shown += run.delta.text;
    }
    BOOST_TEST(shown == "a1bc23d");
    run(finish);
    BOOST_TEST((run("[DONE]") == Step::end));
    BOOST_TEST(run.reply.text() == shown);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 5u);
    BOOST_TEST(run.reply.parts[1].detail->name == "refusal");
    BOOST_TEST(run.reply.parts[3].text == "23");
    BOOST_TEST((run.reply.stop == StopReason::refusal));
}

// Found by fuzzing: what was read of a broken event is in the Reply, so the event cannot be passed over.
BOOST_AUTO_TEST_CASE(a_broken_event_of_unknown_type_that_said_something) {
    Run run;
    BOOST_TEST((run(R"({"choices":[{"index":0,"delta":{"content":"x"}}],)", "novelty") == Step::failed));
    BOOST_TEST((run.decoder.error().errc() == Errc::protocol));
    Run silent;
    BOOST_TEST((silent("anything", "novelty") == Step::nothing));
}

BOOST_AUTO_TEST_SUITE_END()
