// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/scan.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::json {

/// `key == "literal"`, compiled to a length check and a few word comparisons (no call of memcmp).
template <std::size_t N>
constexpr bool is(std::string_view key, const char (&literal)[N]) noexcept {
    return key.size() == N - 1 && std::char_traits<char>::compare(key.data(), literal, N - 1) == 0;
}

/// Reads one complete JSON text from front to back without building a tree. Nothing is copied except
/// strings that hold escapes, and nothing is believed: every byte that is passed is validated, read or
/// skipped alike, exactly as RFC 8259 says, including UTF-8. The one leniency: an escaped surrogate
/// without its partner (`\ud800`) reads as U+FFFD, because vendors cut text between the two halves and
/// one broken emoji must not cost a whole delta. Duplicate keys are reported each time they occur.
///
/// A syntax error is sticky: from then on every function returns false (kind() says `bad`), so checking
/// finish() once at the end is enough. A value of an unexpected kind is no error: the function returns
/// false, the value stays unconsumed, and object() and array() skip it.
///
/// The text must outlive the reader and the views it gave. Not thread-safe.
class Reader {
public:
    enum class Kind : unsigned char { object, array, string, number, boolean, null, end, bad };

    /// `max_depth`: objects and arrays open at the same time; one more is a syntax error.
    explicit Reader(std::string_view text, int max_depth = 64) noexcept
        : begin_(text.data() != nullptr ? text.data() : ""), end_(begin_ + text.size()), at_(begin_),
          max_depth_(max_depth) {}

    /// What comes next, judged by its first character; `end` after the last one, `bad` after an error
    /// and for a character that starts no value.
    Kind kind() noexcept {
        skip_space();
        if (at_ == end_) return failed() ? Kind::bad : Kind::end;
        return kinds[static_cast<unsigned char>(*at_)];
    }

    /// Calls `on_member(std::string_view key)` for each member of the object that comes next. It may
    /// consume the value, once; what it leaves is skipped. The key is valid until the next key is read
    /// (a key with escapes is decoded into the reader). False: not an object, or failed().
    template <class F>
    bool object(F&& on_member) {
        if (!open('{')) return false;
        std::string_view key;
        for (bool more = first_member(key); more; more = next_member(key)) {
            const char* const value = at_;
            on_member(key);
            if (at_ == value) skip();
        }
        --depth_;
        return !failed();
    }

    /// Calls `on_element()` for each element of the array that comes next; see object().
    template <class F>
    bool array(F&& on_element) {
        if (!open('[')) return false;
        for (bool more = first_element(); more; more = next_element()) {
            const char* const value = at_;
            on_element();
            if (at_ == value) skip();
        }
        --depth_;
        return !failed();
    }

    /// `out` views the text, or `scratch` (overwritten) if the string has escapes.
    BATON_HOT bool string(std::string_view& out, std::string& scratch) {
        if (end_ - at_ > 17 && *at_ == '"') [[likely]] {
            const char* const from = at_ + 1;
            const char* const close = baton::detail::find_in_16<baton::detail::JsonSpecial>(from);
            if (*close == '"') [[likely]] {
                out = {from, static_cast<std::size_t>(close - from)};
                at_ = close + 1;
                return true;
            }
        }
        return any_string(out, scratch);
    }
    /// Appends the decoded string.
    BATON_DECL bool append_string(std::string& out);

    /// A whole number that fits: 3, -3, 3.00; not 3.5, not 3e0. Anything else stays unconsumed, so that
    /// a count beyond 64 bits never costs the reply.
    BATON_DECL bool integer(std::int64_t& out) noexcept;
    BATON_DECL bool unsigned_integer(std::uint64_t& out) noexcept;
    /// The nearest double; too small becomes zero, beyond the range of double stays unconsumed.
    BATON_DECL bool number(double& out) noexcept;
    bool boolean(bool& out) noexcept {
        if (literal("true")) return out = true;
        if (!literal("false")) return false;
        out = false;
        return true;
    }
    bool null() noexcept { return literal("null"); }

    /// Validates and consumes one value; its exact text, empty on error.
    std::string_view raw() noexcept {
        skip_space();
        const char* const from = at_;
        return skip() ? std::string_view(from, static_cast<std::size_t>(at_ - from)) : std::string_view();
    }
    /// Validates and consumes one value.
    bool skip() noexcept {
        if (end_ - at_ > 17 && *at_ == '"') {
            const char* const close = baton::detail::find_in_16<baton::detail::JsonSpecial>(at_ + 1);
            if (*close == '"') [[likely]] {
                at_ = close + 1;
                return true;
            }
        }
        return skip_any();
    }
    /// True if exactly one value was read, without error, and only white space remains.
    BATON_DECL bool finish() noexcept;

