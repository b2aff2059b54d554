// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/utf8.hpp>

namespace baton::utf8 {

BATON_DECL bool is_valid(std::string_view text) noexcept {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* at = begin;
    while ((at = detail::find<detail::NonAscii>(begin, at, end)) != end) {
        // Stay here while the text is not ASCII: entering the vector loop for each character costs more.
        do {
            const Sequence next = sequence(at, end);
            if (!next.valid) return false;
            at += next.length;
        } while (at != end && static_cast<unsigned char>(*at) >= 0x80);
    }
    return true;
}

BATON_DECL void append_valid(std::string& out, std::string_view text) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const char* copied = begin;
    const char* at = begin;
    while ((at = detail::find<detail::NonAscii>(begin, at, end)) != end) {
        do {
            const Sequence next = sequence(at, end);
            if (!next.valid) {
                out.append(copied, static_cast<std::size_t>(at - copied));
                out.append(replacement);
                copied = at + next.length;
            }
            at += next.length;
        } while (at != end && static_cast<unsigned char>(*at) >= 0x80);
    }
    out.append(copied, static_cast<std::size_t>(end - copied));
}

} // namespace baton::utf8
