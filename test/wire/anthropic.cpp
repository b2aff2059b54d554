// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Anthropic's messages dialect: what is written, and what is read in whole bodies and streams.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/anthropic.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(anthropic)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<Anthropic::Options> &&
              std::is_trivially_destructible_v<Anthropic::Options>);
static_assert(wire::StreamDecoder<Anthropic::StreamDecoder>);

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};

Encoded encode(const Request& request, bool stream = false, Target target = {}) {
    Encoded out;
    target.model = "m";
    const Draft draft(request);
    out.error = Anthropic::encode(draft, target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
bj::value written(const Request& request) {
    const Encoded out = encode(request);
    BOOST_TEST_REQUIRE(!out.error.has_value());
    return test::parse(out.body);
}
std::string refusal(const Request& request) {
    const Encoded out = encode(request);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body.empty());
    return out.error->detail().message;
}

Part part(Part::Kind kind, std::string text, std::string id = {}, std::string name = {},
          std::string vendor = {}) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    detail.vendor = std::move(vendor);
    return Part(kind, std::move(text), std::move(detail));
}
Part thought(std::string text, std::string signature, std::string vendor) {
    Part out = part(Part::Kind::thinking, std::move(text), {}, {}, std::move(vendor));
    out.detail->signature = std::move(signature);
    return out;
}
template <class... P>
Message turn(Role role, P&&... parts) {
    Message message;
    message.role = role;
    (message.parts.push_back(std::forward<P>(parts)), ...);
    return message;
}

// A stream, event by event; the event's name is taken from the payload, as the vendor sends both.
struct Run {
    Anthropic::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    Step operator()(std::string_view data) {
        const std::size_t from = data.find("\"type\":\"") + 8;
        return decoder.on_event(data.substr(from, data.find('"', from) - from), data, delta, reply);
    }
    Step start() {
        return (*this)(R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",
            "model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}})");
    }
    Step block(std::string_view json, int index = 0) {
        return (*this)(R"({"type":"content_block_start","index":)" + std::to_string(index) +
                       R"(,"content_block":)" + std::string(json) + "}");
    }
    Step grow(std::string_view json, int index = 0) {
        return (*this)(R"({"type":"content_block_delta","index":)" + std::to_string(index) + R"(,"delta":)" +
                       std::string(json) + "           }");
    }
    Step stop(int index = 0) {
        return (*this)(R"({"type":"content_block_stop","index":)" + std::to_string(index) + "  }");
    }
    Step end(std::string_view reason = "end_turn") {
        (*this)(R"({"type":"message_delta","delta":{"stop_reason":")" + std::string(reason) +
                R"(","stop_sequence":null},"usage":{"output_tokens":12}})");
        return (*this)(R"({"type":"message_stop"})");
    }
    Errc errc() const { return decoder.error().errc(); }
};

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."), true);
    BOOST_TEST(out.path == "/v1/messages");
    BOOST_TEST(out.body == R"({"model":"m","max_tokens":4096,"messages":[{"role":"user","content":)"
                           R"([{"type":"text","text":"Name three rivers."}]}],"stream":true})");
}

BOOST_AUTO_TEST_CASE(every_member) {
    Tool weather("weather", "Looks outside.", R"({"type":"object","properties":{"city":{"type":"string"}}})");
    weather.strict = true;
    Request request(
        baton::system("Be brief."), user("Hi"), baton::system("In English."), max_tokens(400),
        temperature(0.8), top_p(0.9), stop("\n", "END"), tools(weather, Tool("now", "")),
        ToolChoice("weather"), ResponseFormat("shape", R"({"type":"object"})", true),
        extra(R"({"metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":1024}})"),
        task("chat"), tenant("t"), priority(3), cache(no));
    request.parallel_tools = false;
    BOOST_TEST(written(request) == test::parse(R"({
        "model":"m","max_tokens":400,
        "system":[{"type":"text","text":"Be brief."},{"type":"text","text":"In English."}],
        "messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],
        "temperature":0.8,"top_p":0.9,"stop_sequences":["\n","END"],
        "tools":[
          {"name":"weather","description":"Looks outside.",
           "input_schema":{"type":"object","properties":{"city":{"type":"string"}}},"strict":true},
          {"name":"now","input_schema":{"type":"object","properties":{}}}],
        "tool_choice":{"type":"tool","name":"weather","disable_parallel_tool_use":true},
        "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},
        "metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":1024}})"));
}

