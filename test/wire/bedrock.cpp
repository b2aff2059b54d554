// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Amazon Bedrock's Converse: what is written and signed, and what is read in whole bodies and streams.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/bedrock.hpp>

#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(bedrock)

using namespace baton;
using wire::Step;
namespace bj = boost::json;

namespace {

static_assert(std::is_aggregate_v<Bedrock::Options> && std::is_trivially_destructible_v<Bedrock::Options>);

constexpr const char* claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

struct Encoded {
    std::optional<Error> error;
    std::string path, headers, body;
};
Encoded encode(const Request& request, bool stream = false, std::string model = claude) {
    Encoded out;
    Target target;
    target.model = std::move(model);
    const Draft draft(request);
    out.error = Bedrock::encode(draft, target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
bj::value written(const Request& request, std::string model = claude) {
    const Encoded out = encode(request, false, std::move(model));
    BOOST_TEST_REQUIRE(!out.error.has_value(), (out.error ? out.error->what() : ""));
    return test::parse(out.body);
}
std::string refusal(const Request& request, std::string model = claude) {
    const Encoded out = encode(request, false, std::move(model));
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body.empty());
    return out.error->detail().message;
}
/// The content of the first message.
bj::value content(const Request& request) { return written(request).at("messages").at(0).at("content"); }

Part part(Part::Kind kind, std::string text, std::string id = {}, std::string name = {},
          std::string vendor = {}, std::string extra = {}) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.name = std::move(name);
    detail.vendor = std::move(vendor);
    detail.extra = std::move(extra);
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
    Bedrock::StreamDecoder decoder;
    Reply reply;
    Delta delta;

    Step operator()(std::string_view type, std::string_view data) {
        return decoder.on_event(type, data, delta, reply);
    }
    Step start(int index, std::string_view json) {
        return (*this)("contentBlockStart", R"({"contentBlockIndex":)" + std::to_string(index) +
                                                R"(,"p":"abc","start":)" + std::string(json) + "}");
    }
    Step grow(int index, std::string_view json) {
        return (*this)("contentBlockDelta", R"({"contentBlockIndex":)" + std::to_string(index) +
                                                R"(,"delta":)" + std::string(json) + R"(,"p":"abcdefgh"})");
    }
    Step stop(int index) {
        return (*this)("contentBlockStop", R"({"contentBlockIndex":)" + std::to_string(index) + "}");
    }
    Step end(std::string_view reason = "end_turn") {
        const Step step = (*this)("messageStop", R"({"p":"ab","stopReason":")" + std::string(reason) + "\"}");
        if (step == Step::failed) return step;
        return (*this)("metadata", R"({"metrics":{"latencyMs":5},"usage":{"inputTokens":3,"outputTokens":4,
            "totalTokens":18,"cacheReadInputTokens":5,"cacheWriteInputTokens":6}})");
    }
    Errc errc() const { return decoder.error().errc(); }
};

/// The answer, encoded as a turn of the next request.
bj::value sent_back(const Reply& reply) {
    Request request(user("question"), reply.message(), user("and then?"));
    return written(request).at("messages").at(1).at("content");
}

using Variables = std::map<std::string, std::string, std::less<>>;
Variables variables;
std::string_view environment(std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string_view() : std::string_view(found->second);
}
struct Environment {
    explicit Environment(Variables set) { variables = std::move(set); }
    ~Environment() { variables.clear(); }
};

constexpr std::string_view key_id = "AKIDEXAMPLE";
constexpr std::string_view key_secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const WallTime now(std::chrono::seconds(1767323045)); // 2026-01-02T03:04:05Z

Bedrock::Options options_with_keys() {
    Bedrock::Options options;
    options.region = "eu-west-1";
    options.access_key_id = key_id;
    options.secret_access_key = key_secret;
    return options;
}
std::string headers_of(const Bedrock::Account& account, std::string_view method = "POST",
                       std::string_view host = "bedrock-runtime.eu-west-1.amazonaws.com",
                       std::string_view base = "",
                       std::string path = "/model/eu.anthropic.claude-v1%3A0/converse",
                       std::string body = "{\"messages\":[]}") {
    std::string headers;
    const auto error = account.authorize(wire::Departure{method, host, base, now}, {path, headers, body});
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    return headers;
}
/// Why an account cannot be made.
Error no_account(const Bedrock::Options& options, const Bedrock::Credentials* credentials = nullptr) {
    const Secret key(options.key.empty() ? environment(Bedrock::key_variable) : options.key);
    const auto made = Bedrock::Account::make(options, key, environment, credentials);
    BOOST_TEST_REQUIRE(!made.has_value());
    return made.error();
}
Bedrock::Account account(const Bedrock::Options& options, const Bedrock::Credentials* credentials = nullptr) {
    const Secret key(options.key.empty() ? environment(Bedrock::key_variable) : options.key);
    auto made = Bedrock::Account::make(options, key, environment, credentials);
    BOOST_TEST_REQUIRE(made.has_value(), (made ? "" : made.error().what()));
    return *std::move(made);
}

} // namespace

// --- writing ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    const Encoded out = encode(Request("Name three rivers."));
    BOOST_TEST(out.path == "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse");
    BOOST_TEST(out.body == R"({"messages":[{"role":"user","content":[{"text":"Name three rivers."}]}]})");
    BOOST_TEST(out.headers.empty());
    BOOST_TEST(encode(Request("x"), true, "arn:aws:bedrock:us-east-1:1:inference-profile/a b").path ==
               "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fa%20b/converse-stream");
    BOOST_TEST(encode(Request("x"), false, "").error->errc() == Errc::invalid_request);
}

