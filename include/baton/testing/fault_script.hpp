// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/time.hpp>
#include <baton/testing/answer.hpp>
#include <baton/testing/served_request.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::testing {

/// What goes wrong with one answer. `at`, `count` and `step` are members of Behaviour; what strikes "after
/// `at` tokens" strikes a whole (not streamed) body in its middle, unless `count` says after how many bytes.
enum class Fault : unsigned char {
    none,
    // The connection breaks or hangs.
    silence,              ///< reads the request, never answers
    reset_before_headers, ///< TCP reset instead of an answer
    close_before_headers, ///< orderly close instead of an answer
    reset_in_headers,     ///< half of the headers, then a reset
    reset_mid_body,       ///< after `at` tokens and `count` bytes of the next event
    close_mid_body,       ///< the same, closed in order
    stall,                ///< the same, then silence
    close_after,          ///< a good answer that promises keep-alive, then the connection closes
    close_on_next,        ///< a good answer; the connection closes as soon as the next request arrives
    close_announced,      ///< a good answer with "connection: close"
    early_response,       ///< a good answer; meant for Options::early, before the request's body is read
    // Slow or oddly cut, but good.
    slow_headers, ///< the headers in pieces of `count` (1) bytes
    trickle,      ///< the body in pieces of `count` (1) bytes
    split_utf8,   ///< a write ends inside each of the first 64 characters that are not ASCII
    interim,      ///< `count` (3) responses 100, 102, 103, ... before the answer
    comments,     ///< `count` (3) keep-alive comments (Anthropic: pings) before the first token
    tiny_events,  ///< `count` (10,000) tokens of one character after `at` tokens
    trailers,     ///< fields behind the last chunk
    // HTTP that is none.
    garbage,            ///< `count` (64) random bytes, then closed
    no_headers,         ///< the body alone, then closed
    bad_chunk_size,     ///< after `at` tokens
    huge_chunk_size,    ///< the same, a size beyond 64 bits
    missing_last_chunk, ///< everything but the end of the chunks, then closed
    short_length,       ///< content-length `count` (1) smaller than the body
    long_length,        ///< content-length `count` (16) larger than the body, then closed
    length_and_chunked, ///< both framings at once
    giant_header,       ///< one field of `count` (64 KiB) bytes
    many_headers,       ///< `count` (5,000) fields
    extra_bytes,        ///< a whole second response behind the first
    bad_record,         ///< after `at` tokens, bytes that are no TLS record (without TLS: no chunk)
    // Content that is none.
    error_in_200,       ///< an error's body under status 200
    error_event,        ///< after `at` tokens
    missing_end,        ///< no finish reason and no terminal event, but a proper end of the body
    missing_done,       ///< only the terminal event is missing
    done_without_blank, ///< the terminal event's blank line is missing
    bad_json,           ///< after `at` tokens an event that is not JSON
    nul_bytes,          ///< after `at` tokens an event with NUL bytes in a string
    lone_surrogate,     ///< after `at` tokens a token "\ud83d" (reads as U+FFFD)
    split_surrogate,    ///< after `at` tokens one emoji as two tokens, "\ud83d" and "\ude00"
    giant_event,        ///< after `at` tokens one of `count` (8 MiB) bytes
    empty_body,         ///< status 200, nothing else
    // Keep last.
    count_,
};

/// Its identifier, e.g. "reset_mid_body".
BATON_DECL std::string_view to_string(Fault fault) noexcept;
BATON_DECL std::optional<Fault> parse_fault(std::string_view name) noexcept;

/// A response that is nothing but what it says.
class CannedResponse {
public:
    CannedResponse(int status, std::string body = {}, std::string headers = {},
                   std::string content_type = "application/json")
        : status(status), body(std::move(body)), headers(std::move(headers)),
          content_type(std::move(content_type)) {}
    int status;
    std::string body;
    std::string headers; ///< further lines, "name: value\r\n" each
    std::string content_type;
};

/// What to do with one request: what is answered, and what goes wrong with it.
class Behaviour {
public:
    enum class Framing : unsigned char {
        natural,    ///< chunks for a stream, content-length for a whole body
        chunked,    ///< chunks for both
        length,     ///< content-length for both
        until_close ///< neither: the end of the connection ends the body
    };

    /// Says "ok".
    Behaviour() : answer("ok") {}
    explicit Behaviour(Answer answer, Fault fault = Fault::none, std::size_t at = 0)
        : answer(std::move(answer)), fault(fault), at(at) {}
    /// The error in the client's dialect, with its status and retry headers.
    explicit Behaviour(Error error) : answer("ok"), error(std::move(error)) {}
    explicit Behaviour(CannedResponse response) : answer("ok"), response(std::move(response)) {}

    Answer answer;
    std::optional<Error> error; ///< instead of the answer; also what error_in_200 and error_event say
    std::optional<CannedResponse> response; ///< instead of the answer
    Fault fault = Fault::none;
    std::size_t at = 0;               ///< tokens sent before the fault strikes
    std::size_t count = 0;            ///< how many or how large; 0: the fault's default
    Duration step{};                  ///< between the pieces of a fault that makes pieces, and before its end
    Duration delay{};                 ///< before the first byte
    Duration gap{};                   ///< between writes of tokens
    std::size_t tokens_per_write = 0; ///< 0: the whole answer in one write
    std::string headers;              ///< further header lines, "name: value\r\n" each
    Framing framing = Framing::natural;
};

/// 529, as an overloaded vendor says it.
BATON_DECL Behaviour overloaded();
/// 429 with these header lines ("retry-after: 1\r\n").
BATON_DECL Behaviour rate_limited(std::string headers = {});
/// A proxy's error page.
BATON_DECL Behaviour html_error(int status = 502);
BATON_DECL Behaviour redirect(std::string_view location, int status = 307);

/// Decides what happens to a request. Called on the server's thread, one request at a time.
using Script = std::function<Behaviour(const ServedRequest&)>;

/// The same for every request.
BATON_DECL Script always(Behaviour behaviour);
/// One after the other in order of arrival, the last one for all that follow.
BATON_DECL Script sequence(std::vector<Behaviour> behaviours);
template <class... B>
    requires(sizeof...(B) > 0 && (std::same_as<std::remove_cvref_t<B>, Behaviour> && ...))
Script sequence(B&&... behaviours) {
    std::vector<Behaviour> list;
    (list.push_back(std::forward<B>(behaviours)), ...);
    return sequence(std::move(list));
}
/// Makes the answer of a request.
using AnswerSource = std::function<Answer(const ServedRequest&)>;
/// With probability `rate` one of `faults`, at a random place, often inside an event. Decided by (seed, id,
/// attempt) where requests carry an id, else by (seed, number): the same faults in the same places, in
/// whatever order requests arrive.
BATON_DECL Script seeded(std::uint64_t seed, double rate, std::vector<Fault> faults, AnswerSource answers);
/// As the request's header `x-fault` says, "name[;at=N][;count=N]"; without it, no fault.
BATON_DECL Script by_header(AnswerSource answers);

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/fault_script.ipp>
#endif
