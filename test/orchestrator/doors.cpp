// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Wires through the whole orchestrator, over real sockets: what each puts on the line besides chat
// completions' bodies, and how its framing comes back.
#include <boost/test/unit_test.hpp>

#include "../net/event_stream_model.hpp"

#include <baton/baton.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(doors)

namespace asio = boost::asio;
using asio::ip::tcp;
using baton::Errc;
using baton::Request;

namespace {

std::string response(std::string_view type, const std::string& body, std::string_view status = "200 OK") {
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
           "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string json(const std::string& body) { return response("application/json", body); }

/// A variable of the environment, for a time.
struct Variable {
    Variable(const char* name, const std::string& text) : name(name) { ::setenv(name, text.c_str(), 1); }
    Variable(const Variable&) = delete;
    ~Variable() { ::unsetenv(name); }
    const char* name;
};

/// Answers requests, one per connection and one after the other, as the given function says, and keeps what
/// it was sent.
class Door {
public:
    using Answer = std::function<std::string(const std::string& request)>;

    explicit Door(Answer answer)
        : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}), answer_(std::move(answer)),
          thread_([this] { serve(); }) {}
    ~Door() { stop(); }

    std::string url(std::string_view path = {}) const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + std::string(path);
    }
    /// All requests; nothing is served any more.
    const std::vector<std::string>& stop() {
        if (thread_.joinable()) {
            stopped_ = true;
            tcp::socket poke(io_);
            boost::system::error_code ignored;
            poke.connect(acceptor_.local_endpoint(), ignored);
            poke.close(ignored);
            thread_.join();
        }
        return requests_;
    }

private:
    void serve() {
        for (;;) {
            boost::system::error_code ec;
            tcp::socket socket = acceptor_.accept(ec);
            if (ec || stopped_) return;
            std::string bytes;
            while (!ec && !whole(bytes)) {
                char piece[4096];
                bytes.append(piece, socket.read_some(asio::buffer(piece), ec));
            }
            if (ec) continue;
            requests_.push_back(bytes);
            asio::write(socket, asio::buffer(answer_(bytes)), ec);
        }
    }
    static bool whole(const std::string& bytes) {
        const std::size_t head = bytes.find("\r\n\r\n");
        if (head == bytes.npos) return false;
        const std::size_t length = bytes.find("Content-Length: ");
        return bytes.size() >= head + 4 + (length < head ? std::stoul(bytes.substr(length + 16)) : 0);
    }

    asio::io_context io_;
    tcp::acceptor acceptor_;
    Answer answer_;
    std::vector<std::string> requests_;
    std::atomic<bool> stopped_ = false;
    std::thread thread_;
};

/// Runs an awaitable on its own context.
template <class T>
T run(asio::io_context& io, asio::awaitable<T> awaitable) {
    std::optional<T> out;
    asio::co_spawn(io, std::move(awaitable), [&](std::exception_ptr thrown, T value) {
        BOOST_TEST(!thrown);
        out = std::move(value);
    });
    io.restart();
    io.run();
    return *std::move(out);
}

template <class Chat>
asio::awaitable<baton::result<baton::Reply>> read_all(Chat& chat, Request request, std::string& text) {
    auto stream = chat.stream(std::move(request));
    while (auto delta = co_await stream.next()) text += delta->text;
    co_return std::move(stream).reply();
}

bool has(const std::string& request, std::string_view what) { return request.find(what) != request.npos; }

} // namespace

