// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Ollama's own API: what is written, and what is read in whole bodies and lines.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/net/url.hpp>
#include <baton/wire/ollama.hpp>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(ollama)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<Ollama::Options>);
static_assert(std::is_trivially_destructible_v<Ollama::Options>);
static_assert(Ollama::key_variable.empty()); // needs no key

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};
Encoded encode(const Request& request, bool stream = false, Target target = {}) {
    Encoded out;
    const Draft draft(request);
    if (target.model.empty()) target.model = "m";
    out.error = Ollama::encode(draft, target, stream, wire::Outgoing{out.path, out.headers, out.body});
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

std::string line(std::string_view message, std::string_view rest = R"("done":false)") {
    return R"({"model":"m-1","created_at":"2026-01-05T11:28:08.18Z","message":)" + std::string(message) +
           "," + std::string(rest) + "}";
}
constexpr std::string_view done = R"("done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":3)";

Reply decoded(std::string_view body) {
    Reply reply;
    const auto error = Ollama::decode(body, reply);
    BOOST_TEST_REQUIRE(!error.has_value(), (error ? error->what() : ""));
    return reply;
}
Errc failing(std::string_view body) {
    Reply reply;
    const auto error = Ollama::decode(body, reply);
    BOOST_TEST_REQUIRE(error.has_value(), body);
    return error->errc();
}

struct Run {
    Ollama::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    void expect(Step step, std::string_view data) {
        BOOST_TEST(decoder.on_event("message", data, delta, reply) == step, data);
    }
};

std::string_view host; // what OLLAMA_HOST is
std::string base_url(std::string_view value) {
    host = value;
    const auto url = Ollama::base_url(
        {}, [](std::string_view name) -> std::string_view { return name == "OLLAMA_HOST" ? host : ""; });
    BOOST_TEST_REQUIRE(url.has_value());
    return *url;
}

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."));
    BOOST_TEST(out.path == "/api/chat");
    BOOST_TEST(out.headers == "");
    BOOST_TEST(out.body ==
               R"({"model":"m","messages":[{"role":"user","content":"Name three rivers."}],"stream":false})");
    BOOST_TEST(encode(Request("x"), true).body ==
               R"({"model":"m","messages":[{"role":"user","content":"x"}],"stream":true})");
}

BOOST_AUTO_TEST_CASE(every_member) {
    const Request request(
        baton::system("Be brief."), user("Hi \"you\"\n"), max_tokens(400), temperature(0.8), top_p(0.9),
        seed(7), stop("END", "\n"),
        tools(Tool("weather", "Looks outside.", R"({"type":"object","properties":{}})"), Tool("now", "")),
        ToolChoice(ToolChoice::Mode::automatic), ResponseFormat("shape", R"({"type":"object"})", true),
        top_logprobs(2), reasoning("low"), top_k(40), frequency_penalty(0.5), presence_penalty(0.25),
        choices(1), extra(R"({"keep_alive":"10m"})"), task("chat"), tenant("t"), priority(3),
        deadline(std::chrono::seconds(3)), fallbacks("anthropic/x"), cache(no));
    BOOST_TEST(written(request) == test::parse(R"({
        "model":"m",
        "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\"\n"}],
        "tools":[
          {"type":"function","function":{"name":"weather","description":"Looks outside.",
            "parameters":{"type":"object","properties":{}}}},
          {"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}],
        "format":{"type":"object"},"think":"low",
        "options":{"temperature":0.8,"top_p":0.9,"top_k":40,"seed":7,"num_predict":400,
          "frequency_penalty":0.5,"presence_penalty":0.25,"stop":["END","\n"]},
        "logprobs":true,"top_logprobs":2,"stream":false,"keep_alive":"10m"})"));
}

BOOST_AUTO_TEST_CASE(formats_and_thinking) {
    const auto of = [](const Request& request, const char* member) {
        return test::at(written(request), member);
    };
    BOOST_TEST(of(Request(user("x"), ResponseFormat(ResponseFormat::Kind::json_object)), "format") == "json");
    BOOST_TEST(of(Request(user("x"), ResponseFormat()), "format").is_null());
    BOOST_TEST(of(Request(user("x"), reasoning("none")), "think") == false);
    BOOST_TEST(of(Request(user("x"), reasoning(0)), "think") == false);
    BOOST_TEST(of(Request(user("x"), reasoning("high")), "think") == "high");
    BOOST_TEST(of(Request(user("x"), extra(R"({"think":true})")), "think") == true);
    BOOST_TEST(of(Request(user("x"), top_logprobs(0)), "logprobs") == true);
    BOOST_TEST(of(Request(user("x"), top_logprobs(0)), "top_logprobs").is_null());
    Target target;
    target.temperature = 0.1;
    target.max_tokens = 50;
    const bj::value out =
        test::parse(encode(Request(user("x"), temperature(0.9), max_tokens(60)), false, target).body);
    BOOST_TEST(out.at("options") == test::parse(R"({"temperature":0.1,"num_predict":50})"));
}

