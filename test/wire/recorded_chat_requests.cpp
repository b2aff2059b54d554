// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Every recorded request of a chat completion is said again through Request, as far as it has words for it,
// and written: as a JSON value, the two are the same. What differs is printed with the reason.
#include "../support/recorded.hpp"

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

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <iostream>
#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(recorded_chat_requests)

using namespace baton;
using test::at;
using test::only_has;
using test::string_of;
namespace bj = boost::json;

namespace {

std::string text_of(const bj::value& value) { return bj::serialize(value); }

// Says a recorded request again. Members that Request has no word for go into `extra`, untouched; what can
// not be said at all is a reason.
struct Rebuilt {
    Request request;
    Target target;
    bool stream = false;
    std::set<std::string> reasons;

    Rebuilt(const bj::object& recorded, const wire::ChatDialect& dialect) : dialect_(dialect) {
        for (const auto& [name, value] : recorded) {
            if (!member(std::string(name), value)) extra_[name] = value;
        }
        if (!extra_.empty()) request.extra = bj::serialize(extra_);
    }

private:
    const wire::ChatDialect& dialect_;
    bj::object extra_;

    bool member(const std::string& name, const bj::value& value) {
        Tuning tuning = request.tuning ? *request.tuning : Tuning();
        const auto tuned = [&] {
            request.tuning = tuning;
            return true;
        };
        const auto whole = [&](auto& to) {
            if (!value.is_int64() || value.get_int64() < 0) return false;
            to = static_cast<std::uint32_t>(value.get_int64());
            return true;
        };
        if (name == "model") return target.model = string_of(value), true;
        if (name == "stream") return stream = value.is_bool() && value.get_bool(), value.is_bool();
        if (name == "stream_options")
            return stream && dialect_.stream_options && value == test::parse(R"({"include_usage":true})");
        if (name == "messages") return messages(value.as_array()), true;
        if (name == dialect_.max_tokens_member) return whole(request.max_tokens);
        if (value.is_number() && name == "temperature")
            return request.temperature = value.to_number<double>(), true;
        if (value.is_number() && name == "top_p") return request.top_p = value.to_number<double>(), true;
        if (value.is_int64() && name == dialect_.seed_member) return request.seed = value.get_int64(), true;
        if (name == "stop" && value.is_array() && !value.get_array().empty()) {
            for (const bj::value& word : value.get_array()) request.stop.push_back(string_of(word));
            return true;
        }
        const Capabilities& can = dialect_.capabilities;
        if (value.is_number() && name == "frequency_penalty" && can.penalties)
            return tuning.frequency_penalty = value.to_number<double>(), tuned();
        if (value.is_number() && name == "presence_penalty" && can.penalties)
            return tuning.presence_penalty = value.to_number<double>(), tuned();
        if (name == "n" && can.choices && value != 1) return whole(tuning.choices) && tuned();
        if (name == "top_logprobs" && can.logprobs) return whole(tuning.top_logprobs) && tuned();
        if (name == "logprobs" && can.logprobs && value == true) return true; // top_logprobs says it
        if (name == "top_k" && can.top_k) return whole(tuning.top_k) && tuned();
        if (name == "reasoning_effort" && can.reasoning_effort && !dialect_.reasoning_object)
            return tuning.reasoning_effort = string_of(value), tuned();
        if (name == "reasoning" && dialect_.reasoning_object && only_has(value, {"effort"}))
            return tuning.reasoning_effort = string_of(at(value, "effort")), tuned();
        if (name == "reasoning" && dialect_.reasoning_object && only_has(value, {"max_tokens"}))
            return tuning.reasoning_tokens = at(value, "max_tokens").to_number<std::uint32_t>(), tuned();
        if (name == "service_tier" && can.service_tier)
            return tuning.service_tier = string_of(value), tuned();
        if (name == "user" && can.end_user) return tuning.user = string_of(value), tuned();
        if (name == "tools" && value.is_array() && can.tools) return tools(value.get_array());
        if (name == "tool_choice") return choice(value);
        if (name == "parallel_tool_calls" && value == false && can.parallel_tools)
            return request.parallel_tools = false, true;
        if (name == "response_format") return format(value);
        return false;
    }

