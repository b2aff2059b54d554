// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What the vendors of chat completions differ in: what each is sent, and what of each is read. The table of
// facts is in contract.cpp.
#include "../support/print.hpp"
#include "../support/recorded.hpp"

#include <baton/wire/azure.hpp>
#include <baton/wire/cerebras.hpp>
#include <baton/wire/compatible.hpp>
#include <baton/wire/deepseek.hpp>
#include <baton/wire/groq.hpp>
#include <baton/wire/huggingface.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openrouter.hpp>
#include <baton/wire/perplexity.hpp>
#include <baton/wire/together.hpp>
#include <baton/wire/xai.hpp>

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(chat_vendors)

using namespace baton;
using test::at;
namespace bj = boost::json;

namespace {

// One more vendor is this much.
constexpr wire::ErrorRule acme_rules[] = {{Errc::quota, {}, "no coins left"}};
constexpr wire::ChatDialect acme_chat{
    .vendor = {.name = "acme", .key_variable = "ACME_API_KEY", .rules = acme_rules},
    .base_url = "https://api.acme.example/v1",
    .base_url_variable = "ACME_BASE_URL",
    .model = "acme-1",
    .capabilities = wire::usual_chat_capabilities,
};
struct Acme : wire::ChatWire<acme_chat> {};
static_assert(wire::Wire<Acme> && wire::Embeds<Acme> && wire::ListsModels<Acme>);

struct Written {
    std::optional<Error> error;
    std::string path, headers, body;
    bj::value json() const { return test::parse(body); }
};
template <class W>
Written write(const Request& request, bool stream = false, const char* model = "m") {
    Written out;
    Target target;
    target.model = model;
    out.error = W::encode(Draft(request), target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}
template <class W>
bj::value written(const Request& request, bool stream = false) {
    const Written out = write<W>(request, stream);
    BOOST_TEST_REQUIRE(!out.error.has_value(), (out.error ? out.error->what() : ""));
    return out.json();
}
template <class W>
std::string refused(const Request& request) {
    const Written out = write<W>(request);
    BOOST_TEST_REQUIRE(out.error.has_value());
    BOOST_TEST(out.error->errc() == Errc::invalid_request);
    BOOST_TEST(out.body == "");
    return out.error->detail().message;
}

Part part_of(Part::Kind kind, std::string text, const char* vendor, const char* name = "") {
    Part::Detail detail;
    detail.vendor = vendor;
    detail.name = name;
    return Part(kind, std::move(text), std::move(detail));
}
Part call_of(const char* id, const char* name, const char* arguments) {
    Part::Detail detail;
    detail.id = id;
    detail.name = name;
    return Part(Part::Kind::tool_call, arguments, std::move(detail));
}
template <class... P>
Message turn(Role role, P&&... parts) {
    Message message;
    message.role = role;
    (message.parts.push_back(std::forward<P>(parts)), ...);
    return message;
}

} // namespace

BOOST_AUTO_TEST_CASE(tuning_is_written_where_there_is_a_word) {
    const Request all(user("x"), frequency_penalty(0.5), presence_penalty(-1), choices(3), top_logprobs(2),
                      reasoning("low"), service_tier("flex"), end_user("u-1"));
    BOOST_TEST(written<OpenAI>(all) == test::parse(R"({"model":"m","messages":[{"role":"user","content":"x"}],
        "frequency_penalty":0.5,"presence_penalty":-1,"n":3,"logprobs":true,"top_logprobs":2,
        "reasoning_effort":"low","service_tier":"flex","user":"u-1"})"));
    BOOST_TEST(at(written<OpenAI>(Request(user("x"), top_logprobs(0))), "top_logprobs").is_null());
    BOOST_TEST(at(written<OpenAI>(Request(user("x"), top_logprobs(0))), "logprobs") == true);
    BOOST_TEST(at(written<Together>(Request(user("x"), top_logprobs(3))), "logprobs") == 3);
    BOOST_TEST(at(written<Together>(Request(user("x"), top_k(40))), "top_k") == 40);
    BOOST_TEST(at(written<Mistral>(Request(user("x"), seed(7))), "random_seed") == 7);
    BOOST_TEST(at(written<Groq>(Request(user("x"), choices(1))), "n").is_null()); // one is what it gives
    // `extra` goes before
    BOOST_TEST(at(written<OpenAI>(Request(user("x"), choices(2), extra(R"({"n":5})"))), "n") == 5);
    BOOST_TEST(at(written<DeepSeek>(Request(user("x"), max_tokens(5))), "max_tokens") == 5);
    BOOST_TEST(at(written<Groq>(Request(user("x"), max_tokens(5))), "max_completion_tokens") == 5);
    // streams ask for usage only where it does not come by itself
    BOOST_TEST(at(written<Groq>(Request("x"), true), "stream_options").is_object());
    BOOST_TEST(at(written<Mistral>(Request("x"), true), "stream_options").is_null());
}

BOOST_AUTO_TEST_CASE(reasoning_is_asked_for_in_each_vendors_way) {
    const auto member = [](const bj::value& body, const char* name) { return bj::serialize(at(body, name)); };
    const Request low(user("x"), reasoning("low")), capped(user("x"), reasoning(2000)),
        none(user("x"), reasoning(0));
    BOOST_TEST(member(written<OpenRouter>(low), "reasoning") == R"({"effort":"low"})");
    BOOST_TEST(member(written<OpenRouter>(capped), "reasoning") == R"({"max_tokens":2000})");
    BOOST_TEST(member(written<OpenRouter>(none), "reasoning") == R"({"effort":"none"})");
    BOOST_TEST(member(written<DeepSeek>(low), "reasoning_effort") == R"("low")");
    BOOST_TEST(member(written<DeepSeek>(none), "thinking") == R"({"type":"disabled"})");
    BOOST_TEST(member(written<OpenAI>(none), "reasoning_effort") == R"("none")");
    BOOST_TEST(refused<OpenAI>(capped).starts_with("openai cannot express `reasoning_tokens`"));
    Request both(user("x"), reasoning("low"), lossy());
    both.tuning->reasoning_tokens = 10;
    BOOST_TEST(member(written<OpenAI>(both), "reasoning_effort") == R"("low")");
}

BOOST_AUTO_TEST_CASE(what_a_vendor_lacks_is_refused_by_name_or_dropped) {
    const auto both = []<class W>(std::type_identity<W>, Request request, const char* member) {
        const std::string text = refused<W>(request);
        BOOST_TEST(text.starts_with(std::string(W::name) + " cannot express `" + member + "`"), text);
        request.lossy = true;
        const bj::value body = written<W>(request);
        for (const auto& [name, value] : body.as_object())
            BOOST_TEST((name == "model" || name == "messages" || name == "tools"), name);
    };
    both(std::type_identity<Groq>(), Request(user("x"), choices(2)), "choices");
    both(std::type_identity<Groq>(), Request(user("x"), top_logprobs(2)), "top_logprobs");
    both(std::type_identity<Groq>(), Request(user("x"), top_k(2)), "top_k");
    both(std::type_identity<DeepSeek>(), Request(user("x"), seed(2)), "seed");
    both(std::type_identity<DeepSeek>(), Request(user("x"), ResponseFormat("n", "{}", true)),
         "response_format: json_schema");
    both(std::type_identity<Perplexity>(),
         Request(user("x"), ResponseFormat(ResponseFormat::Kind::json_object)),
         "response_format: json_object");
    both(std::type_identity<Cerebras>(), Request(user("x"), frequency_penalty(1)), "frequency_penalty");
    both(std::type_identity<Cerebras>(), Request(user("x"), service_tier("flex")), "service_tier");
    both(std::type_identity<Mistral>(), Request(user("x"), end_user("u")), "user");
    both(std::type_identity<Perplexity>(), Request(user("x"), tools(Tool("f", ""))), "tools");
    both(std::type_identity<Perplexity>(), Request(user("x"), ToolChoice(ToolChoice::Mode::required)),
         "tool_choice");
    Request serial(user("x"), tools(Tool("f", "")));
    serial.parallel_tools = false;
    both(std::type_identity<DeepSeek>(), serial, "parallel_tools = false");
    BOOST_TEST(at(written<Groq>(serial), "parallel_tool_calls") == false);
    Tool strict("f", "");
    strict.strict = true;
    both(std::type_identity<Groq>(), Request(user("x"), tools(strict)), "tools[0].strict");
    const bj::value tool = at(written<Mistral>(Request(user("x"), tools(strict))), "tools").as_array()[0];
    BOOST_TEST(at(at(tool, "function"), "strict") == true);
    // contents
    both(std::type_identity<DeepSeek>(), Request(user_parts("x", image_url("https://x"))), "image_url");
    both(std::type_identity<DeepSeek>(), Request(user_parts("x", image_data("QUJD", "image/png"))), "image");
    both(std::type_identity<Groq>(), Request(user_parts("x", document_data("QUJD", "application/pdf"))),
         "document");
    Request picture(user_parts("what?", image_url("https://x")), lossy());
    BOOST_TEST(bj::serialize(at(written<DeepSeek>(picture), "messages")) ==
               R"([{"role":"user","content":[{"type":"text","text":"what?"}]}])");
    // a text that is no JSON stays an error
    BOOST_TEST(refused<Groq>(Request(user("x"), tools(Tool("f", "", "nonsense")), lossy()))
                   .find("`tools[0].parameters`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(documents_and_cache_marks) {
    const auto content = [](const bj::value& body) {
        return at(at(body, "messages").as_array()[0], "content").as_array();
    };
    const Request pdf(user_parts("Sum up.", document_data("JVBERg==", "application/pdf", "a.pdf")));
    const Request linked(user_parts("Sum up.", document_url("https://x/a.pdf")));
    BOOST_TEST(
        content(written<Mistral>(pdf))[1] ==
        test::parse(
            R"({"type":"document_url","document_url":"data:application/pdf;base64,JVBERg==","document_name":"a.pdf"})"));
    BOOST_TEST(content(written<Mistral>(linked))[1] ==
               test::parse(R"({"type":"document_url","document_url":"https://x/a.pdf"})"));
    BOOST_TEST(
        content(written<OpenRouter>(linked))[1] ==
        test::parse(R"({"type":"file","file":{"filename":"document","file_data":"https://x/a.pdf"}})"));
    BOOST_TEST(refused<OpenAI>(linked).starts_with("openai cannot express `document`"));
    const Request marked(turn(Role::system, cache_point(Part("Long."))), user("x"));
    BOOST_TEST(content(written<OpenRouter>(marked))[0] ==
               test::parse(R"({"type":"text","text":"Long.","cache_control":{"type":"ephemeral"}})"));
    BOOST_TEST(at(at(written<OpenAI>(marked), "messages").as_array()[0], "content") ==
               "Long."); // caches by itself
}

BOOST_AUTO_TEST_CASE(thinking_goes_back_to_who_thought) {
    const auto sent = []<class W>(std::type_identity<W>, const char* vendor, bool calls) {
        Message message = turn(Role::assistant, part_of(Part::Kind::thinking, "hm", vendor), Part("So."));
        if (calls) message.parts.push_back(call_of("c", "f", "{}"));
        bj::value out = at(written<W>(Request(user("q"), message, user("r"))), "messages").as_array()[1];
        out.as_object().erase("role");
        out.as_object().erase("tool_calls");
        return out;
    };
    BOOST_TEST(sent(std::type_identity<DeepSeek>(), "deepseek", true) ==
               test::parse(R"({"content":"So.","reasoning_content":"hm"})"));
    BOOST_TEST(sent(std::type_identity<DeepSeek>(), "deepseek", false) ==
               test::parse(R"({"content":"So."})"));
    BOOST_TEST(sent(std::type_identity<DeepSeek>(), "anthropic", true) ==
               test::parse(R"({"content":"So."})"));
    BOOST_TEST(sent(std::type_identity<VLLM>(), "vllm", true) ==
               test::parse(R"({"content":"So.","reasoning_content":"hm"})"));
    BOOST_TEST(sent(std::type_identity<OpenRouter>(), "openrouter", false) ==
               test::parse(R"({"content":"So.","reasoning":"hm"})"));
    BOOST_TEST(sent(std::type_identity<Mistral>(), "mistral", false) ==
               test::parse(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},)"
                           R"({"type":"text","text":"So."}]})"));
    BOOST_TEST(sent(std::type_identity<Groq>(), "groq", true) == test::parse(R"({"content":"So."})"));
}

BOOST_AUTO_TEST_CASE(streamed_reasoning_details_become_whole_again) {
    OpenRouter::StreamDecoder decoder;
    Reply reply;
    Delta delta;
    const auto piece = [&](const char* details, const char* rest = R"("finish_reason":null)") {
        return decoder.on_event("message",
                                R"({"choices":[{"index":0,"delta":{"content":"","reasoning_details":)" +
                                    std::string(details) + "}," + rest + "}]}",
                                delta, reply);
    };
    using wire::Step;
    BOOST_TEST((piece(R"([{"type":"reasoning.text","text":"","signature":"","format":"f","index":0}])") ==
                Step::nothing));
    BOOST_TEST(
        (piece(R"([{"type":"reasoning.text","text":"The \"us","format":"f","index":0}])") == Step::delta));
    BOOST_TEST(delta.reasoning == "The \"us"); // said nowhere else
    piece(R"([{"type":"reasoning.text","text":"er\"\n","format":"f","index":0}])");
    piece(R"([{"type":"reasoning.text","signature":"SIG+/=","format":"f","index":0}])");
    piece(R"([{"type":"reasoning.summary","summary":"In ","format":"g","index":1},
              {"type":"reasoning.summary","summary":"short","format":"g","index":1}])");
    piece(R"([{"type":"reasoning.encrypted","data":"AAA","id":"rs_1","format":"g","index":1}])");
    piece(R"([{"type":"reasoning.encrypted","data":"BBB","id":"rs_1","format":"g","index":1}])");
    piece("[]", R"("finish_reason":"stop")");
    BOOST_TEST((decoder.on_event("message", "[DONE]", delta, reply) == Step::end));
    const bj::value expected = test::parse(R"([
        {"type":"reasoning.text","format":"f","index":0,"text":"The \"user\"\n","signature":"SIG+/="},
        {"type":"reasoning.summary","format":"g","index":1,"summary":"In short"},
        {"type":"reasoning.encrypted","data":"AAA","id":"rs_1","format":"g","index":1},
        {"type":"reasoning.encrypted","data":"BBB","id":"rs_1","format":"g","index":1}])");
    const bj::value message =
        at(written<OpenRouter>(Request(user("q"), reply.message(), user("r"))), "messages").as_array()[1];
    BOOST_TEST(at(message, "reasoning_details") == expected);
    BOOST_TEST(at(message, "reasoning").is_null()); // once is enough
    const bj::value elsewhere =
        at(written<OpenAI>(Request(user("q"), reply.message(), user("r"))), "messages").as_array()[1];
    BOOST_TEST(at(elsewhere, "reasoning_details").is_null());
}

BOOST_AUTO_TEST_CASE(signatures_of_calls_and_calls_without_an_id_go_back) {
    using Gemini = Compatible<"gemini">;
    Reply reply;
    BOOST_TEST(
        !Gemini::decode(R"({"choices":[{"message":{"extra_content":{"google":{"thought_signature":"S1"}},
        "tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"{}"},
                       "extra_content":{"google":{"thought_signature":"S2"}}},
                      {"id":"","type":"function","function":{"name":"g","arguments":"{}"}}]},
        "finish_reason":"tool_calls"}]})",
                        reply)
             .has_value());
    const bj::value message =
        at(written<Gemini>(Request(user("q"), reply.message())), "messages").as_array()[1];
    BOOST_TEST(message == test::parse(R"({"role":"assistant","content":null,
        "extra_content":{"google":{"thought_signature":"S1"}},
        "tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"{}"},
                       "extra_content":{"google":{"thought_signature":"S2"}}},
                      {"id":"","type":"function","function":{"name":"g","arguments":"{}"}}]})"));
    const bj::value elsewhere =
        at(written<OpenAI>(Request(user("q"), reply.message())), "messages").as_array()[1];
    BOOST_TEST(at(elsewhere, "extra_content").is_null());
    BOOST_TEST(at(at(elsewhere, "tool_calls").as_array()[0], "extra_content").is_null());
}

