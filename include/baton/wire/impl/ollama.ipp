// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/ollama.hpp>

#include <cstdint>
#include <utility>

namespace baton::wire {
namespace detail {

inline std::string ollama_call_id(std::string_view created_at, int call) {
    constexpr std::size_t most = 24; // the id stays short enough for every other vendor
    std::string id("call_");
    for (const char c : created_at) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (plain && id.size() < most + 5) id += c;
    }
    if (id.back() != '_') id += '_';
    return id.append(std::to_string(call));
}

/// They are an object; as OpenAI's text of one they are understood, too. Always JSON.
inline std::string ollama_arguments(std::string_view json) {
    std::string text;
    if (json::Reader(json).append_string(text) && (text.empty() || is_json_object(text))) return text;
    return json == "null" ? std::string() : std::string(json);
}

} // namespace detail

// --- OllamaAssembler -------------------------------------------------------------------------------

/// What a document says, in views of it.
struct OllamaAssembler::Fields {
    std::string_view text, thinking, created_at, calls;
    std::string created_scratch, reason;
    std::vector<std::pair<std::string, std::string_view>> others; ///< of the message, not modelled
    std::optional<std::uint64_t> read, written;
    bool done = false, failed = false;
};

BATON_DECL void OllamaAssembler::add_text(Part::Kind kind, std::string_view text, bool streamed,
                                          Reply& reply) {
    if (text.empty()) return;
    if (reply.parts.empty() || reply.parts.back().kind != kind) {
        Part& part = reply.parts.emplace_back(kind, std::string());
        // growing text is kept off the small buffer: views of it survive when parts move
        if (streamed) part.text.reserve(1024);
        if (kind == Part::Kind::thinking) part.detail.ensure().vendor = Ollama::name;
    }
    reply.parts.back().text.append(text);
}

BATON_DECL void OllamaAssembler::add_calls(const Fields& fields, Delta& delta, Reply& reply) {
    const std::size_t from = reply.parts.size();
    json::Reader reader(fields.calls);
    reader.array([&] {
        Part& part = reply.parts.emplace_back(Part::Kind::tool_call, std::string());
        Part::Detail& detail = part.detail.ensure();
        reader.object([&](std::string_view key) {
            if (json::is(key, "id")) {
                reader.append_string(detail.id);
            } else if (json::is(key, "function")) {
                reader.object([&](std::string_view member) {
                    if (json::is(member, "name")) reader.append_string(detail.name);
                    if (!json::is(member, "arguments")) return;
                    part.text = detail::ollama_arguments(reader.raw());
                });
            }
        });
        if (part.text.empty()) part.text = "{}";
        if (detail.id.empty()) detail.id = detail::ollama_call_id(fields.created_at, calls_);
        ++calls_;
    });
    shown_.clear();
    int call = calls_ - static_cast<int>(reply.parts.size() - from);
    for (std::size_t i = from; i < reply.parts.size(); ++i) {
        const Part& part = reply.parts[i];
        shown_.push_back({call++, part.detail->id, part.detail->name, part.text});
    }
    delta.tools = {shown_.data(), shown_.size()};
}

BATON_DECL void OllamaAssembler::finish(const Fields& fields, Reply& reply) {
    if (fields.reason.empty() || fields.reason == "stop") { // older servers give none
        reply.stop = calls_ > 0 ? StopReason::tool_calls : StopReason::stop;
    } else if (fields.reason == "length") {
        reply.stop = StopReason::length;
    } else { // "load", "unload": the request had no messages
        reply.stop_text = fields.reason;
    }
    if (fields.read || fields.written) {
        reply.usage.input_tokens = fields.read.value_or(0);
        reply.usage.output_tokens = fields.written.value_or(0);
        reply.usage.reported = true;
    }
    if (!logprobs_.empty()) reply.extras.ensure().logprobs = "[" + logprobs_ + "]";
    reply.seal();
}

