// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/wire/encode.hpp>
#include <baton/wire/impl/gemini_beside.ipp>

#include <algorithm>
#include <utility>

namespace baton::wire::detail {

/// The media type that a URL's ending shows; "" if it shows none. Vertex wants one, the Gemini API takes it.
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
            iequals(url.substr(url.size() - ending.text.size()), ending.text)) {
            return ending.type;
        }
    }
    return {};
}

/// Whether a model refuses a call without its thought signature: Gemini 3 and what came after it do
/// (https://ai.google.dev/gemini-api/docs/thought-signatures).
inline bool wants_signatures(std::string_view model) noexcept {
    model.remove_prefix(std::min(model.size(), model.rfind('/') + 1)); // "models/...", or nothing
    constexpr std::string_view family = "gemini-";
    return model.starts_with(family) && model.size() > family.size() && model[family.size()] >= '3' &&
           model[family.size()] <= '9';
}

/// Writes `contents` and `systemInstruction`. The first thing that cannot be said is kept in `error`.
class GeminiContents {
public:
    GeminiContents(std::string_view vendor, bool titles, const Request& request, std::string_view model,
                   json::Writer& w) noexcept
        : vendor_(vendor), titles_(titles), signs_(wants_signatures(model)), request_(request), w_(w) {}

    std::optional<Error> error;

    void system() {
        bool open = false;
        for (const Message& message : request_.messages) {
            if (message.role != Role::system) continue;
            for (const Part& part : message.parts) {
                if (!sent(part, false)) continue;
                if (part.kind != Kind::text && part.kind != Kind::opaque) {
                    refuse("system message", "it may hold text only", "move other parts to a user message");
                    continue;
                }
                if (!open) w_.key("systemInstruction").begin_object().key("parts").begin_array();
                open = true;
                write(part, false);
            }
        }
        if (open) w_.end_array().end_object();
    }

    // The results of one turn's calls must come together.
    void turns() {
        w_.key("contents").begin_array();
        bool open = false;
        for (at_ = 0; at_ < request_.messages.size(); ++at_) {
            const Message& message = request_.messages[at_];
            const bool model = message.role == Role::assistant;
            if (model) unnamed_ = 0;
            signed_ = false;
            if (message.role == Role::system) continue;
            const bool any = std::any_of(message.parts.begin(), message.parts.end(),
                                         [&](const Part& part) { return sent(part, model); });
            // an empty question is one: the instructions may say all there is
            const bool blank = !any && message.role == Role::user && !message.parts.empty() &&
                               message.parts[0].kind == Kind::text;
            if (!any && !blank) continue;
            if (open && message.role != Role::tool) {
                w_.end_array().end_object();
                open = false;
            }
            if (!open) {
                w_.begin_object().key("role").string(model ? "model" : "user").key("parts").begin_array();
            }
            if (blank) write(message.parts[0], model);
            for (const Part& part : message.parts) {
                if (sent(part, model)) allowed(part, model);
            }
            open = message.role == Role::tool;
            if (!open) w_.end_array().end_object();
        }
        if (open) w_.end_array().end_object();
        w_.end_array();
    }

private:
    using Kind = Part::Kind;

    bool ours(const Part& part) const noexcept { return part.detail && part.detail->vendor == vendor_; }
    /// What a user says in Gemini's words is for Vertex too; what a model said there is not.
    bool sent(const Part& part, bool model) const noexcept {
        const bool foreign = part.detail && !part.detail->vendor.empty() && !ours(part) &&
                             (model || !of_dialect(part, "gemini"));
        switch (part.kind) {
        case Kind::text: return !part.text.empty();
        case Kind::thinking:
            return ours(part) || (!foreign && part.detail && !part.detail->signature.empty());
        case Kind::opaque:
            return !foreign && !(part.detail && std::find(std::begin(gemini_beside), std::end(gemini_beside),
                                                          part.detail->name) != std::end(gemini_beside));
        default: return true;
        }
    }
    void refuse(std::string_view member, std::string_view why, std::string_view next_step) {
        if (!error && !request_.lossy) error = cannot_express(vendor_, member, why, next_step);
    }

    void allowed(const Part& part, bool model) {
        if (part.kind == Kind::tool_call && !model) {
            return refuse("tool_call", "only assistant messages may hold one",
                          "move it to an assistant message");
        }
        if (part.kind == Kind::tool_result && model) {
            return refuse("tool_result", "an assistant message may not hold one",
                          "move it to a user or tool message");
        }
        write(part, model);
    }

