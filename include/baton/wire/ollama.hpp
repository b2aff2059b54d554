// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/encode.hpp>
#include <baton/wire/ollama_url.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule ollama_rules[] = {
    {Errc::quota, {}, "weekly usage limit"}, // of its cloud
    {Errc::quota, {}, "monthly usage limit"},
    {Errc::rate_limited, {}, "usage limit"},
    {Errc::context_overflow, {}, "exceeds the context length"},
    {Errc::context_overflow, {}, "exceeds the available context size"},
    {Errc::not_found, {}, "try pulling it first"}, // these come with no status inside a stream
    {Errc::auth, {}, "unauthorized"},
    {Errc::transient, {}, "server busy"},
};

inline constexpr Vendor ollama_vendor{.name = "ollama", .key_variable = "", .rules = ollama_rules};

} // namespace detail

/// Reads the documents of an answer: all of it, or the lines of a stream. What was thought comes before what
/// was said. A call without an id gets one, made of the line's `created_at` and the call's number: the same
/// bytes give the same id, and two turns of a conversation different ones.
/// An implementation detail of this dialect.
class OllamaAssembler {
public:
    enum class Line : unsigned char {
        more,   ///< others follow
        last,   ///< says "done"
        failed, ///< an error in place of an answer
        bad     ///< not a JSON object
    };
    BATON_DECL Line read(std::string_view json, bool streamed, Delta& delta, Reply& reply);

private:
    struct Fields;
    BATON_DECL void add_text(Part::Kind kind, std::string_view text, bool streamed, Reply& reply);
    BATON_DECL void add_calls(const Fields& fields, Delta& delta, Reply& reply);
    BATON_DECL void finish(const Fields& fields, Reply& reply);

    int calls_ = 0;
    std::string text_scratch_, thinking_scratch_; ///< for text with escapes; keep their capacity
    std::string logprobs_;                        ///< joined by commas
    boost::container::small_vector<Delta::ToolFragment, 1> shown_; ///< views of parts that must not move
};

/// Decodes a streamed chat (concept StreamDecoder). Only a line that is `done` ends it. Not thread-safe.
class OllamaStreamDecoder {
public:
    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    OllamaAssembler lines_;
    Error error_;
    bool done_ = false;
};

/// Ollama's own API. It needs no key, but sends Options::key if there is one (its cloud wants one). There is
/// no default model. What only Ollama has goes through `extra`; members of extra's `options` stand beside
/// those that the request makes: `{"options":{"num_ctx":8192},"keep_alive":"10m"}`.
///
/// A message's content is one text: several of a user or system message are joined by an empty line, as
/// Ollama does with neighbours of one role. Images must be base64. Token counts are missing in an answer
/// where Ollama had the prompt in its cache.
struct Ollama {
    struct Options {
        std::string_view base_url{}; ///< "" = $OLLAMA_HOST, else http://127.0.0.1:11434
        std::string_view key{};      ///< sent as bearer token; "" = $OLLAMA_API_KEY, if there is one
        std::string_view model{};    ///< as `ollama list` shows it: "qwen3:8b"
    };

    static constexpr std::string_view name = "ollama";
    static constexpr std::string_view default_base_url = ""; // see base_url()
    static constexpr std::string_view default_model = "";
    static constexpr std::string_view key_variable = "";
    static constexpr std::string_view other_key_variable = "OLLAMA_API_KEY";
    static constexpr std::string_view base_url_variable = ""; // OLLAMA_HOST need not be a URL: see base_url()
    static constexpr std::string_view health_path = "/api/tags";
    static constexpr Framing framing = Framing::ndjson;
    static constexpr Capabilities capabilities{.tools = true,
                                               .tool_choice = false,
                                               .images = true,
                                               .json_object = true,
                                               .json_schema = true,
                                               .prefill = true,
                                               .reasoning = true,
                                               .reasoning_effort = true,
                                               .top_k = true,
                                               .seed = true,
                                               .penalties = true,
                                               .logprobs = true,
                                               .embeddings = true};

    using StreamDecoder = OllamaStreamDecoder;

    /// Concept HasBaseUrl: see ollama_url().
    BATON_DECL static result<std::string> base_url(const Options& options, Environment environment);
    /// Appends the credential line; nullopt, or which option cannot be a header.
    BATON_DECL static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                                 std::string& lines);
    BATON_DECL static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream,
                                                  Outgoing out);
    BATON_DECL static std::optional<Error> decode(std::string_view body, Reply& reply);
    BATON_DECL static std::optional<Error> encode_embed(const EmbedRequest& request, const Target& target,
                                                        Outgoing out);
    BATON_DECL static std::optional<Error> decode_embed(std::string_view body, Embeddings& answer);
    BATON_DECL static std::optional<Error> decode_models(std::string_view body,
                                                         std::vector<ModelInfo>& models);
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(detail::ollama_vendor, status, headers, body, now);
    }
};

static_assert(Wire<Ollama>, "Ollama must model the Wire concept");
static_assert(HasBaseUrl<Ollama> && Embeds<Ollama> && ListsModels<Ollama>);

} // namespace baton::wire

namespace baton {
using wire::Ollama;
} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/ollama.ipp>
#include <baton/wire/impl/ollama_encode.ipp>
#include <baton/wire/impl/ollama_errands.ipp>
#include <baton/wire/impl/ollama_request.ipp>
#endif
