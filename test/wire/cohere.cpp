// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Cohere's chat: what is written, and what is read in whole bodies and streams.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/cohere.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(cohere)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<Cohere::Options>);
static_assert(std::is_trivially_destructible_v<Cohere::Options>);

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};
Encoded encode(const Request& request, bool stream = false, Target target = {}) {
    Encoded out;
    const Draft draft(request);
    if (target.model.empty()) target.model = "m";
    out.error = Cohere::encode(draft, target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
bj::value written(const Request& request) {
    const Encoded out = encode(request);
    BOOST_TEST_REQUIRE(!out.error.has_value(), (out.error ? out.error->what() : ""));
    return test::parse(out.body);
}
bj::value messages(const Request& request) { return written(request).at("messages"); }
void refused(Request request, const char* member) {
    const Encoded out = encode(request);
    BOOST_TEST_REQUIRE(out.error.has_value(), member);
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body.empty());
    const std::string text = out.error->detail().message;
    BOOST_TEST(text.find("`" + std::string(member) + "`") != std::string::npos, text);
    request.lossy = true;
    BOOST_TEST(!encode(request).error.has_value(), member);
}

Part tool_call(std::string id, std::string name, std::string arguments) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    return Part(Part::Kind::tool_call, std::move(arguments), std::move(detail));
}
Part of_vendor(Part::Kind kind, std::string text, const char* vendor, std::string name = {}) {
    Part::Detail detail;
    detail.vendor = vendor;
    detail.name = std::move(name);
    return Part(kind, std::move(text), std::move(detail));
}
template <class... P>
Message turn(Role role, P&&... parts) {
    Message message;
    message.role = role;
    (message.parts.push_back(std::forward<P>(parts)), ...);
    return message;
}

Reply decoded(std::string_view body) {
    Reply reply;
    const auto error = Cohere::decode(body, reply);
    BOOST_TEST_REQUIRE(!error.has_value(), (error ? error->what() : ""));
    return reply;
}
Errc failing(std::string_view body) {
    Reply reply;
    const auto error = Cohere::decode(body, reply);
    BOOST_TEST_REQUIRE(error.has_value());
    return error->errc();
}
std::string answer(std::string_view message, std::string_view rest = R"("finish_reason":"COMPLETE")") {
    return R"({"id":"i-1","message":)" + std::string(message) + "," + std::string(rest) + "}";
}

// A stream, event by event; the payload's own type counts where none is given.
struct Run {
    Cohere::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    Step operator()(std::string_view data, std::string_view type = "message") {
        return decoder.on_event(type, data, delta, reply);
    }
    void expect(Step step, std::string_view data, std::string_view type = "message") {
        BOOST_TEST((*this)(data, type) == step, data);
    }
};
std::string event(std::string_view type, std::string_view message, int index = 0) {
    return R"({"type":")" + std::string(type) + R"(","index":)" + std::to_string(index) +
           R"(,"delta":{"message":)" + std::string(message) + "}}";
}
constexpr std::string_view ending =
    R"({"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"tokens":{"input_tokens":5,"output_tokens":2}}}})";

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."));
    BOOST_TEST(out.path == "/v2/chat");
    BOOST_TEST(out.headers == "");
    BOOST_TEST(out.body == R"({"model":"m","messages":[{"role":"user","content":"Name three rivers."}]})");
    BOOST_TEST(encode(Request("x"), true).body ==
               R"({"model":"m","messages":[{"role":"user","content":"x"}],"stream":true})");
}

