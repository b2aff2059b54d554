// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Google's dialect, at the Gemini API and on Vertex: what is written, and what is read.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/gemini.hpp>
#include <baton/wire/vertex.hpp>

#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(gemini)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<Gemini::Options> && std::is_trivially_destructible_v<Gemini::Options>);
static_assert(std::is_aggregate_v<Vertex::Options> && std::is_trivially_destructible_v<Vertex::Options>);
static_assert(wire::StreamDecoder<Gemini::StreamDecoder> && wire::StreamDecoder<Vertex::StreamDecoder>);
static_assert(!Gemini::capabilities.parallel_tools && !Vertex::capabilities.service_tier);

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};

template <class W = Gemini>
Encoded encode(const Request& request, bool stream = false, Target target = {}) {
    Encoded out;
    if (target.model.empty()) target.model = "m";
    const Draft draft(request);
    out.error = W::encode(draft, target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
template <class W = Gemini>
bj::value written(const Request& request) {
    const Encoded out = encode<W>(request);
    BOOST_TEST_REQUIRE(!out.error.has_value(), (out.error ? out.error->what() : ""));
    return test::parse(out.body);
}
template <class W = Gemini>
std::string refusal(const Request& request) {
    const Encoded out = encode<W>(request);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body.empty());
    return out.error->detail().message;
}

Part part(Part::Kind kind, std::string text, std::string id = {}, std::string name = {},
          std::string vendor = {}, std::string signature = {}) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    detail.vendor = std::move(vendor);
    detail.signature = std::move(signature);
    return Part(kind, std::move(text), std::move(detail));
}
template <class... P>
Message turn(Role role, P&&... parts) {
    Message message;
    message.role = role;
    (message.parts.push_back(std::forward<P>(parts)), ...);
    return message;
}

struct Run {
    Gemini::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    Step operator()(std::string_view data) { return decoder.on_event("message", data, delta, reply); }
    Step parts(std::string_view list, std::string_view more = {}) {
        return (*this)(R"({"candidates":[{"content":{"parts":[)" + std::string(list) +
                       R"(],"role":"model"})" + std::string(more) + "}]}");
    }
    Step end() { return decoder.on_body_end(reply); }
    Errc errc() const { return decoder.error().errc(); }
};

template <class W = Gemini>
Reply decoded(std::string_view body) {
    Reply reply;
    const auto error = W::decode(body, reply);
    BOOST_TEST_REQUIRE(!error.has_value(), (error ? error->what() : ""));
    return reply;
}
template <class W = Gemini>
Errc refused(std::string_view body) {
    Reply reply;
    const auto error = W::decode(body, reply);
    return error ? error->errc() : Errc::ok;
}

std::string_view no_environment(std::string_view) { return {}; }

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."), true);
    BOOST_TEST(!out.error.has_value());
    BOOST_TEST(out.path == "/models/m:streamGenerateContent?alt=sse");
    BOOST_TEST(out.body == R"({"contents":[{"role":"user","parts":[{"text":"Name three rivers."}]}]})");
    BOOST_TEST(encode(Request("x")).path == "/models/m:generateContent");
    BOOST_TEST(encode<Vertex>(Request("x")).path == "/publishers/google/models/m:generateContent");
    Target tuned;
    tuned.model = "tunedModels/mine";
    BOOST_TEST(encode(Request("x"), false, tuned).path == "/tunedModels/mine:generateContent");
}

