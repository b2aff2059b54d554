// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/hint.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>

namespace baton::wire {
namespace detail {

inline constexpr Duration century = std::chrono::hours(24 * 36525);

inline std::string_view trim(std::string_view text) noexcept {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Takes a decimal number (no "inf", no "nan") off the front of `text`.
inline std::optional<double> take_number(std::string_view& text) noexcept {
    std::size_t end = 0;
    bool digits = false;
    for (; end < text.size(); ++end) {
        const char c = text[end];
        if (c >= '0' && c <= '9') {
            digits = true;
        } else if (c == '-' || c == '+') {
            if (end != 0 && text[end - 1] != 'e' && text[end - 1] != 'E') break;
        } else if (c == 'e' || c == 'E') {
            // an exponent only if a number follows: "5e" is 5 and a stray letter
            const std::string_view rest = text.substr(end + 1);
            const std::size_t sign = !rest.empty() && (rest[0] == '-' || rest[0] == '+');
            if (!digits || rest.size() <= sign || rest[sign] < '0' || rest[sign] > '9') break;
        } else if (c != '.') {
            break;
        }
    }
    if (!digits) return std::nullopt;
    const char* first = text.data();
    const char* const last = first + end;
    if (*first == '+') ++first;
    double value = 0;
    const auto done = std::from_chars(first, last, value);
    if (done.ec != std::errc{} || done.ptr == first) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(done.ptr - text.data()));
    return value;
}

/// Seconds as a Duration, a century at most; nullopt for what is not finite.
inline std::optional<Duration> seconds(double value) noexcept {
    if (!std::isfinite(value)) return std::nullopt;
    constexpr double limit = std::chrono::duration<double>(century).count();
    if (value >= limit) return century;
    if (value <= -limit) return -century;
    return Duration(static_cast<Duration::rep>(std::llround(value * 1e9)));
}

inline std::optional<Duration> positive(std::optional<Duration> span) noexcept {
    return span && *span > Duration::zero() ? span : std::nullopt;
}

inline std::optional<Duration> until(std::optional<WallTime> then, WallTime now) noexcept {
    if (!then) return std::nullopt;
    using Seconds = std::chrono::duration<double>;
    // in floating point: the difference of two far dates in nanoseconds can overflow
    return positive(seconds((Seconds(then->time_since_epoch()) - Seconds(now.time_since_epoch())).count()));
}

/// `value` is a whole number of `factor` seconds.
inline std::optional<Duration> whole_number(std::string_view value, double factor) noexcept {
    value = trim(value);
    const auto number = take_number(value);
    if (!number || !value.empty()) return std::nullopt;
    return positive(seconds(*number * factor));
}

/// Digits of fixed width; -1 if there are none.
inline int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
    if (text.size() < at + count) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

inline std::optional<WallTime> civil(int year, int month, int day, int hour, int minute,
                                     int second) noexcept {
    namespace chr = std::chrono;
    const chr::year_month_day date{chr::year(year), chr::month(static_cast<unsigned>(month)),
                                   chr::day(static_cast<unsigned>(day))};
    // years outside this range do not fit a nanosecond clock
    if (year < 1900 || year > 2200 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60) {
        return std::nullopt;
    }
    return chr::sys_days(date) + chr::hours(hour) + chr::minutes(minute) + chr::seconds(second);
}

inline int month_number(std::string_view text) noexcept {
    constexpr std::string_view names = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() != 3) return -1;
    const std::size_t at = names.find(text);
    return at == std::string_view::npos || at % 3 != 0 ? -1 : static_cast<int>(at / 3) + 1;
}

/// "08:49:37" at `at`, joined with a date.
inline std::optional<WallTime> at_clock(std::string_view text, std::size_t at, int year, int month,
                                        int day) noexcept {
    if (text.size() < at + 8 || text[at + 2] != ':' || text[at + 5] != ':') return std::nullopt;
    return civil(year, month, day, digits(text, at, 2), digits(text, at + 3, 2), digits(text, at + 6, 2));
}

/// Where `needle` (lower case, not empty) occurs in `text`, letter case ignored, from `from` on.
inline std::size_t find_folded(std::string_view text, std::string_view needle,
                               std::size_t from = 0) noexcept {
    const char lower = needle.front();
    const char upper = lower >= 'a' && lower <= 'z' ? static_cast<char>(lower - 32) : lower;
    for (std::size_t i = from; i + needle.size() <= text.size(); ++i) {
        // asked first: few letters of a message begin one of the dozens of phrases looked for in it
        if (text[i] != lower && text[i] != upper) continue;
        if (iequals(text.substr(i, needle.size()), needle)) return i;
    }
    return std::string_view::npos;
}

inline std::optional<Duration> body_delay(std::string_view body) {
    constexpr std::string_view key = "retryDelay";
    for (std::size_t at = body.find(key); at != std::string_view::npos; at = body.find(key, at + 1)) {
        // also inside a JSON text that is itself a JSON string: \"retryDelay\": \"34s\"
        const std::size_t value = body.find_first_not_of("\\\": \t\r\n", at + key.size());
        if (value == std::string_view::npos) break;
        if (const auto span = positive(parse_span(body.substr(value)))) return span;
    }
    return std::nullopt;
}

inline std::optional<Duration> prose_delay(std::string_view body) {
    constexpr std::string_view leads[] = {"try again in ", "retry in ", "retry after ", "retrying in "};
    for (std::string_view lead : leads) {
        for (std::size_t at = find_folded(body, lead); at != std::string_view::npos;
             at = find_folded(body, lead, at + 1)) {
            if (const auto span = positive(parse_span(body.substr(at + lead.size())))) return span;
        }
    }
    return std::nullopt;
}

/// A reset header's value: a span, a count of seconds, a moment since the epoch, or a timestamp.
inline std::optional<Duration> reset_value(std::string_view value, WallTime now) {
    value = trim(value);
    if (const auto span = parse_span(value)) return positive(span);
    std::string_view rest = value;
    if (const auto number = take_number(rest); number && rest.empty()) {
        // no vendor asks to wait for 30 years: such numbers are dates, in seconds or milliseconds
        const double epoch = *number >= 1e12 ? *number / 1e3 : *number >= 1e9 ? *number : 0;
        if (epoch == 0) return positive(seconds(*number));
        return positive(seconds(epoch - std::chrono::duration<double>(now.time_since_epoch()).count()));
    }
    return until(parse_rfc3339(value), now);
}

inline bool used_up(std::string_view remaining) noexcept {
    remaining = trim(remaining);
    const auto number = take_number(remaining);
    return number && remaining.empty() && *number <= 0;
}

/// Calls `each` with the parts of `text` between separators, without the blanks around them.
template <class Each>
void for_each_part(std::string_view text, char separator, Each each) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        each(trim(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/// `ratelimit: "api";r=0;t=55` of draft-ietf-httpapi-ratelimit-headers: of the policies with nothing left,
/// the latest reset.
inline std::optional<Duration> policies_delay(std::string_view value, WallTime now) {
    std::optional<Duration> latest;
    for_each_part(value, ',', [&](std::string_view policy) {
        bool none_left = false;
        std::optional<Duration> reset;
        for_each_part(policy, ';', [&](std::string_view field) {
            if (field.starts_with("r=")) none_left = used_up(field.substr(2));
            if (field.starts_with("t=")) reset = reset_value(field.substr(2), now);
        });
        if (none_left && reset && (!latest || *reset > *latest)) latest = reset;
    });
    return latest;
}

inline std::optional<Duration> reset_delay(Headers headers, WallTime now) {
    constexpr std::string_view reset = "reset";
    std::optional<Duration> latest;
    std::string twin; // the header that says how much of the same dimension is left
    for (const HeaderField& field : headers) {
        const std::string_view name = field.name;
        std::optional<Duration> span;
        if (iequals(name, "ratelimit")) {
            span = policies_delay(field.value, now);
        } else if (find_folded(name, "ratelimit") != std::string_view::npos) {
            const std::size_t at = find_folded(name, reset);
            if (at == std::string_view::npos) continue;
            twin.assign(name.substr(0, at)).append("remaining").append(name.substr(at + reset.size()));
            if (used_up(headers.get(twin))) span = reset_value(field.value, now);
        }
        if (span && (!latest || *span > *latest)) latest = span;
    }
    return latest;
}

} // namespace detail

BATON_DECL std::optional<Duration> parse_span(std::string_view text) {
    struct Unit {
        std::string_view name;
        double seconds;
    };
    // longer names first, so that "ms" is not read as minutes
    constexpr Unit units[] = {{"milliseconds", 1e-3},
                              {"millisecond", 1e-3},
                              {"seconds", 1},
                              {"second", 1},
                              {"minutes", 60},
                              {"minute", 60},
                              {"hours", 3600},
                              {"hour", 3600},
                              {"days", 86400},
                              {"day", 86400},
                              {"secs", 1},
                              {"sec", 1},
                              {"mins", 60},
                              {"min", 60},
                              {"hrs", 3600},
                              {"hr", 3600},
                              {"ms", 1e-3},
                              {"us", 1e-6},
                              {"\xC2\xB5s", 1e-6},
                              {"ns", 1e-9},
                              {"s", 1},
                              {"m", 60},
                              {"h", 3600},
                              {"d", 86400}};
    double total = 0;
    bool any = false;
    for (;;) {
        std::string_view rest = text;
        if (any) {
            while (rest.starts_with(' ')) rest.remove_prefix(1); // "1 minute 5 seconds"
        }
        const auto number = detail::take_number(rest);
        if (!number) break;
        while (rest.starts_with(' ')) rest.remove_prefix(1);
        const Unit* unit = nullptr;
        for (const Unit& candidate : units) {
            const std::size_t size = candidate.name.size();
            if (rest.size() < size || !iequals(rest.substr(0, size), candidate.name)) continue;
            // the name must be a whole word, or the next number's digits: "6m0s" but not "6 messages"
            const char next = rest.size() > size ? rest[size] : ' ';
            if ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')) continue;
            unit = &candidate;
            rest.remove_prefix(size);
            break;
        }
        if (unit == nullptr) break;
        total += *number * unit->seconds;
        any = true;
        text = rest;
    }
    if (!any) return std::nullopt;
    return detail::seconds(total);
}

BATON_DECL std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
    text = detail::trim(text);
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos) { // asctime: "Sun Nov  6 08:49:37 1994"
        if (text.size() != 24) return std::nullopt;
        const int day = text[8] == ' ' ? detail::digits(text, 9, 1) : detail::digits(text, 8, 2);
        return detail::at_clock(text, 11, detail::digits(text, 20, 4),
                                detail::month_number(text.substr(4, 3)), day);
    }
    std::string_view rest = detail::trim(text.substr(comma + 1));
    if (!rest.ends_with(" GMT") && !rest.ends_with(" UTC")) return std::nullopt;
    if (rest.size() == 24) { // IMF-fixdate: "06 Nov 1994 08:49:37 GMT"
        return detail::at_clock(rest, 12, detail::digits(rest, 7, 4), detail::month_number(rest.substr(3, 3)),
                                detail::digits(rest, 0, 2));
    }
    if (rest.size() == 22 && rest[2] == '-' && rest[6] == '-') { // RFC 850: "06-Nov-94 08:49:37 GMT"
        const int two = detail::digits(rest, 7, 2);
        if (two < 0) return std::nullopt;
        namespace chr = std::chrono;
        const int current = static_cast<int>(chr::year_month_day(chr::floor<chr::days>(now)).year());
        // RFC 9110: a date that seems more than 50 years ahead is the past one with the same digits
        int year = current - current % 100 + two;
        if (year > current + 50) year -= 100;
        return detail::at_clock(rest, 10, year, detail::month_number(rest.substr(3, 3)),
                                detail::digits(rest, 0, 2));
    }
    return std::nullopt;
}