BOOST_AUTO_TEST_CASE(every_member) {
    Tool weather("weather", "Looks outside.", R"({"type":"object","properties":{"city":{"type":"string"}}})");
    weather.strict = true;
    const Request request(
        baton::system("Be brief."), user("Hi \"you\"\n"), max_tokens(400), temperature(0.8), top_p(0.9),
        seed(7), stop("END", "\n"), tools(weather, Tool("now", "")), ToolChoice(ToolChoice::Mode::required),
        ResponseFormat("shape", R"({"type":"object"})", true), top_logprobs(0), reasoning(500), top_k(40),
        frequency_penalty(0.5), presence_penalty(0.25), choices(1),
        extra(R"({"documents":["a"],"safety_mode":"OFF"})"), task("chat"), tenant("t"), priority(3),
        deadline(std::chrono::seconds(3)), fallbacks("anthropic/x"), cache(no));
    BOOST_TEST(written(request) == test::parse(R"({
        "model":"m",
        "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\"\n"}],
        "tools":[
          {"type":"function","function":{"name":"weather","description":"Looks outside.",
            "parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},
          {"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}],
        "strict_tools":true,"tool_choice":"REQUIRED",
        "response_format":{"type":"json_object","json_schema":{"type":"object"}},
        "max_tokens":400,"stop_sequences":["END","\n"],"temperature":0.8,"p":0.9,"seed":7,"k":40,
        "frequency_penalty":0.5,"presence_penalty":0.25,"logprobs":true,
        "thinking":{"type":"enabled","token_budget":500},
        "documents":["a"],"safety_mode":"OFF"})"));
}

BOOST_AUTO_TEST_CASE(choices_formats_and_thinking) {
    const auto choice = [](ToolChoice::Mode mode) {
        return test::at(written(Request(user("x"), ToolChoice(mode))), "tool_choice");
    };
    BOOST_TEST(choice(ToolChoice::Mode::vendor_default).is_null());
    BOOST_TEST(choice(ToolChoice::Mode::automatic).is_null());
    BOOST_TEST(choice(ToolChoice::Mode::none) == "NONE");
    BOOST_TEST(choice(ToolChoice::Mode::required) == "REQUIRED");
    const auto format = [](ResponseFormat value) {
        return test::at(written(Request(user("x"), std::move(value))), "response_format");
    };
    BOOST_TEST(format(ResponseFormat()).is_null());
    BOOST_TEST(format(ResponseFormat(ResponseFormat::Kind::json_object)) ==
               test::parse(R"({"type":"json_object"})"));
    const auto thinking = [](auto value) {
        return test::at(written(Request(user("x"), reasoning(value))), "thinking");
    };
    BOOST_TEST(thinking(0) == test::parse(R"({"type":"disabled"})"));
    BOOST_TEST(thinking("none") == test::parse(R"({"type":"disabled"})"));
    BOOST_TEST(thinking(9) == test::parse(R"({"type":"enabled","token_budget":9})"));
    // the target's settings
    Target target;
    target.temperature = 0.1;
    target.max_tokens = 50;
    const bj::value out =
        test::parse(encode(Request(user("x"), temperature(0.9), max_tokens(60)), false, target).body);
    BOOST_TEST(out.at("temperature") == 0.1);
    BOOST_TEST(out.at("max_tokens") == 50);
}

BOOST_AUTO_TEST_CASE(what_it_cannot_say) {
    refused(Request(user("x"), ToolChoice("weather")), "tool_choice");
    Request one(user("x"), tools(Tool("t", "")));
    one.parallel_tools = false;
    refused(one, "parallel_tools");
    refused(Request(user("x"), choices(2)), "choices");
    refused(Request(user("x"), top_logprobs(3)), "top_logprobs");
    refused(Request(user("x"), reasoning("low")), "reasoning_effort");
    refused(Request(user("x"), service_tier("flex")), "service_tier");
    refused(Request(user("x"), end_user("u")), "end_user");
    refused(Request(user_parts("x", document_data("JVBE", "application/pdf"))), "document");
    refused(Request(turn(Role::system, Part("a"), image_url("https://x/y.png"))), "image");
    refused(Request(turn(Role::user, Part("a"), tool_call("1", "t", "{}"))), "tool_call");
    refused(Request(turn(Role::tool, Part("a"))), "tool message");
    refused(Request(turn(Role::assistant, Part("a"), image_url("https://x/y.png"))), "assistant message");
    // without tools there is nothing to forbid; and extra may say what we cannot
    Request none(user("x"));
    none.parallel_tools = false;
    BOOST_TEST(!encode(none).error);
    Request own(user("x"), reasoning("high"), extra(R"({"thinking":{"type":"enabled"}})"));
    BOOST_TEST(test::at(written(own), "thinking") == test::parse(R"({"type":"enabled"})"));
}

BOOST_AUTO_TEST_CASE(text_that_is_no_json) {
    const auto broken = [](const Request& request) {
        const Encoded out = encode(request);
        BOOST_TEST(out.body.empty());
        return out.error && out.error->errc() == Errc::invalid_request;
    };
    BOOST_TEST(broken(Request(user("x"), tools(Tool("t", "", "{")))));
    BOOST_TEST(broken(Request(user("x"), ResponseFormat("", "[]", true))));
    BOOST_TEST(broken(Request(user("x"), extra("[1]"))));
    BOOST_TEST(broken(Request(user("x"), extra(R"({"stream":true})"))));
    BOOST_TEST(broken(Request(turn(Role::assistant, of_vendor(Part::Kind::opaque, "{", "cohere")))));
    Part text("a");
    text.detail.ensure().vendor = "cohere";
    text.detail->extra = "\"a\":";
    BOOST_TEST(broken(Request(turn(Role::assistant, text))));
}

BOOST_AUTO_TEST_CASE(extra_takes_the_place_of_what_we_would_say) {
    const Encoded out = encode(Request(user("x"), temperature(0.5), extra(R"({"temperature":1,"a":[1.0]})")));
    BOOST_TEST(out.body ==
               R"({"model":"m","messages":[{"role":"user","content":"x"}],"temperature":1,"a":[1.0]})");
}

BOOST_AUTO_TEST_CASE(users_and_tools) {
    const Request request(
        user_parts(Part("What is this?"), image_url("https://x/y.png"), image_data("AAAA", "image/png")),
        turn(Role::assistant, Part(""), tool_call("c1", "look", R"({"a":1})"), tool_call("c2", "now", "")),
        tool_result("c1", "a cat"), tool_result("c2", "", true), user("and?"),
        turn(Role::user, Part("before"), tool_result("c3", "r").parts[0], Part("after"),
             of_vendor(Part::Kind::opaque, R"({"type":"new"})", "cohere"),
             of_vendor(Part::Kind::opaque, R"({"type":"foreign"})", "openai")),
        baton::lossy());
    BOOST_TEST(messages(request) == test::parse(R"([
        {"role":"user","content":[{"type":"text","text":"What is this?"},
          {"type":"image_url","image_url":{"url":"https://x/y.png"}},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},
        {"role":"assistant","tool_calls":[
          {"id":"c1","type":"function","function":{"name":"look","arguments":"{\"a\":1}"}},
          {"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"a cat"},
        {"role":"tool","tool_call_id":"c2","content":""},
        {"role":"user","content":"and?"},
        {"role":"user","content":[{"type":"text","text":"before"}]},
        {"role":"tool","tool_call_id":"c3","content":"r"},
        {"role":"user","content":[{"type":"text","text":"after"},{"type":"new"}]}])"));
}

BOOST_AUTO_TEST_CASE(other_vendors_thoughts_stay_behind) {
    const Request request(
        user("x"),
        turn(Role::assistant, of_vendor(Part::Kind::thinking, "secret", "anthropic"), Part("Hello."),
             of_vendor(Part::Kind::opaque, "{}", "anthropic", "citations")),
        turn(Role::assistant, of_vendor(Part::Kind::thinking, "all of it", "gemini")),
        turn(Role::assistant, of_vendor(Part::Kind::thinking, "mine", "cohere"), Part("Yes.")));
    BOOST_TEST(messages(request) == test::parse(R"([
        {"role":"user","content":"x"},{"role":"assistant","content":"Hello."},
        {"role":"assistant","content":[{"type":"thinking","thinking":"mine"},{"type":"text","text":"Yes."}]}])"));
}

// --- whole answers ---------------------------------------------------------------------------------

// Everything a message may hold, in an order that is not ours.
constexpr std::string_view rich = R"({
    "citations":[{"start":0,"end":2,"text":"It","sources":[{"type":"tool","id":"t:0"}]}],
    "tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"a\": 1}"}},
                  {"id":"c2","type":"function","function":{"name":"now","arguments":""}}],
    "role":"assistant","future":{"a":1},"nothing":null,
    "content":[{"type":"thinking","thinking":"Hm \ud83d\ude00"},{"type":"text","text":"It is","mark":7},
               {"type":"image","url":"u"},{"text":" so.","type":"text"}],
    "tool_plan":"I will look."})";

BOOST_AUTO_TEST_CASE(a_whole_answer) {
    const Reply reply = decoded(answer(
        rich, R"("finish_reason":"TOOL_CALL","usage":{"billed_units":{"input_tokens":10,"output_tokens":5},)"
              R"("tokens":{"input_tokens":100,"output_tokens":30,"reasoning_tokens":12},"cached_tokens":64},)"
              R"("logprobs":[{"text":"It","token_ids":[1],"logprobs":[-0.5]}])"));
    BOOST_TEST(reply.id == "i-1");
    BOOST_TEST(reply.text() == "It is so.");
    BOOST_TEST(reply.stop == StopReason::tool_calls);
    BOOST_TEST(reply.usage.input_tokens == 36U);
    BOOST_TEST(reply.usage.cached_input_tokens == 64U);
    BOOST_TEST(reply.usage.output_tokens == 18U);
    BOOST_TEST(reply.usage.reasoning_tokens == 12U);
    BOOST_TEST(reply.usage.reported);
    BOOST_TEST(reply.extras->logprobs == R"([{"text":"It","token_ids":[1],"logprobs":[-0.5]}])");
    using Kind = Part::Kind;
    const std::vector<Kind> kinds = {Kind::thinking,  Kind::thinking,  Kind::text,   Kind::opaque, Kind::text,
                                     Kind::tool_call, Kind::tool_call, Kind::opaque, Kind::opaque};
    BOOST_TEST_REQUIRE(reply.parts.size() == kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) BOOST_TEST((reply.parts[i].kind == kinds[i]), i);
    BOOST_TEST(reply.parts[0].text == "I will look.");
    BOOST_TEST(reply.parts[0].detail->name == "tool_plan");
    BOOST_TEST(reply.parts[1].text == "Hm \xf0\x9f\x98\x80");
    BOOST_TEST(reply.parts[2].detail->extra == "\"mark\":7");
    BOOST_TEST(reply.parts[5].text == R"({"a": 1})");
    BOOST_TEST(reply.parts[6].text == "{}");
    BOOST_TEST(reply.parts[7].detail->name == "citations");
    BOOST_TEST(reply.parts[8].detail->name == "future");
}

BOOST_AUTO_TEST_CASE(it_goes_back_as_it_came) {
    const Reply reply = decoded(answer(rich));
    bj::value expected = test::parse(rich);
    expected.as_object().erase("nothing");
    expected.at("tool_calls").at(1).at("function").as_object()["arguments"] = "{}";
    const bj::value sent = messages(Request(user("x"), reply.message())).at(1);
    BOOST_TEST(sent == expected);
    const Reply again = decoded(answer(bj::serialize(sent)));
    BOOST_TEST((again.parts == reply.parts));
    BOOST_TEST(messages(Request(user("x"), again.message())).at(1) == sent);
    // to others it says only what they can use
    for (const Part& part : reply.parts) {
        if (part.kind == Part::Kind::opaque) BOOST_TEST(part.detail->vendor == "cohere");
    }
}

BOOST_AUTO_TEST_CASE(stops) {
    const auto stop = [](const char* word) {
        return decoded(answer(R"({"content":[{"type":"text","text":"a"}]})",
                              R"("finish_reason":")" + std::string(word) + "\""));
    };
    BOOST_TEST(stop("COMPLETE").stop == StopReason::stop);
    BOOST_TEST(stop("MAX_TOKENS").stop == StopReason::length);
    BOOST_TEST(stop("STOP_SEQUENCE").stop == StopReason::stop_sequence);
    BOOST_TEST(stop("TOOL_CALL").stop == StopReason::tool_calls);
    BOOST_TEST(stop("NEW").stop == StopReason::unknown);
    BOOST_TEST(stop("NEW").stop_text == "NEW");
    for (const char* word : {"ERROR", "TIMEOUT"}) {
        BOOST_TEST(failing(answer(R"({"content":[]})", R"("finish_reason":")" + std::string(word) + "\"")) ==
                   Errc::transient);
    }
}

