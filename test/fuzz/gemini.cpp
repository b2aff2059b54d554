// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: Gemini's generateContent, at Google AI and Vertex; see decoder.hpp.

#include "decoder.hpp"

#include <baton/wire/gemini.hpp>
#include <baton/wire/vertex.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using baton::net::SseParser;
    baton::test::fuzz_wire<baton::Gemini, SseParser>({.arguments_are_json = true}, data, size);
    baton::test::fuzz_wire<baton::Vertex, SseParser>({.arguments_are_json = true}, data, size);
    return 0;
}