BOOST_AUTO_TEST_CASE(options_of_both) {
    const auto options = [](const Request& request) { return test::at(written(request), "options"); };
    BOOST_TEST(options(Request(user("x"), temperature(0.5), seed(3),
                               extra(R"({"options":{"num_ctx":8192,"seed":4}})"))) ==
               test::parse(R"({"temperature":0.5,"num_ctx":8192,"seed":4})"));
    BOOST_TEST(options(Request(user("x"), extra(R"({"options":{"num_ctx":8192}})"))) ==
               test::parse(R"({"num_ctx":8192})"));
    BOOST_TEST(options(Request(user("x"), seed(3), extra(R"({"options":{"seed":4}})"))) ==
               test::parse(R"({"seed":4})"));
    // one member of each name
    const std::string body =
        encode(Request(user("x"), temperature(0.5), extra(R"({"options":{"num_ctx":1},"a":2})"))).body;
    BOOST_TEST(body == R"({"model":"m","messages":[{"role":"user","content":"x"}],)"
                       R"("options":{"temperature":0.5,"num_ctx":1},"stream":false,"a":2})");
}

BOOST_AUTO_TEST_CASE(what_it_cannot_say) {
    for (const auto mode : {ToolChoice::Mode::none, ToolChoice::Mode::required})
        refused(Request(user("x"), ToolChoice(mode)), "tool_choice");
    refused(Request(user("x"), ToolChoice("weather")), "tool_choice");
    Request one(user("x"), tools(Tool("t", "")));
    one.parallel_tools = false;
    refused(one, "parallel_tools");
    Request strict(user("x"), tools(Tool("t", "")));
    strict.tools[0].strict = true;
    refused(strict, "tools[0].strict");
    refused(Request(user("x"), choices(2)), "choices");
    refused(Request(user("x"), reasoning(500)), "reasoning_tokens");
    refused(Request(user("x"), service_tier("flex")), "service_tier");
    refused(Request(user("x"), end_user("u")), "end_user");
    refused(Request(user_parts("x", document_data("JVBE", "application/pdf"))), "document");
    refused(Request(user_parts("x", image_url("https://x/y.png"))), "image_url");
    refused(Request(turn(Role::system, Part("a"), image_data("AAAA", "image/png"))), "image");
    refused(Request(turn(Role::user, Part("a"), tool_call("1", "t", "{}"))), "tool_call");
    refused(Request(turn(Role::user, of_vendor(Part::Kind::opaque, "{}", "ollama"))), "opaque part");
    refused(Request(turn(Role::assistant, of_vendor(Part::Kind::opaque, "{}", ""))), "opaque part");
    refused(Request(turn(Role::tool, Part("a"))), "tool message");
    refused(Request(turn(Role::assistant, Part("a"), image_data("AAAA", "image/png"))), "assistant message");
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
    BOOST_TEST(broken(Request(turn(Role::assistant, tool_call("1", "t", "[]")))));
    BOOST_TEST(broken(Request(turn(Role::assistant, of_vendor(Part::Kind::opaque, "{", "ollama", "a")))));
}

