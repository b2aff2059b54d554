// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// AWS's binary event streams: every header type, every cut, every kind of damage.
#include <boost/test/unit_test.hpp>

#include "event_stream_model.hpp"

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace baton::net {
static std::ostream& boost_test_print_type(std::ostream& out, EventStreamParser::Status status) {
    return out << static_cast<int>(status);
}
} // namespace baton::net

BOOST_AUTO_TEST_SUITE(event_stream)

using namespace baton::test;
using baton::net::EventStreamParser;
using baton::net::SseEvent;
using Status = EventStreamParser::Status;

namespace {

BinaryStream fed(std::string_view bytes, std::size_t step, std::size_t max_payload = 8u << 20) {
    BinaryFeeder feeder(max_payload);
    for (std::size_t at = 0; at < bytes.size(); at += step) feeder.feed(bytes.substr(at, step));
    BOOST_TEST(feeder.consumed);
    return feeder.result();
}

// The same at every way to cut it: whole, in steps, at random, byte by byte.
void check(std::string_view bytes, const BinaryStream& expected) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, bytes.size() + 1}) {
        BOOST_TEST(fed(bytes, step) == expected, "in steps of " << step);
    }
    std::mt19937 random(20261121);
    for (int i = 0; i < 20; ++i) {
        BinaryFeeder feeder;
        for (std::string_view rest = bytes; !rest.empty();) {
            const auto size = std::uniform_int_distribution<std::size_t>(0, rest.size())(random);
            feeder.feed(rest.substr(0, size));
            rest.remove_prefix(size);
        }
        BOOST_TEST(feeder.result() == expected);
    }
    BOOST_TEST(plain_binary_events(bytes) == expected);
}

const std::string three = event_message("messageStart", R"({"role":"assistant"})") +
                          event_message("contentBlockDelta", R"({"delta":{"text":"hi"}})") +
                          event_message("metadata", "");

std::string hex(std::string_view digits) {
    std::string out;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
    }
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_checksum_is_the_published_one) {
    BOOST_TEST(baton::net::crc32("123456789") == 0xCBF43926U); // the algorithm's check value
    BOOST_TEST(baton::net::crc32("") == 0U);
    std::mt19937 random(1);
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        BOOST_TEST_REQUIRE(baton::net::crc32(bytes) == plain_crc32(bytes));
        const std::size_t half = bytes.size() / 2;
        const std::string_view view(bytes);
        BOOST_TEST_REQUIRE(baton::net::crc32(view.substr(half), baton::net::crc32(view.substr(0, half))) ==
                           plain_crc32(bytes));
        bytes += static_cast<char>(random());
    }
}

// The sample messages of AWS's own description of the encoding.
BOOST_AUTO_TEST_CASE(published_messages) {
    const std::string empty = hex("000000100000000005c248eb7d98c8ff");
    check(empty, {{{"message", ""}}, Status::need_more, false});
    const std::string payload = hex("0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936");
    check(payload, {{{"message", "{'foo':'bar'}"}}, Status::need_more, false});
    const std::string header =
        hex("0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c6963617469"
            "6f6e2f6a736f6e7b27666f6f273a27626172277d8d9c08b1");
    check(header, {{{"message", "{'foo':'bar'}"}}, Status::need_more, false});
}

BOOST_AUTO_TEST_CASE(events_come_out_at_every_cut) {
    check(three, {{{"messageStart", R"({"role":"assistant"})"},
                   {"contentBlockDelta", R"({"delta":{"text":"hi"}})"},
                   {"metadata", ""}},
                  Status::need_more,
                  false});
    check("", {});
    for (std::size_t size = 1; size < three.size(); ++size) {
        const std::string_view cut = std::string_view(three).substr(0, size);
        const BinaryStream expected = plain_binary_events(cut);
        BOOST_TEST(expected.end == Status::need_more);
        BOOST_TEST(fed(cut, cut.size()) == expected);
        BOOST_TEST(fed(cut, 1) == expected);
    }
}

BOOST_AUTO_TEST_CASE(all_ten_header_types) {
    const std::string all = raw_header("t", 0, "") + raw_header("f", 1, "") + raw_header("byte", 2, "\x7f") +
                            raw_header("short", 3, "ab") + raw_header("integer", 4, "abcd") +
                            raw_header("long", 5, "abcdefgh") +
                            raw_header("bytes", 6, big_endian(3, 2) + "xyz") + text_header("text", "value") +
                            raw_header("timestamp", 8, "abcdefgh") +
                            raw_header("uuid", 9, "0123456789abcdef") + text_header(":event-type", "e");
    check(message(all, "data"), {{{"e", "data"}}, Status::need_more, false});
    // headers that name the type, but are no text, say nothing
    check(message(raw_header(":event-type", 6, big_endian(1, 2) + "e"), "data"),
          {{{"message", "data"}}, Status::need_more, false});
    const std::string longest(255, 'n');
    check(message(text_header(longest, std::string(65535, 'v')), "data"),
          {{{"message", "data"}}, Status::need_more, false});
    // cut anywhere inside, they are damage; so is a type that does not exist
    const BinaryStream corrupt{{}, Status::corrupt, false};
    for (std::size_t size = 1; size < all.size(); ++size) {
        std::vector<std::pair<std::string, std::string>> ignored;
        const std::string_view part = std::string_view(all).substr(0, size);
        if (!plain_headers(part, ignored)) BOOST_TEST(fed(message(part, "data"), 4096) == corrupt);
    }
    check(message(raw_header("x", 10, ""), "data"), corrupt);
    check(message(raw_header("x", 255, ""), "data"), corrupt);
    check(message(raw_header("", 7, big_endian(0, 2)), "data"), corrupt); // a name has at least one byte
}

