// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/serve/openai.hpp>

#include <span>
#include <string>
#include <string_view>

namespace baton::serve {

/// Chat completions as Together's own clients want them: OpenAI's, but models are a list without an object
/// around it, and have a kind.
class Together : public OpenAI {
public:
    static constexpr std::string_view name = "together";

    static void encode_models(std::span<const std::string> models, std::string& out) {
        json::Writer json(out);
        json.begin_array();
        for (const std::string& model : models) {
            json.begin_object().key("id").string(model).key("object").string("model").key("created").number(
                0);
            json.key("type").string("chat").end_object();
        }
        json.end_array();
    }
};

} // namespace baton::serve