BOOST_AUTO_TEST_CASE(perplexitys_sources_are_kept_and_its_last_turn_is_said) {
    Perplexity::StreamDecoder decoder;
    Reply reply;
    Delta delta;
    for (const char* event :
         {R"({"citations":["https://a"],"search_results":[],"choices":[{"index":0,"delta":{"content":"A"},
             "message":{"content":"A"},"finish_reason":null}]})",
          R"({"citations":["https://a","https://b"],"choices":[{"index":0,"delta":{"content":"B"},
             "message":{"content":"AB"},"finish_reason":"stop"}]})"}) {
        BOOST_TEST((decoder.on_event("message", event, delta, reply) == wire::Step::delta));
    }
    BOOST_TEST((decoder.on_body_end(reply) == wire::Step::end));
    BOOST_TEST(reply.text() == "AB");
    BOOST_TEST_REQUIRE(reply.parts.size() == 2u);
    BOOST_TEST(reply.parts[1].detail->name == "citations");
    BOOST_TEST(reply.parts[1].text == R"(["https://a","https://b"])");
    BOOST_TEST(bj::serialize(at(written<Perplexity>(Request(reply.message())), "messages")) ==
               R"([{"role":"assistant","content":"AB"}])");
    // Mistral continues a last assistant message only if told so
    BOOST_TEST(at(at(written<Mistral>(Request(user("q"), assistant("It"))), "messages").as_array()[1],
                  "prefix") == true);
}

