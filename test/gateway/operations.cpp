// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Running a gateway: configuration, keys, limits, slow clients, reload, drain, TLS.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <gateway/auth.hpp>

#include <baton/core/sha256.hpp>
#include <baton/net/tls.hpp>
#include <baton/testing/certificates.hpp>
#include <baton/wire/hint.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_operations)

using namespace baton::testing;
using namespace std::chrono_literals;

// A digest as a configuration writes it.
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

std::string key(const char* name, const char* secret, const char* more = "") {
    return std::string("[[keys]]\nname = \"") + name + "\"\nsha256 = \"" + baton::sha256(secret) + "\"\n" +
           more;
}
std::string server(const std::string& more) {
    return "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n" + more;
}
std::string error_of(std::string_view text) {
    try {
        gateway::parse_config(text, "a.toml", gateway::known_providers());
        return "no error";
    } catch (const gateway::ConfigError& e) {
        return e.what();
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(configuration_errors_name_file_line_and_member) {
    struct Case {
        const char* text;
        const char* says;
    };
    const Case cases[] = {
        {"[server]\nlisten = 8080\n", "a.toml:2: server.listen: must be a string"},
        {"[server]\nlisten = \"8080\"\n", "a.toml:2: server.listen: must be \"host:port\""},
        {"[server]\n\nthreads = -1\n", "a.toml:3: server.threads: must be a whole number from 0 to 1024"},
        {"[server]\nthread = 1\n", "a.toml:2: server.thread: unknown member; known here: listen,"},
        {"[breaker]\n\nopen_ms = 9000\nopen_max_ms = 8000\n",
         "a.toml:1: breaker: HalfOpen: open_max must be"},
        {"[breaker]\nfailure_rate = 0\n", "a.toml:2: breaker.failure_rate: must be a number from 0.01 to 1"},
        {"[servers]\n", "a.toml:1: servers: unknown member"},
        {"[server\n", "a.toml:1: "},
        {"[providers.opanai]\nkey = \"x\"\n", "a.toml:1: providers.opanai: no such provider; known: openai,"},
        {"[providers.openai]\nkey_env = \"NOT_SET_ANYWHERE\"\n",
         "a.toml:2: providers.openai.key_env: environment variable"},
        {"[providers.openai]\nbase_url = \"ftp://x\"\n",
         "a.toml:2: providers.openai.base_url: must begin with"},
        {"[providers.openai]\nbase_url = \"https://user:pass@x\"\n",
         "a.toml:2: providers.openai.base_url: must hold neither"},
        {"[providers.openai]\nbase_url = \"https://x/?key=y\"\n",
         "a.toml:2: providers.openai.base_url: must hold neither"},
        {"[aliases]\nfast = \"openai/x\"\n", "a.toml:2: aliases.fast: must be an array of strings"},
        {"[aliases]\nfast = [\"nobody/x\"]\n", "a.toml:2: aliases.fast: \"nobody/x\" names no provider"},
        {"[aliases]\nfast = []\n", "a.toml:2: aliases.fast: needs at least one"},
        {"[tasks.chat]\nmax_latency_ms = 5\n", "a.toml:1: tasks.chat.targets: is missing"},
        {"[[keys]]\nname = \"a\"\nsha256 = \"abc\"\n",
         "a.toml:3: keys.sha256: must be 64 hexadecimal digits"},
        {"[[keys]]\nname = \"a\"\n", "a.toml:1: keys.sha256: is missing"},
        {"[retry]\nbase_ms = 100\ncap_ms = 5\n", "retry.cap_ms: must be at least base_ms"},
        {"[server]\nlisten = \"0.0.0.0:1\"\n", "a.toml:2: server.listen: 0.0.0.0 is not a loopback address"},
        {"[server]\ntls_key = \"x\"\n", "tls_certificate and tls_key belong together"},
        {"[[keys]]\nname = \"a\"\nsha256 = \"" ZEROS "\"\n[[keys]]\nname = \"b\"\nsha256 = \"" ZEROS "\"\n",
         "a.toml:4: keys.sha256: is another key's"},
        {"[[keys]]\nname = \"a\"\nsha256 = "
         "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\n",
         "a.toml:3: keys.sha256: is that of an empty key"},
        {"[[keys]]\nname = \"a\\nb\"\nsha256 = \"" ZEROS "\"\n",
         "a.toml:1: keys.name: must hold no control characters"},
        {"[[keys]]\nname = \"a\"\nsha256 = \"" ZEROS "\"\n[[keys]]\nname = \"a\"\nsha256 = \"" ONES "\"\n",
         "a.toml:4: keys.name: is another key's"},
        {"[[keys]]\ntokens_per_minute = -1\n", "a.toml:2: keys.tokens_per_minute: must be a number from 0"},
        {"[[keys]]\nbudget_period = \"week\"\n",
         "a.toml:2: keys.budget_period: must be \"hour\", \"day\" or \"month\""},
        {"[[providers.openai.endpoints]]\nweight = -1\n",
         "a.toml:2: providers.openai.endpoints.weight: must be a number from 0"},
        {"[[providers.openai.endpoints]]\nbase_url = \"x\"\n",
         "a.toml:2: providers.openai.endpoints.base_url: must begin with"},
        {"[[providers.openai.endpoints]]\nkey = \"x\"\n[[providers.openai.endpoints]]\nkey = \"x\"\n",
         "a.toml:3: providers.openai.endpoints: two with the same base_url and key"},
        {"[providers.openai]\nendpoints = 1\n", "a.toml:2: providers.openai.endpoints: must be [["},
        {"[providers.openai.limits]\nrequests = 1\n",
         "a.toml:2: providers.openai.limits.requests: unknown member; known here: requests_per_minute,"},
        {"[providers.openai.limits]\nconcurrency = -1\n",
         "a.toml:2: providers.openai.limits.concurrency: must be a whole number from 0"},
        {"[prices]\n\"gpt-5\" = {input = 1}\n",
         "a.toml:2: prices.\"gpt-5\": must be called \"vendor/model\""},
        {"[context_windows]\n\"gpt-5\" = 1\n",
         "a.toml:2: context_windows.\"gpt-5\": must be called \"vendor/model\""},
        {"[context_windows]\n\"nobody/x\" = 1\n",
         "a.toml:2: context_windows.\"nobody/x\": \"nobody/x\" names no"},
        {"[context_windows]\n\"openai/x\" = 0\n",
         "a.toml:2: context_windows.\"openai/x\": must be a whole number from 1"},
        {"[prices]\n\"nobody/x\" = {input = 1}\n", "a.toml:2: prices.\"nobody/x\": \"nobody/x\" names no"},
        {"[prices]\n\"openai/x\" = {input = -1}\n",
         "a.toml:2: prices.\"openai/x\".input: must be a number from 0"},
        {"[hedge]\nbudget = 2\n", "a.toml:2: hedge.budget: must be a number from 0 to 1"},
        {"[redis]\naddress = \"here\"\n", "a.toml:2: redis.address: must be \"host:port\""},
        {"[redis]\non_outage = \"ajar\"\n", "a.toml:2: redis.on_outage: must be \"open\" or \"closed\""},
    };
    for (const Case& one : cases)
        BOOST_TEST(has(error_of(one.text), one.says), one.says << " is not in: " << error_of(one.text));
}

BOOST_AUTO_TEST_CASE(an_address_of_the_environment_holds_no_secret_either) {
    ::setenv("BASE_URL_OF_THIS_TEST", "https://user:marker@x", 1);
    const gateway::KnownProvider known[] = {{"openai", "", "BASE_URL_OF_THIS_TEST", ""}};
    try {
        gateway::parse_config("", "a", known);
        BOOST_TEST(false, "credentials were taken as part of an address");
    } catch (const gateway::ConfigError& e) {
        BOOST_TEST(has(e.what(), "BASE_URL_OF_THIS_TEST: must hold neither credentials"), e.what());
        BOOST_TEST(!has(e.what(), "marker"));
    }
    // what the file says goes first, and then the variable does not matter
    BOOST_CHECK_NO_THROW(gateway::parse_config("[providers.openai]\nbase_url = \"https://x\"\n", "a", known));
}

BOOST_AUTO_TEST_CASE(the_printed_configuration_is_one_and_has_no_secrets) {
    const std::string text =
        "[providers.openai]\nkey = \"sk-marker-secret\"\nmodel = \"a\"\nmodels = [\"b\", \"c\"]\n"
        "[aliases]\nfast = [\"openai/a\"]\n[tasks.chat]\ntargets = [\"openai/b\"]\nmax_latency_ms = 9\n"
        "[cache]\nenabled = true\n[redis]\naddress = \"127.0.0.1:1\"\non_outage = \"closed\"\n"
        "[server]\nreuse_port = true\nmetrics_public = true\n"
        "[hedge]\nenabled = true\nquantile = 0.9\nfloor_ms = 7\nmin_samples = 9\nbudget = 0.25\n"
        "[breaker]\nenabled = false\nwindow_ms = 1000\nmin_calls = 3\nfailure_rate = 0.75\nopen_ms = 10\n"
        "open_max_ms = 20\n"
        "[providers.mistral.limits]\nrequests_per_minute = 11\ntokens_per_minute = 12\n"
        "input_tokens_per_minute = 13\noutput_tokens_per_minute = 14\nconcurrency = 15\nburst_ms = 16\n"
        "max_wait_ms = 0\n"
        "[[providers.mistral.endpoints]]\nname = \"eu\"\nbase_url = \"https://eu\"\nweight = 2.5\n"
        "[[providers.mistral.endpoints]]\nkey = \"endpoint-marker\"\n"
        "[context_windows]\n\"openai/a\" = 9000\n\"mistral/x\" = 8000\n"
        "[prices]\n\"openai/a\" = {input = 1.25, output = 10, cached_input = 0.125}\n\"openai/*\" = {input = "
        "3}\n" +
        key("k", "client-marker",
            "requests_per_minute = 5\nburst = 2\ntokens_per_minute = 7000\ntoken_burst = 900\n"
            "budget_usd = 12.5\nbudget_period = \"day\"\n");
    const auto config = gateway::parse_config(text, "a", gateway::known_providers());
    const std::string printed = gateway::print_config(config);
    BOOST_TEST(!has(printed, "marker"));
    BOOST_TEST(!has(printed, baton::sha256("client-marker")));
    for (const char* part :
         {"enabled = false\nwindow_ms = 1000\nmin_calls = 3\nfailure_rate = 0.75\nopen_ms = 10\nopen_max_ms "
          "= 20",
          "reuse_port = true", "metrics_public = true", "min_samples = 9", "max_wait_ms = 0",
          "concurrency = 15", "weight = 2.5", "'openai/a' = 9000\n'mistral/x' = 8000\n",
          "'openai/a' = {input = 1.25, output = 10, cached_input = 0.125, cache_write = 1.25}",
          "tokens_per_minute = 7000\ntoken_burst = 900\nbudget_usd = 12.5\nbudget_period = 'day'"})
        BOOST_TEST(has(printed, part), part << " is not in " << printed);
    // what is printed can be read again, but for the masked hash
    std::string again = printed;
    const std::size_t mask = again.find("sha256 = \"***\"");
    BOOST_REQUIRE(mask != std::string::npos);
    again.replace(mask, 14, "sha256 = \"" + baton::sha256("client-marker") + "\"");
    BOOST_TEST(gateway::print_config(gateway::parse_config(again, "b", gateway::known_providers())) ==
               printed);
}

BOOST_AUTO_TEST_CASE(keys_are_asked_for_and_taken_from_everywhere) {
    Lab lab(always(Behaviour(Answer("in"))), always(Behaviour()),
            key("one", "sk-one") + key("two", "sk-two"));
    const auto ask = [&](const std::string& headers, const char* path = "/v1/chat/completions") {
        return lab.ask(post(path, chat("mock-gpt", false), headers));
    };
    for (const char* headers :
         {"authorization: Bearer sk-one\r\n", "authorization: bearer  sk-two\r\n", "x-api-key: sk-one\r\n",
          "x-goog-api-key: sk-two\r\n", "api-key: sk-one\r\n"}) {
        BOOST_TEST(ask(headers).status == 200, headers);
    }
    BOOST_TEST(ask("", "/v1/chat/completions?key=sk-one").status == 200);
    BOOST_TEST(ask("", "/v1/chat/completions?a=b&key=sk-two&c").status == 200);
    std::string refused;
    for (const char* headers :
         {"", "authorization: Bearer sk-on\r\n", "authorization: Bearer sk-onee\r\n",
          "authorization: Bearer\r\n", "authorization: Basic sk-one\r\n", "x-api-key: SK-ONE\r\n"}) {
        const auto answer = ask(headers);
        BOOST_TEST(answer.status == 401, headers);
        if (refused.empty()) refused = answer.body;
        BOOST_TEST(answer.body == refused); // unknown, wrong and missing look the same
    }
    BOOST_TEST(has(lab.ask(post("/v1/messages", chat("mock-gpt", false))).body, "authentication_error"));
    BOOST_TEST(lab.ask(get("/v1/models")).status == 401);
    BOOST_TEST(lab.ask(get("/v1/nothing")).status == 401);
    BOOST_TEST(lab.ask(get("/healthz")).status == 200);
    BOOST_TEST(lab.openai.totals().requests == 7U);
}

BOOST_AUTO_TEST_CASE(every_response_has_its_date) {
    Lab lab;
    for (const std::string& request :
         {get("/healthz"), get("/v1/nothing"), get("/v1/messages"), std::string("nonsense\r\n\r\n"),
          post("/v1/chat/completions", chat("mock-gpt", false)),
          post("/v1/chat/completions", chat("mock-gpt", true))}) {
        const auto now = std::chrono::system_clock::now();
        const std::string date = lab.ask(request).header("date");
        const auto said = baton::wire::parse_http_date(date, now);
        BOOST_TEST_REQUIRE(said.has_value(), request + date);
        BOOST_TEST(date.size() == 29U); // of the one form that is to be sent
        BOOST_TEST((*said >= now - 1s && *said <= now + 60s));
    }
}

BOOST_AUTO_TEST_CASE(the_example_configuration_is_one) {
    const std::string file = std::string(EXAMPLE_DIRECTORY) + "/gateway.toml";
    BOOST_CHECK_NO_THROW(gateway::load_config(file, gateway::known_providers()));
    // what it shows as a comment is right, too: "# member = ..." and "# [table]", not "# Words ..."
    std::ifstream in(file);
    std::string text;
    for (std::string line; std::getline(in, line);) {
        const std::size_t name =
            line.starts_with("# ") ? line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789", 2) : 0;
        const bool hidden = name > 2 && line.compare(name, 3, " = ") == 0;
        const bool table = line.starts_with("# [");
        text += (hidden || table ? line.substr(2) : line) + "\n";
    }
    ::setenv("OPENAI_KEY_OF_THE_GATEWAY", "x", 1);
    ::setenv("OPENAI_KEY_OF_ANOTHER_ACCOUNT", "y", 1);
    const std::size_t hash = text.find("sha256 = \"...\"");
    BOOST_REQUIRE(hash != std::string::npos);
    text.replace(hash, 14, "sha256 = \"" ZEROS "\"");
    BOOST_TEST(error_of(text.c_str()) == "no error");
    BOOST_TEST(has(text, "\nbudget_usd = "));
}

namespace {

std::vector<std::size_t> compared; // lengths

int counted_compare(const void* a, const void* b, std::size_t n) {
    compared.push_back(n);
    return CRYPTO_memcmp(a, b, n);
}

} // namespace

BOOST_AUTO_TEST_CASE(whatever_is_shown_every_key_is_compared_whole) {
    const auto config = gateway::parse_config(key("first", "sk-first") + key("second", "sk-second") +
                                                  key("third", "sk-third"),
                                              "a", gateway::known_providers());
    // by what takes no time that depends on the bytes
    BOOST_TEST((std::is_same_v<gateway::Compare, decltype(&CRYPTO_memcmp)>));
    const std::vector<std::size_t> all(3, 32); // digests, not what was shown
    for (const char* shown :
         {"sk-first", "sk-second", "sk-third", "s", "xk-first", "sk-firsx", "sk-first and much more of it"}) {
        compared.clear();
        gateway::find_key(config, shown, counted_compare);
        BOOST_TEST(compared == all, boost::test_tools::per_element());
        BOOST_TEST(gateway::find_key(config, shown, counted_compare) == gateway::find_key(config, shown));
    }
    BOOST_TEST(gateway::find_key(config, "sk-second")->name == "second");
    BOOST_TEST(!gateway::find_key(config, "sk-secone"));
    BOOST_TEST(!gateway::find_key(config, "xk-second"));
    // whatever the configuration holds, who shows nothing has no key
    auto careless = config;
    EVP_Digest("", 0, careless.keys[1].sha256.data(), nullptr, EVP_sha256(), nullptr);
    BOOST_TEST(!gateway::find_key(careless, ""));
}

BOOST_AUTO_TEST_CASE(metrics_are_for_those_with_a_key) {
    Lab lab(always(Behaviour()), always(Behaviour()), key("one", "sk-one"));
    const auto refused = lab.ask(get("/metrics"));
    BOOST_TEST(refused.status == 401);
    BOOST_TEST(!has(refused.body, "baton_"));
    BOOST_TEST(lab.ask(get("/metrics", "authorization: Bearer sk-two\r\n")).status == 401);
    const auto shown = lab.ask(get("/metrics", "authorization: Bearer sk-one\r\n"));
    BOOST_TEST(shown.status == 200);
    BOOST_TEST(has(shown.body, "baton_refused_key_total 2\n"));
    for (const char* page : {"/healthz", "/readyz"}) BOOST_TEST(lab.ask(get(page)).status == 200);
    Lab open(always(Behaviour()), always(Behaviour()),
             server("metrics_public = true\n") + key("one", "sk-one"));
    BOOST_TEST(open.ask(get("/metrics")).status == 200);
    BOOST_TEST(open.ask(get("/v1/models")).status == 401);
}

BOOST_AUTO_TEST_CASE(a_port_is_one_gateways) {
    Lab first(always(Behaviour()), always(Behaviour()), server(""));
    const auto second = [&](const char* more) {
        return std::string("[server]\nthreads = 2\nlisten = \"127.0.0.1:") +
               std::to_string(first.gateway.port()) + "\"\n" + more;
    };
    try {
        gateway::Gateway other(first.config(second("")));
        BOOST_TEST(false, "two gateways share a port");
    } catch (const gateway::ConfigError& e) {
        BOOST_TEST(has(e.what(), "server.listen: 127.0.0.1:" + std::to_string(first.gateway.port()) + ": "));
        BOOST_TEST(has(e.what(), "reuse_port"), e.what());
    }
    BOOST_TEST(first.ask(get("/healthz")).status == 200);
    // a rolling restart: both serve until the old one is drained
    gateway::Gateway next(first.config(second("reuse_port = true\n")));
    BOOST_TEST(next.port() == first.gateway.port());
    BOOST_TEST(first.gateway.drain(10s));
    for (int i = 0; i < 5; ++i) BOOST_TEST(first.ask(get("/healthz")).status == 200);
}

BOOST_AUTO_TEST_CASE(without_keys_nobody_else_is_let_in) {
    auto local = gateway::parse_config("", "a", gateway::known_providers());
    BOOST_CHECK_THROW(gateway::set_listen(local, "0.0.0.0:0"), gateway::ConfigError);
    BOOST_CHECK_THROW(gateway::Gateway{local}, gateway::ConfigError);
    local.public_listen = true;
    BOOST_CHECK_NO_THROW(gateway::set_listen(local, "0.0.0.0:0"));
    // a running gateway stays where it listens, so that is what its new keys are checked against
    Lab lab(always(Behaviour()), always(Behaviour()),
            "[server]\nthreads = 1\nlisten = \"0.0.0.0:0\"\n" + key("one", "sk-one"));
    BOOST_CHECK_THROW(lab.gateway.reload(lab.config(server(""))), gateway::ConfigError);
    BOOST_TEST(lab.ask(get("/v1/models")).status == 401);
    BOOST_CHECK_NO_THROW(lab.gateway.reload(lab.config(server("") + key("two", "sk-two"))));
    BOOST_TEST(lab.ask(get("/v1/models", "x-api-key: sk-two\r\n")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_tenant_is_its_keys) {
    Lab lab(always(Behaviour(Answer("mine"))), always(Behaviour()),
            "[cache]\nenabled = true\n" + key("one", "sk-one") + key("two", "sk-two") +
                key("one:a", "sk-three"));
    const auto ask = [&](const char* headers) {
        return lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), headers))
            .header("x-baton-cache");
    };
    BOOST_TEST(ask("x-api-key: sk-one\r\nx-baton-tenant: a\r\n") == "miss");
    BOOST_TEST(ask("x-api-key: sk-one\r\nx-baton-tenant: a\r\n") == "hit");
    BOOST_TEST(ask("x-api-key: sk-two\r\nx-baton-tenant: a\r\n") == "miss");
    BOOST_TEST(ask("x-api-key: sk-two\r\nx-baton-tenant: one:a\r\n") == "miss");
    BOOST_TEST(ask("x-api-key: sk-one\r\nx-baton-tenant: a:b\r\n") == "miss");
    BOOST_TEST(ask("x-api-key: sk-three\r\nx-baton-tenant: b\r\n") == "miss");
}

BOOST_AUTO_TEST_CASE(too_many_at_once) {
    Behaviour waits(Answer("One two.", 2), Fault::stall, 1);
    Lab lab(always(waits), always(Behaviour()), server("max_concurrent = 2\n"));
    RawClient first(lab.gateway.port()), second(lab.gateway.port());
    for (RawClient* client : {&first, &second}) {
        client->send(post("/v1/chat/completions", chat("mock-gpt", true)));
        BOOST_TEST(client->read_until("One "));
    }
    const auto third = lab.ask(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(third.status == 503);
    BOOST_TEST(third.header("retry-after") == "1");
    BOOST_TEST(lab.ask(get("/healthz")).status == 200);
    first.close();
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed == 1; }));
    RawClient fourth(lab.gateway.port());
    fourth.send(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(fourth.read_until("One "));
}

