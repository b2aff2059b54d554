// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "support/recorded.hpp"

#include <baton/wire/rate_headers.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(rate_headers)

using namespace baton;
using namespace std::chrono_literals;

namespace {

// Frozen: Mon, 11 Aug 2025 23:46:07 GMT.
const WallTime now{std::chrono::seconds(1754955967)};

using Lines = std::vector<HeaderField>;

RateHeaders read(const Lines& lines) { return wire::parse_rate_headers(Headers(lines), now); }

void check(const RateWindow& window, std::optional<std::int64_t> limit, std::optional<std::int64_t> remaining,
           std::optional<Duration> reset) {
    BOOST_TEST((window.limit == limit));
    BOOST_TEST((window.remaining == remaining));
    BOOST_TEST((window.reset == reset));
}

constexpr auto none = std::nullopt;

} // namespace

BOOST_AUTO_TEST_CASE(openai_and_its_kin) {
    const RateHeaders said = read({{"x-ratelimit-limit-requests", "10000"},
                                   {"X-RateLimit-Remaining-Requests", "9999"},
                                   {"x-ratelimit-reset-requests", "6m0s"},
                                   {"x-ratelimit-limit-tokens", "200000"},
                                   {"x-ratelimit-remaining-tokens", "199700"},
                                   {"x-ratelimit-reset-tokens", "59.7ms"},
                                   {"x-ratelimit-limit-input-images", "7"},
                                   {"x-ratelimit-remaining-input-images", "0"}});
    check(said.requests, 10000, 9999, 6min);
    check(said.tokens, 200000, 199700, 59'700us);
    check(said.input_tokens, none, none, none);
    check(said.output_tokens, none, none, none);
    BOOST_TEST(static_cast<bool>(said));
    BOOST_TEST(!read({}));
    BOOST_TEST(!read({{"content-type", "application/json"}, {"retry-after", "7"}}));
}

BOOST_AUTO_TEST_CASE(anthropic) {
    const RateHeaders said = read({{"anthropic-ratelimit-requests-limit", "4000"},
                                   {"anthropic-ratelimit-requests-remaining", "3999"},
                                   {"anthropic-ratelimit-requests-reset", "1970-01-01T00:00:00Z"},
                                   {"Anthropic-Ratelimit-Input-Tokens-Limit", "400000"},
                                   {"Anthropic-Ratelimit-Input-Tokens-Remaining", "0"},
                                   {"Anthropic-Ratelimit-Input-Tokens-Reset", "2025-08-11T23:47:12Z"},
                                   {"anthropic-ratelimit-output-tokens-remaining", "80000"},
                                   {"anthropic-ratelimit-output-tokens-reset", "2025-08-12T01:46:09+02:00"},
                                   {"anthropic-ratelimit-tokens-remaining", "80000"},
                                   {"anthropic-ratelimit-unified-remaining", "1"},
                                   {"anthropic-ratelimit-tokens-remaining-extra", "1"}});
    check(said.requests, 4000, 3999, none); // a reset that is past is none
    check(said.input_tokens, 400000, 0, 65s);
    check(said.output_tokens, none, 80000, 2s);
    check(said.tokens, none, 80000, none);
}

BOOST_AUTO_TEST_CASE(of_several_windows_the_one_with_the_least_left) {
    const RateHeaders said = read({{"x-ratelimit-limit-requests-day", "1000"},
                                   {"x-ratelimit-remaining-requests-day", "3"},
                                   {"x-ratelimit-reset-requests-day", "3600.5"},
                                   {"x-ratelimit-limit-requests-minute", "30"},
                                   {"x-ratelimit-remaining-requests-minute", "29"},
                                   {"x-ratelimit-reset-requests-minute", "2"},
                                   {"x-ratelimit-remaining-req-10-second", "57"},
                                   {"x-ratelimit-limit-tokens-minute", "60000"},
                                   {"x-ratelimit-remaining-tokens-minute", "50"},
                                   {"x-ratelimit-remaining-tokens-month", "999999"},
                                   {"x-ratelimit-tokens-query-cost", "17"}});
    check(said.requests, 1000, 3, 3600s + 500ms);
    check(said.tokens, 60000, 50, none);
    // as much left: the one that is whole again later
    const RateHeaders equal = read({{"x-ratelimit-remaining-tokens-minute", "0"},
                                    {"x-ratelimit-reset-tokens-minute", "9s"},
                                    {"x-ratelimit-remaining-tokens-day", "0"},
                                    {"x-ratelimit-reset-tokens-day", "9h"},
                                    {"x-ratelimit-remaining-tokens-hour", "0"}});
    check(equal.tokens, none, 0, 9h);
    check(read({{"x-ratelimit-limit-tokens-day", "5"}, {"x-ratelimit-remaining-tokens-hour", "4"}}).tokens,
          none, 4, none);
}

BOOST_AUTO_TEST_CASE(other_forms) {
    check(read({{"x-ratelimit-limit", "20"},
                {"x-ratelimit-remaining", "0"},
                {"x-ratelimit-reset", "1754955970000"}})
              .requests,
          20, 0, 3s);
    check(read({{"x-ratelimit-remaining", "1"}, {"x-ratelimit-reset", "1754955968"}}).requests, none, 1, 1s);
    check(read({{"X-Ratelimit-Reset-Requests", "1"}}).requests, none, none, 1s);
    const RateHeaders mistral = read({{"ratelimitbysize-limit", "500000"},
                                      {"ratelimitbysize-remaining", "467990"},
                                      {"ratelimitbysize-reset", "46"},
                                      {"ratelimitbysize-query-cost", "32010"},
                                      {"x-ratelimitbysize-limit-month", "1000000000"},
                                      {"x-ratelimitbysize-remaining-month", "997631087"},
                                      {"x-ratelimitbysize-limit-minute", "500000"},
                                      {"x-ratelimitbysize-remaining-minute", "467990"}});
    check(mistral.tokens, 500000, 467990, 46s);
    check(mistral.requests, none, none, none);
    check(read({{"ratelimit", "\"api\";r=492;t=86"},
                {"ratelimit-policy", "\"fixed window\";\"api\";q=500;w=300"}})
              .requests,
          500, 492, 86s);
    check(read({{"ratelimit", "\"a\";r=5;t=1, \"b\" ; r=2 ; t=9"}}).requests, none, 2, 9s);
    for (const char* odd :
         {"", ";", ",", "\"", "r=", "=;=", "\"api\";r", "\"api\";r=x", "\"api\";x=1", ";;r=-1"}) {
        BOOST_TEST(!read({{"ratelimit", odd}}).requests.remaining, odd);
    }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_not_said) {
    for (const char* value : {"", " ", "-1", "many", "1 2", "nan", "inf", "0x10", "1,5"}) {
        BOOST_TEST(!read({{"x-ratelimit-remaining-requests", value}}), value);
    }
    for (const char* value : {"", "0", "0s", "-5", "soon", "2020-01-01T00:00:00Z", "1684403260"}) {
        BOOST_TEST(!read({{"x-ratelimit-reset-tokens", value}}), value);
    }
    for (const char* name :
         {"x-ratelimit-key", "x-ratelimit-limits", "x-ratelimit-limit-", "x-ratelimit-",
          "x-ratelimit-remaining-requests-", "x-ratelimit-remaining-requests-left",
          "x-ratelimit-remaining-tokens-usage-based", "ratelimit-remaining",
          "x-ratelimit-abusepenalty-active", "x-ratelimit-renewalperiod-tokens", "anthropic-ratelimit-",
          "anthropic-ratelimit-requests-", "anthropic-ratelimit-tokens", "ratelimitbysize-",
          "x-ratelimitbysize-remaining-cost"}) {
        BOOST_TEST(!read({{name, "1"}}), name);
    }
    check(read({{"x-ratelimit-remaining-tokens", "1e300"}}).tokens, none, 9'000'000'000'000'000'000, none);
    check(read({{"x-ratelimit-remaining-tokens", " 12.7 "}}).tokens, none, 12, none);
    // more windows than any vendor has
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i)
        names.push_back("x-ratelimit-remaining-requests-" + std::to_string(i) + "-second");
    Lines lines;
    for (const std::string& name : names) lines.push_back({name, "1"});
    check(read(lines).requests, none, 1, none);
}

