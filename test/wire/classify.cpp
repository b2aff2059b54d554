// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Error bodies in every shape seen or documented, read and classified.
#include <boost/test/unit_test.hpp>

#include "../support/print.hpp"

#include <baton/wire/anthropic.hpp>
#include <baton/wire/openai.hpp>

#include <ostream>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(classify)

using namespace baton;
using namespace std::chrono_literals;

namespace {

struct Row {
    int status;
    const char* body;
    Errc errc;
};

const WallTime now{std::chrono::seconds(1754955967)};

const std::vector<Row>& openai_rows() {
    static const std::vector<Row> rows = {
        // 429 is not one thing
        {429, R"({"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}})",
         Errc::rate_limited},
        {429, R"({"error":{"message":"You exceeded your current quota, please check your plan","type":"x"}})",
         Errc::quota},
        {429,
         R"({"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
         Errc::quota},
        {429,
         R"({"error":{"message":"Billing hard limit has been reached","code":"billing_hard_limit_reached"}})",
         Errc::quota},
        {429,
         R"({"error":{"message":"Request too large for gpt-4.1 on tokens per min (TPM): Limit 1, Requested 2",)"
         R"("type":"tokens","code":"rate_limit_exceeded"}})",
         Errc::too_large},
        {413, R"({"error":{"message":"Request too large for model on TPM","code":"rate_limit_exceeded"}})",
         Errc::too_large},
        {429, R"({"error":{"message":"The engine is currently overloaded, please try again later"}})",
         Errc::transient},
        // other statuses
        {400, R"({"error":{"message":"This model's maximum context length is 8192 tokens","code":null}})",
         Errc::context_overflow},
        {400, R"({"error":{"message":"m","type":"invalid_request_error","code":"context_length_exceeded"}})",
         Errc::context_overflow},
        {400, R"({"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}})",
         Errc::not_found},
        {400,
         R"({"error":{"message":"The response was filtered","code":"content_filter","status":400,)"
         R"("innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
         Errc::content_filtered},
        {400, R"({"error":{"message":"m","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
         Errc::content_filtered},
        {400, R"({"error":{"message":"m","type":"invalid_request_error"}})", Errc::invalid_request},
        {401, R"({"error":{"message":"m","type":"invalid_request_error","code":"invalid_api_key"}})",
         Errc::auth},
        {402, R"({"error":{"message":"Insufficient Balance","code":"invalid_request_error"}})", Errc::quota},
        {403,
         R"({"error":{"message":"Country not supported","code":"unsupported_country_region_territory"}})",
         Errc::permission},
        {403, R"({"error":{"message":"no"}})", Errc::permission},
        {404, R"({"error":{"message":"no such path"}})", Errc::not_found},
        {405, "", Errc::invalid_request},
        {408, "stream timeout", Errc::transient},
        {409, "{}", Errc::transient},
        {410, "{}", Errc::not_found},
        {413, "<html><head><title>413 Request Entity Too Large</title></head></html>", Errc::too_large},
        {422, R"({"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]})",
         Errc::invalid_request},
        {425, "", Errc::transient},
        {500, R"({"error":{"message":"m","type":"server_error"}})", Errc::transient},
        {502, "<html>bad gateway</html>", Errc::transient},
        {503, "upstream connect error or disconnect/reset before headers", Errc::transient},
        {504, "", Errc::transient},
        {520, "<!DOCTYPE html><html><title>api | 520: Web server is returning an unknown error</title>",
         Errc::transient},
        {301, "", Errc::protocol},
        {307, "", Errc::protocol},
        // other vendors' shapes: read with the same eyes
        {503, R"({"code":"The service is currently unavailable","error":"try later"})", Errc::transient},
        {400, R"({"object":"error","message":"m","type":"invalid_request_message_order","code":"3230"})",
         Errc::invalid_request},
        {400,
         R"([{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT",)"
         R"("details":[{"reason":"API_KEY_INVALID"}]}}])",
         Errc::auth},
        {429, R"({"error":{"code":429,"message":"Provider returned error","metadata":{"raw":"slow down"}}})",
         Errc::rate_limited},
        {400,
         R"({"error":{"code":400,"message":"Provider returned error","metadata":{"raw":)"
         R"("{\"error\":{\"message\":\"m\",\"code\":\"context_length_exceeded\"}}"}}})",
         Errc::context_overflow},
    };
    return rows;
}

