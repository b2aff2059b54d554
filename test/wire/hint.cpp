// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/wire/hint.hpp>

#include <cmath>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(hint)

using namespace baton;
using namespace std::chrono_literals;

namespace {

// Frozen: Mon, 11 Aug 2025 23:46:07 GMT.
const WallTime now{std::chrono::seconds(1754955967)};

using Lines = std::vector<HeaderField>;

struct Row {
    const char* what;
    Lines headers;
    std::string body;
    std::optional<Duration> wait; // none: no usable hint
};

constexpr auto none = std::nullopt;

std::string gemini(const std::string& delay) {
    return R"({"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":[)"
           R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure"},)"
           R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":")" +
           delay + R"("}]}})";
}
std::string prose(const std::string& text) {
    return R"({"error":{"message":")" + text + R"(","type":"tokens","code":"rate_limit_exceeded"}})";
}

const std::vector<Row>& rows() {
    static const std::vector<Row> all = {
        // nothing said
        {"no header, no body", {}, "", none},
        {"an ordinary error", {{"content-type", "application/json"}}, R"({"error":{"message":"no"}})", none},
        // retry-after-ms
        {"milliseconds", {{"retry-after-ms", "660"}}, "", 660ms},
        {"milliseconds with a fraction", {{"Retry-After-Ms", "1500.5"}}, "", 1500500us},
        {"milliseconds before seconds", {{"retry-after", "9"}, {"retry-after-ms", "250"}}, "", 250ms},
        {"zero milliseconds say nothing", {{"retry-after", "1"}, {"retry-after-ms", "0"}}, "", 1s},
        {"negative milliseconds say nothing", {{"retry-after-ms", "-5"}, {"retry-after", "2"}}, "", 2s},
        {"NaN milliseconds say nothing", {{"retry-after-ms", "nan"}, {"retry-after", "3"}}, "", 3s},
        {"infinite milliseconds say nothing", {{"retry-after-ms", "inf"}, {"retry-after", "4"}}, "", 4s},
        {"milliseconds beyond double say nothing",
         {{"retry-after-ms", "1e999"}, {"retry-after", "5"}},
         "",
         5s},
        {"unreadable milliseconds say nothing", {{"retry-after-ms", "soon"}, {"retry-after", "6"}}, "", 6s},
        {"milliseconds with a unit are unreadable",
         {{"retry-after-ms", "250ms"}, {"retry-after", "7"}},
         "",
         7s},
        // retry-after in seconds
        {"seconds", {{"retry-after", "65"}}, "", 65s},
        {"seconds in any letter case", {{"Retry-After", "41"}}, "", 41s},
        {"seconds with a fraction", {{"retry-after", "0.25"}}, "", 250ms},
        {"seconds with an exponent", {{"retry-after", "1.5e1"}}, "", 15s},
        {"seconds with a plus sign", {{"retry-after", "+8"}}, "", 8s},
        {"seconds between blanks", {{"retry-after", "  12\t"}}, "", 12s},
        {"zero seconds", {{"retry-after", "0"}}, "", none},
        {"negative zero seconds", {{"retry-after", "-0.0"}}, "", none},
        {"negative seconds", {{"retry-after", "-3"}}, "", none},
        {"NaN seconds", {{"retry-after", "NaN"}}, "", none},
        {"infinite seconds", {{"retry-after", "Infinity"}}, "", none},
        {"seconds beyond double", {{"retry-after", "1e400"}}, "", none},
        {"unreadable seconds", {{"retry-after", "a while"}}, "", none},
        {"an empty value", {{"retry-after", ""}}, "", none},
        {"hexadecimal is unreadable", {{"retry-after", "0x10"}}, "", none},
        {"over any cap: the policy's decision", {{"retry-after", "86400"}}, "", 24h},
        {"beyond a century is a century", {{"retry-after", "1e300"}}, "", std::chrono::hours(24 * 36525)},
        // retry-after as a date
        {"IMF-fixdate", {{"retry-after", "Mon, 11 Aug 2025 23:47:07 GMT"}}, "", 60s},
        {"RFC 850 date", {{"retry-after", "Monday, 11-Aug-25 23:46:37 GMT"}}, "", 30s},
        {"asctime date", {{"retry-after", "Mon Aug 11 23:46:27 2025"}}, "", 20s},
        {"asctime date with a one-digit day", {{"retry-after", "Sat Sep  6 23:46:07 2025"}}, "", 26 * 24h},
        {"a date now", {{"retry-after", "Mon, 11 Aug 2025 23:46:07 GMT"}}, "", none},
        {"a past date", {{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}}, "", none},
        {"a past RFC 850 date of the last century",
         {{"retry-after", "Sunday, 06-Nov-94 08:49:37 GMT"}},
         "",
         none},
        {"an impossible date", {{"retry-after", "Mon, 31 Feb 2026 10:00:00 GMT"}}, "", none},
        {"an impossible time", {{"retry-after", "Tue, 12 Aug 2025 25:00:00 GMT"}}, "", none},
        {"a date of the year 9999", {{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"}}, "", none},
        {"a date without a zone", {{"retry-after", "Mon, 11 Aug 2025 23:47:07"}}, "", none},
        {"zero milliseconds, then a date",
         {{"retry-after-ms", "0"}, {"retry-after", "Mon, 11 Aug 2025 23:46:10 GMT"}},
         "",
         3s},
        // in the body
        {"RetryInfo", {}, gemini("34.4s"), 34400ms},
        {"RetryInfo, whole", {}, gemini("23s"), 23s},
        {"RetryInfo, nanoseconds", {}, gemini("45.837906927s"), 45837906927ns},
        {"RetryInfo, zero", {}, gemini("0s"), none},
        {"RetryInfo, negative", {}, gemini("-3s"), none},
        {"RetryInfo, unreadable", {}, gemini("later"), none},
        {"RetryInfo, pretty-printed", {}, "{\n  \"retryDelay\" :\n   \"7s\"\n}", 7s},
        {"RetryInfo quoted in a JSON string", {}, R"({"raw":"{\"retryDelay\": \"31s\"}"})", 31s},
        {"the header before RetryInfo", {{"retry-after", "2"}}, gemini("34s"), 2s},
        {"RetryInfo after an unreadable header", {{"retry-after", "?"}}, gemini("34s"), 34s},
        {"prose, seconds", {}, prose("Please try again in 7.21s. Need more tokens?"), 7210ms},
        {"prose, milliseconds",
         {},
         prose("Please try again in 329.999999ms."),
         329999999ns / 1000 * 1000 + 999ns},
        {"prose, minutes", {}, prose("Please try again in 9m38.016s."), 578016ms},
        {"prose, hours", {}, prose("Please try again in 1h2m3s."), 3723s},
        {"prose, words", {}, prose("Please retry after 6 seconds."), 6s},
        {"prose, capital letter", {}, prose("Try again in 2 minutes"), 2min},
        {"prose, Gemini's", {}, prose("Please retry in 34.074824224s."), 34074824224ns},
        {"prose without a unit", {}, prose("try again in 20"), none},
        {"prose without a number", {}, prose("Please try again in a moment"), none},
        {"prose with another noun", {}, prose("try again in 6 messages"), none},
        {"prose, the second time", {}, prose("try again in a moment; try again in 5s"), 5s},
        {"RetryInfo before prose", {}, R"({"m":"try again in 9s","retryDelay":"3s"})", 3s},
        {"plain text body", {}, "Rate limited. Try again in 1.5s", 1500ms},
        // reset headers, of what is used up
        {"the draft's policies", {{"RateLimit", R"("api";r=0;t=55)"}}, "", 55s},
        {"the draft's policies, of several the latest used up",
         {{"ratelimit", R"("a";r=0;t=5, "b";t=9;r=0, "c";r=1;t=60)"}},
         "",
         9s},
        {"the draft's policies, something left", {{"ratelimit", R"("api";r=7;t=55)"}}, "", none},
        {"the draft's policies, unreadable", {{"ratelimit", R"("api";r=0;t=, ;r=;t=5,;,)"}}, "", none},
        {"by size", {{"ratelimitbysize-reset", "43"}, {"ratelimitbysize-remaining", "0"}}, "", 43s},
        {"by size, something left",
         {{"ratelimitbysize-reset", "43"}, {"ratelimitbysize-remaining", "9"}},
         "",
         none},
        {"seconds as Go writes them",
         {{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "1s"}},
         "",
         1s},
        {"minutes as Go writes them",
         {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "6m0s"}},
         "",
         6min},
        {"minutes and a fraction",
         {{"X-RateLimit-Remaining-Tokens", "0"}, {"X-RateLimit-Reset-Tokens", "21m36.001s"}},
         "",
         1296001ms},
        {"milliseconds as Go writes them",
         {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "115ms"}},
         "",
         115ms},
        {"the exhausted one counts, not the longer one",
         {{"x-ratelimit-remaining-requests", "14999"},
          {"x-ratelimit-reset-requests", "6m0s"},
          {"x-ratelimit-remaining-tokens", "0"},
          {"x-ratelimit-reset-tokens", "2s"}},
         "",
         2s},
        {"of two exhausted ones the later",
         {{"x-ratelimit-remaining-requests", "0"},
          {"x-ratelimit-reset-requests", "300ms"},
          {"x-ratelimit-remaining-tokens", "0"},
          {"x-ratelimit-reset-tokens", "4s"}},
         "",
         4s},
        {"nothing exhausted",
         {{"x-ratelimit-remaining-requests", "199"}, {"x-ratelimit-reset-requests", "300ms"}},
         "",
         none},
        {"nothing said about what remains", {{"x-ratelimit-reset-requests", "300ms"}}, "", none},
        {"exhausted, reset at once",
         {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "0s"}},
         "",
         none},
        {"a bare number of seconds", {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "17"}}, "", 17s},
        {"an epoch in seconds",
         {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1754955987"}},
         "",
         20s},
        {"an epoch in milliseconds",
         {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1754955987500"}},
         "",
         20500ms},
        {"Anthropic's timestamp",
         {{"anthropic-ratelimit-input-tokens-remaining", "0"},
          {"anthropic-ratelimit-input-tokens-reset", "2025-08-11T23:47:12Z"},
          {"anthropic-ratelimit-requests-remaining", "4000"},
          {"anthropic-ratelimit-requests-reset", "2025-08-11T23:59:00Z"}},
         "",
         65s},
        {"a timestamp with an offset and a fraction",
         {{"anthropic-ratelimit-tokens-remaining", "0"},
          {"anthropic-ratelimit-tokens-reset", "2025-08-12T01:46:17.5+02:00"}},
         "",
         10500ms},
        {"Anthropic's timestamp of 1970",
         {{"anthropic-ratelimit-tokens-remaining", "0"},
          {"anthropic-ratelimit-tokens-reset", "1970-01-01T00:00:00Z"}},
         "",
         none},
        {"an acceleration limit: tokens remain, reset in 1970, retry-after counts",
         {{"anthropic-ratelimit-input-tokens-remaining", "450000"},
          {"anthropic-ratelimit-input-tokens-reset", "1970-01-01T00:00:00Z"},
          {"anthropic-ratelimit-requests-remaining", "1000"},
          {"anthropic-ratelimit-requests-reset", "2026-02-10T08:55:22Z"},
          {"retry-after", "41"}},
         "",
         41s},
        {"prose before reset headers",
         {{"x-ratelimit-remaining-tokens", "0"}, {"x-ratelimit-reset-tokens", "2m0s"}},
         prose("try again in 7s"),
         7s},
        {"an unreadable reset",
         {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "tomorrow"}},
         "",
         none},
    };
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_form_of_wait_hint) {
    BOOST_TEST(rows().size() >= 40u);
    for (const Row& row : rows()) {
        BOOST_TEST_CONTEXT(row.what) {
            const auto wait = wire::retry_hint(Headers(row.headers), row.body, now);
            BOOST_TEST(wait.has_value() == row.wait.has_value());
            if (wait && row.wait) {
                // a nanosecond of rounding: the sources are decimal fractions
                BOOST_TEST(std::abs(wait->count() - row.wait->count()) <= 1,
                           wait->count() << " ns, expected " << row.wait->count());
            }
        }
    }
    std::cout << rows().size() << " wait hints\n";
}