    void write(const Part& part, bool model) {
        if (part.kind == Kind::opaque) {
            w_.raw(part.text);
            return;
        }
        const bool first_call = part.kind == Kind::tool_call && !std::exchange(signed_, true);
        w_.begin_object();
        switch (part.kind) {
        case Kind::text: w_.key("text").string(part.text); break;
        case Kind::thinking: w_.key("text").string(part.text).key("thought").boolean(true); break;
        case Kind::tool_call: call(part); break;
        case Kind::tool_result: result(part); break;
        default: media(part); break;
        }
        // from whom a signature is, a client of another API could not say
        const bool signed_call = part.kind == Kind::tool_call && part.detail && part.detail->vendor.empty() &&
                                 !part.detail->signature.empty();
        if (ours(part) || signed_call || (part.kind == Kind::thinking && part.detail)) {
            if (!part.detail->signature.empty()) w_.key("thoughtSignature").string(part.detail->signature);
            extra(part.detail->extra);
        } else if (!model && of_dialect(part, "gemini")) {
            extra(part.detail->extra); // videoMetadata, mediaResolution: a part of the question
        } else if (first_call && signs_) {
            // Another model made it, or its signature is lost: what Google has for such calls, of which the
            // first in a message is checked.
            w_.key("thoughtSignature").string("skip_thought_signature_validator");
        }
        w_.end_object();
    }

    void media(const Part& part) {
        if (!part.detail || part.detail->media_type.empty()) {
            w_.key("fileData").begin_object();
            if (const std::string_view type = media_type_of(part.text); !type.empty())
                w_.key("mimeType").string(type);
            w_.key("fileUri").string(part.text).end_object();
            return;
        }
        w_.key("inlineData").begin_object().key("mimeType").string(part.detail->media_type);
        w_.key("data").string(part.text);
        if (titles_ && !part.detail->name.empty()) w_.key("displayName").string(part.detail->name);
        w_.end_object();
    }

    void call(const Part& part) {
        w_.key("functionCall").begin_object();
        if (part.detail && !part.detail->id.empty()) w_.key("id").string(part.detail->id);
        w_.key("name").string(part.detail ? std::string_view(part.detail->name) : std::string_view());
        w_.key("args");
        if (part.text.empty()) {
            w_.begin_object().end_object();
        } else if (is_json_object(part.text)) {
            w_.raw(part.text);
        } else {
            w_.null();
            if (!error) error = not_json(vendor_, "tool_call arguments");
        }
        w_.end_object();
    }

    void result(const Part& part) {
        const std::string_view id = part.detail ? std::string_view(part.detail->id) : std::string_view();
        std::string_view name = part.detail ? std::string_view(part.detail->name) : std::string_view();
        if (id.empty()) ++unnamed_;
        if (name.empty()) name = function_of(id);
        if (name.empty() && !error) {
            error = cannot_express(vendor_, "tool_result",
                                   "its API wants the function's name, and no call before it has this id",
                                   "keep the assistant message with the call, or set the part's detail.name");
        }
        w_.key("functionResponse").begin_object();
        if (!id.empty()) w_.key("id").string(id);
        w_.key("name").string(name).key("response");
        const bool failed = part.detail && part.detail->is_error;
        const bool object = is_json_object(part.text);
        if (object && !failed) {
            w_.raw(part.text);
        } else {
            w_.begin_object().key(failed ? "error" : "result");
            if (object || is_list(part.text)) {
                w_.raw(part.text);
            } else {
                w_.string(part.text);
            }
            w_.end_object();
        }
        w_.end_object();
    }
    static bool is_list(std::string_view text) {
        json::Reader reader(text);
        return reader.kind() == json::Reader::Kind::array && reader.skip() && reader.finish();
    }

    // The name of the call before this message that has `id`; without one, of the next that has none.
    std::string_view function_of(std::string_view id) const noexcept {
        for (std::size_t m = at_; m-- > 0;) {
            const Message& message = request_.messages[m];
            if (message.role != Role::assistant) continue;
            std::size_t unnamed = 0;
            for (const Part& part : message.parts) {
                if (part.kind != Kind::tool_call || !part.detail || part.detail->id != id) continue;
                if (!id.empty() || ++unnamed == unnamed_) return part.detail->name;
            }
            if (id.empty()) return {};
        }
        return {};
    }

    // members as they came, `"a":1,"b":2`; a user may have put anything there
    void extra(const std::string& members) {
        if (members.empty()) return;
        const std::string object = "{" + members + "}";
        json::Reader check(object);
        if (!(check.skip() && check.finish())) {
            if (!error) error = not_json(vendor_, "Part::Detail::extra");
            return;
        }
        json::Reader reader(object);
        reader.object([&](std::string_view key) {
            w_.key(key);
            w_.raw(reader.raw());
        });
    }

    std::string_view vendor_;
    bool titles_;
    bool signs_;
    bool signed_ = false; // this message has had a call
    const Request& request_;
    json::Writer& w_;
    std::size_t at_ = 0;      // the message being written
    std::size_t unnamed_ = 0; // results without an id since the last assistant message
};

} // namespace baton::wire::detail
