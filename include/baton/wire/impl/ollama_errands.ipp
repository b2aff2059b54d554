// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/impl/embeddings.ipp>
#include <baton/wire/ollama.hpp>

namespace baton::wire {
namespace detail {

inline std::string_view trim_host(std::string_view text) noexcept {
    constexpr std::string_view around = " \t\r\n\"'";
    const std::size_t first = text.find_first_not_of(around);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(around) - first + 1);
}

} // namespace detail

BATON_DECL result<std::string> Ollama::base_url(const Options&, Environment environment) {
    std::string_view rest = detail::trim_host(environment("OLLAMA_HOST"));
    std::string_view scheme = "http", port = ":11434";
    if (const std::size_t mark = rest.find("://"); mark != rest.npos) {
        scheme = rest.substr(0, mark);
        rest.remove_prefix(mark + 3);
        port = {}; // that of the scheme
    }
    const std::size_t slash = rest.find('/');
    const std::string_view path = slash == rest.npos ? std::string_view() : rest.substr(slash);
    std::string_view host = rest.substr(0, slash);
    const bool brackets = host.starts_with('[');
    const std::size_t colon = host.rfind(':');
    // "::1" is an address without a port
    const bool bare = !brackets && colon != host.npos && host.find(':') != colon;
    if (!bare && colon != host.npos && !(brackets && host.ends_with(']'))) {
        port = host.substr(colon);
        host = host.substr(0, colon);
    }
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "[::]" || host == "::") host = "[::1]";
    std::string url(scheme);
    url.append("://");
    const bool enclose = bare && !host.starts_with('[');
    url.append(enclose ? "[" : "").append(host).append(enclose ? "]" : "").append(port).append(path);
    return url;
}

BATON_DECL std::optional<Error> Ollama::encode_embed(const EmbedRequest& request, const Target& target,
                                                     Outgoing out) {
    Extra extra;
    if (auto error = extra.read(name, request.extra)) return error;
    if (auto error = detail::without_inputs(request)) return error;
    out.path = "/api/embed";
    json::Writer w(out.body);
    w.begin_object();
    if (!extra.has("model")) w.key("model").string(target.model);
    if (!extra.has("input")) {
        w.key("input").begin_array();
        for (const std::string& input : request.inputs) w.string(input);
        w.end_array();
    }
    if (request.dimensions && !extra.has("dimensions")) w.key("dimensions").number(*request.dimensions);
    extra.write(w);
    w.end_object();
    return std::nullopt;
}

BATON_DECL std::optional<Error> Ollama::decode_embed(std::string_view body, Embeddings& answer) {
    bool failed = false, listed = false, whole = true;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "embeddings")) {
            listed |=
                reader.array([&] { whole &= detail::read_vector(reader, answer.vectors.emplace_back()); });
        } else if (json::is(key, "embedding")) { // of the older /api/embeddings
            listed = true;
            whole &= detail::read_vector(reader, answer.vectors.emplace_back());
        } else if (json::is(key, "model")) {
            reader.append_string(answer.model);
        } else if (json::is(key, "prompt_eval_count")) {
            answer.usage.reported = reader.unsigned_integer(answer.usage.input_tokens);
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (!reader.finish())
        return malformed(detail::ollama_vendor, "embeddings that are not a JSON object", body);
    if (failed) return make_error_in_answer(detail::ollama_vendor, body);
    if (listed && whole) return std::nullopt;
    return malformed(detail::ollama_vendor, "embeddings without a vector for each", body);
}

BATON_DECL std::optional<Error> Ollama::decode_models(std::string_view body, std::vector<ModelInfo>& models) {
    bool failed = false, listed = false;
    json::Reader reader(body);
    reader.object([&](std::string_view key) {
        if (json::is(key, "error")) {
            const auto kind = reader.kind();
            failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
        if (!json::is(key, "models")) return;
        listed |= reader.array([&] {
            ModelInfo& model = models.emplace_back();
            std::string display;
            reader.object([&](std::string_view member) {
                if (json::is(member, "model")) reader.append_string(model.id);
                if (json::is(member, "name")) reader.append_string(display);
            });
            if (model.id.empty()) model.id = std::move(display);
            if (model.id.empty()) models.pop_back();
        });
        listed |= reader.null(); // no models
    });
    if (!reader.finish()) return malformed(detail::ollama_vendor, "a model list that is not JSON", body);
    if (failed) return make_error_in_answer(detail::ollama_vendor, body);
    if (!listed) return malformed(detail::ollama_vendor, "a model list without `models`", body);
    return std::nullopt;
}

} // namespace baton::wire