BOOST_AUTO_TEST_CASE(every_member) {
    Request request(baton::system("Be brief."), user("Hi"), baton::system("In English."), max_tokens(400),
                    temperature(0.8), top_p(0.9), stop("\n", "END"), seed(-7),
                    tools(Tool("weather", "Looks outside.",
                               R"({"type":"object","properties":{"city":{"type":"string"}}})"),
                          Tool("now", "")),
                    ToolChoice("weather"),
                    ResponseFormat("shape", R"({"type":"object","additionalProperties":false})", true),
                    top_k(40), frequency_penalty(0.5), presence_penalty(-0.5), choices(2), top_logprobs(3),
                    reasoning(2048), service_tier("flex"),
                    extra(R"({"safetySettings":[],"cachedContent":"cachedContents/1"})"), task("chat"),
                    tenant("t"), priority(3), cache(no));
    BOOST_TEST(written(request) == test::parse(R"({
        "contents":[{"role":"user","parts":[{"text":"Hi"}]}],
        "systemInstruction":{"parts":[{"text":"Be brief."},{"text":"In English."}]},
        "tools":[{"functionDeclarations":[
          {"name":"weather","description":"Looks outside.",
           "parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}}}},
          {"name":"now"}]}],
        "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["weather"]}},
        "generationConfig":{"temperature":0.8,"topP":0.9,"maxOutputTokens":400,"stopSequences":["\n","END"],
          "seed":-7,"responseMimeType":"application/json",
          "responseJsonSchema":{"type":"object","additionalProperties":false},
          "topK":40,"frequencyPenalty":0.5,"presencePenalty":-0.5,"candidateCount":2,"responseLogprobs":true,
          "logprobs":3,"thinkingConfig":{"thinkingBudget":2048,"includeThoughts":true}},
        "serviceTier":"flex","safetySettings":[],"cachedContent":"cachedContents/1"})"));
    Target target;
    target.temperature = 0.25;
    target.max_tokens = 100;
    const bj::value limited = test::parse(encode(request, false, target).body);
    BOOST_TEST(limited.at("generationConfig").at("temperature") == 0.25);
    BOOST_TEST(limited.at("generationConfig").at("maxOutputTokens") == 100);
}

BOOST_AUTO_TEST_CASE(tool_choices) {
    using Mode = ToolChoice::Mode;
    const auto choice = [](Mode mode, bool strict) {
        Tool tool("f", "");
        tool.strict = strict;
        return test::at(written(Request(user("x"), tools(tool), ToolChoice(mode))), "toolConfig");
    };
    const auto mode = [](const char* word) { return bj::value{{"functionCallingConfig", {{"mode", word}}}}; };
    BOOST_TEST(choice(Mode::vendor_default, false).is_null());
    BOOST_TEST(choice(Mode::vendor_default, true) == mode("VALIDATED"));
    BOOST_TEST(choice(Mode::automatic, false) == mode("AUTO"));
    BOOST_TEST(choice(Mode::automatic, true) == mode("VALIDATED"));
    BOOST_TEST(choice(Mode::required, true) == mode("ANY"));
    BOOST_TEST(choice(Mode::none, true) == mode("NONE"));
}

BOOST_AUTO_TEST_CASE(thinking) {
    const auto config = [](Request request, const char* model) {
        Target target;
        target.model = model;
        const bj::value body = test::parse(encode(request, false, target).body);
        return test::at(test::at(body, "generationConfig"), "thinkingConfig");
    };
    BOOST_TEST(config(Request(user("x"), reasoning("low")), "gemini-3.5-flash") ==
               test::parse(R"({"thinkingLevel":"low","includeThoughts":true})"));
    BOOST_TEST(config(Request(user("x"), reasoning("medium")), "gemini-2.5-flash") ==
               test::parse(R"({"thinkingBudget":8192,"includeThoughts":true})"));
    BOOST_TEST(config(Request(user("x"), reasoning("none")), "gemini-3.5-flash") ==
               test::parse(R"({"thinkingBudget":0})"));
    BOOST_TEST(config(Request(user("x"), reasoning(0)), "m") == test::parse(R"({"thinkingBudget":0})"));
    BOOST_TEST(config(Request(user("x"), reasoning("xhigh"), lossy()), "m") ==
               test::parse(R"({"thinkingLevel":"high","includeThoughts":true})"));
    BOOST_TEST(
        config(Request(user("x"), reasoning(9),
                       extra(R"({"generation_config":{"thinking_config":{"include_thoughts":false}}})")),
               "m") == test::parse(R"({"thinkingBudget":9,"include_thoughts":false})"));
    BOOST_TEST(refusal(Request(user("x"), reasoning("xhigh"))).find("`reasoning: xhigh`") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), reasoning("low"), reasoning(9))).find("`reasoning`") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(messages_of_every_kind) {
    Part pdf = part(Part::Kind::document, "JVBERg==", {}, "Paper");
    pdf.detail->media_type = "application/pdf";
    const Request request(
        user_parts("What?", cache_point(Part("cached")), image_url("https://x/y.PNG?a=1"),
                   image_data("QUJD", "image/png"), pdf, document_url("gs://bucket/y")),
        turn(Role::assistant, part(Part::Kind::thinking, "hm", {}, {}, "gemini", "c2ln"),
             part(Part::Kind::thinking, "not theirs", {}, {}, "anthropic", "sig"),
             part(Part::Kind::opaque, R"({"executableCode":{"code":"1 + 1"}})", {}, "executableCode",
                  "gemini"),
             part(Part::Kind::opaque, R"({"id":"gpt"})", {}, {}, "openai"),
             part(Part::Kind::opaque, R"({"webSearchQueries":["q"]})", {}, "groundingMetadata", "gemini"),
             part(Part::Kind::text, "signed", {}, {}, "gemini", "dGV4dA"), Part(""),
             part(Part::Kind::tool_call, R"({"what": 1.50})", "c1", "draw", "gemini", "Y2FsbA"),
             part(Part::Kind::tool_call, "", "c2", "stop", "anthropic", "foreign")),
        tool_result("c2", "failed", true), tool_result("c1", R"({"drawn":true})"), user("Go on."));
    BOOST_TEST(test::at(written(request), "contents") == test::parse(R"([
        {"role":"user","parts":[{"text":"What?"},{"text":"cached"},
          {"fileData":{"mimeType":"image/png","fileUri":"https://x/y.PNG?a=1"}},
          {"inlineData":{"mimeType":"image/png","data":"QUJD"}},
          {"inlineData":{"mimeType":"application/pdf","data":"JVBERg=="}},
          {"fileData":{"fileUri":"gs://bucket/y"}}]},
        {"role":"model","parts":[
          {"text":"hm","thought":true,"thoughtSignature":"c2ln"},
          {"executableCode":{"code":"1 + 1"}},
          {"text":"signed","thoughtSignature":"dGV4dA"},
          {"functionCall":{"id":"c1","name":"draw","args":{"what":1.5}},"thoughtSignature":"Y2FsbA"},
          {"functionCall":{"id":"c2","name":"stop","args":{}}}]},
        {"role":"user","parts":[
          {"functionResponse":{"id":"c2","name":"stop","response":{"error":"failed"}}},
          {"functionResponse":{"id":"c1","name":"draw","response":{"drawn":true}}}]},
        {"role":"user","parts":[{"text":"Go on."}]}])"));
    BOOST_TEST(encode(request).body.find(R"("args":{"what": 1.50})") != std::string::npos); // byte for byte
    const bj::value vertex = written<Vertex>(Request(user_parts(pdf)));
    BOOST_TEST(vertex.at("contents").at(0).at("parts").at(0).at("inlineData").at("displayName") == "Paper");
}

