// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "json_differential.hpp"

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/core/utf8.hpp>

#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(json_reader)

using namespace std::string_view_literals;
using baton::json::Reader;
using baton::json::Writer;
using baton::test::Verdict;
using Kind = Reader::Kind;

namespace {

constexpr std::string_view accepted[] = {
    "{}"sv,
    "[]"sv,
    "null"sv,
    "true"sv,
    "false"sv,
    "0"sv,
    "-0"sv,
    "\"\""sv,
    " \t\r\n{ } "sv,
    "[ ]"sv,
    "[[],{}]"sv,
    "[1,2 , 3]"sv,
    R"({"a":1})"sv,
    R"( { "a" : [ { } , null ] } )"sv,
    R"({"a":1,"a":2})"sv,
    R"({"":""})"sv,
    "1.5"sv,
    "-1.5e10"sv,
    "1E+2"sv,
    "1e-2"sv,
    "0.0"sv,
    "0e0"sv,
    "123456789012345678901234567890"sv,
    "9223372036854775807"sv,
    "-9223372036854775808"sv,
    "9223372036854775808"sv,
    "18446744073709551615"sv,
    "18446744073709551616"sv,
    "1e400"sv,
    "-1e400"sv,
    "1e-400"sv,
    "3.0"sv,
    "5e-324"sv,
    "1.7976931348623157e308"sv,
    R"("\"\\\/\b\f\n\r\t")"sv,
    R"("\u0000\u001f\u00e9\u20AC\ud83d\ude00")"sv,
    R"({"\u0061b":1})"sv,
    "\"\x7f\""sv,
    "\"\xc2\x80\xdf\xbf\""sv,
    "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""sv,
    "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""sv,
    "\"\xe4\xbd\xa0\xe5\xa5\xbd, \xd0\xbc\xd0\xb8\xd1\x80 \xf0\x9f\x98\x80\""sv,
    // lone surrogates: the documented leniency
    R"("\ud800")"sv,
    R"("\udc00")"sv,
    R"("a\ud83dz")"sv,
    R"("\ud83d\n")"sv,
    R"("\ud800\u0041")"sv,
    R"("\ud800\ud83d\ude00")"sv,
    R"("\ud83d\ud83d")"sv,
    R"({"\ud800":"\udfff"})"sv,
    R"("\\ud800")"sv,
    R"("\ud800\\u0041")"sv,
    R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null})"sv,
};

constexpr std::string_view refused[] = {
    ""sv,
    " "sv,
    "\0"sv,
    "\xef\xbb\xbf{}"sv,
    "{"sv,
    "["sv,
    "}"sv,
    "]"sv,
    "{]"sv,
    "[}"sv,
    "[1}"sv,
    R"({"a":1])"sv,
    "{,}"sv,
    "[,]"sv,
    "[1,]"sv,
    "[,1]"sv,
    "[1,,2]"sv,
    "[1 2]"sv,
    R"({"a"})"sv,
    R"({"a":})"sv,
    R"({"a":1,})"sv,
    R"({"a" 1})"sv,
    R"({"a"::1})"sv,
    R"({"a":1 "b":2})"sv,
    R"({a:1})"sv,
    R"({'a':1})"sv,
    "{1:1}"sv,
    R"({"a":1}})"sv,
    "{}x"sv,
    "{}{}"sv,
    "1 2"sv,
    "[1]]"sv,
    "nul"sv,
    "nulL"sv,
    "nullx"sv,
    "tru"sv,
    "truex"sv,
    "fals"sv,
    "True"sv,
    "NaN"sv,
    "Infinity"sv,
    "-Infinity"sv,
    "undefined"sv,
    "-"sv,
    "+1"sv,
    "01"sv,
    "-01"sv,
    "00"sv,
    ".5"sv,
    "-.5"sv,
    "1."sv,
    "1.e1"sv,
    "1e"sv,
    "1e+"sv,
    "1e+-1"sv,
    "0x10"sv,
    "1_000"sv,
    "--1"sv,
    "1.2.3"sv,
    "1a"sv,
    "[01]"sv,
    R"({"a":01})"sv,
    "[-]"sv,
    R"({"a":-})"sv,
    "[1.]"sv,
    "[1e]"sv,
    "1 .5"sv,
    "\""sv,
    "\"a"sv,
    "\"\\\""sv,
    "\"\\"sv,
    R"("\x")"sv,
    R"("\u12")"sv,
    R"("\u12g4")"sv,
    R"("\U0041")"sv,
    R"("\)"sv,
    R"("\u)"sv,
    R"("\u123)"sv,
    "\"\n\""sv,
    "\"\t\""sv,
    "\"\0\""sv,
    "\"\x1f\""sv,
    "'a'"sv,
    "\"a\"\"b\""sv,
    "\"\x80\""sv,
    "\"\xff\""sv,
    "\"\xc0\xaf\""sv,
    "\"\xc1\x81\""sv,
    "\"\xe0\x9f\xbf\""sv,
    "\"\xed\xa0\x80\""sv,
    "\"\xed\xbf\xbf\""sv,
    "\"\xf0\x8f\xbf\xbf\""sv,
    "\"\xf4\x90\x80\x80\""sv,
    "\"\xf5\x80\x80\x80\""sv,
    "\"\xc3\""sv,
    "\"\xe2\x82\""sv,
    "\"\xf0\x9f\x98\""sv,
    "\"\xc3(\""sv,
    "\"\xe2(\xa1\""sv,
    "\"\xe2\x82(\""sv,
    "{\"\xff\":1}"sv,
    "\xc2\xa0"sv,
    "\xff"sv,
    "//c\n1"sv,
    "/**/1"sv,
    "[1]/"sv,
    "\v1"sv,
    "\f1"sv,
    R"({"a":"data: {"b":1})"sv,
    ": OPENROUTER PROCESSING"sv,
    "[DONE]"sv,
};

