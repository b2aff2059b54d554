// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// The event-stream parser alone: SHAPE TIMES KILOBYTES makes a stream of about that size and reads it so many
// times in pieces of 16 KiB. Run by sse.py, which takes the difference between two and one times.
//   deltas   events of a chat stream, 260 bytes each
//   lines    one event of short data lines
//   long     one event of one long line
//   comments lines that say nothing

#include <baton/net/sse.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::string stream_of(std::string_view shape, std::size_t size) {
    std::string text;
    text.reserve(size + 512);
    const std::string delta =
        "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{"
        "\"index\":0,\"delta\":{\"content\":\"" +
        std::string(155, 'x') + "\"}}]}\n\n";
    if (shape == "long") text = "data: " + std::string(size, 'x');
    while (text.size() < size) {
        if (shape == "deltas") text += delta;
        if (shape == "lines") text += "data: a line\n";
        if (shape == "comments") text += ": a line\n\n";
    }
    return text += "\n\n";
}

} // namespace

int main(int argc, char* argv[]) {
    const std::string_view shape = argc == 4 ? argv[1] : "";
    if (shape != "deltas" && shape != "lines" && shape != "long" && shape != "comments") {
        std::fputs("usage: sse deltas|lines|long|comments TIMES KILOBYTES\n", stderr);
        return 2;
    }
    const std::string text = stream_of(shape, std::strtoull(argv[3], nullptr, 10) * 1024);
    const std::uint64_t times = std::strtoull(argv[2], nullptr, 10);
    baton::net::SseParser parser({.line = text.size(), .event = text.size()});
    baton::net::SseEvent event;
    std::size_t events = 0, bytes = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < times; ++i) {
        parser.reset();
        for (std::size_t at = 0; at < text.size(); at += 16384) {
            std::string_view input = std::string_view(text).substr(at, 16384);
            while (parser.next(input, event) == baton::net::SseParser::Status::event) {
                ++events;
                bytes += event.data.size();
            }
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("bytes %zu\nevents %zu\ndata %zu\ngigabytes_per_second %.2f\n", text.size(), events, bytes,
                static_cast<double>(text.size() * times) / took.count() / 1e9);
    return 0;
}