BOOST_AUTO_TEST_CASE(calls_of_other_models_need_no_signature) {
    const auto call = [](std::string id, std::string vendor = {}, std::string signature = {}) {
        return part(Part::Kind::tool_call, "{}", std::move(id), "f", std::move(vendor), std::move(signature));
    };
    const Request request(user("x"), turn(Role::assistant, call("1"), call("2")), tool_result("1", "a"),
                          tool_result("2", "b"),
                          turn(Role::assistant, Part("so"), call("3", "gemini", "c2ln"), call("4")));
    const auto signatures = [&](std::string_view model) {
        Target target;
        target.model = model;
        const std::string body = encode(request, false, target).body;
        constexpr std::string_view name = "\"thoughtSignature\":\"";
        std::string found;
        for (std::size_t at = body.find(name); at != std::string::npos; at = body.find(name, at)) {
            at += name.size();
            found += body.substr(at, body.find('"', at) - at) + " ";
        }
        return found;
    };
    BOOST_TEST(signatures("gemini-2.5-flash") == "c2ln ");
    for (const char* model : {"gemini-3-pro-preview", "models/gemini-3.1-flash", "gemini-4-argon"})
        BOOST_TEST(signatures(model) == "skip_thought_signature_validator c2ln ");
}

BOOST_AUTO_TEST_CASE(results_find_their_functions) {
    const auto call = [](const char* id, const char* name) {
        return part(Part::Kind::tool_call, "{}", id, name);
    };
    const auto names = [](const bj::value& body, std::size_t content) {
        std::string all;
        for (const bj::value& one : body.at("contents").at(content).at("parts").as_array()) {
            all += test::string_of(one.at("functionResponse").at("name")) + " ";
        }
        return all;
    };
    // without ids, in the order of the calls, turn by turn
    const bj::value body =
        written(Request(user("x"), turn(Role::assistant, call("", "a"), call("", "b")), tool_result("", "1"),
                        tool_result("", "2"), turn(Role::assistant, call("", "c"), call("i", "d")),
                        tool_result("i", "3"), tool_result("", "[4]")));
    BOOST_TEST(names(body, 2) == "a b ");
    BOOST_TEST(names(body, 4) == "d c ");
    const bj::value& last = body.at("contents").at(4).at("parts").at(1).at("functionResponse");
    BOOST_TEST(last == test::parse(R"({"name":"c","response":{"result":[4]}})"));
    Message named = tool_result("lost", "text");
    named.parts[0].detail->name = "kept";
    BOOST_TEST(names(written(Request(user("x"), named)), 1) == "kept ");
    BOOST_TEST(refusal(Request(user("x"), tool_result("lost", "1"))).find("`tool_result`") !=
               std::string::npos);
    BOOST_TEST(
        refusal(Request(turn(Role::assistant, call("", "a")), tool_result("", "1"), tool_result("", "2")))
            .find("`tool_result`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(extra_is_merged_not_swallowed) {
    const bj::value body = written(Request(
        user("x"), temperature(0.5), max_tokens(9), tools(Tool("f", "")),
        extra(R"({"tools":[{"googleSearch":{}}],"tool_config":{"includeServerSideToolInvocations":true},
                  "generationConfig":{"responseModalities":["TEXT"],"max_output_tokens":7},"labels":{"a":"b"}})")));
    BOOST_TEST(body == test::parse(R"({"contents":[{"role":"user","parts":[{"text":"x"}]}],
        "tools":[{"functionDeclarations":[{"name":"f"}]},{"googleSearch":{}}],
        "toolConfig":{"includeServerSideToolInvocations":true},
        "generationConfig":{"temperature":0.5,"responseModalities":["TEXT"],"max_output_tokens":7},
        "labels":{"a":"b"}})"));
    const bj::value own = written(Request(baton::system("s"), user("x"),
                                          extra(R"({"system_instruction":{"parts":[]},"contents":[]})")));
    BOOST_TEST(own == test::parse(R"({"system_instruction":{"parts":[]},"contents":[]})"));
    for (const char* bad :
         {R"({"generationConfig":1})", R"({"toolConfig":[]})", R"({"tools":{}})", "nonsense",
          R"({"generationConfig":{"thinkingConfig":"x"}})", R"({"stream":true})"}) {
        BOOST_TEST(refusal(Request(user("x"), extra(bad))).find("extra") != std::string::npos, bad);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_said_is_refused_by_name) {
    Request one_call(user("x"), tools(Tool("f", "")));
    one_call.parallel_tools = false;
    BOOST_TEST(refusal(one_call) == "gemini cannot express `parallel_tools`: its API cannot forbid parallel "
                                    "calls; leave it out or use a target that has it");
    one_call.lossy = true;
    BOOST_TEST(!encode(one_call).error.has_value());
    BOOST_TEST(refusal(Request(user("x"), end_user("u"))).find("`end_user`") != std::string::npos);
    BOOST_TEST(refusal(Request(user("x"), seed(1LL << 31))).find("`seed`") != std::string::npos);
    BOOST_TEST(refusal<Vertex>(Request(user("x"), service_tier("flex")))
                   .starts_with("vertex cannot express `service_tier`"));
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
    Part broken = part(Part::Kind::text, "x", {}, {}, "gemini");
    broken.detail->extra = "\"a\":1}, {";
    BOOST_TEST(refusal(Request(turn(Role::user, broken))).find("`Part::Detail::extra`") != std::string::npos);
}

// --- accounts --------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_key_is_a_header_line) {
    std::string lines;
    BOOST_TEST(!Gemini::write_account_headers({}, Secret("k1"), lines).has_value());
    BOOST_TEST(lines == "x-goog-api-key: k1\r\n");
    BOOST_TEST(Gemini::write_account_headers({}, Secret("a\nb"), lines).has_value());
}

BOOST_AUTO_TEST_CASE(vertex_finds_project_location_and_token) {
    const wire::Environment set = [](std::string_view name) -> std::string_view {
        if (name == "GOOGLE_CLOUD_PROJECT") return "my-project";
        if (name == "GOOGLE_CLOUD_LOCATION") return "europe-west4";
        return {};
    };
    BOOST_TEST(*Vertex::base_url({}, set) == "https://europe-west4-aiplatform.googleapis.com");
    BOOST_TEST(*Vertex::base_url({}, no_environment) == "https://aiplatform.googleapis.com");
    BOOST_TEST(*Vertex::base_url({.location = "eu"}, set) == "https://aiplatform.eu.rep.googleapis.com");
    BOOST_TEST(Vertex::base_url({.location = "evil.example/"}, set).error().errc() == Errc::invalid_request);

    const auto departs = [](const Vertex::Account& account, std::string path) {
        std::string headers, body;
        const auto error = account.authorize({"POST", "host", "", {}}, {path, headers, body});
        return error ? std::string(to_string(error->errc())) : headers + path;
    };
    const auto fixed = Vertex::Account::make({}, Secret("t0"), set, nullptr);
    BOOST_TEST(departs(*fixed, "/publishers/google/models/m:x") ==
               "authorization: Bearer t0\r\n"
               "/v1beta1/projects/my-project/locations/europe-west4/publishers/google/models/m:x");
    BOOST_TEST(departs(*fixed, std::string(Vertex::health_path)) ==
               "authorization: Bearer t0\r\n/v1beta1/publishers/google/models?pageSize=100");
    const auto proxied = Vertex::Account::make({.base_url = "https://x/v1/projects/p/locations/l"},
                                               Secret("t0"), no_environment);
    BOOST_TEST(departs(*proxied, "/endpoints/1:x") == "authorization: Bearer t0\r\n/endpoints/1:x");

    int asked = 0;
    const Vertex::Credentials credentials([&] { return "t" + std::to_string(++asked); });
    const auto fresh = Vertex::Account::make({.project = "p", .location = "global", .version = "v1"},
                                             Secret("t0"), no_environment, &credentials);
    BOOST_TEST(departs(*fresh, "/a") == "authorization: Bearer t1\r\n/v1/projects/p/locations/global/a");
    BOOST_TEST(departs(*fresh, "/a").find("t2") != std::string::npos); // asked for each attempt
    const Vertex::Credentials empty([] { return std::string(); });
    BOOST_TEST(departs(*Vertex::Account::make({}, Secret(), set, &empty), "/a") == "auth");
    const Vertex::Credentials throwing(
        []() -> std::string { throw std::runtime_error("no metadata server"); });
    BOOST_TEST(departs(*Vertex::Account::make({}, Secret(), set, &throwing), "/a") == "auth");
    const Vertex::Credentials torn([] { return std::string("a\nhost: evil"); });
    BOOST_TEST(departs(*Vertex::Account::make({}, Secret(), set, &torn), "/a") == "invalid_request");

    BOOST_TEST(Vertex::Account::make({}, Secret(), set).error().errc() == Errc::auth);
    BOOST_TEST(Vertex::Account::make({}, Secret("t"), no_environment).error().errc() == Errc::auth);
    BOOST_TEST(Vertex::Account::make({.project = "a/b"}, Secret("t"), set).error().errc() ==
               Errc::invalid_request);
    std::string lines;
    BOOST_TEST(!Vertex::write_account_headers({.quota_project = "q"}, Secret("t"), lines).has_value());
    BOOST_TEST(lines == "x-goog-user-project: q\r\n");
}

// --- whole bodies ----------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_whole_body) {
    const Reply reply = decoded(R"({"candidates":[{"content":{"role":"model","parts":[
          {"text":"hm\n","thought":true},{"text":"Nile ","videoMetadata":{"fps":1}},{"text":""},{},
          {"executableCode":{"language": "PYTHON"},"thoughtSignature":"c2ln"},{"text":"is long"},
          {"thoughtSignature":"Y2FsbA","functionCall":{"id":"i","name":"f","args":{"a":1}}},
          {"functionCall":{"name":"g"}},{"text":"","thoughtSignature":"ZW5k"}]},
        "finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"]},"citationMetadata":{},
        "logprobsResult":{"chosenCandidates":[{"token":"N"}]},"index":0},
        {"content":{"parts":[{"text":"other"}]},"finishReason":"MAX_TOKENS","index":1}],
        "modelVersion":"gemini-x","responseId":"r1",
        "usageMetadata":{"promptTokenCount":100,"cachedContentTokenCount":40,"toolUsePromptTokenCount":7,
          "candidatesTokenCount":50,"thoughtsTokenCount":8,"totalTokenCount":165,"serviceTier":"flex",
          "promptTokensDetails":[{"modality":"AUDIO","tokenCount":30},{"modality":"TEXT","tokenCount":70}],
          "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":10}],
          "candidatesTokensDetails":[{"modality":4,"tokenCount":20}]}})");
    BOOST_TEST(reply.text() == "Nile is long");
    BOOST_TEST(reply.id == "r1");
    BOOST_TEST(reply.model == "gemini-x");
    BOOST_TEST(reply.stop == StopReason::tool_calls);
    const Usage expected{47, 40, 0, 20, 30, 8, 20, true, false};
    BOOST_TEST((reply.usage == expected));
    BOOST_TEST(reply.usage.total() == 165u);
    BOOST_TEST_REQUIRE(reply.parts.size() == 8u);
    BOOST_TEST((reply.parts[0].kind == Part::Kind::thinking));
    BOOST_TEST(reply.parts[1].detail->extra == R"("videoMetadata":{"fps":1})");
    BOOST_TEST(reply.parts[2].text ==
               R"({"executableCode":{"language": "PYTHON"},"thoughtSignature":"c2ln"})");
    BOOST_TEST(reply.parts[2].detail->name == "executableCode");
    BOOST_TEST(!reply.parts[3].detail);
    BOOST_TEST(reply.parts[4].detail->signature == "Y2FsbA");
    BOOST_TEST(reply.parts[4].detail->id == "i");
    BOOST_TEST(reply.parts[5].text == "{}");
    BOOST_TEST(reply.parts[6].text == R"({"text":"","thoughtSignature":"ZW5k"})");
    BOOST_TEST(reply.parts[7].detail->name == "groundingMetadata");
    BOOST_TEST_REQUIRE(static_cast<bool>(reply.extras));
    BOOST_TEST(reply.extras->logprobs == R"({"chosenCandidates":[{"token":"N"}]})");
    BOOST_TEST(reply.extras->service_tier == "flex");
    BOOST_TEST_REQUIRE(reply.extras->alternatives.size() == 1u);
    BOOST_TEST(reply.extras->alternatives[0].text() == "other");
    BOOST_TEST(reply.extras->alternatives[0].stop == StopReason::length);
    BOOST_TEST(written(Request(user("q"), reply.message())).at("contents").at(1).at("parts") ==
               test::parse(R"([
        {"text":"hm\n","thought":true},{"text":"Nile ","videoMetadata":{"fps":1}},
        {"executableCode":{"language":"PYTHON"},"thoughtSignature":"c2ln"},{"text":"is long"},
        {"functionCall":{"id":"i","name":"f","args":{"a":1}},"thoughtSignature":"Y2FsbA"},
        {"functionCall":{"name":"g","args":{}}},{"text":"","thoughtSignature":"ZW5k"}])"));
    // the signatures mean nothing to Vertex
    BOOST_TEST(encode<Vertex>(Request(user("q"), reply.message())).body.find("thoughtSignature") ==
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(finish_reasons) {
    const auto stop = [](const std::string& reason, bool vertex = false) {
        const std::string body = R"({"candidates":[{"finishReason":)" + reason + "}]}";
        const Reply reply = vertex ? decoded<Vertex>(body) : decoded(body);
        return std::to_string(static_cast<int>(reply.stop)) + reply.stop_text;
    };
    const auto is = [](StopReason reason, const char* text = "") {
        return std::to_string(static_cast<int>(reason)) + text;
    };
    BOOST_TEST(stop("\"STOP\"") == is(StopReason::stop));
    BOOST_TEST(stop("1") == is(StopReason::stop));
    BOOST_TEST(stop("2") == is(StopReason::length));
    BOOST_TEST(stop("\"PROHIBITED_CONTENT\"") == is(StopReason::content_filter));
    BOOST_TEST(stop("10") == is(StopReason::unknown, "MALFORMED_FUNCTION_CALL")); // numbered apart
    BOOST_TEST(stop("10", true) == is(StopReason::content_filter));
    BOOST_TEST(stop("99") == is(StopReason::unknown, "99"));
    BOOST_TEST(stop("\"NEW\"") == is(StopReason::unknown, "NEW"));
    BOOST_TEST(stop("0") == is(StopReason::unknown));
    BOOST_TEST(stop("null") == is(StopReason::unknown));
    BOOST_TEST(stop("[]") == is(StopReason::unknown));
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answer) {
    BOOST_TEST(refused("") == Errc::protocol);
    BOOST_TEST(refused("<html></html>") == Errc::protocol);
    BOOST_TEST(refused("{}") == Errc::protocol);
    BOOST_TEST(refused("[]") == Errc::protocol);
    BOOST_TEST(refused(R"({"candidates":[]})") == Errc::protocol);
    BOOST_TEST(refused(R"({"candidates":[{"content":{"parts":[{"text":")") == Errc::protocol);
    BOOST_TEST(refused(R"({"candidates":[{"content":{}}]})") == Errc::ok);
    BOOST_TEST(refused(R"({"candidates":[{"content":{"parts":[1,null,"x",{"text":5}]},"index":-1e9}]})") ==
               Errc::ok);
    BOOST_TEST(refused(R"({"promptFeedback":{"blockReason":"SAFETY"}})") == Errc::content_filtered);
    BOOST_TEST(refused(R"({"promptFeedback":{"blockReason":1}})") == Errc::content_filtered);
    BOOST_TEST(refused(R"([{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}])") ==
               Errc::transient);
    Reply reply;
    const auto blocked = Gemini::decode(
        R"({"promptFeedback":{"blockReason":"MODEL_ARMOR","blockReasonMessage":"Violated."}})", reply);
    BOOST_TEST(blocked->detail().vendor_code == "MODEL_ARMOR");
    BOOST_TEST(blocked->detail().message.find("Violated.") != std::string::npos);
    // a candidate far away must not cost memory
    BOOST_TEST(!decoded(R"({"candidates":[{"index":0},{"index":2000000000,"content":{}}]})").extras);
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    BOOST_TEST(run.parts(R"({"text":"h","thought":true})") == Step::delta);
    BOOST_TEST(run.delta.reasoning == "h");
    BOOST_TEST(run.parts(R"({"text":"m","thought":true},{"text":"Hel"})") == Step::delta);
    BOOST_TEST(run.delta.reasoning == "m");
    BOOST_TEST(run.delta.text == "Hel");
    BOOST_TEST(run.parts(R"({"text":"lo \"y"},{"text":"ou\""})") == Step::delta);
    BOOST_TEST(run.delta.text == "lo \"you\"");
    BOOST_TEST(run.parts(R"({"text":""})") == Step::nothing);
    BOOST_TEST(run.parts(R"({"text":", ","thoughtSignature":"c2ln"},{"text":"bye"})") == Step::delta);
    BOOST_TEST(run.delta.text == ", bye"); // of two parts
    BOOST_TEST(run.parts(R"({"functionCall":{"name":"f","args":{"a": 1}}},{"functionCall":{"name":"g"}})") ==
               Step::delta);
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 2u);
    BOOST_TEST(run.delta.tools[0].arguments == R"({"a": 1})");
    BOOST_TEST(run.delta.tools[1].index == 1);
    BOOST_TEST(run.delta.tools[1].name == "g");
    BOOST_TEST(run.delta.tools[1].arguments == "");
    BOOST_TEST(run(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}})") ==
               Step::nothing);
    BOOST_TEST(run(R"({"usageMetadata":{"trafficType":"ON_DEMAND"}})") == Step::nothing);
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST(run.reply.text() == "Hello \"you\", bye");
    BOOST_TEST(run.reply.stop == StopReason::tool_calls);
    BOOST_TEST(run.reply.usage.input_tokens == 3u);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 6u);
    BOOST_TEST(run.reply.parts[0].text == "hm");
    BOOST_TEST(run.reply.parts[2].detail->signature == "c2ln");
    BOOST_TEST(run.reply.parts[5].text == "{}");
}

