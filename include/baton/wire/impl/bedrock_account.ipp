// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/bedrock.hpp>

#include <exception>

namespace baton::wire {
namespace detail {

/// The region that the options or the environment name; "" if none.
inline std::string_view aws_region(const Bedrock::Options& options, Environment environment) {
    std::string_view region = options.region;
    if (region.empty()) region = environment("AWS_REGION");
    if (region.empty()) region = environment("AWS_DEFAULT_REGION");
    return region;
}

/// It becomes part of a host name.
inline bool is_region(std::string_view text) noexcept {
    for (const char c : text) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
    }
    return !text.empty();
}

inline std::optional<Error> check_region(std::string_view region) {
    if (region.empty()) {
        return Error(Errc::auth, "bedrock needs a region: set AWS_REGION or Bedrock::Options::region, e.g. "
                                 "us-east-1");
    }
    if (!is_region(region)) {
        return Error(Errc::invalid_request,
                     "the AWS region may hold lower-case letters, digits and '-' only; "
                     "check AWS_REGION and Bedrock::Options::region");
    }
    return std::nullopt;
}

} // namespace detail

BATON_DECL result<std::string> Bedrock::base_url(const Options& options, Environment environment) {
    const std::string_view region = detail::aws_region(options, environment);
    if (auto error = detail::check_region(region)) return *std::move(error);
    std::string url("https://bedrock-runtime.");
    return url.append(region).append(".amazonaws.com");
}

BATON_DECL result<Bedrock::Account> Bedrock::Account::make(const Options& options, const Secret& key,
                                                           Environment environment,
                                                           const Credentials* credentials) {
    Account made;
    if (credentials != nullptr && *credentials) {
        made.credentials_ = *credentials;
    } else if (!options.key.empty() || (options.access_key_id.empty() && !key.empty())) {
        made.bearer_ = key; // the caller's, or the environment's
        std::string probe;
        if (auto error = append_header(probe, "authorization", key.reveal(), "Bearer ",
                                       "the key (AWS_BEARER_TOKEN_BEDROCK or Bedrock::Options::key)")) {
            return *std::move(error);
        }
        return made;
    } else {
        // one source for all three: a key and a secret of different owners would never fit
        const bool given = !options.access_key_id.empty();
        made.keys_.access_key_id = given ? options.access_key_id : environment("AWS_ACCESS_KEY_ID");
        made.keys_.secret_access_key =
            Secret(given ? options.secret_access_key : environment("AWS_SECRET_ACCESS_KEY"));
        made.keys_.session_token = Secret(given ? options.session_token : environment("AWS_SESSION_TOKEN"));
        if (made.keys_.access_key_id.empty()) {
            return Error(Errc::auth,
                         "bedrock has no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                         "AWS_BEARER_TOKEN_BEDROCK, or pass Bedrock::Options or Bedrock::Credentials");
        }
        if (made.keys_.secret_access_key.empty()) {
            return Error(Errc::auth, given
                                         ? "Bedrock::Options::access_key_id is set without secret_access_key"
                                         : "AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
        }
    }
    made.region_ = detail::aws_region(options, environment);
    if (auto error = detail::check_region(made.region_)) return *std::move(error);
    return made;
}

BATON_DECL std::optional<Error> Bedrock::Account::authorize(const Departure& departure, Outgoing out) const {
    if (!bearer_.empty()) return append_header(out.headers, "Authorization", bearer_.reveal(), "Bearer ", "");
    try {
        Keys fresh;
        if (credentials_) {
            result<Keys> got = credentials_();
            if (!got) return got.error();
            fresh = *std::move(got);
        }
        const Keys& keys = credentials_ ? fresh : keys_;
        if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
            return Error(Errc::auth, "Bedrock::Credentials gave no access key, or no secret");
        }
        const std::string time = sigv4::timestamp(departure.now);
        std::string target(departure.base_path);
        target += out.path;
        const std::size_t question = target.find('?');
        const HeaderField headers[] = {{"host", departure.authority},
                                       {"x-amz-date", time},
                                       {"x-amz-security-token", keys.session_token.reveal()}};
        sigv4::Request request;
        request.method = departure.method;
        request.path = std::string_view(target).substr(0, question);
        if (question != target.npos) request.query = std::string_view(target).substr(question + 1);
        request.headers = {headers, keys.session_token.empty() ? std::size_t{2} : std::size_t{3}};
        request.body = out.body;
        const sigv4::Scope scope{std::string_view(time).substr(0, 8), region_, "bedrock"};
        const sigv4::SigningKey key = cache_.get(keys.secret_access_key, scope);
        const std::string value = sigv4::authorization(request, keys.access_key_id, key, scope, time);
        auto error = append_header(out.headers, "X-Amz-Date", time, {}, "the date");
        if (!error) {
            error = append_header(out.headers, "X-Amz-Security-Token", keys.session_token.reveal(), {},
                                  "the AWS session token");
        }
        if (!error) error = append_header(out.headers, "Authorization", value, {}, "the AWS access key id");
        return error;
    } catch (const std::exception& failure) { // of OpenSSL, or of the caller's function
        return Error(Errc::auth, std::string("the request could not be signed: ") + failure.what());
    }
}

} // namespace baton::wire
