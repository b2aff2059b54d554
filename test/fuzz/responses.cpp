// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: OpenAI's Responses; see decoder.hpp. The vendor says everything again at the end, and
// where that differs from the deltas it counts; without those events the deltas are all there is.

#include "decoder.hpp"

#include <baton/wire/openai_responses.hpp>

#include <boost/json/serialize.hpp>

#include <cstdint>
#include <map>

namespace {

/// Whether items are announced once each, before their fragments, which are of their kind. Of other streams
/// the final event decides what was said, and it need not be what was shown.
class Numbering {
public:
    bool good(const boost::json::object& event) {
        const std::string type = text(event, "type");
        const boost::json::value* number = event.if_contains("output_index");
        const bool numbered = number && number->is_int64();
        if (type == "response.output_item.added") {
            const boost::json::value* item = event.if_contains("item");
            if (!numbered || !item || !item->is_object()) return false;
            return items_.emplace(number->get_int64(), text(item->get_object(), "type")).second;
        }
        if (!type.ends_with(".delta")) return true;
        const auto at = numbered ? items_.find(number->get_int64()) : items_.end();
        if (at == items_.end()) return false;
        const std::string_view kind = at->second;
        if (type == "response.function_call_arguments.delta") return kind == "function_call";
        if (type.starts_with("response.reasoning")) return kind == "reasoning";
        if (type == "response.output_text.delta" || type == "response.refusal.delta")
            return kind == "message";
        return true;
    }

private:
    static std::string text(const boost::json::object& object, const char* key) {
        const boost::json::value* value = object.if_contains(key);
        return value && value->is_string() ? std::string(value->get_string()) : std::string();
    }
    std::map<std::int64_t, std::string> items_;
};

// The stream without what repeats its deltas: the `.done` events, and the whole output in the last one.
// Nothing of a stream that numbers its items badly.
std::string without_repetition(std::string_view body) {
    std::string out;
    baton::net::SseParser parser;
    baton::net::SseEvent event;
    Numbering numbering;
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
        if (!type || !type->is_string() || std::string_view(type->get_string()) != event.type) return {};
        if (!numbering.good(members)) return {};
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