BOOST_AUTO_TEST_CASE(a_call_that_was_to_go_on_ends_with_the_answer) { // found by fuzzing
    Run run;
    run.parts(R"({"functionCall":{"name":"f","willContinue":true}})");
    std::string shown;
    const auto show = [&] {
        for (const Delta::ToolFragment& fragment : run.delta.tools) shown += fragment.arguments;
    };
    run.parts(
        R"({"functionCall":{"partialArgs":[{"jsonPath":"$.id","stringValue":"C"}],"willContinue":true}})");
    show();
    run.parts(R"({"text":""})", R"(,"finishReason":"STOP")");
    show();
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST(shown == R"({"id":"C"})");
    BOOST_TEST(run.reply.parts[0].text == shown);
}

BOOST_AUTO_TEST_CASE(arguments_in_pieces) {
    Run run;
    std::string shown;
    const auto call = [&](std::string_view json) {
        const Step step = run.parts(R"({"functionCall":)" + std::string(json) + "}");
        for (const Delta::ToolFragment& fragment : run.delta.tools) {
            if (fragment.index == 0) shown += fragment.arguments;
        }
        return step;
    };
    BOOST_TEST(call(R"({"name":"f","id":"i","willContinue":true})") == Step::delta);
    BOOST_TEST(run.delta.tools[0].id == "i");
    const char* pieces[] = {
        R"({"jsonPath":"$.list[0].name","stringValue":"a\"","willContinue":true})",
        R"({"jsonPath":"$.list[0].name","stringValue":"b","willContinue":true})",
        R"({"jsonPath":"$.list[0].name","stringValue":""})",
        R"({"jsonPath":"$.list[0]['odd key']","numberValue":0.5})",
        R"({"jsonPath":"$.list[1]","boolValue":true},{"jsonPath":"$.list[2][0]","nullValue":"NULL_VALUE"})",
        R"({"stringValue":"end","jsonPath":"$.last"})",
    };
    for (const char* piece : pieces) {
        BOOST_TEST(call(R"({"partialArgs":[)" + std::string(piece) + R"(],"willContinue":true})") !=
                   Step::failed);
    }
    BOOST_TEST(call("{}") == Step::delta);
    BOOST_TEST(run.parts(R"({"functionCall":{"name":"g","willContinue":true}})") == Step::delta);
    BOOST_TEST(run.parts(R"({"functionCall":{"name":"h"}})", R"(,"finishReason":"STOP")") == Step::delta);
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 3u);
    const std::string expected = R"({"list":[{"name":"a\"b","odd key":0.5},true,[null]],"last":"end"})";
    BOOST_TEST(run.reply.parts[0].text == expected);
    BOOST_TEST(shown == expected); // what was shown is what there is
    BOOST_TEST(run.reply.parts[1].text == "{}");

    for (const char* torn :
         {R"({"jsonPath":"$.a","numberValue":1},{"jsonPath":"$.a","numberValue":2})",
          R"({"jsonPath":"$.a[1]","numberValue":1})", R"({"jsonPath":"$[0]","numberValue":1})",
          R"({"jsonPath":"a","numberValue":1})", R"({"jsonPath":"$.a","numberValue":"x"})",
          R"({"jsonPath":"$.a[0].b","numberValue":1},{"jsonPath":"$.a.b","numberValue":1})"}) {
        Run broken;
        BOOST_TEST(broken.parts(R"({"functionCall":{"name":"f","willContinue":true,"partialArgs":[)" +
                                std::string(torn) + "]}}") == Step::failed,
                   torn);
        BOOST_TEST(broken.errc() == Errc::protocol);
    }
}

