// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/sigv4.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/encode.hpp>
#include <baton/wire/shown.hpp>

#include <boost/container/small_vector.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule bedrock_rules[] = {
    {Errc::quota, "ServiceQuotaExceededException", {}},
    {Errc::quota, {}, "too many tokens per day"},
    {Errc::quota, {}, "invalid_payment_instrument"},
    {Errc::context_overflow, {}, "input is too long for requested model"},
    {Errc::context_overflow, {}, "input tokens exceeded"},
    {Errc::context_overflow, {}, "too many input tokens"},
    {Errc::context_overflow, {}, "exceed context limit"},
    {Errc::context_overflow, {}, "prompt is too long"},
    {Errc::context_overflow, {}, "maximum context length"},
    {Errc::content_filtered, {}, "blocked by content filtering policy"},
    // every kind of bad credential is a 403, like an action that is not allowed
    {Errc::auth, "ExpiredTokenException", {}},
    {Errc::auth, "UnrecognizedClientException", {}},
    {Errc::auth, "InvalidSignatureException", {}},
    {Errc::auth, "IncompleteSignatureException", {}},
    {Errc::auth, "MissingAuthenticationTokenException", {}},
    {Errc::auth, "InvalidClientTokenId", {}},
    {Errc::auth, {}, "security token included in the request"},
    {Errc::auth, {}, "the request signature we calculated does not match"},
    {Errc::auth, {}, "signature expired"},
    {Errc::auth, {}, "missing authentication token"},
    {Errc::auth, {}, "authentication failed"},
    {Errc::auth, {}, "bearer token has expired"},
    {Errc::permission, {}, "use case details have not been submitted"},
    {Errc::permission, "AccessDeniedException", {}},
    {Errc::not_found, "ResourceNotFoundException", {}},
    {Errc::not_found, {}, "model identifier is invalid"},
    {Errc::not_found, {}, "with on-demand throughput"}, // this name needs an inference profile
    {Errc::transient, "ModelNotReadyException", {}},    // a 429 that is not about the caller's rate
    {Errc::transient, "ModelErrorException", {}},       // 424
    {Errc::transient, "ModelStreamErrorException", {}},
    {Errc::transient, "ModelTimeoutException", {}},
    {Errc::transient, "InternalServerException", {}},
    {Errc::transient, "ServiceUnavailableException", {}},
    {Errc::transient, {}, {}, 424},
    {Errc::rate_limited, "ThrottlingException", {}},
    {Errc::invalid_request, "ValidationException", {}}, // has no status as an event of a stream
};

inline constexpr Vendor bedrock_vendor{
    .name = "bedrock",
    .key_variable = "AWS_BEARER_TOKEN_BEDROCK",
    .rules = bedrock_rules,
    .credentials = "the access keys (or AWS_BEARER_TOKEN_BEDROCK), the region and this machine's clock"};

} // namespace detail

/// What signs a request.
struct AwsKeys {
    std::string access_key_id;
    Secret secret_access_key;
    Secret session_token; ///< of temporary credentials; empty: none
};

/// Where keys come from that change: `Bedrock::Credentials([] { return AwsKeys{...}; })` among the
/// orchestrator's options. The function is called for each request, so it should answer from memory, and
/// with Threads<Multi> from several threads at once. It returns AwsKeys, or a result<AwsKeys>.
class AwsCredentials {
public:
    AwsCredentials() = default;
    template <class F>
        requires(!std::same_as<F, AwsCredentials> && requires(F& f) { result<AwsKeys>(f()); })
    explicit AwsCredentials(F function)
        : function_(std::make_shared<F>(std::move(function))),
          call_([](void* f) { return result<AwsKeys>((*static_cast<F*>(f))()); }) {}

    explicit operator bool() const noexcept { return call_ != nullptr; }
    result<AwsKeys> operator()() const { return call_(function_.get()); }

private:
    std::shared_ptr<void> function_;
    result<AwsKeys> (*call_)(void*) = nullptr;
};

/// Turns Converse's content blocks into parts, whole ones and growing ones. What baton does not model stays
/// opaque and in its place, so that the turn can be sent back.
class BedrockBlocks {
public:
    /// Appends the complete block `json`.
    BATON_DECL void add(std::string_view json, Reply& reply);
    /// A `start` member's value; false if it does not fit.
    BATON_DECL bool start(std::int64_t index, std::string_view json, Delta& delta, Reply& reply);
    /// A `delta` member's value; false if it does not fit the block.
    BATON_DECL bool extend(std::int64_t index, json::Reader& reader, Delta& delta, Reply& reply);
    /// The block is complete; false if what came in pieces is not JSON.
    BATON_DECL bool stop(std::int64_t index, Reply& reply);
    /// All blocks are complete.
    BATON_DECL bool stop_all(Reply& reply);

private:
    enum class Kind : unsigned char { text, thinking, tool, redacted, server_call, other };
    struct Block {
        std::int64_t index = 0;
        std::size_t part = 0; ///< in the reply
        int call = 0;         ///< of a tool call: which one
        Kind kind = Kind::text;
        bool open = true;
        std::string members; ///< of an opaque block, so far: `"a":1,"b":2`
        std::string pieces;  ///< a server tool's input, the elements of a list, or citations
    };

