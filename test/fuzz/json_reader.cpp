// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: json::Reader against Boost.JSON, and the writer against both.

#include "../core/json_differential.hpp"

#include <baton/core/json_writer.hpp>
#include <baton/core/utf8.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    std::string why;
    const baton::test::Verdict verdict = baton::test::compare(text, why);
    require(verdict != baton::test::Verdict::different, why.c_str());
    if (verdict == baton::test::Verdict::accepted) { // what is passed on is JSON to others too
        std::string passed;
        baton::json::append_json(passed, text);
        require(passed == baton::test::repair_surrogates(text), "append_json changes another thing");
    }

    std::string written;
    baton::json::append_string(written, text);
    std::string expected;
    baton::utf8::append_valid(expected, text);
    require(baton::utf8::is_valid(expected), "append_valid gave invalid UTF-8");
    require(baton::utf8::is_valid(text) == (expected == text), "is_valid and append_valid disagree");
    baton::json::Reader reader(written);
    std::string back;
    require(reader.append_string(back) && reader.finish() && back == expected, "a string does not come back");
    boost::json::error_code error;
    const auto theirs = boost::json::parse(written, error);
    require(!error && theirs.as_string() == expected, "Boost.JSON reads another string");
    return 0;
}
