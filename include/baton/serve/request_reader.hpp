// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/error.hpp>
#include <baton/core/json.hpp>
#include <baton/core/message.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

/// What the dialects' request parsers have in common.
namespace baton::serve::detail {

/// Reads the members of a request's body and remembers the first thing that is wrong with it. A member
/// that is `null` counts as absent, as it does with the vendors.
class RequestReader {
public:
    explicit RequestReader(std::string_view body) : in(body) {}

    json::Reader in;

    void fail(std::string text) {
        if (problem_.empty()) problem_ = std::move(text);
    }
    void expected(std::string_view member, std::string_view what) {
        if (!in.failed()) fail(std::string("'").append(member).append("' must be ").append(what));
    }

    void text(std::string_view member, std::string& out) {
        out.clear();
        if (!in.append_string(out) && !in.null()) expected(member, "a string");
    }
    void flag(std::string_view member, bool& out) {
        if (!in.boolean(out) && !in.null()) expected(member, "true or false");
    }
    void number(std::string_view member, std::optional<double>& out) {
        double value = 0;
        if (in.number(value)) {
            out = value;
        } else if (!in.null()) {
            expected(member, "a number");
        }
    }
    void count(std::string_view member, std::optional<std::uint32_t>& out) {
        std::uint64_t value = 0;
        if (in.unsigned_integer(value) && value <= std::numeric_limits<std::uint32_t>::max()) {
            out = static_cast<std::uint32_t>(value);
        } else if (!in.null()) {
            expected(member, "a whole number, 0 or greater");
        }
    }
    /// One string or an array of them.
    void texts(std::string_view member, std::vector<std::string>& out) {
        std::string one;
        out.clear();
        if (in.append_string(one)) {
            out.push_back(std::move(one));
        } else if (!in.null() && !in.array([&] { text(member, out.emplace_back()); })) {
            expected(member, "a string or an array of strings");
        }
    }
    /// An object, each member handed to `on_member(key)`.
    template <class F>
    void object(std::string_view member, F&& on_member) {
        if (!in.object(on_member) && !in.null()) expected(member, "an object");
    }
    template <class F>
    void array(std::string_view member, F&& on_element) {
        if (!in.array(on_element) && !in.null()) expected(member, "an array");
    }

    /// What is wrong in a value that was read with a reader of its own is wrong in this one.
    void adopt(const RequestReader& inner) {
        if (!inner.problem_.empty()) fail(inner.problem_);
    }

    /// Keeps a member the dialect does not model, exactly as it came.
    void keep(std::string_view key) {
        if (const std::string_view raw = in.raw(); raw != "null") keep(key, raw);
    }
    BATON_DECL void keep(std::string_view key, std::string_view raw);

    /// False, and an error, if the body has this member twice: which one counts would differ from parser
    /// to parser, and with it what a guard sees and what a vendor does.
    BATON_DECL bool first_time(std::string_view key);

    /// The members kept so far as one JSON object; "" if there are none.
    std::string take_extra() { return std::move(extra_); }
    /// The verdict on the whole body, which must have been read.
    BATON_DECL std::optional<Error> verdict();

private:
    std::string problem_;
    std::string extra_;
    std::unordered_set<std::string> seen_;
};

/// Appends `raw` JSON with its line breaks, which can only be white space between tokens, made spaces.
BATON_DECL void append_one_line(std::string& out, std::string_view raw);

/// Takes "data:image/png;base64,AAAA" apart; false if `url` is not of that form.
BATON_DECL bool split_data_url(std::string_view url, std::string& media_type, std::string& base64);

/// An image of OpenAI's two dialects: a URL or data, and how closely to look at it ("": not said).
BATON_DECL Part openai_image(std::string url, std::string_view detail);

/// `raw` if it is a JSON object, else "{}": tool arguments where the dialect wants an object.
BATON_DECL std::string_view object_or_empty(std::string_view raw);

/// Seconds since 1970.
BATON_DECL std::int64_t unix_seconds(WallTime time) noexcept;

/// A part of a kind that needs details.
template <class Edit>
Part part(Part::Kind kind, std::string text, Edit&& edit) {
    Part::Detail detail;
    edit(detail);
    return Part(kind, std::move(text), std::move(detail));
}

} // namespace baton::serve::detail

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/serve/impl/request_reader.ipp>
#endif