BOOST_AUTO_TEST_CASE(several_candidates_in_a_stream) {
    Run run;
    BOOST_TEST(run(R"({"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0},
                                     {"content":{"parts":[{"text":"x"}]},"index":1}]})") == Step::delta);
    BOOST_TEST(run.delta.text == "a");
    BOOST_TEST(
        run(R"({"candidates":[{"content":{"parts":[{"text":"y"}]},"index":1,"finishReason":"STOP"}]})") ==
        Step::nothing);
    BOOST_TEST(run.decoder.on_body_end(run.reply) == Step::failed); // the first has not finished
    BOOST_TEST(run.parts(R"({"text":"b"})", R"(,"finishReason":"MAX_TOKENS")") == Step::delta);
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST(run.reply.text() == "ab");
    BOOST_TEST(run.reply.stop == StopReason::length);
    BOOST_TEST(run.reply.extras->alternatives.at(0).text() == "xy");
    BOOST_TEST(run.reply.extras->alternatives.at(0).stop == StopReason::stop);
}

BOOST_AUTO_TEST_CASE(metadata_of_several_events_is_joined) {
    Run run;
    run.parts(R"({"text":"a"})",
              R"(,"groundingMetadata":{}, "citationMetadata":{"citations":[{"uri":"1"}]},
        "safetyRatings":[{"category":"C","probability":"LOW"}])");
    run.parts(R"({"text":"b"})", R"(,"citationMetadata":{"citations":[ {"uri":"2"} ],"x":1},
        "logprobsResult":{"topCandidates":[]},"safetyRatings":[])");
    run.parts(R"({"text":"c"})",
              R"(,"finishReason":"STOP","citationMetadata":{"citations":[{"uri":"3"}],"x":2},
        "logprobsResult":{"topCandidates":[{"candidates":[]}]},"safetyRatings":[{"category":"C"}])");
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST(run.reply.text() == "abc");
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 3u);
    BOOST_TEST(run.reply.parts[2].detail->name == "safetyRatings");
    BOOST_TEST(run.reply.parts[2].text == R"([{"category":"C"}])"); // the last that says anything
    BOOST_TEST(
        written(Request(user("q"), run.reply.message())).at("contents").at(1).at("parts").as_array().size() ==
        1u); // a vendor's comments are no part of the turn
    BOOST_TEST(run.reply.parts[1].detail->name == "citationMetadata");
    BOOST_TEST(test::parse(run.reply.parts[1].text) ==
               test::parse(R"({"citations":[{"uri":"1"},{"uri":"2"},{"uri":"3"}],"x":2})"));
    BOOST_TEST(test::parse(run.reply.extras->logprobs) ==
               test::parse(R"({"topCandidates":[{"candidates":[]}]})"));
}