BOOST_AUTO_TEST_CASE(a_body_that_trickles_is_given_up) {
    Lab lab(always(Behaviour()), always(Behaviour()), server("body_timeout_ms = 300\n"));
    const std::string body = chat("mock-gpt", false);
    for (const bool chunked : {false, true}) {
        RawClient client(lab.gateway.port());
        client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n");
        client.send(chunked ? "transfer-encoding: chunked\r\n\r\n"
                            : "content-length: " + std::to_string(body.size()) + "\r\n\r\n");
        for (const char byte : body) { // each of them well within the limit
            client.send(chunked ? std::string("1\r\n") + byte + "\r\n" : std::string(1, byte));
            std::this_thread::sleep_for(20ms);
        }
        if (chunked) client.send("0\r\n\r\n");
        BOOST_TEST(client.response().status == 408);
    }
    BOOST_TEST(lab.openai.totals().requests == 0U);
}

BOOST_AUTO_TEST_CASE(without_a_key_no_body_is_waited_for) {
    Lab lab(always(Behaviour()), always(Behaviour()), key("one", "sk-one"));
    const std::string body = chat("mock-gpt", false);
    const auto head = [&](const char* more) {
        return "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: " +
               std::to_string(body.size()) + "\r\n" + more + "\r\n";
    };
    RawClient stranger(lab.gateway.port());
    stranger.send(head("x-api-key: sk-two\r\n"));
    BOOST_TEST(stranger.read_to_end()); // without having sent a byte of the body
    BOOST_TEST(stranger.in.starts_with("HTTP/1.1 401 "), stranger.in);
    BOOST_TEST(has(stranger.in, "connection: close\r\n"));
    BOOST_TEST(has(stranger.in, "\"error\""));
    RawClient known(lab.gateway.port());
    known.send(head("x-api-key: sk-one\r\n"));
    BOOST_TEST(known.read_until("100 Continue\r\n\r\n"));
    known.send(body);
    BOOST_TEST(known.response().status == 200);
}