BOOST_AUTO_TEST_CASE(usage_that_is_odd) {
    const auto usage = [](std::string_view text) {
        return decoded(answer(R"({"content":"a"})", "\"usage\":" + std::string(text))).usage;
    };
    const Usage billed = usage(R"({"billed_units":{"input_tokens":7,"output_tokens":3}})");
    BOOST_TEST(billed.input_tokens == 7U);
    BOOST_TEST(billed.output_tokens == 3U);
    const Usage inside_out =
        usage(R"({"tokens":{"input_tokens":5,"output_tokens":2,"reasoning_tokens":9},"cached_tokens":8})");
    BOOST_TEST(inside_out.total_input() == 5U); // never more than the whole
    BOOST_TEST(inside_out.total_output() == 2U);
    BOOST_TEST(!usage("null").reported);
    BOOST_TEST(usage(R"({"tokens":{"input_tokens":12.0,"output_tokens":1}})").input_tokens == 12U);
    BOOST_TEST(usage(R"({"tokens":{"input_tokens":99999999999999999999,"output_tokens":1}})").output_tokens ==
               1U);
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answers) {
    BOOST_TEST(failing("") == Errc::protocol);
    BOOST_TEST(failing("[]") == Errc::protocol);
    BOOST_TEST(failing("{}") == Errc::protocol);
    BOOST_TEST(failing("<html>") == Errc::protocol);
    BOOST_TEST(failing(answer("null")) == Errc::protocol);
    BOOST_TEST(failing(answer(rich) + "x") == Errc::protocol);
    BOOST_TEST(failing(R"({"id":"1","message":"too many tokens: 5"})") == Errc::context_overflow);
    BOOST_TEST(
        failing(R"({"message":"You are using a Trial key, which is limited to 1000 API calls / month."})") ==
        Errc::quota);
    BOOST_TEST(decoded("\n \n" + answer(R"({"content":"a"})")).text() == "a");
}