    bool tools(const bj::array& list) {
        std::vector<Tool> all;
        for (const bj::value& entry : list) {
            const bj::value& function = at(entry, "function");
            if (!only_has(entry, {"type", "function"}) || !function.is_object()) return false;
            if (!only_has(function, {"name", "description", "parameters", "strict"})) return false;
            const bj::value& strict = at(function, "strict");
            if (strict == false || (strict == true && !dialect_.capabilities.strict_tools)) return false;
            Tool tool(string_of(function.at("name")), string_of(at(function, "description")));
            if (at(function, "parameters").is_object()) tool.parameters = text_of(at(function, "parameters"));
            tool.strict = strict == true;
            all.push_back(std::move(tool));
        }
        request.tools = std::move(all);
        return !request.tools.empty();
    }
    bool choice(const bj::value& value) {
        using Mode = ToolChoice::Mode;
        const std::map<std::string, Mode> modes = {
            {"auto", Mode::automatic}, {"none", Mode::none}, {"required", Mode::required}};
        if (const auto mode = modes.find(string_of(value)); mode != modes.end()) {
            request.tool_choice = ToolChoice(mode->second);
            return true;
        }
        const std::string name = string_of(at(at(value, "function"), "name"));
        if (name.empty() || !only_has(value, {"type", "function"}) || at(value, "type").is_null())
            return false;
        request.tool_choice = ToolChoice(name);
        return true;
    }
    bool format(const bj::value& value) {
        if (value == test::parse(R"({"type":"json_object"})") && dialect_.capabilities.json_object) {
            request.response_format = ResponseFormat(ResponseFormat::Kind::json_object);
            return true;
        }
        const bj::value& schema = at(value, "json_schema");
        if (!schema.is_object() || !only_has(schema, {"name", "schema", "strict"})) return false;
        if (!at(schema, "strict").is_bool() || string_of(at(schema, "name")).empty()) return false;
        request.response_format = ResponseFormat(string_of(schema.at("name")), text_of(schema.at("schema")),
                                                 schema.at("strict").get_bool());
        return true;
    }

    void messages(const bj::array& list) {
        const std::map<std::string, Role> roles = {{"system", Role::system},
                                                   {"user", Role::user},
                                                   {"assistant", Role::assistant},
                                                   {"tool", Role::tool}};
        for (const bj::value& entry : list) {
            const auto role = roles.find(string_of(at(entry, "role")));
            if (role == roles.end()) {
                reasons.insert("a role that is not ours: " + text_of(at(entry, "role")));
                continue;
            }
            Message message;
            message.role = role->second;
            for (const auto& [name, value] : entry.as_object()) said(message, std::string(name), value);
            const auto has = [&](Part::Kind kind) {
                return std::any_of(message.parts.begin(), message.parts.end(),
                                   [&](const Part& part) { return part.kind == kind; });
            };
            if (dialect_.thinking == wire::ChatDialect::Thinking::with_calls && has(Part::Kind::thinking) &&
                !has(Part::Kind::tool_call)) {
                reasons.insert("thinking without a tool call is not sent to this vendor");
            }
            if (at(entry, "content").is_null() && message.role == Role::user)
                reasons.insert("a message without content");
            request.messages.push_back(std::move(message));
        }
    }
    Part::Detail ours(std::string name = {}) const {
        Part::Detail detail;
        detail.vendor = dialect_.vendor.name;
        detail.name = std::move(name);
        return detail;
    }
    void said(Message& message, const std::string& name, const bj::value& value) {
        const bool assistant = message.role == Role::assistant;
        if (name == "role" || value.is_null()) return;
        if (message.role == Role::tool && (name == "content" || name == "tool_call_id")) {
            if (message.parts.empty())
                message.parts.emplace_back(Part::Kind::tool_result, "", Part::Detail());
            if (!value.is_string()) reasons.insert("a tool's result in parts");
            (name == "content" ? message.parts[0].text : message.parts[0].detail->id) = string_of(value);
        } else if (name == "content" && value.is_string()) {
            if (!assistant || !value.get_string().empty()) message.parts.emplace_back(string_of(value));
        } else if (name == "content" && value.is_array()) {
            for (const bj::value& part : value.get_array()) content(message, part);
        } else if (assistant && name == "tool_calls" && value.is_array()) {
            for (const bj::value& call : value.get_array()) {
                const bj::value& function = at(call, "function");
                Part::Detail detail;
                detail.id = string_of(at(call, "id"));
                detail.name = string_of(at(function, "name"));
                message.parts.emplace_back(Part::Kind::tool_call, string_of(at(function, "arguments")),
                                           detail);
                if (!only_has(call, {"id", "type", "function"}) || !only_has(function, {"name", "arguments"}))
                    reasons.insert("members of a tool call: index and the like");
                if (at(call, "type").is_null()) reasons.insert("a tool call without its type");
                if (!at(function, "arguments").is_string()) reasons.insert("arguments that are no text");
            }
        } else if (assistant && name == "function_call") {
            message.parts.emplace_back(Part::Kind::tool_call, string_of(at(value, "arguments")),
                                       ours(string_of(at(value, "name"))));
        } else if (assistant && name == "refusal") {
            message.parts.emplace_back(Part::Kind::text, string_of(value), ours("refusal"));
        } else if (assistant && (name == "reasoning_content" || name == "reasoning")) {
            message.parts.emplace_back(Part::Kind::thinking, string_of(value), ours());
            using Thinking = wire::ChatDialect::Thinking;
            const Thinking takes = dialect_.thinking;
            if (takes == Thinking::dropped || takes == Thinking::part ||
                (takes == Thinking::reasoning) != (name == "reasoning")) {
                reasons.insert("thinking that is not sent to this vendor: " + name);
            }
        } else if (assistant && (name == "reasoning_details" || name == "annotations")) {
            if (value.is_array() && value.get_array().empty()) return;
            message.parts.emplace_back(Part::Kind::opaque, text_of(value), ours(name));
            if (name == "reasoning_details")
                reasons.insert("reasoning and its details: only the latter goes");
        } else if (value.is_array() && value.get_array().empty()) {
            return;
        } else {
            reasons.insert("a message's " + name);
        }
    }
    void content(Message& message, const bj::value& part) {
        const std::string type = string_of(at(part, "type"));
        const std::string url = string_of(at(at(part, "image_url"), "url"));
        const std::size_t comma = url.find(";base64,");
        if (type == "text" && only_has(part, {"type", "text"})) {
            message.parts.emplace_back(string_of(at(part, "text")));
        } else if (type == "image_url" && only_has(at(part, "image_url"), {"url"}) &&
                   url.starts_with("data:") && comma != std::string::npos) {
            message.parts.push_back(image_data(url.substr(comma + 8), url.substr(5, comma - 5)));
        } else if (type == "image_url" && only_has(at(part, "image_url"), {"url"})) {
            message.parts.push_back(image_url(url));
        } else { // as the vendor's own block
            message.parts.emplace_back(Part::Kind::opaque, text_of(part), ours());
        }
    }
};

// The many ways to say the same.
bj::value plain(bj::value value) {
    if (value.is_array()) {
        for (bj::value& element : value.get_array()) element = plain(element);
        return value;
    }
    if (value.is_number()) return value.to_number<double>(); // 0 and 0.0
    if (!value.is_object()) return value;
    bj::object out;
    for (const auto& [name, member] : value.get_object()) {
        if (member.is_null()) continue;
        out[name] = plain(member);
    }
    if (bj::value* content = out.if_contains("content"); content != nullptr && out.contains("role")) {
        const bj::array* parts = content->if_array();
        if (parts != nullptr && parts->size() == 1 && string_of(at((*parts)[0], "type")) == "text" &&
            only_has((*parts)[0], {"type", "text"})) {
            *content = (*parts)[0].at("text");
        }
        if (string_of(at(out, "role")) == "assistant" && (*content == "" || *content == bj::array()))
            out.erase("content");
    }
    if (out.contains("function") && !out.contains("id")) out["type"] = "function"; // Mistral may leave it out
    if (out.contains("name") && at(out, "description") == "") out.erase("description");
    for (const char* empty : {"tool_calls", "annotations"}) {
        if (out.contains("role") && at(out, empty) == bj::array()) out.erase(empty);
    }
    return out;
}

struct Dialect {
    const char* provider;
    const wire::ChatDialect& dialect;
};
const std::vector<Dialect> dialects = {
    {"azure", AzureOpenAI::dialect},
    {"deepseek", DeepSeek::dialect},
    {"groq", Groq::dialect},
    {"mistral", Mistral::dialect},
    {"ollama", OllamaCompatible::dialect},
    {"openai", OpenAI::dialect},
    {"openrouter", OpenRouter::dialect},
    {"other/cerebras", Cerebras::dialect},
    {"other/huggingface", HuggingFace::dialect},
    {"other/perplexity", Perplexity::dialect},
    {"other", Compatible<"any">::dialect},
    {"bedrock", Compatible<"any">::dialect},
    {"gemini", Compatible<"any">::dialect},
    {"together", Together::dialect},
    {"xai", XAI::dialect},
};

} // namespace

