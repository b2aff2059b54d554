// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// AWS Signature Version 4 against the vectors that AWS has published (aws-sig-v4-test-suite, the examples of
// the General Reference, and the suite of 2011 for paths that are encoded twice).
#include <boost/test/unit_test.hpp>

#include <baton/core/sigv4.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(sigv4)

using namespace baton;

namespace {

constexpr std::string_view secret_text = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr std::string_view session_token =
    "AQoDYXdzEPT//////////"
    "wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8Y"
    "UuwthAx7mSEI/qkPpKPi/"
    "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE"
    "8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+"
    "scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2"
    "ICCR/oLxBA==";
constexpr std::string_view plain = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct Vector {
    std::string_view name, method;
    std::string target;
    std::vector<HeaderField> headers; // besides Host and X-Amz-Date
    std::string_view body, signed_headers, signature;
};

const std::vector<Vector>& vectors() {
    constexpr std::string_view two = "host;x-amz-date";
    constexpr std::string_view three = "host;my-header1;x-amz-date";
    constexpr std::string_view form = "Param1=value1";
    constexpr std::string_view type = "application/x-www-form-urlencoded";
    constexpr std::string_view vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    constexpr std::string_view posted = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    static const std::vector<Vector> all = {
        {"get-vanilla", "GET", "/", {}, "", two, vanilla},
        {"get-vanilla-query", "GET", "/", {}, "", two, vanilla},
        {"get-vanilla-empty-query-key",
         "GET",
         "/?Param1=value1",
         {},
         "",
         two,
         "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
        {"get-vanilla-query-order-key",
         "GET",
         "/?Param1=value2&Param1=Value1",
         {},
         "",
         two,
         "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
        {"get-vanilla-query-order-key-case",
         "GET",
         "/?Param2=value2&Param1=value1",
         {},
         "",
         two,
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
        {"get-vanilla-query-order-value",
         "GET",
         "/?Param1=value2&Param1=value1",
         {},
         "",
         two,
         "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
        {"get-vanilla-query-unreserved",
         "GET",
         "/?" + std::string(plain) + "=" + std::string(plain),
         {},
         "",
         two,
         "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
        {"get-vanilla-utf8-query",
         "GET",
         "/?\xE1\x88\xB4=bar",
         {},
         "",
         two,
         "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
        {"get-unreserved",
         "GET",
         "/" + std::string(plain),
         {},
         "",
         two,
         "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
        {"get-utf8",
         "GET",
         "/\xE1\x88\xB4",
         {},
         "",
         two,
         "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
        {"get-space",
         "GET",
         "/example space/",
         {},
         "",
         two,
         "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
        {"get-relative", "GET", "/example/..", {}, "", two, vanilla},
        {"get-relative-relative", "GET", "/example1/example2/../..", {}, "", two, vanilla},
        {"get-slash", "GET", "//", {}, "", two, vanilla},
        {"get-slash-dot-slash", "GET", "/./", {}, "", two, vanilla},
        {"get-slash-pointless-dot",
         "GET",
         "/./example",
         {},
         "",
         two,
         "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
        {"get-slashes",
         "GET",
         "//example//",
         {},
         "",
         two,
         "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
        {"get-header-key-duplicate",
         "GET",
         "/",
         {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
         "",
         three,
         "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
        {"get-header-value-multiline",
         "GET",
         "/",
         {{"My-Header1", "value1"}, {"My-Header1", "value2"}, {"My-Header1", "value3"}},
         "",
         three,
         "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790"},
        {"get-header-value-order",
         "GET",
         "/",
         {{"My-Header1", "value4"},
          {"My-Header1", "value1"},
          {"My-Header1", "value3"},
          {"My-Header1", "value2"}},
         "",
         three,
         "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
        {"get-header-value-trim",
         "GET",
         "/",
         {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
         "",
         "host;my-header1;my-header2;x-amz-date",
         "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
        {"post-vanilla", "POST", "/", {}, "", two, posted},
        {"post-header-key-case", "POST", "/", {}, "", two, posted},
        {"post-sts-header-after", "POST", "/", {}, "", two, posted},
        {"post-header-key-sort",
         "POST",
         "/",
         {{"My-Header1", "value1"}},
         "",
         three,
         "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
        {"post-header-value-case",
         "POST",
         "/",
         {{"My-Header1", "VALUE1"}},
         "",
         three,
         "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
        {"post-vanilla-query",
         "POST",
         "/?Param1=value1",
         {},
         "",
         two,
         "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
        {"post-vanilla-empty-query-value",
         "POST",
         "/?Param1=value1",
         {},
         "",
         two,
         "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
        {"post-x-www-form-urlencoded",
         "POST",
         "/",
         {{"Content-Type", type}},
         form,
         "content-type;host;x-amz-date",
         "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
        {"post-x-www-form-urlencoded-parameters",
         "POST",
         "/",
         {{"Content-Type", "application/x-www-form-urlencoded; charset=utf8"}},
         form,
         "content-type;host;x-amz-date",
         "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
        {"post-sts-header-before",
         "POST",
         "/",
         {{"X-Amz-Security-Token", session_token}},
         "",
         "host;x-amz-date;x-amz-security-token",
         "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    };
    return all;
}

std::string hex(std::string_view bytes) {
    std::string out;
    for (const char c : bytes) {
        constexpr char digits[] = "0123456789abcdef";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

// Path and query of a request target.
void set_target(baton::sigv4::Request& request, std::string_view target) {
    const std::size_t question = target.find('?');
    request.path = target.substr(0, question);
    request.query = question == target.npos ? std::string_view() : target.substr(question + 1);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_published_suite) {
    const Secret secret(secret_text);
    const baton::sigv4::Scope scope{"20150830", "us-east-1", "service"};
    const auto key = baton::sigv4::SigningKey::derive(secret, scope);
    for (const Vector& vector : vectors()) {
        std::vector<HeaderField> headers = vector.headers;
        headers.insert(headers.begin(), {"X-Amz-Date", "20150830T123600Z"}); // any order will do
        headers.push_back({"Host", "example.amazonaws.com"});
        baton::sigv4::Request request;
        request.method = vector.method;
        set_target(request, vector.target);
        request.headers = headers;
        request.body = vector.body;
        std::string expected(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ");
        expected.append("SignedHeaders=").append(vector.signed_headers);
        expected.append(", Signature=").append(vector.signature);
        BOOST_TEST(baton::sigv4::authorization(request, "AKIDEXAMPLE", key, scope, "20150830T123600Z") ==
                       expected,
                   vector.name);
    }
    BOOST_TEST_MESSAGE("vectors of the suite: " << vectors().size());
}

BOOST_AUTO_TEST_CASE(published_signing_keys) {
    using baton::sigv4::SigningKey;
    const Secret secret(secret_text);
    BOOST_TEST(hex(SigningKey::derive(secret, {"20150830", "us-east-1", "iam"}).bytes()) ==
               "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
    BOOST_TEST(hex(SigningKey::derive(secret, {"20120215", "us-east-1", "iam"}).bytes()) ==
               "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
}

// The request that the General Reference signs step by step.
BOOST_AUTO_TEST_CASE(the_example_of_the_reference) {
    const HeaderField headers[] = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                                   {"Host", "iam.amazonaws.com"},
                                   {"X-Amz-Date", "20150830T123600Z"}};
    baton::sigv4::Request request;
    request.method = "GET";
    request.path = "/";
    request.query = "Action=ListUsers&Version=2010-05-08";
    request.headers = headers;
    std::string signed_headers;
    BOOST_TEST(baton::sigv4::canonical_request(request, signed_headers) ==
               "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
               "content-type:application/x-www-form-urlencoded; charset=utf-8\nhost:iam.amazonaws.com\n"
               "x-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n"
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    BOOST_TEST(signed_headers == "content-type;host;x-amz-date");
    const baton::sigv4::Scope scope{"20150830", "us-east-1", "iam"};
    const std::string value = baton::sigv4::authorization(
        request, "AKIDEXAMPLE", baton::sigv4::SigningKey::derive(Secret(secret_text), scope), scope,
        "20150830T123600Z");
    BOOST_TEST(value.ends_with("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
}

// What is encoded on the wire is encoded once more; AWS's suite of 2011 has the two cases.
BOOST_AUTO_TEST_CASE(paths_are_encoded_twice) {
    const HeaderField headers[] = {{"Date", "Mon, 09 Sep 2011 23:36:00 GMT"}, {"Host", "host.foo.com"}};
    const baton::sigv4::Scope scope{"20110909", "us-east-1", "host"};
    const auto key = baton::sigv4::SigningKey::derive(Secret(secret_text), scope);
    const auto sign = [&](std::string_view path) {
        baton::sigv4::Request request;
        request.method = "GET";
        request.path = path;
        request.headers = headers;
        return baton::sigv4::authorization(request, "AKIDEXAMPLE", key, scope, "20110909T233600Z");
    };
    BOOST_TEST(
        sign("/%20/foo").ends_with("2be9e587d1ee1f0fd02128724b86b4358ba3630d39f493b6e06610a19a50779e"));
    BOOST_TEST(
        sign("/%E1%88%B4").ends_with("57b1eb3df3b16a8479c0097b66c0b261cfd65b829419a3f2c3d05319722490b8"));
    std::string ignored;
    baton::sigv4::Request request;
    request.method = "POST";
    request.path = "/model/us.anthropic.claude-v1%3A0/converse";
    BOOST_TEST(baton::sigv4::canonical_request(request, ignored)
                   .starts_with("POST\n/model/us.anthropic.claude-v1%253A0/converse\n\n"));
}

BOOST_AUTO_TEST_CASE(queries_are_encoded_once) {
    const auto canonical = [](std::string_view query) {
        std::string ignored;
        baton::sigv4::Request request;
        request.query = query;
        const std::string text = baton::sigv4::canonical_request(request, ignored);
        const std::size_t from = text.find('\n', 1) + 1; // "" and "/" are the first two lines
        return text.substr(from, text.find('\n', from) - from);
    };
    BOOST_TEST(canonical("") == "");
    BOOST_TEST(canonical("b=2&a=1&a=0") == "a=0&a=1&b=2");
    BOOST_TEST(canonical("maxResults=1") == "maxResults=1");
    BOOST_TEST(canonical("a=%3d%3D&b") == "a=%3D%3D&b=");
    BOOST_TEST(canonical("a=b=c&&%4") == "%254=&a=b%3Dc");
    BOOST_TEST(canonical("a+b=c/d") == "a%2Bb=c%2Fd");
}

BOOST_AUTO_TEST_CASE(times) {
    using namespace std::chrono;
    const auto at = [](std::int64_t seconds) {
        return baton::sigv4::timestamp(WallTime(std::chrono::seconds(seconds)));
    };
    BOOST_TEST(at(1440938160) == "20150830T123600Z");
    BOOST_TEST(at(0) == "19700101T000000Z");
    BOOST_TEST(at(951782399) == "20000228T235959Z");
    BOOST_TEST(at(951782400) == "20000229T000000Z");
    BOOST_TEST(at(4102444799) == "20991231T235959Z");
    BOOST_TEST(baton::sigv4::timestamp(WallTime(milliseconds(1440938160999))) == "20150830T123600Z");
}

BOOST_AUTO_TEST_CASE(encoding) {
    using baton::sigv4::uri_encode;
    BOOST_TEST(uri_encode(plain, true) == plain);
    BOOST_TEST(uri_encode("a/b:c d%+", true) == "a%2Fb%3Ac%20d%25%2B");
    BOOST_TEST(uri_encode("a/b", false) == "a/b");
    BOOST_TEST(uri_encode(std::string_view("\0\xff\x7f", 3), true) == "%00%FF%7F");
}

BOOST_AUTO_TEST_CASE(the_cache_gives_what_derivation_gives) {
    using baton::sigv4::SigningKey;
    const baton::sigv4::SigningKeyCache cache;
    const Secret first("secret"), second("another"), longer("secrets");
    const auto same = [&](const Secret& secret, const baton::sigv4::Scope& scope) {
        return cache.get(secret, scope).bytes() == SigningKey::derive(secret, scope).bytes();
    };
    for (int round = 0; round < 2; ++round) {
        for (const std::string_view date : {"20150830", "20150831"}) {
            for (const Secret* secret : {&first, &second, &longer, &first}) {
                BOOST_TEST(same(*secret, {date, "us-east-1", "bedrock"}));
                BOOST_TEST(same(*secret, {date, "us-east-1", "bedrock"}));
                BOOST_TEST(same(*secret, {date, "eu-west-1", "bedrock"}));
                BOOST_TEST(same(*secret, {date, "eu-west-1", "iam"}));
            }
        }
    }
    const baton::sigv4::SigningKeyCache copy(cache);
    BOOST_TEST((copy.get(first, {"20150830", "a", "b"}).bytes() ==
                SigningKey::derive(first, {"20150830", "a", "b"}).bytes()));
}

// Nobody waits for anybody, and nobody gets another's key.
BOOST_AUTO_TEST_CASE(the_cache_may_be_asked_by_many_threads) {
    using baton::sigv4::SigningKey;
    const baton::sigv4::SigningKeyCache cache;
    std::vector<std::thread> threads;
    std::vector<int> wrong(4, 0);
    for (std::size_t t = 0; t < wrong.size(); ++t) {
        threads.emplace_back([&, t] {
            const Secret secret(t % 2 != 0 ? "one" : "two");
            const baton::sigv4::Scope scope{t < 2 ? "20150830" : "20150831", "us-east-1", "bedrock"};
            const SigningKey expected = SigningKey::derive(secret, scope);
            for (int i = 0; i < 500; ++i) wrong[t] += cache.get(secret, scope).bytes() != expected.bytes();
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (const int count : wrong) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_SUITE_END()