BOOST_AUTO_TEST_CASE(users_and_tools) {
    const Request request(
        user_parts(Part("What is this?"), image_data("AAAA", "image/png"), Part("And this?"),
                   image_data("BBBB", "image/jpeg")),
        turn(Role::assistant, of_vendor(Part::Kind::thinking, "secret", "anthropic"), Part("Wait."),
             tool_call("c1", "look", R"({"a": 1})"), tool_call("", "now", "")),
        tool_result("c1", "a cat"), tool_result("", "noon"), tool_result("c9", "whose?"),
        turn(Role::user, Part("before"), tool_result("c1", "again").parts[0], Part("after")),
        turn(Role::assistant, of_vendor(Part::Kind::thinking, "alone", "gemini")), user(""));
    BOOST_TEST(messages(request) == test::parse(R"([
        {"role":"user","content":"What is this?\n\nAnd this?","images":["AAAA","BBBB"]},
        {"role":"assistant","content":"Wait.","tool_calls":[
          {"id":"c1","function":{"name":"look","arguments":{"a":1}}},
          {"function":{"name":"now","arguments":{}}}]},
        {"role":"tool","content":"a cat","tool_name":"look","tool_call_id":"c1"},
        {"role":"tool","content":"noon","tool_name":"now"},
        {"role":"tool","content":"whose?","tool_call_id":"c9"},
        {"role":"user","content":"before"},
        {"role":"tool","content":"again","tool_name":"look","tool_call_id":"c1"},
        {"role":"user","content":"after"},
        {"role":"user","content":""}])"));
    BOOST_TEST(encode(request).body.find(R"("arguments":{"a": 1})") != std::string::npos); // as it was
}

// Two turns whose calls have the same id: the nearest one is meant.
BOOST_AUTO_TEST_CASE(results_of_calls_with_one_id) {
    const Request request(user("x"), turn(Role::assistant, tool_call("0", "first", "{}")),
                          tool_result("0", "a"), turn(Role::assistant, tool_call("0", "second", "{}")),
                          tool_result("0", "b"));
    const bj::value all = messages(request);
    BOOST_TEST(all.at(2).at("tool_name") == "first");
    BOOST_TEST(all.at(4).at("tool_name") == "second");
}

// --- whole answers ---------------------------------------------------------------------------------

constexpr std::string_view rich = R"({"role":"assistant","content":"It is \ud83d\ude00","thinking":"Hm\n",
    "future":{"a":1},"images":null,
    "tool_calls":[{"function":{"name":"look","arguments":{"a": 1}}},
                  {"id":"call_x","function":{"index":1,"name":"now","arguments":{}}},
                  {"function":{"name":"odd","arguments":"{\"b\":2}"}}]})";

BOOST_AUTO_TEST_CASE(a_whole_answer) {
    const Reply reply = decoded(line(rich, done));
    BOOST_TEST(reply.model == "m-1");
    BOOST_TEST(reply.text() == "It is \xf0\x9f\x98\x80");
    BOOST_TEST(reply.stop == StopReason::tool_calls);
    BOOST_TEST(reply.usage.input_tokens == 11U);
    BOOST_TEST(reply.usage.output_tokens == 3U);
    BOOST_TEST(reply.usage.reported);
    using Kind = Part::Kind;
    const std::vector<Kind> kinds = {Kind::thinking,  Kind::text,      Kind::opaque,
                                     Kind::tool_call, Kind::tool_call, Kind::tool_call};
    BOOST_TEST_REQUIRE(reply.parts.size() == kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) BOOST_TEST((reply.parts[i].kind == kinds[i]), i);
    BOOST_TEST(reply.parts[0].text == "Hm\n");
    BOOST_TEST(reply.parts[3].text == R"({"a": 1})");
    BOOST_TEST(reply.parts[3].detail->id == "call_20260105T11280818Z_0");
    BOOST_TEST(reply.parts[4].text == "{}");
    BOOST_TEST(reply.parts[4].detail->id == "call_x");
    BOOST_TEST(reply.parts[5].text == R"({"b":2})");
    BOOST_TEST(reply.parts[5].detail->id == "call_20260105T11280818Z_2");
}

BOOST_AUTO_TEST_CASE(it_goes_back_as_it_came) {
    const Reply reply = decoded(line(rich, done));
    const bj::value sent = messages(Request(user("x"), reply.message())).at(1);
    BOOST_TEST(sent == test::parse(R"({"role":"assistant","content":"It is \ud83d\ude00","thinking":"Hm\n",
        "tool_calls":[{"id":"call_20260105T11280818Z_0","function":{"name":"look","arguments":{"a":1}}},
                      {"id":"call_x","function":{"name":"now","arguments":{}}},
                      {"id":"call_20260105T11280818Z_2","function":{"name":"odd","arguments":{"b":2}}}],
        "future":{"a":1}})"));
    const Reply again = decoded(line(bj::serialize(sent), done));
    BOOST_TEST(messages(Request(user("x"), again.message())).at(1) == sent);
}