BOOST_AUTO_TEST_CASE(every_member_of_tuning) {
    Request request("Hi", ResponseFormat("shape", R"({"type":"object"})", true), top_k(5), reasoning(2000),
                    reasoning("low"), service_tier("auto"), end_user("u-1"));
    BOOST_TEST(written(request) == test::parse(R"({
        "model":"m","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],
        "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}},"effort":"low"},
        "top_k":5,"thinking":{"type":"enabled","budget_tokens":2000},"service_tier":"auto",
        "metadata":{"user_id":"u-1"}})"));
    BOOST_TEST(written(Request("Hi", reasoning(0))).at("thinking") == test::parse(R"({"type":"disabled"})"));
    const auto nothing_of = [](auto part) {
        const Encoded refused = encode(Request("Hi", part));
        BOOST_TEST_REQUIRE(refused.error.has_value());
        BOOST_TEST(refused.error->errc() == Errc::invalid_request);
        BOOST_TEST(refused.error->what().find("make the request lossy") != std::string::npos);
        BOOST_TEST(written(Request("Hi", part, lossy())) == written(Request("Hi")));
    };
    nothing_of(seed(7));
    nothing_of(frequency_penalty(0.5));
    nothing_of(presence_penalty(0.5));
    nothing_of(top_logprobs(2));
    nothing_of(choices(2));
}

BOOST_AUTO_TEST_CASE(prompt_cache_markers) {
    Request request(user_parts(cache_point(Part("A long document.")), Part("A question.")));
    BOOST_TEST(written(request).at("messages") == test::parse(R"([{"role":"user","content":[
        {"type":"text","text":"A long document.","cache_control":{"type":"ephemeral"}},
        {"type":"text","text":"A question."}]}])"));
}

BOOST_AUTO_TEST_CASE(token_counts_and_model_lists) {
    Request request("Hi", max_tokens(5), temperature(1), stop("x"), reasoning(2000), tools(Tool("now", "")));
    Target target;
    target.model = "m";
    std::string path, headers, body;
    BOOST_TEST(!Anthropic::encode_count(Draft(request), target, wire::Outgoing{path, headers, body}));
    BOOST_TEST(path == "/v1/messages/count_tokens");
    BOOST_TEST(test::parse(body) == test::parse(R"({"model":"m","messages":[{"role":"user","content":[
        {"type":"text","text":"Hi"}]}],"tools":[{"name":"now","input_schema":{"type":"object","properties":{}}}]})"));
    std::uint64_t tokens = 0;
    BOOST_TEST(!Anthropic::decode_count(R"({"input_tokens": 19})", tokens));
    BOOST_TEST(tokens == 19u);
    for (const char* broken :
         {"", "{}", R"({"input_tokens":-1})", R"({"input_tokens":"19"})", R"({"input_tokens":19)"}) {
        const auto wrong = Anthropic::decode_count(broken, tokens);
        BOOST_TEST((wrong && wrong->errc() == Errc::protocol), broken);
    }
    std::vector<ModelInfo> models;
    BOOST_TEST(!Anthropic::decode_models(
        R"({"data":[{"type":"model","id":"a"},{"id":"b"}],"has_more":false})", models));
    BOOST_TEST_REQUIRE(models.size() == 2u);
    BOOST_TEST(models[1].id == "b");
    BOOST_TEST(Anthropic::decode_models(R"({"data":[{"id":"a"})", models).has_value());
}

