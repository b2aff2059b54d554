// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/request.hpp>

#include <optional>

namespace baton {

/// A copy-on-write edit of the caller's Request: reads go to the original until the first `edit()`.
/// Only policies with an `on_request` hook ever make the copy. Not thread-safe; lives inside one call.
class Draft {
public:
    Draft() = default;
    explicit Draft(const Request& original) noexcept : original_(&original) {}

    const Request& operator*() const noexcept { return edited_ ? *edited_ : *original_; }
    const Request* operator->() const noexcept { return &**this; }

    /// The writable copy, made on first use.
    Request& edit() {
        if (!edited_) edited_ = Boxed<Request>(*original_);
        return *edited_;
    }
    bool edited() const noexcept { return static_cast<bool>(edited_); }

private:
    const Request* original_ = nullptr;
    Boxed<Request> edited_;
};

} // namespace baton
