// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "framing.hpp"
#include "rate_lines.hpp"

#include <baton/core/embeddings.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/serve/anthropic.hpp>
#include <baton/serve/gemini.hpp>
#include <baton/serve/mistral.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/openai_responses.hpp>
#include <baton/serve/together.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace gateway {

/// What a path asks for.
enum class Operation : unsigned char { none, chat, count, embed, models, model, health, ready, metrics };

/// Writes one streamed answer in the client's dialect.
using StreamEncoder =
    std::variant<baton::serve::OpenAI::StreamEncoder, baton::serve::Anthropic::StreamEncoder,
                 baton::serve::OpenAIResponses::StreamEncoder, baton::serve::Gemini::StreamEncoder>;

struct Dialect;

/// Where a request goes.
struct Route {
    Operation operation = Operation::none;
    const Dialect* dialect = nullptr;
    std::string_view method = "POST";                   ///< the one that is allowed
    std::string_view model;                             ///< of Operation::model, but for Gemini's dialect
    std::optional<baton::serve::GeminiTarget> gemini{}; ///< what that dialect says in its path
};

/// A client's dialect without its type: the gateway has one path for all of them.
struct Dialect {
    std::string_view id_prefix; ///< of an answer's id, where the vendor gave none
    std::optional<baton::Error> (*decode)(const Route&, std::string_view body, baton::serve::Incoming&);
    void (*encode)(const baton::Reply&, baton::WallTime, std::string&);
    int (*encode_error)(const baton::Error&, std::string&);
    void (*encode_models)(std::span<const std::string>, std::string&);
    void (*encode_model)(const std::string&, std::string&);
    void (*encode_count)(std::uint64_t tokens, std::string&);
    StreamEncoder (*encoder)();
    /// Says what is left of a rate; null: this dialect has no words for it.
    void (*write_rate)(std::string_view what, const Rate&, nanoseconds ahead, baton::WallTime, std::string&);
    bool ends_after_error = true; ///< false: clients see a broken stream only if the connection is cut
};

template <class D>
constexpr Dialect dialect_of(std::string_view id_prefix) {
    using namespace baton;
    Dialect made{};
    made.id_prefix = id_prefix;
    made.decode = [](const Route&, std::string_view body, serve::Incoming& incoming) {
        return D::decode(body, incoming);
    };
    made.encode = [](const Reply& reply, WallTime now, std::string& out) { D::encode(reply, now, out); };
    made.encode_error = [](const Error& error, std::string& out) { return D::encode_error(error, out); };
    made.encode_models = [](std::span<const std::string> models, std::string& out) {
        D::encode_models(models, out);
    };
    made.encode_model = [](const std::string& model, std::string& out) {
        if constexpr (requires { D::encode_model(model, out); }) {
            D::encode_model(model, out);
        } else {
            json::Writer json(out);
            json.begin_object().key("id").string(model).key("object").string("model");
            json.key("type").string("model").key("created").number(0);
            json.key("created_at").string("1970-01-01T00:00:00Z");
            json.key("owned_by").string("baton").key("display_name").string(model).end_object();
        }
    };
    if constexpr (requires(std::string& out) { D::encode_count(std::uint64_t{}, out); }) {
        made.encode_count = [](std::uint64_t tokens, std::string& out) { D::encode_count(tokens, out); };
    }
    made.encoder = [] { return StreamEncoder(typename D::StreamEncoder()); };
    made.write_rate = std::is_same_v<D, serve::Anthropic> ? write_anthropic_rate : write_openai_rate;
    return made;
}
constexpr Dialect make_gemini_dialect() {
    using namespace baton;
    Dialect made = dialect_of<serve::Gemini>("");
    made.decode = [](const Route& route, std::string_view body, serve::Incoming& incoming) {
        auto wrong = serve::Gemini::decode(*route.gemini, body, incoming);
        if (!wrong) serve::Gemini::number_calls(incoming.request); // for vendors that want ids
        return wrong;
    };
    made.write_rate = nullptr;
    made.ends_after_error = false;
    return made;
}