std::string nested(int depth, std::string_view open, std::string_view close) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += '0';
    for (int i = 0; i < depth; ++i) text += close;
    return text;
}

void expect(std::string_view text, Verdict expected) {
    std::string why;
    BOOST_TEST((baton::test::compare(text, why) == expected), why << ": " << text);
}

constexpr std::string_view chunk =
    R"({"id":"chatcmpl-A1b2C3d4E5f6G7h8","object":"chat.completion.chunk","created":1694268190,)"
    R"("model":"gpt-4o-mini","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":)"
    R"({"content":"Hello"},"logprobs":null,"finish_reason":null}],"usage":null})";

} // namespace

BOOST_AUTO_TEST_CASE(accepts_what_is_json) {
    for (const auto text : accepted) expect(text, Verdict::accepted);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_not) {
    for (const auto text : refused) expect(text, Verdict::rejected);
}

// Every case at every distance from the end of the text, so that the vector loops and their tails see
// it at each offset; and cut off everywhere.
BOOST_AUTO_TEST_CASE(position_does_not_matter) {
    for (int verdict = 0; verdict < 2; ++verdict) {
        const auto check = [&](std::string_view text) {
            if (text.find_first_not_of(" \0"sv) == text.npos) return;
            for (std::size_t pad = 0; pad < 40; ++pad) {
                const std::string fill(pad, 'x');
                const std::string spaces(pad, ' ');
                const auto expected = verdict == 0 ? Verdict::accepted : Verdict::rejected;
                expect("[\"" + fill + "\"," + std::string(text) + ",\"" + fill + "\"]", expected);
                expect("{\"" + fill + "\":" + std::string(text) + "}", expected);
                expect(spaces + std::string(text) + spaces, expected);
            }
            for (std::size_t cut = 0; cut < text.size(); ++cut) {
                std::string why;
                BOOST_TEST((baton::test::compare(text.substr(0, cut), why) != Verdict::different),
                           why << ": " << text);
            }
        };
        // Two texts that are wrong alone are right inside an array or a key.
        if (verdict == 0) {
            for (const auto text : accepted) check(text);
        } else {
            for (const auto text : refused) {
                if (text != "1 2"sv) check(text);
            }
        }
    }
    for (std::size_t cut = 0; cut < chunk.size(); ++cut) expect(chunk.substr(0, cut), Verdict::rejected);
    expect(chunk, Verdict::accepted);
}