BOOST_AUTO_TEST_CASE(every_member) {
    Tool weather("weather", "Looks outside.", R"({"type":"object","properties":{"city":{"type":"string"}}})");
    weather.strict = true;
    const Request request(
        baton::system("Be brief."), user("Hi"), baton::system("In English."), max_tokens(400),
        temperature(0.8), top_p(0.9), stop("\n", "END"), tools(weather, Tool("now", "")),
        ToolChoice("weather"), ResponseFormat("shape", R"({"type":"object"})", true), top_k(40),
        reasoning(2048), service_tier("flex"),
        extra(R"({"guardrailConfig":{"guardrailIdentifier":"g"},"requestMetadata":{"a":"b"}})"), task("chat"),
        tenant("t"), priority(3), cache(no));
    BOOST_TEST(written(request) == test::parse(R"({
        "system":[{"text":"Be brief."},{"text":"In English."}],
        "messages":[{"role":"user","content":[{"text":"Hi"}]}],
        "toolConfig":{"tools":[
            {"toolSpec":{"name":"weather","description":"Looks outside.","inputSchema":{"json":
                {"type":"object","properties":{"city":{"type":"string"}}}},"strict":true}},
            {"toolSpec":{"name":"now","inputSchema":{"json":{"type":"object","properties":{}}}}}],
            "toolChoice":{"tool":{"name":"weather"}}},
        "additionalModelRequestFields":{"top_k":40,"thinking":{"type":"enabled","budget_tokens":2048}},
        "inferenceConfig":{"maxTokens":400,"temperature":0.8,"topP":0.9,"stopSequences":["\n","END"]},
        "outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":
            {"name":"shape","schema":"{\"type\":\"object\"}"}}}},
        "serviceTier":{"type":"flex"},
        "guardrailConfig":{"guardrailIdentifier":"g"},"requestMetadata":{"a":"b"}})"));
}

BOOST_AUTO_TEST_CASE(the_targets_limits_apply) {
    Target target;
    target.model = "m";
    target.temperature = 0.25;
    target.max_tokens = 10;
    const Request request("Hi", temperature(0.75), max_tokens(20));
    std::string path, headers, body;
    BOOST_TEST(!Bedrock::encode(Draft(request), target, false, {path, headers, body}));
    BOOST_TEST(test::parse(body).at("inferenceConfig") ==
               test::parse(R"({"maxTokens":10,"temperature":0.25})"));
}

BOOST_AUTO_TEST_CASE(extra_takes_the_place_of_our_member) {
    const bj::value body =
        written(Request("Hi", max_tokens(3), extra(R"({"inferenceConfig":{"maxTokens":9}})")));
    BOOST_TEST(body.at("inferenceConfig").at("maxTokens").to_number<int>() == 9);
    BOOST_TEST(refusal(Request("Hi", extra(R"({"stream":true})"))).find("stream") != std::string::npos);
    BOOST_TEST(refusal(Request("Hi", extra("[1]"))).find("extra") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(roles_and_turns) {
    Request request(user("one"), user("two"), assistant("three"),
                    turn(Role::assistant, part(Part::Kind::tool_call, R"({"a":1})", "id1", "f"),
                         part(Part::Kind::tool_call, "", "id2", "g")),
                    tool_result("id1", "4"), tool_result("id2", R"({"answer":42})"),
                    tool_result("id3", "no such file", true), tool_result("id4", ""), assistant(""),
                    user("go on"));
    BOOST_TEST(written(request).at("messages") == test::parse(R"([
        {"role":"user","content":[{"text":"one"},{"text":"two"}]},
        {"role":"assistant","content":[{"text":"three"},
            {"toolUse":{"toolUseId":"id1","name":"f","input":{"a":1}}},
            {"toolUse":{"toolUseId":"id2","name":"g","input":{}}}]},
        {"role":"user","content":[{"toolResult":{"toolUseId":"id1","content":[{"text":"4"}]}},
            {"toolResult":{"toolUseId":"id2","content":[{"json":{"answer":42}}]}},
            {"toolResult":{"toolUseId":"id3","content":[{"text":"no such file"}],"status":"error"}},
            {"toolResult":{"toolUseId":"id4","content":[]}},
            {"text":"go on"}]}])"));
}

BOOST_AUTO_TEST_CASE(media) {
    const Request request(user_parts(image_data("aW1n", "image/jpeg"), image_data("aW1n", "IMAGE/PNG"),
                                     image_url("s3://bucket/kiwi.webp"),
                                     document_data("cGRm", "application/pdf", "report_v1.pdf"),
                                     document_data("dHh0", "text/plain; charset=utf-8"),
                                     document_data("eA==", "text/csv"), document_url("s3://bucket/a.md"),
                                     part(Part::Kind::document, "s3://b/c.docx", {}, "Plan (2)  [x]",
                                          "bedrock", R"("citations":{"enabled":true})")));
    BOOST_TEST(content(request) == test::parse(R"([
        {"image":{"format":"jpeg","source":{"bytes":"aW1n"}}},
        {"image":{"format":"png","source":{"bytes":"aW1n"}}},
        {"image":{"format":"webp","source":{"s3Location":{"uri":"s3://bucket/kiwi.webp"}}}},
        {"document":{"format":"pdf","name":"report-v1-pdf","source":{"bytes":"cGRm"}}},
        {"document":{"format":"txt","name":"document 2","source":{"bytes":"dHh0"}}},
        {"document":{"format":"csv","name":"document 3","source":{"bytes":"eA=="}}},
        {"document":{"format":"md","name":"document 4","source":{"s3Location":{"uri":"s3://bucket/a.md"}}}},
        {"document":{"format":"docx","name":"Plan (2) [x]","source":{"s3Location":{"uri":"s3://b/c.docx"}},
            "citations":{"enabled":true}}}])"));
    BOOST_TEST(refusal(Request(user_parts(image_url("https://a.b/c.png")))).find("s3://") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user_parts(image_data("x", "image/tiff")))).find("image/tiff") !=
               std::string::npos);
    BOOST_TEST(refusal(Request(user_parts(document_url("s3://b/c.png")))).find("format") !=
               std::string::npos);
    // dropped if the caller would rather have that
    BOOST_TEST(content(Request(user_parts(Part("see"), image_url("https://a.b/c.png")), lossy())) ==
               test::parse(R"([{"text":"see"}])"));
}

BOOST_AUTO_TEST_CASE(cache_points) {
    const Request request(turn(Role::system, cache_point(Part("long"))),
                          user_parts(Part("a"), cache_point(Part("b")), Part("c")));
    BOOST_TEST(written(request) == test::parse(R"({
        "system":[{"text":"long"},{"cachePoint":{"type":"default"}}],
        "messages":[{"role":"user","content":[{"text":"a"},{"text":"b"},{"cachePoint":{"type":"default"}},
            {"text":"c"}]}]})"));
}

