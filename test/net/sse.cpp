// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "../support/long_form.hpp"
#include "sse_model.hpp"

#include <baton/net/sse.hpp>

#include <random>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(sse)

using namespace std::string_view_literals;
using baton::net::SseEvent;
using baton::net::SseParser;
using baton::test::Event;
using baton::test::Feeder;
using baton::test::Stream;
using Status = SseParser::Status;

namespace {

struct Vector {
    std::string bytes;
    std::vector<Event> events;
    bool mid_event = false;
    std::optional<std::uint64_t> retry = std::nullopt;
};

Event message(std::string_view data, std::string_view id = {}) {
    return {"message", std::string(data), std::string(id)};
}

std::string operator""_s(const char* text, std::size_t size) { return {text, size}; }

// After the format-* tests of WPT, and what LLM vendors and gateways were seen to send.
const std::vector<Vector>& vectors() {
    static const std::string two_kb(2048, 'c');
    static const std::string cyrillic = "\xd0\xb8\xd0\xb7\xd0\xb2\xd0\xb5\xd1\x81\xd1\x82\xd0\xbd\xd0\xb8";
    static const std::vector<Vector> all = {
        {"data: a\n\n", {message("a")}},
        {"data:a\n\n", {message("a")}},
        {"data:  a\n\n", {message(" a")}},
        {"data:\ta\n\n", {message("\ta")}},
        {"data: a\r\n\r\n", {message("a")}},
        {"data: a\r\rdata: b\r\r", {message("a"), message("b")}},
        {"data:two\n\rdata:x\n\n", {message("two"), message("x")}},
        {"data:test\r\ndata\ndata:test\r\n\r", {message("test\n\ntest")}},
        {"data:\ttest\rdata: \ndata:test\n\n", {message("\ttest\n\ntest")}},
        {"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n"_s,
         {message("\0\n 2\n1\n3\n\n4"sv)}},
        {"data:\n\ndata\ndata\n\ndata:test", {message(""), message("\n")}, true},
        {"data:1\r:\0\n:\r\ndata:2\n:"_s + two_kb + "\rdata:3\n:data:fail\r:" + two_kb + "\ndata:4\n\n",
         {message("1\n2\n3\n4")}},
        {"\xEF\xBB\xBF"
         "data:1\n\n\xEF\xBB\xBF"
         "data:2\n\ndata:3\n\n",
         {message("1"), message("3")}},
        {"\xEF\xBB\xBF\xEF\xBB\xBF"
         "data:1\n\ndata:2\n\ndata:3\n\n",
         {message("2"), message("3")}},
        {"\xEF\xBB\xBF"
         "data:1\n\n",
         {message("1")}},
        {"retry:1000\ndata:test1\n\nid:test\ndata:test2", {message("test1")}, true, 1000},
        {"data: a\n", {}, true},
        {"event: \ndata: a\n\n", {message("a")}},
        {"event: ping\n\n", {}},
        {"event: ping\n\ndata: a\n\n", {message("a")}},
        {": ping\n\n", {}},
        {"id: 1\ndata: {}\n\n: ping\n\ndata: {}\n\n", {message("{}", "1"), message("{}", "1")}},
        {"retry: 3000\n\ndata: {}\n\n", {message("{}")}, false, 3000},
        {"retry:3000\nretry:1000x\ndata:x\n\n", {message("x")}, false, 3000},
        {"retry: +5\nretry: 1_000\nretry: -5\nretry:\nretry\nretry:  7\nretry:7 \nretry:0x7\n\n", {}},
        {"id: 1\ndata: a\n\ndata: b\n\n", {message("a", "1"), message("b", "1")}},
        {"id:1\ndata:x\n\nid\ndata:y\n\n", {message("x", "1"), message("y")}},
        {"id:1\ndata:x\n\nid:2\0\ndata:y\n\n"_s, {message("x", "1"), message("y", "1")}},
        {"data:\0\n\n"_s, {message("\0"sv)}},
        {"data: a:b\n\n", {message("a:b")}},
        {"data: {\"t\":\"a\\n\\nb\"}\n\n", {message("{\"t\":\"a\\n\\nb\"}")}},
        {"data: \xE2\x80\xA8\n\n", {message("\xE2\x80\xA8")}},
        {"data: x\xE2\x80\xA9\xC2\x85\v\fy\n\n", {message("x\xE2\x80\xA9\xC2\x85\v\fy")}},
        {"data: a\xFF"
         "b\n\n",
         {message("a\xEF\xBF\xBD"
                  "b")}},
        {"data: a\xE2\x82\n\n", {message("a\xEF\xBF\xBD")}},
        {"data: \xE0\x80\x80|\xED\xA0\x80|\xF0\x80\x80|\xF4\x90|\xC0\xAF|\xF1\x80\x80|\n\n",
         {message(
             "\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD\uFFFD|\uFFFD\uFFFD|\uFFFD\uFFFD|\uFFFD|")}},
        {"data: " + cyrillic + "\n\n", {message(cyrillic)}},
        {" data: a\n\ndata: b\n\n", {message("b")}},
        {"DATA: a\n\ndata: b\n\n", {message("b")}},
        {"data : a\n\ndata: b\n\n", {message("b")}},
        {"data: a\ndata\n\n", {message("a\n")}},
        {"data: a\n\n\n\ndata: b\n\n", {message("a"), message("b")}},
        {"data: {\"a\":1}\n\ndata: [DONE]\n\n", {message("{\"a\":1}"), message("[DONE]")}},
        {"data: {\"a\":1}\n\ndata: [DONE]", {message("{\"a\":1}")}, true},
        {"data: {\"a\":1}\n\n", {message("{\"a\":1}")}},
        {"{\"error\":{\"message\":\"no\"}}", {}, true},
        {"{\"error\":{\"message\":\"no\"}}\n", {}},
        {"data: {\"a\":data: {\"b\":1}\n\n", {message("{\"a\":data: {\"b\":1}")}},
        {"data: : OPENROUTER PROCESSING\n\n", {message(": OPENROUTER PROCESSING")}},
        // Beyond the list:
        {"event: message_start\ndata: {\"type\":\"message_start\"}\n\nevent: ping\ndata: {}\n\ndata: z\n\n",
         {{"message_start", "{\"type\":\"message_start\"}", ""}, {"ping", "{}", ""}, message("z")}},
        {"event: a\nevent: b\ndata: x\n\n", {{"b", "x", ""}}},
        {"event: a\nevent\ndata: x\n\n", {message("x")}},
        {"event: \xC3\nid: \xFF\ndata: x\n\n", {{"\xEF\xBF\xBD", "x", "\xEF\xBF\xBD"}}},
        {"event: \xC3\xA9\nid: \xC3\xA9\ndata: x\n\n", {{"\xC3\xA9", "x", "\xC3\xA9"}}},
        {"data: a\xFF\ndata: b\ndata: \xE4\xBD\xA0\n\n", {message("a\xEF\xBF\xBD\nb\n\xE4\xBD\xA0")}},
        {"\xEF\xBB"
         "data:1\n\ndata:2\n\n",
         {message("2")}},
        {"\xEF\n\ndata:2\n\n", {message("2")}},
        {"\xEF", {}, true},
        {"\xEF\xBB", {}, true},
        {"\xEF\xBB\xBF", {}},
        {"\xEF\xBB\xBF:c\r\n\r\ndata:x\r\r\n", {message("x")}},
        {"", {}},
        {"\n\r\n\r", {}},
        {"id: 7\n", {}, true},
        {"id: 7\n\n", {}},
        {"id: 7\n\ndata: x\n\n", {message("x", "7")}},
        {"event: e\n", {}, true},
        {"event:\n", {}},
        {": comment without end", {}},
        {": comment\n", {}},
        {"unknown: field\n", {}},
        {"da", {}, true},
        {"retry: 18446744073709551615\nretry: 18446744073709551616\n", {}, false, UINT64_MAX},
        {"retry: 0007\n", {}, false, 7},
        {"::\n:\ndata::\n\n", {message(":")}},
        {"data: x\n\r\n", {message("x")}},
        {"data: x\r\n\n", {message("x")}},
        {"data\r\n\r\n", {message("")}},
        {"datax: y\ndat: y\ndata: z\n\n", {message("z")}},
    };
    return all;
}

Stream fed(std::initializer_list<std::string_view> pieces, SseParser::Limits limits = {}) {
    Feeder feeder(limits);
    for (const auto piece : pieces) feeder.feed(piece);
    BOOST_TEST(feeder.consumed);
    return feeder.result();
}

Stream fed_by(std::size_t step, std::string_view bytes, SseParser::Limits limits = {}) {
    Feeder feeder(limits);
    for (std::size_t at = 0; at < bytes.size(); at += step) feeder.feed(bytes.substr(at, step));
    BOOST_TEST(feeder.consumed);
    return feeder.result();
}

} // namespace

