// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Every recording of Cohere's and Ollama's own APIs: chats, embeddings, models, errors; and the requests.
#include <boost/test/unit_test.hpp>

#include "recorded_suite.hpp"
#include "reference_cohere_ollama.hpp"

#include <baton/net/ndjson.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/ollama.hpp>

#include <filesystem>
#include <fstream>
#include <functional>

BOOST_AUTO_TEST_SUITE(recorded_cohere_ollama)

using namespace baton;
using namespace baton::test;

namespace {

// judged by reading them; Cohere's bodies have `error_type` and `message`, Ollama's `error` alone
const std::vector<JudgedError> errors = {
    {"cohere", 400, "", "", "too many tokens: size limit exceeded", Errc::context_overflow},
    {"cohere", 401, "", "", "invalid api token", Errc::auth},
    {"cohere", 404, "", "", "model 'command-r", Errc::not_found}, // "was removed on September 15, 2025"
    {"ollama", 400, "", "", "", Errc::context_overflow},          // "the input length exceeds the context"
    {"ollama", 400, "invalid_request_error", "", "invalid image input", Errc::invalid_request},
    {"ollama", 400, "invalid_request_error", "", "invalid message format", Errc::invalid_request},
    {"ollama", 401, "api_error", "", "Unauthorized", Errc::auth},
    {"ollama", 404, "", "", "", Errc::not_found}, // "model '...' not found"
};

// The answer's turn as the next request has it; one text is written as a string, which says the same.
template <class W>
bj::value turn_back(const Reply& reply) {
    bj::value message = sent_back<W>(reply).at("messages").at(1);
    bj::object& members = message.as_object();
    if (std::string_view(W::name) == "cohere" && at(message, "content").is_string()) {
        members["content"] = bj::array{bj::object{{"type", "text"}, {"text", message.at("content")}}};
    }
    return message;
}

template <class W>
void goes_back(const Reply& reply, const Reading& expected, const std::string&) {
    BOOST_TEST_REQUIRE(expected.blocks.size() == 1U);
    BOOST_TEST(turn_back<W>(reply) == expected.blocks[0]);
}

const std::vector<Suite> suites = {
    {"cohere", "cohere.v2.chat", read_cohere, read_cohere_stream, Cohere::decode,
     decode_stream<Cohere::StreamDecoder>, Cohere::decode_error, false, goes_back<Cohere>},
    {"ollama", "ollama.chat", read_ollama, read_ollama_stream, Ollama::decode,
     decode_stream<Ollama::StreamDecoder, net::NdjsonParser>, Ollama::decode_error, true, goes_back<Ollama>},
};

bj::value request_of(const RecordingEntry& entry, std::string& url) {
    const char* directory = std::getenv("BATON_RECORDINGS");
    const std::filesystem::path root = directory != nullptr ? directory : "../shared/wire";
    std::ifstream file(root / "cases" / entry.provider / (entry.id + ".json"), std::ios::binary);
    const bj::value whole = test::parse(std::string{std::istreambuf_iterator<char>(file), {}});
    url = string_of(at(at(whole, "request"), "url"));
    const bj::value& body = at(at(whole, "request"), "body");
    return body.is_string() ? test::parse(string_of(body)) : body;
}

// --- embeddings and models -------------------------------------------------------------------------

void check_vectors(const bj::array& expected, const Embeddings& got) {
    BOOST_TEST_REQUIRE(got.vectors.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const bj::array& numbers = expected[i].as_array();
        BOOST_TEST_REQUIRE(got.vectors[i].size() == numbers.size());
        for (std::size_t k = 0; k < numbers.size(); ++k) {
            BOOST_TEST(got.vectors[i][k] == static_cast<float>(numbers[k].to_number<double>()));
        }
    }
}

void check_cohere_embeddings(const RecordingEntry& entry, const std::string& body) {
    const bj::value whole = test::parse(body);
    Embeddings got;
    const auto error = Cohere::decode_embed(body, got);
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    check_vectors(whole.at("embeddings").at("float").as_array(), got);
    BOOST_TEST(got.usage.reported);
    BOOST_TEST(got.usage.input_tokens == count_at(at(at(whole, "meta"), "billed_units"), "input_tokens"));
    // and the request that was answered
    std::string url, path, headers, out;
    const bj::value asked = request_of(entry, url);
    EmbedRequest request;
    for (const bj::value& text : asked.at("texts").as_array()) request.inputs.push_back(string_of(text));
    request.purpose = at(asked, "input_type") == "search_query" ? EmbedRequest::Purpose::query
                                                                : EmbedRequest::Purpose::document;
    if (at(asked, "output_dimension").is_number())
        request.dimensions = at(asked, "output_dimension").to_number<std::uint32_t>();
    if (at(asked, "truncate").is_string()) request.extra = R"({"truncate":"NONE"})";
    Target target;
    target.model = string_of(at(asked, "model"));
    BOOST_TEST(!Cohere::encode_embed(request, target, wire::Outgoing{path, headers, out}));
    bj::object expected;
    for (const auto& [name, value] : asked.as_object()) {
        if (!value.is_null()) expected[name] = value;
    }
    expected["embedding_types"] = bj::array{"float"}; // the older SDK left the default
    BOOST_TEST(test::parse(out) == expected);
    BOOST_TEST(url.ends_with(path));
}

void check_ollama_embeddings(const RecordingEntry& entry, const std::string& body) {
    const bj::value whole = test::parse(body);
    Embeddings got;
    const auto error = Ollama::decode_embed(body, got);
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    std::string url, path, headers, out;
    const bj::value asked = request_of(entry, url);
    if (url.ends_with("/api/embeddings")) { // the older endpoint: its answer is understood, too
        check_vectors(bj::array{whole.at("embedding")}, got);
        BOOST_TEST(!got.usage.reported);
        return;
    }
    check_vectors(whole.at("embeddings").as_array(), got);
    BOOST_TEST(got.model == string_of(at(whole, "model")));
    BOOST_TEST(got.usage.input_tokens == count_at(whole, "prompt_eval_count"));
    EmbedRequest request;
    bj::value input = asked.at("input");
    if (input.is_string()) input = bj::array{input}; // one text as itself: the same
    for (const bj::value& text : input.as_array()) request.inputs.push_back(string_of(text));
    if (at(asked, "options").is_object())
        request.extra = bj::serialize(bj::object{{"options", at(asked, "options")}});
    Target target;
    target.model = string_of(at(asked, "model"));
    BOOST_TEST(!Ollama::encode_embed(request, target, wire::Outgoing{path, headers, out}));
    bj::object expected = asked.as_object();
    expected["input"] = input;
    BOOST_TEST(test::parse(out) == expected);
    BOOST_TEST(url.ends_with(path));
}

void check_cohere_models(const std::string& body) {
    std::vector<ModelInfo> models;
    BOOST_TEST_REQUIRE(!Cohere::decode_models(body, models));
    const bj::value whole = test::parse(body);
    const bj::array& expected = whole.at("models").as_array();
    BOOST_TEST_REQUIRE(models.size() == expected.size());
    for (std::size_t i = 0; i < models.size(); ++i) {
        BOOST_TEST(models[i].id == string_of(at(expected[i], "name")));
        BOOST_TEST(models[i].max_context == count_at(expected[i], "context_length"));
        BOOST_TEST(models[i].max_context <= Cohere::capabilities.max_context);
    }
}

// --- requests --------------------------------------------------------------------------------------

// What differs in spelling only, and what the recorded program sent without need.
bj::value plain(const bj::value& value) {
    if (value.is_number()) return value.to_number<double>();
    if (value.is_array()) {
        bj::array out;
        for (const bj::value& element : value.get_array()) out.push_back(plain(element));
        return out;
    }
    if (!value.is_object()) return value;
    bj::object out;
    for (const auto& [name, member] : value.get_object()) {
        if (!member.is_null()) out[name] = plain(member);
    }
    return out;
}

struct Rebuilt {
    Request request;
    Target target;
    bool stream = false;
    std::set<std::string> reasons; // why the result may differ