BOOST_AUTO_TEST_CASE(every_request_can_be_said_again) {
    const auto recordings = test::Recordings::open();
    if (!recordings) {
        std::cout << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl)\n";
        return;
    }
    struct Row {
        int cases = 0, same = 0;
        std::map<std::string, int> reasons;
    };
    std::map<std::string, Row> table;
    for (const test::RecordingEntry& entry : recordings->entries()) {
        if (entry.api_detail != "chat.completions") continue;
        const std::string detailed = entry.provider + "/" + entry.provider_detail;
        const auto found = std::find_if(dialects.begin(), dialects.end(), [&](const Dialect& d) {
            return detailed == d.provider || entry.provider == d.provider;
        });
        if (found == dialects.end()) continue;
        const bj::value body = recordings->request(entry);
        if (!at(body, "messages").is_array()) continue; // kept without, or no request
        Row& row = table[found->provider];
        ++row.cases;
        BOOST_TEST_CONTEXT(entry.id) {
            const Rebuilt again(body.get_object(), found->dialect);
            std::string path, headers, text;
            const auto error = wire::encode_chat(found->dialect, Draft(again.request), again.target,
                                                 again.stream, wire::Outgoing{path, headers, text});
            if (error) {
                ++row.reasons["refused: " + error->detail().message];
                continue;
            }
            bj::value recorded = plain(body), written = plain(test::parse(text));
            if (at(recorded, "model").is_null()) written.as_object().erase("model"); // Azure: in the path
            if (at(recorded, "stream") == false) recorded.as_object().erase("stream");
            if (at(recorded, "stream_options").is_null())
                written.as_object().erase("stream_options"); // we ask
            if (recorded == written) {
                ++row.same;
                continue;
            }
            BOOST_TEST(!again.reasons.empty(), bj::serialize(recorded) << "\n" << bj::serialize(written));
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