BOOST_AUTO_TEST_CASE(other_vendors_parts_stay_here) {
    Part signed_thought = part(Part::Kind::thinking, "mine");
    signed_thought.detail->signature = "sig";
    const Request request(turn(Role::assistant, part(Part::Kind::thinking, "theirs", {}, {}, "anthropic"),
                               part(Part::Kind::thinking, "unsigned"), signed_thought,
                               part(Part::Kind::opaque, "{\"x\":1}", {}, {}, "openai"),
                               part(Part::Kind::opaque, "{\"guardContent\":{}}", {}, {}, "bedrock"),
                               part(Part::Kind::text, "said", {}, {}, "anthropic", "\"citations\":[1]")));
    BOOST_TEST(content(request) == test::parse(R"([
        {"reasoningContent":{"reasoningText":{"text":"mine","signature":"sig"}}},
        {"guardContent":{}},{"text":"said"}])"));
}

BOOST_AUTO_TEST_CASE(tool_choice) {
    const auto choice = [](ToolChoice choice) {
        return written(Request("Hi", tools(Tool("f", "")), std::move(choice)));
    };
    using Mode = ToolChoice::Mode;
    BOOST_TEST(choice(ToolChoice(Mode::automatic)).at("toolConfig").at("toolChoice") ==
               test::parse(R"({"auto":{}})"));
    BOOST_TEST(choice(ToolChoice(Mode::required)).at("toolConfig").at("toolChoice") ==
               test::parse(R"({"any":{}})"));
    BOOST_TEST(!choice(ToolChoice()).at("toolConfig").as_object().contains("toolChoice"));
    // Converse has no "none": without tools there is nothing to call
    BOOST_TEST(!choice(ToolChoice(Mode::none)).as_object().contains("toolConfig"));
    Request request(user("Hi"), turn(Role::assistant, part(Part::Kind::tool_call, "{}", "i", "f")),
                    tool_result("i", "4"), tools(Tool("f", "")), ToolChoice(Mode::none));
    BOOST_TEST(refusal(request).find("tool_choice: none") != std::string::npos);
    request.lossy = true;
    BOOST_TEST(written(request).as_object().contains("toolConfig"));
    BOOST_TEST(refusal(Request("Hi", ToolChoice("f"))).find("tool_choice") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_models_own_parameters) {
    const auto fields = [](const Request& request, const char* model) {
        return written(request, model).at("additionalModelRequestFields");
    };
    const Request k("Hi", top_k(7));
    BOOST_TEST(fields(k, "anthropic.claude-v2") == test::parse(R"({"top_k":7})"));
    BOOST_TEST(fields(k, "us.amazon.nova-lite-v1:0") == test::parse(R"({"inferenceConfig":{"topK":7}})"));
    BOOST_TEST(refusal(k, "meta.llama3-1-8b-instruct-v1:0").find("top_k") != std::string::npos);
    BOOST_TEST(refusal(k, "arn:aws:bedrock:us-east-1:1:application-inference-profile/x").find("top_k") !=
               std::string::npos);
    const Request low("Hi", reasoning("low"));
    BOOST_TEST(fields(low, "openai.gpt-oss-120b-1:0") == test::parse(R"({"reasoning_effort":"low"})"));
    BOOST_TEST(fields(low, "us.amazon.nova-2-lite-v1:0") ==
               test::parse(R"({"reasoningConfig":{"type":"enabled","maxReasoningEffort":"low"}})"));
    BOOST_TEST(refusal(low, "anthropic.claude-v2").find("reasoning") != std::string::npos);
    BOOST_TEST(refusal(Request("Hi", reasoning(100)), "openai.gpt-oss-120b-1:0").find("reasoning") !=
               std::string::npos);
    BOOST_TEST(!written(Request("Hi", reasoning(0))).as_object().contains("additionalModelRequestFields"));
    // both cannot stand there
    const Request both("Hi", top_k(7), extra(R"({"additionalModelRequestFields":{"x":1}})"));
    BOOST_TEST(refusal(both).find("additionalModelRequestFields") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_converse_cannot_say) {
    Request no_parallel("Hi", tools(Tool("f", "")));
    no_parallel.parallel_tools = false;
    const std::vector<std::pair<Request, const char*>> cases = {
        {Request("Hi", seed(1)), "seed"},
        {Request("Hi", frequency_penalty(1)), "frequency_penalty"},
        {Request("Hi", presence_penalty(1)), "presence_penalty"},
        {Request("Hi", choices(2)), "choices"},
        {Request("Hi", top_logprobs(2)), "top_logprobs"},
        {Request("Hi", end_user("u")), "end_user"},
        {Request("Hi", ResponseFormat(ResponseFormat::Kind::json_object)), "response_format: json_object"},
        {no_parallel, "parallel_tools"},
        {Request(turn(Role::system, image_data("x", "image/png"))), "system message"},
        {Request(turn(Role::assistant, image_data("x", "image/png"))), "assistant message"},
        {Request(turn(Role::user, part(Part::Kind::tool_call, "{}", "i", "f"))), "tool_call"},
    };
    for (const auto& [request, member] : cases) {
        BOOST_TEST(refusal(request).find(std::string("bedrock cannot express `") + member) == 0u, member);
        Request anyhow = request;
        anyhow.lossy = true;
        BOOST_TEST(!encode(anyhow).error.has_value(), member);
    }
    BOOST_TEST(
        !encode(Request("Hi", choices(1), ResponseFormat(ResponseFormat::Kind::text))).error.has_value());
    // not a matter of taste: never sent
    for (Request broken :
         {Request("Hi", tools(Tool("f", "", "[]")), lossy()),
          Request(turn(Role::assistant, part(Part::Kind::tool_call, "{", "i", "f")), lossy()),
          Request(turn(Role::user, part(Part::Kind::opaque, "]", "", "", "bedrock")), lossy()),
          Request(turn(Role::user, part(Part::Kind::text, "a", "", "", "bedrock", "\"a\"")), lossy()),
          Request("Hi", ResponseFormat("n", "{", true), lossy())}) {
        BOOST_TEST(refusal(broken).find("is not a JSON object") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(counting) {
    const Request request(baton::system("s"), user("Hi"), max_tokens(3), temperature(1), tools(Tool("f", "")),
                          top_k(3), extra(R"({"guardrailConfig":{"a":1}})"));
    Target target;
    target.model = "anthropic.claude-v2:1";
    std::string path, headers, body = "kept:";
    BOOST_TEST(!Bedrock::encode_count(Draft(request), target, {path, headers, body}));
    BOOST_TEST(path == "/model/anthropic.claude-v2%3A1/count-tokens");
    BOOST_TEST(test::parse(body.substr(5)) == test::parse(R"({"input":{"converse":{"system":[{"text":"s"}],
        "messages":[{"role":"user","content":[{"text":"Hi"}]}],
        "toolConfig":{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object","properties":{}}}}}]},
        "additionalModelRequestFields":{"top_k":3}}}})"));
    const Request refused("Hi", seed(1));
    body = "kept:";
    BOOST_TEST(Bedrock::encode_count(Draft(refused), target, {path, headers, body}).has_value());
    BOOST_TEST(body == "kept:");
    std::uint64_t tokens = 0;
    BOOST_TEST(!Bedrock::decode_count(R"({"inputTokens":23})", tokens));
    BOOST_TEST(tokens == 23u);
    for (const char* bad : {"", "{}", "[]", R"({"inputTokens":"x"})", R"({"inputTokens":23)"}) {
        BOOST_TEST(Bedrock::decode_count(bad, tokens)->errc() == Errc::protocol);
    }
}

// --- credentials -----------------------------------------------------------------------------------

// The signatures were computed by a separate program.
BOOST_AUTO_TEST_CASE(requests_are_signed) {
    const Bedrock::Account plain = account(options_with_keys());
    const std::string expected =
        "X-Amz-Date: 20260102T030405Z\r\nAuthorization: AWS4-HMAC-SHA256 "
        "Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, "
        "Signature=aff18d240fc09ee50c84b30364114e59ad8165f5b2504e0b7f11ecf8f5c1b140\r\n";
    BOOST_TEST(headers_of(plain) == expected);
    BOOST_TEST(headers_of(plain) == expected); // with the remembered key
    BOOST_TEST(headers_of(Bedrock::Account(plain)) == expected);
    Bedrock::Options with_token = options_with_keys();
    with_token.session_token = "the/token==";
    const std::string headers = headers_of(account(with_token), "POST", "proxy.example:8443", "/base");
    BOOST_TEST(headers.find("X-Amz-Security-Token: the/token==\r\n") != std::string::npos);
    BOOST_TEST(
        headers.find("SignedHeaders=host;x-amz-date;x-amz-security-token, "
                     "Signature=4604b7f47241bbc5853c931d51f159977644413a79fd54285948a2a06d7a7ed7\r\n") !=
        std::string::npos);
    // the health check has a query and no body
    BOOST_TEST(
        headers_of(plain, "GET", "bedrock-runtime.eu-west-1.amazonaws.com", "",
                   std::string(Bedrock::health_path), "")
            .ends_with("Signature=48cee1c47010d962c373fd998227ee58b94acbc3b94364de1caf19094776d243\r\n"));
}

BOOST_AUTO_TEST_CASE(the_first_credential_counts) {
    const Environment set(Variables{{"AWS_REGION", "eu-west-1"},
                                    {"AWS_ACCESS_KEY_ID", "ENVKEY"},
                                    {"AWS_SECRET_ACCESS_KEY", "envsecret"},
                                    {"AWS_SESSION_TOKEN", "envtoken"},
                                    {"AWS_BEARER_TOKEN_BEDROCK", "envbearer"}});
    Bedrock::Options options;
    BOOST_TEST(headers_of(account(options)) == "Authorization: Bearer envbearer\r\n");
    variables.erase("AWS_BEARER_TOKEN_BEDROCK");
    const std::string from_environment = headers_of(account(options));
    BOOST_TEST(from_environment.find("Credential=ENVKEY/") != std::string::npos);
    BOOST_TEST(from_environment.find("X-Amz-Security-Token: envtoken") != std::string::npos);
    variables["AWS_BEARER_TOKEN_BEDROCK"] = "envbearer";
    options = options_with_keys();
    const std::string from_options = headers_of(account(options));
    BOOST_TEST(from_options.find("Credential=AKIDEXAMPLE/") != std::string::npos);
    BOOST_TEST(from_options.find("Token") == std::string::npos); // the environment's is another key's
    options.key = "bearer";
    BOOST_TEST(headers_of(account(options)) == "Authorization: Bearer bearer\r\n");
    const Bedrock::Credentials rotating([] { return AwsKeys{"ROTATED", Secret("s"), Secret()}; });
    BOOST_TEST(headers_of(account(options, &rotating)).find("Credential=ROTATED/") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(keys_may_rotate) {
    int calls = 0;
    const Bedrock::Credentials rotating([&calls]() -> result<AwsKeys> {
        if (++calls == 3) return Error(Errc::auth, "expired");
        if (calls == 4) throw std::runtime_error("no metadata service");
        if (calls == 5) return AwsKeys{};
        if (calls == 6) return AwsKeys{"a\r\nb", Secret("s"), Secret()};
        return AwsKeys{"KEY" + std::to_string(calls), Secret("secret"), Secret("token")};
    });
    Bedrock::Options options;
    options.region = "us-east-1";
    const Bedrock::Account made = account(options, &rotating);
    BOOST_TEST(headers_of(made).find("KEY1/") != std::string::npos);
    BOOST_TEST(headers_of(made).find("KEY2/") != std::string::npos);
    for (const char* why : {"expired", "no metadata service", "gave no access key", "line break"}) {
        std::string path = "/x", headers, body;
        const auto error = made.authorize(wire::Departure{"POST", "h", "", now}, {path, headers, body});
        BOOST_TEST_REQUIRE(error.has_value());
        BOOST_TEST(error->detail().message.find(why) != std::string::npos);
        BOOST_TEST(headers.find("Authorization") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
    Bedrock::Options options;
    options.region = "us-east-1";
    BOOST_TEST(no_account(options).errc() == Errc::auth); // the provider is skipped
    BOOST_TEST(no_account(options).detail().message.find("AWS_ACCESS_KEY_ID") != std::string::npos);
    options.access_key_id = "id";
    BOOST_TEST(no_account(options).detail().message.find("secret_access_key") != std::string::npos);
    options.secret_access_key = "s";
    options.region = "";
    BOOST_TEST(no_account(options).errc() == Errc::auth);
    BOOST_TEST(no_account(options).detail().message.find("AWS_REGION") != std::string::npos);
    options.region = "us-east-1.evil.example/";
    BOOST_TEST(no_account(options).errc() == Errc::invalid_request);
    options.key = "a\nb";
    BOOST_TEST(no_account(options).errc() == Errc::invalid_request);
    const Environment set(Variables{{"AWS_ACCESS_KEY_ID", "id"}});
    options = {};
    options.region = "us-east-1";
    BOOST_TEST(no_account(options).detail().message.find("AWS_SECRET_ACCESS_KEY") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(base_urls) {
    Bedrock::Options options;
    BOOST_TEST(Bedrock::base_url(options, environment).error().errc() == Errc::auth);
    const Environment set(Variables{{"AWS_DEFAULT_REGION", "ap-south-1"}});
    BOOST_TEST(*Bedrock::base_url(options, environment) ==
               "https://bedrock-runtime.ap-south-1.amazonaws.com");
    variables["AWS_REGION"] = "us-west-2";
    BOOST_TEST(*Bedrock::base_url(options, environment) == "https://bedrock-runtime.us-west-2.amazonaws.com");
    options.region = "eu-west-1";
    BOOST_TEST(*Bedrock::base_url(options, environment) == "https://bedrock-runtime.eu-west-1.amazonaws.com");
    options.region = "x.y/z";
    BOOST_TEST(Bedrock::base_url(options, environment).error().errc() == Errc::invalid_request);
}

// --- whole answers ---------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_whole_answer) {
    const std::string body = R"({"metrics":{"latencyMs":1},"output":{"message":{"content":[
        {"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln+/=="}}},
        {"reasoningContent":{"redactedContent":"cmVk"}},
        {"text":"It is "},
        {"citationsContent":{"content":[{"text":"42"}],"citations":[{"title":"t"}]}},
        {"toolUse":{"input":{"a":[1]},"name":"f","toolUseId":"i1"}},
        {"toolUse":{"input":{"q":1},"name":"web","toolUseId":"i2","type":"server_tool_use"}},
        {"toolResult":{"content":[{"json":{}}],"toolUseId":"i2"}},
        {"toolUse":{"name":"g","toolUseId":"i3","type":"tool_use"}},
        {"image":{"format":"png","source":{"bytes":"aW1n"}}}],"role":"assistant"}},
        "stopReason":"stop_sequence","additionalModelResponseFields":{"stop_sequence":"END"},
        "serviceTier":{"type":"priority"},"trace":{"promptRouter":{"invokedModelId":"arn:x"}},
        "usage":{"inputTokens":1,"outputTokens":2,"totalTokens":10,"cacheReadInputTokens":3,
                 "cacheReadInputTokenCount":3,"cacheWriteInputTokens":4}})";
    Reply reply;
    BOOST_TEST_REQUIRE(!Bedrock::decode(body, reply));
    BOOST_TEST(reply.text() == "It is 42");
    BOOST_TEST(reply.stop_text == "END");
    BOOST_TEST((reply.stop == StopReason::stop_sequence));
    BOOST_TEST(reply.model == "arn:x");
    BOOST_TEST(reply.extras->service_tier == "priority");
    BOOST_TEST(reply.usage.input_tokens == 1u);
    BOOST_TEST(reply.usage.output_tokens == 2u);
    BOOST_TEST(reply.usage.cached_input_tokens == 3u);
    BOOST_TEST(reply.usage.cache_write_tokens == 4u);
    BOOST_TEST(reply.usage.total() == 10u);
    BOOST_TEST_REQUIRE(reply.parts.size() == 9u);
    using Kind = Part::Kind;
    const Kind kinds[] = {Kind::thinking, Kind::opaque, Kind::text,      Kind::text,  Kind::tool_call,
                          Kind::opaque,   Kind::opaque, Kind::tool_call, Kind::opaque};
    for (std::size_t i = 0; i < 9; ++i) BOOST_TEST((reply.parts[i].kind == kinds[i]), i);
    BOOST_TEST(reply.parts[0].detail->signature == "c2ln+/==");
    BOOST_TEST(reply.parts[4].text == R"({"a":[1]})");
    BOOST_TEST(reply.parts[7].text == "{}");
    bj::array content = test::parse(body).at("output").at("message").at("content").as_array();
    content[7].at("toolUse").as_object()["input"] = bj::object();
    BOOST_TEST(sent_back(reply) == bj::value(content));
    // and once more
    Reply again;
    const std::string echoed = R"({"output":{"message":{"content":)" + bj::serialize(sent_back(reply)) +
                               R"(}},"stopReason":"end_turn"})";
    BOOST_TEST_REQUIRE(!Bedrock::decode(echoed, again));
    BOOST_TEST(sent_back(again) == sent_back(reply));
}

BOOST_AUTO_TEST_CASE(blocks_that_are_not_understood_stay_whole) {
    for (const char* block :
         {R"({"future":{"x":1}})", R"({"text":5})", R"({"text":"a","more":1})", R"({})", R"(7)",
          R"({"reasoningContent":{"new":1}})", R"({"reasoningContent":7})",
          R"({"citationsContent":{"content":[{"text":"a"},{"text":"b"}],"citations":[1]}})",
          R"({"citationsContent":{"content":[{"other":1}],"citations":[1]}})"}) {
        Reply reply;
        const std::string body =
            R"({"output":{"message":{"content":[)" + std::string(block) + R"(]}},"stopReason":"end_turn"})";
        BOOST_TEST(!Bedrock::decode(body, reply));
        BOOST_TEST_REQUIRE(reply.parts.size() == 1u);
        BOOST_TEST((reply.parts[0].kind == Part::Kind::opaque), block);
        BOOST_TEST(reply.parts[0].text == block);
    }
}

BOOST_AUTO_TEST_CASE(bodies_that_are_no_answers) {
    const auto decode = [](std::string_view body) {
        Reply reply;
        const auto error = Bedrock::decode(body, reply);
        return error ? error->errc() : Errc::ok;
    };
    for (const char* body :
         {"", "[]", "{}", "null", "<html>", "{\"output\":{}}", "{\"output\":{\"message\":{}}}",
          R"({"output":{"message":{"content":"text"}}})", R"({"output":{"message":{"content":[]}})",
          R"({"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"})"}) {
        BOOST_TEST(decode(body) == Errc::protocol, body);
    }
    BOOST_TEST(decode(R"({"__type":"ThrottlingException","message":"Rate exceeded"})") == Errc::rate_limited);
    BOOST_TEST(decode(R"({"output":{"message":{"content":[]}}})") == Errc::ok);
}

BOOST_AUTO_TEST_CASE(stop_reasons) {
    const std::vector<std::pair<const char*, StopReason>> words = {
        {"end_turn", StopReason::stop},
        {"tool_use", StopReason::tool_calls},
        {"max_tokens", StopReason::length},
        {"stop_sequence", StopReason::stop_sequence},
        {"guardrail_intervened", StopReason::content_filter},
        {"content_filtered", StopReason::content_filter},
        {"model_context_window_exceeded", StopReason::length},
        {"malformed_tool_use", StopReason::unknown},
    };
    for (const auto& [word, expected] : words) {
        Run run;
        BOOST_TEST(run.end(word) == Step::end);
        BOOST_TEST((run.reply.stop == expected), word);
        BOOST_TEST(run.reply.stop_text == (expected == StopReason::unknown ? word : ""));
    }
}

// --- streams ---------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_stream) {
    Run run;
    BOOST_TEST(run("messageStart", R"({"p":"abc","role":"assistant"})") == Step::nothing);
    BOOST_TEST(run.grow(0, R"({"reasoningContent":{"text":"let "}})") == Step::delta);
    BOOST_TEST(run.delta.reasoning == "let ");
    BOOST_TEST(run.grow(0, R"({"reasoningContent":{"text":"me"}})") == Step::delta);
    BOOST_TEST(run.grow(0, R"({"reasoningContent":{"signature":"c2ln"}})") == Step::nothing);
    BOOST_TEST(run.stop(0) == Step::nothing);
    BOOST_TEST(run.grow(1, R"({"text":""})") == Step::nothing);
    BOOST_TEST(run.grow(1, R"({"text":"Hi \u00e9"})") == Step::delta);
    BOOST_TEST(run.delta.text == "Hi \xC3\xA9");
    BOOST_TEST(run.stop(1) == Step::nothing);
    BOOST_TEST(run.start(2, R"({"toolUse":{"name":"f","toolUseId":"i"}})") == Step::delta);
    BOOST_TEST_REQUIRE(run.delta.tools.size() == 1u);
    BOOST_TEST(run.delta.tools[0].index == 0);
    BOOST_TEST(run.delta.tools[0].id == "i");
    BOOST_TEST(run.delta.tools[0].name == "f");
    BOOST_TEST(run.grow(2, R"({"toolUse":{"input":""}})") == Step::nothing);
    BOOST_TEST(run.grow(2, R"({"toolUse":{"input":"{\"a\""}})") == Step::delta);
    BOOST_TEST(run.delta.tools[0].arguments == "{\"a\"");
    BOOST_TEST(run.grow(2, R"({"toolUse":{"input":":1}"}})") == Step::delta);
    BOOST_TEST(run.delta.tools[0].arguments == ":1}");
    BOOST_TEST(run.stop(2) == Step::nothing);
    BOOST_TEST(run.start(3, R"({"toolUse":{"name":"g","toolUseId":"j"}})") == Step::delta);
    BOOST_TEST(run.delta.tools[0].index == 1);
    BOOST_TEST(run.stop(3) == Step::nothing);
    BOOST_TEST(run("somethingNew", "not even JSON") == Step::nothing);
    BOOST_TEST(run.end("tool_use") == Step::end);
    BOOST_TEST((run.reply.stop == StopReason::tool_calls));
    BOOST_TEST(run.reply.text() == "Hi \xC3\xA9");
    BOOST_TEST(run.reply.usage.total() == 18u);
    BOOST_TEST(sent_back(run.reply) == test::parse(R"([
        {"reasoningContent":{"reasoningText":{"text":"let me","signature":"c2ln"}}},
        {"text":"Hi \u00e9"},
        {"toolUse":{"toolUseId":"i","name":"f","input":{"a":1}}},
        {"toolUse":{"toolUseId":"j","name":"g","input":{}}}])"));
}