BOOST_AUTO_TEST_CASE(ends_of_streams) {
    Run cut;
    cut.parts(R"({"text":"a"})");
    BOOST_TEST(cut.end() == Step::failed);
    BOOST_TEST(cut.errc() == Errc::truncated);
    Run went_on; // after a tool of Google's the model goes on, and then says so again
    went_on.parts(R"({"executableCode":{}})", R"(,"finishReason":"STOP")");
    went_on.parts(R"({"text":"a"})");
    BOOST_TEST(went_on.end() == Step::failed);
    went_on.parts(R"({"text":"b"})", R"(,"finishReason":"STOP")");
    went_on.parts(R"({"text":""})");
    BOOST_TEST(went_on.end() == Step::end);
    Run blocked;
    BOOST_TEST(blocked(R"({"promptFeedback":{"blockReason":"SAFETY"}})") == Step::failed);
    BOOST_TEST(blocked.errc() == Errc::content_filtered);
    Run filtered; // what was said stands
    filtered.parts(R"({"text":"a"})");
    BOOST_TEST(filtered(R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}})") == Step::nothing);
    BOOST_TEST(filtered.end() == Step::end);
    BOOST_TEST(filtered.reply.stop == StopReason::content_filter);
    Run failed;
    failed.parts(R"({"text":"a"})");
    BOOST_TEST(
        failed(R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})") ==
        Step::failed);
    BOOST_TEST(failed.errc() == Errc::transient);
    BOOST_TEST(failed.decoder.error().detail().vendor_code == "UNAVAILABLE");
    Run list;
    BOOST_TEST(list(R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}])") ==
               Step::failed);
    BOOST_TEST(list.errc() == Errc::rate_limited);
    Run done;
    done.parts(R"({"text":"a"})", R"(,"finishReason":"STOP")");
    BOOST_TEST(done("[DONE]") == Step::end);
    for (const char* broken : {R"({"candidates":[{"content":)", "[1,", "x", R"({"candidates":[]} y)"}) {
        Run run;
        BOOST_TEST(run(broken) == Step::failed, broken);
        BOOST_TEST(run.errc() == Errc::protocol, broken);
    }
}

