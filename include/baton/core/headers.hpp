// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <span>
#include <string_view>

namespace baton {

/// One header field, by view.
struct HeaderField {
    std::string_view name;
    std::string_view value;
};

/// ASCII case-insensitive equality, as HTTP header names need.
constexpr bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

/// No CR, LF, NUL or other control character except tab: the value cannot start another header.
constexpr bool header_value_ok(std::string_view value) noexcept {
    for (const char c : value) {
        const auto u = static_cast<unsigned char>(c);
        if ((u < 0x20 && u != '\t') || u == 0x7f) return false;
    }
    return true;
}

/// The headers of one response, by view.
class Headers {
public:
    constexpr Headers() = default;
    constexpr explicit Headers(std::span<const HeaderField> fields) noexcept : fields_(fields) {}

    /// The first value under `name` in any letter case; empty if there is none.
    constexpr std::string_view get(std::string_view name) const noexcept {
        for (const HeaderField& field : fields_) {
            if (iequals(field.name, name)) return field.value;
        }
        return {};
    }
    constexpr auto begin() const noexcept { return fields_.begin(); }
    constexpr auto end() const noexcept { return fields_.end(); }

private:
    std::span<const HeaderField> fields_;
};

} // namespace baton