BOOST_AUTO_TEST_CASE(exceptions_and_errors) {
    check(exception_message("throttlingException", R"({"message":"slow"})"),
          {{{"exception:throttlingException", R"({"message":"slow"})"}}, Status::need_more, false});
    const std::string error = text_header(":message-type", "error") + text_header(":error-code", "Bad") +
                              text_header(":error-message", "it went wrong");
    check(message(error, ""), {{{"error:Bad", "it went wrong"}}, Status::need_more, false});
    check(message(error, "{}"), {{{"error:Bad", "{}"}}, Status::need_more, false});
    check(message(text_header(":message-type", "exception"), "x"),
          {{{"exception:", "x"}}, Status::need_more, false});
    // what is shown to people is valid text
    check(exception_message("a\xff", "\xff"),
          {{{"exception:a\xEF\xBF\xBD", "\xff"}}, Status::need_more, false});
}

BOOST_AUTO_TEST_CASE(any_flipped_bit_is_noticed) {
    for (std::size_t i = 0; i < three.size() * 8; ++i) {
        std::string bytes = three;
        bytes[i / 8] = static_cast<char>(bytes[i / 8] ^ (1 << i % 8));
        const BinaryStream expected = plain_binary_events(bytes);
        BOOST_TEST_REQUIRE(expected.end == Status::corrupt);
        BOOST_TEST_REQUIRE(expected.events.size() < 3u);
        BOOST_TEST_REQUIRE(fed(bytes, bytes.size()) == expected);
        BOOST_TEST_REQUIRE(fed(bytes, 5) == expected);
    }
}

BOOST_AUTO_TEST_CASE(lengths_that_lie) {
    const auto prelude = [](std::uint64_t total, std::uint64_t headers) {
        const std::string out = big_endian(total, 4) + big_endian(headers, 4);
        return out + big_endian(plain_crc32(out), 4);
    };
    const BinaryStream corrupt{{}, Status::corrupt, false};
    for (const std::uint64_t total : {0U, 1U, 12U, 15U}) check(prelude(total, 0) + "xxxxxxxx", corrupt);
    check(prelude(16, 1) + "xxxxxxxx", corrupt);
    check(prelude(100, 85) + "xxxxxxxx", corrupt);
    check(prelude(100, 0xFFFFFFFF), corrupt);
    check(prelude(0xFFFFFFFF, 0xFFFFFFFF), corrupt);
    // refused as soon as the prelude is there, and nothing is set aside for them
    const BinaryStream too_large{{}, Status::too_large, false};
    check(prelude(0xFFFFFFFF, 0), too_large);
    check(prelude(200'000, 131'073), too_large);
    BOOST_TEST(fed(message("", std::string(101, 'x')), 10, 100) == too_large);
    BOOST_TEST(fed(message("", std::string(100, 'x')), 10, 100).events.size() == 1u);
    BOOST_TEST(
        fed(message(text_header("n", std::string(200, 'h')), std::string(100, 'x')), 10, 100).events.size() ==
        1u);
}

BOOST_AUTO_TEST_CASE(failure_lasts_until_reset) {
    BinaryFeeder feeder;
    feeder.feed("this is no event stream");
    BOOST_TEST((feeder.result().end == Status::corrupt));
    feeder.feed(three);
    BOOST_TEST((feeder.result().end == Status::corrupt));
    BOOST_TEST(feeder.result().events.empty());
    feeder.reset();
    feeder.feed(three);
    BOOST_TEST(feeder.result().events.size() == 3u);
    feeder.feed(three.substr(0, 20));
    BOOST_TEST(feeder.result().mid_event);
    feeder.reset();
    BOOST_TEST(!feeder.result().mid_event);
    feeder.feed(three);
    BOOST_TEST(feeder.result().events.size() == 3u);
    EventStreamParser parser;
    SseEvent event;
    BOOST_TEST(!parser.finish(event));
}

BOOST_AUTO_TEST_CASE(whole_messages_are_viewed_in_place) {
    EventStreamParser parser;
    std::string_view input = three;
    SseEvent event;
    while (parser.next(input, event) == Status::event) {
        BOOST_TEST((event.data.empty() ||
                    (event.data.data() > three.data() && event.data.data() < three.data() + three.size())));
        BOOST_TEST((event.type.data() > three.data() && event.type.data() < three.data() + three.size()));
        BOOST_TEST(event.id.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
