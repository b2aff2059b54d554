// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// An absent or empty policy costs nothing: not a byte of an orchestrator, of a call, or of what a call
// allocates.
#include <boost/test/unit_test.hpp>

#include "lab.hpp"

#include <cstdlib>
#include <iostream>
#include <new>

using namespace lab;

namespace {

struct Count {
    std::uint64_t allocations = 0, bytes = 0;
    friend bool operator==(const Count&, const Count&) = default;
};
Count total;
Count frames; // of `total`, coroutine frames: Asio allocates them, and nothing else here, with aligned_alloc

} // namespace

void* operator new(std::size_t size) {
    ++total.allocations;
    total.bytes += size;
    if (void* const memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
#if !defined(__SANITIZE_ADDRESS__)
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    for (Count* count : {&total, &frames}) {
        ++count->allocations;
        count->bytes += size;
    }
    void* memory = nullptr;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
}
#endif
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

BOOST_AUTO_TEST_SUITE(size)

struct Nothing {};
struct Watcher { // has hooks, but no members
    void on_attempt(const baton::Attempt&) {}
    void on_end(const baton::Outcome&) {}
};

template <class... Policies>
using Composed =
    baton::detail::Composition<Policies..., baton::Clock<baton::testing::ManualClock>,
                               baton::Transport<baton::testing::MemoryNet>, baton::Rng<baton::Xoshiro>>;
template <class C>
inline constexpr std::size_t call_size = sizeof(baton::detail::Call<C>);
template <class C>
inline constexpr std::size_t state_size = sizeof(baton::detail::State<C>);

using P = baton::Provider<baton::OpenAI>;
using Bare = Composed<P>;

// An orchestrator is one pointer, whatever it is composed of.
static_assert(sizeof(Virtual<P>) == sizeof(void*));
static_assert(sizeof(Virtual<P, baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                             baton::Route<baton::ByTask>, baton::Cache<baton::ExactMatch>>) == sizeof(void*));

// A slot filled with a strategy that has no data is as if it were absent: nothing is stored for the slot
// itself.
using Empty = Composed<P, baton::Retry<baton::Never>, baton::Fallback<baton::Stay>,
                       baton::Use<Nothing, Watcher>, baton::Observe<Nothing>>;
static_assert(call_size<Empty> == call_size<Bare>);
static_assert(state_size<Composed<P, baton::Retry<baton::Never>>> == state_size<Bare>);

// What needs no room in a call takes none there, ...
static_assert(call_size<Composed<P, baton::Retry<baton::ExpBackoff>>> == call_size<Bare>);
static_assert(call_size<Composed<P, baton::Route<baton::ByTask>>> == call_size<Bare>);
static_assert(call_size<Composed<P, baton::Deadline<baton::NoDeadline>>> == call_size<Bare>);
// ... and what needs some takes some, so that the lines above can fail.
static_assert(call_size<Composed<P, baton::Cache<baton::ExactMatch>>> > call_size<Bare>);
static_assert(call_size<Composed<P, baton::Breaker<baton::HalfOpen>>> > call_size<Bare>);
static_assert(state_size<Composed<P, baton::Retry<baton::ExpBackoff>>> > state_size<Bare>);
static_assert(state_size<Composed<P, baton::Route<baton::ByTask>>> > state_size<Bare>);
static_assert(state_size<Composed<P, baton::Deadline<baton::NoDeadline>>> <
              state_size<Bare>); // the default has limits

/// What a call allocates once everything is warm.
template <class Chat>
Count cost_of(bool streamed) {
    Lab lab;
    lab.net.serve("openai.test", always(Behaviour(Answer("Rhine, Elbe and Oder", 4))));
    Chat one = lab.make<Chat>(openai());
    for (int i = 0; i < 5; ++i) lab.ask(one, streamed, "Hello");
    const Count before = total;
    BOOST_TEST(lab.ask(one, streamed, "Hello").errc() == Errc::ok);
    return {total.allocations - before.allocations, total.bytes - before.bytes};
}

BOOST_AUTO_TEST_CASE(an_empty_policy_allocates_nothing) {
    using Bare = Virtual<P>;
    using Empty = Virtual<P, baton::Retry<baton::Never>, baton::Fallback<baton::Stay>,
                          baton::Use<Nothing, Watcher>, baton::Observe<Nothing>>;
    for (const bool streamed : {false, true}) {
        const Count bare = cost_of<Bare>(streamed), empty = cost_of<Empty>(streamed);
        BOOST_TEST((bare == empty));
        BOOST_TEST(bare.allocations == empty.allocations);
        BOOST_TEST(bare.bytes == empty.bytes);
        BOOST_TEST(bare.allocations > 0u); // the vendor's side allocates, so the hook counts
        BOOST_TEST_MESSAGE("call: " << bare.allocations << " allocations, " << bare.bytes
                                    << " bytes, the vendor's side included; Call "
                                    << call_size<Composed<P>> << " bytes, State " << state_size<Composed<P>>);
    }
}

/// Bytes of the one coroutine frame of a call: what making the awaitable allocates when the call object is at
/// hand.
template <class Chat>
void frame_is_small(const char* name) {
    Lab lab;
    Chat one = lab.make<Chat>(openai());
    const auto frame = [](auto&& make) {
        const Count before = frames;
        static_cast<void>(make());
        return Count{frames.allocations - before.allocations, frames.bytes - before.bytes};
    };
    auto stream = one.stream(baton::Request("Hello"));
    const Count whole = frame([&] { return one.complete(baton::Request("Hello")); });
    const Count piece = frame([&] { return stream.next(); });
    BOOST_TEST(whole.allocations == 1u);
    BOOST_TEST(piece.allocations == 1u);
    BOOST_TEST(whole.bytes < 1020u); // what Asio recycles
    BOOST_TEST(piece.bytes < 1020u);
    BOOST_TEST_MESSAGE("frame, " << name << ": complete " << whole.bytes << ", next " << piece.bytes
                                 << " bytes");
}

BOOST_AUTO_TEST_CASE(a_frame_is_small_enough_for_asio_to_recycle) {
#if defined(__SANITIZE_ADDRESS__)
    std::cout << "skipped: a_frame_is_small_enough_for_asio_to_recycle, 1 cases: the sanitizer's frames are "
                 "larger\n";
#else
    frame_is_small<Virtual<P>>("bare");
    frame_is_small<Virtual<P, baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>,
                           baton::Route<baton::ByTask>, baton::Cache<baton::ExactMatch>>>("five policies");
#endif
}

BOOST_AUTO_TEST_SUITE_END()