    bool failed() const noexcept { return error_ != nullptr; }
    /// Where the reader stands, in bytes; after an error, where it is.
    std::size_t offset() const noexcept {
        return static_cast<std::size_t>((error_ != nullptr ? error_ : at_) - begin_);
    }

private:
    static constexpr std::array<Kind, 256> kinds = [] {
        std::array<Kind, 256> table{};
        table.fill(Kind::bad);
        const auto set = [&](std::string_view starts, Kind kind) {
            for (const char c : starts) table[static_cast<unsigned char>(c)] = kind;
        };
        set("{", Kind::object);
        set("[", Kind::array);
        set("\"", Kind::string);
        set("-0123456789", Kind::number);
        set("tf", Kind::boolean);
        set("n", Kind::null);
        return table;
    }();
    // Readable bytes that the compact form (no space around ',' and ':') of a key of up to 16 bytes needs:
    // comma, quote, 16 to search, and quote, colon and start of the value behind them.
    static constexpr std::ptrdiff_t quick_key = 21;

    static constexpr bool is_space(char c) noexcept {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    BATON_HOT const char* spaces(const char* at) const noexcept {
        if (at != end_ && static_cast<unsigned char>(*at) <= ' ') [[unlikely]] {
            while (at != end_ && is_space(*at)) ++at;
        }
        return at;
    }
    BATON_HOT void skip_space() noexcept { at_ = spaces(at_); }
    // Consumes `quote key quote colon` if it is short, without escapes and compact: nearly always.
    BATON_HOT bool quick_member(const char* quote, std::string_view& key) noexcept {
        const char* const close = baton::detail::find_in_16<baton::detail::JsonSpecial>(quote + 1);
        if (*quote != '"' || std::memcmp(close, "\":", 2) != 0 || close[2] <= ' ') return false;
        key = {quote + 1, static_cast<std::size_t>(close - quote - 1)};
        at_ = close + 2;
        return true;
    }
    BATON_HOT bool open(char bracket) noexcept {
        if (at_ == end_ || *at_ != bracket) {
            skip_space();
            if (at_ == end_ || *at_ != bracket) return false;
        }
        if (depth_ >= max_depth_) [[unlikely]]
            return fail(at_);
        ++at_;
        ++depth_;
        return true;
    }
    BATON_HOT bool first_member(std::string_view& key) {
        if (end_ - at_ >= quick_key && quick_member(at_, key)) [[likely]]
            return true;
        return first_member_slow(key);
    }
    BATON_HOT bool next_member(std::string_view& key) {
        if (at_ != end_ && *at_ == ',') [[likely]] {
            if (end_ - at_ >= quick_key && quick_member(at_ + 1, key)) [[likely]]
                return true;
            return compact_member(at_ + 1, key);
        }
        if (at_ != end_ && *at_ == '}') {
            ++at_;
            return false;
        }
        return next_member_slow(key);
    }
    BATON_HOT bool next_element() noexcept {
        if (at_ != end_ && *at_ == ']') {
            ++at_;
            return false;
        }
        return next_element_slow();
    }
    template <std::size_t N>
    BATON_HOT bool literal(const char (&word)[N]) noexcept {
        constexpr std::ptrdiff_t length = N - 1;
        if (end_ - at_ < length || std::memcmp(at_, word, length) != 0) {
            if (at_ == end_ || !is_space(*at_)) return false;
            skip_space();
            if (end_ - at_ < length || std::memcmp(at_, word, length) != 0) return false;
        }
        at_ += length;
        return true;
    }

    struct Whole;
    BATON_DECL bool first_member_slow(std::string_view& key);
    BATON_DECL bool next_member_slow(std::string_view& key);
    BATON_DECL bool compact_member(const char* quote, std::string_view& key);
    BATON_DECL bool member(const char* at, std::string_view& key);
    BATON_DECL bool first_element() noexcept;
    BATON_DECL bool next_element_slow() noexcept;
    BATON_DECL bool skip_any() noexcept;
    BATON_DECL bool any_string(std::string_view& out, std::string& scratch);
    BATON_DECL bool special_string(std::string_view& out, std::string& scratch);
    BATON_DECL void unescape(std::string_view body, std::string& out) const;
    BATON_DECL bool whole(Whole& out) const noexcept;
    // These take a place and give the one behind what they have validated; nullptr after an error.
    const char* pass_string(const char* body) noexcept;
    BATON_DECL const char* pass_specials(const char* at) noexcept;
    const char* pass_scalar(const char* at) noexcept;
    const char* pass_key(const char* at) noexcept;
    BATON_DECL const char* pass_container(const char* at) noexcept;
    BATON_COLD BATON_DECL bool fail(const char* where) noexcept;

    const char* begin_;
    const char* end_;
    const char* at_; // end_ after an error, so that no function needs to ask for it
    const char* error_ = nullptr;
    int max_depth_;
    int depth_ = 0;
    bool escaped_ = false; // whether the last string that pass_specials() passed has escapes
    std::string key_;      // the last key that had escapes
};

} // namespace baton::json

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/json.ipp>
#endif
