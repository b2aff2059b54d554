// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: Ollama's own chat; see decoder.hpp.

#include "decoder.hpp"

#include <baton/net/ndjson.hpp>
#include <baton/wire/ollama.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    baton::test::fuzz_wire<baton::Ollama, baton::net::NdjsonParser>({.arguments_are_json = true}, data, size);
    return 0;
}