BOOST_AUTO_TEST_CASE(azure_finds_its_paths) {
    const auto none = [](std::string_view) { return std::string_view(); };
    const auto path = [&](std::string_view version, std::string_view base, std::string path) {
        const auto account =
            AzureOpenAI::Account::make(AzureOpenAI::Options{.api_version = version}, Secret("k"), none);
        BOOST_TEST_REQUIRE(account.has_value());
        std::string headers, body;
        const wire::Departure departure{"POST", "r.openai.azure.com", base, WallTime{}};
        BOOST_TEST(!account->authorize(departure, wire::Outgoing{path, headers, body}).has_value());
        BOOST_TEST(headers == "");
        return path;
    };
    const std::string chat = write<AzureOpenAI>(Request("x"), false, "my gpt/4").path;
    BOOST_TEST(chat == "/openai/deployments/my%20gpt%2F4/chat/completions");
    BOOST_TEST(path("2024-10-21", "", chat) == chat + "?api-version=2024-10-21");
    BOOST_TEST(path("", "", chat) == "/openai/v1/chat/completions");
    BOOST_TEST(path("v1", "/", chat) == "/openai/v1/chat/completions");
    BOOST_TEST(path("preview", "", chat) == "/openai/v1/chat/completions?api-version=preview");
    BOOST_TEST(path("", "/openai/v1/", chat) == "/chat/completions");
    BOOST_TEST(path("2024-05-01-preview", "/models", chat) ==
               "/chat/completions?api-version=2024-05-01-preview");
    BOOST_TEST(path("2024-10-21", "/openai/deployments/d", chat) ==
               "/chat/completions?api-version=2024-10-21");
    const std::string models(AzureOpenAI::health_path);
    BOOST_TEST(path("", "", models) == "/openai/v1/models");
    BOOST_TEST(path("", "/openai/v1", models) == "/models");
    BOOST_TEST(path("2024-10-21", "", models) == "/openai/models?api-version=2024-10-21");
}