    Rebuilt(const bj::object& recorded, bool cohere) : cohere_(cohere) {
        bj::object extra;
        for (const auto& [name, value] : recorded) {
            if (!value.is_null() && !member(std::string(name), value)) extra[name] = value;
        }
        if (!extra.empty()) request.extra = bj::serialize(extra);
    }

private:
    bool cohere_;

    bool member(const std::string& name, const bj::value& value) {
        if (name == "model") return target.model = string_of(value), true;
        if (name == "stream") return stream = value == true, true;
        if (name == "messages") {
            for (const bj::value& message : value.as_array()) add(message);
            return true;
        }
        if (name == "tools") {
            for (const bj::value& tool : value.as_array()) {
                const bj::value& function = at(tool, "function");
                request.tools.emplace_back(string_of(at(function, "name")),
                                           string_of(at(function, "description")),
                                           bj::serialize(at(function, "parameters")));
            }
            return true;
        }
        if (cohere_) {
            if (name == "temperature") return request.temperature = value.to_number<double>(), true;
            if (name == "p") return request.top_p = value.to_number<double>(), true;
            if (name == "max_tokens") return request.max_tokens = value.to_number<std::uint32_t>(), true;
            if (name == "tool_choice" && value == "REQUIRED")
                return request.tool_choice = ToolChoice(ToolChoice::Mode::required), true;
            if (name == "stop_sequences") {
                for (const bj::value& word : value.as_array()) request.stop.push_back(string_of(word));
                return true;
            }
            if (name == "response_format" && at(value, "json_schema").is_object()) {
                request.response_format = ResponseFormat("", bj::serialize(at(value, "json_schema")), true);
                return true;
            }
            return false; // thinking: {"type":"enabled"} is a default that we have no word for
        }
        if (name == "format" && value == "json")
            return request.response_format = ResponseFormat(ResponseFormat::Kind::json_object), true;
        if (name == "format" && value == "") return true; // none
        if (name != "options") return false;
        bj::object rest = value.as_object();
        if (rest.contains("temperature")) request.temperature = rest["temperature"].to_number<double>();
        if (rest.contains("seed")) request.seed = rest["seed"].to_number<std::int64_t>();
        rest.erase("temperature");
        rest.erase("seed");
        return rest.empty();
    }

