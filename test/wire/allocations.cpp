// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Decoding a stream costs a handful of allocations in all, none per event.
#include <boost/test/unit_test.hpp>

#include <baton/wire/anthropic.hpp>
#include <baton/wire/azure.hpp>
#include <baton/wire/bedrock.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/ollama.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>
#include <baton/wire/openrouter.hpp>
#include <baton/wire/perplexity.hpp>

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {
long allocations = 0;
}

// All allocations of the program. Not inlined: GCC would see free() meet operator new and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

BOOST_AUTO_TEST_SUITE(allocations_of_streams)

using namespace baton;
using wire::Step;

namespace {

// Returns what `events` events of `event` cost, start and end included.
template <class Decoder, class Play>
long cost(Play&& play) {
    const long before = allocations;
    {
        Decoder decoder;
        Reply reply;
        play(decoder, reply);
    }
    return allocations - before;
}

void expect(Step got, Step expected) {
    if (got != expected) throw std::logic_error("unexpected step");
}

} // namespace

BOOST_AUTO_TEST_CASE(openai_text) {
    const std::string event =
        R"({"id":"chatcmpl-BkXr3pQwErTy1234567890abcdEF","object":"chat.completion.chunk","created":1757000000,)"
        R"("model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"delta":{"content":" river\n"},"logprobs":null,)"
        R"("finish_reason":null}],"usage":null,"obfuscation":"abc"})";
    const std::string last = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";
    const auto stream = [&](int events) {
        return cost<OpenAI::StreamDecoder>([&](OpenAI::StreamDecoder& decoder, Reply& reply) {
            Delta delta;
            for (int i = 0; i < events; ++i)
                expect(decoder.on_event("message", event, delta, reply), Step::delta);
            expect(decoder.on_event("message", last, delta, reply), Step::nothing);
            expect(decoder.on_event("message", "[DONE]", delta, reply), Step::end);
        });
    };
    BOOST_TEST(stream(500) <= 6);
    BOOST_TEST(stream(1000) - stream(500) <= 1); // the text doubles once
}

BOOST_AUTO_TEST_CASE(openai_tool_call) {
    const std::string first =
        R"({"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1234567890abcdef",)"
        R"("function":{"name":"a_function_with_a_name","arguments":""}}]}}]})";
    const std::string piece =
        R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"a\":"}}]}}]})";
    const auto stream = [&](int events) {
        return cost<OpenAI::StreamDecoder>([&](OpenAI::StreamDecoder& decoder, Reply& reply) {
            Delta delta;
            expect(decoder.on_event("message", first, delta, reply), Step::delta);
            for (int i = 0; i < events; ++i)
                expect(decoder.on_event("message", piece, delta, reply), Step::delta);
        });
    };
    BOOST_TEST(stream(500) <= 10);
    BOOST_TEST(stream(1000) - stream(500) <= 1);
}

BOOST_AUTO_TEST_CASE(openrouter_reasoning) {
    const std::string event =
        R"({"id":"gen-1","provider":"P","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"",)"
        R"("reasoning":" user","reasoning_details":[{"type":"reasoning.text","text":" user","format":"unknown",)"
        R"("index":0}]},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]})";
    const auto stream = [&](int events) {
        return cost<OpenRouter::StreamDecoder>([&](OpenRouter::StreamDecoder& decoder, Reply& reply) {
            Delta delta;
            for (int i = 0; i < events; ++i)
                expect(decoder.on_event("message", event, delta, reply), Step::delta);
        });
    };
    BOOST_TEST(stream(500) <= 20);
    BOOST_TEST(stream(1000) - stream(500) <= 2); // the text and its details double once
}

BOOST_AUTO_TEST_CASE(perplexity_text) {
    const std::string event =
        R"({"id":"1","model":"sonar","usage":{"prompt_tokens":7,"completion_tokens":1,"total_tokens":8},)"
        R"("citations":["https://www.example.org/a","https://www.example.org/b"],"search_results":[{"title":"A",)"
        R"("url":"https://www.example.org/a"}],"object":"chat.completion.chunk","choices":[{"index":0,)"
        R"("finish_reason":null,"message":{"role":"assistant","content":"so far"},"delta":{"content":" river"}}]})";
    const auto stream = [&](int events) {
        return cost<Perplexity::StreamDecoder>([&](Perplexity::StreamDecoder& decoder, Reply& reply) {
            Delta delta;
            for (int i = 0; i < events; ++i)
                expect(decoder.on_event("message", event, delta, reply), Step::delta);
        });
    };
    BOOST_TEST(stream(500) <= 10);
    BOOST_TEST(stream(1000) - stream(500) <= 1);
}