BOOST_AUTO_TEST_CASE(tool_choices) {
    const auto choice = [](ToolChoice::Mode mode, bool parallel) {
        Request request(user("x"), tools(Tool("f", "")), ToolChoice(mode));
        request.parallel_tools = parallel;
        return test::at(written(request), "tool_choice");
    };
    using Mode = ToolChoice::Mode;
    BOOST_TEST(choice(Mode::vendor_default, true).is_null());
    BOOST_TEST(choice(Mode::vendor_default, false) ==
               test::parse(R"({"type":"auto","disable_parallel_tool_use":true})"));
    BOOST_TEST(choice(Mode::automatic, true) == test::parse(R"({"type":"auto"})"));
    BOOST_TEST(choice(Mode::required, true) == test::parse(R"({"type":"any"})"));
    BOOST_TEST(choice(Mode::none, false) == test::parse(R"({"type":"none"})"));
}

BOOST_AUTO_TEST_CASE(the_target_decides_temperature_and_cap) {
    Target target;
    target.temperature = 0.25;
    target.max_tokens = 100;
    const auto body = [&](Request request) { return test::parse(encode(request, false, target).body); };
    BOOST_TEST(test::at(body(Request(user("x"), temperature(0.9), max_tokens(400))), "max_tokens") == 100);
    BOOST_TEST(test::at(body(Request(user("x"), temperature(0.9))), "temperature") == 0.25);
    BOOST_TEST(test::at(body(Request(user("x"), max_tokens(50))), "max_tokens") == 50);
    BOOST_TEST(test::at(body(Request("x")), "max_tokens") == 100);
}

