// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/fault_script.hpp>

#include <array>

namespace baton::test {

using testing::Fault;

// Every kind that breaks an exchange, but two. Whether the request after close_after was ever seen by the
// server, and whether the second response of extra_bytes arrives before the connection is used again, are
// races that neither side can decide: no ledger can be exact about them. They are tested where time is
// virtual.
inline constexpr std::array faults = {
    Fault::reset_before_headers,
    Fault::close_before_headers,
    Fault::reset_in_headers,
    Fault::reset_mid_body,
    Fault::close_mid_body,
    Fault::stall,
    Fault::close_on_next,
    Fault::close_announced,
    Fault::garbage,
    Fault::bad_chunk_size,
    Fault::missing_last_chunk,
    Fault::error_in_200,
    Fault::error_event,
    Fault::missing_end,
    Fault::missing_done,
    Fault::bad_json,
    Fault::split_utf8,
    Fault::interim,
    Fault::comments,
    Fault::silence,
    Fault::length_and_chunked,
    Fault::giant_header,
    Fault::empty_body,
    Fault::trailers,
};

} // namespace baton::test
