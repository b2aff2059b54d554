// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Whatever a user can set that ends in a request's line or header is refused, with a typed error and before
// anything is sent, where it holds a control character; what ends in the body changes no line above it.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace lab;

BOOST_AUTO_TEST_SUITE(injection)

namespace {

using Mine = baton::Compatible<"mine">;
using Chat =
    Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::OpenAIResponses>,
            baton::Provider<baton::Anthropic>, baton::Provider<baton::Gemini>, baton::Provider<baton::Vertex>,
            baton::Provider<baton::Bedrock>, baton::Provider<baton::AzureOpenAI>,
            baton::Provider<baton::AzureResponses>, baton::Provider<baton::Cohere>,
            baton::Provider<baton::Ollama>, baton::Provider<baton::OpenRouter>, baton::Provider<Mine>>;

/// All that a user sets, good as it stands. Views refer to literals or to the test's own text.
struct Setup {
    baton::OpenAI::Options openai{.base_url = "http://h.test/v1", .key = "k"};
    baton::OpenAIResponses::Options responses{.base_url = "http://h.test/v1", .key = "k"};
    baton::Anthropic::Options anthropic{.base_url = "http://h.test", .key = "k"};
    baton::Gemini::Options gemini{.base_url = "http://h.test/v1beta", .key = "k"};
    baton::Vertex::Options vertex{.base_url = "http://h.test", .project = "p", .location = "eu"};
    baton::Bedrock::Options bedrock{.base_url = "http://h.test", .model = "m", .region = "eu-west-1"};
    baton::AzureOpenAI::Options azure{.base_url = "http://h.test", .key = "k", .model = "m"};
    baton::AzureResponses::Options azure_responses{.base_url = "http://h.test", .key = "k", .model = "m"};
    baton::Cohere::Options cohere{.base_url = "http://h.test", .key = "k"};
    baton::Ollama::Options ollama{.base_url = "http://h.test", .key = "k", .model = "m"};
    baton::OpenRouter::Options openrouter{.base_url = "http://h.test/v1", .key = "k"};
    Mine::Options mine{.base_url = "http://h.test/v1", .key = "k", .model = "m"};
    std::string vertex_token = "token", access_key_id = "id", secret = "secret", session = "session";
    std::string endpoint_url, endpoint_key; // of the first provider, as an Endpoint; empty: none
    Request request;
};

enum class Place {
    above, ///< in the request line or a header: refused
    path,  ///< in the path: refused, or percent-encoded
    body   ///< in the body only
};
struct Field {
    std::string_view name, provider;
    Place place;
    void (*set)(Setup&, const std::string& text);
    const char* variable = nullptr; ///< of the environment, which has the text then
};

#define OF(provider, member, place)                                                                          \
    {#provider "::Options::" #member, P_##provider, Place::place,                                            \
     [](Setup& s, const std::string& text) { s.provider.member = text; }}
constexpr std::string_view P_openai = "openai", P_responses = "openai_responses", P_anthropic = "anthropic",
                           P_gemini = "gemini", P_vertex = "vertex", P_bedrock = "bedrock",
                           P_azure = baton::AzureOpenAI::name, P_azure_responses = "azure_responses",
                           P_cohere = "cohere", P_ollama = "ollama", P_openrouter = "openrouter",
                           P_mine = "mine";

void nothing(Setup&, const std::string&) {}
void the_environments_key() { ::setenv("OPENAI_API_KEY", "k", 1); } // only with it goes its organization

const std::vector<Field>& fields() {
    static const std::vector<Field> all = {
        OF(openai, base_url, above),
        OF(openai, key, above),
        OF(openai, organization, above),
        OF(openai, project, above),
        OF(openai, model, body),
        OF(responses, base_url, above),
        OF(responses, key, above),
        OF(responses, organization, above),
        OF(responses, project, above),
        OF(responses, model, body),
        OF(anthropic, base_url, above),
        OF(anthropic, key, above),
        OF(anthropic, version, above),
        OF(anthropic, beta, above),
        OF(anthropic, model, body),
        OF(gemini, base_url, above),
        OF(gemini, key, above),
        OF(gemini, model, path),
        OF(vertex, base_url, above),
        OF(vertex, project, above),
        OF(vertex, location, above),
        OF(vertex, version, above),
        OF(vertex, quota_project, above),
        OF(vertex, model, path),
        OF(bedrock, base_url, above),
        OF(bedrock, key, above),
        OF(bedrock, region, above),
        OF(bedrock, model, path),
        OF(azure, base_url, above),
        OF(azure, key, above),
        OF(azure, bearer, above),
        OF(azure, api_version, path),
        OF(azure, model, path),
        OF(azure_responses, base_url, above),
        OF(azure_responses, key, above),
        OF(azure_responses, model, body),
        {"azure_responses::Options::resource", P_azure_responses, Place::above,
         [](Setup& s, const std::string& text) {
             s.azure_responses.base_url = {}, s.azure_responses.resource = text;
         }},
        OF(cohere, base_url, above),
        OF(cohere, key, above),
        OF(cohere, client_name, above),
        OF(cohere, model, body),
        OF(ollama, base_url, above),
        OF(ollama, key, above),
        OF(ollama, model, body),
        OF(openrouter, base_url, above),
        OF(openrouter, key, above),
        OF(openrouter, referer, above),
        OF(openrouter, title, above),
        OF(openrouter, model, body),
        OF(mine, base_url, above),
        OF(mine, key, above),
        OF(mine, model, body),
        {"Vertex::Options::key", P_vertex, Place::above,
         [](Setup& s, const std::string& text) { s.vertex.key = text, s.vertex_token.clear(); }},
        {"Vertex::Credentials", P_vertex, Place::above,
         [](Setup& s, const std::string& text) { s.vertex_token = text; }},
        {"Bedrock::Options::access_key_id", P_bedrock, Place::above,
         [](Setup& s, const std::string& text) {
             s.bedrock.access_key_id = text, s.bedrock.secret_access_key = "s", s.access_key_id.clear();
         }},
        {"Bedrock::Options::session_token", P_bedrock, Place::above,
         [](Setup& s, const std::string& text) {
             s.bedrock.access_key_id = "i", s.bedrock.secret_access_key = "s", s.bedrock.session_token = text,
             s.access_key_id.clear();
         }},
        {"AwsKeys::access_key_id", P_bedrock, Place::above,
         [](Setup& s, const std::string& text) { s.access_key_id = text; }},
        {"AwsKeys::session_token", P_bedrock, Place::above,
         [](Setup& s, const std::string& text) { s.session = text; }},
        {"AwsKeys::secret_access_key", P_bedrock, Place::body, // it signs, and is not sent
         [](Setup& s, const std::string& text) { s.secret = text; }},
        {"Endpoint::base_url", P_openai, Place::above,
         [](Setup& s, const std::string& text) { s.endpoint_url = text, s.endpoint_key = "k"; }},
        {"Endpoint::key", P_openai, Place::above,
         [](Setup& s, const std::string& text) {
             s.endpoint_url = "http://h.test/v1", s.endpoint_key = text;
         }},
        {"$OPENAI_API_KEY", P_openai, Place::above, [](Setup& s, const std::string&) { s.openai.key = {}; },
         "OPENAI_API_KEY"},
        {"$OPENAI_BASE_URL", P_openai, Place::above,
         [](Setup& s, const std::string&) { s.openai.base_url = {}; }, "OPENAI_BASE_URL"},
        {"$OPENAI_ORG_ID", P_openai, Place::above,
         [](Setup& s, const std::string&) {
             s.openai.organization = {}, s.openai.key = {}, the_environments_key();
         },
         "OPENAI_ORG_ID"},
        {"$OPENAI_PROJECT_ID", P_responses, Place::above,
         [](Setup& s, const std::string&) {
             s.responses.project = {}, s.responses.key = {}, the_environments_key();
         },
         "OPENAI_PROJECT_ID"},
        {"$ANTHROPIC_AUTH_TOKEN", P_anthropic, Place::above,
         [](Setup& s, const std::string&) { s.anthropic.key = {}; }, "ANTHROPIC_AUTH_TOKEN"},
        {"$GOOGLE_API_KEY", P_gemini, Place::above, [](Setup& s, const std::string&) { s.gemini.key = {}; },
         "GOOGLE_API_KEY"},
        {"$AWS_REGION", P_bedrock, Place::above, [](Setup& s, const std::string&) { s.bedrock.region = {}; },
         "AWS_REGION"},
        {"$AZURE_OPENAI_AD_TOKEN", P_azure, Place::above,
         [](Setup& s, const std::string&) { s.azure.key = {}; }, "AZURE_OPENAI_AD_TOKEN"},
        {"$OPENAI_API_VERSION", P_azure, Place::path, nothing, "OPENAI_API_VERSION"},
        {"$GOOGLE_CLOUD_PROJECT", P_vertex, Place::above,
         [](Setup& s, const std::string&) { s.vertex.project = {}; }, "GOOGLE_CLOUD_PROJECT"},
        {"$GOOGLE_CLOUD_LOCATION", P_vertex, Place::above,
         [](Setup& s, const std::string&) { s.vertex.location = {}; }, "GOOGLE_CLOUD_LOCATION"},
        {"Request::model, openai", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.model = "openai/" + text; }},
        {"Request::model, gemini", P_gemini, Place::path,
         [](Setup& s, const std::string& text) { s.request.model = "gemini/" + text; }},
        {"Request::model, vertex", P_vertex, Place::path,
         [](Setup& s, const std::string& text) { s.request.model = "vertex/" + text; }},
        {"Request::model, bedrock", P_bedrock, Place::path,
         [](Setup& s, const std::string& text) { s.request.model = "bedrock/" + text; }},
        {"Request::model, azure", P_azure, Place::path,
         [](Setup& s, const std::string& text) { s.request.model = std::string(P_azure) + "/" + text; }},
        {"Request::fallbacks", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.fallbacks = {"openai/" + text}; }},
        {"Request::extra", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.extra = "{\"a\":\"" + text + "\"}"; }},
        {"Request::tenant", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.tenant = text; }},
        {"Request::task", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.task = text; }},
        {"Request::stop", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.stop = {text}; }},
        {"Message", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.messages.push_back(baton::user(text)); }},
        {"Tool::name", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.tools.emplace_back(text, text); }},
        {"end_user", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.tuning.ensure().user = text; }},
        {"service_tier", P_openai, Place::body,
         [](Setup& s, const std::string& text) { s.request.tuning.ensure().service_tier = text; }},
    };
    return all;
}
#undef OF