BOOST_AUTO_TEST_CASE(messages_of_every_kind) {
    Part pdf = part(Part::Kind::document, "JVBERg==", {}, "Paper");
    pdf.detail->media_type = "application/pdf";
    Part cited(Part::Kind::text, "cited");
    cited.detail.ensure().vendor = "anthropic";
    cited.detail->extra = R"("citations":[{"type":"char_location","start":1}])";
    Part foreign_extra(Part::Kind::text, "plain");
    foreign_extra.detail.ensure().vendor = "openai";
    foreign_extra.detail->extra = R"("logprobs":1)";
    const Request request(
        user_parts("What?", image_url("https://x/y.png"), image_data("QUJD", "image/png"), pdf,
                   Part(Part::Kind::document, "https://x/y.pdf")),
        turn(Role::assistant, thought("hm", "sig==", "anthropic"), thought("not theirs", "", "openai"),
             part(Part::Kind::opaque, R"({"type":"redacted_thinking","data":"Eo"})", {}, {}, "anthropic"),
             part(Part::Kind::opaque, R"({"id":"gpt"})", {}, {}, "openai"), cited, foreign_extra, Part(""),
             part(Part::Kind::tool_call, R"({"what": 1.50})", "toolu_1", "draw"),
             part(Part::Kind::tool_call, "", "toolu_2", "stop")),
        tool_result("toolu_1", "drawn"), tool_result("toolu_2", "failed", true), user("Go on."));
    BOOST_TEST(test::at(written(request), "messages") == test::parse(R"([
        {"role":"user","content":[
          {"type":"text","text":"What?"},
          {"type":"image","source":{"type":"url","url":"https://x/y.png"}},
          {"type":"image","source":{"type":"base64","media_type":"image/png","data":"QUJD"}},
          {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERg=="},"title":"Paper"},
          {"type":"document","source":{"type":"url","url":"https://x/y.pdf"}}]},
        {"role":"assistant","content":[
          {"type":"thinking","thinking":"hm","signature":"sig=="},
          {"type":"redacted_thinking","data":"Eo"},
          {"type":"text","text":"cited","citations":[{"type":"char_location","start":1}]},
          {"type":"text","text":"plain"},
          {"type":"tool_use","id":"toolu_1","name":"draw","input":{"what":1.5}},
          {"type":"tool_use","id":"toolu_2","name":"stop","input":{}}]},
        {"role":"user","content":[
          {"type":"tool_result","tool_use_id":"toolu_1","content":"drawn"},
          {"type":"tool_result","tool_use_id":"toolu_2","content":"failed","is_error":true},
          {"type":"text","text":"Go on."}]}])"));
    BOOST_TEST(encode(request).body.find(R"("input":{"what": 1.50})") != std::string::npos); // byte for byte
}

BOOST_AUTO_TEST_CASE(turns_alternate) {
    const Request request(user("a"), user("b"), assistant("c"), assistant(""), assistant("d"), user(""),
                          user("e"), baton::system(""));
    BOOST_TEST(written(request) == test::parse(R"({"model":"m","max_tokens":4096,"messages":[
        {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
        {"role":"assistant","content":[{"type":"text","text":"c"},{"type":"text","text":"d"}]},
        {"role":"user","content":[{"type":"text","text":"e"}]}]})"));
}

BOOST_AUTO_TEST_CASE(extra_wins) {
    const Encoded out = encode(
        Request(baton::system("s"), user("x"), extra(R"({"max_tokens":1.0e3,"system":"other","top_k":5})")));
    BOOST_TEST(out.body ==
               R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],)"
               R"("max_tokens":1.0e3,"system":"other","top_k":5})");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said_is_refused_by_name) {
    BOOST_TEST(refusal(Request(user("x"), seed(1))) ==
               "anthropic cannot express `seed`: its API has no such parameter; "
               "leave it out, make the request lossy to drop it, or use a target that has it");
    BOOST_TEST(refusal(Request(user("x"), ResponseFormat(ResponseFormat::Kind::json_object)))
                   .starts_with("anthropic cannot express `response_format: json_object`"));
    BOOST_TEST(refusal(Request(user("x"), extra("nonsense"))).starts_with("`extra` is not a JSON object"));
    BOOST_TEST(refusal(Request(user("x"), tools(Tool("f", "", "[]")))).find("`tools[0].parameters`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), ResponseFormat("n", "", true))).find("`response_format.schema`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(turn(Role::assistant, part(Part::Kind::tool_call, "{\"a\":", "i", "n"))))
                   .find("`tool_call arguments`") != std::string::npos);
    BOOST_TEST(refusal(Request(turn(Role::system, image_url("https://x")))).find("`system message`") !=
               std::string::npos);
    BOOST_TEST(
        refusal(Request(turn(Role::user, part(Part::Kind::tool_call, "{}", "i", "n")))).find("`tool_call`") !=
        std::string::npos);
    BOOST_TEST(refusal(Request(turn(Role::assistant, image_url("https://x")))).find("`assistant message`") !=
               std::string::npos);
    Part broken(Part::Kind::text, "x");
    broken.detail.ensure().vendor = "anthropic";
    broken.detail->extra = "\"a\":1}, {";
    BOOST_TEST(refusal(Request(turn(Role::user, broken))).find("`Part::Detail::extra`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(account_headers) {
    std::string lines;
    BOOST_TEST(!Anthropic::write_account_headers({}, Secret("sk-ant"), lines).has_value());
    BOOST_TEST(lines == "x-api-key: sk-ant\r\nanthropic-version: 2023-06-01\r\n");
    lines.clear();
    const Anthropic::Options options{.version = "2027-01-01", .beta = "a,b"};
    BOOST_TEST(!Anthropic::write_account_headers(options, Secret(), lines).has_value());
    BOOST_TEST(lines == "anthropic-version: 2027-01-01\r\nanthropic-beta: a,b\r\n");
    const Anthropic::Options hostile{.beta = "a\nhost: evil"};
    BOOST_TEST(Anthropic::write_account_headers(hostile, Secret("k"), lines).has_value());
    BOOST_TEST(lines.find("evil") == std::string::npos);
}

// --- whole bodies ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_whole_body) {
    Reply reply;
    const auto error = Anthropic::decode(
        R"({"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
            {"type":"thinking","thinking":"hm\n","signature":"c2ln"},
            {"type":"redacted_thinking","data":"Eo=="},
            {"type":"text","text":"Nile ","citations":null},
            {"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"q": "x"}},
            {"citations":[{"type":"page"}],"type":"text","text":"is long"},
            {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1},"caller":{"type":"direct"}}],
            "stop_reason":"stop_sequence","stop_sequence":"END",
            "usage":{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,
                     "output_tokens":50,"output_tokens_details":{"thinking_tokens":8},"service_tier":"standard"}})",
        reply);
    BOOST_TEST_REQUIRE(!error.has_value());
    BOOST_TEST(reply.text() == "Nile is long");
    BOOST_TEST(reply.model == "claude-x");
    BOOST_TEST((reply.stop == StopReason::stop_sequence));
    BOOST_TEST(reply.stop_text == "END");
    const Usage expected{10, 30, 20, 0, 42, 8, 0, true, false};
    BOOST_TEST((reply.usage == expected));
    BOOST_TEST_REQUIRE(reply.parts.size() == 6u);
    BOOST_TEST(reply.parts[0].detail->signature == "c2ln");
    BOOST_TEST((reply.parts[1].kind == Part::Kind::opaque));
    BOOST_TEST(reply.parts[1].text == R"({"type":"redacted_thinking","data":"Eo=="})");
    BOOST_TEST(reply.parts[3].text ==
               R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"q": "x"}})");
    BOOST_TEST(reply.parts[3].detail->vendor == "anthropic");
    BOOST_TEST(reply.parts[3].detail->name == "server_tool_use");
    BOOST_TEST(reply.parts[4].detail->extra == R"("citations":[{"type":"page"}])");
    BOOST_TEST(reply.parts[5].text == R"({"a":1})");
    BOOST_TEST(reply.parts[5].detail->extra == R"("caller":{"type":"direct"})");
    BOOST_TEST(!reply.parts[2].detail); // nothing to remember
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answer) {
    const auto errc = [](std::string_view body) {
        Reply reply;
        const auto error = Anthropic::decode(body, reply);
        return error ? error->errc() : Errc::ok;
    };
    BOOST_TEST(errc("") == Errc::protocol);
    BOOST_TEST(errc("<html></html>") == Errc::protocol);
    BOOST_TEST(errc("{}") == Errc::protocol);
    BOOST_TEST(errc(R"({"content":[{"type":"text")") == Errc::protocol);
    BOOST_TEST(errc(R"({"content":[],"stop_reason":"refusal"})") == Errc::ok);
    BOOST_TEST(errc(R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})") ==
               Errc::transient);
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    BOOST_TEST(run.start() == Step::nothing);
    BOOST_TEST(run(R"({"type": "ping"})") == Step::nothing);
    BOOST_TEST(run.block(R"({"type":"thinking","thinking":"","signature":""})") == Step::nothing);
    BOOST_TEST(run.grow(R"({"type":"thinking_delta","thinking":"hm\n"})") == Step::delta);
    BOOST_TEST(run.delta.reasoning == "hm\n");
    BOOST_TEST(run.grow(R"({"type":"signature_delta","signature":"c2"})") == Step::nothing);
    BOOST_TEST(run.grow(R"({"type":"signature_delta","signature":"ln"})") == Step::nothing);
    BOOST_TEST(run.stop() == Step::nothing);
    BOOST_TEST(run.block(R"({"type":"text","text":""})", 1) == Step::nothing);
    BOOST_TEST(run.grow(R"({"type":"text_delta","text":"Hel"})", 1) == Step::delta);
    BOOST_TEST(run.delta.text == "Hel");
    BOOST_TEST(run.grow(R"({"type":"text_delta","text":"lo \"you\""})", 1) == Step::delta);
    BOOST_TEST(run.delta.text == "lo \"you\"");
    run.stop(1);
    BOOST_TEST(run.block(R"({"type":"tool_use","id":"toolu_1","name":"f","input":{}})", 2) == Step::delta);
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].id == "toolu_1");
    BOOST_TEST(run.delta.tools[0].name == "f");
    BOOST_TEST(run.grow(R"({"type":"input_json_delta","partial_json":""})", 2) == Step::nothing);
    BOOST_TEST(run.grow(R"({"type":"input_json_delta","partial_json":"{\"a\": "})", 2) == Step::delta);
    BOOST_TEST(run.delta.tools[0].arguments == "{\"a\": ");
    BOOST_TEST(run.delta.tools[0].id == "");
    run.grow(R"({"type":"input_json_delta","partial_json":"1}"})", 2);
    run.stop(2);
    run.block(R"({"type":"tool_use","id":"toolu_2","name":"g","input":{}})", 3);
    BOOST_TEST(run.delta.tools[0].index == 1);
    run.stop(3);
    BOOST_TEST(run.end("tool_use") == Step::end);
    BOOST_TEST(run.reply.text() == "Hello \"you\"");
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 4u);
    BOOST_TEST(run.reply.parts[0].detail->signature == "c2ln");
    BOOST_TEST(run.reply.parts[2].text == R"({"a": 1})");
    BOOST_TEST(run.reply.parts[3].text == "{}");
    BOOST_TEST((run.reply.stop == StopReason::tool_calls));
    BOOST_TEST(run.reply.id == "msg_1");
    const Usage expected{9, 0, 0, 0, 12, 0, 0, true, false};
    BOOST_TEST((run.reply.usage == expected));
}

