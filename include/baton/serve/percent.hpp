// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

namespace baton::serve {

/// A part of a path as it is meant: "vendor%2Fmodel" names "vendor/model". What is no escape stays as it is.
inline std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned char byte = 0;
        const bool escape = text[i] == '%' && text.size() - i > 2;
        const char* const digits = text.data() + i + 1;
        if (escape && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

} // namespace baton::serve
