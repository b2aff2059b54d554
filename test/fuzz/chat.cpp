// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: chat completions in the dialects whose answers differ most; see decoder.hpp.

#include "decoder.hpp"

#include <baton/wire/mistral.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openrouter.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using baton::net::SseParser;
    baton::test::fuzz_wire<baton::OpenAI, SseParser>({}, data, size);
    baton::test::fuzz_wire<baton::OpenRouter, SseParser>({}, data, size);
    baton::test::fuzz_wire<baton::Mistral, SseParser>({}, data, size);
    return 0;
}