    void add(const bj::value& recorded) {
        Message message;
        const std::string role = string_of(at(recorded, "role"));
        message.role = role == "system" ? Role::system
                       : role == "user" ? Role::user
                       : role == "tool" ? Role::tool
                                        : Role::assistant;
        const bj::value& content = at(recorded, "content");
        if (role == "tool") {
            Part::Detail detail;
            detail.id = string_of(at(recorded, "tool_call_id"));
            if (content.is_array()) reasons.insert("a tool's result as documents");
            if (!cohere_ && at(recorded, "tool_name").is_null())
                reasons.insert("a tool's result that does not name the tool (an older server's)");
            message.parts.emplace_back(Part::Kind::tool_result, string_of(content), detail);
            request.messages.push_back(std::move(message));
            return;
        }
        if (content.is_string() && (role != "assistant" || content != ""))
            message.parts.emplace_back(string_of(content));
        if (content.is_array()) {
            for (const bj::value& element : content.get_array()) {
                const std::string url = string_of(at(at(element, "image_url"), "url"));
                if (const std::size_t comma = url.find(";base64,"); comma != std::string::npos) {
                    message.parts.push_back(image_data(url.substr(comma + 8), url.substr(5, comma - 5)));
                } else {
                    message.parts.emplace_back(string_of(at(element, "text")));
                }
            }
        }
        if (at(recorded, "images").is_array()) {
            for (const bj::value& image : at(recorded, "images").get_array())
                message.parts.push_back(image_data(string_of(image), "image/png"));
        }
        if (at(recorded, "tool_calls").is_array()) {
            for (const bj::value& call : at(recorded, "tool_calls").get_array()) {
                Part::Detail detail;
                detail.id = string_of(at(call, "id"));
                detail.name = string_of(at(at(call, "function"), "name"));
                const bj::value& arguments = at(at(call, "function"), "arguments");
                message.parts.emplace_back(
                    Part::Kind::tool_call,
                    arguments.is_string() ? string_of(arguments) : bj::serialize(arguments), detail);
            }
        }
        if (role == "assistant" && message.parts.empty()) reasons.insert("a turn that says nothing");
        request.messages.push_back(std::move(message));
    }
};

// The same request in one spelling: one text as a string, members that say nothing left out.
bj::value in_one_spelling(const bj::value& request, bool cohere) {
    bj::object out = plain(request).as_object();
    if (at(out, "stream") == false) out.erase("stream");
    if (at(out, "tools") == bj::array()) out.erase("tools");
    if (at(out, "options") == bj::object()) out.erase("options");
    if (at(out, "format") == "") out.erase("format");
    for (bj::value& message : out["messages"].as_array()) {
        bj::object& members = message.as_object();
        const bj::value content = at(message, "content");
        const bool assistant = at(message, "role") == "assistant";
        if (const bj::array* elements = content.if_array(); elements != nullptr && elements->size() == 1) {
            const bj::value& only = (*elements)[0];
            if (at(only, "type") == "text") members["content"] = at(only, "text");
        }
        if (assistant && (at(message, "content") == "" || content.is_null())) members.erase("content");
        if (cohere) continue;
        if (bj::value* calls = members.if_contains("tool_calls")) {
            for (bj::value& call : calls->as_array()) call.as_object().erase("type");
        }
    }
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_recording_reads_as_it_says) { run_suites(suites, errors); }

BOOST_AUTO_TEST_CASE(embeddings_and_models) {
    const auto recordings = Recordings::open();
    if (!recordings) {
        std::cout << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl)\n";
        return;
    }
    std::map<std::string, Tally> table;
    for (const RecordingEntry& entry : recordings->entries()) {
        const bool cohere = entry.provider == "cohere";
        if ((!cohere && entry.provider != "ollama") || entry.status != 200) continue;
        if (entry.api_detail == "cohere.v2.chat" || entry.api_detail == "ollama.chat") continue;
        Tally& tally = table[entry.provider + " " + entry.api_detail];
        const bool embeddings = entry.api_detail == "embeddings";
        if (!embeddings && entry.api_detail != "models") {
            const bool another = entry.api_detail == "chat.completions";
            ++tally.skipped[another ? "read by recorded_chat" : "an API out of scope"];
            continue;
        }
        std::string url;
        request_of(entry, url);
        if (url.ends_with("/v1/embeddings")) {
            ++tally.skipped["the OpenAI-compatible door"];
            continue;
        }
        const unsigned long before = failures();
        ++tally.cases;
        BOOST_TEST_CONTEXT(entry.id) {
            try {
                const std::string body = recordings->response(entry).body;
                if (!embeddings) {
                    check_cohere_models(body);
                } else if (cohere) {
                    check_cohere_embeddings(entry, body);
                } else {
                    check_ollama_embeddings(entry, body);
                }
            } catch (const std::exception& failure) {
                BOOST_ERROR(entry.id << ": " << failure.what());
            }
        }
        tally.passed += failures() == before;
    }
    print(table);
    for (const auto& [name, tally] : table) BOOST_TEST(tally.passed == tally.cases, name);
}