BOOST_AUTO_TEST_CASE(errors) {
    const auto of = [](int status, std::string_view body) {
        return Cohere::decode_error(status, Headers(), body, WallTime{}).errc();
    };
    BOOST_TEST(
        of(429, R"({"message":"You are using a Trial key, which is limited to 40 API calls / minute."})") ==
        Errc::rate_limited);
    BOOST_TEST(
        of(429, R"({"message":"You are using a Trial key, which is limited to 1000 API calls / month."})") ==
        Errc::quota);
    BOOST_TEST(of(402, R"({"message":"please add or update your payment method"})") == Errc::quota);
    BOOST_TEST(of(498, R"({"message":"blocked"})") == Errc::content_filtered);
    BOOST_TEST(of(403, "") == Errc::permission);
    BOOST_TEST(of(499, "") == Errc::transient);
    BOOST_TEST(of(503, "upstream connect error") == Errc::transient);
    const Error key = Cohere::decode_error(401, Headers(), R"({"message":"invalid api token"})", WallTime{});
    BOOST_TEST(key.errc() == Errc::auth);
    BOOST_TEST(key.detail().message.find("CO_API_KEY") != std::string::npos);
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    run.expect(Step::nothing,
               R"({"id":"s-1","type":"message-start","delta":{"message":{"role":"assistant","content":[]}}})",
               "message-start");
    run.expect(Step::delta, R"({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I "}}})",
               "tool-plan-delta");
    BOOST_TEST(run.delta.reasoning == "I ");
    run.expect(Step::delta, R"({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"will."}}})");
    run.expect(Step::nothing, event("content-start", R"({"content":{"type":"thinking","thinking":""}})"));
    run.expect(Step::delta, event("content-delta", R"({"content":{"thinking":"H\u006d"}})"), "content-delta");
    BOOST_TEST(run.delta.reasoning == "Hm");
    run.expect(Step::nothing, R"({"type":"content-end","index":0})", "content-end");
    run.expect(Step::delta, event("content-start", R"({"content":{"type":"text","text":"It"}})", 1));
    BOOST_TEST(run.delta.text == "It");
    run.expect(Step::delta, event("content-delta", R"({"content":{"text":" is"}})", 1));
    BOOST_TEST(run.delta.text == " is");
    run.expect(Step::nothing, event("citation-start", R"({"citations":{"start":0}})"), "citation-start");
    run.expect(Step::nothing, R"({"type":"citation-end","index":0})");
    run.expect(Step::nothing, event("citation-start", R"({"citations":[{"start":1}]})", 1));
    run.expect(Step::nothing, event("content-start", R"({"content":{"type":"video","title":"a","n":1}})", 2));
    run.expect(Step::nothing, event("content-delta", R"({"content":{"title":"b","n":2,"more":[]}})", 2));
    run.expect(
        Step::delta,
        event("tool-call-start",
              R"({"tool_calls":{"id":"c1","type":"function","function":{"name":"look","arguments":""}}})"));
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1U);
    BOOST_TEST(run.delta.tools[0].id == "c1");
    BOOST_TEST(run.delta.tools[0].name == "look");
    run.expect(
        Step::delta,
        event("tool-call-start",
              R"({"tool_calls":{"id":"c2","type":"function","function":{"name":"now","arguments":""}}})", 1));
    run.expect(Step::delta,
               event("tool-call-delta", R"({"tool_calls":{"function":{"arguments":"{\"a\":"}}})"));
    BOOST_TEST(run.delta.tools[0].index == 0);
    BOOST_TEST(run.delta.tools[0].arguments == "{\"a\":");
    run.expect(Step::delta, event("tool-call-delta", R"({"tool_calls":{"function":{"arguments":"1}"}}})"));
    run.expect(Step::nothing, R"({"type":"tool-call-end","index":0})", "tool-call-end");
    run.expect(Step::nothing, R"({"type":"something-new","anything":1})", "something-new");
    run.expect(Step::nothing, "not JSON at all", "something-new");
    run.expect(Step::end, R"({"type":"message-end","delta":{"finish_reason":"TOOL_CALL","usage":{"tokens":)"
                          R"({"input_tokens":9,"output_tokens":4},"cached_tokens":8}}})");
    BOOST_TEST(run.delta.empty());
    BOOST_TEST(run.reply.id == "s-1");
    BOOST_TEST(run.reply.text() == "It is");
    BOOST_TEST(run.reply.stop == StopReason::tool_calls);
    BOOST_TEST(run.reply.usage.cached_input_tokens == 8U);
    BOOST_TEST(run.reply.usage.input_tokens == 1U);
    BOOST_TEST(messages(Request(user("x"), run.reply.message())).at(1) == test::parse(R"({
        "role":"assistant","tool_plan":"I will.",
        "content":[{"type":"thinking","thinking":"Hm"},{"type":"text","text":"It is"},
                   {"type":"video","title":"ab","n":2,"more":[]}],
        "tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"a\":1}"}},
                      {"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}],
        "citations":[{"start":0},{"start":1}]})"));
}