BOOST_AUTO_TEST_CASE(slow_clients_are_given_up) {
    Lab lab(always(Behaviour()), always(Behaviour()),
            server("header_timeout_ms = 300\nbody_timeout_ms = 300\nidle_timeout_ms = 300\n"));
    RawClient silent(lab.gateway.port()), head(lab.gateway.port()), body(lab.gateway.port()),
        idle(lab.gateway.port());
    head.send("POST /v1/chat/completions HTTP/1.1\r\nhost:");
    body.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
    idle.send(get("/healthz"));
    BOOST_TEST(idle.response().status == 200);
    BOOST_TEST(silent.read_to_end());
    BOOST_TEST(silent.in.empty());
    BOOST_TEST(head.response().status == 408);
    BOOST_TEST(head.read_to_end());
    BOOST_TEST(body.response().status == 408);
    BOOST_TEST(body.read_to_end());
    BOOST_TEST(idle.read_to_end());
    BOOST_TEST(idle.in.empty());
}

BOOST_AUTO_TEST_CASE(bodies_have_a_limit) {
    Lab lab(always(Behaviour()), always(Behaviour()), server("max_body_bytes = 2000\n"));
    const std::string large(3000, ' ');
    BOOST_TEST(lab.ask(post("/v1/chat/completions", large + chat("mock-gpt", false))).status == 413);
    BOOST_TEST(
        lab.ask(post("/v1/chat/completions", std::string(1000, ' ') + chat("mock-gpt", false))).status ==
        200);
    // chunks that are nearly all overhead
    std::string chunks =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    for (int i = 0; i < 500; ++i) chunks += "1;" + std::string(200, 'x') + "\r\na\r\n";
    BOOST_TEST(lab.ask(chunks).status == 413);
}

