// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: Cohere's chat; see decoder.hpp.

#include "decoder.hpp"

#include <baton/wire/cohere.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    baton::test::fuzz_wire<baton::Cohere, baton::net::SseParser>({}, data, size);
    return 0;
}
