// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/serve/concept.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::serve {

/// The server's side of Anthropic's messages.
class Anthropic {
public:
    static constexpr std::string_view name = "anthropic";
    static constexpr std::string_view path = "/messages";
    static constexpr std::string_view count_path = "/messages/count_tokens";

    /// Each tool result becomes a Message of its own, as in the other dialects. Members that Request does
    /// not model (`thinking`, `metadata`, server tools ...) are kept in `Request::extra` as they
    /// came, blocks as opaque parts, and further members of a block (`cache_control`, `citations`) in
    /// Part::Detail::extra, those of a tool in Tool::extra.
    BATON_DECL static std::optional<Error> decode(std::string_view body, Incoming& incoming);

    /// Opaque parts of other vendors are left out.
    BATON_DECL static void encode(const Reply& reply, WallTime now, std::string& out);

    BATON_DECL static int encode_error(const Error& error, std::string& out);

    BATON_DECL static void encode_models(std::span<const std::string> models, std::string& out);

    /// The answer of `count_path`, whose request decode() reads as well.
    BATON_DECL static void encode_count(std::uint64_t tokens, std::string& out);

    /// `message_start` to `message_stop`. One object per answer. Blocks follow each other: of an answer that
    /// goes on with a call after something else has begun, finish() writes an error, as the call that the
    /// client has is not whole.
    class StreamEncoder {
    public:
        BATON_DECL void begin(const StreamHead& head, std::string& out);
        BATON_DECL void delta(const Delta& delta, std::string& out);
        BATON_DECL void part(const Part& part, std::string& out);
        BATON_DECL void finish(const Reply& reply, std::string& out);
        BATON_DECL void fail(const Error& error, std::string& out);

    private:
        enum class Block : unsigned char { none, text, thinking, tool };
        BATON_DECL void open(Block kind, std::string& out);
        BATON_DECL void close(std::string& out);

        Block block_ = Block::none;    // the one that is open: blocks follow each other, they do not nest
        int index_ = -1;               // of the last block begun
        std::vector<int> tool_blocks_; // block of each call
        bool late_ = false;            // a call went on after its block was closed: finish() becomes fail()
    };
};

} // namespace baton::serve

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/serve/impl/anthropic.ipp>
#include <baton/serve/impl/anthropic_decode.ipp>
#endif
