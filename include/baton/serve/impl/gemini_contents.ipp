// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/headers.hpp>
#include <baton/core/json.hpp>
#include <baton/serve/gemini.hpp>
#include <baton/serve/request_reader.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

// `contents` and `systemInstruction`.
namespace baton::serve::detail::gemini {

using Kind = Part::Kind;

/// The name of a member in camelCase: protobuf's JSON takes snake_case too.
inline std::string camel(std::string_view key) {
    std::string name;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const bool word =
            key[i] == '_' && i > 0 && i + 1 < key.size() && key[i + 1] >= 'a' && key[i + 1] <= 'z';
        name += word ? static_cast<char>(key[++i] - 'a' + 'A') : key[i];
    }
    return name;
}

/// The media type that a URL's ending shows, as the wire of this API tells it from there; "" if none.
inline std::string_view media_type_of(std::string_view url) noexcept {
    struct Ending {
        std::string_view text, type;
    };
    static constexpr Ending endings[] = {
        {".png", "image/png"},  {".jpg", "image/jpeg"},  {".jpeg", "image/jpeg"}, {".webp", "image/webp"},
        {".gif", "image/gif"},  {".heic", "image/heic"}, {".heif", "image/heif"}, {".pdf", "application/pdf"},
        {".txt", "text/plain"}, {".html", "text/html"},  {".csv", "text/csv"},    {".md", "text/markdown"},
        {".mp4", "video/mp4"},  {".webm", "video/webm"}, {".mp3", "audio/mpeg"},  {".wav", "audio/wav"},
    };
    url = url.substr(0, url.find_first_of("?#"));
    for (const Ending& ending : endings) {
        if (url.size() > ending.text.size() &&
            iequals(url.substr(url.size() - ending.text.size()), ending.text))
            return ending.type;
    }
    return {};
}

/// The members of one part that is being read.
struct Piece {
    std::string text, signature, media_type, data, uri, title, id, name, extra, other;
    std::string_view arguments, response;
    bool has_text = false, thought = false, inline_data = false, file = false, call = false, result = false;
};

inline void read_piece(RequestReader& in, Piece& piece) {
    in.object("contents[].parts[]", [&](std::string_view key) {
        const std::string member = camel(key);
        if (member == "text") {
            piece.has_text = !in.in.null();
            if (piece.has_text) in.text("contents[].parts[].text", piece.text);
        } else if (member == "thought") {
            in.flag("contents[].parts[].thought", piece.thought);
        } else if (member == "thoughtSignature") {
            in.text("contents[].parts[].thoughtSignature", piece.signature);
            if (piece.signature == "skip_thought_signature_validator") piece.signature.clear(); // it has none
        } else if (member == "inlineData" || member == "fileData") {
            const bool data = member == "inlineData";
            (data ? piece.inline_data : piece.file) = true;
            in.object("contents[].parts[]." + member, [&](std::string_view name) {
                const std::string inner = camel(name);
                if (inner == "mimeType")
                    in.text("contents[].parts[]." + member + ".mimeType", piece.media_type);
                if (inner == "data") in.text("contents[].parts[].inlineData.data", piece.data);
                if (inner == "fileUri") in.text("contents[].parts[].fileData.fileUri", piece.uri);
                if (inner == "displayName")
                    in.text("contents[].parts[]." + member + ".displayName", piece.title);
            });
        } else if (member == "functionCall") {
            piece.call = true;
            in.object("contents[].parts[].functionCall", [&](std::string_view name) {
                if (name == "id") in.text("contents[].parts[].functionCall.id", piece.id);
                if (name == "name") in.text("contents[].parts[].functionCall.name", piece.name);
                if (name == "args" && !in.in.null()) piece.arguments = in.in.raw();
            });
        } else if (member == "functionResponse") {
            piece.result = true;
            in.object("contents[].parts[].functionResponse", [&](std::string_view name) {
                if (name == "id") {
                    in.text("contents[].parts[].functionResponse.id", piece.id);
                } else if (name == "name") {
                    in.text("contents[].parts[].functionResponse.name", piece.name);
                } else if (name == "response") {
                    piece.response = in.in.raw();
                } else if (!in.in.null()) {
                    piece.other = "functionResponse"; // `parts`: images that a function gave
                }
            });
        } else {
            if (piece.other.empty()) piece.other = member;
            if (!piece.extra.empty()) piece.extra += ',';
            json::append_string(piece.extra, key);
            piece.extra.append(":").append(in.in.raw());
        }
    });
}