BOOST_AUTO_TEST_CASE(a_member_that_comes_twice_is_shown_twice) { // found by fuzzing
    Run run;
    run.expect(Step::delta,
               R"({"type":"tool-plan-delta","delta":{"message":{"tool_plan":"a","tool_plan":"b"}}})");
    BOOST_TEST(run.delta.reasoning == "ab");
    run.expect(Step::delta, event("content-start", R"({"content":{"type":"text","text":"c"}})"));
    run.expect(Step::delta, event("content-delta", R"({"content":{"text":"d"},"content":{"text":"e"}})"));
    BOOST_TEST(run.delta.text == "de");
    run.expect(Step::delta, event("tool-call-start",
                                  R"({"tool_calls":{"id":"c1","function":{"name":"f","arguments":"{"}}})"));
    run.expect(Step::delta, event("tool-call-delta", R"({"tool_calls":{"function":{"arguments":"\"x\""}},)"
                                                     R"("tool_calls":{"function":{"arguments":":1}"}}})"));
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1U);
    BOOST_TEST(run.delta.tools[0].arguments == R"("x":1})");
    BOOST_TEST(run.reply.text() == "cde");
}

BOOST_AUTO_TEST_CASE(members_in_another_order) {
    Run run;
    run.expect(Step::delta,
               R"({"delta":{"message":{"content":{"text":"a"}}},"index":0,"type":"content-delta"})");
    BOOST_TEST(run.delta.text == "a");
    run.expect(Step::delta, R"({"delta":{"message":{"content":{"text":"b"}}},"index":0})", "content-delta");
    run.expect(Step::end, R"({"delta":{"finish_reason":"COMPLETE"},"type":"message-end"})");
    BOOST_TEST(run.reply.text() == "ab");
    BOOST_TEST(run.reply.parts.size() == 1U);
}

