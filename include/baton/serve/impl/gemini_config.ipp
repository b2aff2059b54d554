// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/impl/gemini_contents.ipp>

#include <limits>

// `generationConfig`, and the older kind of schemas.
namespace baton::serve::detail::gemini {

/// Whether the member of a schema is a number that this API's clients write as a string, as protobuf's JSON
/// has integers of 64 bits.
inline bool is_count(std::string_view member) noexcept {
    for (const std::string_view one :
         {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}) {
        if (member == one) return true;
    }
    return false;
}

/// Copies an OpenAPI schema, as `parameters` and `responseSchema` have them, as JSON Schema: types in lower
/// case, `nullable` as a type, members in camelCase, counts as numbers.
inline void json_schema(json::Reader& in, json::Writer& out) {
    std::string type;
    bool nullable = false;
    if (in.kind() != json::Reader::Kind::object) {
        const std::string_view raw = in.raw();
        out.raw(raw.empty() ? std::string_view("null") : raw);
        return;
    }
    out.begin_object();
    in.object([&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "type" && in.kind() == json::Reader::Kind::string) {
            in.append_string(type);
            for (char& c : type) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        } else if (member == "nullable" && in.boolean(nullable)) {
            return;
        } else if (member == "properties" && in.kind() == json::Reader::Kind::object) {
            out.key(member).begin_object();
            in.object([&](std::string_view name) { // names, not members of a schema
                out.key(name);
                json_schema(in, out);
            });
            out.end_object();
        } else if (member == "anyOf" && in.kind() == json::Reader::Kind::array) {
            out.key(member).begin_array();
            in.array([&] { json_schema(in, out); });
            out.end_array();
        } else if (member == "items" && in.kind() == json::Reader::Kind::object) {
            out.key(member);
            json_schema(in, out);
        } else if (std::string count; is_count(member) && in.kind() == json::Reader::Kind::string) {
            in.append_string(count);
            const bool digits = !count.empty() && count.find_first_not_of("0123456789") == std::string::npos;
            out.key(member);
            digits && (count.size() == 1 || count[0] != '0') ? out.raw(count) : out.string(count);
        } else if (const std::string_view raw = in.raw(); member != "propertyOrdering" && !raw.empty()) {
            out.key(member).raw(raw); // propertyOrdering is Google's alone
        }
    });
    if (nullable && !type.empty()) {
        out.key("type").begin_array().string(type).string("null").end_array();
    } else if (!type.empty()) {
        out.key("type").string(type);
    }
    out.end_object();
}

inline std::string json_schema(std::string_view raw) {
    std::string text;
    json::Writer out(text);
    json::Reader in(raw);
    json_schema(in, out);
    return text;
}

/// `generationConfig.thinkingConfig`. What it says of showing thoughts is kept where the wire of this API
/// would say otherwise: it asks for them where there is thinking.
inline void thinking(RequestReader& in, RequestReader& kept, Request& request) {
    const std::string_view raw = in.in.raw();
    RequestReader config(raw);
    std::int64_t budget = -1;
    std::string level;
    bool has_budget = false, shows = false, says_shows = false, more = false;
    config.object("generationConfig.thinkingConfig", [&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "thinkingBudget") {
            if (config.in.integer(budget)) {
                has_budget = true;
            } else if (!config.in.null()) {
                config.expected("generationConfig.thinkingConfig.thinkingBudget", "a whole number");
            }
        } else if (member == "thinkingLevel") {
            config.text("generationConfig.thinkingConfig.thinkingLevel", level);
        } else if (member == "includeThoughts") {
            says_shows = !config.in.null();
            config.flag("generationConfig.thinkingConfig.includeThoughts", shows);
        } else {
            more = true;
        }
    });
    in.adopt(config);
    for (char& c : level) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    const bool modelled = !more && !(has_budget && (budget < 0 || budget > most)) &&
                          !(has_budget && !level.empty()) && (has_budget || !level.empty());
    if (!modelled) { // -1: as much as the model likes
        kept.keep("thinkingConfig", raw);
        return;
    }
    if (has_budget) request.tuning.ensure().reasoning_tokens = static_cast<std::uint32_t>(budget);
    if (!level.empty()) request.tuning.ensure().reasoning_effort = level;
    const bool thinks = !has_budget || budget > 0;
    if (shows != thinks)
        kept.keep("thinkingConfig", shows ? R"({"includeThoughts":true})" : R"({"includeThoughts":false})");
}