BOOST_AUTO_TEST_CASE(a_flood_of_pipelined_bytes_ends_the_connection) {
    Lab lab(always(Behaviour(Answer("x"), Fault::silence)));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("mock-gpt", false)));
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.requests == 1; }));
    const std::string more = get("/healthz");
    std::string flood;
    while (flood.size() < 400'000) flood += more;
    client.send(flood);
    BOOST_TEST(client.read_to_end());
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed == 1; }));
}

BOOST_AUTO_TEST_CASE(a_reload_changes_routes_and_drops_no_stream) {
    Behaviour slow(Answer("One two three four five six.", 6));
    slow.tokens_per_write = 1;
    slow.gap = 30ms;
    Lab lab(always(slow), always(Behaviour(Answer("the second"))));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("fast", true)));
    BOOST_TEST(client.read_until("One "));
    std::string other = lab.toml();
    const std::string alias = "fast = [\"openai/mock-gpt\", \"anthropic/mock-claude\"]";
    other.replace(other.find(alias), alias.size(), "fast = [\"anthropic/mock-claude\"]");
    lab.gateway.reload(gateway::parse_config(other + key("new", "sk-new"), "b", gateway::known_providers()));
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("fast", false))).status == 401);
    const auto moved = lab.ask(post("/v1/chat/completions", chat("fast", false), "x-api-key: sk-new\r\n"));
    BOOST_TEST(moved.header("x-baton-provider") == "anthropic");
    const auto whole = client.response();
    BOOST_TEST(whole.body.ends_with("data: [DONE]\n\n"));
    BOOST_TEST(has(whole.body, "six."));
    // what is wrong changes nothing
    std::string bad = lab.toml();
    bad.replace(bad.find("http://127.0.0.1"), 16, "http://vendor.example");
    BOOST_CHECK_THROW(lab.gateway.reload(gateway::parse_config(bad, "c", gateway::known_providers())),
                      std::exception);
    BOOST_TEST(lab.ask(post("/v1/chat/completions", chat("fast", false), "x-api-key: sk-new\r\n")).status ==
               200);
}

