// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: OpenAI's Responses; see decoder.hpp. The vendor says everything again at the end, and
// where that differs from the deltas it counts; without those events the deltas are all there is.

#include "decoder.hpp"

#include <baton/wire/openai_responses.hpp>

#include <boost/json/serialize.hpp>

namespace {

// The stream without what repeats its deltas: the `.done` events, and the whole output in the last one.
std::string without_repetition(std::string_view body) {
    std::string out;
    baton::net::SseParser parser;
    baton::net::SseEvent event;
    boost::json::parse_options options;
    options.max_depth = 64;
    while (parser.next(body, event) == baton::net::SseParser::Status::event) {
        if (event.type.ends_with(".done")) continue;
        boost::json::error_code error;
        boost::json::value data =
            boost::json::parse({event.data.data(), event.data.size()}, error, {}, options);
        if (error || !data.is_object()) continue;
        boost::json::object& members = data.get_object();
        const boost::json::value* type = members.if_contains("type");
        if (type && type->is_string() && std::string_view(type->get_string()).ends_with(".done")) continue;
        if (boost::json::value* response = members.if_contains("response"); response && response->is_object())
            response->get_object().erase("output");
        out.append("event: ").append(event.type).append("\ndata: ").append(serialize(data)).append("\n\n");
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