/// A count, which Google takes in any notation of JSON: 40, 40.0, 4E1.
inline void count(RequestReader& in, std::string_view member, std::optional<std::uint32_t>& out) {
    double value = 0;
    if (in.in.null()) return;
    if (in.in.number(value) && value >= 0 && value <= std::numeric_limits<std::uint32_t>::max() &&
        value == static_cast<double>(static_cast<std::uint32_t>(value))) {
        out = static_cast<std::uint32_t>(value);
    } else {
        in.expected(member, "a whole number, 0 or greater");
    }
}

inline void generation_config(RequestReader& body, Request& request) {
    constexpr std::string_view in_config = "generationConfig.";
    const std::string_view raw = body.in.raw();
    RequestReader in(raw), kept("{}");
    std::string media_type, schema;
    std::optional<double> penalty;
    std::optional<std::uint32_t> number, logprobs;
    bool wants_logprobs = false;
    in.object("generationConfig", [&](std::string_view key) {
        const std::string member = camel(key), full = std::string(in_config) + member;
        if (!in.first_time(member)) return;
        if (member == "temperature") {
            in.number(full, request.temperature);
        } else if (member == "topP") {
            in.number(full, request.top_p);
        } else if (member == "topK") {
            count(in, full, number);
            if (number) request.tuning.ensure().top_k = number;
        } else if (member == "maxOutputTokens") {
            count(in, full, request.max_tokens);
        } else if (member == "stopSequences") {
            in.texts(full, request.stop);
        } else if (member == "seed") {
            std::int64_t seed = 0;
            if (in.in.integer(seed)) {
                request.seed = seed;
            } else if (!in.in.null()) {
                in.expected(full, "a whole number");
            }
        } else if (member == "candidateCount") {
            number.reset();
            count(in, full, number);
            if (number.value_or(1) != 1) request.tuning.ensure().choices = number;
        } else if (member == "frequencyPenalty" || member == "presencePenalty") {
            penalty.reset();
            in.number(full, penalty);
            if (penalty.value_or(0) == 0) return; // none
            (member == "frequencyPenalty" ? request.tuning.ensure().frequency_penalty
                                          : request.tuning.ensure().presence_penalty) = penalty;
        } else if (member == "responseLogprobs") {
            in.flag(full, wants_logprobs);
        } else if (member == "logprobs") {
            count(in, full, logprobs);
        } else if (member == "responseMimeType") {
            in.text(full, media_type);
        } else if (member == "responseSchema" || member == "responseJsonSchema") {
            if (in.in.null()) return;
            if (in.in.kind() != json::Reader::Kind::object) return in.expected(full, "an object");
            const std::string_view text = in.in.raw();
            schema = member == "responseSchema" ? json_schema(text) : std::string(text);
        } else if (member == "thinkingConfig") {
            if (!in.in.null()) thinking(in, kept, request);
        } else {
            kept.keep(std::string(key), in.in.raw());
        }
    });
    body.adopt(in);
    if (wants_logprobs) request.tuning.ensure().top_logprobs = logprobs.value_or(0);
    if (media_type == "application/json" || (media_type.empty() && !schema.empty())) {
        // not strict: the schemas of this API need not be closed, as others' strict modes want
        request.response_format = schema.empty() ? ResponseFormat(ResponseFormat::Kind::json_object)
                                                 : ResponseFormat(std::string(), std::move(schema), false);
    } else if (!media_type.empty() && media_type != "text/plain") { // "text/x.enum"
        std::string text;
        json::append_string(text, media_type);
        kept.keep("responseMimeType", text);
        if (!schema.empty()) kept.keep("responseJsonSchema", schema);
    }
    if (const std::string extra = kept.take_extra(); !extra.empty()) body.keep("generationConfig", extra);
}

} // namespace baton::serve::detail::gemini