BATON_DECL std::optional<WallTime> parse_rfc3339(std::string_view text) {
    text = detail::trim(text);
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
        (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) {
        return std::nullopt;
    }
    auto moment = detail::at_clock(text, 11, detail::digits(text, 0, 4), detail::digits(text, 5, 2),
                                   detail::digits(text, 8, 2));
    if (!moment) return std::nullopt;
    std::string_view rest = text.substr(19);
    if (rest.starts_with('.')) {
        double fraction = 0, weight = 0.1;
        rest.remove_prefix(1);
        if (rest.empty() || rest[0] < '0' || rest[0] > '9') return std::nullopt;
        for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; rest.remove_prefix(1), weight /= 10) {
            fraction += (rest[0] - '0') * weight;
        }
        *moment += std::chrono::duration_cast<WallTime::duration>(std::chrono::duration<double>(fraction));
    }
    if (rest == "Z" || rest == "z") return moment;
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const int hours = detail::digits(rest, 1, 2), minutes = detail::digits(rest, 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return rest[0] == '+' ? *moment - offset : *moment + offset;
}

BATON_DECL std::optional<Duration> retry_hint(Headers headers, std::string_view body, WallTime now) {
    if (auto span = detail::whole_number(headers.get("retry-after-ms"), 1e-3)) return span;
    const std::string_view after = headers.get("retry-after");
    if (auto span = detail::whole_number(after, 1)) return span;
    if (auto span = detail::until(parse_http_date(after, now), now)) return span;
    if (auto span = detail::body_delay(body)) return span;
    if (auto span = detail::prose_delay(body)) return span;
    return detail::reset_delay(headers, now);
}

BATON_DECL std::optional<bool> should_retry(Headers headers) {
    const std::string_view verdict = detail::trim(headers.get("x-should-retry"));
    if (iequals(verdict, "true")) return true;
    if (iequals(verdict, "false")) return false;
    return std::nullopt;
}

} // namespace baton::wire