BOOST_AUTO_TEST_CASE(a_member_that_comes_twice_is_shown_twice) { // found by fuzzing
    Run run;
    run.start();
    run.block(R"({"type":"text","text":""})");
    BOOST_TEST(run.grow(R"({"type":"text_delta","text":"a","text":"b"})") == Step::delta);
    BOOST_TEST(run.delta.text == "ab");
    BOOST_TEST(run.reply.text() == "ab");
}

BOOST_AUTO_TEST_CASE(an_event_shows_all_it_adds) { // found by fuzzing
    Run run;
    const std::string text = R"({"content":[{"type":"text","text":"a"}]})";
    BOOST_TEST(run(R"({"type":"message_start","message":)" + text + R"(,"message":)" + text + "}") ==
               Step::delta);
    BOOST_TEST(run.delta.text == "aa");
    run.block(R"({"type":"tool_use","id":"t","name":"f","input":{}})");
    run.grow(R"({"type":"input_json_delta","partial_json":"{\"x\"","partial_json":":1}"})");
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].arguments == R"({"x":1})");
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST(run.reply.text() == "aa");
}

BOOST_AUTO_TEST_CASE(an_input_with_more_behind_it_is_no_json) { // found by fuzzing
    Run run;
    run.start();
    run.block(R"({"type":"server_tool_use","id":"srv_1","name":"code_execution","input":{}})");
    run.grow(R"({"type":"input_json_delta","partial_json":"{\"q\":1}, \"more\""})");
    BOOST_TEST(run(R"({"type":"content_block_stop","index":0})") == Step::failed);
    BOOST_TEST((run.decoder.error().errc() == Errc::protocol));
}

