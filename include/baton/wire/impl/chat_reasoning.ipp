// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/wire/chat_reasoning.hpp>

#include <utility>

namespace baton::wire {

BATON_DECL void ChatReasoningDetails::add(std::string_view array) {
    json::Reader reader(array);
    reader.array([&] { element(reader.raw()); });
}

BATON_DECL void ChatReasoningDetails::element(std::string_view json) {
    std::string_view text_member, text, signature; // text and signature: with their quotes
    candidate_.clear();
    json::Reader reader(json);
    const bool object = reader.object([&](std::string_view key) {
        const std::string_view value = reader.raw();
        const bool quoted = value.starts_with('"');
        if (quoted && (json::is(key, "text") || json::is(key, "summary"))) {
            text_member = key.front() == 't' ? std::string_view("text") : std::string_view("summary");
            text = value;
        } else if (json::is(key, "signature")) {
            if (quoted && value.size() > 2) signature = value;
        } else {
            if (!candidate_.empty()) candidate_ += ',';
            json::append_string(candidate_, key);
            candidate_.append(":").append(value);
        }
    });
    const bool goes_on = open_ && candidate_ == head_;
    if (!object || (text.empty() && !(goes_on && !signature.empty()))) { // encrypted, or unknown: whole
        close();
        json_.append(json_.empty() ? "[" : ",").append(json);
        return;
    }
    if (!goes_on) {
        close();
        json_.append(json_.empty() ? "[{" : ",{").append(candidate_);
        if (!candidate_.empty()) json_ += ',';
        json_.append("\"").append(text_member).append("\":\"");
        head_ = candidate_;
        open_ = true;
    }
    // escapes never span pieces, so what is between the quotes can be joined as it is
    if (text.size() > 2) json_.append(text.substr(1, text.size() - 2));
    if (!signature.empty()) signature_ = signature;
}

BATON_DECL void ChatReasoningDetails::close() {
    if (!open_) return;
    json_ += '"';
    if (!signature_.empty()) json_.append(",\"signature\":").append(signature_);
    json_ += '}';
    signature_.clear();
    open_ = false;
}

BATON_DECL std::string ChatReasoningDetails::take() {
    close();
    if (!json_.empty()) json_ += ']';
    return std::exchange(json_, std::string());
}

} // namespace baton::wire