BOOST_AUTO_TEST_CASE(ids_that_are_made) {
    const auto id = [](std::string_view created) {
        return decoded("{\"created_at\":" + std::string(created) +
                       R"(,"message":{"tool_calls":[{"function":{"name":"a"}}]},"done":true})")
            .parts[0]
            .detail->id;
    };
    BOOST_TEST(id("\"2026-01-05T11:28:08.181551964+02:00\"") == "call_20260105T112808181551964_0");
    BOOST_TEST(id("\"\"") == "call_0");
    BOOST_TEST(id("null") == "call_0");
    BOOST_TEST(id("\"" + std::string(500, 'x') + "\"").size() < 40U);
    BOOST_TEST(id("\"\\r\\n\\\"\"") == "call_0");
}

BOOST_AUTO_TEST_CASE(arguments_are_always_json) {
    const auto arguments = [](std::string_view value) {
        return decoded(line(R"({"tool_calls":[{"function":{"name":"a","arguments":)" + std::string(value) +
                                "}}]}",
                            done))
            .parts[0]
            .text;
    };
    BOOST_TEST(arguments(R"({"a":[1.50]})") == R"({"a":[1.50]})");
    BOOST_TEST(arguments(R"("{\"a\":1}")") == R"({"a":1})");
    BOOST_TEST(arguments(R"("look")") == R"("look")");
    BOOST_TEST(arguments("[1]") == "[1]");
    BOOST_TEST(arguments("null") == "{}");
    BOOST_TEST(arguments("\"\"") == "{}");
}

BOOST_AUTO_TEST_CASE(stops) {
    const auto stop = [](const std::string& rest) {
        return decoded(line(R"({"content":"a"})", "\"done\":true" + rest));
    };
    BOOST_TEST(stop("").stop == StopReason::stop); // older servers
    BOOST_TEST(stop(R"(,"done_reason":"stop")").stop == StopReason::stop);
    BOOST_TEST(stop(R"(,"done_reason":"length")").stop == StopReason::length);
    for (const char* word : {"load", "unload", "new"}) {
        const Reply reply = stop(R"(,"done_reason":")" + std::string(word) + "\"");
        BOOST_TEST(reply.stop == StopReason::unknown);
        BOOST_TEST(reply.stop_text == word);
    }
    BOOST_TEST(!stop("").usage.reported);
    const Reply cached = stop(R"(,"eval_count":4)"); // the prompt was in the cache
    BOOST_TEST(cached.usage.reported);
    BOOST_TEST(cached.usage.input_tokens == 0U);
    BOOST_TEST(cached.usage.output_tokens == 4U);
    BOOST_TEST(stop(R"(,"logprobs":[{"token":"a"},{"token":"b"}])").extras->logprobs ==
               R"([{"token":"a"},{"token":"b"}])");
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answers) {
    BOOST_TEST(failing("") == Errc::protocol);
    BOOST_TEST(failing("[]") == Errc::protocol);
    BOOST_TEST(failing("{}") == Errc::protocol);
    BOOST_TEST(failing("Ollama is running") == Errc::protocol);
    BOOST_TEST(failing(line(R"({"content":"a"})")) == Errc::protocol);
    BOOST_TEST(failing(line(R"({"content":"a"})", done) + "\n" + line(R"({"content":"a"})", done)) ==
               Errc::protocol);
    BOOST_TEST(failing(R"({"error":"the input length exceeds the context length"})") ==
               Errc::context_overflow);
    BOOST_TEST(failing(R"({"error":{"message":"unauthorized"}})") == Errc::auth);
}

BOOST_AUTO_TEST_CASE(errors) {
    const auto of = [](int status, std::string_view body) {
        return Ollama::decode_error(status, Headers(), body, WallTime{}).errc();
    };
    BOOST_TEST(of(404, R"({"error":"model 'x' not found"})") == Errc::not_found);
    BOOST_TEST(of(400, R"({"error":"registry.ollama.ai/library/x does not support tools"})") ==
               Errc::invalid_request);
    BOOST_TEST(of(503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})") ==
               Errc::transient);
    BOOST_TEST(of(429, R"({"error":"you've reached your hourly usage limit"})") == Errc::rate_limited);
    BOOST_TEST(of(429, R"({"error":"you've reached your weekly usage limit"})") == Errc::quota);
    BOOST_TEST(of(401, "") == Errc::auth);
    BOOST_TEST(of(500, R"({"error":"llama runner process has terminated"})") == Errc::transient);
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    run.expect(Step::delta, line(R"({"role":"assistant","content":"","thinking":"H"})"));
    BOOST_TEST(run.delta.reasoning == "H");
    BOOST_TEST(run.delta.text == "");
    run.expect(Step::delta, line(R"({"role":"assistant","content":"","thinking":"m\u002e"})"));
    BOOST_TEST(run.delta.reasoning == "m.");
    run.expect(Step::delta, line(R"({"role":"assistant","content":"It "})"));
    BOOST_TEST(run.delta.text == "It ");
    run.expect(Step::nothing, line(R"({"role":"assistant","content":""})"));
    run.expect(Step::delta, line(R"({"role":"assistant","content":"is."})"));
    run.expect(Step::delta, line(R"({"content":"","tool_calls":[{"function":{"name":"a","arguments":{}}},)"
                                 R"({"function":{"name":"b","arguments":{"x":1}}}]})"));
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 2U);
    BOOST_TEST(run.delta.tools[0].index == 0);
    BOOST_TEST(run.delta.tools[0].arguments == "{}");
    BOOST_TEST(run.delta.tools[1].index == 1);
    BOOST_TEST(run.delta.tools[1].id == "call_20260105T11280818Z_1");
    BOOST_TEST(run.delta.tools[1].name == "b");
    BOOST_TEST(run.delta.tools[1].arguments == R"({"x":1})");
    run.expect(Step::delta, line(R"({"tool_calls":[{"id":"own","function":{"name":"c"}}]})"));
    BOOST_TEST(run.delta.tools[0].index == 2);
    BOOST_TEST(run.delta.tools[0].id == "own");
    run.expect(Step::nothing, R"({"status":"something new"})");
    run.expect(Step::end, line(R"({"role":"assistant","content":""})", done));
    BOOST_TEST(run.delta.empty());
    BOOST_TEST(run.reply.text() == "It is.");
    BOOST_TEST(run.reply.model == "m-1");
    BOOST_TEST(run.reply.parts.size() == 5U);
    BOOST_TEST(run.reply.stop == StopReason::tool_calls);
    BOOST_TEST(run.reply.usage.input_tokens == 11U);
}

// All in one line, as some models do with tools: it is shown, and the body's end is the end.
BOOST_AUTO_TEST_CASE(a_stream_of_one_line) {
    Run run;
    run.expect(Step::delta, line(R"({"content":"All","thinking":"at once"})", done));
    BOOST_TEST(run.delta.text == "All");
    BOOST_TEST(run.delta.reasoning == "at once");
    BOOST_TEST(run.decoder.on_body_end(run.reply) == Step::end);
    BOOST_TEST(run.reply.text() == "All");
    BOOST_TEST(run.reply.stop == StopReason::stop);
}

BOOST_AUTO_TEST_CASE(what_follows_the_last_line_does_not_count) { // found by fuzzing
    Run run;
    run.expect(Step::delta, line(R"({"content":"All"})", done));
    run.expect(Step::end, line(R"({"content":"more"})"));
    BOOST_TEST(run.delta.empty());
    BOOST_TEST(run.reply.parts.size() == 1U);
    BOOST_TEST(run.reply.text() == "All");
}

BOOST_AUTO_TEST_CASE(logprobs_of_a_stream) {
    Run run;
    run.expect(Step::delta, line(R"({"content":"a"})", R"("done":false,"logprobs":[{"token":"a"}])"));
    run.expect(Step::delta, line(R"({"content":"b"})", R"("done":false,"logprobs":[{"token":"b"}])"));
    run.expect(Step::end, line(R"({"content":""})", done));
    BOOST_TEST(run.reply.extras->logprobs == R"([{"token":"a"},{"token":"b"}])");
}

BOOST_AUTO_TEST_CASE(streams_that_break) {
    const auto fails = [](std::string_view data, Errc code) {
        Run run;
        run.expect(Step::delta, line(R"({"content":"a"})"));
        run.expect(Step::failed, data);
        BOOST_TEST(run.decoder.error().errc() == code, data);
    };
    fails(R"({"error":"an error was encountered while running the model"})", Errc::transient);
    fails(R"({"error":"model \"x\" not found, try pulling it first"})", Errc::not_found);
    fails(R"({"error":"unauthorized"})", Errc::auth);
    fails(R"({"error":{"message":"the input length exceeds the context length"}})", Errc::context_overflow);
    fails("{", Errc::protocol);
    fails("[]", Errc::protocol);
    fails("data: {}", Errc::protocol);
    Run cut;
    cut.expect(Step::delta, line(R"({"content":"a"})"));
    BOOST_TEST(cut.decoder.on_body_end(cut.reply) == Step::failed);
    BOOST_TEST(cut.decoder.error().errc() == Errc::truncated);
    Run none;
    BOOST_TEST(none.decoder.on_body_end(none.reply) == Step::failed);
}

// --- the rest --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(base_urls) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "http://127.0.0.1:11434"},
        {"localhost", "http://localhost:11434"},
        {"localhost:8080", "http://localhost:8080"},
        {"127.0.0.1/", "http://127.0.0.1:11434/"},
        {":8080", "http://127.0.0.1:8080"},
        {"0.0.0.0", "http://127.0.0.1:11434"},
        {"0.0.0.0:8080", "http://127.0.0.1:8080"},
        {"[::]:8080", "http://[::1]:8080"},
        {"[::1]", "http://[::1]:11434"},
        {"[::1]:8080", "http://[::1]:8080"},
        {"::1", "http://[::1]:11434"},
        {"::", "http://[::1]:11434"},
        {" \"localhost:8080\" ", "http://localhost:8080"},
        {"http://localhost", "http://localhost"},
        {"http://localhost:8080/ollama/", "http://localhost:8080/ollama/"},
        {"https://ollama.com", "https://ollama.com"},
        {"https://x.example:8443/a", "https://x.example:8443/a"},
    };
    for (const auto& [value, expected] : cases) {
        BOOST_TEST(base_url(value) == expected, value);
        std::string problem;
        BOOST_TEST(net::BaseUrl::parse(base_url(value), "OLLAMA_HOST", problem).has_value(), problem);
    }
}