BOOST_AUTO_TEST_CASE(a_drain_lets_streams_end_and_takes_nothing_new) {
    Behaviour slow(Answer("One two three four five six.", 6));
    slow.tokens_per_write = 1;
    slow.gap = 30ms;
    Lab lab(always(slow));
    RawClient client(lab.gateway.port()), idle(lab.gateway.port());
    idle.send(get("/healthz"));
    BOOST_TEST(idle.response().status == 200);
    client.send(post("/v1/chat/completions", chat("mock-gpt", true)) + get("/healthz"));
    BOOST_TEST(client.read_until("One "));
    auto drained = std::async(std::launch::async, [&] { return lab.gateway.drain(10s); });
    BOOST_TEST(idle.read_to_end());
    const auto whole = client.response();
    BOOST_TEST(has(whole.body, "six."));
    BOOST_TEST(whole.body.ends_with("data: [DONE]\n\n"));
    client.close();
    idle.close();
    BOOST_TEST(drained.get());
    BOOST_TEST(RawClient(lab.gateway.port()).refused());
}

BOOST_AUTO_TEST_CASE(a_drain_that_takes_too_long_cuts) {
    Behaviour waits(Answer("One two.", 2), Fault::stall, 1);
    Lab lab(always(waits));
    RawClient client(lab.gateway.port());
    client.send(post("/v1/chat/completions", chat("mock-gpt", true)));
    BOOST_TEST(client.read_until("One "));
    BOOST_TEST(!lab.gateway.drain(50ms));
    BOOST_TEST(client.read_to_end());
    BOOST_TEST(!has(client.in, "[DONE]"));
    BOOST_TEST(lab.openai.wait([](const auto& t) { return t.connections_closed == 1; }));
}