const std::vector<Row>& anthropic_rows() {
    static const std::vector<Row> rows = {
        {400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":"messages: field required"}})",
         Errc::invalid_request},
        {400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":)"
         R"("Your credit balance is too low to access the Anthropic API."}})",
         Errc::quota},
        {400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":)"
         R"("You have reached your specified API usage limits. You will regain access on 2026-12-01"}})",
         Errc::quota},
        {400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":)"
         R"("prompt is too long: 3333404 tokens > 200000 maximum"}})",
         Errc::context_overflow},
        {400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":)"
         R"("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"}})",
         Errc::context_overflow},
        {400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":)"
         R"("Output blocked by content filtering policy"}})",
         Errc::content_filtered},
        {401, R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}})",
         Errc::auth},
        {402, R"({"type":"error","error":{"type":"billing_error","message":"m"}})", Errc::quota},
        {403, R"({"type":"error","error":{"type":"permission_error","message":"m"}})", Errc::permission},
        {404, R"({"type":"error","error":{"type":"not_found_error","message":"model: x"}})", Errc::not_found},
        {413, R"({"type":"error","error":{"type":"request_too_large","message":"m"}})", Errc::too_large},
        // the trap: a rate limit that advertises credit
        {429,
         R"({"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your )"
         R"(organization's rate limit of 450,000 input tokens per minute. To raise this limit, purchase )"
         R"(credits to advance to the next usage tier at https://console.anthropic.com/settings/billing."}})",
         Errc::rate_limited},
        {500, R"({"type":"error","error":{"type":"api_error","message":"Internal server error"}})",
         Errc::transient},
        {504, R"({"type":"error","error":{"type":"timeout_error","message":"m"}})", Errc::transient},
        {529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
         Errc::transient},
        {529, "", Errc::transient},
    };
    return rows;
}

} // namespace

