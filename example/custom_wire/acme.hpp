// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>

// A vendor that speaks OpenAI's chat completions is a table of facts; everything has a default that suits
// most (see wire/chat_dialect.hpp). For a server whose facts do not matter, `baton::Compatible<"acme">` is
// enough.

inline constexpr baton::wire::ErrorRule acme_rules[] = {
    {baton::Errc::quota, {}, "no coins left"}, // Acme says 429 for this too, and waiting never helps
};

inline constexpr baton::wire::ChatDialect acme_chat{
    .vendor = {.name = "acme", .key_variable = "ACME_API_KEY", .rules = acme_rules},
    .base_url = "https://api.acme.example/v1",
    .base_url_variable = "ACME_BASE_URL",
    .model = "acme-1",
    .capabilities = {.tools = true, .json_object = true, .seed = true},
};

struct Acme : baton::wire::ChatWire<acme_chat> {};
