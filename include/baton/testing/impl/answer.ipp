// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/answer.hpp>

#include <iterator>

namespace baton::testing {

BATON_DECL std::vector<std::string> cut(std::string_view text, std::size_t pieces) {
    std::vector<std::string> result;
    if (pieces == 0) pieces = 1;
    std::size_t from = 0;
    for (std::size_t i = 1; i <= pieces; ++i) {
        std::size_t to = text.size() * i / pieces;
        if (to < from) to = from;
        while (to < text.size() && (static_cast<unsigned char>(text[to]) & 0xC0) == 0x80) ++to;
        result.emplace_back(text.substr(from, to - from));
        from = to;
    }
    return result;
}

BATON_DECL Answer::ToolCall::ToolCall(std::string id, std::string name, std::string_view arguments,
                                      std::size_t pieces)
    : id(std::move(id)), name(std::move(name)), arguments(cut(arguments, pieces)) {}

BATON_DECL Answer::Answer(std::string_view text, std::size_t pieces) : tokens(cut(text, pieces)) {}

BATON_DECL Answer Answer::words(std::size_t count, std::uint64_t seed) {
    constexpr std::string_view vocabulary[] = {
        "the", "river",     "ran", "slow",        "and",    "wide", "over",  "old",  "stones",    "to", "sea",
        "\"",  "caf\u00e9", "\n",  "Stra\u00dfe", "\u6c34", "\\",   "under", "moon", "\U0001F30A"};
    Answer answer;
    answer.tokens.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::string& token = answer.tokens.emplace_back(i == 0 ? "" : " ");
        token += vocabulary[random_at(seed, i) % std::size(vocabulary)];
    }
    return answer;
}

BATON_DECL std::string Answer::text() const {
    std::string all;
    for (const std::string& token : tokens) all += token;
    return all;
}

BATON_DECL Reply Answer::reply(std::string_view requested_model) const {
    Reply reply;
    reply.id = id.empty() ? "answer-1" : id;
    reply.model = model.empty() ? std::string(requested_model) : model;
    if (!reasoning.empty() || !signature.empty()) {
        Part& part = reply.parts.emplace_back();
        part.kind = Part::Kind::thinking;
        for (const std::string& token : reasoning) part.text += token;
        if (!signature.empty()) part.detail.ensure().signature = signature;
    }
    if (!tokens.empty()) reply.parts.emplace_back(text());
    for (const ToolCall& call : tool_calls) {
        Part& part = reply.parts.emplace_back();
        part.kind = Part::Kind::tool_call;
        for (const std::string& fragment : call.arguments) part.text += fragment;
        part.detail.ensure().id = call.id;
        part.detail->name = call.name;
    }
    reply.stop = stop;
    if (stop == StopReason::unknown && stop_text.empty()) {
        reply.stop = tool_calls.empty() ? StopReason::stop : StopReason::tool_calls;
    }
    reply.stop_text = stop_text;
    reply.usage = usage;
    if (!usage.reported) {
        reply.usage.reported = true;
        reply.usage.input_tokens = 11;
        reply.usage.output_tokens = tokens.size() + tool_calls.size();
        reply.usage.reasoning_tokens = reasoning.size();
    }
    reply.seal();
    return reply;
}

} // namespace baton::testing
