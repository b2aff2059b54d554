// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/wire/concept.hpp>

#include <string>

namespace baton::wire {

/// Where Ollama is: from $OLLAMA_HOST, as its own programs read it: "host", "host:port", ":port" or a URL; an
/// address to listen on ("0.0.0.0") means this machine. Else http://127.0.0.1:11434.
BATON_DECL std::string ollama_url(Environment environment);

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/ollama_url.ipp>
#endif