BOOST_AUTO_TEST_CASE(strings_of_every_length) {
    for (const auto special :
         {""sv, "\\n"sv, "\\u00e9"sv, "\\ud83d\\ude00"sv, "\xc3\xa9"sv, "\xf0\x9f\x98\x80"sv, "\\\""sv}) {
        for (std::size_t before = 0; before < 70; ++before) {
            for (const std::size_t after : {0U, 1U, 15U, 16U, 17U, 40U}) {
                const std::string body =
                    std::string(before, 'b') + std::string(special) + std::string(after, 'a');
                expect("\"" + body + "\"", Verdict::accepted);
                expect("{\"" + body + "\":\"" + body + "\"}", Verdict::accepted);
                expect("\"" + body + "\x01\"", Verdict::rejected);
                expect("\"" + body + "\xff\"", Verdict::rejected);
                expect("\"" + body, Verdict::rejected);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(depth_is_limited) {
    expect(nested(64, "[", "]"), Verdict::accepted);
    expect(nested(65, "[", "]"), Verdict::rejected);
    expect(nested(64, "{\"a\":", "}"), Verdict::accepted);
    expect(nested(65, "{\"a\":", "}"), Verdict::rejected);
    expect(nested(32, "[{\"a\":", "}]"), Verdict::accepted);
    expect(nested(1'000'000, "[", ""), Verdict::rejected);

    const auto verdict = [](int depth, int limit) {
        const std::string text = nested(depth, "[{\"k\":", "}]");
        Reader reader(text, limit);
        return reader.skip() && reader.finish();
    };
    BOOST_TEST(verdict(500, 1000)); // deeper than one word of brackets
    BOOST_TEST(!verdict(501, 1000));
    BOOST_TEST(verdict(32, 64));
    BOOST_TEST(!verdict(33, 64));

    Reader none("[]", 0);
    BOOST_TEST(!none.skip());
    Reader scalar("1", 0);
    BOOST_TEST((scalar.skip() && scalar.finish()));
}

BOOST_AUTO_TEST_CASE(mutated_documents_agree_with_boost_json) {
    std::vector<std::string> seeds(std::begin(accepted), std::end(accepted));
    seeds.emplace_back(chunk);
    seeds.emplace_back(
        R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\n\"b\" \u00e9"}})");
    seeds.emplace_back(
        "{\n  \"candidates\": [ {\"content\": {\"parts\": [{\"text\": \"\xe4\xbd\xa0\xe5\xa5\xbd\"}]}} ],\n"
        "  \"usageMetadata\": {\"promptTokenCount\": 12, \"x\": -1.25e-3}\n}");
    seeds.emplace_back(nested(62, "[", "]"));
    constexpr std::string_view pieces[] = {"\""sv,
                                           "\\"sv,
                                           "{"sv,
                                           "}"sv,
                                           "["sv,
                                           "]"sv,
                                           ","sv,
                                           ":"sv,
                                           " "sv,
                                           "0"sv,
                                           "-"sv,
                                           "."sv,
                                           "e"sv,
                                           "1"sv,
                                           "\\u"sv,
                                           "\\ud83d"sv,
                                           "\\ude00"sv,
                                           "null"sv,
                                           "true"sv,
                                           "\n"sv,
                                           "\x01"sv,
                                           "\x80"sv,
                                           "\xc3\xa9"sv,
                                           "\xe2\x82\xac"sv,
                                           "\xed\xa0\x80"sv,
                                           "\xf0\x9f\x98\x80"sv,
                                           "\xff"sv,
                                           "\0"sv,
                                           "\"\":"sv,
                                           "[[[["sv,
                                           "99999999999999999999"sv,
                                           "1e999"sv,
                                           "\"k\":{"sv,
                                           "/"sv};
    std::mt19937 random(20261);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    std::size_t count[3] = {};
    // The environment can ask for more; the verdicts are a function of the seed alone.
    const char* const more = std::getenv("BATON_JSON_MUTATIONS");
    const long documents = more != nullptr ? std::strtol(more, nullptr, 10) : 250'000;
    for (long i = 0; i < documents; ++i) {
        std::string text = seeds[below(seeds.size())];
        for (std::size_t edits = 1 + below(3); edits != 0; --edits) {
            const std::size_t at = below(text.size() + 1);
            const std::size_t length = std::min(below(6), text.size() - at);
            switch (below(6)) {
            case 0: text.replace(at, std::min<std::size_t>(1, length), 1, static_cast<char>(random())); break;
            case 1: text.erase(at, length); break;
            case 2: text.insert(at, pieces[below(std::size(pieces))]); break;
            case 3: text.insert(below(text.size() + 1), text.substr(at, below(20))); break;
            case 4: text.replace(at, length, pieces[below(std::size(pieces))]); break;
            default: text.insert(at, seeds[below(seeds.size())]); break;
            }
        }
        std::string why;
        const Verdict verdict = baton::test::compare(text, why);
        ++count[static_cast<int>(verdict)];
        if (verdict == Verdict::different) BOOST_TEST(false, why << ": " << text);
    }
    BOOST_TEST_MESSAGE("accepted " << count[0] << ", rejected " << count[1]);
    BOOST_TEST(count[0] >
               static_cast<std::size_t>(documents) / 20); // the comparison of values means something
    BOOST_TEST(count[1] > static_cast<std::size_t>(documents) / 4);
}

BOOST_AUTO_TEST_CASE(reads_a_stream_chunk) {
    Reader reader(chunk);
    std::string scratch;
    std::string_view id, model, content;
    std::int64_t created = 0;
    bool finish_null = false, usage_null = false;
    BOOST_TEST(reader.object([&](std::string_view key) {
        if (baton::json::is(key, "id")) {
            reader.string(id, scratch);
        } else if (baton::json::is(key, "model")) {
            reader.string(model, scratch);
        } else if (baton::json::is(key, "created")) {
            reader.integer(created);
        } else if (baton::json::is(key, "usage")) {
            usage_null = reader.null();
        } else if (baton::json::is(key, "choices")) {
            reader.array([&] {
                reader.object([&](std::string_view name) {
                    if (baton::json::is(name, "delta")) {
                        reader.object([&](std::string_view part) {
                            if (baton::json::is(part, "content")) reader.string(content, scratch);
                        });
                    } else if (baton::json::is(name, "finish_reason")) {
                        finish_null = reader.null();
                    }
                });
            });
        }
    }));
    BOOST_TEST(reader.finish());
    BOOST_TEST(id == "chatcmpl-A1b2C3d4E5f6G7h8");
    BOOST_TEST(model == "gpt-4o-mini");
    BOOST_TEST(content == "Hello");
    BOOST_TEST(created == 1694268190);
    BOOST_TEST(finish_null);
    BOOST_TEST(usage_null);
    BOOST_TEST(scratch.empty());
    BOOST_TEST((content.data() > chunk.data() && content.data() < chunk.data() + chunk.size())); // in place
}

BOOST_AUTO_TEST_CASE(the_wrong_kind_is_no_error) {
    const std::string text = R"([1,"s",true,null,{"k":1},[2]])";
    Reader reader(text);
    int index = 0;
    const Kind kinds[] = {Kind::number, Kind::string, Kind::boolean, Kind::null, Kind::object, Kind::array};
    BOOST_TEST(reader.array([&] {
        const Kind kind = reader.kind();
        BOOST_TEST((kind == kinds[index]));
        const auto before = reader.offset();
        std::string scratch;
        std::string_view view;
        std::int64_t i = 0;
        std::uint64_t u = 0;
        double d = 0;
        bool b = false;
        if (kind != Kind::number) {
            BOOST_TEST(!reader.integer(i));
            BOOST_TEST(!reader.unsigned_integer(u));
            BOOST_TEST(!reader.number(d));
        }
        if (kind != Kind::string) {
            BOOST_TEST(!reader.string(view, scratch));
            BOOST_TEST(!reader.append_string(scratch));
        }
        if (kind != Kind::boolean) BOOST_TEST(!reader.boolean(b));
        if (kind != Kind::null) BOOST_TEST(!reader.null());
        if (kind != Kind::object) BOOST_TEST(!reader.object([](std::string_view) { BOOST_TEST(false); }));
        if (kind != Kind::array) BOOST_TEST(!reader.array([] { BOOST_TEST(false); }));
        BOOST_TEST(reader.offset() == before);
        BOOST_TEST(!reader.failed());
        ++index;
    }));
    BOOST_TEST(index == 6);
    BOOST_TEST(reader.finish());
    BOOST_TEST((reader.kind() == Kind::end));
}

BOOST_AUTO_TEST_CASE(whole_numbers) {
    const auto integer = [](std::string_view text) -> std::string {
        std::int64_t value = -7;
        Reader reader(text);
        if (!reader.integer(value))
            return reader.offset() == 0 && !reader.failed() && value == -7 ? "no" : "broken";
        return reader.finish() ? std::to_string(value) : "unfinished";
    };
    const auto natural = [](std::string_view text) -> std::string {
        std::uint64_t value = 7;
        Reader reader(text);
        if (!reader.unsigned_integer(value))
            return reader.offset() == 0 && !reader.failed() && value == 7 ? "no" : "broken";
        return reader.finish() ? std::to_string(value) : "unfinished";
    };
    BOOST_TEST(integer("0") == "0");
    BOOST_TEST(integer("-0") == "0");
    BOOST_TEST(integer("3.000") == "3");
    BOOST_TEST(integer("-12.0") == "-12");
    BOOST_TEST(integer("9223372036854775807") == "9223372036854775807");
    BOOST_TEST(integer("-9223372036854775808") == "-9223372036854775808");
    BOOST_TEST(integer("9007199254740993.0") == "9007199254740993"); // no detour over double
    for (const auto* text : {"9223372036854775808", "-9223372036854775809", "99999999999999999999999", "1e3",
                             "1E3", "3.5", "3.05", "0.1", "-", "01", "1.", "-a", "true", "\"1\"", ""}) {
        BOOST_TEST(integer(text) == "no", text);
    }
    BOOST_TEST(natural("18446744073709551615") == "18446744073709551615");
    BOOST_TEST(natural("18446744073709551615.0") == "18446744073709551615");
    BOOST_TEST(natural("-0") == "0");
    for (const auto* text : {"18446744073709551616", "18446744073709551620", "28446744073709551615",
                             "184467440737095516150", "-1", "1.5", "1e0"}) {
        BOOST_TEST(natural(text) == "no", text);
    }
    // A count that does not fit costs nothing but itself.
    std::uint64_t prompt = 0;
    std::uint64_t total = 0;
    Reader reader(R"({"prompt":99999999999999999999,"total":5})");
    BOOST_TEST(reader.object([&](std::string_view key) {
        if (key == "prompt") BOOST_TEST(!reader.unsigned_integer(prompt));
        if (key == "total") BOOST_TEST(reader.unsigned_integer(total));
    }));
    BOOST_TEST(reader.finish());
    BOOST_TEST(total == 5U);
}

BOOST_AUTO_TEST_CASE(real_numbers) {
    const auto real = [](std::string_view text) {
        double value = 12345;
        Reader reader(text);
        if (!reader.number(value)) {
            BOOST_TEST(!reader.failed());
            return std::numeric_limits<double>::quiet_NaN();
        }
        BOOST_TEST(reader.finish());
        return value;
    };
    BOOST_TEST(real("0.1") == 0.1);
    BOOST_TEST(real("-2.5e3") == -2500.0);
    BOOST_TEST(real("1.7976931348623157e308") == std::numeric_limits<double>::max());
    BOOST_TEST(real("5e-324") == std::numeric_limits<double>::denorm_min());
    BOOST_TEST(real("1e-400") == 0.0);
    BOOST_TEST(std::signbit(real("-1e-400")));
    BOOST_TEST(real("0." + std::string(400, '0') + "1") == 0.0);
    BOOST_TEST(real("0e99999999999999999999") == 0.0);
    BOOST_TEST(real("1e-99999999999999999999") == 0.0);
    BOOST_TEST(std::isnan(real("1e400")));
    BOOST_TEST(std::isnan(real("-1e400")));
    BOOST_TEST(std::isnan(real("1e99999999999999999999")));
    BOOST_TEST(std::isnan(real(std::string(400, '9'))));
    BOOST_TEST(std::isnan(real("1.")));
    BOOST_TEST(std::isnan(real("inf")));
    BOOST_TEST(std::isnan(real("-inf")));
    BOOST_TEST(std::isnan(real("nan")));
}

BOOST_AUTO_TEST_CASE(errors_are_sticky_and_located) {
    Reader reader(R"({"a":1,"b":tru,"c":2})");
    int members = 0;
    BOOST_TEST(!reader.object([&](std::string_view) { ++members; }));
    BOOST_TEST(members == 2);
    BOOST_TEST(reader.failed());
    BOOST_TEST(reader.offset() == 11U);
    std::string scratch;
    std::string_view view;
    BOOST_TEST((reader.kind() == Kind::bad));
    BOOST_TEST(!reader.string(view, scratch));
    BOOST_TEST(!reader.null());
    BOOST_TEST(!reader.skip());
    BOOST_TEST(reader.raw().empty());
    BOOST_TEST(!reader.object([](std::string_view) {}));
    BOOST_TEST(!reader.array([] {}));
    BOOST_TEST(!reader.finish());
    BOOST_TEST(reader.offset() == 11U);

    Reader trailing("1 x");
    BOOST_TEST(trailing.skip());
    BOOST_TEST(!trailing.finish());
    BOOST_TEST(trailing.offset() == 2U);

    Reader unread("1");
    BOOST_TEST(!unread.finish());
    Reader nothing(std::string_view{});
    BOOST_TEST((nothing.kind() == Kind::end));
    BOOST_TEST(!nothing.finish());
    BOOST_TEST(nothing.failed());
}

BOOST_AUTO_TEST_CASE(keys_with_escapes) {
    Reader reader(R"({"\u0063ontent":"x","a\"very\nlong key that needs memory of its own":{"b\t":1}})");
    std::string keys;
    BOOST_TEST(reader.object([&](std::string_view key) {
        keys.append(key).append("|");
        reader.object([&](std::string_view inner) { keys.append(inner).append("|"); });
    }));
    BOOST_TEST(reader.finish());
    BOOST_TEST(keys == "content|a\"very\nlong key that needs memory of its own|b\t|");
}

BOOST_AUTO_TEST_CASE(raw_gives_the_exact_text) {
    Reader reader(R"({"input": { "a" : [1, 2.50] } , "n":-0 })");
    std::string_view input, number;
    BOOST_TEST(
        reader.object([&](std::string_view key) { (key == "input" ? input : number) = reader.raw(); }));
    BOOST_TEST(reader.finish());
    BOOST_TEST(input == R"({ "a" : [1, 2.50] })");
    BOOST_TEST(number == "-0");
}

BOOST_AUTO_TEST_CASE(append_string_appends) {
    Reader reader(R"(["a\n","b","\ud83d\ude00","\ud83d"])");
    std::string out = ">";
    BOOST_TEST(reader.array([&] { BOOST_TEST(reader.append_string(out)); }));
    BOOST_TEST(out == ">a\nb\xf0\x9f\x98\x80\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(json_that_is_passed_on_is_json_to_everybody) {
    const auto passed = [](std::string_view text) {
        std::string out("[");
        baton::json::Writer(out).raw(text);
        return out.substr(1);
    };
    for (const auto text : accepted) {
        BOOST_TEST(passed(text) == baton::test::repair_surrogates(text));
        boost::json::error_code error;
        boost::json::parse(passed(text), error);
        BOOST_TEST(!error, text);
    }
    BOOST_TEST(passed(R"({"a":"\uD83D\uDE00\ud83d","b\udc00":["\\ud83d"]})") ==
               R"({"a":"\uD83D\uDE00\ufffd","b\ufffd":["\\ud83d"]})");
}

BOOST_AUTO_TEST_CASE(writer_writes_json) {
    std::string out = "data: ";
    Writer writer(out);
    writer.begin_object().key("a").begin_array().end_array().key("b").begin_object().end_object();
    writer.key("numbers")
        .begin_array()
        .number(0)
        .number(-1)
        .number(std::int64_t{INT64_MIN})
        .number(UINT64_MAX);
    writer.number(1.5)
        .number(0.1)
        .number(1e300)
        .number(std::numeric_limits<double>::infinity())
        .number(std::nan(""));
    writer.number(static_cast<unsigned char>(200)).number(static_cast<short>(-3)).end_array();
    writer.key("rest")
        .begin_array()
        .boolean(true)
        .boolean(false)
        .null()
        .raw("{\"x\":1}")
        .string("s")
        .end_array();
    writer.end_object();
    BOOST_TEST(out ==
               "data: {\"a\":[],\"b\":{},\"numbers\":[0,-1,-9223372036854775808,18446744073709551615,1.5,0.1,"
               "1e+300,null,null,200,-3],\"rest\":[true,false,null,{\"x\":1},\"s\"]}");
    std::string lone;
    Writer(lone).string("x");
    BOOST_TEST(lone == "\"x\"");
}

BOOST_AUTO_TEST_CASE(strings_round_trip) {
    const auto written = [](std::string_view text) {
        std::string out;
        baton::json::append_string(out, text);
        return out;
    };
    BOOST_TEST(written("\"\\/\b\f\n\r\t\x01\x1f\x7f\0"sv) == R"("\"\\/\b\f\n\r\t\u0001\u001f)"
                                                             "\x7f\\u0000\"");
    BOOST_TEST(written("a\xff"
                       "b") == "\"a\xef\xbf\xbd"
                               "b\"");
    BOOST_TEST(written("a\xe2\x82") == "\"a\xef\xbf\xbd\"");
    BOOST_TEST(written("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    BOOST_TEST(written({}) == "\"\"");

    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random() % 80, '\0');
        const bool bytes = i % 2 == 0; // any bytes, or mostly plain text
        for (char& c : text)
            c = static_cast<char>(bytes || random() % 16 == 0 ? random() : 'a' + random() % 26);
        std::string expected;
        baton::utf8::append_valid(expected, text);
        const std::string json = written(text);
        Reader reader(json);
        std::string back;
        BOOST_TEST(reader.append_string(back));
        BOOST_TEST(reader.finish());
        BOOST_TEST(back == expected);
        boost::json::error_code error;
        const auto theirs = boost::json::parse(json, error);
        BOOST_TEST((!error && theirs.as_string() == expected));
    }
}

BOOST_AUTO_TEST_CASE(doubles_round_trip) {
    std::mt19937_64 random(8);
    for (int i = 0; i < 20'000; ++i) {
        const double value = std::bit_cast<double>(random());
        std::string json;
        Writer(json).number(value);
        Reader reader(json);
        double back = 0;
        if (std::isfinite(value)) {
            BOOST_TEST(reader.number(back));
            BOOST_TEST(std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value));
        } else {
            BOOST_TEST(reader.null());
        }
        BOOST_TEST(reader.finish());
    }
}

