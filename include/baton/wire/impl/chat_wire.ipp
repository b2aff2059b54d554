// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>
#include <baton/wire/encode.hpp>

namespace baton::wire {

BATON_DECL std::optional<Error> append_bearer(const ChatDialect& dialect, const Secret& key,
                                              std::string& lines) {
    std::string option = "the key (";
    if (!dialect.vendor.key_variable.empty()) option.append(dialect.vendor.key_variable).append(" or ");
    option.append(dialect.vendor.name).append("'s Options.key)");
    return append_header(lines, "authorization", key.reveal(), "Bearer ", option);
}

} // namespace baton::wire
