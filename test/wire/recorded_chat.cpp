// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Every recorded chat completion, list of embeddings and list of models of all vendors of the dialect but
// OpenAI itself (recorded.cpp), read as a second, plain reading says.
#include <boost/test/unit_test.hpp>

#include "recorded_suite.hpp"
#include "reference_chat.hpp"

#include <baton/wire/azure.hpp>
#include <baton/wire/cerebras.hpp>
#include <baton/wire/compatible.hpp>
#include <baton/wire/deepseek.hpp>
#include <baton/wire/groq.hpp>
#include <baton/wire/huggingface.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openrouter.hpp>
#include <baton/wire/perplexity.hpp>
#include <baton/wire/together.hpp>
#include <baton/wire/xai.hpp>

BOOST_AUTO_TEST_SUITE(recorded_chat)

using namespace baton;
using namespace baton::test;

namespace {

const std::vector<JudgedError> errors = {
    {"azure", 401, "", "401", "Access denied", Errc::auth},
    {"azure", 404, "", "404", "Resource not found", Errc::not_found},
    {"azure", 404, "", "DeploymentNotFound", "", Errc::not_found},
    {"azure", 408, "", "", "upstream request timeout", Errc::transient},
    {"azure", 413, "", "", "Failed to buffer the request body", Errc::too_large},
    {"azure", 429, "", "RateLimitReached", "", Errc::rate_limited},
    {"azure", 500, "", "", "An error occurred while getting the response", Errc::transient},
    {"deepseek", 400, "invalid_request_error", "invalid_request_error",
     "This model's maximum context length is", Errc::context_overflow},
    {"deepseek", 401, "authentication_error", "invalid_request_error", "Authentication Fails", Errc::auth},
    {"deepseek", 422, "", "", "Failed to deserialize", Errc::invalid_request},
    {"groq", 400, "invalid_request_error", "tool_use_failed", "", Errc::invalid_request},
    {"groq", 200, "invalid_request_error", "tool_use_failed", "", Errc::invalid_request},
    {"groq", 401, "invalid_request_error", "invalid_api_key", "", Errc::auth},
    {"groq", 404, "invalid_request_error", "model_not_found", "", Errc::not_found},
    {"groq", 429, "tokens", "rate_limit_exceeded", "Rate limit reached", Errc::rate_limited},
    {"mistral", 400, "invalid_request_message_order", "3230", "", Errc::invalid_request},
    {"mistral", 400, "invalid_request_error", "", "Unexpected role", Errc::invalid_request},
    {"mistral", 401, "", "", "", Errc::auth},
    {"mistral", 422, "", "", "", Errc::invalid_request},
    {"mistral", 429, "rate_limited", "1300", "", Errc::rate_limited},
    {"mistral", 500, "internal_server_error", "1000", "", Errc::transient},
    {"ollama", 400, "invalid_request_error", "", "invalid", Errc::invalid_request},
    {"ollama", 400, "", "", "", Errc::context_overflow}, // "the input length exceeds the context length"
    {"ollama", 401, "api_error", "", "Unauthorized", Errc::auth},
    {"ollama", 404, "", "", "", Errc::not_found},
    {"openrouter", 400, "", "400", "This endpoint's maximum context length", Errc::context_overflow},
    {"openrouter", 400, "", "400", "Provider returned error", Errc::invalid_request},
    {"openrouter", 401, "", "401", "", Errc::auth},
    {"openrouter", 403, "", "403", "", Errc::permission},
    {"openrouter", 404, "", "404", "No endpoints found", Errc::not_found},
    {"openrouter", 429, "", "429", "", Errc::rate_limited},
    {"openrouter", 200, "", "429", "Provider returned error", Errc::rate_limited},
    {"other/cerebras", 429, "too_many_requests_error", "request_quota_exceeded", "", Errc::rate_limited},
    {"other/huggingface", 404, "", "", "", Errc::not_found},
    {"other/huggingface", 500, "server_error", "", "", Errc::transient},
    {"other/perplexity", 400, "too_many_prompt_tokens", "400", "", Errc::context_overflow},
    {"other/perplexity", 400, "invalid_model", "400", "", Errc::not_found},
    {"other/perplexity", 401, "invalid_api_key", "401", "", Errc::auth},
    {"other/perplexity", 401, "", "", "<html>", Errc::auth},
    {"other/perplexity", 404, "", "", "", Errc::not_found},
    {"other/voyage", 400, "", "", "", Errc::invalid_request},
    {"xai", 400, "", "Client specified an invalid argument", "", Errc::auth}, // "Incorrect API key provided"
    {"xai", 400, "", "invalid-argument", "", Errc::auth},                     // the same
    {"xai", 503, "", "The service is currently unavailable", "", Errc::transient},
};

// What the turn says when it is sent back, against what came. Members the vendor would not take back (an
// index, a null) are not compared.
template <class W>
void goes_back(const Reply& reply, const Reading& expected, const std::string& body) {
    const bj::value request = sent_back<W>(reply);
    const bj::value& sent = request.at("messages").as_array().at(1);
    BOOST_TEST(sent.at("role").as_string() == "assistant");
    std::vector<Reading::Call> calls;
    if (const bj::value& list = test::at(sent, "tool_calls"); list.is_array()) {
        for (const bj::value& call : list.get_array()) {
            calls.push_back({test::string_of(call.at("id")), test::string_of(call.at("function").at("name")),
                             test::string_of(call.at("function").at("arguments"))});
        }
    }
    if (const bj::value& call = test::at(sent, "function_call"); call.is_object()) {
        calls.push_back({"", test::string_of(call.at("name")), test::string_of(call.at("arguments"))});
    }
    same_calls(calls, expected.calls, false);
    std::string text;
    if (const bj::value& content = test::at(sent, "content"); content.is_array()) {
        for (const bj::value& part : content.get_array()) text += test::string_of(test::at(part, "text"));
    } else {
        text = test::string_of(content);
    }
    BOOST_TEST(text + test::string_of(test::at(sent, "refusal")) == expected.text);
    // as the vendor's answer, the turn says the same again
    Reply again;
    const auto error = W::decode(bj::serialize(bj::object{{"choices", {{{"message", sent}}}}}), again);
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    BOOST_TEST(sent_back<W>(again).at("messages").as_array().at(1) == sent);
    if (body.empty()) return; // a stream has no message to compare with
    const bj::value message = test::at(test::parse(body).at("choices").as_array().at(0), "message");
    for (const char* name : {"annotations", "reasoning_details", "extra_content", "images"}) {
        if (chat_says_nothing(test::at(message, name))) continue;
        BOOST_TEST(test::at(sent, name) == test::at(message, name), name);
    }
    if (const bj::value& content = test::at(message, "content"); content.is_array()) { // Mistral
        const bj::value& back = test::at(sent, "content");
        BOOST_TEST_REQUIRE(back.is_array());
        std::string types, types_back;
        for (const bj::value& part : content.get_array()) types += test::string_of(test::at(part, "type"));
        for (const bj::value& part : back.get_array()) types_back += test::string_of(test::at(part, "type"));
        BOOST_TEST(types_back == types);
    }
    if (const bj::value& list = test::at(message, "tool_calls"); list.is_array()) {
        for (std::size_t i = 0; i < list.get_array().size(); ++i) {
            BOOST_TEST(test::at(test::at(sent, "tool_calls").as_array().at(i), "extra_content") ==
                       test::at(list.get_array()[i], "extra_content"));
        }
    }
}

struct Case {
    Suite suite;
    std::optional<Error> (*decode_embed)(std::string_view, Embeddings&);
    std::optional<Error> (*decode_models)(std::string_view, std::vector<ModelInfo>&);
};

template <class W>
Case of(const char* provider, bool all_errors = true) {
    Case out{{provider, "chat.completions", read_chat_body, read_chat_events, W::decode,
              decode_stream<typename W::StreamDecoder>, W::decode_error, false, goes_back<W>, all_errors},
             nullptr,
             W::decode_models};
    if constexpr (wire::Embeds<W>) out.decode_embed = W::decode_embed;
    return out;
}

// The first whose name is "provider/detail", "provider", or for the rest of "other", "other".
const std::vector<Case> cases = {
    of<AzureOpenAI>("azure"),
    of<DeepSeek>("deepseek"),
    of<Groq>("groq"),
    of<Mistral>("mistral"),
    of<OllamaCompatible>("ollama"),
    of<OpenRouter>("openrouter"),
    of<Together>("together"),
    of<XAI>("xai"),
    of<Compatible<"bedrock">>("bedrock", false), // their other APIs have errors of their own
    of<Compatible<"gemini">>("gemini", false),
    of<Cerebras>("other/cerebras"),
    of<HuggingFace>("other/huggingface"),
    of<Perplexity>("other/perplexity"),
    of<Compatible<"alibaba">>("other/alibaba"),
    of<Compatible<"avian">>("other/avian"),
    of<Compatible<"crusoe">>("other/crusoe"),
    of<Compatible<"heroku">>("other/heroku"),
    of<VLLM>("other/local"),
    of<Compatible<"moonshot">>("other/moonshot"),
    of<Compatible<"snowflake">>("other/snowflake"),
    of<Compatible<"synthetic">>("other/synthetic"),
    of<Compatible<"vercel">>("other/vercel-gateway"),
    of<Compatible<"voyage">>("other/voyage"),
    of<Compatible<"zai">>("other/zai"),
    of<Compatible<"any">>("other"), // a vendor that nobody has listed yet
};

const Case* case_of(const RecordingEntry& entry) {
    const std::string detailed = entry.provider + "/" + entry.provider_detail;
    for (const Case& c : cases) {
        if (detailed == c.suite.provider || entry.provider == c.suite.provider) return &c;
    }
    return nullptr;
}
std::string row_of(const RecordingEntry& entry) {
    return (entry.provider == "other" ? entry.provider + "/" + entry.provider_detail : entry.provider) + " " +
           (entry.api == "chat"                                  ? "chat"
            : entry.api == "embeddings" || entry.api == "models" ? entry.api
                                                                 : "errors") +
           (entry.stream ? ", streamed" : "");
}

std::map<std::string, const Part*> kept_in(const Reply& reply) {
    std::map<std::string, const Part*> kept;
    for (const Part& part : reply.parts) {
        if (part.kind == Part::Kind::opaque && !part.detail->name.empty() && part.detail->name != "audio") {
            BOOST_TEST(!kept.contains(part.detail->name)); // each once
            kept[part.detail->name] = &part;
        }
    }
    return kept;
}

// Everything of an answer that a Reading has no place for.
void check_beside(const Reply& reply, const std::string& body, bool streamed) {
    const ChatBeside expected = beside_chat(body, streamed);
    const bool extras = static_cast<bool>(reply.extras);
    const std::size_t others = extras ? reply.extras->alternatives.size() : 0;
    BOOST_TEST_REQUIRE(others == expected.others.size());
    for (std::size_t i = 0; i < others; ++i) {
        const Reply& other = reply.extras->alternatives[i];
        BOOST_TEST(other.text() == expected.others[i].text);
        BOOST_TEST(reasoning_of(other) == expected.others[i].reasoning);
        BOOST_TEST((other.stop == expected.others[i].stop));
        same_calls(calls_of(other), expected.others[i].calls, false);
    }
    BOOST_TEST((extras ? reply.extras->service_tier : std::string()) == expected.tier);
    const std::string logprobs = extras ? reply.extras->logprobs : std::string();
    BOOST_TEST(logprobs.empty() == expected.probs.empty());
    if (!logprobs.empty()) {
        for (const auto& [name, elements] : expected.probs) {
            BOOST_TEST(test::at(test::parse(logprobs), name) == elements);
        }
    }
    auto kept = kept_in(reply);
    if (!expected.thoughts.empty()) {
        BOOST_TEST_REQUIRE(kept.contains("reasoning_details"));
        const bj::array elements = test::parse(kept.at("reasoning_details")->text).as_array();
        const ChatThoughts said = chat_thoughts_in({elements.begin(), elements.end()});
        BOOST_TEST((said == chat_thoughts_in(expected.thoughts)));
        BOOST_TEST(elements.size() == said.texts.size() + said.others.size()); // each in one piece
    }
    kept.erase("reasoning_details");
    BOOST_TEST(kept.size() == expected.kept.size());
    for (const auto& [name, value] : expected.kept) {
        BOOST_TEST_REQUIRE(kept.contains(name), name);
        BOOST_TEST(test::parse(kept.at(name)->text) == value);
    }
}

// OpenRouter says in a header of its own when a minute is over, in milliseconds since 1970.
void check_failure(const Suite& suite, RecordedResponse response) {
    const std::string reset = header(response, "x-ratelimit-reset");
    if (!reset.empty() && header(response, "x-ratelimit-remaining") == "0") {
        const auto fields = response.fields();
        const Error error =
            suite.decode_error(response.status, Headers(fields), response.body, now_of(response));
        const auto then = WallTime(std::chrono::milliseconds(std::stoll(reset)));
        BOOST_TEST_REQUIRE(error.detail().retry_after.has_value());
        BOOST_TEST((*error.detail().retry_after == then - now_of(response)));
        std::erase_if(response.headers,
                      [](const auto& line) { return iequals(line.first, "x-ratelimit-reset"); });
    }
    check_error(suite, errors, response);
}

void check(const Case& c, const RecordingEntry& entry, const RecordedResponse& response,
           std::mt19937& random) {
    if (response.status != 200) return check_failure(c.suite, response);
    if (entry.stream) {
        check_stream(c.suite, errors, response, random);
        const Outcome whole = c.suite.decode_stream(response.body, {response.body.size()});
        if (whole.ended) check_beside(whole.reply, response.body, true);
    } else {
        check_body(c.suite, errors, response, random);
        Reply reply;
        if (!c.suite.decode(response.body, reply)) check_beside(reply, response.body, false);
    }
}

// --- embeddings and models -------------------------------------------------------------------------

float float_at(const std::string& bytes, std::size_t at) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i)
        word += static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << 8 * i;
    float value = 0;
    std::memcpy(&value, &word, 4);
    return value;
}