BOOST_AUTO_TEST_CASE(utf8_replacement) {
    const auto replaced = [](std::string_view text) {
        std::string out;
        baton::utf8::append_valid(out, text);
        BOOST_TEST(baton::utf8::is_valid(text) == (out == text));
        BOOST_TEST(baton::utf8::is_valid(out));
        return out;
    };
    constexpr std::string_view r = baton::utf8::replacement;
    const auto times = [&](int n) {
        std::string out;
        for (int i = 0; i < n; ++i) out += r;
        return out;
    };
    // The Unicode standard, section 3.9, tables 3-8 to 3-11.
    BOOST_TEST(replaced("\xc0\xaf\xe0\x80\xbf\xf0\x81\x82"
                        "A") == times(8) + "A");
    BOOST_TEST(replaced("\xed\xa0\x80\xed\xbf\xbf\xed\xaf"
                        "A") == times(8) + "A");
    BOOST_TEST(replaced("\xf4\x91\x92\x93\xff"
                        "A\x80\xbf"
                        "B") == times(5) + "A" + times(2) + "B");
    BOOST_TEST(replaced("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf"
                        "A") == times(4) + "A");
    BOOST_TEST(replaced("\xef\xbf\xbd\xef\xbf\xbe\xf4\x8f\xbf\xbf") ==
               "\xef\xbf\xbd\xef\xbf\xbe\xf4\x8f\xbf\xbf");
}

BOOST_AUTO_TEST_SUITE_END()
