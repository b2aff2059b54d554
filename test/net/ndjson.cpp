// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Newline-delimited JSON: the lines do not depend on how the bytes were cut.
#include <boost/test/unit_test.hpp>

#include <baton/net/ndjson.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(ndjson)

using baton::net::NdjsonParser;
using baton::net::SseEvent;
using Status = NdjsonParser::Status;
using Lines = std::vector<std::string>;

namespace {

// What the bytes hold, read the plain way.
Lines plain(const std::string& bytes) {
    Lines lines;
    for (std::size_t from = 0; from < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', from), bytes.size());
        std::string line = bytes.substr(from, end - from);
        from = end + 1;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push_back(line);
    }
    return lines;
}

// Feeds `bytes` in pieces that end at `cuts`, each an exact-size copy that is gone before the next one.
Lines fed(NdjsonParser& parser, const std::string& bytes, const std::vector<std::size_t>& cuts) {
    Lines lines;
    std::size_t from = 0;
    const auto take = [&](const SseEvent& event) {
        BOOST_TEST(event.type == "message");
        BOOST_TEST(event.id.empty());
        lines.emplace_back(event.data);
    };
    for (const std::size_t cut : cuts) {
        const std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(cut));
        from = cut;
        std::string_view input(piece.data(), piece.size());
        SseEvent event;
        Status status;
        while ((status = parser.next(input, event)) == Status::event) take(event);
        BOOST_TEST((status == Status::need_more));
        BOOST_TEST(input.empty());
    }
    if (SseEvent last; parser.finish(last)) take(last);
    SseEvent again;
    BOOST_TEST(!parser.finish(again)); // once
    return lines;
}
Lines fed(const std::string& bytes, const std::vector<std::size_t>& cuts) {
    NdjsonParser parser;
    return fed(parser, bytes, cuts);
}

const std::vector<std::string>& streams() {
    static const std::vector<std::string> all = {
        "",
        "\n",
        "\r\n",
        " \t\r\n\n\r\n",
        "{}",
        "{}\n",
        "{}\r\n",
        "{}\r",
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"a\":1}\r\n\r\n{\"b\":2}\r\n",
        "{\"a\":1}\n\n\n  \n{\"b\":\"x\\ny\"}",
        "  {\"a\":1}  \n\t{\"b\":2}\t\r\n",
        "1\n2\n3\n4",
        "a\rb\n\r\rc\r\n", // a lone CR is no end
        "\xc3\xa9\n\xf0\x9f\x98\x80\r\n",
    };
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(whole_and_byte_by_byte) {
    for (const std::string& bytes : streams()) {
        BOOST_TEST_CONTEXT(bytes) {
            BOOST_TEST(fed(bytes, {bytes.size()}) == plain(bytes), boost::test_tools::per_element());
            std::vector<std::size_t> every;
            for (std::size_t i = 1; i <= bytes.size(); ++i) every.push_back(i);
            BOOST_TEST(fed(bytes, every) == plain(bytes), boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(every_pair_of_cuts) {
    for (const std::string& bytes : streams()) {
        const Lines expected = plain(bytes);
        for (std::size_t a = 0; a <= bytes.size(); ++a) {
            for (std::size_t b = a; b <= bytes.size(); ++b) {
                BOOST_TEST_CONTEXT(bytes << " cut at " << a << " and " << b) {
                    BOOST_TEST(fed(bytes, {a, b, bytes.size()}) == expected,
                               boost::test_tools::per_element());
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(random_streams) {
    std::mt19937 random(20261121);
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    constexpr std::string_view alphabet = "\n\n\r \t{}a";
    for (int i = 0; i < 500; ++i) {
        std::string bytes;
        for (std::size_t n = below(60); n-- > 0;) bytes += alphabet[below(alphabet.size())];
        std::vector<std::size_t> cuts;
        for (std::size_t at = 0; at < bytes.size();)
            cuts.push_back(at = std::min(at + 1 + below(9), bytes.size()));
        NdjsonParser parser;
        BOOST_TEST_CONTEXT(bytes) {
            BOOST_TEST(fed(parser, bytes, cuts) == plain(bytes), boost::test_tools::per_element());
            parser.reset(); // and again with the memory of the first time
            BOOST_TEST(fed(parser, bytes, cuts) == plain(bytes), boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_line_that_lies_whole_in_the_input_is_viewed_in_place) {
    const std::string bytes = "{\"a\":1}\r\n{\"b\":2}\n";
    NdjsonParser parser;
    std::string_view input = bytes;
    SseEvent event;
    BOOST_TEST((parser.next(input, event) == Status::event));
    BOOST_TEST((event.data.data() == bytes.data()));
    BOOST_TEST(event.data == "{\"a\":1}");
    BOOST_TEST((parser.next(input, event) == Status::event));
    BOOST_TEST((event.data.data() == bytes.data() + 9));
}

BOOST_AUTO_TEST_CASE(a_limit) {
    for (const bool pieces : {false, true}) {
        const auto feed = [&](NdjsonParser& parser, std::string_view text) {
            SseEvent event;
            Status status = Status::need_more;
            for (std::size_t i = 0; i < text.size() && status == Status::need_more;) {
                std::string_view input = pieces ? text.substr(i++, 1) : text;
                status = parser.next(input, event);
                if (!pieces) break;
            }
            return status;
        };
        NdjsonParser parser(8);
        BOOST_TEST((feed(parser, "12345678\n") == Status::event)); // as long as it may be
        BOOST_TEST((feed(parser, "123456789\n") == Status::too_large));
        SseEvent event;
        std::string_view more = "1\n";
        BOOST_TEST((parser.next(more, event) == Status::too_large)); // stays so: the line was cut
        BOOST_TEST(!parser.finish(event));
        parser.reset();
        BOOST_TEST((feed(parser, "1\n") == Status::event));
        BOOST_TEST((feed(parser, "123456789") == Status::too_large)); // also without an end
    }
    NdjsonParser none(0);
    std::string_view blank = "\n\n";
    SseEvent event;
    BOOST_TEST((none.next(blank, event) == Status::need_more));
}

BOOST_AUTO_TEST_CASE(the_end) {
    NdjsonParser parser;
    SseEvent event;
    std::string_view input = "{\"a\":1}\r";
    BOOST_TEST((parser.next(input, event) == Status::need_more));
    BOOST_TEST_REQUIRE(parser.finish(event));
    BOOST_TEST(event.data == "{\"a\":1}");
    BOOST_TEST(!parser.finish(event));
    input = "{\"b\":2}\n"; // a new stream needs no reset
    BOOST_TEST((parser.next(input, event) == Status::event));
    BOOST_TEST(event.data == "{\"b\":2}");
    BOOST_TEST(!parser.finish(event));
    // a line that came in two pieces has been given: it is not left over
    input = "{\"c\"";
    BOOST_TEST((parser.next(input, event) == Status::need_more));
    input = ":3}\n";
    BOOST_TEST((parser.next(input, event) == Status::event));
    BOOST_TEST(event.data == "{\"c\":3}");
    BOOST_TEST(!parser.finish(event));
    input = "  \r";
    BOOST_TEST((parser.next(input, event) == Status::need_more));
    BOOST_TEST(!parser.finish(event)); // blank
}

BOOST_AUTO_TEST_SUITE_END()
