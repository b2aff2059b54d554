// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/serve/openai.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace baton::serve {

/// Chat completions as Mistral's own clients want them: OpenAI's, but a stream always says its usage, for
/// which they cannot ask, in its last chunk, none of which is without choices; and as their schema demands,
/// each piece of a tool call has a name ("" from the second on, so that it can be appended), no chunk a usage
/// that is null, and each model a kind and capabilities.
class Mistral : public OpenAI {
public:
    static constexpr std::string_view name = "mistral";

    static std::optional<Error> decode(std::string_view body, Incoming& incoming) {
        auto wrong = OpenAI::decode(body, incoming);
        incoming.include_usage = true;
        return wrong;
    }

    static void encode_models(std::span<const std::string> models, std::string& out) {
        json::Writer json(out);
        json.begin_object().key("object").string("list").key("data").begin_array();
        for (const std::string& model : models) write(json, model);
        json.end_array().end_object();
    }
    static void encode_model(std::string_view model, std::string& out) {
        json::Writer json(out);
        write(json, model);
    }

    class StreamEncoder : public OpenAI::StreamEncoder {
    public:
        StreamEncoder() noexcept { strict_ = true; }
    };

private:
    static void write(json::Writer& json, std::string_view model) {
        json.begin_object().key("id").string(model).key("object").string("model").key("created").number(0);
        json.key("owned_by").string("baton").key("type").string("base").key("capabilities").begin_object();
        json.key("completion_chat")
            .boolean(true)
            .key("function_calling")
            .boolean(true)
            .end_object()
            .end_object();
    }
};

} // namespace baton::serve
