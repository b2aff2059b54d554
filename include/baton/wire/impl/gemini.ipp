// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/gemini.hpp>

namespace baton::wire {

BATON_DECL std::optional<Error> Gemini::write_account_headers(const Options&, const Secret& key,
                                                              std::string& lines) {
    return append_header(lines, "x-goog-api-key", key.reveal(), {},
                         "the key (GEMINI_API_KEY or Gemini::Options::key)");
}

BATON_DECL result<Gemini::Account> Gemini::Account::make(const Options&, const Secret& key,
                                                         Environment environment) {
    Account account;
    if (!key.empty()) return account;
    const std::string_view second = environment("GOOGLE_API_KEY");
    if (second.empty()) {
        return Error(Errc::auth,
                     "GEMINI_API_KEY is not set, nor is GOOGLE_API_KEY; export one of them or pass "
                     "gemini's Options{.key = ...}");
    }
    std::string line;
    auto wrong = append_header(line, "x-goog-api-key", second, {}, "the key (GOOGLE_API_KEY)");
    account.header_ = Secret(line);
    std::fill(line.begin(), line.end(), '\0');
    if (wrong) return *std::move(wrong);
    return account;
}

BATON_DECL std::optional<Error> Gemini::Account::authorize(const Departure& departure, Outgoing out) const {
    out.headers.append(header_.reveal());
    if (departure.base_path.empty()) out.path.insert(0, "/v1beta");
    return std::nullopt;
}

} // namespace baton::wire