BOOST_AUTO_TEST_CASE(citations_redactions_and_server_tools) {
    Run run;
    run.grow(0, R"({"citation":{"title":"a"}})");
    BOOST_TEST(run.grow(0, R"({"text":"cited"})") == Step::delta);
    run.grow(0, R"({"citation":{"title":"b"}})");
    run.stop(0);
    BOOST_TEST(run.grow(1, R"({"reasoningContent":{"redactedContent":"YWJj"}})") == Step::nothing);
    run.grow(1, R"({"reasoningContent":{"redactedContent":"ZA=="}})");
    run.grow(1, R"({"reasoningContent":{"redactedContent":"ZWY="}})"); // what was padded is complete
    run.stop(1);
    BOOST_TEST(run.start(2, R"({"toolUse":{"name":"web","toolUseId":"i","type":"server_tool_use"}})") ==
               Step::nothing);
    run.grow(2, R"({"toolUse":{"input":"{\"q\":"}})");
    BOOST_TEST(run.grow(2, R"({"toolUse":{"input":"1}"}})") == Step::nothing);
    run.stop(2);
    run.start(3, R"({"toolResult":{"status":"success","toolUseId":"i"}})");
    run.grow(3, R"({"toolResult":[{"text":"a"},{"text":"b"}]})");
    run.grow(3, R"({"toolResult":[{"json":{"c":1}}]})");
    run.stop(3);
    run.start(4, R"({"image":{"format":"png"}})");
    run.grow(4, R"({"image":{"source":{"bytes":"aW1n"}}})");
    run.stop(4);
    run.grow(5, R"({"future":{"x":1}})"); // without a start
    BOOST_TEST(run.end() == Step::end);
    BOOST_TEST(run.reply.text() == "cited");
    BOOST_TEST(sent_back(run.reply) == test::parse(R"([
        {"citationsContent":{"content":[{"text":"cited"}],"citations":[{"title":"a"},{"title":"b"}]}},
        {"reasoningContent":{"redactedContent":"YWJjZA=="}},
        {"reasoningContent":{"redactedContent":"ZWY="}},
        {"toolUse":{"name":"web","toolUseId":"i","type":"server_tool_use","input":{"q":1}}},
        {"toolResult":{"status":"success","toolUseId":"i","content":[{"text":"a"},{"text":"b"},{"json":{"c":1}}]}},
        {"image":{"format":"png","source":{"bytes":"aW1n"}}},
        {"future":{"x":1}}])"));
}

