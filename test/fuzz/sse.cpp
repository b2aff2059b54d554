// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: SseParser, cut in two ways at places of the fuzzer's choice, against the standard's
// algorithm; with small limits, against itself.

#include "../net/sse_model.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

using baton::test::Stream;

Stream fed(std::string_view text, unsigned seed, baton::net::SseParser::Limits limits) {
    baton::test::Feeder feeder(limits);
    std::minstd_rand random(seed);
    const std::size_t longest = 1 + random() % 40;
    while (!text.empty()) {
        const std::size_t length = std::min<std::size_t>(random() % (longest + 1), text.size());
        feeder.feed(text.substr(0, length));
        text.remove_prefix(length);
    }
    if (!feeder.consumed) std::abort();
    return feeder.result();
}

void require_same(const Stream& ours, const Stream& expected, const char* what) {
    if (ours == expected) return;
    std::fprintf(stderr, "%s: %zu events, %zu expected\n", what, ours.events.size(), expected.events.size());
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 4) return 0;
    const unsigned first = bytes[0] + 256U * bytes[1];
    const unsigned second = first + 1 + bytes[2];
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 4, size - 4);

    const Stream expected = baton::test::model(text);
    baton::test::Feeder whole;
    whole.feed(text);
    require_same(whole.result(), expected, "whole");
    require_same(fed(text, first, {}), expected, "first cut");
    require_same(fed(text, second, {}), expected, "second cut");

    const baton::net::SseParser::Limits limits{bytes[3] % 32U, bytes[3] / 8U};
    baton::test::Feeder limited(limits);
    limited.feed(text);
    const Stream stopped = limited.result();
    require_same(fed(text, first, limits), stopped, "first cut, limited");
    require_same(fed(text, second, limits), stopped, "second cut, limited");
    if (!stopped.too_large) require_same(stopped, expected, "limits not reached");
    return 0;
}