BOOST_AUTO_TEST_CASE(any_bytes_are_read_without_harm) {
    std::mt19937 random(7);
    const std::vector<std::string> parts = {
        "x-", "ratelimit", "-",   "limit",     "remaining", "reset", "requests", "tok", "tokens", "input",
        "10", "minute",    "day", "anthropic", "\"",        ";r=1",  "t=",       ",",   "1e9",    "bysize"};
    std::size_t said = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string name = i % 2 ? "x-ratelimit-" : i % 3 ? "anthropic-ratelimit-" : "ratelimit", value;
        for (auto n = random() % 6; n > 0; --n) name += parts[random() % parts.size()];
        for (auto n = random() % 4; n > 0; --n) value += parts[random() % parts.size()];
        const RateHeaders read_back = read({{name, value}, {"ratelimit", value}});
        said += static_cast<bool>(read_back);
        if (read_back.requests.remaining) BOOST_REQUIRE(*read_back.requests.remaining >= 0);
        if (read_back.requests.reset) BOOST_REQUIRE(*read_back.requests.reset > 0s);
    }
    BOOST_TEST(said > 100u);
}

BOOST_AUTO_TEST_CASE(recorded_answers) {
    const auto recordings = test::Recordings::open();
    if (!recordings) {
        BOOST_TEST_MESSAGE("no recordings: not run");
        BOOST_TEST(true);
        return;
    }
    std::map<std::string, int> by_provider;
    for (const auto& entry : recordings->entries()) {
        const auto response = recordings->response(entry);
        const auto fields = response.fields();
        const Headers headers(fields);
        const RateHeaders said = wire::parse_rate_headers(headers, now);
        if (said) ++by_provider[entry.provider];
        // what the plain forms say must arrive
        for (const auto& [name, window] :
             {std::pair{"x-ratelimit-remaining-requests", &said.requests},
              std::pair{"x-ratelimit-remaining-tokens", &said.tokens},
              std::pair{"anthropic-ratelimit-requests-remaining", &said.requests},
              std::pair{"anthropic-ratelimit-tokens-remaining", &said.tokens},
              std::pair{"anthropic-ratelimit-input-tokens-remaining", &said.input_tokens},
              std::pair{"anthropic-ratelimit-output-tokens-remaining", &said.output_tokens}}) {
            const std::string text(headers.get(name));
            if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
                continue;
            BOOST_TEST(window->remaining.value_or(-1) == std::stoll(text), entry.id << " " << name);
        }
    }
    int total = 0;
    for (const auto& [provider, count] : by_provider) {
        BOOST_TEST_MESSAGE(provider << ": " << count);
        total += count;
    }
    BOOST_TEST(total > 300);
    for (const char* provider : {"openai", "anthropic", "groq", "mistral", "xai", "azure"}) {
        BOOST_TEST(by_provider[provider] > 0, provider);
    }
}

BOOST_AUTO_TEST_SUITE_END()
