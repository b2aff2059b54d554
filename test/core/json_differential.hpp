// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

/// Compares json::Reader with Boost.JSON: the verdict and the value. Used by the unit test and the fuzzer.
namespace baton::test {

inline constexpr int json_depth = 64;

/// A tree built by reading everything through the public functions of the reader.
inline bool build(json::Reader& reader, boost::json::value& out) {
    using Kind = json::Reader::Kind;
    std::string scratch;
    switch (reader.kind()) {
    case Kind::object: {
        auto& members = out.emplace_object();
        bool built = true;
        const bool whole = reader.object([&](std::string_view key) {
            const std::string name(key); // the key does not survive the reading of the value
            boost::json::value member;
            built = build(reader, member) && built;
            members[name] = std::move(member);
        });
        return whole && built;
    }
    case Kind::array: {
        auto& elements = out.emplace_array();
        bool built = true;
        const bool whole = reader.array([&] {
            boost::json::value element;
            built = build(reader, element) && built;
            elements.push_back(std::move(element));
        });
        return whole && built;
    }
    case Kind::string: {
        std::string_view text;
        if (!reader.string(text, scratch)) return false;
        out = boost::json::string(text);
        return true;
    }
    case Kind::number: {
        std::int64_t whole = 0;
        std::uint64_t large = 0;
        double real = 0;
        if (reader.integer(whole)) {
            out = whole;
        } else if (reader.unsigned_integer(large)) {
            out = large;
        } else if (reader.number(real)) {
            out = real;
        } else {
            out = std::numeric_limits<double>::infinity();
            return reader.skip(); // beyond double, or malformed
        }
        return true;
    }
    case Kind::boolean: {
        bool truth = false;
        if (!reader.boolean(truth)) return reader.skip();
        out = truth;
        return true;
    }
    case Kind::null: out = nullptr; return reader.null() || reader.skip();
    case Kind::end:
    case Kind::bad: return reader.skip(); // false, and the error is noted
    }
    return false;
}

/// Boost.JSON refuses an escaped surrogate without its partner where the reader gives U+FFFD: this says
/// U+FFFD in the text already. A backslash outside a string is an error before and after.
inline std::string repair_surrogates(std::string_view text) {
    std::string out(text);
    const auto code = [&](std::size_t at) -> int {
        if (at + 6 > out.size() || out[at] != '\\' || out[at + 1] != 'u') return -1;
        const std::string digits = out.substr(at + 2, 4);
        if (digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos) return -1;
        return std::stoi(digits, nullptr, 16);
    };
    for (std::size_t at = 0; at < out.size();) {
        if (out[at] != '\\') {
            ++at;
            continue;
        }
        const int first = code(at);
        const int second = code(at + 6);
        if (first >= 0xD800 && first < 0xDC00 && second >= 0xDC00 && second < 0xE000) {
            at += 12;
        } else if (first >= 0xD800 && first < 0xE000) {
            out.replace(at + 2, 4, "fffd");
            at += 6;
        } else {
            at += 2;
        }
    }
    return out;
}

inline bool same(const boost::json::value& ours, const boost::json::value& theirs) {
    if (ours.is_number() && theirs.is_number()) {
        if (!theirs.is_double() || !ours.is_double()) {
            if (!theirs.is_double()) return ours == theirs; // whole numbers are exact
            // The reader also takes 3.0 for a whole number.
            const double value = ours.is_int64() ? static_cast<double>(ours.get_int64())
                                                 : static_cast<double>(ours.get_uint64());
            return std::abs(value - theirs.get_double()) <= std::abs(value) * 1e-15;
        }
        const double a = ours.get_double();
        const double b = theirs.get_double();
        if (std::isnan(b)) return a == 0; // Boost.JSON 1.81 computes 0e400 as 0 * inf
        // Boost.JSON 1.81 does not round to the nearest double; near the ends of the range it is further off.
        return a == b || std::abs(a - b) <= std::abs(a) * 1e-14 ||
               (std::abs(a) < 1e-300 && std::abs(b) < 1e-300) || (std::abs(a) > 1e307 && std::abs(b) > 1e307);
    }
    if (ours.kind() != theirs.kind()) return false;
    if (ours.is_object()) {
        if (ours.get_object().size() != theirs.get_object().size()) return false;
        for (const auto& member : ours.get_object()) {
            const auto* other = theirs.get_object().if_contains(member.key());
            if (other == nullptr || !same(member.value(), *other)) return false;
        }
        return true;
    }
    if (ours.is_array()) {
        if (ours.get_array().size() != theirs.get_array().size()) return false;
        for (std::size_t i = 0; i < ours.get_array().size(); ++i) {
            if (!same(ours.get_array()[i], theirs.get_array()[i])) return false;
        }
        return true;
    }
    return ours == theirs;
}

enum class Verdict { accepted, rejected, different };

/// Reads `text` in every way and compares; `why` says what differed.
inline Verdict compare(std::string_view given, std::string& why) {
    // Memory of exactly its size, so that the address sanitizer sees each byte read behind it.
    const auto memory = std::make_unique<char[]>(given.size());
    given.copy(memory.get(), given.size());
    const std::string_view text(memory.get(), given.size());
    boost::json::parse_options options;
    options.max_depth = json_depth;
    boost::json::error_code error;
    const auto theirs = boost::json::parse(repair_surrogates(text), error, {}, options);
    const auto different = [&](const char* what) {
        why = what;
        return Verdict::different;
    };

    json::Reader building(text, json_depth);
    boost::json::value ours;
    const bool built = build(building, ours) && building.finish();
    if (built == building.failed()) return different("failed() contradicts the result");
    if (building.offset() > text.size()) return different("offset behind the text");

    json::Reader skipping(text, json_depth);
    if ((skipping.skip() && skipping.finish()) != built) return different("skip() and reading disagree");
    if (!built && skipping.offset() != building.offset()) return different("skip() errs at another place");

    json::Reader raw(text, json_depth);
    const std::string_view whole = raw.raw();
    if (raw.finish() != built) return different("raw() and reading disagree");
    if (built) {
        const auto first = text.find_first_not_of(" \t\r\n");
        const auto last = text.find_last_not_of(" \t\r\n");
        if (whole != text.substr(first, last - first + 1)) return different("raw() is not the value's text");
    }

    json::Reader ignoring(text, json_depth);
    std::size_t members = 0;
    const bool object = ignoring.object([&](std::string_view) {
        ++members;
        ignoring.kind(); // a look is not a consumption
    });
    if (object != ours.is_object() && built) return different("object() and kind() disagree");
    if (!object && !ignoring.failed()) ignoring.skip();
    if (ignoring.finish() != built) return different("ignored members are not validated");

    json::Reader appending(text, json_depth);
    std::string decoded = "x";
    if (appending.append_string(decoded) && built && decoded != "x" + std::string(ours.as_string())) {
        return different("append_string() and string() disagree");
    }

    // A limit of Boost.JSON, not of the grammar.
    if (error == boost::json::error::exponent_overflow) return built ? Verdict::accepted : Verdict::rejected;
    if (built != !error)
        return different(built ? "accepted, refused by Boost.JSON" : "refused, accepted by Boost.JSON");
    if (!built) return Verdict::rejected;
    return same(ours, theirs) ? Verdict::accepted : different("another value");
}

} // namespace baton::test
