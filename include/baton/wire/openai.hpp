// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/openai_chat.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule openai_rules[] = {
    {Errc::quota, "billing_hard_limit_reached", {}},
    {Errc::quota, "billing_not_active", {}},
    {Errc::quota, "credit_balance_exhausted", {}},
    {Errc::quota, {}, "exceeded your current quota"},
    // more tokens than the account's limit per minute: waiting never helps, whatever the 429 says
    {Errc::too_large, {}, "request too large"},
    {Errc::context_overflow, {}, "exceeds the context window"},
    {Errc::auth, {}, "incorrect api key"},
    {Errc::auth, "account_deactivated", {}},
    {Errc::permission, "unsupported_country_region_territory", {}},
    {Errc::transient, "model_error", {}},
};

inline constexpr ChatDialect openai_chat{
    .vendor = {.name = "openai", .key_variable = "OPENAI_API_KEY", .rules = openai_rules},
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .documents = true,
                     .json_object = true,
                     .json_schema = true,
                     .seed = true},
    .max_tokens_member = "max_completion_tokens",
};

} // namespace detail

/// OpenAI's chat completions, and whatever calls itself compatible and needs no special care.
struct OpenAI {
    struct Options {
        std::string_view base_url{};     ///< "" = $OPENAI_BASE_URL, else https://api.openai.com/v1
        std::string_view key{};          ///< "" = $OPENAI_API_KEY
        std::string_view model{};        ///< "" = default_model
        std::string_view organization{}; ///< sent as OpenAI-Organization
        std::string_view project{};      ///< sent as OpenAI-Project
    };

    static constexpr std::string_view name = "openai";
    static constexpr std::string_view default_base_url = "https://api.openai.com/v1";
    static constexpr std::string_view default_model = "gpt-5-mini"; // as of November 2026; see Options::model
    static constexpr std::string_view key_variable = "OPENAI_API_KEY";
    static constexpr std::string_view base_url_variable = "OPENAI_BASE_URL";
    static constexpr std::string_view health_path = "/models";
    static constexpr Framing framing = Framing::sse;
    static constexpr const ChatDialect& dialect = detail::openai_chat;
    static constexpr Capabilities capabilities = dialect.capabilities;

    using StreamDecoder = ChatDecoderFor<detail::openai_chat>;

    /// Appends the credential lines; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);

    static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream, Outgoing out) {
        return encode_chat(dialect, draft, target, stream, out);
    }
    static std::optional<Error> decode(std::string_view body, Reply& reply) {
        return decode_chat(dialect, body, reply);
    }
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(dialect.vendor, status, headers, body, now);
    }
};

static_assert(Wire<OpenAI>, "OpenAI must model the Wire concept");

} // namespace baton::wire

namespace baton {
using wire::OpenAI;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai.ipp>
#endif