BOOST_AUTO_TEST_CASE(several_threads_share_one_port) {
    Lab lab(always(Behaviour(Answer("ok"))), always(Behaviour()),
            "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 3\n");
    std::atomic<int> good{0};
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&] {
            for (int n = 0; n < 25; ++n)
                good += lab.ask(post("/v1/chat/completions", chat("mock-gpt", n % 2 == 0))).status == 200;
        });
    }
    for (std::thread& client : clients) client.join();
    BOOST_TEST(good == 100);
    BOOST_TEST(has(lab.ask(get("/metrics")).body, "baton_target_requests_total{provider=\"openai\"} 100\n"));
}

// For ThreadSanitizer above all: everything that crosses threads, at once.
BOOST_AUTO_TEST_CASE(reloads_pages_and_a_drain_while_several_threads_serve) {
    const std::string more = "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 3\n[cache]\nenabled = true\n" +
                             key("one", "sk-one", "requests_per_minute = 1000000\nburst = 1000000\n");
    Lab lab(always(Behaviour(Answer("One two three.", 3))), always(Behaviour(Answer("Four five.", 2))), more);
    std::atomic<int> good{0}, other{0}, refused{0};
    std::atomic<bool> draining{false}, stop{false};
    std::vector<std::thread> clients;
    for (unsigned id = 0; id < 4; ++id) {
        clients.emplace_back([&, id] {
            for (unsigned n = id; !stop; ++n) {
                const bool stream = n % 2;
                RawClient client(lab.gateway.port());
                client.send(post(n % 4 < 2 ? "/v1/chat/completions" : "/v1/messages",
                                 chat(n % 3 ? "fast" : "smart", stream), "x-api-key: sk-one\r\n"));
                const auto answer = client.response();
                if (answer.status == 200 && answer.whole) {
                    ++good;
                } else if (draining && answer.status == 0) { // nothing new is taken
                    ++refused;
                } else {
                    ++other;
                }
            }
        });
    }
    for (int i = 0; i < 30; ++i) {
        lab.gateway.reload(lab.config(more));
        BOOST_TEST(has(lab.ask(get("/metrics", "x-api-key: sk-one\r\n")).body, "baton_requests_total"));
        const int before = good;
        while (good == before && other == 0) std::this_thread::yield();
    }
    draining = true;
    BOOST_TEST(lab.gateway.drain(10s));
    while (refused == 0 && other == 0) std::this_thread::yield();
    stop = true;
    for (std::thread& client : clients) client.join();
    BOOST_TEST(other == 0);
    BOOST_TEST(good >= 30);
}

