// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What is no proper HTTP request: refused, and the connection closed, before anything reaches a vendor.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <baton/testing/answer.hpp>
#include <baton/testing/served_request.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_framing)

namespace {

using namespace std::literals;
using gateway::FramingLimits;
using gateway::HttpRequest;
using gateway::RequestParser;

const std::string hello = chat("auto", false);
const std::string length = "content-length: " + std::to_string(hello.size()) + "\r\n";
const std::string start = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n";

struct Case {
    const char* name;
    std::string bytes;
    int status = 400;
};

std::string chunked(const std::string& body) { return start + "transfer-encoding: chunked\r\n\r\n" + body; }
std::string fields(std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += "x-" + std::to_string(i) + ": y\r\n";
    return all;
}

std::vector<Case> bad_framings() {
    std::vector<Case> all;
    const auto bad = [&](const char* name, std::string bytes, int status = 400) {
        all.push_back(Case{name, std::move(bytes), status});
    };
    const std::string te = "transfer-encoding: chunked\r\n", end = "\r\n";
    bad("length, then chunked", start + length + te + end + "0\r\n\r\n");
    bad("chunked, then length", start + te + length + end + "0\r\n\r\n");
    bad("chunked and length 0", start + te + "content-length: 0\r\n\r\n0\r\n\r\n");
    bad("encoding that does not end in chunked", start + "transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n");
    bad("gzip, chunked", start + "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    bad("encoding identity", start + "transfer-encoding: identity\r\n\r\n");
    bad("encoding xchunked", start + "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n");
    bad("encoding \"chunked\" in quotes", start + "transfer-encoding: \"chunked\"\r\n\r\n0\r\n\r\n");
    bad("chunked twice", start + te + te + end + "0\r\n\r\n");
    bad("chunked, chunked", start + "transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n");
    bad("empty encoding", start + "transfer-encoding:\r\n\r\n");
    bad("encoding behind a vertical tab", start + "transfer-encoding: \vchunked\r\n\r\n0\r\n\r\n");
    bad("HTTP/1.0 chunked", "POST /v1/chat/completions HTTP/1.0\r\nhost: x\r\n" + te + end + "0\r\n\r\n");
    bad("two hosts", start + "host: y\r\n" + length + end + hello);
    bad("two equal hosts", start + "host: x\r\n" + length + end + hello);
    bad("no host", "POST /v1/chat/completions HTTP/1.1\r\n" + length + end + hello);
    bad("host with a path", "GET /healthz HTTP/1.1\r\nhost: x/y\r\n\r\n");
    bad("host with user", "GET /healthz HTTP/1.1\r\nhost: a@b\r\n\r\n");
    bad("host list", "GET /healthz HTTP/1.1\r\nhost: a, b\r\n\r\n");
    bad("folded line", start + "x-a: b\r\n c\r\n" + length + end + hello);
    bad("folded with tab", start + "x-a: b\r\n\tc\r\n" + length + end + hello);
    bad("folded first line", "GET /healthz HTTP/1.1\r\n host: x\r\n\r\n");
    bad("bare LF behind the request line", "GET /healthz HTTP/1.1\nhost: x\r\n\r\n");
    bad("bare LF behind a field", "GET /healthz HTTP/1.1\r\nhost: x\n\r\n");
    bad("bare LF as the blank line", "GET /healthz HTTP/1.1\r\nhost: x\r\n\n");
    bad("bare CR in a value", start + "x-a: b\rc\r\n" + length + end + hello);
    bad("bare CR before CRLF", start + "x-a: b\r\r\n" + length + end + hello);
    bad("NUL in a value", start + "x-a: b\0c\r\n"s + length + end + hello);
    bad("NUL in a name", start + "x\0a: b\r\n"s + length + end + hello);
    bad("NUL in the target", "GET /health\0z HTTP/1.1\r\nhost: x\r\n\r\n"s);
    bad("DEL in a value", start + "x-a: b\x7f\r\n" + length + end + hello);
    bad("space before the colon", start + "content-length : 5\r\n\r\nhello");
    bad("tab before the colon", start + "transfer-encoding\t: chunked\r\n\r\n0\r\n\r\n");
    bad("space in a name", start + "x a: b\r\n" + length + end + hello);
    bad("empty name", start + ": b\r\n" + length + end + hello);
    bad("line without a colon", start + "nothing\r\n" + length + end + hello);
    bad("two lengths", start + length + "content-length: 5\r\n\r\n" + hello);
    bad("two equal lengths", start + length + length + end + hello);
    bad("list of lengths", start + "content-length: 5, 5\r\n\r\nhello");
    bad("signed length", start + "content-length: +5\r\n\r\nhello");
    bad("negative length", start + "content-length: -5\r\n\r\nhello");
    bad("hexadecimal length", start + "content-length: 0x5\r\n\r\nhello");
    bad("length with a blank inside", start + "content-length: 1 0\r\n\r\nhello");
    bad("empty length", start + "content-length:\r\n\r\n");
    bad("length beyond 64 bits", start + "content-length: 18446744073709551621\r\n\r\nhello");
    bad("length beyond the limit", start + "content-length: 9999999999\r\n\r\n", 413);
    bad("absolute target", "GET http://x/healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("authority target", "CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("asterisk target", "GET * HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("relative target", "GET healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("empty target", "GET  HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("fragment in the target", "GET /healthz#a HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("not ASCII in the target", "GET /health\xc3\xa9 HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("two spaces in the request line", "GET /healthz  HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("tab in the request line", "GET\t/healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("method that is no token", "G(T /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("no version", "GET /healthz\r\nhost: x\r\n\r\n");
    bad("HTTP/2.0", "GET /healthz HTTP/2.0\r\nhost: x\r\n\r\n", 505);
    bad("HTTP/1.2", "GET /healthz HTTP/1.2\r\nhost: x\r\n\r\n", 505);
    bad("small letters", "GET /healthz http/1.1\r\nhost: x\r\n\r\n");
    bad("two empty lines first", "\r\n\r\nGET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    bad("two authorizations",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nauthorization: a\r\nauthorization: b\r\n\r\n");
    bad("unknown expectation", start + "expect: wonders\r\n" + length + end + hello, 417);
    bad("compressed body", start + "content-encoding: gzip\r\n" + length + end + hello, 415);
    bad("chunk size 0x5", chunked("0x5\r\nhello\r\n0\r\n\r\n"));
    bad("chunk size +5", chunked("+5\r\nhello\r\n0\r\n\r\n"));
    bad("chunk size with a blank", chunked("5 \r\nhello\r\n0\r\n\r\n"));
    bad("chunk size missing", chunked("\r\nhello\r\n0\r\n\r\n"));
    bad("chunk size beyond 64 bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"));
    bad("chunk size beyond the limit", chunked("fffffffff\r\nhello\r\n0\r\n\r\n"), 413);
    bad("chunk longer than it says", chunked("4\r\nhello\r\n0\r\n\r\n"));
    bad("chunk line with a bare LF", chunked("5\nhello\r\n0\r\n\r\n"));
    bad("chunk with a bare LF behind", chunked("5\r\nhello\n0\r\n\r\n"));
    bad("chunk extension with a NUL", chunked("5;a\0b\r\nhello\r\n0\r\n\r\n"s));
    bad("endless chunk extension", chunked("5;" + std::string(1000, 'a') + "\r\nhello\r\n0\r\n\r\n"));
    bad("trailer that is no field", chunked("0\r\nx y: z\r\n\r\n"));
    bad("101 fields", start + fields(100) + end, 431);
    bad("header beyond 64 KiB", start + "x-a: " + std::string(70'000, 'a') + "\r\n\r\n", 431);
    bad("target beyond 8 KiB", "GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nhost: x\r\n\r\n", 414);
    return all;
}

/// What a parser says to bytes that come in pieces of `step`.
RequestParser::Status parse(const std::string& bytes, std::size_t step, HttpRequest& request, int& status,
                            std::string& rest) {
    static const FramingLimits limits;
    RequestParser parser(limits);
    std::string in;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        in.append(bytes, at, step);
        const RequestParser::Status said = parser.parse(in, request);
        status = parser.status();
        if (said == RequestParser::Status::need_more) continue;
        rest = in + (at + step < bytes.size() ? bytes.substr(at + step) : "");
        return said;
    }
    return RequestParser::Status::need_more;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_table_in_one_piece_and_byte_by_byte) {
    const std::vector<Case> table = bad_framings();
    BOOST_TEST(table.size() >= 26U);
    BOOST_TEST_MESSAGE("scorecard 23: " << table.size() << " bad framings");
    for (const Case& one : table) {
        for (const std::size_t step : {one.bytes.size(), std::size_t{1}, std::size_t{7}}) {
            HttpRequest request;
            int status = 0;
            std::string rest;
            const auto said = parse(one.bytes, step, request, status, rest);
            BOOST_TEST_CONTEXT(one.name << ", in pieces of " << step) {
                BOOST_TEST((said == RequestParser::Status::bad));
                BOOST_TEST(status == one.status);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_table_over_sockets) {
    Lab lab;
    for (const Case& one : bad_framings()) {
        BOOST_TEST_CONTEXT(one.name) {
            RawClient client(lab.gateway.port());
            client.send(one.bytes + get("/healthz")); // what comes behind must not be taken for a request
            const RawClient::Response answer = client.response();
            BOOST_TEST(answer.status == one.status);
            BOOST_TEST(answer.header("connection") == "close");
            BOOST_TEST(answer.body.find("\"error\"") != std::string::npos);
            BOOST_TEST(client.read_to_end());
            BOOST_TEST(client.in.empty());
        }
    }
    BOOST_TEST(lab.openai.totals().requests == 0U);
    BOOST_TEST(lab.anthropic.totals().requests == 0U);
}

BOOST_AUTO_TEST_CASE(good_requests_at_every_cut) {
    const std::vector<std::string> good = {
        start + length + "\r\n" + hello,
        "\r\n" + start + length + "\r\n" + hello, // one empty line may come first
        chunked("5\r\nhello\r\n6;ext=\"a b\"\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n"),
        "GET /metrics?key=a%20b HTTP/1.1\r\nHOST: x\r\nX-Empty:\r\nx-latin: \xe9\r\n\r\n",
        "POST /v1/messages HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}",
    };
    for (const std::string& bytes : good) {
        HttpRequest whole;
        int status = 0;
        std::string rest;
        BOOST_REQUIRE(
            (parse(bytes + "GET", bytes.size() + 3, whole, status, rest) == RequestParser::Status::complete));
        BOOST_TEST(rest == "GET");
        for (std::size_t step = 1; step < bytes.size(); ++step) {
            HttpRequest cut;
            BOOST_REQUIRE((parse(bytes, step, cut, status, rest) == RequestParser::Status::complete));
            BOOST_TEST(cut.method == whole.method);
            BOOST_TEST(cut.target == whole.target);
            BOOST_TEST(cut.path == whole.path);
            BOOST_TEST(cut.query == whole.query);
            BOOST_TEST(cut.body == whole.body);
            BOOST_TEST(cut.fields.size() == whole.fields.size());
            BOOST_TEST(cut.header("host") == whole.header("host"));
        }
    }
}

// Damaged requests, against a parser that was written for another purpose: what this one takes, that one must
// take as well, and as the same request.
BOOST_AUTO_TEST_CASE(agrees_with_a_second_parser) {
    const std::vector<std::string> seeds = {
        start + length + "\r\n" + hello,
        chunked("5\r\nhello\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n"),
        "GET /v1/models HTTP/1.1\r\nhost: x\r\naccept: */*\r\n\r\n",
    };
    constexpr std::string_view spice =
        "\r\n :\t,;0159afAF+-\0\x7f\xe9/?xcContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"sv;
    std::uint64_t random = 7;
    const auto draw = [&](std::size_t below) {
        return static_cast<std::size_t>(baton::testing::random_at(20261128, ++random) % below);
    };
    int taken = 0, refused = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string bytes = seeds[draw(seeds.size())];
        for (std::size_t edits = 1 + draw(2); edits > 0; --edits) {
            const std::size_t at = draw(bytes.size());
            switch (draw(4)) {
            case 0: bytes.erase(at, 1 + draw(2)); break;
            case 1: bytes.insert(at, 1, spice[draw(spice.size())]); break;
            case 2: bytes[at] = spice[draw(spice.size())]; break;
            default: bytes.insert(at, bytes.substr(draw(bytes.size()), 1 + draw(30))); break;
            }
        }
        HttpRequest ours;
        int status = 0;
        std::string rest, in = bytes;
        const auto said = parse(bytes, bytes.size(), ours, status, rest);
        if (said != RequestParser::Status::complete) {
            ++refused;
            continue;
        }
        if (ours.minor == 0 || bytes.starts_with("\r\n") || ours.bytes.find(';') != std::string::npos)
            continue; // theirs takes none
        if (ours.header("expect").size() > 0) continue;
        ++taken;
        baton::testing::RequestParser parser;
        baton::testing::ServedRequest theirs;
        auto other = parser.parse(in, theirs);
        while (other == baton::testing::RequestParser::Status::head) other = parser.parse(in, theirs);
        BOOST_REQUIRE_MESSAGE((other == baton::testing::RequestParser::Status::complete),
                              "only one takes: " << bytes);
        BOOST_REQUIRE(theirs.method == ours.method);
        BOOST_REQUIRE(theirs.target == ours.target);
        BOOST_REQUIRE(theirs.body == ours.body);
        BOOST_REQUIRE(in == rest);
    }
    BOOST_TEST(taken > 5'000);
    BOOST_TEST(refused > 5'000);
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_lowered_below_what_has_come) {
    FramingLimits limits;
    RequestParser parser(limits);
    HttpRequest request;
    std::string in = chunked("5\r\nhello\r\n");
    BOOST_TEST((parser.parse(in, request) == RequestParser::Status::need_more));
    limits.max_body = 3;
    in += "5\r\nhello\r\n";
    BOOST_TEST((parser.parse(in, request) == RequestParser::Status::bad));
    BOOST_TEST(parser.status() == 413);
}

BOOST_AUTO_TEST_SUITE_END()