BOOST_AUTO_TEST_CASE(logprobs_of_a_stream) {
    Run run;
    run.expect(Step::delta,
               R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}},)"
               R"("logprobs":{"text":"a","logprobs":[-1]}})");
    run.expect(
        Step::delta,
        R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"b"}}},"logprobs":null})");
    run.expect(Step::end, ending);
    BOOST_TEST(run.reply.extras->logprobs == R"([{"text":"a","logprobs":[-1]}])");
}

BOOST_AUTO_TEST_CASE(streams_that_break) {
    const auto begun = [](Run& run) {
        run.expect(Step::delta, event("content-delta", R"({"content":{"text":"a"}})"));
    };
    const auto fails = [&](std::string_view data, Errc code, std::string_view type = "message") {
        Run run;
        begun(run);
        run.expect(Step::failed, data, type);
        BOOST_TEST(run.decoder.error().errc() == code, data);
    };
    fails(R"({"type":"message-end","delta":{"finish_reason":"ERROR","error":"too many tokens: 3"}})",
          Errc::context_overflow);
    fails(R"({"type":"message-end","delta":{"finish_reason":"TIMEOUT"}})", Errc::transient);
    fails(R"({"id":"1","message":"invalid api token"})", Errc::auth);
    fails(R"({"message":"internal server error"})", Errc::transient, "error");
    fails(R"({"error":{"message":"x"}})", Errc::transient);
    fails("[DONE]", Errc::truncated);
    fails("{", Errc::protocol, "content-delta");
    fails("hello", Errc::protocol);
    fails(event("content-delta", R"({"content":{"thinking":"not a text"}})"), Errc::protocol);
    fails(event("tool-call-delta", R"({"tool_calls":{"function":{"arguments":"1"}}})"), Errc::protocol);
    fails(event("content-start", R"({"content":{"type":"text","text":""}})"), Errc::protocol);
    Run cut;
    begun(cut);
    BOOST_TEST(cut.decoder.on_body_end(cut.reply) == Step::failed);
    BOOST_TEST(cut.decoder.error().errc() == Errc::truncated);
    Run none;
    BOOST_TEST(none.decoder.on_body_end(none.reply) == Step::failed);
}