BOOST_AUTO_TEST_CASE(openai) {
    for (const Row& row : openai_rows()) {
        BOOST_TEST_CONTEXT(row.status << ' ' << row.body) {
            const Error error = OpenAI::decode_error(row.status, Headers(), row.body, now);
            BOOST_TEST(error.errc() == row.errc);
            BOOST_TEST(error.detail().status == row.status);
            BOOST_TEST(!error.detail().message.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(anthropic) {
    for (const Row& row : anthropic_rows()) {
        BOOST_TEST_CONTEXT(row.status << ' ' << row.body) {
            const Error error = Anthropic::decode_error(row.status, Headers(), row.body, now);
            BOOST_TEST(error.errc() == row.errc);
            BOOST_TEST(error.detail().status == row.status);
            BOOST_TEST(!error.detail().message.empty());
        }
    }
}

// Whatever the status, an answer was accepted: the body alone decides.
BOOST_AUTO_TEST_CASE(inside_a_200) {
    const auto in_answer = [](const char* body) {
        return wire::make_error_in_answer(OpenAI::dialect.vendor, body).errc();
    };
    BOOST_TEST(in_answer(R"({"error":{"message":"m","type":"server_error"}})") == Errc::transient);
    BOOST_TEST(in_answer(R"({"error":{"message":"m","type":"model_error","code":null}})") == Errc::transient);
    BOOST_TEST(in_answer(R"({"error":{"message":"m","type":"invalid_request_error"}})") ==
               Errc::invalid_request);
    BOOST_TEST(in_answer(R"({"error":{"code":429,"message":"rate-limited upstream"}})") ==
               Errc::rate_limited);
    BOOST_TEST(in_answer(R"({"error":{"code":402,"message":"Insufficient credits"}})") == Errc::quota);
    BOOST_TEST(in_answer(R"({"error":{"code":502,"message":"m"}})") == Errc::transient);
    BOOST_TEST(in_answer(R"({"error":{"message":"m","status_code":400,"code":"tool_use_failed"}})") ==
               Errc::invalid_request);
    BOOST_TEST(in_answer(R"({"type":"error","error":{"type":"overloaded_error","message":"m"}})") ==
               Errc::transient);
    BOOST_TEST(in_answer(R"({"error":{"message":"nobody knows"}})") == Errc::transient);
    BOOST_TEST(in_answer("not even JSON") == Errc::transient);
}

BOOST_AUTO_TEST_CASE(what_an_error_carries) {
    const std::vector<HeaderField> headers = {
        {"Retry-After", "7"}, {"X-Should-Retry", "false"}, {"X-Request-Id", "req_header"}};
    const Error error = OpenAI::decode_error(
        429, Headers(headers),
        R"({"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"},"request_id":"req_body"})",
        now);
    const Error::Detail& detail = error.detail();
    BOOST_TEST(detail.vendor_code == "rate_limit_exceeded");
    BOOST_TEST(detail.request_id == "req_header");
    BOOST_TEST((detail.retry_after == std::optional<Duration>(7s)));
    BOOST_TEST((detail.should_retry == std::optional(false)));
    BOOST_TEST(detail.message == "Slow down; wait, add Retry<...> or list another provider");

    const Error plain = Anthropic::decode_error(
        401, Headers(),
        R"({"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},)"
        R"("request_id":"req_body"})",
        now);
    BOOST_TEST(plain.detail().request_id == "req_body");
    BOOST_TEST(plain.detail().vendor_code == "authentication_error");
    BOOST_TEST(plain.detail().message == "invalid x-api-key; check ANTHROPIC_API_KEY or Options.key");
    BOOST_TEST(!plain.detail().retry_after.has_value());

    const Error page = OpenAI::decode_error(404, Headers(), "<html><title>Not here</title></html>", now);
    BOOST_TEST(page.detail().message ==
               "the answer is a web page titled 'Not here'; check the model's name and base_url");
    BOOST_TEST(OpenAI::decode_error(500, Headers(), " \r\n ", now)
                   .detail()
                   .message.starts_with("the answer has no body; retry later"));
}

// An echoed key must not reach a log, and a huge message must not push the next step out.
BOOST_AUTO_TEST_CASE(messages_are_redacted_and_bounded) {
    const Error echoed = OpenAI::decode_error(
        401, Headers(),
        R"({"error":{"message":"Incorrect API key provided: sk-abcdefghijklmnop.","code":"invalid_api_key"}})",
        now);
    BOOST_TEST(echoed.what().find("sk-abc") == std::string::npos);
    BOOST_TEST(echoed.what().find("OPENAI_API_KEY") != std::string::npos);

    const std::string huge =
        R"({"error":{"message":")" + std::string(100000, 'x') + R"(","code":"invalid_api_key"}})";
    const Error long_one = OpenAI::decode_error(401, Headers(), huge, now);
    BOOST_TEST(long_one.detail().message.size() <= Error::max_message);
    BOOST_TEST(long_one.detail().message.ends_with("check OPENAI_API_KEY or Options.key"));
}

BOOST_AUTO_TEST_CASE(shapes) {
    const auto read = [](const char* body) { return wire::read_error_body(body); };
    const auto quoted = read(
        R"({"error":"{\"error\":{\"message\":\"You exceeded it\",\"type\":\"t\",\"code\":\"insufficient_quota\"}}"})");
    BOOST_TEST(quoted.message == "You exceeded it");
    BOOST_TEST(quoted.reason == "insufficient_quota");
    const auto google = read(
        R"({"error":{"message":"{\n \"error\": {\"code\": 429, \"message\": \"m\", \"status\": \"RESOURCE_EXHAUSTED\"}}\n","code":429,"status":"Too Many Requests"}})");
    BOOST_TEST(google.message == "m");
    BOOST_TEST(google.type == "RESOURCE_EXHAUSTED");
    BOOST_TEST(google.status == 429);
    BOOST_TEST(read(R"({"error":"{not JSON"})").message == "{not JSON");
    BOOST_TEST(read(R"({"error":"{}"})").message == "{}");
    const auto several =
        read(R"({"errors":[{"code":"token_quota_reached","message":"m"}],"status_code":403})");
    BOOST_TEST(several.message == "m");
    BOOST_TEST(several.reason == "token_quota_reached");
    BOOST_TEST(several.status == 403);
    BOOST_TEST(read(R"({"error":"model 'x' not found"})").message == "model 'x' not found");
    BOOST_TEST(read(R"({"code":"invalid-argument","error":"bad"})").code == "invalid-argument");
    BOOST_TEST(read(R"({"message":"Too many requests"})").message == "Too many requests");
    BOOST_TEST(read(R"({"Message":"Forbidden"})").message == "Forbidden");
    BOOST_TEST(read(R"({"__type":"ThrottlingException","message":"m"})").type == "ThrottlingException");
    BOOST_TEST(read(R"({"detail":"Unauthorized"})").message == "Unauthorized");
    BOOST_TEST(read(R"({"detail":[{"msg":"first"},{"msg":"second"}]})").message == "first");
    BOOST_TEST(read(R"({"object":"error","message":{"detail":[{"msg":"deep"}]}})").message == "deep");
    BOOST_TEST(read(R"({"error":{"code":null,"message":"m","type":"t"}})").code.empty());
    BOOST_TEST(read(R"({"error":{"code":404,"message":"m"}})").status == 404);
    BOOST_TEST(read(R"({"error":{"code":17106857715909825000,"message":"m"}})").code ==
               "17106857715909825000");
    BOOST_TEST(read("plain text").message == "plain text");
    BOOST_TEST(read("{broken").message == "{broken");
    BOOST_TEST(read(R"({"unknown":1})").message == R"({"unknown":1})");
    BOOST_TEST(read("null").message == "null");
    // deep nesting neither recurses without end nor loses the text
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += R"({"error":)";
    BOOST_TEST(!read(deep.c_str()).message.empty());
    std::string nested;
    for (int i = 0; i < 40; ++i) nested += R"({"error":)";
    nested += "1" + std::string(40, '}');
    BOOST_TEST(!read(nested.c_str()).message.empty());
}

BOOST_AUTO_TEST_SUITE_END()