BOOST_AUTO_TEST_CASE(texts_are_embedded_by_the_first_provider_that_can) {
    int asked = 0;
    Door door([&](const std::string&) {
        if (++asked == 1) return response("application/json", R"({"error":{"message":"busy"}})", "503 Busy");
        return json(R"({"object":"list","model":"text-embedding-3-small","data":[
            {"object":"embedding","index":1,"embedding":[0.25,-1]},
            {"object":"embedding","index":0,"embedding":[1,2.5]}],"usage":{"prompt_tokens":5,"total_tokens":5}})");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Anthropic>, baton::Provider<baton::OpenAI>,
                        baton::Retry<baton::ExpBackoff>>
        chat(io.get_executor(), baton::Anthropic::Options{.base_url = door.url(), .key = "k"},
             baton::OpenAI::Options{.base_url = door.url("/v1"), .key = "k"},
             baton::ExpBackoff::Options{.base = std::chrono::milliseconds(1)});
    baton::EmbedRequest request(std::vector<std::string>{"one", "two"});
    const auto got = run(io, chat.embed(request));
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->provider == "openai");
    BOOST_TEST_REQUIRE(got->vectors.size() == 2u);
    BOOST_TEST(got->vectors[0][1] == 2.5f);
    BOOST_TEST(got->vectors[1][0] == 0.25f);
    BOOST_TEST(got->usage.input_tokens == 5u);
    request.inputs.push_back("three"); // the answer holds two
    const auto wrong = run(io, chat.embed(request));
    BOOST_TEST_REQUIRE(wrong.has_error());
    BOOST_TEST((wrong.error() == Errc::protocol));
    request.model = "text-embedding-3-large"; // a bare name goes to who can embed
    request.inputs.resize(2);
    BOOST_TEST(run(io, chat.embed(request)).has_value());
    const auto& requests = door.stop();
    BOOST_TEST(has(requests.back(), "\"model\":\"text-embedding-3-large\""));
    BOOST_TEST(requests.size() >= 3u);
    for (const std::string& one : requests) BOOST_TEST(one.starts_with("POST /v1/embeddings HTTP/1.1\r\n"));
}