BOOST_AUTO_TEST_CASE(usage_is_the_last_one_said) {
    Run run;
    run(R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":46,
        "candidatesTokenCount":51,"thoughtsTokenCount":167,"totalTokenCount":264}})");
    run(R"({"usageMetadata":{"promptTokenCount":213,"candidatesTokenCount":57,"toolUsePromptTokenCount":426,
        "totalTokenCount":696}})");
    run(R"({"usageMetadata":{"trafficType":"ON_DEMAND"}})");
    BOOST_TEST(run.end() == Step::end);
    const Usage expected{639, 0, 0, 0, 57, 0, 0, true, false};
    BOOST_TEST((run.reply.usage == expected));
    BOOST_TEST(run.reply.usage.total() == 696u);
    const auto usage = [](const std::string& json) {
        return decoded(R"({"candidates":[{}],"usageMetadata":)" + json + "}").usage;
    };
    // an early model counts thoughts among the answer's tokens
    const Usage nested{8, 0, 0, 0, 8, 71, 0, true, false};
    BOOST_TEST((usage(R"({"promptTokenCount":8,"candidatesTokenCount":79,"thoughtsTokenCount":71,
                          "totalTokenCount":87})") == nested));
    const Usage beyond{0, 5, 0, 0, 1, 0, 0, true, false}; // nonsense stays within its bounds
    BOOST_TEST((usage(R"({"promptTokenCount":5,"cachedContentTokenCount":99,"candidatesTokenCount":1,
                          "promptTokensDetails":[{"modality":"AUDIO","tokenCount":77}]})") == beyond));
    BOOST_TEST(!usage("{}").reported);
    BOOST_TEST(!usage(R"({"promptTokenCount":18446744073709551616})").reported);
}

// --- errors ----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(quota_of_a_day_or_of_a_minute) {
    const auto error = [](const std::string& quota) {
        return Gemini::decode_error(
            429, Headers(),
            R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing
                details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure",
                "violations":[{"quotaId":")" +
                quota + R"("}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo",
                "retryDelay":"34.4s"}]}})",
            WallTime{});
    };
    const Error minute = error("GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
    BOOST_TEST(minute.errc() == Errc::rate_limited);
    BOOST_TEST((minute.detail().retry_after == std::chrono::milliseconds(34400)));
    const Error day = error("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
    BOOST_TEST(day.errc() == Errc::quota);
    BOOST_TEST(day.detail().status == 429);
    BOOST_TEST(day.detail().message.find("raise it") != std::string::npos);
    const auto says = [](const std::string& message) {
        return Gemini::decode_error(429, Headers(),
                                    R"({"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":")" +
                                        message +
                                        R"(","details":[{"violations":[{"quotaId":"RequestsPerMinute"}]}]}})",
                                    WallTime{})
            .errc();
    };
    BOOST_TEST((says("Quota exceeded for metric: requests, limit: 0, model: m") == Errc::quota));
    BOOST_TEST((says("Quota exceeded for metric: requests, limit: 10, model: m") == Errc::rate_limited));
    BOOST_TEST((says("Your prepayment credits are depleted.") == Errc::quota));
}

