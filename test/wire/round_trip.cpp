// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// A turn of the assistant, written in a vendor's words, read back as that vendor's answer and written again,
// is the same: for every wire, and for every kind of part that such a turn may hold.
#include "../support/recorded.hpp"

#include <baton/wire/anthropic.hpp>
#include <baton/wire/azure.hpp>
#include <baton/wire/bedrock.hpp>
#include <baton/wire/cerebras.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/compatible.hpp>
#include <baton/wire/deepseek.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/groq.hpp>
#include <baton/wire/huggingface.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/ollama.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>
#include <baton/wire/openrouter.hpp>
#include <baton/wire/perplexity.hpp>
#include <baton/wire/together.hpp>
#include <baton/wire/vertex.hpp>
#include <baton/wire/xai.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(round_trip)

using namespace baton;
namespace bj = boost::json;
using Kind = Part::Kind;

namespace {

struct Turn {
    const char* what;
    Message message;
};

Part with(Kind kind, std::string text, std::string_view vendor, std::string name = {}, std::string id = {},
          std::string signature = {}, std::string extra = {}) {
    Part::Detail detail;
    detail.vendor = vendor;
    detail.name = std::move(name);
    detail.id = std::move(id);
    detail.signature = std::move(signature);
    detail.extra = std::move(extra);
    return Part(kind, std::move(text), std::move(detail));
}

// `block`: JSON that this vendor may have said and that baton does not model.
std::vector<Turn> turns(std::string_view vendor, const char* block) {
    const Part call = with(Kind::tool_call, R"({"city":"\"Köln\"\n","n":[1,2.5,null]})", "", "f", "call_1");
    const Part bare = with(Kind::tool_call, "{}", "", "g", "call_2");
    const Part thought = with(Kind::thinking, "Let me\n\"see\".", vendor, "", "", "c2lnbmF0dXJl");
    std::vector<Turn> all;
    const auto add = [&](const char* what, std::vector<Part> parts) {
        Message message;
        message.role = Role::assistant;
        for (Part& part : parts) message.parts.push_back(std::move(part));
        all.push_back({what, std::move(message)});
    };
    add("text", {Part("Rhine, \"Elbe\"\n\\ \xF0\x9F\x8C\x8A")});
    add("a call", {call});
    add("two calls", {call, bare});
    add("text and a call", {Part("I look."), call});
    add("thinking and text", {thought, Part("Rhine")});
    add("thinking, text and calls", {thought, Part("I look."), call, bare});
    add("a refusal", {with(Kind::text, "No.", vendor, "refusal")});
    if (*block != '\0') {
        add("a block", {with(Kind::opaque, block, vendor)});
        add("text, a block and text", {Part("a"), with(Kind::opaque, block, vendor), Part("b")});
    }
    return all;
}

template <class W>
bj::value written(const Message& turn) {
    std::vector<Part> results;
    for (const Part& part : turn.parts) {
        if (part.kind != Kind::tool_call) continue;
        Part result = with(Kind::tool_result, "done", "", part.detail->name, part.detail->id);
        results.push_back(std::move(result));
    }
    Request request(user("question"), turn);
    for (Part& result : results) {
        Message& message = request.messages.emplace_back();
        message.role = Role::tool;
        message.parts.push_back(std::move(result));
    }
    request.messages.push_back(user("and then?"));
    Target target;
    target.model = W::default_model.empty() ? "anthropic.claude-sonnet-4-5" : std::string(W::default_model);
    std::string path, headers, body;
    const auto error = W::encode(Draft(request), target, false, wire::Outgoing{path, headers, body});
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    return test::parse(body);
}

/// How an answer holds what a request's turn says: the turn taken out, and put into an answer.
using Answer = std::string (*)(const bj::value& request);

std::string chat_answer(const bj::value& request) {
    return R"({"choices":[{"index":0,"finish_reason":"stop","message":)" +
           bj::serialize(request.at("messages").at(1)) + "}]}";
}
std::string anthropic_answer(const bj::value& request) {
    return R"({"type":"message","role":"assistant","stop_reason":"end_turn","content":)" +
           bj::serialize(request.at("messages").at(1).at("content")) + "}";
}
std::string gemini_answer(const bj::value& request) {
    return R"({"candidates":[{"finishReason":"STOP","content":)" +
           bj::serialize(request.at("contents").at(1)) + "}]}";
}
std::string bedrock_answer(const bj::value& request) {
    return R"({"stopReason":"end_turn","output":{"message":)" + bj::serialize(request.at("messages").at(1)) +
           "}}";
}
std::string cohere_answer(const bj::value& request) {
    return R"({"id":"i","finish_reason":"COMPLETE","message":)" +
           bj::serialize(request.at("messages").at(1)) + "}";
}
std::string ollama_answer(const bj::value& request) {
    return R"({"model":"m","done":true,"done_reason":"stop","message":)" +
           bj::serialize(request.at("messages").at(1)) + "}";
}
std::string responses_answer(const bj::value& request) {
    bj::array output;
    const bj::array& input = request.at("input").as_array();
    for (std::size_t i = 1; i + 1 < input.size(); ++i) {
        if (test::string_of(test::at(input[i], "type")) == "function_call_output") continue;
        bj::object item = input[i].as_object();
        if (!item.contains("type")) item["type"] = "message"; // the short form of a request
        output.push_back(std::move(item));
    }
    return R"({"id":"r","status":"completed","output":)" + bj::serialize(output) + "}";
}

