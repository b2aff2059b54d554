// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "framing.hpp"

#include <baton/serve/anthropic.hpp>
#include <baton/serve/openai.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace gateway {

/// What a path asks for.
enum class Operation : unsigned char { none, chat, embed, models, health, ready, metrics };

/// Writes one streamed answer in the client's dialect.
using StreamEncoder =
    std::variant<baton::serve::OpenAI::StreamEncoder, baton::serve::Anthropic::StreamEncoder>;

/// A client's dialect without its type: the gateway has one path for all of them.
struct Dialect {
    std::string_view name;
    std::string_view id_prefix; ///< of an answer's id, where the vendor gave none
    std::optional<baton::Error> (*decode)(const HttpRequest&, std::string_view model,
                                          baton::serve::Incoming&);
    void (*encode)(const baton::Reply&, baton::WallTime, std::string&);
    int (*encode_error)(const baton::Error&, std::string&);
    void (*encode_models)(std::span<const std::string>, std::string&);
    StreamEncoder (*encoder)();
    bool has_error_event; ///< false: a broken stream can only be cut
};

template <class D>
constexpr Dialect dialect_of(std::string_view id_prefix) {
    return {
        D::name,
        id_prefix,
        [](const HttpRequest& request, std::string_view, baton::serve::Incoming& incoming) {
            return D::decode(request.body, incoming);
        },
        [](const baton::Reply& reply, baton::WallTime now, std::string& out) { D::encode(reply, now, out); },
        [](const baton::Error& error, std::string& out) { return D::encode_error(error, out); },
        [](std::span<const std::string> models, std::string& out) { D::encode_models(models, out); },
        [] { return StreamEncoder(typename D::StreamEncoder()); },
        true};
}

inline constexpr Dialect openai_dialect = dialect_of<baton::serve::OpenAI>("chatcmpl-");
inline constexpr Dialect anthropic_dialect = dialect_of<baton::serve::Anthropic>("msg_");

/// Where a request goes.
struct Route {
    Operation operation = Operation::none;
    const Dialect* dialect = &openai_dialect;
    std::string_view method = "POST"; ///< the one that is allowed
    std::string_view model;           ///< from the path, where the dialect has it there
    std::string_view verb;            ///< likewise: "streamGenerateContent"
};

/// By path alone; exact, no normalisation.
inline Route route(const HttpRequest& request) noexcept {
    Route found;
    const auto is = [&](Operation operation, const Dialect& dialect, std::string_view method = "POST") {
        found.operation = operation;
        found.dialect = &dialect;
        found.method = method;
        return found;
    };
    std::string_view path = request.path;
    if (path == "/healthz") return is(Operation::health, openai_dialect, "GET");
    if (path == "/readyz") return is(Operation::ready, openai_dialect, "GET");
    if (path == "/metrics") return is(Operation::metrics, openai_dialect, "GET");
    // Groq's SDK puts this in front of every path.
    if (constexpr std::string_view prefix = "/openai"; path.starts_with("/openai/"))
        path.remove_prefix(prefix.size());
    if (!path.starts_with("/v1/")) return found;
    path.remove_prefix(3);
    if (path == "/chat/completions") return is(Operation::chat, openai_dialect);
    if (path == "/messages") return is(Operation::chat, anthropic_dialect);
    if (path == "/embeddings") return is(Operation::embed, openai_dialect);
    if (path == "/models" || path.starts_with("/models/")) {
        const bool anthropic = !request.header("anthropic-version").empty();
        is(Operation::models, anthropic ? anthropic_dialect : openai_dialect, "GET");
        if (path.size() > 8) found.model = path.substr(8);
    }
    return found;
}

} // namespace gateway
