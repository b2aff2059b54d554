// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Bedrock's recorded traffic: Converse, ConverseStream, CountTokens, all errors; and of InvokeModel, whose
// bodies are each model maker's own, those that a wire of ours reads.
#include <boost/test/unit_test.hpp>

#include "recorded_suite.hpp"
#include "reference_bedrock.hpp"

#include <baton/net/event_stream.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/bedrock.hpp>

#include <fstream>

BOOST_AUTO_TEST_SUITE(recorded_bedrock)

using namespace baton;
using namespace baton::test;

namespace {

const std::vector<JudgedError> errors = {
    {"bedrock", 400, "", "", "The provided model identifier is invalid", Errc::not_found},
    {"bedrock", 400, "", "", "This model doesn't support", Errc::invalid_request},
    {"bedrock", 400, "", "", "Malformed input request", Errc::invalid_request},
    {"bedrock", 400, "", "", "tools.0: Input tag", Errc::invalid_request},
    {"bedrock", 400, "", "", "The model returned the following errors: output_config", Errc::invalid_request},
    {"bedrock", 400, "", "", "The model returned the following errors: messages.", Errc::invalid_request},
    {"bedrock", 400, "", "", "The model returned the following errors: Malformed", Errc::invalid_request},
    {"bedrock", 400, "", "", "The model returned the following errors: Your API request",
     Errc::invalid_request},
    {"bedrock", 403, "", "", "You don't have access to the model", Errc::permission},
    {"bedrock", 403, "", "", "The security token included in the request is expired", Errc::auth},
    {"bedrock", 403, "", "", "The security token included in the request is invalid", Errc::auth},
    {"bedrock", 429, "", "", "Rate exceeded", Errc::rate_limited},
    {"bedrock", 429, "", "", "Too many requests", Errc::rate_limited},
    {"bedrock", 500, "", "", "The system encountered an unexpected error", Errc::transient},
    {"bedrock", 503, "", "", "Service capacity limit has been reached", Errc::transient},
};

void goes_back(const Reply& reply, const Reading& expected, const std::string&) {
    bj::array blocks;
    for (const bj::value& block : expected.blocks) { // the vendor refuses empty text
        if (!(test::at(block, "text").is_string() && test::string_of(test::at(block, "text")).empty())) {
            blocks.push_back(block);
        }
    }
    const bj::value request = sent_back<Bedrock>(reply);
    const bj::array& messages = request.at("messages").as_array();
    if (blocks.empty()) { // nothing to send: both questions are one turn
        BOOST_TEST(messages.size() == 1u);
        return;
    }
    BOOST_TEST_REQUIRE(messages.size() == 3u);
    BOOST_TEST(messages[1].at("role").as_string() == "assistant");
    const bj::array& sent = messages[1].at("content").as_array();
    BOOST_TEST_REQUIRE(sent.size() == blocks.size());
    for (std::size_t i = 0; i < sent.size(); ++i) BOOST_TEST(sent[i] == blocks[i]);
}

void not_sent_back(const Reply&, const Reading&, const std::string&) {}

// InvokeModel's chunks, unpacked: one event each, named by `Unpack`.
template <class Unpack>
class ChunkParser {
public:
    using Status = net::EventStreamParser::Status;
    Status next(std::string_view& input, net::SseEvent& event) {
        const Status status = parser_.next(input, event);
        if (status == Status::event && event.type == "chunk") {
            chunk_ = invoke_chunk(event.data);
            event = {"message", chunk_, {}};
            Unpack()(event, inner_);
        }
        return status;
    }
    bool finish(net::SseEvent&) noexcept { return false; }

private:
    net::EventStreamParser parser_;
    std::string chunk_, inner_;
};
struct AsItIs {
    void operator()(net::SseEvent&, std::string&) const {}
};
struct ByMember { // {"messageStop":{...}} is a messageStop event
    void operator()(net::SseEvent& event, std::string& inner) const {
        const bj::value chunk = test::parse(event.data);
        const auto& member = *chunk.as_object().begin();
        inner = std::string(member.key()) + bj::serialize(member.value());
        event.type = std::string_view(inner).substr(0, member.key().size());
        event.data = std::string_view(inner).substr(member.key().size());
    }
};

const Suite converse{"bedrock",
                     "bedrock.converse",
                     read_converse,
                     read_converse_stream,
                     Bedrock::decode,
                     decode_stream<Bedrock::StreamDecoder, net::EventStreamParser>,
                     Bedrock::decode_error,
                     true,
                     goes_back};
const Suite converse_stream{"bedrock",
                            "bedrock.converse-stream",
                            read_converse,
                            read_converse_stream,
                            Bedrock::decode,
                            decode_stream<Bedrock::StreamDecoder, net::EventStreamParser>,
                            Bedrock::decode_error,
                            true,
                            goes_back};

template <class Decoder, class Unpack>
Suite invoked(const char* api, Reading (*read)(const std::string&),
              Reading (*read_stream)(const std::string&),
              std::optional<Error> (*decode)(std::string_view, Reply&)) {
    return {"bedrock",
            api,
            read,
            read_stream,
            decode,
            decode_stream<Decoder, ChunkParser<Unpack>>,
            Bedrock::decode_error,
            true,
            not_sent_back,
            false};
}

std::string skip_converse(const RecordingEntry& entry) {
    if (entry.status != 200 || entry.stream || entry.api_detail != "bedrock.converse") return {};
    static const auto recordings = Recordings::open();
    const bj::value body = test::parse(recordings->response(entry).body);
    if (test::at(test::at(body, "message"), "content").is_string()) {
        return "written by hand: not Converse's form (no `output`, content is a string)";
    }
    return {};
}

// What a body of InvokeModel is written in.
enum class Language { claude, nova, other };
Language language(const RecordingEntry& entry) {
    static const auto recordings = Recordings::open();
    const std::string body = recordings->response(entry).body;
    bj::value whole;
    if (entry.stream) {
        const auto events = plain_binary_events(body).events;
        if (events.empty()) return Language::other;
        whole = test::parse(invoke_chunk(events.front().data));
    } else {
        whole = test::parse(body);
    }
    const std::string type = test::string_of(test::at(whole, "type"));
    if (type == "message" || type == "message_start") return Language::claude;
    const bool nova = test::at(whole, "output").is_object() || test::at(whole, "messageStart").is_object();
    return nova ? Language::nova : Language::other;
}
std::string skip_unless(const RecordingEntry& entry, Language wanted) {
    if (entry.status != 200) return "errors are judged with Converse's";
    const Language found = language(entry);
    if (found == wanted) return {};
    return found == Language::other ? "the model maker's own body, which no wire of ours reads"
                                    : "another wire's body: see the other table";
}
std::string skip_unless_claude(const RecordingEntry& entry) { return skip_unless(entry, Language::claude); }
std::string skip_unless_nova(const RecordingEntry& entry) { return skip_unless(entry, Language::nova); }

// --- the recorded requests, as ours ----------------------------------------------------------------

Part::Detail vendor_detail() {
    Part::Detail detail;
    detail.vendor = Bedrock::name;
    return detail;
}

std::string media_type(std::string_view format) {
    constexpr std::string_view known[][2] = {
        {"png", "image/png"},
        {"jpeg", "image/jpeg"},
        {"gif", "image/gif"},
        {"webp", "image/webp"},
        {"pdf", "application/pdf"},
        {"csv", "text/csv"},
        {"doc", "application/msword"},
        {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"xls", "application/vnd.ms-excel"},
        {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {"html", "text/html"},
        {"txt", "text/plain"},
        {"md", "text/markdown"},
    };
    for (const auto& [name, type] : known) {
        if (name == format) return std::string(type);
    }
    return "unknown/unknown";
}

void add_block(const bj::value& block, Parts& parts) {
    if (test::at(block, "cachePoint").is_object() && !parts.empty()) {
        parts.back().detail.ensure().cache_point = true;
        return;
    }
    if (test::at(block, "text").is_string()) {
        parts.emplace_back(test::string_of(test::at(block, "text")));
        return;
    }
    const bj::value& image = test::at(block, "image");
    if (test::at(test::at(image, "source"), "bytes").is_string()) {
        parts.push_back(image_data(test::string_of(image.at("source").at("bytes")),
                                   media_type(test::string_of(image.at("format")))));
        return;
    }
    const bj::value& document = test::at(block, "document");
    if (test::at(test::at(document, "source"), "bytes").is_string()) {
        parts.push_back(document_data(test::string_of(document.at("source").at("bytes")),
                                      media_type(test::string_of(document.at("format"))),
                                      test::string_of(document.at("name"))));
        return;
    }
    const bj::value& call = test::at(block, "toolUse");
    if (call.is_object()) {
        Part::Detail detail;
        detail.id = test::string_of(call.at("toolUseId"));
        detail.name = test::string_of(call.at("name"));
        parts.emplace_back(Part::Kind::tool_call, bj::serialize(call.at("input")), std::move(detail));
        return;
    }
    const bj::value& result = test::at(block, "toolResult");
    if (result.is_object() && test::at(result, "content").as_array().size() == 1) {
        const bj::value& only = result.at("content").as_array()[0];
        Part::Detail detail;
        detail.id = test::string_of(result.at("toolUseId"));
        detail.is_error = test::string_of(test::at(result, "status")) == "error";
        if (test::at(only, "text").is_string() || test::at(only, "json").is_object()) {
            parts.emplace_back(Part::Kind::tool_result,
                               test::at(only, "json").is_object() ? bj::serialize(only.at("json"))
                                                                  : test::string_of(only.at("text")),
                               std::move(detail));
            return;
        }
    }
    parts.emplace_back(Part::Kind::opaque, bj::serialize(block), vendor_detail()); // as everything may be
}

Request rebuilt(const bj::value& body) {
    Request request;
    if (const bj::value& system = test::at(body, "system"); system.is_array()) {
        Message message;
        message.role = Role::system;
        for (const bj::value& block : system.as_array()) add_block(block, message.parts);
        if (!message.parts.empty()) request.messages.push_back(message);
    }
    for (const bj::value& turn : body.at("messages").as_array()) {
        Message message;
        message.role = turn.at("role").as_string() == "assistant" ? Role::assistant : Role::user;
        for (const bj::value& block : turn.at("content").as_array()) add_block(block, message.parts);
        request.messages.push_back(message);
    }
    const bj::value& inference = test::at(body, "inferenceConfig");
    if (test::at(inference, "maxTokens").is_number()) {
        request.max_tokens = inference.at("maxTokens").to_number<std::uint32_t>();
    }
    if (test::at(inference, "temperature").is_number()) {
        request.temperature = inference.at("temperature").to_number<double>();
    }
    if (test::at(inference, "topP").is_number()) request.top_p = inference.at("topP").to_number<double>();
    if (const bj::value& stops = test::at(inference, "stopSequences"); stops.is_array()) {
        for (const bj::value& text : stops.as_array()) request.stop.push_back(test::string_of(text));
    }
    const bj::value& tools = test::at(body, "toolConfig");
    bool only_specs = true;
    if (tools.is_object()) {
        for (const bj::value& tool : tools.at("tools").as_array()) {
            const bj::value& spec = test::at(tool, "toolSpec");
            only_specs = only_specs && spec.is_object();
            if (!spec.is_object()) continue;
            request.tools.emplace_back(test::string_of(spec.at("name")),
                                       test::string_of(test::at(spec, "description")),
                                       bj::serialize(spec.at("inputSchema").at("json")));
            request.tools.back().strict = test::at(spec, "strict") == bj::value(true);
        }
        const bj::value& choice = test::at(tools, "toolChoice");
        if (test::at(choice, "auto").is_object())
            request.tool_choice = ToolChoice(ToolChoice::Mode::automatic);
        if (test::at(choice, "any").is_object()) request.tool_choice = ToolChoice(ToolChoice::Mode::required);
        if (test::at(choice, "tool").is_object()) {
            request.tool_choice = ToolChoice(test::string_of(choice.at("tool").at("name")));
        }
    }
    if (const bj::value& output = test::at(body, "outputConfig"); output.is_object()) {
        const bj::value& schema = output.at("textFormat").at("structure").at("jsonSchema");
        request.response_format =
            ResponseFormat(test::string_of(schema.at("name")), test::string_of(schema.at("schema")), true);
    }
    bj::object extra; // what only Converse has
    for (const auto& [name, value] : body.as_object()) {
        bool ours = false;
        for (const char* word : {"messages", "system", "inferenceConfig", "toolConfig", "outputConfig"}) {
            ours = ours || name == word;
        }
        if (!ours && !(value.is_object() && value.as_object().empty())) extra[name] = value;
    }
    if (!only_specs) extra["toolConfig"] = tools; // system tools are Bedrock's own
    if (!extra.empty()) request.extra = bj::serialize(extra);
    return request;
}

// Without what says nothing: empty lists and objects, a status that is the default.
void drop_nothings(bj::value& whole) {
    bj::object& body = whole.as_object();
    for (const char* name : {"system", "additionalModelRequestFields", "inferenceConfig"}) {
        const bj::value& value = test::at(whole, name);
        if (value.is_object() && std::string(name) == "inferenceConfig" &&
            test::at(value, "stopSequences").is_array() && value.at("stopSequences").as_array().empty()) {
            body[name].as_object().erase("stopSequences");
        }
        const bj::value& now = test::at(whole, name);
        if ((now.is_array() && now.as_array().empty()) || (now.is_object() && now.as_object().empty())) {
            body.erase(name);
        }
    }
    for (bj::value& turn : body.at("messages").as_array()) {
        for (bj::value& block : turn.at("content").as_array()) {
            if (!test::at(block, "toolResult").is_object()) continue;
            bj::object& result = block.at("toolResult").as_object();
            if (test::string_of(test::at(result, "status")) == "success") result.erase("status");
        }
    }
}

// "" = they are equal; or the first place where they differ.
std::string first_difference(const bj::value& a, const bj::value& b, const std::string& path) {
    if (a == b) return {};
    if (a.is_object() && b.is_object()) {
        for (const auto& [key, value] : a.as_object()) {
            const std::string at = path + "." + std::string(key);
            const auto* other = b.as_object().if_contains(key);
            if (other == nullptr) return at + " is not sent by us";
            if (const std::string inner = first_difference(value, *other, at); !inner.empty()) return inner;
        }
        if (a.as_object().size() == b.as_object().size()) return {}; // numbers, written differently
        return path + " has members that only we send";
    }
    if (a.is_array() && b.is_array() && a.as_array().size() == b.as_array().size()) {
        for (std::size_t i = 0; i < a.as_array().size(); ++i) {
            const std::string inner = first_difference(a.as_array()[i], b.as_array()[i], path + "[]");
            if (!inner.empty()) return inner;
        }
        return {};
    }
    if (a.is_number() && b.is_number() && a.to_number<double>() == b.to_number<double>()) return {};
    return path + " differs";
}

bj::value recorded_request(const RecordingEntry& entry) {
    const char* directory = std::getenv("BATON_RECORDINGS");
    std::ifstream file(std::filesystem::path(directory != nullptr ? directory : "../shared/wire") / "cases" /
                           entry.provider / (entry.id + ".json"),
                       std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const bj::value whole = test::parse(bytes);
    const bj::value& body = whole.at("request").at("body");
    return body.is_string() ? test::parse(body.as_string()) : body;
}

bool is_api(const RecordingEntry& entry, std::string_view api) {
    return entry.provider == "bedrock" && entry.api_detail == api;
}

} // namespace

BOOST_AUTO_TEST_CASE(converse_and_all_errors) { run_suites({converse}, errors, skip_converse); }

BOOST_AUTO_TEST_CASE(converse_stream_events) { run_suites({converse_stream}, errors); }

BOOST_AUTO_TEST_CASE(invoke_model_with_claude) {
    run_suites(
        {invoked<Anthropic::StreamDecoder, AsItIs>("bedrock.invoke", read_anthropic, read_invoked_claude,
                                                   Anthropic::decode),
         invoked<Anthropic::StreamDecoder, AsItIs>("bedrock.invoke-with-response-stream", read_anthropic,
                                                   read_invoked_claude, Anthropic::decode)},
        errors, skip_unless_claude);
}

BOOST_AUTO_TEST_CASE(invoke_model_with_nova) {
    run_suites({invoked<Bedrock::StreamDecoder, ByMember>("bedrock.invoke", read_converse, read_invoked_nova,
                                                          Bedrock::decode),
                invoked<Bedrock::StreamDecoder, ByMember>("bedrock.invoke-with-response-stream",
                                                          read_converse, read_invoked_nova, Bedrock::decode)},
               errors, skip_unless_nova);
}

BOOST_AUTO_TEST_CASE(count_tokens) {
    const auto recordings = Recordings::open();
    if (!recordings) return;
    int cases = 0;
    for (const RecordingEntry& entry : recordings->entries()) {
        if (!is_api(entry, "bedrock.count-tokens") || entry.status != 200) continue;
        ++cases;
        const RecordedResponse response = recordings->response(entry);
        std::uint64_t tokens = 0;
        BOOST_TEST(!Bedrock::decode_count(response.body, tokens));
        BOOST_TEST(tokens == count_at(test::parse(response.body), "inputTokens"));
        const bj::value recorded = recorded_request(entry);
        if (!test::at(test::at(recorded, "input"), "converse").is_object()) continue; // InvokeModel's body
        bj::value body = recorded.at("input").at("converse");
        const Request request = rebuilt(body);
        Target target;
        target.model = "m";
        std::string path, headers, written;
        const auto error = Bedrock::encode_count(Draft(request), target, {path, headers, written});
        BOOST_TEST(!error);
        drop_nothings(body);
        BOOST_TEST(test::parse(written) == (bj::value{{"input", {{"converse", body}}}}));
    }
    std::cout << "  bedrock count-tokens: " << cases << " cases\n";
}

BOOST_AUTO_TEST_CASE(recorded_requests_can_be_said) {
    const auto recordings = Recordings::open();
    if (!recordings) return;
    int cases = 0, equal = 0;
    std::map<std::string, int> differences;
    for (const RecordingEntry& entry : recordings->entries()) {
        const bool stream = is_api(entry, "bedrock.converse-stream");
        if (!stream && !is_api(entry, "bedrock.converse")) continue;
        if (!skip_converse(entry).empty()) continue;
        ++cases;
        BOOST_TEST_CONTEXT(entry.id) {
            bj::value body = recorded_request(entry);
            const Request request = rebuilt(body);
            Target target;
            target.model = "anthropic.claude-v2:1";
            std::string path, headers, written;
            const auto error =
                Bedrock::encode(Draft(request), target, stream, wire::Outgoing{path, headers, written});
            BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
            BOOST_TEST(path == (stream ? "/model/anthropic.claude-v2%3A1/converse-stream"
                                       : "/model/anthropic.claude-v2%3A1/converse"));
            drop_nothings(body);
            bj::value ours = test::parse(written);
            drop_nothings(ours);
            const std::string difference = first_difference(body, ours, "");
            difference.empty() ? ++equal : ++differences[difference];
        }
    }
    std::cout << "  bedrock requests: " << cases << " recorded, " << equal << " said the same\n";
    const std::map<std::string, std::string> known = {
        {".outputConfig.textFormat.structure.jsonSchema.description is not sent by us",
         "ResponseFormat has no description"},
        {".messages differs", "neighbours of one role are one turn"},
        {".messages[].content[].image.name is not sent by us",
         "not a member of Converse; ignored by the vendor"},
    };
    for (const auto& [difference, count] : differences) {
        const auto why = known.find(difference);
        BOOST_TEST((why != known.end()), difference << " in " << count << " requests");
        if (why != known.end()) {
            std::cout << "    " << count << ": " << difference << " (" << why->second << ")\n";
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