// Messages have a short form, which answers do not use.
bj::value in_full(bj::value request) {
    if (!request.as_object().contains("input")) return request;
    for (bj::value& item : request.at("input").as_array()) {
        if (test::string_of(test::at(item, "role")) != "assistant") continue;
        bj::object& message = item.as_object();
        message["type"] = "message";
        if (const std::string text = test::string_of(message["content"]); !text.empty())
            message["content"] = bj::array{bj::value{{"type", "output_text"}, {"text", text}}};
    }
    return request;
}

int turns_tried = 0;

template <class W>
void says_it_again(Answer answer, const char* block = "") {
    for (const Turn& turn : turns(W::name, block)) {
        BOOST_TEST_CONTEXT(W::name << ", " << turn.what) {
            const bj::value first = written<W>(turn.message);
            const std::string sent = bj::serialize(first);
            for (const Part& part : turn.message.parts) { // nothing is lost on the way there; thinking may be
                const bool plain = part.kind == Kind::text || part.kind == Kind::opaque;
                const std::string word = part.kind == Kind::text     ? bj::serialize(bj::string(part.text))
                                         : part.kind == Kind::opaque ? bj::serialize(test::parse(part.text))
                                                                     : "\"" + part.detail->name + "\"";
                if (plain || part.kind == Kind::tool_call)
                    BOOST_TEST((sent.find(word) != std::string::npos), word << " is not in " << sent);
            }
            Reply reply;
            const std::string body = answer(first);
            const auto error = W::decode(body, reply);
            BOOST_TEST_REQUIRE(!error, body << ": " << (error ? error->what() : ""));
            const bj::value second = written<W>(reply.message());
            BOOST_TEST((in_full(first) == in_full(second)), first << "\n" << second);
            ++turns_tried;
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(of_every_wire) {
    says_it_again<OpenAI>(chat_answer);
    says_it_again<AzureOpenAI>(chat_answer);
    says_it_again<Mistral>(chat_answer, R"({"type":"reference","reference_ids":[1]})");
    says_it_again<Groq>(chat_answer);
    says_it_again<Together>(chat_answer);
    says_it_again<DeepSeek>(chat_answer);
    says_it_again<XAI>(chat_answer);
    says_it_again<OpenRouter>(chat_answer);
    says_it_again<Perplexity>(chat_answer);
    says_it_again<Cerebras>(chat_answer);
    says_it_again<HuggingFace>(chat_answer);
    says_it_again<LlamaCpp>(chat_answer);
    says_it_again<VLLM>(chat_answer);
    says_it_again<LMStudio>(chat_answer);
    says_it_again<OllamaCompatible>(chat_answer);
    says_it_again<Compatible<"acme">>(chat_answer);
    says_it_again<Anthropic>(anthropic_answer,
                             R"({"type":"server_tool_use","id":"s","name":"web_search","input":{"q":"x"}})");
    says_it_again<Gemini>(gemini_answer, R"({"executableCode":{"language":"PYTHON","code":"1"}})");
    says_it_again<Vertex>(gemini_answer, R"({"executableCode":{"language":"PYTHON","code":"1"}})");
    says_it_again<Bedrock>(bedrock_answer,
                           R"({"citationsContent":{"content":[{"text":"a"}],"citations":[]}})");
    says_it_again<Cohere>(cohere_answer);
    says_it_again<Ollama>(ollama_answer);
    says_it_again<OpenAIResponses>(
        responses_answer,
        R"({"type":"web_search_call","id":"ws","status":"completed","action":{"type":"search"}})");
    says_it_again<AzureResponses>(
        responses_answer,
        R"({"type":"web_search_call","id":"ws","status":"completed","action":{"type":"search"}})");
    BOOST_TEST_MESSAGE("round trips: " << turns_tried << " turns of 24 wires");
    BOOST_TEST(turns_tried >= 24 * 7);
}

BOOST_AUTO_TEST_SUITE_END()
