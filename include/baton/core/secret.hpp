// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace baton {

/// Holds a credential: it cannot be streamed, compared in variable time, or converted to a string by
/// accident, and its bytes are overwritten when it dies. `reveal()` is the one door, for the code that
/// writes the Authorization header.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view value)
        : bytes_(value.empty() ? nullptr : new char[value.size()]), size_(value.size()) {
        value.copy(bytes_.get(), size_);
    }
    Secret(const Secret& other) : Secret(other.reveal()) {}
    Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
    Secret& operator=(Secret other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Secret() {
        // volatile: the compiler must not drop a store to memory that is about to be freed
        for (volatile char* p = bytes_.get(); size_ > 0; --size_) *p++ = 0;
    }

    bool empty() const noexcept { return size_ == 0; }
    std::string_view reveal() const noexcept { return {bytes_.get(), size_}; }

    template <class Stream>
    friend Stream& operator<<(Stream&, const Secret&) = delete;

private:
    std::unique_ptr<char[]> bytes_; // not std::string: its small buffer would be copied around by moves
    std::size_t size_ = 0;
};

} // namespace baton