BOOST_AUTO_TEST_CASE(blocks_may_interleave) {
    Run run;
    run.start(0, R"({"toolUse":{"name":"f","toolUseId":"i"}})");
    run.start(1, R"({"toolUse":{"name":"g","toolUseId":"j"}})");
    run.grow(0, R"({"toolUse":{"input":"{\"a\":"}})");
    BOOST_TEST(run.grow(1, R"({"toolUse":{"input":"{}"}})") == Step::delta);
    BOOST_TEST(run.delta.tools[0].index == 1);
    BOOST_TEST(run.grow(0, R"({"toolUse":{"input":"1}"}})") == Step::delta);
    BOOST_TEST(run.delta.tools[0].index == 0);
    BOOST_TEST(run.end("tool_use") == Step::end); // nothing was stopped by itself
    BOOST_TEST(run.reply.parts[0].text == "{\"a\":1}");
    BOOST_TEST(run.reply.parts[1].text == "{}");
}

BOOST_AUTO_TEST_CASE(members_may_come_in_any_order) {
    Run run;
    BOOST_TEST(run("contentBlockDelta", R"({"p":"","delta":{"text":"a"},"contentBlockIndex":0})") ==
               Step::delta);
    BOOST_TEST(run("contentBlockDelta", R"({"delta":{"text":"b"},"contentBlockIndex":0})") == Step::delta);
    BOOST_TEST(run.delta.text == "b");
    BOOST_TEST(run("contentBlockStart",
                   R"({"start":{"toolUse":{"toolUseId":"i","name":"f"}},"contentBlockIndex":1})") ==
               Step::delta);
    // usage before the stop reason is no end yet
    BOOST_TEST(run("metadata", R"({"usage":{"inputTokens":1,"outputTokens":2}})") == Step::nothing);
    BOOST_TEST(run("messageStop", R"({"stopReason":"end_turn"})") == Step::end);
    BOOST_TEST(run.reply.text() == "ab");
}

