// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/openai.hpp>

namespace baton::wire {

BATON_DECL void OpenAI::read_environment(Options& options, KeyFrom from, Environment environment) {
    if (from != KeyFrom::variable) return; // another's key is not of this organization
    if (options.organization.empty()) options.organization = environment("OPENAI_ORG_ID");
    if (options.project.empty()) options.project = environment("OPENAI_PROJECT_ID");
}

BATON_DECL std::optional<Error> OpenAI::write_account_headers(const Options& options, const Secret& key,
                                                              std::string& lines) {
    auto error = append_bearer(dialect, key, lines);
    if (!error)
        error = append_header(lines, "openai-organization", options.organization, {},
                              "OpenAI::Options::organization or OPENAI_ORG_ID");
    if (!error)
        error = append_header(lines, "openai-project", options.project, {},
                              "OpenAI::Options::project or OPENAI_PROJECT_ID");
    return error;
}

} // namespace baton::wire