BOOST_AUTO_TEST_CASE(the_metrics_page_is_clean) {
    Lab lab(always(Behaviour(Answer("ok", 2))));
    for (const bool stream : {false, true}) lab.ask(post("/v1/chat/completions", chat("mock-gpt", stream)));
    const std::string page = lab.ask(get("/metrics")).body;
    std::string family;
    std::map<std::string, std::string> types;
    std::istringstream lines(page);
    double bucket = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            BOOST_TEST(!types.contains(family), line);
            BOOST_TEST(line.size() > 8 + family.size(), line);
            bucket = 0;
        } else if (line.starts_with("# TYPE ")) {
            BOOST_TEST(line.starts_with("# TYPE " + family + " "), line);
            types[family] = line.substr(8 + family.size());
        } else {
            const std::string name = line.substr(0, line.find_first_of("{ "));
            BOOST_TEST((name == family || name == family + "_bucket" || name == family + "_sum" ||
                        name == family + "_count"),
                       line);
            BOOST_TEST(name.starts_with("baton_"), line);
            BOOST_TEST((types[family] != "counter" || name.ends_with("_total")), line);
            const double value = std::stod(line.substr(line.rfind(' ') + 1));
            BOOST_TEST(value >= 0, line);
            if (name.ends_with("_bucket")) {
                BOOST_TEST(value >= bucket, line); // cumulative
                bucket = value;
            }
            if (name.ends_with("_count")) BOOST_TEST(value == bucket, line);
        }
    }
    BOOST_TEST(types.size() >= 15U);
    BOOST_TEST(has(page, "baton_first_token_seconds_count 1\n"));
    if (std::system("command -v promtool >/dev/null 2>&1") == 0) {
        FILE* tool = ::popen("promtool check metrics", "w");
        BOOST_REQUIRE(tool);
        std::fwrite(page.data(), 1, page.size(), tool);
        BOOST_TEST(::pclose(tool) == 0);
        std::cout << "promtool check metrics: asked\n";
    } else {
        std::cout << "SKIPPED: promtool check metrics, there is no promtool\n";
    }
}