// --- other endpoints -------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(embeddings) {
    EmbedRequest request(std::vector<std::string>{"a", "b"});
    request.purpose = EmbedRequest::Purpose::query;
    request.dimensions = 2;
    request.extra = R"({"x":1})";
    Target target;
    target.model = "e";
    const auto body = [&](auto encode, std::string_view expected_path) {
        std::string path, headers, text;
        BOOST_TEST(!encode(request, target, wire::Outgoing{path, headers, text}).has_value());
        BOOST_TEST(path == expected_path);
        return test::parse(text);
    };
    BOOST_TEST(body(Gemini::encode_embed, "/models/e:batchEmbedContents") == test::parse(R"({"requests":[
        {"model":"models/e","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":2},
        {"model":"models/e","content":{"parts":[{"text":"b"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":2}],
        "x":1})"));
    BOOST_TEST(body(Vertex::encode_embed, "/publishers/google/models/e:predict") ==
               test::parse(R"({"instances":[
        {"content":"a","task_type":"RETRIEVAL_QUERY"},{"content":"b","task_type":"RETRIEVAL_QUERY"}],
        "parameters":{"outputDimensionality":2},"x":1})"));
    const auto errc = [](std::string_view text) {
        Embeddings answer;
        const auto error = Gemini::decode_embed(text, answer);
        return error ? error->errc() : Errc::ok;
    };
    BOOST_TEST(errc(R"({"embeddings":[{"values":[1,-2.5e-05]}]})") == Errc::ok);
    BOOST_TEST(errc(R"({"embeddings":[]})") == Errc::protocol);
    BOOST_TEST(errc(R"({"embeddings":[{"values":[]}]})") == Errc::protocol);
    BOOST_TEST(errc(R"({"embeddings":[{"values":[0.1,null,0.2]}]})") == Errc::protocol);
    std::string path, headers, text;
    const auto none = Gemini::encode_embed(EmbedRequest(), target, wire::Outgoing{path, headers, text});
    BOOST_TEST_REQUIRE(none.has_value());
    BOOST_TEST(none->what().find("no inputs") != std::string::npos);
    BOOST_TEST(errc("") == Errc::protocol);
    BOOST_TEST(errc(R"({"error":{"code":429,"message":"m"}})") == Errc::rate_limited);
}

BOOST_AUTO_TEST_CASE(counting_tokens) {
    const Request request(baton::system("s"), user("x"), tools(Tool("f", "")), temperature(0.5),
                          ToolChoice(ToolChoice::Mode::automatic),
                          extra(R"({"tools":[{"googleSearch":{}}]})"));
    Target target;
    target.model = "m";
    const auto body = [&](auto encode, std::string_view expected_path) {
        std::string path, headers, text;
        const Draft draft(request);
        BOOST_TEST(!encode(draft, target, wire::Outgoing{path, headers, text}).has_value());
        BOOST_TEST(path == expected_path);
        return test::parse(text);
    };
    const bj::value whole = body(Gemini::encode_count, "/models/m:countTokens");
    BOOST_TEST(whole.at("generateContentRequest").at("model") == "models/m");
    bj::object inner = whole.at("generateContentRequest").as_object();
    inner.erase("model");
    BOOST_TEST(bj::value(inner) == written(request));
    BOOST_TEST(body(Vertex::encode_count, "/publishers/google/models/m:countTokens") == test::parse(R"({
        "contents":[{"role":"user","parts":[{"text":"x"}]}],"systemInstruction":{"parts":[{"text":"s"}]},
        "tools":[{"functionDeclarations":[{"name":"f"}]},{"googleSearch":{}}]})"));
    std::uint64_t tokens = 0;
    BOOST_TEST(!Gemini::decode_count(R"({"totalTokens":31,"x":1})", tokens).has_value());
    BOOST_TEST(tokens == 31u);
    BOOST_TEST(Gemini::decode_count("{}", tokens)->errc() == Errc::protocol);
}

BOOST_AUTO_TEST_CASE(model_lists) {
    std::vector<ModelInfo> models;
    BOOST_TEST(
        !Gemini::decode_models(R"({"models":[{"name":"models/a","inputTokenLimit":9,"outputTokenLimit":8},
        {"name":"tunedModels/b"}],"nextPageToken":"t"})",
                               models)
             .has_value());
    BOOST_TEST_REQUIRE(models.size() == 2u);
    BOOST_TEST((models[0] == ModelInfo{"a", "", 9, 8}));
    BOOST_TEST(models[1].id == "tunedModels/b");
    models.clear();
    BOOST_TEST(!Vertex::decode_models(R"({"publisherModels":[{"name":"publishers/google/models/a"},
        {"name":"publishers/meta/models/b"}]})",
                                      models)
                    .has_value());
    BOOST_TEST_REQUIRE(models.size() == 2u);
    BOOST_TEST((models[0] == ModelInfo{"a", "google", 0, 0}));
    BOOST_TEST((models[1] == ModelInfo{"publishers/meta/models/b", "meta", 0, 0}));
    BOOST_TEST(Gemini::decode_models("{}", models)->errc() == Errc::protocol);
}

BOOST_AUTO_TEST_SUITE_END()