BOOST_AUTO_TEST_CASE(azure_takes_a_key_or_a_token) {
    const auto none = [](std::string_view) { return std::string_view(); };
    const auto token = [](std::string_view name) -> std::string_view {
        if (name == "AZURE_OPENAI_AD_TOKEN") return "entra-token";
        return name == "OPENAI_API_VERSION" ? "2024-10-21" : "";
    };
    const auto missing = AzureOpenAI::Account::make({}, Secret(), none);
    BOOST_TEST_REQUIRE(missing.has_error());
    BOOST_TEST(missing.error().errc() == Errc::auth);
    const auto found = AzureOpenAI::Account::make({}, Secret(), token);
    BOOST_TEST_REQUIRE(found.has_value());
    std::string path = write<AzureOpenAI>(Request("x")).path, headers, body;
    BOOST_TEST(
        !found->authorize({"POST", "h", "", WallTime{}}, wire::Outgoing{path, headers, body}).has_value());
    BOOST_TEST(headers == "authorization: Bearer entra-token\r\n");
    BOOST_TEST(path.ends_with("?api-version=2024-10-21"));
    std::string lines;
    BOOST_TEST(!AzureOpenAI::write_account_headers({.bearer = "t"}, Secret("k"), lines).has_value());
    BOOST_TEST(lines == "authorization: Bearer t\r\n");
    const auto split = [](std::string_view) { return std::string_view("a\r\nb"); };
    const auto broken = AzureOpenAI::Account::make({.api_version = "v1"}, Secret(), split);
    BOOST_TEST_REQUIRE(broken.has_error());
    BOOST_TEST(broken.error().errc() == Errc::invalid_request);
}

