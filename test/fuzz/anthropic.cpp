// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: Anthropic's Messages; see decoder.hpp.

#include "decoder.hpp"

#include <baton/wire/anthropic.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    baton::test::fuzz_wire<baton::Anthropic, baton::net::SseParser>({.arguments_are_json = true}, data, size);
    return 0;
}