BOOST_AUTO_TEST_CASE(the_vendor_s_verdict) {
    const auto verdict = [](const char* value) {
        const Lines lines = {{"X-Should-Retry", value}};
        return wire::should_retry(Headers(lines));
    };
    BOOST_TEST((verdict("true") == std::optional(true)));
    BOOST_TEST((verdict("false") == std::optional(false)));
    BOOST_TEST((verdict(" True ") == std::optional(true)));
    BOOST_TEST(!verdict("1").has_value());
    BOOST_TEST(!verdict("").has_value());
    BOOST_TEST(!wire::should_retry(Headers()).has_value());
}

BOOST_AUTO_TEST_CASE(two_digit_years_follow_the_clock) {
    const auto date = [](int year) {
        return WallTime(std::chrono::sys_days(std::chrono::year(year) / 6 / 1));
    };
    const auto year_of = [](std::optional<WallTime> t) {
        return static_cast<int>(
            std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*t)).year());
    };
    BOOST_TEST(year_of(wire::parse_http_date("Sunday, 06-Nov-70 08:49:37 GMT", date(2025))) == 2070);
    BOOST_TEST(year_of(wire::parse_http_date("Sunday, 06-Nov-80 08:49:37 GMT", date(2025))) == 1980);
    BOOST_TEST(year_of(wire::parse_http_date("Sunday, 06-Nov-10 08:49:37 GMT", date(2095))) == 2010);
}

BOOST_AUTO_TEST_SUITE_END()
