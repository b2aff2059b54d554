// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

// Counts every heap allocation of the program. Include it in exactly one source file of a benchmark binary.
//
// The count is taken at malloc and not at operator new, because Asio allocates coroutine frames and handlers
// with std::aligned_alloc, which a replaced operator new never sees. It equals what memcheck reports.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace bench {

/// Heap allocations since the program began: calls of the malloc family (operator new ends there too) and the
/// bytes asked for. A realloc counts as one call of its new size. Thread safe.
struct Allocations {
    std::uint64_t calls = 0;
    std::uint64_t bytes = 0;

    friend Allocations operator-(Allocations a, Allocations b) {
        return {a.calls - b.calls, a.bytes - b.bytes};
    }
};

namespace detail {
inline constinit std::atomic<std::uint64_t> allocation_calls{0};
inline constinit std::atomic<std::uint64_t> allocation_bytes{0};

inline void count_allocation(std::size_t bytes) noexcept {
    allocation_calls.fetch_add(1, std::memory_order_relaxed);
    allocation_bytes.fetch_add(bytes, std::memory_order_relaxed);
}
} // namespace detail

inline Allocations allocations() noexcept {
    return {detail::allocation_calls.load(std::memory_order_relaxed),
            detail::allocation_bytes.load(std::memory_order_relaxed)};
}

} // namespace bench

// Sanitizers bring a malloc of their own, which must stay: the counts are then 0.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BENCH_SANITIZED 1
#endif
#endif
#if !defined(BENCH_SANITIZED) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// The names under which glibc keeps its own versions when a program defines the public ones.
extern "C" {
void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* old, std::size_t size) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;

void* malloc(std::size_t size) noexcept {
    bench::detail::count_allocation(size);
    return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
    bench::detail::count_allocation(count * size);
    return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) noexcept {
    bench::detail::count_allocation(size);
    return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
    bench::detail::count_allocation(size);
    return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    bench::detail::count_allocation(size);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) noexcept {
    bench::detail::count_allocation(size);
    void* memory = __libc_memalign(alignment, size);
    if (memory == nullptr) return ENOMEM;
    *result = memory;
    return 0;
}
}

#endif