BOOST_AUTO_TEST_CASE(over_tls) {
    const auto directory =
        std::filesystem::temp_directory_path() / ("gateway-test-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    const TestAuthority authority;
    const Certificate made = authority.issue();
    std::ofstream(directory / "cert.pem") << made.certificate_pem;
    std::ofstream(directory / "key.pem") << made.key_pem;
    {
        Lab lab(always(Behaviour(Answer("One two three.", 3))), always(Behaviour()),
                server("tls_certificate = \"" + (directory / "cert.pem").string() + "\"\ntls_key = \"" +
                       (directory / "key.pem").string() + "\"\n"));
        const std::string ca = authority.pem();
        baton::net::TlsOptions options;
        options.ca_pem = ca;
        baton::net::TlsSession session(baton::net::TlsContext::client(options), "localhost");
        RawClient client(lab.gateway.port());
        const auto step = [&] {
            client.send(session.output());
            session.consume_output(session.output().size());
            const bool more = client.receive();
            session.feed(client.in);
            client.in.clear();
            return more;
        };
        while (session.handshake() == baton::net::TlsSession::Status::want_input) BOOST_REQUIRE(step());
        BOOST_REQUIRE(session.established());
        std::string text;
        for (const bool stream : {true, false}) {
            std::size_t n = 0;
            session.write(post("/v1/chat/completions", chat("mock-gpt", stream)), n);
            client.send(session.output());
            session.consume_output(session.output().size());
            while (!has(text, stream ? "0\r\n\r\n" : "\"total_tokens\"")) {
                char buffer[4096];
                if (session.read(buffer, sizeof buffer, n) == baton::net::TlsSession::Status::want_input)
                    BOOST_REQUIRE(step());
                text.append(buffer, n);
            }
            BOOST_TEST(has(text, stream ? "[DONE]" : "One two three."));
            text.clear();
        }
        // plain HTTP on this port is no request
        BOOST_TEST(lab.ask(get("/healthz")).status == 0);
    }
    std::filesystem::remove_all(directory);
}

BOOST_AUTO_TEST_SUITE_END()
