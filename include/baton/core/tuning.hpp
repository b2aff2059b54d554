// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace baton {

/// Request members that most requests leave alone. What a vendor has no word for is refused with a typed
/// error, or dropped if the request is `lossy`.
class Tuning {
public:
    friend bool operator==(const Tuning&, const Tuning&) = default;

    std::optional<double> frequency_penalty;   ///< -2 to 2
    std::optional<double> presence_penalty;    ///< -2 to 2
    std::optional<std::uint32_t> choices;      ///< answers to the same prompt ("n"); see Reply::Extras
    std::optional<std::uint32_t> top_logprobs; ///< set: log probabilities, of so many alternatives per token
    std::optional<std::uint32_t> top_k;        ///< sample from so many tokens
    std::optional<std::uint32_t> reasoning_tokens; ///< cap on thinking; 0: none
    std::string reasoning_effort;                  ///< "none", "minimal", "low", "medium", "high", "xhigh"
    std::string service_tier;                      ///< the vendor's own word: "flex", "priority", ...
    std::string user; ///< who is behind the request, as an opaque id for abuse reports
};

// Strong types for Request's constructor; see request.hpp.

struct frequency_penalty {
    explicit frequency_penalty(double value) : value(value) {}
    double value;
};
struct presence_penalty {
    explicit presence_penalty(double value) : value(value) {}
    double value;
};
/// How many answers ("n"). The first is the Reply, the others are in Reply::extras.
struct choices {
    explicit choices(std::uint32_t value) : value(value) {}
    std::uint32_t value;
};
/// Log probabilities of the answer's tokens, with `value` alternatives for each.
struct top_logprobs {
    explicit top_logprobs(std::uint32_t value) : value(value) {}
    std::uint32_t value;
};
struct top_k {
    explicit top_k(std::uint32_t value) : value(value) {}
    std::uint32_t value;
};
/// How hard to think: `reasoning("low")`, or at most so many tokens: `reasoning(2000)`.
struct reasoning {
    explicit reasoning(std::string effort) : effort(std::move(effort)) {}
    explicit reasoning(const char* effort) : effort(effort) {}
    explicit reasoning(int tokens) : tokens(static_cast<std::uint32_t>(tokens < 0 ? 0 : tokens)) {}
    explicit reasoning(std::uint32_t tokens) : tokens(tokens) {}
    std::string effort;
    std::optional<std::uint32_t> tokens;
};
struct service_tier {
    explicit service_tier(std::string value) : value(std::move(value)) {}
    std::string value;
};
struct end_user {
    explicit end_user(std::string id) : id(std::move(id)) {}
    std::string id;
};
/// Members that a vendor cannot express are dropped instead of refused.
struct lossy {
    explicit lossy(bool on = true) : on(on) {}
    bool on;
};

} // namespace baton
