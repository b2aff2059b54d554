// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/wire/chat_assembler.hpp>
#include <baton/wire/chat_dialect.hpp>
#include <baton/wire/concept.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The chat completions dialect: OpenAI's, and with small differences that of a dozen other vendors.
namespace baton::wire {

/// Writes path and body. nullopt, or Errc::invalid_request naming the member that is at fault; if the
/// request is `lossy`, members that the vendor has no word for are dropped instead. Left out, because no
/// other model can use them: thinking and opaque parts of other vendors.
BATON_DECL std::optional<Error> encode_chat(const ChatDialect& dialect, const Draft& draft,
                                            const Target& target, bool stream, Outgoing out);

/// Reads a whole 2xx body: its choices, usage, or the error it carries. Leading white space (a gateway's
/// keep-alive) is fine.
BATON_DECL std::optional<Error> decode_chat(const ChatDialect& dialect, std::string_view body, Reply& reply);

/// The choices of one answer: number 0 is the Reply, the others are in Reply::extras. An implementation
/// detail of this dialect.
class ChatChoices {
public:
    /// More answers than any vendor gives (OpenAI: 128); further ones are passed over.
    static constexpr std::int64_t max_choices = 128;

    /// `reserve`: see ChatAssembler.
    ChatChoices(const ChatDialect& dialect, std::size_t reserve) noexcept
        : dialect_(&dialect), reserve_(reserve), first_(dialect, reserve) {}

    /// The value of `choices`.
    BATON_DECL void read(json::Reader& reader, Delta& delta, Reply& reply);
    /// The value of another member that says something about the answer; passes over all others.
    void member(std::string_view key, json::Reader& reader, Reply& reply) {
        // by length first: these are rare, and every event has members that are neither
        constexpr std::uint32_t lengths = 1U << 9 | 1U << 12 | 1U << 14 | 1U << 21;
        if (key.size() < 32 && (lengths >> key.size() & 1) != 0) keep(key, reader, reply);
    }
    /// The value of `usage`, taken apart into disjoint counters; null changes nothing.
    BATON_DECL void usage(json::Reader& reader, Reply& reply);

    void finish_event(Delta& delta, const Reply& reply) { first_.finish_event(delta, reply); }
    bool seen() const noexcept { return seen_; } ///< choice 0
    /// The error that stood in place of a choice, as JSON; "" if none did.
    std::string_view failure() const noexcept { return failure_; }
    /// Every choice met has its finish reason.
    BATON_DECL bool finished() const noexcept;
    BATON_DECL void seal(Reply& reply);

private:
    static constexpr ChatKept citations{"citations", false}, search_results{"search_results", false};
    /// What Azure's content filter says of the prompt, and of the answer.
    static constexpr ChatKept prompt_filter{"prompt_filter_results", false},
        filter{"content_filter_results", false};

    /// Members of a choice that cannot be read where they stand, as JSON.
    struct Aside {
        std::string_view message, finish, logprobs, filter;
    };

    bool streamed() const noexcept { return reserve_ != 0; }
    template <bool Streamed>
    void choice(json::Reader& reader, std::int64_t position, Delta& delta, Reply& reply);
    BATON_DECL void keep(std::string_view key, json::Reader& reader, Reply& reply);
    BATON_DECL static Aside& put_aside(Aside& aside, bool& any) noexcept;
    BATON_DECL void late(std::size_t index, const Aside& aside, Delta& delta, Reply& reply);
    BATON_DECL void other(std::size_t index, const Aside& aside, Reply& reply);
    BATON_DECL static void served_by(std::string_view tier, Reply& reply);

    const ChatDialect* dialect_;
    std::size_t reserve_;
    ChatAssembler first_;
    std::vector<ChatAssembler> others_;
    std::string scratch_;
    std::string failure_;
    bool seen_ = false;
};

/// Decodes a streamed chat completion (concept StreamDecoder). Ends with `[DONE]`; where a vendor omits
/// it, a finish reason makes the body's end an end. Movable, not thread-safe.
class ChatStreamDecoder {
public:
    explicit ChatStreamDecoder(const ChatDialect& dialect) noexcept
        : dialect_(&dialect), choices_(dialect, text_reserve) {}

    BATON_DECL Step on_event(std::string_view type, std::string_view data, Delta& delta, Reply& reply);
    BATON_DECL Step on_body_end(Reply& reply);
    const Error& error() const noexcept { return error_; }

private:
    /// 500 events of 8 characters then cost two growth steps.
    static constexpr std::size_t text_reserve = 1024;

    BATON_DECL Step fail(Error error);

    const ChatDialect* dialect_;
    ChatChoices choices_;
    Error error_;
};

/// The decoder of one dialect, default-constructible as the orchestrator needs it.
template <const ChatDialect& Dialect>
class ChatDecoderFor : public ChatStreamDecoder {
public:
    ChatDecoderFor() noexcept : ChatStreamDecoder(Dialect) {}
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/openai_chat.ipp>
#include <baton/wire/impl/openai_chat_encode.ipp>
#endif
