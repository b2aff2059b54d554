// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/serve/concept.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::serve {

/// The server's side of OpenAI's Responses API, stateless: nothing is stored, so `previous_response_id`,
/// `conversation` and `background` mean nothing here and are kept in Request::extra like any other member
/// that Request does not model. Stateless, safe from any thread; one StreamEncoder serves one answer.
class OpenAIResponses {
public:
    static constexpr std::string_view name =
        "openai_responses"; // as the wire's: marks parts that may go back
    static constexpr std::string_view path = "/responses";
    static constexpr std::string_view count_path = "/responses/input_tokens";

    /// `instructions` becomes the first system message. Items of earlier answers become parts of assistant
    /// messages that the wire of the same API sends back byte for byte; each tool's result is a message of
    /// its own. Kept in `Request::extra` as they came: members that are not modelled, `reasoning` and `text`
    /// with members beside `effort` and `format`, and `tools` if not all of them are functions (these are in
    /// Request::tools as well). Not kept: `store: false`.
    BATON_DECL static std::optional<Error> decode(std::string_view body, Incoming& incoming);

    /// `usage` is always said, as SDKs depend on it; zeros if it is not known. Opaque parts and signatures of
    /// other vendors are left out.
    BATON_DECL static void encode(const Reply& reply, WallTime now, std::string& out);

    BATON_DECL static int encode_error(const Error& error, std::string& out);

    BATON_DECL static void encode_models(std::span<const std::string> models, std::string& out);

    /// The answer of `count_path`, whose request decode() reads as well.
    BATON_DECL static void encode_count(std::uint64_t tokens, std::string& out);

    /// The full ladder of events, from `response.created` to `response.completed` or `.incomplete`; fail()
    /// writes `error`, for clients that raise at it, and `response.failed`, for those that wait for it.
    class StreamEncoder {
    public:
        BATON_DECL void begin(const StreamHead& head, std::string& out);
        BATON_DECL void delta(const Delta& delta, std::string& out);
        BATON_DECL void part(const Part& part, std::string& out);
        BATON_DECL void finish(const Reply& reply, std::string& out);
        BATON_DECL void fail(const Error& error, std::string& out);

    private:
        enum class Open : unsigned char { nothing, message, reasoning };
        struct Call {
            int index; ///< Delta::ToolFragment::index
            std::size_t item;
            std::string id, name, arguments;
        };

        BATON_DECL void open(Open kind, std::string& out);
        BATON_DECL void close(std::string& out, std::string_view signature = {});
        BATON_DECL void close_calls(std::string& out);
        BATON_DECL Call& call(const Delta::ToolFragment& fragment, std::string& out);
        BATON_DECL void item_event(std::string_view type, std::size_t item, std::string_view json,
                                   std::string& out);
        BATON_DECL std::string item_id(std::string_view prefix, std::size_t item) const;
        BATON_DECL void terminal(std::string_view type, std::string_view response, std::string& out);

        std::string id_, model_;
        WallTime created_{};
        std::uint64_t sequence_ = 0;
        Open open_ = Open::nothing;
        std::string text_;               // of the open item
        std::size_t item_ = 0;           // the open item's output_index
        std::vector<std::string> items_; // finished ones, by output_index; "" while one is open
        std::vector<Call> calls_;        // kept open to the end: fragments of several may alternate
    };
};

} // namespace baton::serve

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/serve/impl/openai_responses.ipp>
#include <baton/serve/impl/openai_responses_decode.ipp>
#include <baton/serve/impl/openai_responses_input.ipp>
#include <baton/serve/impl/openai_responses_stream.ipp>
#endif
