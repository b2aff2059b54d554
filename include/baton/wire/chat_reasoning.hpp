// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/json.hpp>

#include <string>
#include <string_view>

namespace baton::wire {

/// Joins the streamed pieces of `reasoning_details` (OpenRouter and gateways like it): a thought comes in
/// many elements that differ in their text only, its signature in the last one, and both must go back as one.
class ChatReasoningDetails {
public:
    /// One event's array, valid JSON.
    BATON_DECL void add(std::string_view array);
    /// The whole array; "" if there was none.
    BATON_DECL std::string take();

private:
    BATON_DECL void element(std::string_view json);
    BATON_DECL void close();

    std::string json_;      // '[' and the elements so far; while one is open_, it ends inside its text
    std::string head_;      // the open element's other members
    std::string candidate_; // the same of the element being read; keeps its capacity
    std::string signature_; // of the open element, still JSON
    bool open_ = false;
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/chat_reasoning.ipp>
#endif
