// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Recorded traffic of the Gemini API and of Vertex AI.
#include <boost/test/unit_test.hpp>

#include "recorded_suite.hpp"
#include "reference_gemini.hpp"

#include <baton/wire/anthropic.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/vertex.hpp>

#include <cmath>
#include <fstream>

BOOST_AUTO_TEST_SUITE(recorded_gemini)

using namespace baton;
using namespace baton::test;

namespace {

// Google has no type, and its code is the HTTP status: the message decides.
const std::vector<JudgedError> errors = {
    {"gemini", 400, "", "400", "The input token count", Errc::context_overflow},
    {"gemini", 400, "", "400", "API key not valid", Errc::auth},
    {"gemini", 400, "", "400", "User location is not supported", Errc::permission},
    {"gemini", 400, "", "400", "Invalid JSON payload received", Errc::invalid_request},
    {"gemini", 400, "", "400", "Cannot fetch content from the provided URL", Errc::invalid_request},
    {"gemini", 400, "", "400", "Invalid CachedContent name", Errc::invalid_request},
    {"gemini", 400, "", "400", "Unable to submit request because it has a temp", Errc::invalid_request},
    {"gemini", 400, "", "400", "Please use a valid role", Errc::invalid_request},
    {"gemini", 400, "", "400", "Request contains an invalid argument", Errc::invalid_request},
    {"gemini", 400, "", "", "[", Errc::invalid_request}, // in a list, with a comma too many
    {"gemini", 401, "", "401", "API keys are not supported by this API", Errc::auth},
    {"gemini", 403, "", "403", "Generative Language API has not been used", Errc::permission},
    {"gemini", 403, "", "403", "Vertex AI in Firebase API has not been used", Errc::permission},
    {"gemini", 403, "", "403", "Permission 'aiplatform.endpoints.predict' denied", Errc::permission},
    {"gemini", 404, "", "404", "models/", Errc::not_found},
    {"gemini", 404, "", "404", "Not found: cache content metadata", Errc::not_found},
    {"gemini", 404, "", "", "<!DOCTYPE html>", Errc::not_found},
    // all three give a limit per minute, or none: rate limits, "quota" or not
    {"gemini", 429, "", "429", "Resource exhausted. Please try again later", Errc::rate_limited},
    {"gemini", 429, "", "429", "Resource has been exhausted", Errc::rate_limited},
    {"gemini", 429, "", "429", "You exceeded your current quota", Errc::rate_limited},
    {"gemini", 429, "", "429", "Quota exceeded for quota metric", Errc::rate_limited},
    {"gemini", 429, "", "too_many_requests", "Resource has been exhausted", Errc::rate_limited},
    {"gemini", 500, "", "500", "An internal error has occurred", Errc::transient},
    {"gemini", 503, "", "503", "The model is overloaded", Errc::transient},
    {"gemini", 200, "", "499", "The operation was cancelled", Errc::transient},
    {"gemini", 200, "the prompt was blocked", "", "", Errc::content_filtered},
    {"gemini", 200, "not an answer", "", "", Errc::protocol},
};

// The parts go back as they came, and reading what was sent gives the same again.
template <class W>
void gemini_goes_back(const Reply& reply, const Reading& expected, const std::string&) {
    const bj::value request = sent_back<W>(reply);
    const bj::array& contents = request.at("contents").as_array();
    if (expected.blocks.empty()) {
        BOOST_TEST(contents.size() == 2u);
        return;
    }
    BOOST_TEST_REQUIRE(contents.size() == 3u);
    BOOST_TEST(contents[1].at("role").as_string() == "model");
    const bj::array& sent = contents[1].at("parts").as_array();
    BOOST_TEST_REQUIRE(sent.size() == expected.blocks.size());
    for (std::size_t i = 0; i < sent.size(); ++i) BOOST_TEST(sent[i] == expected.blocks[i]);

    const bj::object answer{
        {"candidates", bj::array{bj::object{{"content", contents[1]}, {"finishReason", "STOP"}}}}};
    Reply again;
    const auto error = W::decode(bj::serialize(answer), again);
    BOOST_TEST_REQUIRE(!error);
    BOOST_TEST(sent_back<W>(again) == request);
}

void anthropic_goes_back(const Reply& reply, const Reading& expected, const std::string&) {
    const bj::value request = sent_back<Anthropic>(reply);
    const bj::array blocks = without_nothings(expected.blocks);
    BOOST_TEST(request.at("messages").as_array().at(1).at("content").as_array() == blocks);
}

template <class W>
constexpr Suite suite_of(const char* api) {
    return {"gemini",
            api,
            read_gemini,
            read_gemini_stream,
            W::decode,
            decode_stream<typename W::StreamDecoder>,
            W::decode_error,
            true,
            gemini_goes_back<W>,
            true};
}
const Suite gemini_api = suite_of<Gemini>("");
const Suite vertex = suite_of<Vertex>("");
const Suite claude = {"gemini",
                      "",
                      read_anthropic,
                      read_anthropic_stream,
                      Anthropic::decode,
                      decode_stream<Anthropic::StreamDecoder>,
                      Anthropic::decode_error,
                      true,
                      anthropic_goes_back};

// --- other endpoints -------------------------------------------------------------------------------

void same_vector(const std::vector<float>& got, const bj::value& expected) {
    const bj::array& values = expected.as_array();
    BOOST_TEST_REQUIRE(got.size() == values.size());
    for (std::size_t i = 0; i < got.size(); ++i) BOOST_TEST(got[i] == values[i].to_number<float>());
}

template <class W>
void check_embeddings(const RecordedResponse& response) {
    Embeddings answer;
    const auto error = W::decode_embed(response.body, answer);
    BOOST_TEST_REQUIRE(!error);
    const bj::value whole = test::parse(response.body);
    std::uint64_t tokens = count_at(test::at(whole, "usageMetadata"), "promptTokenCount");
    bj::array expected;
    if (const bj::value& list = test::at(whole, "embeddings"); list.is_array()) expected = list.as_array();
    if (const bj::value& one = test::at(whole, "embedding"); one.is_object()) expected.push_back(one);
    if (const bj::value& list = test::at(whole, "predictions"); list.is_array()) {
        for (const bj::value& prediction : list.as_array()) {
            expected.push_back(prediction.at("embeddings"));
            tokens += count_at(prediction.at("embeddings").at("statistics"), "token_count");
        }
    }
    BOOST_TEST_REQUIRE(answer.vectors.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
        same_vector(answer.vectors[i], expected[i].at("values"));
    BOOST_TEST(answer.usage.input_tokens == tokens);
    BOOST_TEST(answer.usage.reported == (tokens != 0));
}

template <class W>
void check_count(const RecordedResponse& response) {
    std::uint64_t tokens = 0;
    const auto error = W::decode_count(response.body, tokens);
    BOOST_TEST_REQUIRE(!error);
    BOOST_TEST(tokens == count_at(test::parse(response.body), "totalTokens"));
}

template <class W>
void check_models(const RecordedResponse& response, std::string_view list, std::string_view prefix) {
    std::vector<ModelInfo> models;
    const auto error = W::decode_models(response.body, models);
    BOOST_TEST_REQUIRE(!error);
    const bj::value whole = test::parse(response.body);
    const bj::array& expected = whole.at(std::string(list)).as_array();
    BOOST_TEST_REQUIRE(models.size() == expected.size());
    for (std::size_t i = 0; i < models.size(); ++i) {
        const std::string name = string_of(expected[i].at("name"));
        BOOST_TEST(models[i].id == (name.starts_with(prefix) ? name.substr(prefix.size()) : name));
        BOOST_TEST(models[i].max_context == count_at(expected[i], "inputTokenLimit"));
        BOOST_TEST(models[i].max_output == count_at(expected[i], "outputTokenLimit"));
    }
}

// --- streams ---------------------------------------------------------------------------------------

// How many events say that they are the last. Where it is not one, a cut between events cannot be seen.
int finishes(const std::string& body) {
    int count = 0;
    for (const auto& [type, data] : plain_events(body)) {
        const bj::value event = test::parse(data);
        if (const bj::value& list = test::at(event, "candidates");
            list.is_array() && !list.as_array().empty())
            count += !test::at(list.as_array()[0], "finishReason").is_null();
    }
    return count;
}

void check_gemini_stream(const Suite& suite, const RecordedResponse& response, std::mt19937& random) {
    const std::string& body = response.body;
    if (finishes(body) <= 1) return check_stream(suite, errors, response, random);
    const Reading expected = read_gemini_stream(body);
    std::vector<std::size_t> every(body.size());
    for (std::size_t i = 0; i < every.size(); ++i) every[i] = i + 1;
    check_outcome(suite, errors, suite.decode_stream(body, {body.size()}), expected);
    check_outcome(suite, errors, suite.decode_stream(body, every), expected);
    for (int i = 0; i < 20; ++i) {
        const std::size_t size = std::uniform_int_distribution<std::size_t>(0, body.size() - 1)(random);
        check_outcome(suite, errors, suite.decode_stream(body, {size, body.size()}), expected);
        BOOST_TEST(expected.text.starts_with(suite.decode_stream(body, {size}).text));
    }
}

void check_list(const Suite& suite, const RecordedResponse& response) {
    const Reading expected = read_gemini(response.body);
    Reply reply;
    const auto error = suite.decode(response.body, reply);
    BOOST_TEST_REQUIRE(!error);
    same_reply(reply, expected, true);
    suite.goes_back(reply, expected, {});
}

std::string skipped(const RecordingEntry& entry) {
    const std::string& api = entry.api_detail;
    if (entry.status != 200) return {};
    if (api == "gemini.interactions") return "the Interactions API is another dialect";
    if (api == "chat.completions") return "OpenAI's dialect, tested with it";
    return {};
}

template <class W>
void check_endpoint(const RecordingEntry& entry, const RecordedResponse& response, const Suite& suite,
                    std::mt19937& random) {
    const std::string& api = entry.api_detail;
    if (response.status != 200) {
        check_error(suite, errors, response);
    } else if (api == "rawPredict") {
        check_body(claude, {}, response, random);
    } else if (api == "streamRawPredict") {
        check_stream(claude, {}, response, random);
    } else if (api == "batchEmbedContents" || api == "embedContent" || api == "predict") {
        check_embeddings<W>(response);
    } else if (api == "countTokens") {
        check_count<W>(response);
    } else if (api == "models") {
        check_models<W>(response, entry.provider_detail == "vertex" ? "publisherModels" : "models",
                        entry.provider_detail == "vertex" ? "publishers/google/models/" : "models/");
    } else if (entry.framing == "json_array") {
        check_list(suite, response);
    } else if (entry.stream) {
        check_gemini_stream(suite, response, random);
    } else {
        check_body(suite, errors, response, random);
    }
}

// --- requests, rebuilt -----------------------------------------------------------------------------

bj::value request_of(const RecordingEntry& entry, std::string& url) {
    const char* directory = std::getenv("BATON_RECORDINGS");
    const std::string root = directory != nullptr ? directory : "../shared/wire";
    std::ifstream file(root + "/cases/" + entry.provider + "/" + entry.id + ".json", std::ios::binary);
    const bj::value whole = test::parse(std::string{std::istreambuf_iterator<char>(file), {}});
    const bj::value& request = whole.at("request");
    url = string_of(test::at(request, "url"));
    const bj::value& body = test::at(request, "body");
    if (!body.is_string()) return body;
    boost::system::error_code ignored;
    return bj::parse(body.as_string(), ignored);
}

// Both spellings of protobuf's JSON as one, numbers as one kind, and what means nothing left out.
bj::value plain(const bj::value& value, bool names = true) {
    if (value.is_number()) return value.to_number<double>();
    if (value.is_array()) {
        bj::array out;
        for (const bj::value& element : value.get_array()) out.push_back(plain(element, names));
        return out;
    }
    if (!value.is_object()) return value;
    bj::object out;
    for (const auto& [key, member] : value.get_object()) {
        std::string name(key);
        for (std::size_t i = 0; names && (i = name.find('_', i)) != name.npos;) {
            name.erase(i, 1);
            if (i < name.size()) name[i] = static_cast<char>(std::toupper(name[i]));
        }
        if (names && name == "parameters") name = "parametersJsonSchema"; // the newer name of the two
        const bool inside = names && name != "args" && name != "response" && name != "parametersJsonSchema" &&
                            name != "responseJsonSchema" && name != "responseSchema";
        out[name] = plain(member, inside);
    }
    return out;
}

bj::value without_defaults(bj::value request) {
    bj::object& top = request.as_object();
    if (bj::value* system = top.if_contains("systemInstruction")) system->as_object().erase("role");
    for (bj::value& turn : top.at("contents").as_array()) {
        bj::object& content = turn.as_object();
        if (!content.contains("role") || content["role"] == "function") content["role"] = "user";
    }
    if (bj::value* config = top.if_contains("generationConfig")) {
        bj::object& members = config->as_object();
        if (bj::value* thinking =
                members.if_contains("thinkingConfig")) { // names of an enum go in either case
            std::string level = string_of(test::at(*thinking, "thinkingLevel"));
            for (char& c : level) c = static_cast<char>(std::tolower(c));
            if (!level.empty()) thinking->as_object()["thinkingLevel"] = level;
        }
        if (bj::value* stop = members.if_contains("stopSequences"); stop && stop->as_array().empty())
            members.erase("stopSequences");
        if (members.empty()) top.erase("generationConfig");
    }
    if (bj::value* tools = top.if_contains("tools")) {
        if (tools->is_object()) *tools = bj::array{*tools}; // protobuf takes one for a list
        for (bj::value& tool : tools->as_array()) {
            if (!test::at(tool, "functionDeclarations").is_array()) continue;
            for (bj::value& function : tool.as_object()["functionDeclarations"].as_array()) {
                if (string_of(test::at(function, "description")).empty())
                    function.as_object().erase("description");
            }
        }
        if (tools->as_array().empty()) top.erase("tools");
    }
    return request;
}

Part part_of(const bj::value& json, const char* vendor) {
    Part::Detail detail;
    detail.signature = string_of(test::at(json, "thoughtSignature"));
    const auto of = [&](Part::Kind kind, std::string text) {
        if (!detail.signature.empty() || kind == Part::Kind::thinking) detail.vendor = vendor;
        return Part(kind, std::move(text), detail);
    };
    if (const bj::value& call = test::at(json, "functionCall"); call.is_object()) {
        detail.id = string_of(test::at(call, "id"));
        detail.name = string_of(test::at(call, "name"));
        return of(Part::Kind::tool_call, bj::serialize(test::at(call, "args")));
    }
    if (const bj::value& answer = test::at(json, "functionResponse");
        answer.is_object() && answer.as_object().size() <= 3 && !answer.as_object().contains("parts")) {
        detail.id = string_of(test::at(answer, "id"));
        detail.name = string_of(test::at(answer, "name"));
        return of(Part::Kind::tool_result, bj::serialize(test::at(answer, "response")));
    }
    for (const char* kind : {"inlineData", "fileData"}) {
        const bj::value& media = test::at(json, kind);
        if (!media.is_object() || json.as_object().size() != 1) continue;
        const std::string type = string_of(test::at(media, "mimeType"));
        const Part::Kind what = type.starts_with("image/") ? Part::Kind::image : Part::Kind::document;
        if (kind[0] == 'f') return of(what, string_of(test::at(media, "fileUri")));
        detail.media_type = type;
        return of(what, string_of(test::at(media, "data")));
    }
    if (!test::at(json, "text").is_string()) return of(Part::Kind::opaque, bj::serialize(json));
    const bool thought = test::at(json, "thought").is_bool();
    return of(thought ? Part::Kind::thinking : Part::Kind::text, string_of(test::at(json, "text")));
}

// The request as our vocabulary says it; what it has no word for goes through `extra`.
Request rebuilt(bj::object top, const char* vendor) {
    Request out;
    const auto take = [](bj::object& from, const char* name) {
        bj::value value;
        if (bj::value* found = from.if_contains(name)) value = std::move(*found);
        from.erase(name);
        return value;
    };
    const auto message = [&](Role role, const bj::value& content) {
        Message& added = out.messages.emplace_back();
        added.role = role;
        for (const bj::value& part : content.at("parts").as_array())
            added.parts.push_back(part_of(part, vendor));
    };
    if (const bj::value system = take(top, "systemInstruction"); system.is_object())
        message(Role::system, system);
    const bj::value contents = take(top, "contents");
    for (const bj::value& content : contents.as_array()) {
        const bool model = test::at(content, "role") == "model";
        message(model ? Role::assistant : Role::user, content);
    }
    bj::array other_tools;
    if (const bj::value tools = take(top, "tools"); tools.is_array()) {
        for (const bj::value& tool : tools.as_array()) {
            const bj::value& functions = test::at(tool, "functionDeclarations");
            if (!functions.is_array()) other_tools.push_back(tool);
            if (!functions.is_array()) continue;
            for (const bj::value& f : functions.as_array()) {
                const bj::value& schema = test::at(f, "parametersJsonSchema");
                out.tools.emplace_back(string_of(test::at(f, "name")), string_of(test::at(f, "description")),
                                       schema.is_object() ? bj::serialize(schema) : "");
            }
        }
    }
    if (!other_tools.empty()) top["tools"] = other_tools;
    if (const bj::value* config = top.if_contains("toolConfig")) {
        if (*config == test::parse(R"({"functionCallingConfig":{"mode":"AUTO"}})")) {
            out.tool_choice = ToolChoice(ToolChoice::Mode::automatic);
            top.erase("toolConfig");
        }
    }
    if (bj::value* config = top.if_contains("generationConfig")) {
        bj::object& g = config->as_object();
        const auto number = [&](const char* name, auto& to) {
            using T = typename std::decay_t<decltype(to)>::value_type;
            if (const bj::value value = take(g, name); value.is_number())
                to = static_cast<T>(value.as_double());
        };
        number("temperature", out.temperature);
        number("topP", out.top_p);
        number("maxOutputTokens", out.max_tokens);
        number("seed", out.seed);
        Tuning tuning;
        number("topK", tuning.top_k);
        number("frequencyPenalty", tuning.frequency_penalty);
        number("presencePenalty", tuning.presence_penalty);
        if (const bj::value stop = take(g, "stopSequences"); stop.is_array()) {
            for (const bj::value& word : stop.as_array()) out.stop.push_back(string_of(word));
        }
        if (g.contains("responseMimeType") && g["responseMimeType"] == "application/json") {
            g.erase("responseMimeType");
            const bj::value schema = take(g, "responseJsonSchema");
            out.response_format = schema.is_object() ? ResponseFormat("", bj::serialize(schema), true)
                                                     : ResponseFormat(ResponseFormat::Kind::json_object);
        }
        if (bj::value* thinking = g.if_contains("thinkingConfig")) {
            bj::object& t = thinking->as_object();
            if (t.contains("includeThoughts") && t["includeThoughts"] == true && t.size() == 2) {
                t.erase("includeThoughts");
                if (const bj::value budget = take(t, "thinkingBudget"); budget.is_number())
                    tuning.reasoning_tokens = static_cast<std::uint32_t>(budget.as_double());
                tuning.reasoning_effort = string_of(take(t, "thinkingLevel"));
                for (char& c : tuning.reasoning_effort) c = static_cast<char>(std::tolower(c));
                g.erase("thinkingConfig");
            }
        }
        out.tuning = std::move(tuning);
        if (g.empty()) top.erase("generationConfig");
    }
    if (!top.empty()) out.extra = bj::serialize(top);
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_recording_reads_as_it_says) {
    const auto recordings = Recordings::open();
    if (!recordings) {
        std::cout << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl); about "
                     "280 cases\n";
        return;
    }
    std::map<std::string, Tally> table;
    std::mt19937 random(test::seed);
    for (const RecordingEntry& entry : recordings->entries()) {
        if (entry.provider != "gemini") continue;
        const RecordedResponse response = recordings->response(entry);
        const bool list = entry.status == 200 && entry.framing == "json_array";
        Tally& tally = table[entry.provider_detail + " " +
                             (response.status != 200 ? std::string("errors") : entry.api_detail) +
                             (list ? " (a list)" : "")];
        if (const std::string reason = skipped(entry); !reason.empty()) {
            ++tally.skipped[reason];
            continue;
        }
        const unsigned long before = failures();
        ++tally.cases;
        BOOST_TEST_CONTEXT(entry.id) {
            try {
                if (entry.provider_detail == "vertex") {
                    check_endpoint<Vertex>(entry, response, vertex, random);
                } else {
                    check_endpoint<Gemini>(entry, response, gemini_api, random);
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

// What Google says of a candidate's safety is the last list that its responses have.
BOOST_AUTO_TEST_CASE(safety_ratings_are_kept) {
    const auto recordings = Recordings::open();
    if (!recordings) return;
    int rated = 0;
    for (const RecordingEntry& entry : recordings->entries()) {
        const bool stream = entry.api_detail == "streamGenerateContent";
        if (entry.provider != "gemini" || entry.status != 200 || (stream && entry.framing != "sse") ||
            (!stream && entry.api_detail != "generateContent")) {
            continue;
        }
        const std::string body = recordings->response(entry).body;
        std::vector<bj::value> responses;
        boost::system::error_code broken;
        if (!stream) responses.push_back(bj::parse(body, broken));
        for (const auto& [type, data] : stream ? plain_events(body) : decltype(plain_events(body)){})
            responses.push_back(bj::parse(data, broken));
        bj::value last;
        for (const bj::value& response : responses) {
            const bj::value& candidates = test::at(response, "candidates");
            if (!candidates.is_array() || candidates.get_array().empty()) continue;
            const bj::value& ratings = test::at(candidates.get_array()[0], "safetyRatings");
            if (ratings.is_array() && !ratings.get_array().empty()) last = ratings;
        }
        Reply reply;
        if (stream) {
            const Outcome got = decode_stream<Gemini::StreamDecoder>(body, {body.size()});
            if (!got.ended) continue;
            reply = got.reply;
        } else if (Gemini::decode(body, reply)) {
            continue;
        }
        const auto kept = std::find_if(reply.parts.begin(), reply.parts.end(), [](const Part& part) {
            return part.kind == Part::Kind::opaque && part.detail->name == "safetyRatings";
        });
        BOOST_TEST_CONTEXT(entry.id) {
            BOOST_TEST((kept != reply.parts.end()) == !last.is_null());
            if (kept != reply.parts.end()) BOOST_TEST(test::parse(kept->text) == last);
        }
        rated += !last.is_null();
    }
    if (recordings->ours()) BOOST_TEST(rated > 0);
    std::cout << "  gemini: " << rated << " answers with safety ratings\n";
}

// The document behind the events, handed over as the event that it is not, is the error it says.
BOOST_AUTO_TEST_CASE(a_bare_error_behind_events) {
    const auto recordings = Recordings::open();
    if (!recordings) return;
    int met = 0;
    for (const RecordingEntry& entry : recordings->entries()) {
        if (entry.provider != "gemini" || entry.framing != "sse" || !entry.stream ||
            entry.api_detail != "streamGenerateContent" || entry.status != 200) {
            continue;
        }
        const RecordedResponse response = recordings->response(entry);
        const std::string document = bare_document(response.body);
        if (document.empty()) continue;
        ++met;
        Vertex::StreamDecoder decoder;
        Reply reply;
        Delta delta;
        std::string text;
        for (const auto& [type, data] : plain_events(response.body)) {
            BOOST_TEST((decoder.on_event(type, data, delta, reply) == wire::Step::delta));
            text += delta.text;
        }
        BOOST_TEST(text == read_gemini_stream(response.body).text);
        BOOST_TEST((decoder.on_event("message", document, delta, reply) == wire::Step::failed));
        check_class(errors, "gemini", 200, document, decoder.error().errc());
    }
    if (recordings->ours()) BOOST_TEST(met == 1);
    if (met == 0) std::cout << "skipped: no recording has an error behind its events\n";
}

// What was asked in the recordings, said in our words, gives the same request. Left out: what others sent
// against the API's rules, to see its errors.
BOOST_AUTO_TEST_CASE(requests_are_rebuilt) {
    const auto recordings = Recordings::open();
    if (!recordings) return;
    int built = 0, same = 0, against = 0;
    std::map<std::string, int> differing;
    for (const RecordingEntry& entry : recordings->entries()) {
        const bool stream = entry.api_detail == "streamGenerateContent";
        if (entry.provider != "gemini" || (entry.api_detail != "generateContent" && !stream)) continue;
        std::string url;
        const bj::value recorded = request_of(entry, url);
        if (!recorded.is_object()) continue; // a fixture: the answer alone was kept
        if (bj::serialize(recorded).find("invalid_role") != std::string::npos) {
            ++against;
            continue;
        }
        ++built;
        BOOST_TEST_CONTEXT(entry.id) {
            const bool is_vertex = entry.provider_detail == "vertex";
            const bj::value expected = without_defaults(plain(recorded));
            const Request request = rebuilt(expected.as_object(), is_vertex ? "vertex" : "gemini");
            const Draft draft(request);
            Target target;
            const std::size_t name = url.find("models/") + 7;
            target.model = url.substr(name, url.find(':', name) - name);
            if (target.model.starts_with("gemini-2") && request.tuning &&
                !request.tuning->reasoning_effort.empty())
                target.model = "gemini-3"; // budgets for words: this is what the target is asked for
            std::string path, headers, body;
            const wire::Outgoing out{path, headers, body};
            const auto error = is_vertex ? Vertex::encode(draft, target, stream, out)
                                         : Gemini::encode(draft, target, stream, out);
            if (error) {
                ++differing[error->detail().message];
                continue;
            }
            const bj::value got = plain(test::parse(body));
            if (got == expected) {
                ++same;
            } else {
                std::string where;
                for (const auto& [key, value] : expected.as_object()) {
                    if (test::at(got, key) != value)
                        where += std::string(key) + ": " + bj::serialize(value).substr(0, 160) +
                                 "\n     sent: " + bj::serialize(test::at(got, key)).substr(0, 160);
                }
                ++differing[where];
            }
            BOOST_TEST(path.ends_with(stream ? ":streamGenerateContent?alt=sse" : ":generateContent"));
        }
    }
    std::cout << "recorded requests: " << built << " rebuilt, " << same << " the same, " << against
              << " with roles that there are not\n";
    for (const auto& [why, count] : differing) std::cout << "  " << count << " differ: " << why << "\n";
    BOOST_TEST(built > 0);
    BOOST_TEST(same == built);
}

BOOST_AUTO_TEST_SUITE_END()