/// A function's answer as text: what the wire of this API would make a `response` of again.
inline void result_text(std::string_view response, std::string& text, bool& failed) {
    std::string only, member;
    std::size_t members = 0;
    json::Reader reader(response);
    reader.object([&](std::string_view key) {
        ++members;
        member = key;
        const auto kind = reader.kind();
        if (kind == json::Reader::Kind::string) {
            reader.append_string(only);
        } else if (kind == json::Reader::Kind::array ||
                   (kind == json::Reader::Kind::object && key == "error")) {
            only = reader.raw();
        } else {
            ++members; // neither: stays inside its object
        }
    });
    failed = members == 1 && member == "error";
    text = members == 1 && (failed || member == "result") ? only : std::string(response);
}

inline Part opaque(std::string_view raw, std::string name) {
    return detail::part(Kind::opaque, std::string(raw), [&](Part::Detail& detail) {
        detail.name = std::move(name);
        detail.vendor = Gemini::name;
    });
}

/// One element of `parts`.
inline Part content_part(RequestReader& body) {
    const std::string_view raw = body.in.raw(); // read twice, so that an unknown kind can be kept whole
    RequestReader in(raw);
    Piece piece;
    read_piece(in, piece);
    body.adopt(in);
    const auto made = [&](Kind kind, std::string text, Part::Detail detail = {}) {
        if (!piece.signature.empty() || !piece.extra.empty() || kind == Kind::thinking) {
            detail.signature = std::move(piece.signature);
            detail.extra = std::move(piece.extra);
            detail.vendor = Gemini::name;
        }
        if (detail == Part::Detail()) return Part(kind, std::move(text));
        return Part(kind, std::move(text), std::move(detail));
    };
    Part::Detail detail;
    if (piece.call) {
        if (piece.name.empty()) body.fail("'contents[].parts[].functionCall.name' is missing");
        detail.id = std::move(piece.id);
        detail.name = std::move(piece.name);
        const std::string_view arguments = piece.arguments.empty() ? std::string_view("{}") : piece.arguments;
        if (!arguments.starts_with('{'))
            body.fail("'contents[].parts[].functionCall.args' must be an object");
        return made(Kind::tool_call, std::string(arguments), std::move(detail));
    }
    if (piece.result && piece.other.empty()) {
        std::string text;
        detail.id = std::move(piece.id);
        detail.name = std::move(piece.name);
        result_text(piece.response.empty() ? std::string_view("{}") : piece.response, text, detail.is_error);
        return made(Kind::tool_result, std::move(text), std::move(detail));
    }
    if (piece.inline_data && !piece.data.empty() && !piece.media_type.empty()) {
        const Kind kind = piece.media_type.starts_with("image/") ? Kind::image : Kind::document;
        detail.media_type = std::move(piece.media_type);
        return made(kind, std::move(piece.data), std::move(detail));
    }
    if (piece.file && !piece.uri.empty()) {
        const bool image = piece.media_type.starts_with("image/");
        const bool derived = piece.media_type.empty() || piece.media_type == media_type_of(piece.uri);
        // Google's own files, and types that a URL does not show, mean nothing to others
        const bool open =
            piece.uri.starts_with("http") && piece.uri.find("googleapis.com/") == std::string::npos;
        if (derived || (image && open))
            return made(image || media_type_of(piece.uri).starts_with("image/") ? Kind::image
                                                                                : Kind::document,
                        std::move(piece.uri));
    }
    const bool bare_signature = piece.text.empty() && !piece.thought && !piece.signature.empty();
    if (piece.has_text && !piece.result && !piece.inline_data && !piece.file && !bare_signature)
        return made(piece.thought ? Kind::thinking : Kind::text, std::move(piece.text));
    const bool empty = piece.other.empty() && !piece.result && !piece.inline_data && !piece.file;
    if (empty && piece.signature.empty() && !body.in.failed() && !in.in.failed())
        body.fail(
            "'contents[].parts[]' must hold text, inlineData, fileData, functionCall or functionResponse");
    return opaque(raw, piece.inline_data ? "inlineData"
                       : piece.file      ? "fileData"
                       : piece.has_text  ? "text"
                                         : piece.other);
}