/// What the vendor may see of one call.
struct Sent {
    std::size_t requests = 0, bad = 0;
    std::multiset<std::string> names; ///< of the header fields of the first
    bool clean = true;                ///< no control character above the body
    bool refused = false;             ///< by a typed error that says what to do
    std::string error;
};

Sent sent_with(const Setup& setup, std::string_view provider, bool streamed) {
    Lab lab;
    for (const char* host : {"h.test", "good.openai.azure.com"}) lab.net.serve(host, always(Behaviour()));
    Sent sent;
    const auto refuse = [&](const baton::Error& error) {
        sent.error = error.what();
        sent.refused = (error.errc() == Errc::invalid_request || error.errc() == Errc::auth ||
                        error.errc() == Errc::no_target) &&
                       !error.detail().message.empty();
    };
    const auto call = [&](auto&&... options) {
        result<Chat> chat =
            Chat::make(lab.io.get_executor(), lab.clock, lab.net, baton::Xoshiro(1), setup.responses,
                       setup.anthropic, setup.gemini, setup.vertex, setup.bedrock, setup.azure,
                       setup.azure_responses, setup.cohere, setup.ollama, setup.openrouter, setup.mine,
                       baton::Vertex::Credentials(setup.vertex_token.empty()
                                                      ? std::function<std::string()>()
                                                      : [token = setup.vertex_token] { return token; }),
                       setup.access_key_id.empty()
                           ? baton::Bedrock::Credentials()
                           : baton::Bedrock::Credentials([&setup] {
                                 return baton::Bedrock::Keys{setup.access_key_id, baton::Secret(setup.secret),
                                                             baton::Secret(setup.session)};
                             }),
                       options...);
        if (!chat) return refuse(chat.error());
        Request request = setup.request;
        if (request.messages.empty()) request.messages.push_back(baton::user("Hello"));
        if (request.model.empty() && request.fallbacks.empty()) request.model = std::string(provider) + "/";
        if (request.model.ends_with('/')) { // its configured model
            request.fallbacks = {std::string(provider)};
            request.model.clear();
        }
        const Result got = lab.ask(*chat, streamed, std::move(request));
        if (!got.reply) refuse(got.reply.error());
    };
    if (setup.endpoint_key.empty()) {
        call(setup.openai);
    } else {
        call(baton::endpoints<baton::OpenAI>(
            baton::Endpoint(setup.endpoint_url).with_key(setup.endpoint_key)));
    }
    sent.bad = lab.net.ledger().totals.bad_requests;
    sent.requests = lab.net.requests().size();
    const auto control = [](std::string_view text) {
        return std::any_of(text.begin(), text.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    };
    for (const ServedRequest& request : lab.net.requests()) {
        sent.clean = sent.clean && !control(request.target) && request.target.find(' ') == std::string::npos;
        if (&request != &lab.net.requests().front()) continue;
        for (const auto& [name, value] : request.headers) {
            sent.names.insert(name);
            sent.clean = sent.clean && !control(value);
        }
    }
    return sent;
}

/// Each control character at three places, what is known from attacks, and chance.
std::vector<std::string> hostile(std::uint64_t seed, int random) {
    std::vector<std::string> all = {"x\r\nX-Injected: 1",
                                    "x\nX-Injected: 1",
                                    "x\rX-Injected: 1",
                                    "x\r\n\r\nGET /admin HTTP/1.1\r\n",
                                    "x HTTP/1.1\r\nHost: evil.test\r\n\r\n",
                                    "x\r\n Folded: 1",
                                    "x\r\n\tFolded: 1",
                                    "x\r\nContent-Length: 0\r\n\r\n",
                                    "x\r\nTransfer-Encoding: chunked",
                                    "\r\n",
                                    "\n",
                                    "x\r\n",
                                    "x\n",
                                    "\xE5\x98\x8A\xE5\x98\x8D\r\nX-Injected: 1",
                                    "http://h.test/v1\r\nX-Injected: 1",
                                    "http://h.test\r\n/v1",
                                    "http://h.te\nst/v1",
                                    std::string("http://h.test/v1\0", 17)};
    for (int c = 0; c < 0x80; ++c) {
        if ((c >= 0x20 && c != 0x7f) || c == '\t') continue; // a tab may stand in a header's value
        const std::string one(1, static_cast<char>(c));
        for (const std::string& text : {one + "x", "x" + one + "x", "x" + one}) all.push_back(text);
    }
    constexpr std::string_view alphabet("ab:/ \t%0dA?#@.\"\\\r\n\0\x01\x1b\x7f", 23);
    baton::Xoshiro rng(seed);
    for (int i = 0; i < random; ++i) {
        std::string text;
        for (auto n = 1 + rng.below(20); n != 0; --n) text += alphabet[rng.below(alphabet.size())];
        text.insert(rng.below(text.size() + 1), 1, "\r\n\0\x01\x1b\x7f"[rng.below(6)]);
        all.push_back(text);
    }
    return all;
}

struct Variable {
    Variable(const char* name, const std::string& text) : name(name) {
        if (name) ::setenv(name, text.c_str(), 1);
    }
    Variable(const Variable&) = delete;
    ~Variable() {
        if (name) ::unsetenv(name);
    }
    const char* name;
};

} // namespace

