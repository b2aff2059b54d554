// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/openai_responses.hpp>

namespace baton::wire {

BATON_DECL void OpenAIResponses::read_environment(Options& options, KeyFrom from, Environment environment) {
    if (from != KeyFrom::variable) return; // another's key is not of this organization
    if (options.organization.empty()) options.organization = environment("OPENAI_ORG_ID");
    if (options.project.empty()) options.project = environment("OPENAI_PROJECT_ID");
}

BATON_DECL void AzureResponses::read_environment(Options& options, KeyFrom from, Environment) {
    options.bearer |= from == KeyFrom::other_variable;
}

BATON_DECL std::optional<Error>
OpenAIResponses::write_account_headers(const Options& options, const Secret& key, std::string& lines) {
    auto error = append_header(lines, "authorization", key.reveal(), "Bearer ",
                               "the key (OPENAI_API_KEY or OpenAIResponses::Options::key)");
    if (!error)
        error = append_header(lines, "openai-organization", options.organization, {},
                              "OpenAIResponses::Options::organization or OPENAI_ORG_ID");
    if (!error)
        error = append_header(lines, "openai-project", options.project, {},
                              "OpenAIResponses::Options::project or OPENAI_PROJECT_ID");
    return error;
}

BATON_DECL result<std::string> AzureResponses::base_url(const Options& options, Environment environment) {
    std::string url;
    if (!options.resource.empty()) {
        url.append("https://").append(options.resource).append(".openai.azure.com");
    } else {
        url = environment("AZURE_OPENAI_ENDPOINT");
        while (url.ends_with('/')) url.pop_back();
    }
    if (url.empty()) {
        return Error(Errc::invalid_request,
                     "azure_responses does not know its server; export AZURE_OPENAI_ENDPOINT, or pass "
                     "Options{.resource = ...} or Options{.base_url = ...}");
    }
    if (!url.ends_with("/openai/v1")) url += "/openai/v1";
    return url;
}

BATON_DECL std::optional<Error> AzureResponses::write_account_headers(const Options& options,
                                                                      const Secret& key, std::string& lines) {
    constexpr std::string_view option = "the key (AZURE_OPENAI_API_KEY or AzureResponses::Options::key)";
    return options.bearer ? append_header(lines, "authorization", key.reveal(), "Bearer ", option)
                          : append_header(lines, "api-key", key.reveal(), {}, option);
}

} // namespace baton::wire
