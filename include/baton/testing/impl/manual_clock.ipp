// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/manual_clock.hpp>

namespace baton::testing::detail {

BATON_DECL Timeline::Timeline(WallTime wall) noexcept
    : start_(std::chrono::hours(1)), now_(start_), wall_(wall) {}

BATON_DECL void Timeline::schedule(TimelineEvent& event, TimePoint at) noexcept {
    event.unlink();
    if (at >= never) return;
    event.at = at;
    event.order = ++orders_;
    events_.insert(event);
}

BATON_DECL bool Timeline::step(TimePoint until) {
    if (events_.empty()) return false;
    TimelineEvent& next = *events_.begin();
    if (next.at > until) return false;
    skip_to(next.at);
    next.unlink();
    next.due();
    return true;
}

BATON_DECL std::size_t TimerCore::expires_at(TimePoint at) {
    const std::size_t cancelled = complete_all(boost::asio::error::operation_aborted);
    expiry_ = at;
    return cancelled;
}

BATON_DECL void TimerCore::add(Pending<boost::system::error_code>& wait) {
    waits_.push_back(wait);
    // a deadline that has passed is due at once, but not before the caller has gone on
    if (!is_linked()) timeline_->schedule(*this, expiry_ < timeline_->now() ? timeline_->now() : expiry_);
}

BATON_DECL std::size_t TimerCore::complete_all(boost::system::error_code ec) {
    unlink();
    std::size_t count = 0;
    for (; !waits_.empty(); ++count) waits_.front().complete(ec);
    return count;
}

} // namespace baton::testing::detail
