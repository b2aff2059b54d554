// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "key_limits.hpp"

#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

// What is left of a key's limits, as header lines in the words of each dialect.
namespace gateway {

/// "6m0s", "1s", "20ms": as OpenAI writes how long it takes.
inline std::string short_duration(nanoseconds time) {
    const std::int64_t ms =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(time, nanoseconds(0))).count();
    if (ms < 1000) return std::to_string(ms) + "ms";
    const std::int64_t seconds = (ms + 999) / 1000, minutes = seconds / 60, hours = minutes / 60;
    std::string text = std::to_string(seconds % 60) + "s";
    if (minutes > 0) text.insert(0, std::to_string(minutes % 60) + "m");
    if (hours > 0) text.insert(0, std::to_string(hours) + "h");
    return text;
}

/// RFC 3339, UTC, whole seconds rounded up.
inline std::string date_and_time(baton::WallTime time) {
    const std::time_t seconds = std::chrono::ceil<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/// `ahead`: how far the rate's level is in front of now.
inline void write_openai_rate(std::string_view what, const Rate& rate, nanoseconds ahead, baton::WallTime,
                              std::string& out) {
    const auto line = [&](const char* which, const std::string& value) {
        out.append("x-ratelimit-")
            .append(which)
            .append("-")
            .append(what)
            .append(": ")
            .append(value)
            .append("\r\n");
    };
    line("limit", std::to_string(static_cast<std::int64_t>(rate.per_minute)));
    line("remaining", std::to_string(rate.left(ahead)));
    line("reset", short_duration(ahead));
}

inline void write_anthropic_rate(std::string_view what, const Rate& rate, nanoseconds ahead,
                                 baton::WallTime now, std::string& out) {
    const auto line = [&](const char* which, const std::string& value) {
        out.append("anthropic-ratelimit-")
            .append(what)
            .append("-")
            .append(which)
            .append(": ")
            .append(value)
            .append("\r\n");
    };
    line("limit", std::to_string(static_cast<std::int64_t>(rate.per_minute)));
    line("remaining", std::to_string(rate.left(ahead)));
    line("reset", date_and_time(now + std::max(ahead, nanoseconds(0))));
}

} // namespace gateway
