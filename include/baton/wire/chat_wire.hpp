// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/openai_chat.hpp>
#include <baton/wire/openai_embeddings.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

/// Appends "authorization: Bearer <key>"; nothing for an empty key, or why it cannot be a header.
BATON_DECL std::optional<Error> append_bearer(const ChatDialect& dialect, const Secret& key,
                                              std::string& lines);

/// A wire that speaks chat completions, from the facts about its vendor. One more vendor:
///
///     inline constexpr ChatDialect acme_chat{
///         .vendor = {.name = "acme", .key_variable = "ACME_API_KEY", .rules = {}},
///         .base_url = "https://api.acme.example/v1",
///         .base_url_variable = "ACME_BASE_URL",
///         .model = "acme-1",
///         .capabilities = usual_chat_capabilities,
///     };
///     struct Acme : ChatWire<acme_chat> {};
template <const ChatDialect& Dialect>
struct ChatWire {
    struct Options {
        std::string_view base_url{}; ///< "" = the vendor's variable, else its own
        std::string_view key{};      ///< "" = the vendor's variable
        std::string_view model{};    ///< "" = the vendor's default
    };

    static constexpr const ChatDialect& dialect = Dialect;
    static constexpr std::string_view name = Dialect.vendor.name;
    static constexpr std::string_view default_base_url = Dialect.base_url;
    static constexpr std::string_view default_model = Dialect.model;
    static constexpr std::string_view default_embedding_model = Dialect.embedding_model;
    static constexpr std::string_view key_variable = Dialect.vendor.key_variable;
    static constexpr std::string_view other_key_variable = Dialect.other_key_variable;
    static constexpr std::string_view base_url_variable = Dialect.base_url_variable;
    static constexpr std::string_view health_path = Dialect.models_path;
    static constexpr Framing framing = Framing::sse;
    static constexpr Capabilities capabilities = Dialect.capabilities;

    using StreamDecoder = ChatDecoderFor<Dialect>;

    /// Appends the credential lines; nullopt, or which option cannot be a header.
    static std::optional<Error> write_account_headers(const Options&, const Secret& key, std::string& lines) {
        return append_bearer(Dialect, key, lines);
    }
    static std::optional<Error> encode(const Draft& draft, const Target& target, bool stream, Outgoing out) {
        return encode_chat(Dialect, draft, target, stream, out);
    }
    static std::optional<Error> decode(std::string_view body, Reply& reply) {
        return decode_chat(Dialect, body, reply);
    }
    static Error decode_error(int status, Headers headers, std::string_view body, WallTime now) {
        return make_error(Dialect.vendor, status, headers, body, now);
    }

    static std::optional<Error> encode_embed(const EmbedRequest& request, const Target& target, Outgoing out)
        requires(Dialect.capabilities.embeddings)
    {
        return encode_embeddings(Dialect, request, target, out);
    }
    static EmbedBatch embed_batch(std::string_view) noexcept { return Dialect.embed_batch; }
    static std::optional<Error> decode_embed(std::string_view body, Embeddings& answer)
        requires(Dialect.capabilities.embeddings)
    {
        return decode_embeddings(Dialect, body, answer);
    }
    static std::optional<Error> decode_models(std::string_view body, std::vector<ModelInfo>& models) {
        return decode_model_list(Dialect.vendor, body, models);
    }
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/chat_wire.ipp>
#endif
