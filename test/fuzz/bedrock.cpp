// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: Bedrock's Converse; see decoder.hpp. An input that begins as a binary message does (with
// a zero byte) is such a stream; its checksums are set right first, so that what is behind them is reached.
// Any other is lines of an event's type, a tab and its payload, which are framed here.

#include "decoder.hpp"

#include "../net/event_stream_model.hpp"

#include <baton/wire/bedrock.hpp>

namespace {

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

std::string framed(std::string_view lines) {
    constexpr std::string_view exception = "exception:";
    std::string out;
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        const std::size_t tab = std::min(line.find('\t'), line.size());
        const std::string_view payload = line.substr(std::min(tab + 1, line.size()));
        std::string_view type = line.substr(0, std::min<std::size_t>(tab, 200));
        if (type.starts_with(exception)) {
            out += baton::test::exception_message(type.substr(exception.size()), payload);
        } else {
            out += baton::test::event_message(type, payload);
        }
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr baton::test::FuzzedWire facts{.arguments_are_json = true};
    const std::string input(reinterpret_cast<const char*>(data), size);
    std::string stream = input;
    if (stream.starts_with('\0')) {
        repair(stream);
    } else {
        stream = framed(input);
    }
    baton::test::fuzz_stream<baton::Bedrock, baton::net::EventStreamParser>(facts, stream);
    baton::test::fuzz_body<baton::Bedrock>(facts, input);
    return 0;
}