BOOST_AUTO_TEST_CASE(anthropic_text) {
    const std::string event =
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" river\n"}          })";
    const auto stream = [&](int events) {
        return cost<Anthropic::StreamDecoder>([&](Anthropic::StreamDecoder& decoder, Reply& reply) {
            Delta delta;
            expect(decoder.on_event(
                       "message_start",
                       R"({"type":"message_start","message":{"id":"msg_01ABCDEFGHIJKLMNOP",)"
                       R"("model":"claude-haiku-4-5-20251001","content":[],"usage":{"input_tokens":3}}})",
                       delta, reply),
                   Step::nothing);
            expect(
                decoder.on_event(
                    "content_block_start",
                    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
                    delta, reply),
                Step::nothing);
            for (int i = 0; i < events; ++i) {
                expect(decoder.on_event("content_block_delta", event, delta, reply), Step::delta);
                expect(decoder.on_event("ping", R"({"type": "ping"})", delta, reply), Step::nothing);
            }
            expect(decoder.on_event("message_stop", R"({"type":"message_stop"})", delta, reply), Step::end);
        });
    };
    BOOST_TEST(stream(500) <= 6);
    BOOST_TEST(stream(1000) - stream(500) <= 1);
}

namespace {

struct Event {
    const char *type, *data;
};
/// What a stream of `often` repeated costs from its 500th event to its 1,000th, beyond one growth of a text.
template <class Wire>
void costs_nothing_more(const char* what, std::vector<Event> opening, Event often) {
    const auto stream = [&](int events) {
        return cost<typename Wire::StreamDecoder>([&](auto& decoder, Reply& reply) {
            Delta delta;
            for (const Event& event : opening) decoder.on_event(event.type, event.data, delta, reply);
            for (int i = 0; i < events; ++i)
                expect(decoder.on_event(often.type, often.data, delta, reply), Step::delta);
        });
    };
    BOOST_TEST_CONTEXT(Wire::name << ", " << what) { BOOST_TEST(stream(1000) - stream(500) <= 1); }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_wire) {
    costs_nothing_more<AzureOpenAI>(
        "text, with what the filter says",
        {{"message", R"({"choices":[],"prompt_filter_results":[{"a":1}]})"}},
        {"message",
         R"({"choices":[{"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}},)"
         R"("delta":{"content":" river"},"finish_reason":null,"index":0,"logprobs":null}],"id":"c"})"});
    costs_nothing_more<Mistral>(
        "parts of a content", {},
        {"message",
         R"({"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text",)"
         R"("text":" hm"}]}]},"finish_reason":null}]})"});
    costs_nothing_more<Gemini>(
        "text, rated", {},
        {"message",
         R"({"candidates":[{"content":{"parts":[{"text":" river"}],"role":"model"},"index":0,)"
         R"("safetyRatings":[{"category":"HARM_CATEGORY_HARASSMENT","probability":"NEGLIGIBLE"}]}],)"
         R"("usageMetadata":{"promptTokenCount":4,"totalTokenCount":9},"modelVersion":"gemini-3.5-flash"})"});
    costs_nothing_more<Anthropic>(
        "thinking",
        {{"message_start", R"({"type":"message_start","message":{"id":"m","content":[]}})"},
         {"content_block_start",
          R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}})"}},
        {"content_block_delta",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" hm"}})"});
    costs_nothing_more<Anthropic>(
        "arguments",
        {{"message_start", R"({"type":"message_start","message":{"id":"m","content":[]}})"},
         {"content_block_start",
          R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1",)"
          R"("name":"f","input":{}}})"}},
        {"content_block_delta",
         R"({"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"a\""}})"});
    const Event created = {"response.created",
                           R"({"type":"response.created","response":{"id":"r","model":"m","output":[]}})"};
    costs_nothing_more<OpenAIResponses>(
        "text",
        {created,
         {"response.output_item.added",
          R"({"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1","type":"message",)"
          R"("status":"in_progress","content":[],"role":"assistant"}})"}},
        {"response.output_text.delta",
         R"({"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,)"
         R"("delta":" river","sequence_number":4,"logprobs":[],"obfuscation":"x"})"});
    costs_nothing_more<OpenAIResponses>(
        "arguments",
        {created,
         {"response.output_item.added",
          R"({"type":"response.output_item.added","output_index":0,"item":{"id":"fc_1","type":"function_call",)"
          R"("call_id":"call_1","name":"f","arguments":""}})"}},
        {"response.function_call_arguments.delta",
         R"({"type":"response.function_call_arguments.delta","item_id":"fc_1","output_index":0,"delta":"\"a\""})"});
    costs_nothing_more<Bedrock>(
        "text", {{"messageStart", R"({"role":"assistant"})"}},
        {"contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":" river"},"p":"abcdefghij"})"});
    costs_nothing_more<Cohere>(
        "text",
        {{"message-start", R"({"id":"c","type":"message-start","delta":{"message":{"role":"assistant"}}})"},
         {"content-start",
          R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text",)"
          R"("text":""}}}})"}},
        {"content-delta",
         R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" river"}}}})"});
    costs_nothing_more<Ollama>(
        "text", {},
        {"message", R"({"model":"qwen3:8b","created_at":"2026-11-01T10:00:00Z","message":{"role":)"
                    R"("assistant","content":" river"},"done":false})"});
}

BOOST_AUTO_TEST_SUITE_END()
