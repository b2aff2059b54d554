// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/headers.hpp>
#include <baton/wire/dialect_words.hpp>
#include <baton/wire/encode.hpp>

namespace baton::wire {

BATON_DECL std::optional<Error> Extra::read(std::string_view vendor, std::string_view json) {
    if (json.empty()) return std::nullopt;
    json::Reader reader(json);
    reader.object([&](std::string_view name) {
        Member& member = members_.emplace_back();
        member.name = std::string(name);
        member.value = reader.raw();
    });
    if (!reader.finish()) return not_json(vendor, "extra");
    if (has("stream")) {
        return Error(Errc::invalid_request,
                     "`extra` must not set `stream`: call stream() or complete() for the one or the other");
    }
    return std::nullopt;
}

BATON_DECL std::optional<Error> Extra::read(std::string_view vendor, const Request& request,
                                            std::string_view dialect) {
    if (auto wrong = read(vendor, request.extra)) return wrong;
    if (request.extra_of.empty() || request.extra_of == dialect) return std::nullopt;
    std::size_t kept = 0;
    for (Member& member : members_) {
        const Fate fate = fate_of(member.name, request.extra_of, dialect);
        if (fate == Fate::refused && !request.lossy) {
            return cannot_express(vendor, member.name,
                                  "it is a word of " + std::string(request.extra_of) + "'s API",
                                  "ask there, or leave it out");
        }
        if (fate != Fate::passes) continue;
        if (&members_[kept] != &member) members_[kept] = std::move(member);
        ++kept;
    }
    less_ = kept != members_.size();
    members_.resize(kept);
    return std::nullopt;
}

BATON_DECL std::string_view Extra::json(const Request& request, std::string& room) const {
    if (!less_) return request.extra;
    json::Writer writer(room);
    writer.begin_object();
    write(writer);
    writer.end_object();
    return room;
}

BATON_DECL void Extra::write(json::Writer& writer) const {
    for (const Member& member : members_) writer.key(member.name).raw(member.value);
}

BATON_DECL Error cannot_express(std::string_view vendor, std::string_view member, std::string_view why,
                                std::string_view next_step) {
    std::string text(vendor);
    text.append(" cannot express `").append(member).append("`: ").append(why).append("; ").append(next_step);
    return Error(Errc::invalid_request, text);
}

BATON_DECL Error not_json(std::string_view vendor, std::string_view member) {
    std::string text("`");
    text.append(member).append("` is not a JSON object, so it cannot be sent to ").append(vendor);
    text.append("; correct its text");
    return Error(Errc::invalid_request, text);
}

BATON_DECL std::optional<Error> foreign_content(std::string_view vendor, const Request& request,
                                                std::string_view dialect) {
    if (request.lossy) return std::nullopt;
    for (const Message& message : request.messages) {
        if (message.role == Role::assistant) continue;
        for (const Part& part : message.parts) {
            if (part.kind != Part::Kind::opaque || !part.detail || part.detail->vendor.empty()) continue;
            if (part.detail->vendor != vendor && !of_dialect(part, dialect))
                return cannot_express(vendor, "opaque part",
                                      "a message holds a block that only " + part.detail->vendor +
                                          "'s API knows",
                                      "ask there, or take it out");
        }
    }
    return std::nullopt;
}

BATON_DECL std::optional<Error> write_members(std::string_view vendor, std::string_view place,
                                              std::string_view members, json::Writer& writer,
                                              std::string_view except) {
    if (members.empty()) return std::nullopt;
    const std::string object = "{" + std::string(members) + "}";
    if (!is_json_object(object)) return not_json(vendor, place);
    json::Reader reader(object);
    reader.object([&](std::string_view key) {
        if (key == except) return;
        writer.key(key);
        writer.raw(reader.raw());
    });
    return std::nullopt;
}

BATON_DECL std::optional<Error> tool_extra(const Tool& tool, std::string_view vendor,
                                           std::string_view dialect, std::size_t index,
                                           json::Writer& writer) {
    if (tool.extra.empty() || tool.vendor != dialect) return std::nullopt;
    return write_members(vendor, "tools[" + std::to_string(index) + "].extra", tool.extra, writer);
}

BATON_DECL void write_arguments(const Part& call, json::Writer& writer) {
    if (call.text.find("\\u") == call.text.npos) {
        writer.string(call.text.empty() ? std::string_view("{}") : std::string_view(call.text));
        return;
    }
    std::string json; // who reads the string refuses half an emoji as any other parser does
    json::append_json(json, call.text);
    writer.string(json);
}

BATON_DECL bool is_json_object(std::string_view text) {
    json::Reader reader(text);
    return reader.kind() == json::Reader::Kind::object && reader.skip() && reader.finish();
}

BATON_DECL std::size_t text_size(const Request& request) noexcept {
    constexpr std::size_t frame = 48; // names, braces and quotes around one text
    std::size_t size = 256 + request.extra.size();
    for (const Message& message : request.messages) {
        for (const Part& part : message.parts) size += part.text.size() + frame;
    }
    for (const Tool& tool : request.tools) {
        size += tool.name.size() + tool.description.size() + tool.parameters.size() + tool.extra.size();
        size += 2 * frame;
    }
    if (request.response_format) size += request.response_format->schema.size() + 2 * frame;
    return size;
}

BATON_DECL std::optional<Error> append_header(std::string& lines, std::string_view name,
                                              std::string_view value, std::string_view prefix,
                                              std::string_view option) {
    if (value.empty()) return std::nullopt;
    if (!header_value_ok(value)) {
        std::string text(option);
        text +=
            " contains a line break or another control character, which no HTTP header can carry; remove it";
        return Error(Errc::invalid_request, text);
    }
    lines.append(name).append(": ").append(prefix).append(value).append("\r\n");
    return std::nullopt;
}

} // namespace baton::wire
