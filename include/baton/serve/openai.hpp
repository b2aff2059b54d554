// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/embeddings.hpp>
#include <baton/serve/concept.hpp>

#include <string>
#include <string_view>

namespace baton::serve {

/// The server's side of OpenAI's chat completions, as its SDKs and the many clients that imitate them
/// speak it.
class OpenAI {
public:
    static constexpr std::string_view name = "openai";
    static constexpr std::string_view path = "/chat/completions";

    static constexpr std::string_view embeddings_path = "/embeddings";

    /// Members that Request does not model (`logit_bias`, `verbosity`, tools that are not functions ...) are
    /// kept in `Request::extra` as they came; `n`, `logprobs`, `reasoning_effort`, `user` ... are in
    /// Request::tuning; further members of a tool are in Tool::extra. Not kept: a message's `name`, and
    /// members of a tool's `function` that the API does not have.
    BATON_DECL static std::optional<Error> decode(std::string_view body, Incoming& incoming);

    /// Parts this dialect has no word for (opaque blocks, signatures) are left out; for those of Gemini's
    /// calls there is a place, `extra_content.google.thought_signature`, from which decode() takes them.
    BATON_DECL static void encode(const Reply& reply, WallTime now, std::string& out);

    BATON_DECL static int encode_error(const Error& error, std::string& out);

    BATON_DECL static void encode_models(std::span<const std::string> models, std::string& out);

    /// The body of `embeddings_path`. `base64`: the form its answer shall have. Inputs that are tokens, not
    /// text, are refused: they mean something to one vendor's models only.
    BATON_DECL static std::optional<Error> decode_embed(std::string_view body, EmbedRequest& request,
                                                        bool& base64);
    BATON_DECL static void encode_embed(const Embeddings& answer, bool base64, std::string& out);

    /// Chunks and `[DONE]`. One object per answer. Usage is said only where StreamHead::include_usage asks
    /// for it; alternatives and log probabilities, which have no Delta, come before the end.
    class StreamEncoder {
    public:
        BATON_DECL void begin(const StreamHead& head, std::string& out);
        BATON_DECL void delta(const Delta& delta, std::string& out);
        void part(const Part&, std::string&) {} // no word for it
        BATON_DECL void finish(const Reply& reply, std::string& out);
        BATON_DECL void fail(const Error& error, std::string& out);

    private:
        std::string prefix_; // of every chunk: equal but for its choices
        bool usage_ = false;

    protected:
        bool strict_ = false; // no member that a schema demands is left out, none is null
    };
};

} // namespace baton::serve

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/serve/impl/openai.ipp>
#include <baton/serve/impl/openai_decode.ipp>
#include <baton/serve/impl/openai_embed.ipp>
#include <baton/serve/impl/openai_options.ipp>
#endif