BOOST_AUTO_TEST_CASE(azures_filter) {
    const auto error = [](int status, const char* body) {
        return AzureOpenAI::decode_error(status, Headers(), body, WallTime{}).errc();
    };
    BOOST_TEST(error(400, R"({"error":{"message":"The response was filtered due to the prompt triggering Azure
        OpenAI's content management policy","type":null,"param":"prompt","code":"content_filter","status":400,
        "innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"hate":{"filtered":true}}}}})") ==
               Errc::content_filtered);
    BOOST_TEST(error(404, R"({"error":{"code":"DeploymentNotFound","message":"m"}})") == Errc::not_found);
    Reply cut; // the choice has no message at all
    BOOST_TEST(!AzureOpenAI::decode(R"({"choices":[{"content_filter_results":{"hate":{"filtered":true}},
        "finish_reason":"content_filter","index":0}],"prompt_filter_results":[]})",
                                    cut)
                    .has_value());
    BOOST_TEST((cut.stop == StopReason::content_filter));
    BOOST_TEST_REQUIRE(cut.parts.size() == 1u);
    BOOST_TEST((cut.parts[0].kind == Part::Kind::opaque));
    BOOST_TEST(cut.parts[0].detail->name == "content_filter_results");
    BOOST_TEST(cut.parts[0].text == R"({"hate":{"filtered":true}})");
    AzureOpenAI::StreamDecoder decoder;
    Reply streamed;
    Delta delta;
    const auto event = [&](const char* text) { return decoder.on_event("message", text, delta, streamed); };
    event(R"({"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0}]})");
    event(R"({"id":"c","model":"gpt","choices":[{"content_filter_results":{"hate":{"filtered":false}},
        "delta":{"content":"Wel"},"index":0}]})");
    event(R"({"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]})");
    event(R"({"id":"c","choices":[{"index":0,"content_filter_results":{"hate":{"filtered":true}}}]})");
    BOOST_TEST((event("[DONE]") == wire::Step::end));
    BOOST_TEST((streamed.stop == StopReason::content_filter));
    BOOST_TEST(streamed.id == "c");
    BOOST_TEST(streamed.model == "gpt");
    // what the filter said last, of the prompt and of the answer; it is no part of the message
    BOOST_TEST_REQUIRE(streamed.parts.size() == 3u);
    BOOST_TEST(streamed.parts[1].detail->name == "prompt_filter_results");
    BOOST_TEST(streamed.parts[1].text == R"([{"prompt_index":0}])");
    BOOST_TEST(streamed.parts[2].text == R"({"hate":{"filtered":true}})");
    Target target;
    target.model = "m";
    std::string path, headers, body;
    const Request next(user("q"), streamed.message(), user("and?"));
    BOOST_TEST(!AzureOpenAI::encode(Draft(next), target, false, wire::Outgoing{path, headers, body}));
    BOOST_TEST(body.find("filter") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(errors_by_vendor) {
    const auto errc = []<class W>(std::type_identity<W>, int status, const char* body) {
        return W::decode_error(status, Headers(), body, WallTime{}).errc();
    };
    BOOST_TEST(
        errc(
            std::type_identity<Groq>(), 413,
            R"({"error":{"message":"Request too large for model","type":"tokens","code":"rate_limit_exceeded"}})") ==
        Errc::too_large);
    BOOST_TEST(
        errc(
            std::type_identity<Groq>(), 429,
            R"({"error":{"message":"Request too large for model","type":"tokens","code":"rate_limit_exceeded"}})") ==
        Errc::too_large);
    const char* const too_large =
        R"({"error":{"message":"Request too large for m: Limit 30000, Requested 40000","code":"rate_limit_exceeded"}})";
    BOOST_TEST(errc(std::type_identity<AzureOpenAI>(), 429, too_large) == Errc::too_large);
    BOOST_TEST(errc(std::type_identity<HuggingFace>(), 429, too_large) == Errc::too_large);
    BOOST_TEST(errc(std::type_identity<OpenAI>(), 429, too_large) == Errc::too_large);
    BOOST_TEST(errc(std::type_identity<OpenRouter>(), 413,
                    R"({"error":{"message":"m","code":"rate_limit_exceeded"}})") == Errc::too_large);
    // a model that is not there, as 400: another target may have it
    const auto missing = [&]<class W>(std::type_identity<W> wire, const char* body) {
        BOOST_TEST((errc(wire, 400, body) == Errc::not_found), body);
    };
    missing(
        std::type_identity<Mistral>(),
        R"({"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"})");
    missing(std::type_identity<OpenRouter>(),
            R"({"error":{"message":"x is not a valid model ID","code":400}})");
    missing(
        std::type_identity<DeepSeek>(),
        R"({"error":{"message":"Model Not Exist","type":"invalid_request_error","code":"invalid_request_error"}})");
    missing(
        std::type_identity<HuggingFace>(),
        R"({"error":{"message":"The requested model 'x' is not supported by any provider you have enabled."}})");
    missing(std::type_identity<HuggingFace>(),
            R"({"error":{"message":"m","type":"invalid_request_error","code":"model_not_supported"}})");
    missing(
        std::type_identity<Groq>(),
        R"({"error":{"message":"decommissioned","type":"invalid_request_error","code":"model_decommissioned"}})");
    BOOST_TEST(
        errc(
            std::type_identity<Groq>(), 400,
            R"({"error":{"message":"blocked","type":"invalid_request_error","code":"blocked_api_access"}})") ==
        Errc::quota);
    BOOST_TEST(
        errc(
            std::type_identity<Groq>(), 400,
            R"({"error":{"message":"restricted","type":"invalid_request_error","code":"organization_restricted"}})") ==
        Errc::permission);
    BOOST_TEST(errc(std::type_identity<DeepSeek>(), 400,
                    R"({"error":{"message":"Content Exists Risk","type":"invalid_request_error"}})") ==
               Errc::content_filtered);
    BOOST_TEST(
        errc(
            std::type_identity<XAI>(), 403,
            R"({"code":"The caller does not have permission","error":"Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"})") ==
        Errc::content_filtered);
    BOOST_TEST(
        errc(
            std::type_identity<Together>(), 400,
            R"({"error":{"message":"Unable to access","type":"invalid_request_error","code":"model_not_available"}})") ==
        Errc::not_found);
    BOOST_TEST(
        errc(
            std::type_identity<DeepSeek>(), 402,
            R"({"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}})") ==
        Errc::quota);
    BOOST_TEST(
        errc(
            std::type_identity<Mistral>(), 429,
            R"({"object":"error","message":"Service tier capacity exceeded","type":"invalid_request_error"})") ==
        Errc::rate_limited);
    BOOST_TEST(errc(std::type_identity<OpenRouter>(), 402,
                    R"({"error":{"message":"Insufficient credits. Add more","code":402}})") == Errc::quota);
    BOOST_TEST(
        errc(std::type_identity<OpenRouter>(), 403,
             R"({"error":{"message":"Your input was flagged","code":403,"metadata":{"reasons":["x"]}}})") ==
        Errc::content_filtered);
    BOOST_TEST(
        errc(
            std::type_identity<Perplexity>(), 401,
            R"({"error":{"message":"Invalid API key or insufficient credits.","type":"invalid_api_key"}})") ==
        Errc::auth);
    BOOST_TEST(errc(std::type_identity<OpenRouter>(), 200, "<html>") == Errc::transient);
    Reply page;
    const auto error = OpenRouter::decode("<!DOCTYPE html><title>OpenRouter</title>", page);
    BOOST_TEST_REQUIRE(error.has_value());
    BOOST_TEST(error->errc() == Errc::protocol);
}