BATON_DECL OllamaAssembler::Line OllamaAssembler::read(std::string_view json, bool streamed, Delta& delta,
                                                       Reply& reply) {
    Fields fields;
    const auto count = [](json::Reader& reader, std::optional<std::uint64_t>& to) {
        std::uint64_t value = 0;
        if (reader.unsigned_integer(value)) to = value;
    };
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (json::is(key, "message")) {
            reader.object([&](std::string_view member) {
                if (json::is(member, "content")) {
                    reader.string(fields.text, text_scratch_);
                } else if (json::is(member, "role")) {
                    reader.skip();
                } else if (json::is(member, "thinking")) {
                    reader.string(fields.thinking, thinking_scratch_);
                } else if (json::is(member, "tool_calls")) {
                    fields.calls = reader.raw();
                } else {
                    std::string name(member);
                    const std::string_view value = reader.raw();
                    if (value != "null" && value != "[]") fields.others.emplace_back(std::move(name), value);
                }
            });
        } else if (json::is(key, "created_at")) {
            reader.string(fields.created_at, fields.created_scratch);
        } else if (json::is(key, "done")) {
            reader.boolean(fields.done);
        } else if (json::is(key, "model")) {
            if (reply.model.empty()) reader.append_string(reply.model);
        } else if (json::is(key, "done_reason")) {
            reader.append_string(fields.reason);
        } else if (json::is(key, "prompt_eval_count")) {
            count(reader, fields.read);
        } else if (json::is(key, "eval_count")) {
            count(reader, fields.written);
        } else if (json::is(key, "logprobs")) {
            reader.array([&] { logprobs_.append(logprobs_.empty() ? "" : ",").append(reader.raw()); });
        } else if (json::is(key, "error")) {
            const auto kind = reader.kind();
            fields.failed |= kind == json::Reader::Kind::object || kind == json::Reader::Kind::string;
        }
    });
    if (!reader.finish()) return Line::bad;
    if (fields.failed) return Line::failed;
    add_text(Part::Kind::thinking, fields.thinking, streamed, reply);
    const std::size_t thought = reply.parts.size();
    add_text(Part::Kind::text, fields.text, streamed, reply);
    const auto tail = [](const Part& part, std::size_t size) {
        return std::string_view(part.text).substr(part.text.size() - size);
    };
    if (!fields.thinking.empty()) delta.reasoning = tail(reply.parts[thought - 1], fields.thinking.size());
    if (!fields.text.empty()) delta.text = tail(reply.parts.back(), fields.text.size());
    for (auto& [member, value] : fields.others) {
        Part& part = reply.parts.emplace_back(Part::Kind::opaque, std::string(value));
        part.detail.ensure().name = std::move(member);
        part.detail->vendor = Ollama::name;
    }
    if (!fields.calls.empty()) add_calls(fields, delta, reply); // the last to add parts: see shown_
    if (!fields.done) return Line::more;
    finish(fields, reply);
    return Line::last;
}

// --- OllamaStreamDecoder ---------------------------------------------------------------------------

BATON_DECL Step OllamaStreamDecoder::on_event(std::string_view, std::string_view data, Delta& delta,
                                              Reply& reply) {
    using Line = OllamaAssembler::Line;
    delta = Delta{};
    if (done_) return Step::end; // what follows the last line is not of the answer
    const Line line = lines_.read(data, true, delta, reply);
    if (line == Line::failed) [[unlikely]] {
        error_ = make_error_in_answer(detail::ollama_vendor, data);
        return Step::failed;
    }
    if (line == Line::bad) [[unlikely]] {
        error_ = malformed(detail::ollama_vendor, "a line that is not a JSON object", data);
        return Step::failed;
    }
    done_ |= line == Line::last;
    // a last line that holds content is shown first; then the end of the body is the end
    if (!delta.empty()) return Step::delta;
    return done_ ? Step::end : Step::nothing;
}

BATON_DECL Step OllamaStreamDecoder::on_body_end(Reply&) {
    if (done_) return Step::end;
    error_ = Error(Errc::truncated, "the stream stopped before a line that says it is done; retry");
    return Step::failed;
}

// --- whole bodies ----------------------------------------------------------------------------------

BATON_DECL std::optional<Error> Ollama::decode(std::string_view body, Reply& reply) {
    using Line = OllamaAssembler::Line;
    OllamaAssembler lines;
    Delta unseen;
    switch (lines.read(body, false, unseen, reply)) {
    case Line::last: return std::nullopt;
    case Line::failed: return make_error_in_answer(detail::ollama_vendor, body);
    case Line::bad: return malformed(detail::ollama_vendor, "an answer that is not a JSON object", body);
    case Line::more: break;
    }
    return malformed(detail::ollama_vendor, "an answer that does not say it is done", body);
}

BATON_DECL std::optional<Error> Ollama::write_account_headers(const Options&, const Secret& key,
                                                              std::string& lines) {
    return append_header(lines, "authorization", key.reveal(), "Bearer ", "Ollama::Options::key");
}

} // namespace baton::wire
