// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// What one streamed text delta costs, wire by wire: `wires WIRE N decode` reads N equal events with the
// wire's decoder, `wires WIRE N parse` parses the same payload N times with boost::json::parse. `frame`
// (bedrock only) cuts N binary messages. wires.py compares the instructions of two N under callgrind.
//
// The events are written for this file, each in its vendor's shape; none is recorded.

#include "support/count_alloc.hpp"

#include <baton/net/event_stream.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/bedrock.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/ollama.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>
#include <baton/wire/openrouter.hpp>

#include <boost/json/parse.hpp>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

struct Sample {
    std::string_view wire;
    std::string_view type;  ///< the event's
    std::string_view first; ///< what has to come before a delta; "" = nothing. Its type is `first_type`.
    std::string_view first_type;
    std::string_view event;
};

constexpr Sample samples[] = {
    {"openai", "message", "", "",
     R"({"id":"chatcmpl-C0dEs4mpL3wR1tT3nF0rTh1sF1le","object":"chat.completion.chunk","created":1760000000,)"
     R"("model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_0123456789",)"
     R"("choices":[{"index":0,"delta":{"content":" lighthouse"},"logprobs":null,"finish_reason":null}],)"
     R"("usage":null,"obfuscation":"aB3dE"})"},
    {"openrouter", "message", "", "",
     R"({"id":"gen-1760000000-AbCdEfGhIjKlMnOpQrSt","provider":"Example","model":"vendor/model-large","object":)"
     R"("chat.completion.chunk","created":1760000000,"choices":[{"index":0,"delta":{"role":"assistant",)"
     R"("content":" lighthouse"},"finish_reason":null,"native_finish_reason":null,"logprobs":null}]})"},
    {"mistral", "message", "", "",
     R"({"id":"0123456789abcdef0123456789abcdef","object":"chat.completion.chunk","created":1760000000,"model":)"
     R"("mistral-medium-latest","choices":[{"index":0,"delta":{"content":" lighthouse"},"finish_reason":null,)"
     R"("logprobs":null}],"p":"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz012345"})"},
    {"openai_responses", "response.output_text.delta",
     R"({"type":"response.content_part.added","item_id":"msg_0123456789abcdef","output_index":0,"content_index":0,)"
     R"("part":{"type":"output_text","annotations":[],"text":""}})",
     "response.content_part.added",
     R"({"type":"response.output_text.delta","content_index":0,"delta":" lighthouse","item_id":)"
     R"("msg_0123456789abcdef0123456789abcdef0123456789abcdef01","logprobs":[],"obfuscation":"aB3dE","output_index":)"
     R"(0,"sequence_number":117})"},
    {"anthropic", "content_block_delta",
     R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
     "content_block_start",
     R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" stands on the cliff above )"
     R"(the bay, and its lamp, which was lit by hand every evening for more than a century, can be seen from )"
     R"(the islands on a clear night; sailors set their course by it, and gulls nest below."}        })"},
    {"gemini", "message", "", "",
     R"({"candidates":[{"content":{"parts":[{"text":" stands on the cliff above the bay, and its lamp"}],"role":)"
     R"("model"},"index":0}],"usageMetadata":{"promptTokenCount":12,"candidatesTokenCount":34,"totalTokenCount":46},)"
     R"("modelVersion":"gemini-2.5-flash","responseId":"aBcDeFgHiJkLmNoPqRsTuV"})"},
    {"bedrock", "contentBlockDelta", "", "",
     R"({"contentBlockIndex":0,"delta":{"text":" lighthouse stands on the cliff above the bay, and its lamp, )"
     R"(which was lit by hand every evening for more than a century, can be seen from the islands"},"p":)"
     R"("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCD"})"},
    {"cohere", "content-delta",
     R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})",
     "content-start",
     R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" lighthouse stands on the cliff )"
     R"(above the bay, and its lamp, which was lit by hand every evening for more than a century, can be seen )"
     R"(from the islands on a clear night; sailors set their course by it."}}}})"},
    {"ollama", "message", "", "",
     R"({"model":"llama3.2:3b-instruct","created_at":"2026-01-02T03:04:05.678901234Z","message":{"role":"assistant",)"
     R"("content":" lighthouse stands on the cliff above the bay, and its lamp, which was lit by hand every evening )"
     R"(for more than a century, can be seen from the islands"},"done":false})"},
    // Tokens come one by one where the vendor does not gather them: the same events with a word each.
    {"anthropic_word", "content_block_delta",
     R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})",
     "content_block_start",
     R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" lighthouse"}     })"},
    {"bedrock_word", "contentBlockDelta", "", "",
     R"({"contentBlockIndex":0,"delta":{"text":" lighthouse"},"p":"abcdefghijklmnopqrstuvwxyzABCDE"})"},
    {"cohere_word", "content-delta",
     R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})",
     "content-start",
     R"({"type":"content-delta","index":0,"delta":{"message":{"content":{"text":" lighthouse"}}}})"},
    {"ollama_word", "message", "", "",
     R"({"model":"llama3.2","created_at":"2026-01-02T03:04:05.678901234Z","message":{"role":"assistant",)"
     R"("content":" lighthouse"},"done":false})"},
};

