// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/policy/continuation.hpp>

namespace baton {

BATON_DECL void Continuation::check() const {
    detail::require_option(bytes_per_token >= 1 && bytes_per_token <= 64,
                           "Resume: bytes_per_token must be between 1 and 64");
    detail::require_option(window <= max_window, "Resume: window must be at most 4096");
    detail::require_option(min_overlap >= 1, "Resume: min_overlap must be at least 1");
    detail::require_option(min_echo >= 1, "Resume: min_echo must be at least 1");
}

BATON_DECL std::string_view without_trailing_space(std::string_view delivered) noexcept {
    const std::size_t last = delivered.find_last_not_of(" \t\n\v\f\r");
    return delivered.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

BATON_DECL void continue_request(Request& edited, ResumeMode mode, std::string_view delivered,
                                 const Continuation& how) {
    if (mode == ResumeMode::none || mode == ResumeMode::restart) return;
    const std::string_view kept = without_trailing_space(delivered);
    if (kept.empty()) return;
    const std::string_view sent = mode == ResumeMode::prefill ? kept : delivered;

    const bool own_prefill = !edited.messages.empty() && edited.messages.back().role == Role::assistant;
    if (!own_prefill) {
        edited.messages.push_back(assistant(std::string(sent)));
    } else if (Parts& parts = edited.messages.back().parts;
               !parts.empty() && parts.back().kind == Part::Kind::text) {
        parts.back().text += sent;
    } else {
        parts.emplace_back(std::string(sent));
    }
    if (mode == ResumeMode::instruct) edited.messages.push_back(user(how.instruction));

    if (edited.max_tokens) {
        const std::size_t tokens = delivered.size() / how.bytes_per_token;
        const std::uint32_t limit = *edited.max_tokens;
        edited.max_tokens = tokens < limit ? limit - static_cast<std::uint32_t>(tokens) : 1U;
        if (*edited.max_tokens == 0) edited.max_tokens = 1U;
    }
    edited.cacheable = false;
}

} // namespace baton
