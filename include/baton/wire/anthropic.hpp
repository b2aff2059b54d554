// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/encode.hpp>
#include <baton/wire/shown.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule anthropic_rules[] = {
    // no credit comes as a plain 400; the 429 that advertises credits is a rate limit all the same
    {Errc::quota, {}, "credit balance is too low"},
    {Errc::quota, {}, "reached your specified api usage limits"},
    {Errc::context_overflow, {}, "prompt is too long"},
    {Errc::context_overflow, {}, "exceed context limit"},
    {Errc::content_filtered, {}, "blocked by content filtering policy"},
    {Errc::too_large, "request_too_large", {}},
    {Errc::transient, "overloaded_error", {}},
    {Errc::transient, {}, {}, 529},
};

inline constexpr Vendor anthropic_vendor{
    .name = "anthropic", .key_variable = "ANTHROPIC_API_KEY", .rules = anthropic_rules};

} // namespace detail

/// Turns content blocks into parts, whole ones and growing ones. What baton does not model stays opaque,
/// byte for byte and in its place, so that the turn can be sent back.
class AnthropicBlocks {
public:
    /// Appends the complete block `json`. `streamed`: deltas may follow, so empty means "not yet".
    BATON_DECL void add(std::string_view json, bool streamed, Reply& reply);
    /// A `delta` member's value; false if it is for a block that is not open.
    BATON_DECL bool extend(json::Reader& reader, Reply& reply);
    /// The open block is complete; false if its JSON is not.
    BATON_DECL bool close(Reply& reply);
    /// How far the Reply is, before an event.
    struct Mark {
        std::size_t parts, text; ///< of its last part
    };
    static Mark mark(const Reply& reply) noexcept {
        return {reply.parts.size(), reply.parts.empty() ? 0 : reply.parts.back().text.size()};
    }
    /// Shows in `delta` what came since: only the last part grows, and behind it come others.
    BATON_DECL void show(Mark from, Delta& delta, const Reply& reply);

private:
    enum class Open : unsigned char { none, text, thinking, tool, opaque };

    BATON_DECL void add_citation(std::string_view json);
    BATON_DECL bool close_opaque(Part& part);

    Open open_ = Open::none;
    bool first_text_ = true;
    int calls_ = 0;         ///< tool calls so far
    std::string pieces_;    ///< of an opaque block: its input, or its content
    std::string citations_; ///< of a text block, joined by commas
    bool pieces_are_text_ = false;
    ShownText shown_text_, shown_reasoning_;
    ShownCalls shown_calls_;
};

/// Decodes a streamed message (concept StreamDecoder). Only `message_stop` ends it. Not thread-safe.
class AnthropicStreamDecoder {
public:
    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    enum class Event : unsigned char {
        unnamed,
        message_start,
        block_start,
        block_delta,
        block_stop,
        message_delta,
        message_stop,
        error,
        unknown
    };

    BATON_DECL static Event named(std::string_view type) noexcept;
    BATON_DECL Step fail(Error error);
    BATON_DECL void start(json::Reader& reader, Reply& reply);

    AnthropicBlocks blocks_;
    Error error_;
    std::int64_t open_index_ = -1;
};

/// Anthropic's messages API. It requires `max_tokens`: requests without it get default_max_tokens.
/// It has no `seed`, penalties, log probabilities or schema-free JSON mode: a request with any is refused
/// unless it is lossy. Its `strict` of a response_format is always on. System messages, wherever they stand,
/// become `system` blocks.
struct Anthropic {
    struct Options {
        std::string_view base_url{}; ///< "" = $ANTHROPIC_BASE_URL, else https://api.anthropic.com
        std::string_view key{};      ///< "" = $ANTHROPIC_API_KEY, else $ANTHROPIC_AUTH_TOKEN, a bearer token
        std::string_view model{};    ///< "" = default_model
        std::string_view version{};  ///< "" = default_version
        std::string_view beta{};     ///< sent as anthropic-beta, comma separated
        bool bearer = false;         ///< the key is a bearer token, of OAuth or of a gateway
    };

    static constexpr std::string_view name = "anthropic";
    static constexpr std::string_view default_base_url = "https://api.anthropic.com";
    static constexpr std::string_view default_model =
        "claude-haiku-4-5";                                         // as of November 2026; see Options::model
    static constexpr std::uint32_t default_model_context = 200'000; ///< of its largest: see capabilities
    static constexpr std::string_view default_version = "2023-06-01";
    static constexpr std::uint32_t default_max_tokens =
        4096; ///< enough for most answers, below every model's cap
    static constexpr std::string_view key_variable = "ANTHROPIC_API_KEY";
    static constexpr std::string_view other_key_variable = "ANTHROPIC_AUTH_TOKEN";
    static constexpr std::string_view base_url_variable = "ANTHROPIC_BASE_URL";
    static constexpr std::string_view health_path = "/v1/models?limit=1000"; // the most; 20 unasked
    static constexpr Framing framing = Framing::sse;
    static constexpr Capabilities capabilities{.tools = true,
                                               .parallel_tools = true,
                                               .images = true,
                                               .image_urls = true,
                                               .documents = true,
                                               .json_schema = true,
                                               .strict_tools = true,
                                               .prefill = true,
                                               .reasoning = true,
                                               .reasoning_effort = true,
                                               .reasoning_budget = true,
                                               .top_k = true,
                                               .service_tier = true,
                                               .end_user = true,
                                               .cache_control = true,
                                               .token_count = true,
                                               .max_context = 1'000'000}; // claude-opus-5, November 2026

    using StreamDecoder = AnthropicStreamDecoder;

    /// Concept ReadsEnvironment.
    BATON_DECL static void read_environment(Options& options, KeyFrom from, Environment environment);
    /// Appends the credential lines; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);
    BATON_DECL static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream,
                                                  Outgoing out);
    BATON_DECL static std::optional<Error> decode(std::string_view body, Reply& reply);
    BATON_DECL static std::optional<Error> encode_count(const Draft& draft, const Target& target,
                                                        Outgoing out);
    BATON_DECL static std::optional<Error> decode_count(std::string_view body, std::uint64_t& tokens);
    BATON_DECL static std::optional<Error> decode_models(std::string_view body,
                                                         std::vector<ModelInfo>& models);
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(detail::anthropic_vendor, status, headers, body, now);
    }
};

static_assert(Wire<Anthropic> && CountsTokens<Anthropic> && ListsModels<Anthropic>);

} // namespace baton::wire

namespace baton {
using wire::Anthropic;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/anthropic.ipp>
#include <baton/wire/impl/anthropic_encode.ipp>
#include <baton/wire/impl/anthropic_request.ipp>
#endif
