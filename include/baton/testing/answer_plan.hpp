// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/time.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/testing/served_request.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace baton::testing {

/// The bytes one request is answered with, cut into writes. Pure data: whoever has a connection, real or in
/// memory, plays it.
class AnswerPlan {
public:
    /// What happens to the connection behind the last byte.
    enum class End : unsigned char {
        keep,          ///< it serves the next request
        close,         ///< in order
        reset,         ///< TCP reset
        hold,          ///< silence, until the client leaves
        close_on_next, ///< closed as soon as the next request's first byte is there
    };
    /// One write: up to (not including) byte `end`, after a pause.
    struct Step {
        std::size_t end;
        Duration pause;
    };
    /// When `offset` bytes are out, `tokens` tokens are, which are the first `text` bytes of `text`.
    struct Mark {
        std::size_t offset, tokens, text;
    };

    std::string bytes;
    std::vector<Step> steps; ///< by ascending `end`; the last one's is bytes.size()
    std::vector<Mark> marks; ///< by ascending offset
    std::string text;        ///< what all tokens say
    std::string below_tls;   ///< written behind `bytes` to the socket itself, not encrypted
    End end = End::keep;
    Duration end_pause{}; ///< before `end`
    int status = 0;
    bool complete = false; ///< a good answer, and all of it
};

/// What `behaviour` means for `request`.
BATON_DECL AnswerPlan make_plan(const ServedRequest& request, const Behaviour& behaviour,
                                std::span<const std::string> models = {});

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/answer_plan.ipp>
#endif
