// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/impl/hint.ipp> // its helpers
#include <baton/wire/rate_headers.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace baton::wire {
namespace detail {

/// The windows named so far: a vendor's dimension and span each, e.g. tokens and "minute".
class RateWindows {
public:
    enum class Kind : unsigned char { requests, tokens, input_tokens, output_tokens };

    /// nullptr when there are more than any vendor has.
    RateWindow* at(Kind kind, std::string_view span) noexcept {
        for (std::size_t i = 0; i < size_; ++i) {
            if (slots_[i].kind == kind && iequals(slots_[i].span, span)) return &slots_[i].window;
        }
        if (size_ == slots_.size()) return nullptr;
        slots_[size_] = {kind, span, {}};
        return &slots_[size_++].window;
    }

    /// Of each kind the window with the least left; if none says what is left, the first.
    RateHeaders choose() const noexcept {
        RateHeaders out;
        for (std::size_t i = 0; i < size_; ++i) {
            RateWindow& chosen = member(out, slots_[i].kind);
            const RateWindow& window = slots_[i].window;
            const bool less =
                window.remaining && (!chosen.remaining || *window.remaining < *chosen.remaining ||
                                     (*window.remaining == *chosen.remaining && window.reset > chosen.reset));
            if (!chosen || less) chosen = window;
        }
        return out;
    }

private:
    struct Slot {
        Kind kind = Kind::requests;
        std::string_view span;
        RateWindow window;
    };

    static RateWindow& member(RateHeaders& headers, Kind kind) noexcept {
        switch (kind) {
        case Kind::tokens: return headers.tokens;
        case Kind::input_tokens: return headers.input_tokens;
        case Kind::output_tokens: return headers.output_tokens;
        default: return headers.requests;
        }
    }