BOOST_AUTO_TEST_CASE(nothing_a_user_sets_starts_another_header) {
    for (const char* name :
         {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK",
          "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_API_KEY", "OPENAI_API_VERSION", "GOOGLE_CLOUD_PROJECT",
          "GOOGLE_CLOUD_LOCATION", "GOOGLE_OAUTH_ACCESS_TOKEN", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"}) {
        ::unsetenv(name);
    }
    std::size_t tried = 0, refused = 0, carried = 0;
    for (const Field& field : fields()) {
        const std::string sound = field.name.ends_with("base_url") || field.name == "$OPENAI_BASE_URL"
                                      ? "http://h.test/v1"
                                      : "good";
        Setup plain;
        field.set(plain, sound);
        const Sent good = [&] {
            const Variable variable(field.variable, sound);
            return sent_with(plain, field.provider, true);
        }();
        BOOST_TEST(good.requests == 1U, field.name << ", good: " << good.error);
        int wrong = 0;
        for (const std::string& text : hostile(4, 40)) {
            if (field.variable && text.find('\0') != std::string::npos) continue; // cannot be
            Setup setup;
            field.set(setup, text);
            const Variable variable(field.variable, text);
            const Sent sent = sent_with(setup, field.provider, tried++ % 2 == 0);
            const bool nothing_left = sent.refused && sent.requests == 0;
            const bool harmless = sent.requests == 1 && sent.clean && sent.names == good.names;
            refused += nothing_left;
            carried += !nothing_left;
            const bool right = sent.bad == 0 && (nothing_left || (field.place != Place::above && harmless));
            if (right || ++wrong > 3) continue;
            std::string shown;
            for (const char c : text) {
                shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f
                             ? "<" + std::to_string(static_cast<int>(c)) + ">"
                             : std::string(1, c);
            }
            BOOST_TEST_MESSAGE(field.name << " = " << shown << ": " << sent.requests << " requests, "
                                          << sent.bad << " bad; " << sent.error);
        }
        BOOST_TEST(wrong == 0, field.name);
    }
    BOOST_TEST_MESSAGE("header injection: " << fields().size() << " settings, " << tried << " hostile texts: "
                                            << refused << " refused before anything was sent, " << carried
                                            << " sent encoded in path or body, 0 escapes");
}

BOOST_AUTO_TEST_SUITE_END()
