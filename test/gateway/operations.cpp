// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Running a gateway: configuration, keys, limits, slow clients, reload, drain, TLS.
#define BOOST_TEST_MODULE gateway_operations
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <baton/core/sha256.hpp>
#include <baton/net/tls.hpp>
#include <baton/testing/certificates.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_operations)

using namespace baton::testing;
using namespace std::chrono_literals;

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

std::string key(const char* name, const char* secret, const char* more = "") {
    return std::string("[[keys]]\nname = \"") + name + "\"\nsha256 = \"" + baton::sha256(secret) + "\"\n" +
           more;
}
const char* server(const char* more) {
    static std::string text;
    text = std::string("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n") + more;
    return text.c_str();
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
        {"[redis]\naddress = \"here\"\n", "a.toml:2: redis.address: must be \"host:port\""},
        {"[redis]\non_outage = \"ajar\"\n", "a.toml:2: redis.on_outage: must be \"open\" or \"closed\""},
    };
    for (const Case& one : cases)
        BOOST_TEST(has(error_of(one.text), one.says), one.says << " is not in: " << error_of(one.text));
}

BOOST_AUTO_TEST_CASE(the_printed_configuration_is_one_and_has_no_secrets) {
    const std::string text =
        "[providers.openai]\nkey = \"sk-marker-secret\"\nmodel = \"a\"\nmodels = [\"b\", \"c\"]\n"
        "[aliases]\nfast = [\"openai/a\"]\n[tasks.chat]\ntargets = [\"openai/b\"]\nmax_latency_ms = 9\n"
        "[cache]\nenabled = true\n[redis]\naddress = \"127.0.0.1:1\"\non_outage = \"closed\"\n" +
        key("k", "client-marker", "requests_per_minute = 5\nburst = 2\n");
    const auto config = gateway::parse_config(text, "a", gateway::known_providers());
    const std::string printed = gateway::print_config(config);
    BOOST_TEST(!has(printed, "marker"));
    BOOST_TEST(!has(printed, baton::sha256("client-marker")));
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

BOOST_AUTO_TEST_CASE(a_tenant_is_its_keys) {
    Lab lab(always(Behaviour(Answer("mine"))), always(Behaviour()),
            "[cache]\nenabled = true\n" + key("one", "sk-one") + key("two", "sk-two"));
    const auto ask = [&](const char* headers) {
        return lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), headers))
            .header("x-baton-cache");
    };
    BOOST_TEST(ask("x-api-key: sk-one\r\nx-baton-tenant: a\r\n") == "miss");
    BOOST_TEST(ask("x-api-key: sk-one\r\nx-baton-tenant: a\r\n") == "hit");
    BOOST_TEST(ask("x-api-key: sk-two\r\nx-baton-tenant: a\r\n") == "miss");
    BOOST_TEST(ask("x-api-key: sk-two\r\nx-baton-tenant: one:a\r\n") == "miss");
}

BOOST_AUTO_TEST_CASE(rates_of_keys) {
    Lab lab(always(Behaviour(Answer("in"))), always(Behaviour()),
            key("slow", "sk-slow", "requests_per_minute = 1\nburst = 3\n") + key("free", "sk-free"));
    const auto ask = [&](const char* headers) {
        return lab.ask(post("/v1/chat/completions", chat("mock-gpt", false), headers));
    };
    for (int i = 0; i < 3; ++i) BOOST_TEST(ask("x-api-key: sk-slow\r\n").status == 200);
    const auto refused = ask("x-api-key: sk-slow\r\n");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(has(refused.body, "rate_limit_error"));
    const int wait = std::atoi(refused.header("retry-after").c_str());
    BOOST_TEST(wait > 30);
    BOOST_TEST(wait <= 60);
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(ask("x-api-key: sk-free\r\n").status == 200); // one key's flood is not another's
    lab.gateway.reload(lab.config(key("slow", "sk-slow", "requests_per_minute = 1\nburst = 3\n")));
    BOOST_TEST(ask("x-api-key: sk-slow\r\n").status == 429); // a reload does not forget
}

BOOST_AUTO_TEST_CASE(the_rate_algorithm) {
    gateway::KeyConfig key;
    key.requests_per_minute = 60; // one each second
    key.burst = 2;
    const gateway::Gcra rule(key);
    std::int64_t level = 0, now = 5'000'000'000;
    const auto ask = [&] {
        const auto verdict = rule.decide(level, now);
        level = verdict.level;
        return verdict.wait;
    };
    BOOST_TEST(ask().count() == 0);
    BOOST_TEST(ask().count() == 0);
    BOOST_TEST(ask().count() == 1'000'000'000);
    now += 999'999'999;
    BOOST_TEST(ask().count() == 1);
    now += 1;
    BOOST_TEST(ask().count() == 0);
    BOOST_TEST(ask().count() == 1'000'000'000);
    now += 3'600'000'000'000; // an hour of silence saves up no more than the burst
    BOOST_TEST(ask().count() == 0);
    BOOST_TEST(ask().count() == 0);
    BOOST_TEST(ask().count() == 1'000'000'000);
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
    } else {
        BOOST_TEST_MESSAGE("SKIPPED: there is no promtool");
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
                server(("tls_certificate = \"" + (directory / "cert.pem").string() + "\"\ntls_key = \"" +
                        (directory / "key.pem").string() + "\"\n")
                           .c_str()));
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