    std::array<Slot, 16> slots_{};
    std::size_t size_ = 0;
};

/// Takes `prefix` off the front of `text`, letter case ignored.
inline bool take_prefix(std::string_view& text, std::string_view prefix) noexcept {
    if (text.size() < prefix.size() || !iequals(text.substr(0, prefix.size()), prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

inline std::optional<std::int64_t> rate_count(std::string_view value) noexcept {
    value = trim(value);
    const auto number = take_number(value);
    if (!number || !value.empty() || !(*number >= 0)) return std::nullopt;
    return *number < 9e18 ? static_cast<std::int64_t>(*number) : std::int64_t{9'000'000'000'000'000'000};
}

enum class RatePart : unsigned char { none, limit, remaining, reset };

/// Takes "limit", "remaining" or "reset" off the front of `name`: the whole of it, or up to a dash.
inline RatePart take_part(std::string_view& name) noexcept {
    std::string_view rest = name;
    RatePart part = RatePart::none;
    if (take_prefix(rest, "limit")) {
        part = RatePart::limit;
    } else if (take_prefix(rest, "remaining")) {
        part = RatePart::remaining;
    } else if (take_prefix(rest, "reset")) {
        part = RatePart::reset;
    }
    if (part == RatePart::none || (!rest.empty() && !rest.starts_with('-'))) return RatePart::none;
    name = rest;
    return part;
}

inline void set_part(RateWindow* window, RatePart part, std::string_view value, WallTime now) {
    if (window == nullptr) return;
    switch (part) {
    case RatePart::limit: window->limit = rate_count(value); break;
    case RatePart::remaining: window->remaining = rate_count(value); break;
    case RatePart::reset: window->reset = reset_value(value, now); break;
    case RatePart::none: break;
    }
}

/// "", "-minute", "-10-second": nothing but a span of time.
inline bool is_span_suffix(std::string_view text) noexcept {
    if (text.empty()) return true;
    const std::size_t dash = text.rfind('-');
    if (dash == std::string_view::npos || text[0] != '-') return false;
    for (const char c : text.substr(0, dash)) {
        if (c != '-' && (c < '0' || c > '9')) return false;
    }
    const std::string_view unit = text.substr(dash + 1);
    for (const std::string_view known : {"second", "minute", "hour", "day", "week", "month"}) {
        if (iequals(unit, known)) return true;
    }
    return false;
}

/// The dimension behind a part: "-tokens-minute" is tokens and "-minute"; nothing at all is requests.
inline std::optional<RateWindows::Kind> take_dimension(std::string_view& rest) noexcept {
    using Kind = RateWindows::Kind;
    if (rest.empty() || is_span_suffix(rest)) return Kind::requests;
    constexpr struct {
        std::string_view name;
        Kind kind;
    } names[] = {{"-requests", Kind::requests},
                 {"-req", Kind::requests},
                 {"-tokens", Kind::tokens},
                 {"-input-tokens", Kind::input_tokens},
                 {"-output-tokens", Kind::output_tokens}};
    for (const auto& [name, kind] : names) {
        std::string_view suffix = rest;
        if (!take_prefix(suffix, name) || !is_span_suffix(suffix)) continue;
        rest = suffix;
        return kind;
    }
    return std::nullopt;
}

/// "anthropic-ratelimit-" is off already.
inline void read_anthropic(std::string_view name, std::string_view value, WallTime now,
                           RateWindows& windows) {
    using Kind = RateWindows::Kind;
    constexpr struct {
        std::string_view name;
        Kind kind;
    } names[] = {{"requests-", Kind::requests},
                 {"tokens-", Kind::tokens},
                 {"input-tokens-", Kind::input_tokens},
                 {"output-tokens-", Kind::output_tokens}};
    for (const auto& [prefix, kind] : names) {
        std::string_view rest = name;
        if (!take_prefix(rest, prefix)) continue;
        const RatePart part = take_part(rest);
        if (part != RatePart::none && rest.empty()) set_part(windows.at(kind, ""), part, value, now);
        return;
    }
}

/// A list of `"name";r=492;t=86` or `"name";q=500;w=300`.
inline void read_ratelimit(std::string_view value, WallTime now, RateWindows& windows) {
    for_each_part(value, ',', [&](std::string_view item) {
        std::string_view name;
        RateWindow* window = nullptr;
        for_each_part(item, ';', [&](std::string_view field) {
            if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
                name = field; // the last one: a policy may say its kind first
                return;
            }
            if (field.size() < 3 || field[1] != '=') return;
            const RatePart part = field[0] == 'r'   ? RatePart::remaining
                                  : field[0] == 'q' ? RatePart::limit
                                  : field[0] == 't' ? RatePart::reset
                                                    : RatePart::none;
            if (part == RatePart::none) return;
            if (window == nullptr) window = windows.at(RateWindows::Kind::requests, name);
            set_part(window, part, field.substr(2), now);
        });
    });
}

} // namespace detail

BATON_DECL RateHeaders parse_rate_headers(Headers headers, WallTime now) {
    // most answers of most vendors have none, and every answer is looked at
    const auto may_be = [](std::string_view name) noexcept {
        if (name.size() < 9) return false; // "ratelimit"
        const char first = static_cast<char>(name[0] | 0x20);
        return first == 'x' || first == 'r' || (first == 'a' && name.size() > 20); // "anthropic-ratelimit-"
    };
    if (std::none_of(headers.begin(), headers.end(), [&](const auto& field) { return may_be(field.name); }))
        return {};
    detail::RateWindows windows;
    for (const HeaderField& field : headers) {
        std::string_view name = field.name;
        if (!may_be(name)) continue;
        if (detail::take_prefix(name, "anthropic-ratelimit-")) {
            detail::read_anthropic(name, field.value, now, windows);
            continue;
        }
        if (iequals(name, "ratelimit") || iequals(name, "ratelimit-policy")) {
            detail::read_ratelimit(field.value, now, windows);
            continue;
        }
        const bool prefixed = detail::take_prefix(name, "x-");
        if (detail::take_prefix(name, "ratelimitbysize-")) {
            const detail::RatePart part = detail::take_part(name);
            if (part != detail::RatePart::none && detail::is_span_suffix(name)) {
                // the bare form has the reset of the minute's window
                if (name.empty()) name = "-minute";
                detail::set_part(windows.at(detail::RateWindows::Kind::tokens, name), part, field.value, now);
            }
        } else if (prefixed && detail::take_prefix(name, "ratelimit-")) {
            const detail::RatePart part = detail::take_part(name);
            if (part == detail::RatePart::none) continue;
            if (const auto kind = detail::take_dimension(name)) {
                detail::set_part(windows.at(*kind, name), part, field.value, now);
            }
        }
    }
    return windows.choose();
}

} // namespace baton::wire