BOOST_AUTO_TEST_CASE(opaque_blocks_are_put_together) {
    Run run;
    run.start();
    run.block(
        R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{},"caller":{"type":"direct"}})");
    BOOST_TEST(run.grow(R"({"type":"input_json_delta","partial_json":"{\"q\":"})") == Step::nothing);
    BOOST_TEST(run.grow(R"({"type":"input_json_delta","partial_json":"\"x\"}"})") == Step::nothing);
    run.stop();
    run.block(R"({"type":"compaction","content":null})", 1);
    run.grow(R"({"type":"compaction_delta","content":"so \"far\""})", 1);
    run.stop(1);
    run.block(R"({"type":"from_the_future","x":[1, 2]})", 2);
    BOOST_TEST(run.grow(R"({"type":"future_delta","y":1})", 2) == Step::nothing);
    run.stop(2);
    run.block(R"({"type":"text","text":"","citations":[]})", 3);
    run.grow(R"({"type":"citations_delta","citation":{"url": "a"}})", 3);
    run.grow(R"({"type":"text_delta","text":"x"})", 3);
    run.grow(R"({"type":"citations_delta","citation":{"url": "b"}})", 3);
    run.stop(3);
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 4u);
    BOOST_TEST(
        run.reply.parts[0].text ==
        R"({"type":"server_tool_use","id":"srv_1","name":"web_search","input":{"q":"x"},"caller":{"type":"direct"}})");
    BOOST_TEST(run.reply.parts[1].text == R"({"type":"compaction","content":"so \"far\""})");
    BOOST_TEST(run.reply.parts[2].text == R"({"type":"from_the_future","x":[1, 2]})");
    BOOST_TEST(run.reply.parts[3].detail->extra == R"("citations":[{"url": "a"},{"url": "b"}])");
    BOOST_TEST(test::at(written(Request(run.reply.message())), "messages").as_array()[0].at("content") ==
               test::parse("[" + run.reply.parts[0].text + "," + run.reply.parts[1].text + "," +
                           run.reply.parts[2].text +
                           R"(,{"type":"text","text":"x","citations":[{"url":"a"},{"url":"b"}]}])"));
}

