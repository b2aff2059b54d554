// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace baton::json {

/// Appends `text` quoted and escaped. Ill-formed UTF-8 becomes U+FFFD, so the result is always valid.
BATON_DECL void append_string(std::string& out, std::string_view text);

/// Appends what is JSON already, unchanged but for one thing: an escaped surrogate without its partner
/// (`\ud800`), which most parsers refuse and models do write, becomes `\ufffd`, as it reads here.
BATON_DECL void append_json(std::string& out, std::string_view json);

/// Appends `"name":json` to members that are separated by commas.
inline void append_member(std::string& members, std::string_view name, std::string_view json) {
    if (!members.empty()) members += ',';
    append_string(members, name);
    members.append(":").append(json);
}

/// Appends JSON to a string it does not own; commas and colons are its business, balance is the
/// caller's: each begin_ has its end_, each value in an object its key.
class Writer {
public:
    explicit Writer(std::string& out) noexcept : out_(&out) {}

    Writer& begin_object() { return open('{'); }
    Writer& end_object() { return close('}'); }
    Writer& begin_array() { return open('['); }
    Writer& end_array() { return close(']'); }

    Writer& key(std::string_view name) {
        separate();
        append_string(*out_, name);
        out_->push_back(':');
        comma_ = false;
        return *this;
    }
    Writer& string(std::string_view text) {
        separate();
        append_string(*out_, text);
        return *this;
    }
    template <std::signed_integral T>
    Writer& number(T value) {
        return integer(value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value),
                       value < 0);
    }
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    Writer& number(T value) {
        return integer(value, false);
    }
    /// The shortest text that reads back as `value`; null when it is not finite, which JSON cannot say.
    BATON_DECL Writer& number(double value);
    Writer& number(bool value) = delete; // would become 1; say boolean()
    Writer& boolean(bool value) {
        return plain(value ? std::string_view("true") : std::string_view("false"));
    }
    Writer& null() { return plain("null"); }
    /// One value that is JSON already, not checked; see append_json.
    Writer& raw(std::string_view json) {
        separate();
        append_json(*out_, json);
        return *this;
    }

private:
    BATON_DECL Writer& integer(std::uint64_t magnitude, bool negative);

    Writer& plain(std::string_view token) {
        separate();
        out_->append(token);
        return *this;
    }
    // One flag is all the state: a comma goes before anything that follows a complete value.
    void separate() {
        if (comma_) out_->push_back(',');
        comma_ = true;
    }
    Writer& open(char bracket) {
        separate();
        out_->push_back(bracket);
        comma_ = false;
        return *this;
    }
    Writer& close(char bracket) {
        out_->push_back(bracket);
        comma_ = true;
        return *this;
    }

    std::string* out_;
    bool comma_ = false;
};

} // namespace baton::json

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/json_writer.ipp>
#endif
