// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/request_reader.hpp>

#include <chrono>

namespace baton::serve::detail {

BATON_DECL void RequestReader::keep(std::string_view key, std::string_view raw) {
    if (raw.empty()) return; // not JSON: the reader has failed
    if (extra_.empty()) {
        extra_ = '{';
    } else {
        extra_.back() = ',';
    }
    json::append_string(extra_, key);
    extra_.append(":").append(raw).append("}");
}

BATON_DECL bool RequestReader::first_time(std::string_view key) {
    if (seen_.emplace(key).second) return true;
    fail(std::string("the member '").append(key).append("' occurs twice"));
    return false;
}

BATON_DECL std::optional<Error> RequestReader::verdict() {
    if (!in.finish()) {
        const std::string at = std::to_string(in.offset());
        return Error(Errc::invalid_request, "the body is not a JSON object; see byte " + at);
    }
    if (!problem_.empty()) return Error(Errc::invalid_request, problem_);
    return std::nullopt;
}

BATON_DECL void append_one_line(std::string& out, std::string_view raw) {
    for (const char c : raw) out.push_back(c == '\n' || c == '\r' ? ' ' : c);
}

BATON_DECL bool split_data_url(std::string_view url, std::string& media_type, std::string& base64) {
    constexpr std::string_view scheme = "data:", encoding = ";base64,";
    if (!url.starts_with(scheme)) return false;
    const std::size_t comma = url.find(encoding);
    if (comma == std::string_view::npos || comma <= scheme.size()) return false;
    media_type = url.substr(scheme.size(), comma - scheme.size());
    base64 = url.substr(comma + encoding.size());
    return true;
}

BATON_DECL Part openai_image(std::string url, std::string_view detail) {
    std::string media_type, base64;
    Part part = split_data_url(url, media_type, base64) ? image_data(std::move(base64), std::move(media_type))
                                                        : image_url(std::move(url));
    if (!detail.empty()) {
        std::string value;
        json::append_string(value, detail);
        part.detail.ensure().vendor = "openai"; // both dialects have the word
        json::append_member(part.detail.ensure().extra, "detail", value);
    }
    return part;
}

BATON_DECL std::string_view object_or_empty(std::string_view raw) {
    json::Reader reader(raw);
    const bool object = reader.kind() == json::Reader::Kind::object && reader.skip() && reader.finish();
    return object ? raw : std::string_view("{}");
}

BATON_DECL std::int64_t unix_seconds(WallTime time) noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

} // namespace baton::serve::detail
