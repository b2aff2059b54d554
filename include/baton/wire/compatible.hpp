// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>
#include <baton/wire/ollama_url.hpp>

#include <algorithm>
#include <cstddef>
#include <string>

namespace baton::wire {

/// A string as a template argument: `Compatible<"acme">`.
template <std::size_t N>
struct FixedName {
    consteval FixedName(const char (&text)[N]) { std::copy_n(text, N, data); }
    constexpr operator std::string_view() const noexcept { return {data, N - 1}; }
    char data[N]{};
};

namespace detail {

inline constexpr ErrorRule compatible_rules[] = {
    {Errc::context_overflow, {}, "exceeds the context length"},         // Ollama
    {Errc::context_overflow, {}, "exceeds the available context size"}, // llama.cpp
    {Errc::context_overflow, "exceed_context_size_error", {}},          //
};

/// What such a server lacks, it refuses itself.
template <FixedName Name, FixedName BaseUrl>
inline constexpr ChatDialect compatible_chat{
    .vendor = {.name = Name, .key_variable = "", .rules = compatible_rules},
    .base_url = BaseUrl,
    .capabilities = usual_chat_capabilities,
    .blocks_of = "openai",
    .thinking = ChatDialect::Thinking::with_calls,
};

} // namespace detail

/// A server that speaks OpenAI's chat completions, under a name of your choice. It needs no key, but sends
/// Options::key if there is one. Options::base_url is required where the type has none
/// ("http://host:8000/v1"), and so is Options::model, or a model in each request.
template <FixedName Name, FixedName BaseUrl = "">
struct Compatible : ChatWire<detail::compatible_chat<Name, BaseUrl>> {};

/// Local servers, at their default ports.
using LlamaCpp = Compatible<"llamacpp", "http://127.0.0.1:8080/v1">;
using VLLM = Compatible<"vllm", "http://127.0.0.1:8000/v1">;
using LMStudio = Compatible<"lmstudio", "http://127.0.0.1:1234/v1">;

/// Ollama's OpenAI-compatible door; its own API is wire::Ollama.
struct OllamaCompatible : Compatible<"ollama-compatible"> {
    static constexpr std::string_view other_key_variable = "OLLAMA_API_KEY";
    static constexpr std::string_view bare_path = "/v1";

    /// Concept HasBaseUrl: see ollama_url().
    static result<std::string> base_url(const Options&, Environment environment) {
        std::string url = ollama_url(environment);
        while (url.ends_with('/')) url.pop_back();
        if (!url.ends_with("/v1")) url += "/v1";
        return url;
    }
};

static_assert(Wire<LlamaCpp> && Wire<OllamaCompatible> && HasBaseUrl<OllamaCompatible>);

} // namespace baton::wire

namespace baton {
using wire::Compatible;
using wire::LlamaCpp;
using wire::LMStudio;
using wire::OllamaCompatible;
using wire::VLLM;
} // namespace baton