BOOST_AUTO_TEST_CASE(a_message_that_comes_whole_in_its_first_event) {
    Run run;
    BOOST_TEST(run(R"({"type":"message_start","message":{"id":"i","model":"m","content":[
        {"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"f","input":{"x":1}},{"type":"text","text":"b"}],
        "stop_reason":"tool_use","usage":{"input_tokens":0,"output_tokens":0}}})") == Step::delta);
    BOOST_TEST(run.delta.text == "ab");
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].arguments == R"({"x":1})");
    BOOST_TEST(run(R"({"type":"message_stop"})") == Step::end);
    BOOST_TEST((run.reply.stop == StopReason::tool_calls));
    BOOST_TEST(run.reply.text() == "ab");
}

BOOST_AUTO_TEST_CASE(usage_is_replaced_where_it_is_named) {
    Run run;
    run(R"({"type":"message_start","message":{"content":[],"usage":{"input_tokens":100,
        "cache_creation_input_tokens":5,"cache_read_input_tokens":55096,"output_tokens":7}}})");
    run(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":181,
        "cache_read_input_tokens":0,"cache_creation_input_tokens":null,"output_tokens":83,
        "output_tokens_details":{"thinking_tokens":3},"iterations":[{"input_tokens":1}]}})");
    BOOST_TEST(run(R"({"type":"message_stop"})") == Step::end);
    const Usage expected{181, 0, 5, 0, 80, 3, 0, true, false};
    BOOST_TEST((run.reply.usage == expected));
}

BOOST_AUTO_TEST_CASE(stop_reasons) {
    const auto reason = [](const char* word) {
        Run run;
        run.start();
        run.end(word);
        return run.reply;
    };
    BOOST_TEST((reason("end_turn").stop == StopReason::stop));
    BOOST_TEST((reason("max_tokens").stop == StopReason::length));
    BOOST_TEST((reason("model_context_window_exceeded").stop == StopReason::length));
    BOOST_TEST((reason("pause_turn").stop == StopReason::pause));
    BOOST_TEST((reason("refusal").stop == StopReason::refusal));
    BOOST_TEST((reason("novelty").stop == StopReason::unknown));
    BOOST_TEST(reason("novelty").stop_text == "novelty");
}