std::string bytes_of(std::string_view base64) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bits, bytes;
    for (const char c : base64) {
        const std::size_t value = digits.find(c);
        for (int bit = 5; value != std::string_view::npos && bit >= 0; --bit)
            bits += value >> bit & 1 ? '1' : '0';
    }
    for (std::size_t i = 0; i + 8 <= bits.size(); i += 8)
        bytes += static_cast<char>(std::stoi(bits.substr(i, 8), nullptr, 2));
    return bytes;
}

void check_embeddings(const Case& c, const std::string& body, bool int8) {
    const bj::value whole = test::parse(body);
    Embeddings answer;
    const auto error = c.decode_embed(body, answer);
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    const bj::array& data = whole.at("data").as_array();
    BOOST_TEST_REQUIRE(answer.vectors.size() == data.size());
    for (const bj::value& element : data) {
        const std::vector<float>& vector = answer.vectors.at(count_at(element, "index"));
        const bj::value& embedding = element.at("embedding");
        std::vector<float> expected;
        if (embedding.is_string()) {
            const std::string bytes = bytes_of(test::string_of(embedding));
            for (std::size_t at = 0; at < bytes.size(); at += int8 ? 1 : 4)
                expected.push_back(int8 ? static_cast<float>(static_cast<signed char>(bytes[at]))
                                        : float_at(bytes, at));
        } else {
            for (const bj::value& number : embedding.as_array())
                expected.push_back(static_cast<float>(number.to_number<double>()));
        }
        BOOST_TEST((vector == expected));
    }
    BOOST_TEST(answer.model == test::string_of(test::at(whole, "model")));
    const bj::value& usage = test::at(whole, "usage");
    const std::uint64_t prompt = count_at(usage, "prompt_tokens");
    BOOST_TEST(answer.usage.input_tokens == (prompt != 0 ? prompt : count_at(usage, "total_tokens")));
    for (const std::size_t size : {std::size_t(0), body.size() / 3, body.find_last_of('}')}) {
        Embeddings cut;
        BOOST_TEST(c.decode_embed(std::string_view(body).substr(0, size), cut).has_value());
    }
}