BOOST_AUTO_TEST_CASE(headers) {
    std::string lines;
    BOOST_TEST(!Ollama::write_account_headers({}, Secret(), lines));
    BOOST_TEST(lines == "");
    BOOST_TEST(!Ollama::write_account_headers({}, Secret("k"), lines));
    BOOST_TEST(lines == "authorization: Bearer k\r\n");
    BOOST_TEST(Ollama::write_account_headers({}, Secret("a\r\nb"), lines).has_value());
}

BOOST_AUTO_TEST_CASE(embeddings) {
    Target target;
    target.model = "e";
    std::string path, headers, body;
    EmbedRequest request(std::vector<std::string>{"a", "b"});
    request.dimensions = 64;
    request.purpose = EmbedRequest::Purpose::query; // without the distinction
    request.extra = R"({"truncate":false})";
    BOOST_TEST(!Ollama::encode_embed(request, target, wire::Outgoing{path, headers, body}));
    BOOST_TEST(path == "/api/embed");
    BOOST_TEST(body == R"({"model":"e","input":["a","b"],"dimensions":64,"truncate":false})");
    BOOST_TEST(Ollama::encode_embed(EmbedRequest(), target, wire::Outgoing{path, headers, body}).has_value());
    const auto read = [](std::string_view text) {
        Embeddings answer;
        const auto error = Ollama::decode_embed(text, answer);
        return error ? error->errc() : Errc::ok;
    };
    BOOST_TEST(read(R"({"embeddings":[[1,2.5],[0,1e-3]]})") == Errc::ok);
    BOOST_TEST(read(R"({"embedding":[1,2.5]})") == Errc::ok);
    BOOST_TEST(read(R"({"embeddings":[[]]})") == Errc::protocol);
    BOOST_TEST(read(R"({"embeddings":[["x"]]})") == Errc::protocol);
    BOOST_TEST(read("{}") == Errc::protocol);
    BOOST_TEST(read(R"({"error":"the input length exceeds the context length"})") == Errc::context_overflow);
    BOOST_TEST(read("{") == Errc::protocol);
}

BOOST_AUTO_TEST_CASE(model_lists) {
    std::vector<ModelInfo> models;
    BOOST_TEST(!Ollama::decode_models(R"({"models":[
        {"name":"qwen3:8b","model":"qwen3:8b","size":1,"details":{"family":"qwen3"}},
        {"name":"old:latest"},{"size":1}]})",
                                      models));
    BOOST_TEST_REQUIRE(models.size() == 2U);
    BOOST_TEST(models[0].id == "qwen3:8b");
    BOOST_TEST(models[1].id == "old:latest");
    BOOST_TEST(!Ollama::decode_models(R"({"models":null})", models));
    BOOST_TEST(Ollama::decode_models("{}", models)->errc() == Errc::protocol);
    BOOST_TEST(Ollama::decode_models(R"({"error":"unauthorized"})", models)->errc() == Errc::auth);
}

BOOST_AUTO_TEST_SUITE_END()