// --- the rest --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(headers_and_keys) {
    std::string lines;
    Cohere::Options options;
    options.client_name = "mine";
    BOOST_TEST(!Cohere::write_account_headers(options, Secret("k"), lines));
    BOOST_TEST(lines == "authorization: Bearer k\r\nx-client-name: mine\r\n");
    options.client_name = "a\r\nb";
    BOOST_TEST(Cohere::write_account_headers(options, Secret("k"), lines).has_value());
}

BOOST_AUTO_TEST_CASE(embeddings) {
    const auto written_for = [](const EmbedRequest& request) {
        Target target;
        target.model = "e";
        std::string path, headers, body;
        const auto error = Cohere::encode_embed(request, target, wire::Outgoing{path, headers, body});
        BOOST_TEST_REQUIRE(!error);
        BOOST_TEST(path == "/v2/embed");
        return body;
    };
    EmbedRequest request(std::vector<std::string>{"a", "b"});
    BOOST_TEST(
        written_for(request) ==
        R"({"model":"e","texts":["a","b"],"input_type":"search_document","embedding_types":["float"]})");
    request.purpose = EmbedRequest::Purpose::query;
    request.dimensions = 256;
    request.extra = R"({"input_type":"clustering","truncate":"END"})";
    BOOST_TEST(written_for(request) ==
               R"({"model":"e","texts":["a","b"],"embedding_types":["float"],"output_dimension":256,)"
               R"("input_type":"clustering","truncate":"END"})");
    request.extra.clear();
    BOOST_TEST(written_for(request).find("search_query") != std::string::npos);
    Target target;
    std::string path, headers, body;
    BOOST_TEST(Cohere::encode_embed(EmbedRequest(), target, wire::Outgoing{path, headers, body}).has_value());
    const auto read = [](std::string_view text) {
        Embeddings answer;
        const auto error = Cohere::decode_embed(text, answer);
        return error ? error->errc() : Errc::ok;
    };
    BOOST_TEST(read(R"({"embeddings":{"float":[[1,2.5]]}})") == Errc::ok);
    BOOST_TEST(read(R"({"embeddings":[[1,2.5]]})") == Errc::ok);
    BOOST_TEST(read(R"({"embeddings":{"int8":[[1,2]]}})") == Errc::protocol);
    BOOST_TEST(read(R"({"embeddings":{"float":[[]]}})") == Errc::protocol);
    BOOST_TEST(read(R"({"embeddings":{"float":[["x"]]}})") == Errc::protocol);
    BOOST_TEST(read(R"({"message":"invalid api token"})") == Errc::auth);
    BOOST_TEST(read("{") == Errc::protocol);
}

BOOST_AUTO_TEST_CASE(model_lists) {
    std::vector<ModelInfo> models;
    BOOST_TEST(!Cohere::decode_models(
        R"({"models":[{"name":"a","context_length":5},{"name":""},{"name":"b","context_length":null}]})",
        models));
    BOOST_TEST_REQUIRE(models.size() == 2U);
    BOOST_TEST(models[0].id == "a");
    BOOST_TEST(models[0].max_context == 5U);
    BOOST_TEST(models[1].max_context == 0U);
    BOOST_TEST(Cohere::decode_models("{}", models)->errc() == Errc::protocol);
    BOOST_TEST(Cohere::decode_models(R"({"message":"invalid api token"})", models)->errc() == Errc::auth);
}

BOOST_AUTO_TEST_SUITE_END()