void check_models(const Case& c, const std::string& body) {
    std::vector<ModelInfo> models;
    const auto error = c.decode_models(body, models);
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    const bj::value whole = test::parse(body);
    const bj::array& data = whole.at("data").as_array();
    BOOST_TEST_REQUIRE(models.size() == data.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
        BOOST_TEST(models[i].id == test::string_of(data[i].at("id")));
        BOOST_TEST(models[i].owner == test::string_of(test::at(data[i], "owned_by")));
        BOOST_TEST(models[i].max_context ==
                   count_at(data[i], "context_length") + count_at(data[i], "max_context_length"));
        BOOST_TEST(models[i].max_output ==
                   count_at(test::at(data[i], "top_provider"), "max_completion_tokens"));
    }
}

template <class Check>
void each(const char* what, const Recordings& recordings, Check&& check_one) {
    std::map<std::string, Tally> table;
    for (const RecordingEntry& entry : recordings.entries()) {
        const Case* c = case_of(entry);
        const Case openai = of<OpenAI>("openai");
        if (entry.provider == "openai" && std::string_view(what) != "chat") c = &openai;
        if (c == nullptr) continue;
        Tally& tally = table[row_of(entry)];
        const unsigned long before = failures();
        BOOST_TEST_CONTEXT(entry.id) {
            try {
                const std::string skipped = check_one(*c, entry);
                if (skipped == "-") continue;
                if (!skipped.empty()) {
                    ++tally.skipped[skipped];
                    continue;
                }
                ++tally.cases;
            } catch (const std::exception& failure) {
                ++tally.cases;
                BOOST_ERROR(entry.id << ": " << failure.what());
            }
        }
        tally.passed += failures() == before;
    }
    std::erase_if(table, [](const auto& row) { return row.second.cases == 0 && row.second.skipped.empty(); });
    print(table);
    for (const auto& [name, tally] : table) BOOST_TEST(tally.passed == tally.cases, name);
    BOOST_TEST(!table.empty());
}

