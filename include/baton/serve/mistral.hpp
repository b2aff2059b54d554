// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/serve/openai.hpp>

#include <optional>
#include <string_view>

namespace baton::serve {

/// Chat completions as Mistral's own clients want them: OpenAI's, but a stream always says its usage, for
/// which they cannot ask, and as their schema demands, each piece of a tool call has a name ("" from the
/// second on, so that it can be appended) and no chunk a usage that is null.
class Mistral : public OpenAI {
public:
    static constexpr std::string_view name = "mistral";

    static std::optional<Error> decode(std::string_view body, Incoming& incoming) {
        auto wrong = OpenAI::decode(body, incoming);
        incoming.include_usage = true;
        return wrong;
    }

    class StreamEncoder : public OpenAI::StreamEncoder {
    public:
        StreamEncoder() noexcept { strict_ = true; }
    };
};

} // namespace baton::serve
