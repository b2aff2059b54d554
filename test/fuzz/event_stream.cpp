// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: EventStreamParser, whole and cut in two ways, against a plain reading of the same bytes.
// For half of the inputs the checksums are set right first, so that what is behind them is reached too.

#include "../net/event_stream_model.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace {

using baton::test::BinaryStream;

// Writes the right checksums wherever the lengths make a message.
void repair(std::string& bytes) {
    for (std::size_t at = 0; bytes.size() - at >= 16;) {
        const std::string_view rest = std::string_view(bytes).substr(at);
        const std::uint64_t total = baton::test::from_big_endian(rest.substr(0, 4));
        bytes.replace(at + 8, 4, baton::test::big_endian(baton::test::plain_crc32(rest.substr(0, 8)), 4));
        if (total < 16 || total > bytes.size() - at) return;
        const std::string_view summed = std::string_view(bytes).substr(at, total - 4);
        bytes.replace(at + total - 4, 4, baton::test::big_endian(baton::test::plain_crc32(summed), 4));
        at += total;
    }
}

BinaryStream fed(std::string_view bytes, unsigned seed, std::size_t max_payload) {
    baton::test::BinaryFeeder feeder(max_payload);
    std::minstd_rand random(seed);
    const std::size_t longest = 1 + random() % 40;
    while (!bytes.empty()) {
        const std::size_t length = std::min<std::size_t>(random() % (longest + 1), bytes.size());
        feeder.feed(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
    if (!feeder.consumed) std::abort();
    return feeder.result();
}

void require_same(const BinaryStream& ours, const BinaryStream& expected, const char* what) {
    // what follows a failure is not read, so whether a message is pending then says nothing
    const bool failed = expected.end != BinaryStream::Status::need_more;
    if (ours.events == expected.events && ours.end == expected.end &&
        (failed || ours.mid_event == expected.mid_event)) {
        return;
    }
    std::fprintf(stderr, "%s: %zu events, %zu expected\n", what, ours.events.size(), expected.events.size());
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const unsigned first = data[0] + 256U * data[1];
    const unsigned second = first + 1 + data[2];
    std::string bytes(reinterpret_cast<const char*>(data) + 4, size - 4);
    if ((data[3] & 1) != 0) repair(bytes);
    const std::size_t limit = (data[3] & 2) != 0 ? data[3] : std::size_t{8} << 20;

    const BinaryStream expected = baton::test::plain_binary_events(bytes, limit);
    baton::test::BinaryFeeder whole(limit);
    whole.feed(bytes);
    require_same(whole.result(), expected, "whole");
    require_same(fed(bytes, first, limit), expected, "first cut");
    require_same(fed(bytes, second, limit), expected, "second cut");
    whole.reset();
    whole.feed(bytes);
    require_same(whole.result(), expected, "after reset");

    const std::string_view text(bytes);
    const std::string_view front = text.substr(0, first % (text.size() + 1));
    const std::uint32_t sum = baton::net::crc32(text.substr(front.size()), baton::net::crc32(front));
    if (sum != baton::test::plain_crc32(text)) std::abort();
    return 0;
}
