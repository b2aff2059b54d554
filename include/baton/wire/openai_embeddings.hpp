// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/embeddings.hpp>
#include <baton/wire/chat_dialect.hpp>
#include <baton/wire/concept.hpp>

#include <optional>
#include <string_view>
#include <vector>

/// Embeddings and model lists as OpenAI's API has them, and whoever follows it.
namespace baton::wire {

/// Writes path and body: all inputs in one request. nullopt, or Errc::invalid_request naming the member.
BATON_DECL std::optional<Error> encode_embeddings(const ChatDialect& dialect, const EmbedRequest& request,
                                                  const Target& target, Outgoing out);

/// Reads a whole 2xx body; vectors, numbers or base64, in the order of their `index`.
BATON_DECL std::optional<Error> decode_embeddings(const ChatDialect& dialect, std::string_view body,
                                                  Embeddings& answer);

/// Reads a list of models: an array, or one under `data`.
BATON_DECL std::optional<Error> decode_model_list(const Vendor& vendor, std::string_view body,
                                                  std::vector<ModelInfo>& models);

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai_embeddings.ipp>
#endif
