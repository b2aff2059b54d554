// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/embeddings.hpp>
#include <baton/core/target.hpp>
#include <baton/wire/classify.hpp>

#include <string_view>

namespace baton::wire {

/// Everything in which one vendor's chat completions differ from another's. A wire holds one of static
/// storage duration; see ChatWire.
struct ChatDialect {
    /// How a vendor takes back what its model thought, in an assistant message.
    enum class Thinking : unsigned char {
        dropped,    ///< it does not, or refuses it
        with_calls, ///< `reasoning_content`, beside tool calls only: of no use, or refused, elsewhere
        reasoning,  ///< `reasoning`, unless its `reasoning_details` go back
        part,       ///< content parts of type "thinking"
    };
    /// How a user message holds a document.
    enum class Documents : unsigned char {
        file,        ///< {"type":"file"}, as a data: URL
        file_or_url, ///< the same, http(s) URLs too
        url,         ///< {"type":"document_url"}, data: or http(s)
    };
    /// How vectors are asked for.
    enum class Vectors : unsigned char {
        floats,     ///< JSON numbers
        base64,     ///< base64 of 32-bit floats, low byte first: a third of the bytes
        base64_int8 ///< base64 of signed bytes; the vector's unit is the vendor's
    };

    Vendor vendor;
    std::string_view base_url{}; ///< "" = must be given
    std::string_view base_url_variable{};
    std::string_view other_key_variable{}; ///< read where the vendor's is not set
    std::string_view model{};              ///< the default; "" = must be given
    std::string_view embedding_model{};    ///< the default
    Capabilities capabilities{};
    std::string_view path = "/chat/completions";
    std::string_view embeddings_path = "/embeddings";
    std::string_view models_path = "/models";
    std::string_view max_tokens_member = "max_tokens"; ///< OpenAI itself: "max_completion_tokens"
    std::string_view seed_member = "seed";
    std::string_view dimensions_member = "dimensions"; ///< of embeddings; "" = has none
    std::string_view blocks_of{}; ///< "openai": also serves models that take `input_audio`, `video_url` ...
    Thinking thinking = Thinking::dropped;
    Documents documents = Documents::file;
    Vectors vectors = Vectors::floats;
    EmbedBatch embed_batch{};      ///< one request for embeddings
    bool stream_options = true;    ///< knows `stream_options.include_usage`
    bool reasoning_object = false; ///< `reasoning: {effort, max_tokens}` instead of `reasoning_effort`
    bool thinking_switch = false;  ///< no thinking is `thinking: {type: disabled}`, not an effort "none"
    bool logprobs_number = false;  ///< `logprobs: 3` instead of `logprobs: true, top_logprobs: 3`
    bool prefix_marker = false;    ///< a trailing assistant message is continued only if it says `prefix`
};

/// What llama.cpp, vLLM, LM Studio and most gateways have in common: a start for one more vendor.
inline constexpr Capabilities usual_chat_capabilities{.tools = true,
                                                      .parallel_tools = true,
                                                      .images = true,
                                                      .image_urls = true,
                                                      .json_object = true,
                                                      .json_schema = true,
                                                      .strict_tools = true,
                                                      .reasoning = true,
                                                      .reasoning_effort = true,
                                                      .top_k = true,
                                                      .seed = true,
                                                      .penalties = true,
                                                      .logprobs = true,
                                                      .choices = true,
                                                      .end_user = true,
                                                      .embeddings = true};

} // namespace baton::wire
