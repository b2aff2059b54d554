// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Every recorded request of Anthropic's messages is said again through Request, as far as it has words for
// it, and written: as a JSON value, the two are the same. What differs is printed with the reason.
#include "../support/recorded.hpp"

#include <baton/wire/anthropic.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <iostream>
#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(recorded_anthropic_requests)

using namespace baton;
using test::at;
using test::only_has;
using test::string_of;
namespace bj = boost::json;

namespace {

const bj::value marker = {{"type", "ephemeral"}};

// Says a recorded request again. Members that Request has no word for go into `extra`, untouched.
struct Rebuilt {
    Request request;
    Target target;
    bool stream = false;

    explicit Rebuilt(const bj::object& recorded) {
        if (recorded.contains("system")) {
            Message& system = request.messages.emplace_back();
            system.role = Role::system;
            contents(system, recorded.at("system"));
        }
        for (const auto& [name, value] : recorded) {
            if (!value.is_null() && !member(std::string(name), value)) extra_[name] = value;
        }
        if (!extra_.empty()) request.extra = bj::serialize(extra_);
    }

private:
    bj::object extra_;

    Tuning& tuning() {
        if (!request.tuning) request.tuning = Tuning();
        return *request.tuning;
    }
    bool member(const std::string& name, const bj::value& value) {
        if (name == "model") return target.model = string_of(value), true;
        if (name == "stream") return stream = value == true, true;
        if (name == "system") return true;
        if (name == "max_tokens") return request.max_tokens = value.to_number<std::uint32_t>(), true;
        if (name == "temperature") return request.temperature = value.to_number<double>(), true;
        if (name == "top_p") return request.top_p = value.to_number<double>(), true;
        if (name == "top_k") return tuning().top_k = value.to_number<std::uint32_t>(), true;
        if (name == "service_tier") return tuning().service_tier = string_of(value), true;
        if (name == "metadata" && only_has(value, {"user_id"}))
            return tuning().user = string_of(at(value, "user_id")), true;
        if (name == "stop_sequences" && !value.as_array().empty()) {
            for (const bj::value& word : value.get_array()) request.stop.push_back(string_of(word));
            return true;
        }
        if (name == "thinking" && only_has(value, {"type", "budget_tokens"}) &&
            string_of(at(value, "type")) == "enabled") {
            return tuning().reasoning_tokens = at(value, "budget_tokens").to_number<std::uint32_t>(), true;
        }
        if (name == "thinking" && value == bj::value{{"type", "disabled"}})
            return tuning().reasoning_tokens = 0, true;
        if (name == "output_config" && only_has(value, {"effort"}))
            return tuning().reasoning_effort = string_of(at(value, "effort")), true;
        if (name == "output_config" && only_has(value, {"format"})) {
            request.response_format =
                ResponseFormat("", bj::serialize(at(at(value, "format"), "schema")), true);
            return true;
        }
        if (name == "tools" && value.is_array()) return tools(value.get_array());
        if (name == "tool_choice" && value.is_object()) return choice(value);
        return name == "messages" && messages(value.as_array());
    }
    bool tools(const bj::array& list) {
        std::vector<Tool> all;
        for (const bj::value& entry : list) {
            const std::string type = string_of(at(entry, "type"));
            if (!at(entry, "input_schema").is_object() || (!type.empty() && type != "custom"))
                return false; // theirs
            Tool tool(string_of(entry.at("name")), string_of(at(entry, "description")),
                      bj::serialize(at(entry, "input_schema")));
            for (const auto& [name, value] : entry.get_object()) {
                if (name == "strict") tool.strict = value == true;
                if (name == "name" || name == "description" || name == "input_schema" || name == "strict" ||
                    value.is_null()) {
                    continue;
                }
                tool.vendor = Anthropic::name;
                tool.extra.append(tool.extra.empty() ? "" : ",").append(bj::serialize(bj::string(name)));
                tool.extra.append(":").append(bj::serialize(value));
            }
            all.push_back(std::move(tool));
        }
        request.tools = std::move(all);
        return !request.tools.empty();
    }
    bool choice(const bj::value& value) {
        using Mode = ToolChoice::Mode;
        const std::map<std::string, Mode> modes = {
            {"auto", Mode::automatic}, {"none", Mode::none}, {"any", Mode::required}};
        const std::string type = string_of(at(value, "type"));
        if (const auto mode = modes.find(type); mode != modes.end()) {
            request.tool_choice = ToolChoice(mode->second);
        } else {
            request.tool_choice = ToolChoice(string_of(value.at("name")));
        }
        request.parallel_tools = at(value, "disable_parallel_tool_use") != true;
        return true;
    }
    bool messages(const bj::array& list) {
        for (const bj::value& entry : list) {
            if (string_of(at(entry, "role")) == "system") return request.messages.clear(), false;
        }
        for (const bj::value& entry : list) {
            Message& message = request.messages.emplace_back();
            message.role = string_of(at(entry, "role")) == "user" ? Role::user : Role::assistant;
            contents(message, at(entry, "content"));
        }
        return true;
    }
    static void contents(Message& message, const bj::value& content) {
        if (content.is_string()) {
            message.parts.emplace_back(string_of(content));
            return;
        }
        for (const bj::value& block : content.as_array()) message.parts.push_back(part(block));
    }
    static Part part(const bj::value& whole) {
        bj::value block = whole;
        const bool marked = at(block, "cache_control") == marker;
        if (marked) block.as_object().erase("cache_control");
        Part made = plain_part(block);
        if (made.kind == Part::Kind::opaque) return plain_part(whole);
        return marked ? cache_point(std::move(made)) : made;
    }
    static Part plain_part(const bj::value& block) {
        const std::string type = string_of(at(block, "type"));
        const bj::value& source = at(block, "source");
        Part::Detail detail;
        if (type == "text" && only_has(block, {"type", "text"})) return Part(string_of(block.at("text")));
        if (type == "thinking" && only_has(block, {"type", "thinking", "signature"})) {
            detail.vendor = Anthropic::name;
            detail.signature = string_of(at(block, "signature"));
            return Part(Part::Kind::thinking, string_of(at(block, "thinking")), detail);
        }
        if (type == "tool_use" && only_has(block, {"type", "id", "name", "input"})) {
            detail.id = string_of(at(block, "id"));
            detail.name = string_of(at(block, "name"));
            return Part(Part::Kind::tool_call, bj::serialize(block.at("input")), detail);
        }
        if (type == "tool_result" && only_has(block, {"type", "tool_use_id", "content", "is_error"}) &&
            at(block, "content").is_string()) {
            detail.id = string_of(at(block, "tool_use_id"));
            detail.is_error = at(block, "is_error") == true;
            return Part(Part::Kind::tool_result, string_of(at(block, "content")), detail);
        }
        const bool media = (type == "image" && only_has(block, {"type", "source"})) ||
                           (type == "document" && only_has(block, {"type", "source", "title"}));
        if (media &&
            (only_has(source, {"type", "media_type", "data"}) || only_has(source, {"type", "url"}))) {
            const bool by_url = string_of(at(source, "type")) == "url";
            if (by_url || string_of(at(source, "type")) == "base64") {
                detail.name = string_of(at(block, "title"));
                detail.media_type = string_of(at(source, "media_type"));
                return Part(type == "image" ? Part::Kind::image : Part::Kind::document,
                            string_of(at(source, by_url ? "url" : "data")), detail);
            }
        }
        detail.vendor = Anthropic::name;
        return Part(Part::Kind::opaque, bj::serialize(block), detail);
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
        if (!member.is_null()) out[name] = plain(member);
    }
    for (const char* name : {"is_error", "disable_parallel_tool_use", "strict", "stream"}) {
        if (at(out, name) == false) out.erase(name);
    }
    if (out.contains("input_schema") && at(out, "description") == "") out.erase("description");
    return out;
}
void as_blocks(bj::value& content) {
    if (!content.is_string()) return;
    content = bj::array{bj::value{{"type", "text"}, {"text", string_of(content)}}};
}
bj::value normal(const bj::value& request) {
    bj::value whole = plain(request);
    bj::object& out = whole.as_object();
    if (out.contains("system")) as_blocks(out["system"]);
    bj::array turns;
    for (bj::value& message : out["messages"].as_array()) {
        bj::value& content = message.as_object()["content"];
        as_blocks(content);
        if (!turns.empty() && at(turns.back(), "role") == at(message, "role")) { // neighbours are one turn
            for (const bj::value& block : content.as_array())
                turns.back().at("content").as_array().push_back(block);
        } else {
            turns.push_back(message);
        }
    }
    out["messages"] = std::move(turns);
    return whole;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_request_can_be_said_again) {
    const auto recordings = test::Recordings::open();
    if (!recordings) {
        std::cout << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl)\n";
        return;
    }
    int cases = 0, same = 0;
    std::map<std::string, int> extras, otherwise;
    for (const test::RecordingEntry& entry : recordings->entries()) {
        const bool count = entry.api_detail == "count_tokens";
        if (entry.provider != "anthropic" || (entry.api_detail != "messages" && !count)) continue;
        const bj::value recorded = recordings->request(entry);
        if (!at(recorded, "messages").is_array()) continue; // kept without
        bool blocks = true;                                 // some were sent to see the error
        for (const bj::value& message : recorded.at("messages").as_array()) {
            const bj::value& content = at(message, "content");
            blocks &= content.is_array() || content.is_string();
            for (const bj::value& block : content.is_array() ? content.get_array() : bj::array())
                blocks &= block.is_object();
        }
        if (!blocks) {
            ++otherwise["against the API's rules: a content that is no list of blocks"];
            continue;
        }
        ++cases;
        BOOST_TEST_CONTEXT(entry.id) {
            const Rebuilt again(recorded.get_object());
            std::string path, headers, body;
            const wire::Outgoing out{path, headers, body};
            const auto error = count
                                   ? Anthropic::encode_count(Draft(again.request), again.target, out)
                                   : Anthropic::encode(Draft(again.request), again.target, again.stream, out);
            BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
            const bj::value expected = normal(recorded), written = normal(test::parse(body));
            BOOST_TEST((expected == written), bj::serialize(expected) << "\n" << bj::serialize(written));
            same += expected == written;
            if (!again.request.extra.empty()) {
                const bj::value extra = test::parse(again.request.extra);
                for (const auto& [name, value] : extra.as_object()) ++extras[std::string(name)];
            }
        }
    }
    std::printf("  %-20s %4d requests %4d written as recorded\n", "anthropic", cases, same);
    for (const auto& [name, number] : otherwise) std::printf("    %4d left out, %s\n", number, name.c_str());
    for (const auto& [name, number] : extras)
        std::printf("    %4d with `%s` in `extra`\n", number, name.c_str());
    std::fflush(stdout);
    BOOST_TEST(cases > 0);
}

BOOST_AUTO_TEST_SUITE_END()