BOOST_AUTO_TEST_CASE(one_more_vendor) {
    BOOST_TEST(write<Acme>(Request("x")).path == "/chat/completions");
    const Error error =
        Acme::decode_error(429, Headers(), R"({"error":{"message":"No coins left, friend"}})", WallTime{});
    BOOST_TEST(error.errc() == Errc::quota);
    const Error stranger = Acme::decode_error(401, Headers(), "", WallTime{});
    BOOST_TEST(stranger.detail().message.find("ACME_API_KEY") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(openrouter_names_the_application) {
    std::string lines;
    BOOST_TEST(
        !OpenRouter::write_account_headers({.referer = "https://app", .title = "App"}, Secret("k"), lines)
             .has_value());
    BOOST_TEST(lines == "authorization: Bearer k\r\nhttp-referer: https://app\r\nx-title: App\r\n");
    BOOST_TEST(OpenRouter::write_account_headers({.title = "a\nb"}, Secret("k"), lines).has_value());
}

BOOST_AUTO_TEST_CASE(embeddings) {
    const auto body = []<class W>(std::type_identity<W>, const EmbedRequest& request) {
        std::string path, headers, text;
        Target target;
        target.model = "e";
        const auto error = W::encode_embed(request, target, wire::Outgoing{path, headers, text});
        return error ? error->what() : text;
    };
    EmbedRequest two(std::vector<std::string>{"a", "b\n"});
    two.dimensions = 256;
    BOOST_TEST(body(std::type_identity<OpenAI>(), two) ==
               R"({"model":"e","input":["a","b\n"],"dimensions":256,"encoding_format":"base64"})");
    BOOST_TEST(body(std::type_identity<Mistral>(), two) ==
               R"({"model":"e","input":["a","b\n"],"output_dimension":256})");
    BOOST_TEST(body(std::type_identity<Together>(), two).find("cannot express `dimensions`") !=
               std::string::npos);
    two.extra = R"({"encoding_format":"float","user":"u"})";
    BOOST_TEST(body(std::type_identity<OpenAI>(), two) ==
               R"({"model":"e","input":["a","b\n"],"dimensions":256,"encoding_format":"float","user":"u"})");
    BOOST_TEST(body(std::type_identity<OpenAI>(), EmbedRequest()).find("no inputs") != std::string::npos);

    const auto read = [](const char* text) {
        Embeddings answer;
        const auto error = OpenAI::decode_embed(text, answer);
        return std::pair(error ? error->errc() : Errc::ok, answer.vectors);
    };
    // out of order; as base64 and as numbers
    const auto [ok, vectors] = read(R"({"data":[{"index":1,"embedding":[1,-2.5e0]},
        {"index":0,"embedding":"AACAPwAAAMA="}],"model":"m","usage":{"prompt_tokens":3}})");
    BOOST_TEST(ok == Errc::ok);
    BOOST_TEST((vectors == std::vector<std::vector<float>>{{1.0F, -2.0F}, {1.0F, -2.5F}}));
    for (const char* bad :
         {R"({"data":[{"index":0,"embedding":"AACA"}]})",         // no whole float
          R"({"data":[{"index":0,"embedding":"A!CAPw=="}]})",     // no base64
          R"({"data":[{"index":0,"embedding":[0.1,null,0.2]}]})", // a hole is no zero
          R"({"data":[{"index":0,"embedding":[]}]})", R"({"data":[{"index":0}]})",
          R"({"data":[{"index":1,"embedding":[1]}]})", // where is number 0?
          R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})",
          R"({"data":[{"index":99999999,"embedding":[1]}]})", R"({"data":{}})", "{}", "", "[1]"}) {
        BOOST_TEST(read(bad).first == Errc::protocol, bad);
    }
    BOOST_TEST(read(R"({"error":{"message":"m","code":429}})").first == Errc::rate_limited);
}

BOOST_AUTO_TEST_CASE(model_lists) {
    std::vector<ModelInfo> models;
    BOOST_TEST(!Together::decode_models(
                    R"([{"id":"a","organization":"Meta","context_length":131072},{"no":"id"}])", models)
                    .has_value());
    BOOST_TEST_REQUIRE(models.size() == 1u);
    BOOST_TEST(models[0].owner == "Meta");
    BOOST_TEST(models[0].max_context == 131072u);
    models.clear();
    BOOST_TEST(
        !Groq::decode_models(
             R"({"data":[{"id":"g","owned_by":"o","context_window":8192,"max_completion_tokens":1024}]})",
             models)
             .has_value());
    BOOST_TEST(models[0].max_context == 8192u);
    BOOST_TEST(models[0].max_output == 1024u);
    for (const char* bad : {"", "{}", "null", R"({"data":3})", R"({"data":[)"})
        BOOST_TEST(Groq::decode_models(bad, models).has_value(), bad);
}

BOOST_AUTO_TEST_SUITE_END()
