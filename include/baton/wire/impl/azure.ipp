// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/uri.hpp>
#include <baton/wire/azure.hpp>
#include <baton/wire/encode.hpp>

namespace baton::wire {
namespace detail {

inline constexpr std::string_view azure_deployments = "/openai/deployments/";
inline constexpr std::string_view azure_v1 = "/openai/v1";

/// The classic path; Account::authorize, which knows the version, makes the right one of it.
inline std::string azure_path(std::string_view deployment, std::string_view operation) {
    std::string path(azure_deployments);
    return path.append(uri_encode(deployment, true)).append(operation);
}

} // namespace detail

BATON_DECL result<AzureOpenAI::Account> AzureOpenAI::Account::make(const Options& options, const Secret& key,
                                                                   Environment environment) {
    Account account;
    std::string_view version = options.api_version;
    if (version.empty()) version = environment("OPENAI_API_VERSION");
    account.v1_ = version.empty() || version == "v1" || version == "preview" || version == "latest";
    if (!version.empty() && version != "v1") account.api_version_ = uri_encode(version, true);
    if (!options.bearer.empty() || !key.empty()) return account;
    const std::string_view token = environment("AZURE_OPENAI_AD_TOKEN");
    if (token.empty()) {
        return Error(Errc::auth,
                     "neither AZURE_OPENAI_API_KEY nor AZURE_OPENAI_AD_TOKEN is set; export one or "
                     "pass AzureOpenAI::Options{.key = ...} or {.bearer = ...}");
    }
    std::string line; // refused now rather than with every request
    if (auto error = append_header(line, "authorization", token, "Bearer ", "AZURE_OPENAI_AD_TOKEN"))
        return *std::move(error);
    account.token_ = Secret(token);
    return account;
}

BATON_DECL std::optional<Error> AzureOpenAI::Account::authorize(const Departure& departure,
                                                                Outgoing out) const {
    std::string& path = out.path;
    std::string_view base = departure.base_path;
    while (base.ends_with('/')) base.remove_suffix(1);
    // a base URL that names the API already
    const bool named = base.ends_with("/v1") || base.ends_with("/models") ||
                       base.find(detail::azure_deployments) != std::string_view::npos;
    if (path.starts_with(detail::azure_deployments)) {
        const std::size_t operation = path.find('/', detail::azure_deployments.size());
        if (named) {
            path.erase(0, operation);
        } else if (v1_) {
            path.replace(0, operation, detail::azure_v1);
        }
    } else if (path.starts_with(detail::azure_v1)) { // the model list
        if (named) {
            path.erase(0, detail::azure_v1.size());
        } else if (!v1_) {
            path.replace(0, detail::azure_v1.size(), "/openai");
        }
    }
    if (!api_version_.empty()) path.append("?api-version=").append(api_version_);
    return append_header(out.headers, "authorization", token_.reveal(), "Bearer ", "AZURE_OPENAI_AD_TOKEN");
}

BATON_DECL std::optional<Error> AzureOpenAI::write_account_headers(const Options& options, const Secret& key,
                                                                   std::string& lines) {
    if (!options.bearer.empty()) {
        return append_header(lines, "authorization", options.bearer, "Bearer ",
                             "AzureOpenAI::Options::bearer");
    }
    return append_header(lines, "api-key", key.reveal(), {},
                         "the key (AZURE_OPENAI_API_KEY or AzureOpenAI::Options::key)");
}

BATON_DECL std::optional<Error> AzureOpenAI::encode(const Draft& draft, const Target& target, bool stream,
                                                    Outgoing out) {
    auto error = encode_chat(dialect, draft, target, stream, out);
    if (!error) out.path = detail::azure_path(target.model, dialect.path);
    return error;
}

BATON_DECL std::optional<Error> AzureOpenAI::encode_embed(const EmbedRequest& request, const Target& target,
                                                          Outgoing out) {
    auto error = encode_embeddings(dialect, request, target, out);
    if (!error) out.path = detail::azure_path(target.model, dialect.embeddings_path);
    return error;
}

} // namespace baton::wire
