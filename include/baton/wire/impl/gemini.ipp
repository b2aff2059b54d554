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

} // namespace baton::wire