// A decoder has read half of an event before it sees that the other half is missing.
BOOST_AUTO_TEST_CASE(an_event_that_breaks_in_the_middle_is_passed_over_or_the_end) {
    const auto delta = [](const std::string& of) {
        return "data: {\"choices\":[{\"index\":0,\"delta\":{" + of + "}}]}\n\n";
    };
    const auto broken = [&](const std::string& of) {
        std::string event = delta(of);
        return event.erase(event.size() - 3, 1); // its last brace
    };
    const auto call = [](const std::string& more) { return "\"tool_calls\":[{\"index\":0," + more + "}]"; };
    const auto arguments = [&](const std::string& text) {
        return call("\"function\":{\"arguments\":\"" + text + "\"}");
    };
    const std::string begins = call(R"("id":"a","function":{"name":"f","arguments":""})");
    const std::string text = "\"content\":\"Hello \"", more = "\"content\":\"you\"";
    struct Case {
        std::string events, text;
        Errc errc;
    };
    const Case cases[] = {
        {delta(text) + broken(more) + delta(more), "Hello you", Errc::ok},
        {broken(text) + delta(more), "", Errc::protocol},
        {delta(begins) + delta(arguments("{")) + broken(arguments("xxxxxxxx")) + delta(arguments("}")), "",
         Errc::protocol},
        {delta(begins) + broken(arguments("xx")) + delta(arguments("12345}")), "", Errc::protocol},
        {broken(begins) + delta(arguments("{}")), "", Errc::protocol},
        {delta(text) + delta(begins) + broken(more) + delta(more), "Hello ", Errc::protocol},
    };
    for (const Case& one : cases) {
        Door door([&](const std::string&) {
            return response("text/event-stream",
                            one.events + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
                                         "\"stop\"}]}\n\ndata: [DONE]\n\n");
        });
        asio::io_context io;
        baton::Orchestrator<baton::Provider<baton::OpenAI>> chat(
            io.get_executor(), baton::OpenAI::Options{.base_url = door.url("/v1"), .key = "k"});
        std::string shown;
        const auto reply = run(io, read_all(chat, Request("Hi"), shown));
        BOOST_TEST_CONTEXT(one.events) {
            BOOST_TEST(((reply ? Errc::ok : reply.error().errc()) == one.errc));
            BOOST_TEST(shown == one.text);
            if (reply) BOOST_TEST(reply->text() == one.text);
        }
    }
    // and of Anthropic, whose block never opened
    Door door([](const std::string&) {
        return response(
            "text/event-stream",
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n"
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
            "\"content_block\":{\"type\":\"text\",\"text\":\"\"}\n\n"
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
            "\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Anthropic>> chat(
        io.get_executor(), baton::Anthropic::Options{.base_url = door.url(), .key = "k"});
    std::string shown;
    const auto reply = run(io, read_all(chat, Request("Hi"), shown));
    BOOST_TEST((reply.has_error() && reply.error() == Errc::protocol));
}

BOOST_AUTO_TEST_CASE(who_cannot_embed_says_so) {
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Anthropic>> chat(io.get_executor(),
                                                                baton::Anthropic::Options{.key = "k"});
    const auto got = run(io, chat.embed(baton::EmbedRequest(std::string("one"))));
    BOOST_TEST_REQUIRE(got.has_error());
    BOOST_TEST((got.error() == Errc::invalid_request));
    BOOST_TEST(has(got.error().what(), "anthropic's API has no embeddings"));
    // nor is another asked where one is named, whatever else is or is not configured
    baton::Orchestrator<baton::Provider<baton::Anthropic>, baton::Provider<baton::OpenAI>,
                        baton::Provider<baton::Gemini>>
        three(io.get_executor(), baton::Anthropic::Options{.key = "k"}, baton::OpenAI::Options{.key = "k"});
    const auto counted = run(io, three.count_tokens(baton::Request("one", baton::model("openai/gpt-5"))));
    BOOST_TEST_REQUIRE(counted.has_error());
    BOOST_TEST((counted.error() == Errc::invalid_request));
    BOOST_TEST(has(counted.error().what(), "openai's API has no token counts"));
    BOOST_TEST(!has(counted.error().what(), "GEMINI_API_KEY"));
}

BOOST_AUTO_TEST_CASE(tokens_are_counted_and_models_listed) {
    Door door([](const std::string& request) {
        if (request.starts_with("POST /v1/messages/count_tokens ")) return json(R"({"input_tokens":19})");
        return json(R"({"data":[{"type":"model","id":"claude-a"},{"type":"model","id":"claude-b"}]})");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Anthropic>> chat(
        io.get_executor(), baton::Anthropic::Options{.base_url = door.url(), .key = "k"});
    const auto tokens = run(io, chat.count_tokens("Name three rivers."));
    BOOST_TEST_REQUIRE(tokens.has_value());
    BOOST_TEST(*tokens == 19u);
    const auto models = run(io, chat.models());
    BOOST_TEST_REQUIRE(models.has_value());
    BOOST_TEST_REQUIRE(models->size() == 2u);
    BOOST_TEST((*models)[1].id == "claude-b");
    const auto health = run(io, chat.health());
    BOOST_TEST(health[0].ok());
    BOOST_TEST(door.stop()[1].starts_with("GET /v1/models?limit=1000 HTTP/1.1\r\n"));
    BOOST_TEST(!has(door.stop()[1], "Content-Length"));
}

// The URL as OpenAI's library takes it for Groq, and as it stands in many a configuration.
BOOST_AUTO_TEST_CASE(a_base_url_may_have_the_path_that_the_api_begins_with) {
    Door door([](const std::string&) { return json(R"({"data":[{"id":"m"}]})"); });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Groq>> chat(
        io.get_executor(), baton::Groq::Options{.base_url = door.url("/openai/v1"), .key = "k"});
    BOOST_TEST(run(io, chat.models()).has_value());
    BOOST_TEST(door.stop()[0].starts_with("GET /openai/v1/models HTTP/1.1\r\n"));
}

BOOST_AUTO_TEST_CASE(bedrock_is_signed_and_read_from_binary_messages) {
    std::optional<Variable> other; // the caller gives keys to sign with
    other.emplace("AWS_BEARER_TOKEN_BEDROCK", "not-asked-for");
    using baton::test::event_message;
    const std::string body =
        event_message("messageStart", R"({"role":"assistant"})") +
        event_message("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Rhine, "}})") +
        event_message("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Elbe"}})") +
        event_message("contentBlockStop", R"({"contentBlockIndex":0})") +
        event_message("messageStop", R"({"stopReason":"end_turn"})") +
        event_message("metadata", R"({"usage":{"inputTokens":7,"outputTokens":4,"totalTokens":11}})");
    bool broken = false;
    Door door([&](const std::string&) {
        std::string sent = body;
        if (broken) sent[body.size() / 2] ^= 1;
        return response("application/vnd.amazon.eventstream", sent);
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Bedrock>> chat(
        io.get_executor(), baton::Bedrock::Options{.base_url = door.url(),
                                                   .model = "anthropic.claude-x-v1:0",
                                                   .region = "eu-west-1",
                                                   .access_key_id = "AKIDEXAMPLE",
                                                   .secret_access_key = "a-secret-of-the-test"});
    other.reset();
    std::string text;
    const auto got = run(io, read_all(chat, "Name two rivers.", text));
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(text == "Rhine, Elbe");
    BOOST_TEST(got->usage.input_tokens == 7u);
    broken = true;
    std::string cut;
    const auto damaged = run(io, read_all(chat, "Name two rivers.", cut));
    broken = false;
    BOOST_CHECK_THROW(chat.configure(baton::Bedrock::Options{.model = "m2", .region = "eu-west-1"}),
                      std::invalid_argument); // without keys it would be lost
    chat.configure(baton::Bedrock::Options{.base_url = door.url(),
                                           .model = "m2",
                                           .region = "eu-west-1",
                                           .access_key_id = "AKIDOTHER",
                                           .secret_access_key = "another"});
    std::string again;
    BOOST_TEST(run(io, read_all(chat, "Name two rivers.", again)).has_value());
    BOOST_TEST(again == text);
    BOOST_TEST_REQUIRE(damaged.has_error());
    BOOST_TEST((damaged.error() == Errc::protocol));
    BOOST_TEST(text.starts_with(cut));
    BOOST_TEST(door.stop()[2].starts_with("POST /model/m2/converse-stream HTTP/1.1\r\n"));
    BOOST_TEST(has(door.stop()[2], "Credential=AKIDOTHER/"));
    const std::string& request = door.stop()[0];
    BOOST_TEST(request.starts_with("POST /model/anthropic.claude-x-v1%3A0/converse-stream HTTP/1.1\r\n"));
    BOOST_TEST(has(request, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    BOOST_TEST(has(request, "/eu-west-1/bedrock/aws4_request"));
    BOOST_TEST(!has(request, "a-secret-of-the-test"));
}

BOOST_AUTO_TEST_CASE(azure_has_the_deployment_in_its_path) {
    Door door([](const std::string&) {
        return json(
            R"({"id":"1","model":"gpt","choices":[{"index":0,"message":{"role":"assistant","content":"Rhine"},
            "finish_reason":"stop"}]})");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::AzureOpenAI>> chat(
        io.get_executor(), baton::AzureOpenAI::Options{.base_url = door.url(),
                                                       .key = "azure-key",
                                                       .model = "my-deployment",
                                                       .api_version = "2024-10-21"});
    const auto got = run(io, chat.complete("Name a river."));
    BOOST_TEST_REQUIRE(got.has_value(), (got ? "" : got.error().what()));
    BOOST_TEST(got->text() == "Rhine");
    const std::string& request = door.stop()[0];
    BOOST_TEST(request.starts_with(
        "POST /openai/deployments/my-deployment/chat/completions?api-version=2024-10-21 HTTP/1.1\r\n"));
    BOOST_TEST(has(request, "api-key: azure-key\r\n"));
}

BOOST_AUTO_TEST_CASE(vertex_asks_for_a_token_each_time) {
    Door door([](const std::string&) {
        return response(
            "text/event-stream",
            "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Rhine\"}]},"
            "\"finishReason\":\"STOP\"}],\"modelVersion\":\"g\"}\r\n\r\n");
    });
    asio::io_context io;
    int asked = 0;
    baton::Orchestrator<baton::Provider<baton::Vertex>> chat(
        io.get_executor(),
        baton::Vertex::Options{
            .base_url = door.url(), .model = "gemini-x", .project = "p", .location = "europe-west4"},
        baton::Vertex::Credentials([&] { return "token-" + std::to_string(++asked); }));
    for (int i = 0; i < 2; ++i) {
        std::string text;
        const auto got = run(io, read_all(chat, "Name a river.", text));
        BOOST_TEST_REQUIRE(got.has_value(), (got ? "" : got.error().what()));
        BOOST_TEST(text == "Rhine");
    }
    const auto& requests = door.stop();
    BOOST_TEST_REQUIRE(requests.size() == 2u);
    BOOST_TEST(
        requests[0].starts_with("POST /v1beta1/projects/p/locations/europe-west4/publishers/google/models/"
                                "gemini-x:streamGenerateContent?alt=sse HTTP/1.1\r\n"));
    BOOST_TEST(has(requests[0], "Bearer token-1\r\n"));
    BOOST_TEST(has(requests[1], "Bearer token-2\r\n"));
}

// Each vendor's own variables, and base URLs as they stand in configurations: without the API's path.
BOOST_AUTO_TEST_CASE(the_environment_says_who_asks_and_where) {
    for (const char* name :
         {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "CO_API_KEY", "HF_TOKEN",
          "PERPLEXITY_API_KEY", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_BASE_URL"}) {
        ::unsetenv(name);
    }
    Door door([](const std::string& request) {
        return json(has(request, " /v1beta/") ? R"({"models":[{"name":"models/m"}]})"
                                              : R"({"data":[{"id":"m"}],"models":[]})");
    });
    const Variable set[] = {{"OPENAI_API_KEY", "k-openai"},
                            {"OPENAI_BASE_URL", door.url("/v1")},
                            {"OPENAI_ORG_ID", "org-1"},
                            {"OPENAI_PROJECT_ID", "proj-1"},
                            {"ANTHROPIC_AUTH_TOKEN", "t-anthropic"},
                            {"ANTHROPIC_BASE_URL", door.url()},
                            {"AZURE_OPENAI_AD_TOKEN", "t-azure"},
                            {"AZURE_OPENAI_ENDPOINT", door.url("/")},
                            {"GOOGLE_API_KEY", "k-google"},
                            {"GOOGLE_GEMINI_BASE_URL", door.url()},
                            {"COHERE_API_KEY", "k-cohere"},
                            {"CO_API_URL", door.url()},
                            {"HUGGING_FACE_HUB_TOKEN", "k-hf"},
                            {"HUGGINGFACE_BASE_URL", door.url("/v1")},
                            {"PPLX_API_KEY", "k-pplx"},
                            {"PERPLEXITY_BASE_URL", door.url()},
                            {"OLLAMA_HOST", door.url()},
                            {"OLLAMA_API_KEY", "k-ollama"}};
    asio::io_context io;
    using baton::Provider;
    baton::Orchestrator<Provider<baton::OpenAI>, Provider<baton::OpenAIResponses>, Provider<baton::Anthropic>,
                        Provider<baton::AzureResponses>, Provider<baton::Gemini>, Provider<baton::Cohere>,
                        Provider<baton::HuggingFace>, Provider<baton::Perplexity>,
                        Provider<baton::OllamaCompatible>>
        chat(io.get_executor());
    struct Expected {
        const char* line;
        const char* headers[3];
    };
    const Expected expected[] = {
        {"/v1/models",
         {"authorization: Bearer k-openai", "openai-organization: org-1", "openai-project: proj-1"}},
        {"/v1/models",
         {"authorization: Bearer k-openai", "openai-organization: org-1", "openai-project: proj-1"}},
        {"/v1/models?limit=1000", {"authorization: Bearer t-anthropic"}},
        {"/openai/v1/models", {"authorization: Bearer t-azure"}},
        {"/v1beta/models?pageSize=1000", {"x-goog-api-key: k-google"}},
        {"/v1/models?page_size=1000", {"authorization: Bearer k-cohere"}},
        {"/v1/models", {"authorization: Bearer k-hf"}},
        {"/v1/models", {"authorization: Bearer k-pplx"}},
        {"/v1/models", {"authorization: Bearer k-ollama"}},
    };
    for (std::size_t i = 0; i < std::size(expected); ++i) {
        const auto models = run(io, chat.models(i));
        BOOST_TEST(models.has_value(), (models ? "" : models.error().what()));
    }
    // the vendor's own variable comes first, and a token is then no key
    const Variable key("ANTHROPIC_API_KEY", "k-anthropic");
    baton::Orchestrator<Provider<baton::Anthropic>> second(io.get_executor());
    BOOST_TEST(run(io, second.models()).has_value());
    // of one's own key nobody is told the environment's owner
    baton::Orchestrator<Provider<baton::OpenAI>> own(io.get_executor(),
                                                     baton::OpenAI::Options{.key = "mine"});
    BOOST_TEST(run(io, own.models()).has_value());
    // what configure() leaves empty stays, whatever the environment has become
    ::unsetenv("ANTHROPIC_AUTH_TOKEN");
    ::unsetenv("ANTHROPIC_API_KEY");
    chat.configure(baton::Anthropic::Options{.model = "m2"},
                   baton::OllamaCompatible::Options{.base_url = door.url("/mine"), .key = "secret"});
    BOOST_TEST(run(io, chat.models(2)).has_value());
    chat.configure(baton::OllamaCompatible::Options{.model = "m2"}); // not to $OLLAMA_HOST with this key
    BOOST_TEST(run(io, chat.models(8)).has_value());
    const auto& requests = door.stop();
    BOOST_TEST_REQUIRE(requests.size() == std::size(expected) + 4);
    const std::string& still = requests[std::size(expected) + 2];
    BOOST_TEST(has(still, "\r\nauthorization: Bearer t-anthropic\r\n"));
    BOOST_TEST(!has(still, "x-api-key"));
    BOOST_TEST(requests.back().starts_with("GET /mine/models HTTP/1.1\r\n"));
    BOOST_TEST(has(requests.back(), "\r\nauthorization: Bearer secret\r\n"));
    for (std::size_t i = 0; i < std::size(expected); ++i) {
        BOOST_TEST(requests[i].starts_with("GET " + std::string(expected[i].line) + " HTTP/1.1\r\n"),
                   requests[i]);
        for (const char* line : expected[i].headers) {
            if (line) BOOST_TEST(has(requests[i], "\r\n" + std::string(line) + "\r\n"), requests[i]);
        }
    }
    BOOST_TEST(!has(requests[2], "x-api-key"));
    const std::string& mine = requests[std::size(expected) + 1];
    BOOST_TEST(has(mine, "\r\nauthorization: Bearer mine\r\n"));
    BOOST_TEST(!has(mine, "openai-"));
    const std::string& keyed = requests[std::size(expected)];
    BOOST_TEST(has(keyed, "\r\nx-api-key: k-anthropic\r\n"));
    BOOST_TEST(!has(keyed, "authorization"));
}

// Vertex takes one text a request of this model. A batch that fails is tried again, those before it are not.
BOOST_AUTO_TEST_CASE(more_texts_than_a_vendor_takes_at_once_go_in_batches) {
    int asked = 0;
    Door door([&](const std::string& request) {
        if (++asked == 2)
            return response("application/json", R"({"error":{"code":503,"status":"UNAVAILABLE"}})",
                            "503 Busy");
        const char digit = request[request.find("text-") + 5];
        if (digit == '9') return response("application/json", R"({"error":{"code":400}})", "400 Bad Request");
        return json(R"({"predictions":[{"embeddings":{"values":[)" + std::string(1, digit) +
                    R"(],"statistics":{"token_count":2}}}]})");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Vertex>, baton::Provider<baton::OpenAI>,
                        baton::Retry<baton::ExpBackoff>>
        chat(io.get_executor(),
             baton::Vertex::Options{.base_url = door.url(), .key = "t", .project = "p", .location = "l"},
             baton::OpenAI::Options{.base_url = door.url("/v1"), .key = "k"},
             baton::ExpBackoff::Options{.base = std::chrono::milliseconds(1)});
    const auto got =
        run(io, chat.embed(baton::EmbedRequest(std::vector<std::string>{"text-1", "text-2", "text-3"})));
    BOOST_TEST_REQUIRE(got.has_value(), (got ? "" : got.error().what()));
    BOOST_TEST_REQUIRE(got->vectors.size() == 3u);
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(got->vectors[i].at(0) == static_cast<float>(i + 1));
    BOOST_TEST(got->usage.input_tokens == 6u);
    BOOST_TEST(got->provider == "vertex");
    // the error of a later one says what those before it used
    const auto cut =
        run(io, chat.embed(baton::EmbedRequest(std::vector<std::string>{"text-1", "text-2", "text-9"})));
    BOOST_TEST_REQUIRE(cut.has_error());
    const auto& attempts = cut.error().detail().trace.attempts;
    BOOST_TEST_REQUIRE(attempts.size() == 2u);
    BOOST_TEST(attempts[0].usage.input_tokens == 4u);
    BOOST_TEST((attempts[0].outcome == Errc::ok && attempts[1].outcome == Errc::invalid_request));
    const auto& requests = door.stop();
    BOOST_TEST(requests.size() == 4u + 3u);
    for (const std::string& one : requests) {
        BOOST_TEST(has(one, "gemini-embedding-001:predict"));
        BOOST_TEST(has(one, "text-") == (one.find("text-") == one.rfind("text-"))); // one a request
    }
}

// The first batch falls back, and then no other model may make the rest: their vectors would not compare.
BOOST_AUTO_TEST_CASE(batches_stay_with_the_model_that_made_the_first) {
    int failing = 2;
    Door door([&](const std::string& request) {
        if (request.starts_with("POST /p/") && failing > 0) {
            --failing;
            return response("application/json", R"({"error":{"code":503}})", "503 Busy");
        }
        if (request.starts_with("POST /p/"))
            return json(R"({"predictions":[{"embeddings":{"values":[9]}}]})");
        std::string data; // of OpenAI
        const std::size_t texts = has(request, "last") ? 1 : 1024;
        for (std::size_t i = 0; i < texts; ++i) data += std::string(i ? "," : "") + R"({"embedding":[1]})";
        return json(R"({"data":[)" + data + R"(],"model":"text-embedding-3-small"})");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Vertex>, baton::Provider<baton::OpenAI>> chat(
        io.get_executor(),
        baton::Vertex::Options{.base_url = door.url("/p"), .key = "t", .project = "p", .location = "l"},
        baton::OpenAI::Options{.base_url = door.url("/v1"), .key = "k"});
    std::vector<std::string> texts(1024, "text");
    texts.push_back("last");
    failing = 1;
    const auto got = run(io, chat.embed(baton::EmbedRequest(texts)));
    BOOST_TEST_REQUIRE(got.has_value(), (got ? "" : got.error().what()));
    BOOST_TEST(got->vectors.size() == 1025u);
    BOOST_TEST(got->provider == "openai");
    for (const auto& vector : got->vectors) {
        if (vector.at(0) != 1) BOOST_ERROR("a vector of another model");
    }
    BOOST_TEST(door.stop().size() == 3u);
}

BOOST_AUTO_TEST_CASE(all_pages_of_a_list_are_read) {
    Door door([](const std::string& request) {
        const bool second = has(request, "pageToken=a%2Fb%3D");
        return json(second ? R"({"models":[{"name":"models/two"}]})"
                           : R"({"models":[{"name":"models/one"}],"nextPageToken":"a/b="})");
    });
    asio::io_context io;
    baton::Orchestrator<baton::Provider<baton::Gemini>> chat(
        io.get_executor(), baton::Gemini::Options{.base_url = door.url(), .key = "k"});
    const auto models = run(io, chat.models());
    BOOST_TEST_REQUIRE(models.has_value(), (models ? "" : models.error().what()));
    BOOST_TEST_REQUIRE(models->size() == 2u);
    BOOST_TEST((*models)[1].id == "two");
    BOOST_TEST(door.stop().size() == 2u);
    // one that never ends is no list, but its models are
    Door endless([](const std::string&) {
        return json(R"({"models":[{"name":"models/one"}],"nextPageToken":"same"})");
    });
    baton::Orchestrator<baton::Provider<baton::Gemini>> other(
        io.get_executor(), baton::Gemini::Options{.base_url = endless.url(), .key = "k"});
    const auto some = run(io, other.models());
    BOOST_TEST_REQUIRE(some.has_value());
    BOOST_TEST(endless.stop().size() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK", "AZURE_OPENAI_ENDPOINT",
                             "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN", "AZURE_OPENAI_BASE_URL"}) {
        ::unsetenv(name);
    }
    asio::io_context io;
    const auto missing = [&]<class W>(std::type_identity<W>, std::string_view variable) {
        baton::Orchestrator<baton::Provider<W>> chat(io.get_executor());
        const auto got = run(io, chat.complete(Request("x", baton::model("m"))));
        BOOST_TEST_REQUIRE(got.has_error());
        BOOST_TEST((got.error() == Errc::auth));
        BOOST_TEST(has(got.error().what(), variable), got.error().what());
    };
    missing(std::type_identity<baton::AzureOpenAI>(), "AZURE_OPENAI");
    missing(std::type_identity<baton::Bedrock>(), "AWS_");
    missing(std::type_identity<baton::Groq>(), "GROQ_API_KEY");
    missing(std::type_identity<baton::Compatible<"mine">>(), "base_url");
}

BOOST_AUTO_TEST_SUITE_END()
