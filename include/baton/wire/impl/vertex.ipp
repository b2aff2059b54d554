// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/vertex.hpp>

#include <algorithm>
#include <exception>

namespace baton::wire {
namespace detail {

inline std::string_view first_set(std::string_view option, std::string_view otherwise) noexcept {
    return option.empty() ? otherwise : option;
}

/// Project ids and locations are names of this alphabet ("example.com:project" is an old kind of id).
inline std::optional<Error> not_a_name(std::string_view text, std::string_view option) {
    const bool good = std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == ':' || c == '_';
    });
    if (good) return std::nullopt;
    return Error(Errc::invalid_request,
                 std::string(option) + " holds a character that no such name has; correct it");
}

inline std::string_view vertex_location(const Vertex::Options& options, Environment environment) {
    return first_set(first_set(options.location, environment("GOOGLE_CLOUD_LOCATION")), "global");
}

} // namespace detail

BATON_DECL result<std::string> Vertex::base_url(const Options& options, Environment environment) {
    const std::string_view location = detail::vertex_location(options, environment);
    if (auto wrong = detail::not_a_name(location, "vertex Options.location or GOOGLE_CLOUD_LOCATION"))
        return *std::move(wrong);
    std::string url("https://");
    if (location == "us" || location == "eu") { // several regions have a host of another form
        return url.append("aiplatform.").append(location).append(".rep.googleapis.com");
    }
    if (location != "global") url.append(location).append("-");
    return url.append("aiplatform.googleapis.com");
}

BATON_DECL result<Vertex::Account> Vertex::Account::make(const Options& options, const Secret& key,
                                                         Environment environment,
                                                         const Credentials* credentials) {
    Account account;
    if (credentials && credentials->token) {
        account.token_ = credentials->token;
    } else if (!key.empty()) {
        account.fixed_ = key;
    } else {
        return Error(Errc::auth, "vertex has no access token; pass Vertex::Credentials with a function that "
                                 "returns one, or export GOOGLE_OAUTH_ACCESS_TOKEN");
    }
    const std::string_view base = detail::first_set(options.base_url, environment(base_url_variable));
    if (base.find("/projects/") != std::string_view::npos) return account;
    const std::string_view project = detail::first_set(options.project, environment("GOOGLE_CLOUD_PROJECT"));
    if (project.empty()) {
        return Error(Errc::auth, "GOOGLE_CLOUD_PROJECT is not set; export it or pass vertex's "
                                 "Options{.project = ...}");
    }
    const std::string_view location = detail::vertex_location(options, environment);
    const std::string_view version = detail::first_set(options.version, default_version);
    auto wrong = detail::not_a_name(project, "vertex Options.project or GOOGLE_CLOUD_PROJECT");
    if (!wrong) wrong = detail::not_a_name(location, "vertex Options.location or GOOGLE_CLOUD_LOCATION");
    if (!wrong) wrong = detail::not_a_name(version, "vertex Options.version");
    if (wrong) return *std::move(wrong);
    account.prefix_.append("/").append(version).append("/projects/").append(project);
    account.prefix_.append("/locations/").append(location);
    return account;
}

BATON_DECL std::optional<Error> Vertex::Account::authorize(const Departure&, Outgoing out) const {
    if (!out.path.starts_with("/v1")) out.path.insert(0, prefix_); // the model list has no project
    constexpr std::string_view what = "the access token of vertex";
    if (!token_) {
        return append_header(out.headers, "authorization", fixed_.reveal(), "Bearer ", what);
    }
    std::string problem = "gave none";
    try {
        const std::string token = token_();
        if (!token.empty()) return append_header(out.headers, "authorization", token, "Bearer ", what);
    } catch (const std::exception& failure) {
        problem = std::string("failed: ") + failure.what();
    } catch (...) {
        problem = "failed";
    }
    return Error(Errc::auth, "the function in Vertex::Credentials that returns access tokens " + problem);
}

BATON_DECL std::optional<Error> Vertex::write_account_headers(const Options& options, const Secret&,
                                                              std::string& lines) {
    return append_header(lines, "x-goog-user-project", options.quota_project, {},
                         "Vertex::Options::quota_project");
}

} // namespace baton::wire
