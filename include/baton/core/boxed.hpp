// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <memory>
#include <utility>

namespace baton {

/// An optional part of a value that is rare and large: one pointer when absent, deep-copied when present.
template <class T>
class Boxed {
public:
    Boxed() = default;
    Boxed(T value) : held_(std::make_unique<T>(std::move(value))) {}
    Boxed(const Boxed& other) : held_(other.held_ ? std::make_unique<T>(*other.held_) : nullptr) {}
    Boxed(Boxed&&) noexcept = default;
    Boxed& operator=(Boxed other) noexcept {
        held_.swap(other.held_);
        return *this;
    }
    ~Boxed() = default;

    explicit operator bool() const noexcept { return held_ != nullptr; }
    const T& operator*() const noexcept { return *held_; }
    const T* operator->() const noexcept { return held_.get(); }
    T& operator*() noexcept { return *held_; }
    T* operator->() noexcept { return held_.get(); }

    /// The value, made first if it is absent.
    T& ensure() {
        if (!held_) held_ = std::make_unique<T>();
        return *held_;
    }
    void reset() noexcept { held_.reset(); }

    friend bool operator==(const Boxed& a, const Boxed& b) { return a && b ? *a == *b : !a && !b; }

private:
    std::unique_ptr<T> held_;
};

} // namespace baton