inline constexpr Dialect openai_dialect = dialect_of<baton::serve::OpenAI>("chatcmpl-");
inline constexpr Dialect mistral_dialect = dialect_of<baton::serve::Mistral>("chatcmpl-");
inline constexpr Dialect together_dialect = dialect_of<baton::serve::Together>("chatcmpl-");
inline constexpr Dialect responses_dialect = dialect_of<baton::serve::OpenAIResponses>("resp_");
inline constexpr Dialect anthropic_dialect = dialect_of<baton::serve::Anthropic>("msg_");
inline constexpr Dialect gemini_dialect = make_gemini_dialect();

/// Google's paths: a verb behind the model.
inline Route gemini_route(std::string_view target) {
    using Method = baton::serve::GeminiTarget::Method;
    Route found;
    found.dialect = &gemini_dialect;
    constexpr std::string_view root = "/v1beta/";
    const std::string_view path = target.substr(0, target.find('?'));
    // Vercel's SDK takes a model with a slash for a whole path and leaves "models/" out.
    const bool bare = path.starts_with(root) && path.find("odels") == std::string_view::npos;
    found.gemini.emplace(bare ? "/models/" + std::string(target.substr(root.size())) : std::string(target));
    switch (found.gemini->method) {
    case Method::generate:
    case Method::stream: found.operation = Operation::chat; break;
    case Method::count: found.operation = Operation::count; break;
    case Method::embed:
    case Method::batch_embed: found.operation = Operation::embed; break;
    case Method::models: found.operation = Operation::models, found.method = "GET"; break;
    case Method::model: found.operation = Operation::model, found.method = "GET"; break;
    case Method::unknown: break;
    }
    return found;
}

/// Clients that share OpenAI's paths but want some things otherwise, known by how they call themselves.
inline const Dialect* openai_like(const HttpRequest& request) {
    const std::string_view client = request.header("user-agent");
    return client.starts_with("mistral-client") ? &mistral_dialect
           : client.starts_with("Together/")    ? &together_dialect
                                                : &openai_dialect;
}

/// By path alone, exact, no normalisation; where clients of several vendors ask for the same path, by what is
/// each one's own.
inline Route route(const HttpRequest& request) {
    struct Fixed {
        std::string_view path;
        Operation operation;
        const Dialect* dialect;
        std::string_view method;
    };
    static constexpr Fixed pages[] = {
        {"/healthz", Operation::health, &openai_dialect, "GET"},
        {"/readyz", Operation::ready, &openai_dialect, "GET"},
        {"/metrics", Operation::metrics, &openai_dialect, "GET"},
        {"/v1/chat/completions", Operation::chat, &openai_dialect, "POST"},
        {"/v1/responses", Operation::chat, &responses_dialect, "POST"},
        {"/v1/responses/input_tokens", Operation::count, &responses_dialect, "POST"},
        {"/v1/messages", Operation::chat, &anthropic_dialect, "POST"},
        {"/v1/messages/count_tokens", Operation::count, &anthropic_dialect, "POST"},
        {"/v1/embeddings", Operation::embed, &openai_dialect, "POST"},
    };
    std::string_view path = request.path;
    // Groq's SDK puts this in front of every path.
    if (path.starts_with("/openai/v1/")) path.remove_prefix(std::string_view("/openai").size());
    for (const Fixed& page : pages) {
        if (page.path != path) continue;
        Route found{page.operation, page.dialect, page.method, {}, {}};
        if (found.dialect == &openai_dialect) found.dialect = openai_like(request);
        return found;
    }
    if (path.starts_with("/v1beta/") ||
        (path.starts_with("/v1/models/") && path.find(':') != std::string_view::npos)) {
        return gemini_route(request.target);
    }
    Route found;
    const bool anthropic = !request.header("anthropic-version").empty();
    const bool google = !request.header("x-goog-api-key").empty();
    found.dialect = anthropic ? &anthropic_dialect : google ? &gemini_dialect : openai_like(request);
    if (path == "/v1/models" || path.starts_with("/v1/models/")) {
        found.operation = path.size() > 11 ? Operation::model : Operation::models;
        found.method = "GET";
        if (path.size() > 11) found.model = path.substr(11);
    }
    return found;
}

} // namespace gateway
