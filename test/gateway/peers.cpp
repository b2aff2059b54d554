// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What other gateways were seen to get wrong between the dialects, for every pair of a client's dialect and a
// vendor: schemas that get lost, usage of 0/0, errors that all look alike, leaving that nobody upstream hears
// of, deltas that wait for the next one. (A cut that looks like an end, and a process that dies of one:
// sixteen.cpp. Pauses that are put between the first deltas: benchmark/gateway shows the delay.)
#include <boost/test/unit_test.hpp>

#include "reader.hpp"

#include <gateway/gateway.hpp>

#include <baton/testing/fault_server.hpp>

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(gateway_peers)

using namespace baton::testing;
using baton::Errc;

namespace {

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

constexpr const char* models[] = {"openai/mock-gpt", "anthropic/mock-claude", "gemini/mock-gemini"};

/// A gateway with a vendor of each kind, which are one server and one script.
class Lab {
public:
    explicit Lab(Script script)
        : vendors([this, script = std::move(script)](const ServedRequest& request) {
              const std::lock_guard lock(mutex_);
              asked_ = request.body;
              return script(request);
          }),
          gateway(gateway::parse_config(toml(), "peers", gateway::known_providers())) {}

    RawClient::Response ask(const std::string& bytes) const { return ::ask(gateway.port(), bytes); }
    /// The body of the last request to a vendor.
    std::string asked() {
        const std::lock_guard lock(mutex_);
        return asked_;
    }

private:
    std::string toml() const {
        const auto provider = [](const char* name, const std::string& url) {
            return std::string("[providers.") + name + "]\nkey = \"x\"\nbase_url = \"" + url + "\"\n";
        };
        return "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n" + provider("openai", vendors.url("/v1")) +
               provider("anthropic", vendors.url("")) + provider("gemini", vendors.url("/v1beta")) +
               "[retry]\nmax_retries = 0\n[resume]\nmax_resumes = 0\n[health]\nmax_cool_down_ms = 0\n"
               "credential_retry_ms = 0\nquota_retry_ms = 0\n";
    }

    std::mutex mutex_;
    std::string asked_;

public:
    FaultServer vendors;
    gateway::Gateway gateway;
};

/// For every dialect, vendor and way to ask.
template <class F>
void in_every_pair(F f) {
    for (const Dialect& dialect : dialects) {
        for (const std::string model : models) {
            for (const bool stream : {false, true}) {
                BOOST_TEST_CONTEXT(dialect.name << " to " << model << (stream ? ", streamed" : ""))
                f(dialect, model, stream);
            }
        }
    }
}

/// A question with more members in front of the others.
std::string with(const Dialect& dialect, const std::string& model, bool stream, const std::string& members) {
    const std::string plain = question(dialect, model, stream, "Hello");
    const std::size_t body = plain.find("\r\n\r\n") + 4;
    const std::string path = plain.substr(5, plain.find(' ', 5) - 5);
    return post(path, "{" + members + "," + plain.substr(body + 1));
}

/// The number behind `name`, of the last place where it is.
long last_number(std::string_view text, const std::string& name) {
    const std::size_t at = text.rfind("\"" + name + "\":");
    return at == std::string_view::npos ? -1 : std::atol(text.data() + at + name.size() + 3);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_schema_arrives_whole) {
    Lab lab(always(Behaviour(Answer("{}"))));
    const std::string schema =
        R"({"type":"object","properties":{"odd_name":{"type":"string"},"inner":{"type":"object","properties":{"deep":{"type":"integer"}},"required":["deep"],"additionalProperties":false}},"required":["odd_name","inner"],"additionalProperties":false})";
    in_every_pair([&](const Dialect& dialect, const std::string& model, bool stream) {
        const std::string members =
            dialect.name == "chat"
                ? R"("response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":)" +
                      schema + "}}"
            : dialect.name == "messages"
                ? R"("output_config":{"format":{"type":"json_schema","schema":)" + schema + "}}"
            : dialect.name == "responses"
                ? R"("text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":)" + schema +
                      "}}"
                : R"("generationConfig":{"responseMimeType":"application/json","responseJsonSchema":)" +
                      schema + "}";
        BOOST_TEST(lab.ask(with(dialect, model, stream, members)).status == 200);
        const std::string asked = lab.asked();
        BOOST_TEST(has(asked, R"("odd_name")"), asked);
        BOOST_TEST(has(asked, R"("required":["deep"])"), asked);
        BOOST_TEST(has(asked, R"("required":["odd_name","inner"])"), asked);
    });
}

BOOST_AUTO_TEST_CASE(usage_is_the_vendors) {
    Answer answer("One two three.", 3);
    answer.usage.input_tokens = 123;
    answer.usage.output_tokens = 45;
    answer.usage.reported = true;
    Lab lab(always(Behaviour(answer)));
    in_every_pair([&](const Dialect& dialect, const std::string& model, bool stream) {
        const std::string members = dialect.name == "chat" && stream
                                        ? R"("stream_options":{"include_usage":true})"
                                        : R"("unheard":1)";
        const auto got = lab.ask(with(dialect, model, stream, members));
        BOOST_TEST(got.status == 200);
        const bool google = dialect.name == "gemini", chat = dialect.name == "chat";
        BOOST_TEST(last_number(got.body, google ? "promptTokenCount"
                                         : chat ? "prompt_tokens"
                                                : "input_tokens") == 123);
        BOOST_TEST(last_number(got.body, google ? "candidatesTokenCount"
                                         : chat ? "completion_tokens"
                                                : "output_tokens") == 45);
    });
}

BOOST_AUTO_TEST_CASE(errors_are_told_apart) {
    in_every_pair([](const Dialect& dialect, const std::string& model, bool stream) {
        Errc code = Errc::ok;
        // One of its own: the breaker would hide the last of so many errors.
        Lab lab([&](const ServedRequest&) { return Behaviour(baton::Error(code, "because of the test")); });
        std::set<std::string> kinds;
        for (const Errc one : {Errc::rate_limited, Errc::invalid_request, Errc::auth, Errc::permission,
                               Errc::not_found, Errc::transient}) {
            code = one;
            const auto got = lab.ask(question(dialect, model, stream, "Hello"));
            BOOST_TEST((read(dialect, stream, got).end == End::error));
            BOOST_TEST(has(got.body, "because of the test"));
            const std::string name = dialect.name == "gemini" ? "\"status\":\"" : "\"type\":\"";
            const std::size_t at = got.body.rfind(name) + name.size();
            kinds.insert(std::to_string(got.status) + " " + got.body.substr(at, got.body.find('"', at) - at));
        }
        BOOST_TEST(kinds.size() == 6u);
    });
}

BOOST_AUTO_TEST_CASE(who_leaves_is_heard_of_upstream) {
    Behaviour waits(Answer("First. Second.", 2), Fault::stall, 1);
    waits.tokens_per_write = 1;
    Lab lab(always(waits));
    std::uint64_t left = 0;
    in_every_pair([&](const Dialect& dialect, const std::string& model, bool stream) {
        RawClient client(lab.gateway.port());
        client.send(question(dialect, model, stream, "Hello"));
        if (stream) BOOST_TEST(client.read_until("First. ")); // and has not waited for the second
        BOOST_TEST(lab.vendors.wait([&](const auto& t) { return t.requests == left + 1; }));
        client.close();
        ++left;
        BOOST_TEST(lab.vendors.wait([&](const auto& t) { return t.connections_closed == left; }));
    });
}

BOOST_AUTO_TEST_SUITE_END()