/// A content: its role, and its parts.
inline void content(RequestReader& body, std::string_view member, std::string& role, Parts& parts) {
    std::string text;
    if (body.in.append_string(text)) { // as Google's SDKs let their callers write it
        parts.emplace_back(std::move(text));
        return;
    }
    const bool object = body.in.object([&](std::string_view key) {
        if (key == "role") body.text("contents[].role", role);
        if (key != "parts") return;
        parts.clear();
        if (body.in.kind() == json::Reader::Kind::object) {
            parts.push_back(content_part(body)); // protobuf's JSON takes one for a list of one
        } else {
            body.array("contents[].parts", [&] { parts.push_back(content_part(body)); });
        }
    });
    if (!object) body.expected(member, "an object");
}

/// The function calls so far, to find those that results answer. A result's name is left out where the wire
/// of this API finds it again: by the call's id, or in the order of the last turn's calls without ids.
class Calls {
public:
    void model_turn(const Parts& parts) {
        unnamed_.clear();
        answered_ = 0;
        for (const Part& part : parts) {
            if (part.kind != Kind::tool_call || !part.detail) continue;
            const Part::Detail& call = *part.detail;
            if (call.id.empty()) {
                unnamed_.push_back(call.name);
            } else {
                named_.insert_or_assign(call.id, call.name);
            }
        }
    }
    void result(Part::Detail& result) {
        if (result.id.empty()) {
            const std::size_t call = answered_++;
            if (call < unnamed_.size() && unnamed_[call] == result.name) result.name.clear();
        } else if (const auto call = named_.find(result.id);
                   call != named_.end() && call->second == result.name) {
            result.name.clear();
        }
    }

private:
    std::unordered_map<std::string, std::string> named_; // by id
    std::vector<std::string> unnamed_;
    std::size_t answered_ = 0;
};

/// One turn. Results of functions are messages of their own, as in the other dialects.
inline void turn(RequestReader& body, std::vector<Message>& messages, Calls& calls) {
    std::string role;
    Parts parts;
    content(body, "contents[]", role, parts);
    if (role == "model") {
        calls.model_turn(parts);
        messages.emplace_back(Role::assistant, std::move(parts));
        return;
    }
    if (!role.empty() && role != "user" && role != "function" && role != "tool" && role != "system") {
        if (!body.in.failed()) body.fail("'contents[].role' must be user or model, not '" + role + "'");
        return;
    }
    Parts said;
    const auto flush = [&] {
        if (!said.empty())
            messages.emplace_back(role == "system" ? Role::system : Role::user, std::move(said));
        said.clear();
    };
    for (Part& part : parts) {
        if (part.kind != Kind::tool_result) {
            said.push_back(std::move(part));
            continue;
        }
        flush();
        calls.result(part.detail.ensure());
        messages.emplace_back(Role::tool, Parts()).parts.push_back(std::move(part));
    }
    if (parts.empty()) messages.emplace_back(Role::user, Parts());
    flush();
}

} // namespace baton::serve::detail::gemini