BOOST_AUTO_TEST_CASE(requests_are_rebuilt) {
    const auto recordings = Recordings::open();
    if (!recordings) return;
    struct Row {
        int cases = 0, same = 0;
        std::map<std::string, int> reasons;
    };
    std::map<std::string, Row> table;
    for (const RecordingEntry& entry : recordings->entries()) {
        if (entry.api_detail != "cohere.v2.chat" && entry.api_detail != "ollama.chat") continue;
        const bool cohere = entry.provider == "cohere";
        std::string url;
        const bj::value recorded = request_of(entry, url);
        if (!recorded.is_object()) continue; // a fixture: the answer alone was kept
        Row& row = table[entry.provider];
        ++row.cases;
        BOOST_TEST_CONTEXT(entry.id) {
            Rebuilt again(recorded.as_object(), cohere);
            if (!cohere && at(recorded, "stream").is_null()) again.stream = true; // its default
            const Draft draft(again.request);
            std::string path, headers, body;
            const wire::Outgoing out{path, headers, body};
            const auto error = cohere ? Cohere::encode(draft, again.target, again.stream, out)
                                      : Ollama::encode(draft, again.target, again.stream, out);
            BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
            BOOST_TEST(url.ends_with(path));
            bj::value sent = test::parse(body);
            if (!cohere && at(recorded, "stream").is_null()) sent.as_object().erase("stream");
            const bj::value expected = in_one_spelling(recorded, cohere);
            const bj::value got = in_one_spelling(sent, cohere);
            if (got == expected) {
                ++row.same;
                continue;
            }
            BOOST_TEST(!again.reasons.empty(), bj::serialize(expected) << "\n" << bj::serialize(got));
            for (const std::string& reason : again.reasons) ++row.reasons[reason];
        }
    }
    for (const auto& [name, row] : table) {
        std::printf("  %-20s %4d requests %4d written as recorded\n", name.c_str(), row.cases, row.same);
        for (const auto& [reason, count] : row.reasons) std::printf("    %4d %s\n", count, reason.c_str());
        BOOST_TEST(row.same * 10 >= row.cases * 6, name); // a reason is the exception
    }
    std::fflush(stdout);
}

BOOST_AUTO_TEST_SUITE_END()
