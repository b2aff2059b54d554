// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/core/utf8.hpp>

#include <charconv>
#include <cmath>

namespace baton::json {
namespace detail {

inline void append_escape(std::string& out, unsigned char byte) {
    char short_form = 0;
    switch (byte) {
    case '"': short_form = '"'; break;
    case '\\': short_form = '\\'; break;
    case '\b': short_form = 'b'; break;
    case '\f': short_form = 'f'; break;
    case '\n': short_form = 'n'; break;
    case '\r': short_form = 'r'; break;
    case '\t': short_form = 't'; break;
    default: break;
    }
    if (short_form != 0) {
        const char text[] = {'\\', short_form};
        out.append(text, sizeof text);
    } else {
        constexpr char digits[] = "0123456789abcdef";
        const char text[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        out.append(text, sizeof text);
    }
}

enum class Surrogate : unsigned char { none, leading, trailing };

/// Of the escape that `json` begins with.
inline Surrogate surrogate(std::string_view json) noexcept {
    if (json.size() < 6 || json[0] != '\\' || json[1] != 'u' || (json[2] != 'd' && json[2] != 'D'))
        return Surrogate::none;
    switch (json[3]) {
    case '8':
    case '9':
    case 'a':
    case 'A':
    case 'b':
    case 'B': return Surrogate::leading;
    case 'c':
    case 'C':
    case 'd':
    case 'D':
    case 'e':
    case 'E':
    case 'f':
    case 'F': return Surrogate::trailing;
    default: return Surrogate::none;
    }
}

} // namespace detail

BATON_DECL void append_string(std::string& out, std::string_view text) {
    using baton::detail::find;
    using baton::detail::JsonSpecial;
    out.push_back('"');
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* copied = begin; // what lies between here and `at` goes out as it is
    const char* at = begin;
    while ((at = find<JsonSpecial>(begin, at, end)) != end) {
        do {
            const auto byte = static_cast<unsigned char>(*at);
            if (byte < 0x80) {
                out.append(copied, static_cast<std::size_t>(at - copied));
                detail::append_escape(out, byte);
                copied = ++at;
            } else {
                const utf8::Sequence next = utf8::sequence(at, end);
                if (!next.valid) {
                    out.append(copied, static_cast<std::size_t>(at - copied));
                    out.append(utf8::replacement);
                    copied = at + next.length;
                }
                at += next.length;
            }
        } while (at != end && JsonSpecial::has(static_cast<unsigned char>(*at)));
    }
    out.append(copied, static_cast<std::size_t>(end - copied));
    out.push_back('"');
}

BATON_DECL void append_json(std::string& out, std::string_view json) {
    using detail::Surrogate;
    std::size_t copied = 0; // what lies between here and `at` goes out as it is
    for (std::size_t at = json.find('\\'); at != json.npos; at = json.find('\\', at)) {
        const Surrogate half = detail::surrogate(json.substr(at));
        if (half == Surrogate::none) {
            at += 2; // the backslash and what it escapes, which may be a backslash
        } else if (half == Surrogate::leading &&
                   detail::surrogate(json.substr(at + 6)) == Surrogate::trailing) {
            at += 12;
        } else {
            out.append(json.substr(copied, at - copied)).append("\\ufffd");
            copied = at += 6;
        }
    }
    out.append(json.substr(copied));
}

BATON_DECL Writer& Writer::number(double value) {
    if (!std::isfinite(value)) return null();
    char text[32]; // the longest shortest form is -2.2250738585072014e-308
    const auto done = std::to_chars(text, text + sizeof text, value);
    return plain({text, static_cast<std::size_t>(done.ptr - text)});
}

BATON_DECL Writer& Writer::integer(std::uint64_t magnitude, bool negative) {
    char text[21]; // a sign and 20 digits
    char* start = text;
    if (negative) *start++ = '-';
    const auto done = std::to_chars(start, text + sizeof text, magnitude);
    return plain({text, static_cast<std::size_t>(done.ptr - text)});
}

} // namespace baton::json
