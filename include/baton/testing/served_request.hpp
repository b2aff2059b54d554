// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/error.hpp>
#include <baton/serve/concept.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::testing {

/// One request as a FaultServer saw it.
class ServedRequest {
public:
    /// What is asked for, by path: ".../chat/completions", ".../messages", ".../models", ".../responses",
    /// ".../models/x:generateContent" or ":streamGenerateContent".
    enum class Kind : unsigned char { other, openai, anthropic, models, responses, gemini };

    std::uint64_t number = 0;        ///< from 1, in order of arrival over all connections
    std::uint64_t connection = 0;    ///< from 1, in order of acceptance
    std::uint64_t on_connection = 0; ///< from 1: which request of its connection
    std::uint64_t attempt = 0;       ///< from 0: how many requests with the same `id` came before
    /// How both ends name it: header `x-request-number`, else the digits behind the first '#' in the last
    /// user message, else "".
    std::string id;
    Kind kind = Kind::other;
    std::string method;
    std::string target; ///< origin form; an absolute target of a proxy request is cut to its path
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    serve::Incoming incoming;     ///< `body` decoded, for the four dialects
    std::optional<Error> problem; ///< why it could not be

    /// The first value under `name` in any letter case; "" if there is none.
    BATON_DECL std::string_view header(std::string_view name) const noexcept;
    bool anthropic() const noexcept {
        return kind == Kind::anthropic || !header("anthropic-version").empty();
    }

    bool gemini() const noexcept { return kind == Kind::gemini || !header("x-goog-api-key").empty(); }

    /// Fills kind, incoming, problem and id from the rest. `whole`: the body is there.
    BATON_DECL void classify(bool whole);
};

/// Reads HTTP/1.1 requests from bytes, strictly: what two servers could read differently is refused (bare
/// LF, obsolete folding, white space before a colon, two lengths, length beside chunks, HTTP/1.0 ...).
class RequestParser {
public:
    enum class Status : unsigned char { need_more, head, complete, bad };

    static constexpr std::size_t max_head = 64 * 1024; ///< bytes of request line and fields
    static constexpr std::size_t max_body = 256 * 1024 * 1024;

    /// Takes from the front of `in` what it can use. `head` comes once per request, when its fields are
    /// known and its body is not; then call again. After `complete`, reset() begins the next request.
    BATON_DECL Status parse(std::string& in, ServedRequest& request);
    void reset() { *this = RequestParser(); }

    /// What is wrong, after `bad`.
    std::string_view problem() const noexcept { return problem_; }
    /// The client waits for "100 Continue" before it sends its body.
    bool expects_continue() const noexcept { return expects_continue_; }

private:
    BATON_DECL bool parse_head(std::string_view head, ServedRequest& request);
    BATON_DECL bool parse_field(std::string_view line, ServedRequest& request);
    BATON_DECL Status parse_chunks(std::string& in, ServedRequest& request);
    bool refuse(std::string_view why) noexcept {
        problem_ = why;
        return false;
    }

    enum class Stage : unsigned char { head, length, chunk_size, chunk_data, trailer, complete };
    Stage stage_ = Stage::head;
    std::size_t left_ = 0; // bytes of the body, or of the chunk and its line end
    bool chunked_ = false, has_length_ = false, has_host_ = false, expects_continue_ = false;
    std::string_view problem_;
};

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/served_request.ipp>
#endif
