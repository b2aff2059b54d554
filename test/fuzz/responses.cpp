// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: OpenAI's Responses; see decoder.hpp. The vendor says everything again at the end, and
// where that differs from the deltas it counts; without those events the deltas are all there is.

#include "decoder.hpp"

#include <baton/wire/openai_responses.hpp>

namespace {

// The stream without what repeats its deltas.
std::string without_repetition(std::string_view body) {
    std::string out;
    baton::net::SseParser parser;
    baton::net::SseEvent event;
    while (parser.next(body, event) == baton::net::SseParser::Status::event) {
        std::string_view data = event.data;
        if (data.find(".done\"") != data.npos || event.type.ends_with(".done")) continue;
        if (data.find("response.completed") != data.npos || event.type == "response.completed") {
            data = R"({"type":"response.completed","response":{"status":"completed"}})";
        }
        if (data.find('\n') != data.npos) continue; // one line is enough
        out.append("event: ").append(event.type).append("\ndata: ").append(data).append("\n\n");
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using baton::net::SseParser;
    baton::test::fuzz_wire<baton::OpenAIResponses, SseParser>({.deltas_are_the_reply = false}, data, size);
    const std::string deltas = without_repetition({reinterpret_cast<const char*>(data), size});
    baton::test::fuzz_stream<baton::OpenAIResponses, SseParser>({}, deltas);
    return 0;
}