    BATON_DECL Block& open(std::int64_t index, Kind kind, Reply& reply);
    Block* find(std::int64_t index) noexcept {
        for (std::size_t i = blocks_.size(); i-- > 0;) {
            if (blocks_[i].index == index) return &blocks_[i];
        }
        return nullptr;
    }
    BATON_DECL bool add_tool(std::string_view json, bool streamed, Reply& reply);
    BATON_DECL bool extend_thinking(std::int64_t index, Block* block, json::Reader& reader, Delta& delta,
                                    Reply& reply);
    BATON_DECL bool extend_tool(Block& block, json::Reader& reader, Delta& delta, Reply& reply);
    BATON_DECL bool extend_other(std::int64_t index, Block* block, std::string_view name,
                                 json::Reader& reader, Reply& reply);
    BATON_DECL static bool finish(Block& block, Reply& reply);

    boost::container::small_vector<Block, 2> blocks_;
    int calls_ = 0;       ///< tool calls so far
    std::string scratch_; ///< for text with escapes; keeps its capacity
    ShownText shown_text_, shown_reasoning_;
    ShownCalls shown_calls_;
};

/// Decodes a ConverseStream answer (concept StreamDecoder). It ends with its `metadata`, which follows
/// `messageStop`. Not thread-safe.
class BedrockStreamDecoder {
public:
    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    BATON_DECL Step fail(Error error);

    BedrockBlocks blocks_;
    Error error_;
    bool stopped_ = false, measured_ = false;
};

/// Amazon Bedrock's Converse and ConverseStream. Requests are signed with AWS Signature Version 4, or carry a
/// Bedrock API key. Guardrails, metadata and what else only Converse has go through `extra`.
///
/// A model's own parameters are not part of Converse: `top_k` and `reasoning` are sent as that model's
/// additionalModelRequestFields where the model's name tells its maker, and refused otherwise. A document's
/// name may hold letters, digits, spaces, '-', parentheses and brackets only: anything else becomes '-'.
/// Images and documents by URL must be s3://.
struct Bedrock {
    struct Options {
        std::string_view base_url{}; ///< "" = $AWS_ENDPOINT_URL_BEDROCK_RUNTIME, else by region
        std::string_view key{};      ///< a Bedrock API key, sent as bearer; "" = $AWS_BEARER_TOKEN_BEDROCK
        std::string_view model{};    ///< a model id, inference profile or ARN; there is no default
        std::string_view region{};   ///< "" = $AWS_REGION, else $AWS_DEFAULT_REGION
        std::string_view access_key_id{};     ///< "" = $AWS_ACCESS_KEY_ID and the next two of the environment
        std::string_view secret_access_key{}; ///< with access_key_id
        std::string_view session_token{};     ///< with access_key_id, for temporary credentials
    };
    using Keys = AwsKeys;
    using Credentials = AwsCredentials;

    static constexpr std::string_view name = "bedrock";
    static constexpr std::string_view default_base_url = ""; // see base_url()
    static constexpr std::string_view default_model = "";
    static constexpr std::string_view key_variable = "AWS_BEARER_TOKEN_BEDROCK";
    static constexpr std::string_view base_url_variable = "AWS_ENDPOINT_URL_BEDROCK_RUNTIME";
    /// Bedrock's runtime has no model list. This lists asynchronous invocations: the only GET there that
    /// needs no name. It proves reachability and credentials; a role without bedrock:ListAsyncInvokes gets
    /// 403.
    static constexpr std::string_view health_path = "/async-invoke?maxResults=1";
    static constexpr Framing framing = Framing::event_stream;
    static constexpr Capabilities capabilities{.tools = true,
                                               .images = true,
                                               .documents = true,
                                               .json_schema = true,
                                               .strict_tools = true,
                                               .prefill = true,
                                               .reasoning = true,
                                               .reasoning_effort = true,
                                               .reasoning_budget = true,
                                               .top_k = true,
                                               .service_tier = true,
                                               .cache_control = true,
                                               .token_count = true};

    using StreamDecoder = BedrockStreamDecoder;

    /// Signs requests. Of several credentials the first counts: Credentials, Options::key,
    /// Options::access_key_id, $AWS_BEARER_TOKEN_BEDROCK, $AWS_ACCESS_KEY_ID. Safe from any thread.
    class Account {
    public:
        BATON_DECL static result<Account> make(const Options& options, const Secret& key,
                                               Environment environment,
                                               const Credentials* credentials = nullptr);
        BATON_DECL std::optional<Error> authorize(const Departure& departure, Outgoing out) const;

    private:
        Secret bearer_; // empty: requests are signed
        Keys keys_;
        Credentials credentials_;
        std::string region_;
        sigv4::SigningKeyCache cache_;
    };

    /// https://bedrock-runtime.{region}.amazonaws.com, or that no region is known.
    BATON_DECL static result<std::string> base_url(const Options& options, Environment environment);
    static std::optional<Error> write_account_headers(const Options&, const Secret&, std::string&) {
        return std::nullopt; // see Account
    }
    BATON_DECL static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream,
                                                  Outgoing out);
    BATON_DECL static std::optional<Error> decode(std::string_view body, Reply& reply);
    BATON_DECL static Error decode_error(int status, Headers headers, std::string_view body, WallTime now);
    BATON_DECL static std::optional<Error> encode_count(const Draft& draft, const Target& target,
                                                        Outgoing out);
    BATON_DECL static std::optional<Error> decode_count(std::string_view body, std::uint64_t& tokens);
};

static_assert(Wire<Bedrock> && HasAccount<Bedrock> && HasBaseUrl<Bedrock> && CountsTokens<Bedrock>,
              "Bedrock must model the Wire concept");

} // namespace baton::wire

namespace baton {
using wire::AwsKeys;
using wire::Bedrock;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/bedrock.ipp>
#include <baton/wire/impl/bedrock_account.ipp>
#include <baton/wire/impl/bedrock_blocks.ipp>
#include <baton/wire/impl/bedrock_encode.ipp>
#include <baton/wire/impl/bedrock_messages.ipp>
#endif