BOOST_AUTO_TEST_CASE(a_member_that_comes_twice_is_shown_twice) { // found by fuzzing
    Run run;
    BOOST_TEST(run("contentBlockDelta", R"({"delta":{"text":"2.3","text":" of"},"contentBlockIndex":0})") ==
               Step::delta);
    BOOST_TEST(run.delta.text == "2.3 of");
    BOOST_TEST(run.reply.text() == "2.3 of");
}

BOOST_AUTO_TEST_CASE(a_block_behind_the_stop_is_closed_at_the_end) { // found by fuzzing
    Run run;
    run("messageStop", R"({"stopReason":"tool_use"})");
    run("contentBlockStart", R"({"contentBlockIndex":0,"start":{"toolUse":{"name":"f","toolUseId":"t"}}})");
    BOOST_TEST(run("metadata", R"({"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}})") ==
               Step::end);
    BOOST_TEST_REQUIRE(run.reply.parts.size() == 1u);
    BOOST_TEST(run.reply.parts[0].text == "{}");
}

BOOST_AUTO_TEST_CASE(streams_that_do_not_fit_together) {
    const auto fails = [](auto&& steps) {
        Run run;
        run.grow(0, R"({"text":"ok"})");
        const Step step = steps(run);
        BOOST_TEST(step == Step::failed);
        BOOST_TEST(run.delta.empty());
        return run.errc();
    };
    using R = Run&;
    BOOST_TEST(fails([](R run) { return run.grow(0, R"({"toolUse":{"input":"x"}})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.grow(1, R"({"toolUse":{"input":"x"}})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.grow(0, R"({"reasoningContent":{"text":"x"}})"); }) ==
               Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.grow(0, R"({"toolResult":[1]})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.grow(0, R"({"text":5})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.grow(0, "5"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.grow(-1, R"({"text":"x"})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.start(0, R"({"toolUse":{}})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) { return run.start(1, R"({"toolUse":{},"image":{}})"); }) == Errc::protocol);
    BOOST_TEST(fails([](R run) {
                   run.stop(0);
                   return run.grow(0, R"({"text":"x"})");
               }) == Errc::protocol);
    BOOST_TEST(fails([](R run) {
                   run.start(1, R"({"toolUse":{"type":"server_tool_use"}})");
                   run.grow(1, R"({"toolUse":{"input":"{"}})");
                   return run.end();
               }) == Errc::protocol);
    for (const char* data : {"", "[]", "{", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"x\"}", "null"}) {
        BOOST_TEST(fails([&](R run) { return run("contentBlockDelta", data); }) == Errc::protocol, data);
    }
}

BOOST_AUTO_TEST_CASE(streams_that_stop_short) {
    Run run;
    run.grow(0, R"({"text":"half"})");
    BOOST_TEST(run.decoder.on_body_end(run.reply) == Step::failed);
    BOOST_TEST(run.errc() == Errc::truncated);
    run("messageStop", R"({"stopReason":"end_turn"})"); // without its metadata
    BOOST_TEST(run.decoder.on_body_end(run.reply) == Step::failed);
    BOOST_TEST(run.errc() == Errc::truncated);
}

// --- errors ----------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(exceptions_in_a_stream) {
    struct Case {
        const char *type, *data;
        Errc errc;
        const char* message;
    };
    const Case cases[] = {
        {"exception:throttlingException", R"({"message":"Too many requests"})", Errc::rate_limited,
         "Too many"},
        {"exception:throttlingException", R"({"message":"Too many tokens per day"})", Errc::quota, "per day"},
        {"exception:internalServerException", R"({"message":"oops"})", Errc::transient, "oops"},
        {"exception:serviceUnavailableException", R"({"message":"later"})", Errc::transient, "later"},
        {"exception:modelStreamErrorException",
         R"({"message":"m","originalMessage":"o","originalStatusCode":500})", Errc::transient, "m"},
        {"exception:modelTimeoutException", R"({"message":"slow"})", Errc::transient, "slow"},
        {"exception:validationException", R"({"message":"The model returned the following errors: bad"})",
         Errc::invalid_request, "bad"},
        {"exception:validationException", R"({"message":"Input is too long for requested model."})",
         Errc::context_overflow, "too long"},
        {"exception:validationException",
         R"({"message":"prompt is too long: 200049 tokens > 200000 maximum"})", Errc::context_overflow,
         "too long"},
        {"exception:accessDeniedException", R"({"message":"no"})", Errc::permission, "no"},
        {"exception:whoKnows", "{}", Errc::transient, "whoKnows"},
        {"exception:internalServerException", "", Errc::transient, "internalServerException"},
        {"exception:internalServerException", "plain text", Errc::transient, "plain text"},
        {"error:InternalFailure", "it broke", Errc::transient, "it broke"},
    };
    for (const Case& c : cases) {
        Run run;
        run.grow(0, R"({"text":"so far"})");
        BOOST_TEST(run(c.type, c.data) == Step::failed);
        BOOST_TEST(run.errc() == c.errc, c.type << ' ' << c.data);
        BOOST_TEST(run.decoder.error().detail().message.find(c.message) != std::string::npos, c.type);
        const std::string_view name = std::string_view(c.type).substr(std::string_view(c.type).find(':') + 1);
        BOOST_TEST(run.decoder.error().detail().vendor_code == name);
        BOOST_TEST(run.reply.text() == "so far");
    }
}

BOOST_AUTO_TEST_CASE(error_responses) {
    struct Case {
        int status;
        const char *header, *body;
        Errc errc;
    };
    const Case cases[] = {
        {429, "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
         R"({"message":"slow"})", Errc::rate_limited},
        {429, "",
         R"({"__type":"com.amazon.coral.availability#ThrottlingException","message":"Rate exceeded"})",
         Errc::rate_limited},
        {429, "ModelNotReadyException", R"({"message":"The model is not ready"})", Errc::transient},
        {429, "", R"({"message":"Too many tokens per day, please wait before trying again."})", Errc::quota},
        {400, "ServiceQuotaExceededException", R"({"message":"x"})", Errc::quota},
        {400, "ValidationException", R"({"message":"Input is too long for requested model."})",
         Errc::context_overflow},
        {400, "", R"({"message":"Input Tokens Exceeded: Number of input tokens exceeds maximum length"})",
         Errc::context_overflow},
        {400, "ValidationException",
         R"({"message":"input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000"})",
         Errc::context_overflow},
        {400, "ValidationException", R"({"message":"The provided model identifier is invalid."})",
         Errc::not_found},
        {400, "", R"({"message":"Invocation of model ID x with on-demand throughput isn’t supported."})",
         Errc::not_found},
        {400, "", R"({"message":"Output blocked by content filtering policy"})", Errc::content_filtered},
        {403, "AccessDeniedException", R"({"Message":"User: arn:x is not authorized"})", Errc::permission},
        {403, "UnrecognizedClientException:http://x", R"({"message":"whatever"})", Errc::auth},
        {403, "ExpiredTokenException", R"({"message":"whatever"})", Errc::auth},
        {403, "InvalidSignatureException", R"({"message":"Signature expired: 2026 is now earlier than"})",
         Errc::auth},
        {403, "", R"({"Message":"Authentication failed: Please make sure your API Key is valid."})",
         Errc::auth},
        {404, "ResourceNotFoundException", R"({"message":"end of its life"})", Errc::not_found},
        {404, "", R"({"message":"Model use case details have not been submitted for this account."})",
         Errc::permission},
        {408, "ModelTimeoutException", R"({"message":"m"})", Errc::transient},
        {413, "", R"({"message":"m"})", Errc::too_large},
        {424, "ModelErrorException", R"({"message":"m","originalStatusCode":500})", Errc::transient},
        {424, "", "", Errc::transient},
        {500, "InternalServerException", R"({"message":"m"})", Errc::transient},
        {503, "", "<html><title>Service Unavailable</title></html>", Errc::transient},
        {503, "ServiceUnavailableException", "", Errc::transient},
    };
    for (const Case& c : cases) {
        const HeaderField fields[] = {{"X-Amzn-RequestId", "req-1"}, {"x-amzn-ErrorType", c.header}};
        const Error error = Bedrock::decode_error(c.status, Headers(fields), c.body, now);
        BOOST_TEST(error.errc() == c.errc, c.status << ' ' << c.header << ' ' << c.body);
        BOOST_TEST(error.detail().status == c.status);
        BOOST_TEST(error.detail().request_id == "req-1");
        BOOST_TEST(!error.detail().message.empty());
        // whoever signs has no bearer token to look after
        BOOST_TEST((error.detail().message.find("check the access keys") != std::string::npos) ==
                   (c.errc == Errc::auth));
        const std::string_view type =
            std::string_view(c.header).substr(0, std::string_view(c.header).find(':'));
        if (!type.empty()) BOOST_TEST(error.detail().vendor_code == type);
    }
    const HeaderField wait[] = {{"Retry-After", "7"}};
    const Error error = Bedrock::decode_error(429, Headers(wait), R"({"message":"slow"})", now);
    BOOST_TEST((error.detail().retry_after == std::chrono::seconds(7)));
    const Error spaced =
        Bedrock::decode_error(400, Headers(), " {\"__type\" : \"a#ValidationException\" } \n", now);
    BOOST_TEST(spaced.detail().vendor_code == "ValidationException");
}

BOOST_AUTO_TEST_SUITE_END()