BOOST_AUTO_TEST_CASE(broken_streams) {
    Run cut;
    cut.start();
    cut.block(R"({"type":"text","text":""})");
    cut.grow(R"({"type":"text_delta","text":"Hel"})");
    BOOST_TEST(cut.decoder.on_body_end(cut.reply) == Step::failed);
    BOOST_TEST(cut.errc() == Errc::truncated);
    Run stopped; // a stop reason is not the end
    stopped.start();
    stopped(R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}})");
    BOOST_TEST(stopped.decoder.on_body_end(stopped.reply) == Step::failed);
    Run overloaded;
    BOOST_TEST(
        overloaded(
            R"({"type":"error","error":{"details":null,"type":"overloaded_error","message":"m"}  })") ==
        Step::failed);
    BOOST_TEST(overloaded.errc() == Errc::transient);
    BOOST_TEST(overloaded.decoder.error().detail().vendor_code == "overloaded_error");
    Run orphan; // text for a block that is not open is not silently lost
    orphan.start();
    BOOST_TEST(orphan.grow(R"({"type":"text_delta","text":"x"})") == Step::failed);
    BOOST_TEST(orphan.errc() == Errc::protocol);
    Run other;
    other.start();
    other.block(R"({"type":"text","text":""})");
    BOOST_TEST(other.grow(R"({"type":"text_delta","text":"x"})", 1) == Step::failed);
    Run bad_pieces;
    bad_pieces.start();
    bad_pieces.block(R"({"type":"server_tool_use","id":"s","name":"n","input":{}})");
    bad_pieces.grow(R"({"type":"input_json_delta","partial_json":"{\"a\":"})");
    BOOST_TEST(bad_pieces.stop() == Step::failed);
    BOOST_TEST(bad_pieces.errc() == Errc::protocol);
    for (const char* broken : {R"({"type":"content_block_stop")", R"({"type":"message_stop"} x)",
                               R"({"type":"message_delta","delta":{])"}) {
        Run run;
        run.start();
        BOOST_TEST(run(broken) == Step::failed, broken);
        BOOST_TEST(run.errc() == Errc::protocol, broken);
    }
}

BOOST_AUTO_TEST_CASE(unknown_events_and_unnamed_ones) {
    Run run;
    run.start();
    BOOST_TEST(run.decoder.on_event("novelty", "anything", run.delta, run.reply) == Step::nothing);
    BOOST_TEST(run.decoder.on_event("novelty", R"({"type":"novelty","x":1})", run.delta, run.reply) ==
               Step::nothing);
    // a gateway that drops the event lines
    const auto unnamed = [&](const char* data) {
        return run.decoder.on_event("message", data, run.delta, run.reply);
    };
    BOOST_TEST(
        unnamed(R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"}})") ==
        Step::delta);
    BOOST_TEST(
        unnamed(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"b"}})") ==
        Step::delta);
    BOOST_TEST(unnamed(R"({"type":"message_delta","delta":{"stop_reason":"max_tokens"}})") == Step::nothing);
    BOOST_TEST(unnamed(R"({"type":"message_stop"})") == Step::end);
    BOOST_TEST(run.reply.text() == "ab");
    BOOST_TEST((run.reply.stop == StopReason::length));
}

// Found by fuzzing: what was read of a broken event is in the Reply, so the event cannot be passed over.
BOOST_AUTO_TEST_CASE(a_broken_event_of_unknown_type_that_said_something) {
    Run run;
    run.start();
    BOOST_TEST(run.decoder.on_event(
                   "novelty",
                   R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"a"})",
                   run.delta, run.reply) == Step::failed);
    BOOST_TEST(run.errc() == Errc::protocol);
}

BOOST_AUTO_TEST_SUITE_END()
