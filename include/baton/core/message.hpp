// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/boxed.hpp>

#include <boost/container/small_vector.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace baton {

/// Who speaks.
enum class Role : unsigned char { system, user, assistant, tool };

/// One piece of a Message. A text part is a string and a null pointer; everything rarer lives behind the
/// pointer, so that the common message stays small. Not an aggregate: see doc/gcc12.md.
class Part {
public:
    enum class Kind : unsigned char {
        text,        ///< `text`
        image,       ///< `text` is an http(s) URL or base64 data; `detail->media_type` is set for data
        document,    ///< as image; `detail->name` is the title or file name
        tool_call,   ///< `text` is the arguments' JSON; `detail->id`, `detail->name`
        tool_result, ///< `text` is the result; `detail->id` names the call; `detail->is_error`
        thinking,    ///< `text` is the visible reasoning; `detail->signature` must go back byte for byte
        opaque,      ///< `text` is the vendor's own JSON for a block we do not model; `detail->vendor`
    };

    struct Detail {
        std::string id;
        std::string name;
        std::string media_type;
        std::string signature;
        std::string vendor;
        std::string extra; ///< further members of `vendor`'s block, as `"a":1,"b":2`: go back byte for byte
        /// The tool failed. Vendors without a word for it are sent the text alone, which should say so.
        bool is_error = false;
        /// The prompt up to here is worth caching at the vendor; passed over where it has no markers.
        bool cache_point = false;
        friend bool operator==(const Detail&, const Detail&) = default;
    };

    Part() = default;
    explicit Part(std::string text) : text(std::move(text)) {}
    Part(Kind kind, std::string text) : kind(kind), text(std::move(text)) {}
    Part(Kind kind, std::string text, Detail detail)
        : kind(kind), text(std::move(text)), detail(std::move(detail)) {}

    friend bool operator==(const Part&, const Part&) = default;

    Kind kind = Kind::text;
    std::string text;
    Boxed<Detail> detail;
};

/// The parts of one turn, in order. One part, by far the most frequent case, needs no allocation.
using Parts = boost::container::small_vector<Part, 1>;

/// All text parts of `parts`, joined.
inline std::string joined_text(const Parts& parts) {
    std::string all;
    for (const Part& part : parts) {
        if (part.kind == Part::Kind::text) all += part.text;
    }
    return all;
}

/// One turn of a conversation.
class Message {
public:
    Message() = default;
    Message(Role role, std::string text) : role(role) { parts.emplace_back(std::move(text)); }
    Message(Role role, Parts parts) : role(role), parts(std::move(parts)) {}

    /// All text parts, joined.
    std::string text() const { return joined_text(parts); }

    friend bool operator==(const Message&, const Message&) = default;

    Role role = Role::user;
    Parts parts;
};

/// Anything a message's text can be made of without a surprise.
template <class T>
concept text_like =
    std::convertible_to<T, std::string_view> && !std::same_as<std::decay_t<T>, std::nullptr_t>;

/// A system message. The `const char*` overload exists so that, with `using namespace baton`, an
/// unqualified `system("...")` is ambiguous and cannot run a shell by accident.
inline Message system(const char* text) { return Message(Role::system, std::string(text)); }
inline Message system(std::string text) { return Message(Role::system, std::move(text)); }
/// A user message of one text.
inline Message user(std::string text) { return Message(Role::user, std::move(text)); }
/// What the model said earlier.
inline Message assistant(std::string text) { return Message(Role::assistant, std::move(text)); }

/// An image by URL (`https://...`).
inline Part image_url(std::string url) { return Part(Part::Kind::image, std::move(url)); }
/// An image as base64 text of the given media type (`image/png`).
inline Part image_data(std::string base64, std::string media_type) {
    Part::Detail detail;
    detail.media_type = std::move(media_type);
    return Part(Part::Kind::image, std::move(base64), std::move(detail));
}

/// `part` with a prompt-cache marker behind it: what comes before is the same in many requests.
inline Part cache_point(Part part) {
    part.detail.ensure().cache_point = true;
    return part;
}

/// A document by URL, or as base64 text of the given media type (`application/pdf`).
inline Part document_url(std::string url) { return Part(Part::Kind::document, std::move(url)); }
inline Part document_data(std::string base64, std::string media_type, std::string name = {}) {
    Part::Detail detail;
    detail.media_type = std::move(media_type);
    detail.name = std::move(name);
    return Part(Part::Kind::document, std::move(base64), std::move(detail));
}

/// A user message of several parts: `user_parts("What is this?", image_url("https://..."))`.
template <class... P>
Message user_parts(P&&... parts) {
    Message message;
    message.role = Role::user;
    (message.parts.emplace_back(std::forward<P>(parts)), ...);
    return message;
}

/// The answer of a tool to the call `id`.
inline Message tool_result(std::string id, std::string text, bool is_error = false) {
    Part::Detail detail;
    detail.id = std::move(id);
    detail.is_error = is_error;
    Message message;
    message.role = Role::tool;
    message.parts.emplace_back(Part::Kind::tool_result, std::move(text), std::move(detail));
    return message;
}

} // namespace baton