BOOST_AUTO_TEST_CASE(vectors_whole) {
    for (const auto& vector : vectors()) {
        const Stream expected{vector.events, vector.retry, vector.mid_event, false};
        BOOST_TEST(fed({vector.bytes}) == expected, vector.bytes);
        BOOST_TEST(baton::test::model(vector.bytes) == expected, "model: " << vector.bytes);
    }
}

BOOST_AUTO_TEST_CASE(vectors_split_everywhere) {
    for (const auto& vector : vectors()) {
        const Stream expected{vector.events, vector.retry, vector.mid_event, false};
        const std::string_view bytes = vector.bytes;
        for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
            const auto stream = fed({bytes.substr(0, cut), bytes.substr(cut)});
            BOOST_TEST(stream == expected, "cut at " << cut << ": " << bytes);
        }
        if (bytes.size() > 100) continue; // all pairs of cuts would be too many
        for (std::size_t one = 0; one <= bytes.size(); ++one) {
            for (std::size_t two = one; two <= bytes.size(); ++two) {
                const auto stream =
                    fed({bytes.substr(0, one), bytes.substr(one, two - one), ""sv, bytes.substr(two)});
                BOOST_TEST(stream == expected, "cut at " << one << " and " << two << ": " << bytes);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(vectors_byte_by_byte) {
    for (const auto& vector : vectors()) {
        const Stream expected{vector.events, vector.retry, vector.mid_event, false};
        for (std::size_t step = 1; step < 5; ++step)
            BOOST_TEST(fed_by(step, vector.bytes) == expected, vector.bytes);
    }
}

// A line end is acted upon when it is seen: a lone CR does not wait for the LF that may follow.
BOOST_AUTO_TEST_CASE(a_carriage_return_dispatches_at_once) {
    Feeder feeder;
    feeder.feed("data: a\r\r");
    BOOST_TEST(feeder.stream.events.size() == 1U);
    BOOST_TEST(!feeder.parser.mid_event());
    feeder.feed("\ndata: b\r");
    BOOST_TEST(feeder.stream.events.size() == 1U);
    feeder.feed("\r");
    BOOST_TEST(feeder.stream.events.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_event_is_dispatched_with_its_last_byte) {
    const std::string bytes = "event: x\ndata: abc\n\n";
    Feeder feeder;
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) feeder.feed(bytes.substr(i, 1));
    BOOST_TEST(feeder.stream.events.empty());
    BOOST_TEST(feeder.parser.mid_event());
    feeder.feed("\n");
    BOOST_TEST(feeder.stream.events.size() == 1U);
    BOOST_TEST(!feeder.parser.mid_event());
}

BOOST_AUTO_TEST_CASE(whole_events_are_viewed_in_place) {
    for (const std::string payload : {"{\"a\":1}", "\xE4\xBD\xA0\xE5\xA5\xBD", "tab\there"}) {
        const std::string bytes =
            "event: delta\nid: 1\ndata: " + payload + "\n\ndata: " + payload + "\r\n\r\n";
        const auto inside = [&](std::string_view view) {
            return view.data() > bytes.data() && view.data() + view.size() < bytes.data() + bytes.size();
        };
        SseParser parser;
        SseEvent event;
        std::string_view input = bytes;
        BOOST_TEST((parser.next(input, event) == Status::event));
        BOOST_TEST(event.data == payload);
        BOOST_TEST(event.type == "delta");
        BOOST_TEST(inside(event.data));
        BOOST_TEST(inside(event.type));
        BOOST_TEST(input.size() == payload.size() + 10);
        BOOST_TEST((parser.next(input, event) == Status::event));
        BOOST_TEST(event.data == payload);
        BOOST_TEST(inside(event.data));
        BOOST_TEST(input.empty());
        BOOST_TEST((parser.next(input, event) == Status::need_more));
    }
}

BOOST_AUTO_TEST_CASE(line_limit) {
    const SseParser::Limits limits{20, 1000};
    const std::string fits = "data: 89abcdefghijkl"; // 20 bytes
    for (const std::string_view end : {"\n"sv, "\r"sv, "\r\n"sv}) {
        const std::string good = "data: a\n\n" + fits + std::string(end) + std::string(end);
        const std::string bad =
            "data: a\n\n" + fits + "m" + std::string(end) + std::string(end) + "data: b\n\n";
        const Stream passed{{message("a"), message("89abcdefghijkl")}, {}, false, false};
        const Stream stopped{{message("a")}, {}, false, true};
        for (std::size_t cut = 0; cut <= good.size(); ++cut) {
            BOOST_TEST(fed({good.substr(0, cut), good.substr(cut)}, limits) == passed, cut);
        }
        for (std::size_t cut = 0; cut <= bad.size(); ++cut) {
            BOOST_TEST(fed({bad.substr(0, cut), bad.substr(cut)}, limits) == stopped, cut);
        }
        for (std::size_t step = 1; step < 30; ++step) {
            BOOST_TEST(fed_by(step, good, limits) == passed);
            BOOST_TEST(fed_by(step, bad, limits) == stopped);
        }
    }
    // Without its end, a line that is too long is refused as soon as that is known.
    BOOST_TEST(fed({fits}, limits).too_large == false);
    BOOST_TEST(fed({fits, "m"}, limits).too_large == true);
    // Comments have no limit, unknown fields do.
    const std::string comment = ":" + std::string(5000, 'c') + "\ndata: x\n\n";
    for (const std::size_t step : {1U, 7U, 6000U})
        BOOST_TEST(fed_by(step, comment, limits) == (Stream{{message("x")}, {}, false, false}));
    BOOST_TEST(fed({"x" + comment}, limits).too_large);
}

BOOST_AUTO_TEST_CASE(event_limit) {
    const SseParser::Limits limits{100, 10};
    const std::string first = "data: 9876543210\n\n";                       // 10 bytes
    const std::string good = first + first + "data: 0123\ndata: 56789\n\n"; // 10 bytes with the LF between
    const Stream passed{
        {message("9876543210"), message("9876543210"), message("0123\n56789")}, {}, false, false};
    const Stream stopped{{message("9876543210")}, {}, false, true};
    for (std::size_t step = 1; step < 60; ++step) {
        BOOST_TEST(fed_by(step, good, limits) == passed);
        BOOST_TEST(fed_by(step, first + "data: 0123\ndata: 567890\n\n", limits) == stopped);
        BOOST_TEST(fed_by(step, first + "data: 01234567890\n\n", limits) == stopped);
        // 12 bytes when replaced
        BOOST_TEST(fed_by(step, first + "data: \xFF\xFF\xFF\xFF\n\n", limits) == stopped);
    }
}

BOOST_AUTO_TEST_CASE(too_large_stays_until_reset) {
    SseParser parser(SseParser::Limits{10, 10});
    SseEvent event;
    std::string_view input = "id: 1\nretry: 5\ndata: 123456\n\ndata: x\n\n";
    BOOST_TEST((parser.next(input, event) == Status::too_large));
    input = "data: x\n\n";
    BOOST_TEST((parser.next(input, event) == Status::too_large));
    input = {};
    BOOST_TEST((parser.next(input, event) == Status::too_large));
    parser.reset();
    BOOST_TEST(!parser.retry().has_value());
    BOOST_TEST(!parser.mid_event());
    input = "\xEF\xBB\xBF"
            "data: x\n\n";
    BOOST_TEST((parser.next(input, event) == Status::event));
    BOOST_TEST(event.data == "x");
    BOOST_TEST(event.id.empty());
}

BOOST_AUTO_TEST_CASE(reset_forgets_everything) {
    for (const std::string_view left : {"data: a"sv, "data: a\n"sv, "event: e\n"sv, "id: 3\n"sv,
                                        ": comment"sv, "data: a\r"sv, "\xEF\xBB"sv}) {
        Feeder feeder;
        feeder.feed(left);
        feeder.parser.reset();
        feeder.feed("\xEF\xBB\xBF"
                    "data: b\n\n");
        BOOST_TEST(feeder.result() == (Stream{{message("b")}, {}, false, false}), left);
    }
}

BOOST_AUTO_TEST_CASE(huge_events) {
    const std::size_t size = (std::size_t{64} << 20) + 1;
    std::string bytes = "data: " + std::string(size, 'x') + "\n\ndata: y\n\n";
    BOOST_TEST(fed_by(16384, bytes).too_large);
    const auto stream = fed_by(16384, bytes, {size + 6, size});
    BOOST_TEST(!stream.too_large);
    BOOST_REQUIRE(stream.events.size() == 2U);
    BOOST_TEST(stream.events[0].data.size() == size);
    // Were each byte to cost a look at those before it, this would not end.
    bytes = "data: " + std::string(1'000'000, 'x') + "\n\n";
    BOOST_TEST(fed_by(1, bytes).events.size() == 1U);
    bytes.clear();
    for (int i = 0; i < 200'000; ++i) bytes += "data: x\n";
    BOOST_TEST(fed_by(1, bytes + "\n").events.size() == 1U);
}

// What the standard discards at the end, at every split: a lacking blank line, and a document behind the
// events.
BOOST_AUTO_TEST_CASE(what_is_left_at_the_end) {
    struct Case {
        std::string stream;
        std::string last; // data; "" = nothing is left
    };
    const Case cases[] = {
        {"data: a\n\n", ""},
        {"data: a\n\ndata: [DONE]\n", "[DONE]"},
        {"data: a\r\n\r\ndata: [DONE]\r\n", "[DONE]"},
        {"data: a\n\ndata: cut in the mid", ""},
        {"data: a\n\n{\n  \"error\": {\n    \"code\": 499\n  }\n}\n",
         "{\n  \"error\": {\n    \"code\": 499\n  }\n}\n"},
        {"data: a\n\n{\"error\":\"x\"}", "{\"error\":\"x\"}"},
        {"data: a\n\n[1,\r\n2]", "[1,\n2]"},
        {"{\"noise\":1}\ndata: a\n\n", ""},
        {"data: a\n\n: bye\nnoise\n", ""},
    };
    for (const Case& one : cases) {
        for (std::size_t cut = 0; cut <= one.stream.size(); ++cut) {
            SseParser parser;
            SseEvent event;
            int events = 0;
            for (std::string_view input :
                 {std::string_view(one.stream).substr(0, cut), std::string_view(one.stream).substr(cut)}) {
                const std::string piece(input);
                std::string_view rest = piece;
                while (parser.next(rest, event) == SseParser::Status::event) ++events;
            }
            BOOST_TEST(events == 1);
            const bool left = parser.finish(event);
            BOOST_TEST(left == !one.last.empty(), one.stream << " cut at " << cut);
            if (left) BOOST_TEST(event.data == one.last);
            BOOST_TEST(!parser.finish(event)); // once
        }
    }
}

BOOST_AUTO_TEST_CASE(random_streams_agree_with_the_standard) {
    constexpr std::string_view pieces[] = {"data: x\n\n"sv,
                                           "data: y\r\n"sv,
                                           "event: e\n"sv,
                                           "id: 9\r"sv,
                                           "data: \xC3\xA9\n\n"sv,
                                           "data: \xE4\xBD\n\n"sv,
                                           "\n"sv,
                                           "\n\n"sv,
                                           "data"sv,
                                           "data:"sv,
                                           "data: "sv,
                                           "event: "sv,
                                           "event:"sv,
                                           "id: "sv,
                                           "id"sv,
                                           "retry: "sv,
                                           ":"sv,
                                           ": "sv,
                                           " "sv,
                                           "\n"sv,
                                           "\n\n"sv,
                                           "\r"sv,
                                           "\r\n"sv,
                                           "\r\n\r\n"sv,
                                           "\xEF\xBB\xBF"sv,
                                           "\xEF"sv,
                                           "\xBB"sv,
                                           "\xE4\xBD\xA0"sv,
                                           "\xF0\x9F\x98\x80"sv,
                                           "\xFF"sv,
                                           "\xC3"sv,
                                           "\0"sv,
                                           "12"sv,
                                           "x"sv,
                                           "\t"sv,
                                           "{\"choices\":[{\"delta\":{\"content\":\"hello\"}}]}"sv};
    // each stream is one run whole, one cut in three at random, and one byte by byte
    const std::size_t streams = baton::test::rounds(60'000, 3'333'334);
    std::mt19937 random(42);
    std::size_t events = 0, runs = 0, wrong = 0;
    std::string bytes;
    for (std::size_t i = 0; i < streams; ++i) {
        bytes.clear();
        if (i % 4 == 3) { // no pieces that make sense: bytes of any value, most of them of some meaning
            constexpr std::string_view alphabet("dat:even\r\n \0\xEF\xBB\xBF\xE4\xFF"sv);
            for (std::size_t n = random() % 40; n != 0; --n) {
                const auto any = random();
                bytes += any % 8 == 0 ? static_cast<char>(any >> 8) : alphabet[(any >> 8) % alphabet.size()];
            }
        } else {
            for (std::size_t n = random() % 24; n != 0; --n) bytes += pieces[random() % std::size(pieces)];
        }
        const Stream expected = baton::test::model(bytes);
        events += expected.events.size();
        const std::size_t one = random() % (bytes.size() + 1);
        const std::size_t two = one + random() % (bytes.size() - one + 1);
        const std::string_view all = bytes;
        const auto same = [&](std::initializer_list<std::string_view> cut, std::size_t step) {
            Feeder feeder;
            for (const std::string_view piece : cut) feeder.feed(piece);
            for (std::size_t at = 0; step != 0 && at < all.size(); at += step)
                feeder.feed(all.substr(at, step));
            ++runs;
            if (feeder.consumed && feeder.result() == expected) return;
            if (++wrong < 4) BOOST_TEST(feeder.result() == expected, bytes);
        };
        same({all}, 0);
        same({all.substr(0, one), all.substr(one, two - one), all.substr(two)}, 0);
        same({}, 1);
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(events > streams / 3);
    BOOST_TEST_MESSAGE("scorecard 19: " << runs << " runs of " << streams << " streams with " << events
                                        << " events, " << wrong << " differ from the standard");
}

BOOST_AUTO_TEST_SUITE_END()
