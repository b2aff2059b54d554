// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/fault_script.hpp>

#include <charconv>
#include <iterator>
#include <memory>

namespace baton::testing {
namespace detail {

inline constexpr std::string_view fault_names[] = {
    "none",
    "silence",
    "reset_before_headers",
    "close_before_headers",
    "reset_in_headers",
    "reset_mid_body",
    "close_mid_body",
    "stall",
    "close_after",
    "close_on_next",
    "close_announced",
    "early_response",
    "slow_headers",
    "trickle",
    "split_utf8",
    "interim",
    "comments",
    "tiny_events",
    "trailers",
    "garbage",
    "no_headers",
    "bad_chunk_size",
    "huge_chunk_size",
    "missing_last_chunk",
    "short_length",
    "long_length",
    "length_and_chunked",
    "giant_header",
    "many_headers",
    "extra_bytes",
    "bad_record",
    "error_in_200",
    "error_event",
    "missing_end",
    "missing_done",
    "done_without_blank",
    "bad_json",
    "nul_bytes",
    "lone_surrogate",
    "split_surrogate",
    "giant_event",
    "empty_body",
};
static_assert(std::size(fault_names) == static_cast<std::size_t>(Fault::count_));

inline std::uint64_t hash_of(std::string_view text) noexcept { // FNV-1a
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

} // namespace detail

BATON_DECL std::string_view to_string(Fault fault) noexcept {
    const auto index = static_cast<std::size_t>(fault);
    return index < std::size(detail::fault_names) ? detail::fault_names[index] : std::string_view("?");
}

BATON_DECL std::optional<Fault> parse_fault(std::string_view name) noexcept {
    for (std::size_t i = 0; i < std::size(detail::fault_names); ++i) {
        if (detail::fault_names[i] == name) return static_cast<Fault>(i);
    }
    return std::nullopt;
}

BATON_DECL Behaviour overloaded() {
    Error::Detail detail;
    detail.message = "Overloaded";
    detail.status = 529;
    return Behaviour(Error(Errc::transient, std::move(detail)));
}

BATON_DECL Behaviour rate_limited(std::string headers) {
    Behaviour behaviour(Error(Errc::rate_limited, "Rate limit reached"));
    behaviour.headers = std::move(headers);
    return behaviour;
}

BATON_DECL Behaviour html_error(int status) {
    const std::string title = std::to_string(status) + " Bad Gateway";
    return Behaviour(CannedResponse(status,
                                    "<html>\r\n<head><title>" + title + "</title></head>\r\n<body><h1>" +
                                        title + "</h1></body></html>",
                                    {}, "text/html"));
}

BATON_DECL Behaviour redirect(std::string_view location, int status) {
    return Behaviour(CannedResponse(status, {}, "location: " + std::string(location) + "\r\n"));
}

BATON_DECL Script always(Behaviour behaviour) {
    return [behaviour = std::move(behaviour)](const ServedRequest&) { return behaviour; };
}

BATON_DECL Script sequence(std::vector<Behaviour> behaviours) {
    if (behaviours.empty()) behaviours.emplace_back();
    return [list = std::move(behaviours), next = std::size_t{0}](const ServedRequest&) mutable {
        const Behaviour& behaviour = list[next];
        if (next + 1 < list.size()) ++next;
        return behaviour;
    };
}

BATON_DECL Script seeded(std::uint64_t seed, double rate, std::vector<Fault> faults, AnswerSource answers) {
    return [=](const ServedRequest& request) {
        const std::uint64_t key =
            request.id.empty() ? request.number : detail::hash_of(request.id) + request.attempt;
        const std::uint64_t base = random_at(seed, key);
        Behaviour behaviour(answers(request));
        constexpr double range = 18446744073709551616.0; // 2^64
        if (faults.empty() || static_cast<double>(random_at(base, 0)) >= rate * range) return behaviour;
        behaviour.fault = faults[random_at(base, 1) % faults.size()];
        behaviour.at = random_at(base, 2) % (behaviour.answer.tokens.size() + 1);
        switch (behaviour.fault) {
        case Fault::reset_mid_body:
        case Fault::close_mid_body:
        case Fault::stall: behaviour.count = random_at(base, 3) % 100; break; // often inside an event
        case Fault::slow_headers:
        case Fault::trickle: behaviour.count = 8 + random_at(base, 3) % 64; break; // a write per byte is slow
        default: break;
        }
        return behaviour;
    };
}

BATON_DECL Script by_header(AnswerSource answers) {
    return [answers = std::move(answers)](const ServedRequest& request) {
        Behaviour behaviour(answers(request));
        std::string_view wish = request.header("x-fault");
        behaviour.fault = parse_fault(wish.substr(0, wish.find(';'))).value_or(Fault::none);
        const auto number = [&](std::string_view name, std::size_t& out) {
            const std::size_t at = wish.find(name);
            if (at != std::string_view::npos) {
                const char* const digits = wish.data() + at + name.size();
                std::from_chars(digits, wish.data() + wish.size(), out);
            }
        };
        number(";at=", behaviour.at);
        number(";count=", behaviour.count);
        return behaviour;
    };
}

} // namespace baton::testing