const Sample& sample_of(std::string_view wire) {
    for (const Sample& sample : samples) {
        if (sample.wire == wire) return sample;
    }
    throw std::invalid_argument("unknown wire: " + std::string(wire));
}

void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(what);
}

// Calls `event` `events` times and prints what the second half allocated: growing answers are done by then.
template <class F>
void repeat(long events, F&& event) {
    bench::Allocations middle;
    for (long i = 0; i < events; ++i) {
        if (i == events / 2) middle = bench::allocations();
        event();
    }
    const bench::Allocations counted = bench::allocations() - middle;
    const auto measured = static_cast<double>(events - events / 2);
    std::printf("allocations_per_event %.4f\n", static_cast<double>(counted.calls) / measured);
}

template <class W>
void decode(const Sample& sample, long events) {
    typename W::StreamDecoder decoder;
    baton::Reply reply;
    baton::Delta delta;
    if (!sample.first.empty()) {
        require(decoder.on_event(sample.first_type, sample.first, delta, reply) == baton::wire::Step::nothing,
                "the first event is no bookkeeping");
    }
    std::size_t shown = 0;
    repeat(events, [&] {
        delta = {};
        if (decoder.on_event(sample.type, sample.event, delta, reply) != baton::wire::Step::delta) {
            throw std::runtime_error("no delta");
        }
        shown += delta.text.size();
    });
    reply.seal();
    require(shown != 0 && shown == reply.text().size(), "text is missing");
}

void parse(const Sample& sample, long events) {
    std::size_t members = 0;
    repeat(events, [&] {
        members += boost::json::parse({sample.event.data(), sample.event.size()}).as_object().size();
    });
    require(members != 0, "nothing was parsed");
}

std::string header(std::string_view name, std::string_view value) {
    std::string out(1, static_cast<char>(name.size()));
    out.append(name) += '\7'; // a string
    out += static_cast<char>(value.size() >> 8);
    out += static_cast<char>(value.size() & 0xFF);
    return out.append(value);
}

void big_endian(std::string& out, std::size_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

// AWS's binary framing around the event: what comes before the decoder.
void frame(const Sample& sample, long events) {
    const std::string headers = header(":event-type", sample.type) +
                                header(":content-type", "application/json") +
                                header(":message-type", "event");
    std::string message;
    big_endian(message, 16 + headers.size() + sample.event.size());
    big_endian(message, headers.size());
    big_endian(message, baton::net::crc32(message));
    message.append(headers).append(sample.event);
    big_endian(message, baton::net::crc32(message));
    baton::net::EventStreamParser parser;
    repeat(events, [&] {
        std::string_view input = message;
        baton::net::SseEvent event;
        if (parser.next(input, event) != baton::net::EventStreamParser::Status::event ||
            event.data.size() != sample.event.size()) {
            throw std::runtime_error("no event");
        }
    });
}

void run(const Sample& sample, long events, std::string_view mode) {
    std::string_view wire = sample.wire;
    if (wire.ends_with("_word")) wire.remove_suffix(5);
    if (mode == "parse") return parse(sample, events);
    if (mode == "frame" && wire == "bedrock") return frame(sample, events);
    if (mode != "decode") throw std::invalid_argument("the mode is decode, parse or frame");
    if (wire == "openai") return decode<baton::OpenAI>(sample, events);
    if (wire == "openrouter") return decode<baton::OpenRouter>(sample, events);
    if (wire == "mistral") return decode<baton::Mistral>(sample, events);
    if (wire == "openai_responses") return decode<baton::OpenAIResponses>(sample, events);
    if (wire == "anthropic") return decode<baton::Anthropic>(sample, events);
    if (wire == "gemini") return decode<baton::Gemini>(sample, events);
    if (wire == "bedrock") return decode<baton::Bedrock>(sample, events);
    if (wire == "cohere") return decode<baton::Cohere>(sample, events);
    if (wire == "ollama") return decode<baton::Ollama>(sample, events);
}

} // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 2 && std::string_view(argv[1]) == "list") {
            for (const Sample& sample : samples) std::printf("%s\n", std::string(sample.wire).c_str());
            return 0;
        }
        if (argc != 4)
            throw std::invalid_argument("usage: wires WIRE EVENTS decode|parse|frame, or wires list");
        const Sample& sample = sample_of(argv[1]);
        const long events = std::atol(argv[2]);
        if (events < 2) throw std::invalid_argument("too few events");
        std::printf("bytes %zu\n", sample.event.size());
        run(sample, events, argv[3]);
        return 0;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
}