std::optional<Recordings> opened() {
    auto recordings = Recordings::open();
    if (!recordings)
        std::cout << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl)\n";
    return recordings;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_answer_reads_as_it_says) {
    const auto recordings = opened();
    if (!recordings) return;
    std::mt19937 random(test::seed);
    each("chat", *recordings, [&](const Case& c, const RecordingEntry& entry) -> std::string {
        const bool chat = entry.api_detail == "chat.completions";
        if (!chat && (entry.status == 200 || !c.suite.all_errors)) return "-";
        check(c, entry, recordings->response(entry), random);
        return {};
    });
}

BOOST_AUTO_TEST_CASE(openais_answers_have_nothing_beside_them_unread) { // the rest: recorded.cpp
    const auto recordings = opened();
    if (!recordings) return;
    int cases = 0, with_extras = 0;
    for (const RecordingEntry& entry : recordings->entries()) {
        if (entry.provider != "openai" || entry.api_detail != "chat.completions" || entry.status != 200)
            continue;
        BOOST_TEST_CONTEXT(entry.id) {
            const std::string body = recordings->response(entry).body;
            Outcome got;
            if (entry.stream) {
                got = decode_stream<OpenAI::StreamDecoder>(body, {body.size()});
                if (!got.ended) continue; // an error inside, judged in recorded.cpp
            } else {
                BOOST_TEST_REQUIRE(!OpenAI::decode(body, got.reply).has_value());
            }
            check_beside(got.reply, body, entry.stream);
            with_extras += static_cast<bool>(got.reply.extras) || !kept_in(got.reply).empty();
            ++cases;
        }
    }
    std::printf(
        "  openai chat: %d answers, %d of them with other choices, log probabilities or annotations\n", cases,
        with_extras);
    BOOST_TEST(with_extras > 0);
}

BOOST_AUTO_TEST_CASE(embeddings_and_models_read_as_they_say) {
    const auto recordings = opened();
    if (!recordings) return;
    each("lists", *recordings, [&](const Case& c, const RecordingEntry& entry) -> std::string {
        const bool embeddings = entry.api_detail == "embeddings", models = entry.api_detail == "models";
        if ((!embeddings && !models) || entry.status != 200 || entry.provider == "gemini") return "-";
        const std::string body = recordings->response(entry).body;
        if (entry.provider == "ollama" && test::at(test::parse(body), "data").is_null())
            return "Ollama's own API";
        if (embeddings) BOOST_TEST_REQUIRE((c.decode_embed != nullptr));
        if (embeddings) {
            check_embeddings(c, body, entry.provider_detail == "perplexity");
        } else {
            check_models(c, body);
        }
        return {};
    });
}

BOOST_AUTO_TEST_SUITE_END()
