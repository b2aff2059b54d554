// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// Memory that runs out: in calls under every resilience policy, the k-th allocation fails, for all k. Then
// std::bad_alloc may leave the context's run(); what is left works on, or is destroyed without a trace. Meant
// to run under AddressSanitizer. Of Asio's own allocations, those for an operation fail as a whole, before it
// begins; coroutine frames fail too (not under a sanitizer, which keeps aligned_alloc for itself).
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"
#include "everything.hpp"

#include <cstdlib>

using namespace everything;

// Not inlined: GCC would see free() meet operator new and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
    if (!Memory::fails()) {
        if (void* const memory = std::malloc(size > 0 ? size : 1)) return memory;
    }
    throw std::bad_alloc();
}
#if !defined(__SANITIZE_ADDRESS__)
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    void* memory = nullptr;
    if (Memory::fails()) return nullptr;
    return posix_memalign(&memory, alignment, size) == 0 ? memory : nullptr;
}
#endif
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

BOOST_AUTO_TEST_SUITE(torture_memory)

namespace {

/// Runs handlers with memory that may run out, and time with memory that does not. False: it goes on and on.
bool run_out(Rig& rig, int& left_run) {
    asio::io_context none;
    const auto over = [&] {
        return std::all_of(rig.calls.begin(), rig.calls.end(),
                           [](const auto& call) { return call->finished > 0; });
    };
    for (int i = 0; i < 100'000 && !over(); ++i) {
        for (bool more = true; more;) {
            rig.io->restart();
            Memory::armed = true;
            try {
                more = rig.io->poll_one() > 0;
            } catch (const std::bad_alloc&) {
                ++left_run;
            }
            Memory::armed = false;
        }
        rig.clock.advance(none, 1ms);
    }
    return over();
}

enum class After { leave, finish, end_orchestrator, end_context };

/// Lets the k-th allocation fail. False if there are not so many.
bool fail_allocation(const Scene& scene, std::uint64_t k, After after) {
    Rig rig;
    scene.start(rig);
    int left_run = 0;
    Memory::made = 0;
    Memory::fail_at = k;
    const bool over = run_out(rig, left_run);
    const bool failed = Memory::made >= k;
    BOOST_TEST_CONTEXT(scene.name << ", allocation " << k << " fails, then " << static_cast<int>(after)) {
        BOOST_TEST((over || left_run > 0)); // a coroutine that could not even be started tells nobody
        BOOST_TEST(left_run <= 1);
        for (const auto& call : rig.calls) {
            if (call->finished == 0) continue;
            BOOST_TEST(call->finished == 1);
            if (call->thrown) {
                try {
                    std::rethrow_exception(call->thrown);
                } catch (const std::bad_alloc&) {
                }
                continue;
            }
            if (call->result.reply) BOOST_TEST(!call->result.reply->parts.empty());
        }
        Memory::fail_at = 0;
        switch (after) {
        case After::leave: // callers drop what they hold
            for (const auto& call : rig.calls) call->stream.reset();
            break;
        case After::finish: break;
        case After::end_orchestrator: // what this allocates fails
            Memory::made = 0;
            Memory::fail_at = 1;
            Memory::armed = true;
            rig.chat.reset();
            Memory::armed = false;
            break;
        case After::end_context: rig.io.reset(); break;
        }
        if (rig.io) BOOST_TEST(rig.run());
        rig.calls.clear();
        BOOST_TEST(rig.books.charged == rig.books.refunded + rig.books.ended);
        BOOST_TEST(rig.books.unknown == 0);
        BOOST_TEST(rig.books.ended <= static_cast<std::int64_t>(rig.net.requests().size()));
        if (rig.chat && rig.io) {
            const baton::Stats stats = rig.chat->stats();
            BOOST_TEST(stats.active_calls == 0u);
            BOOST_TEST(stats.open_connections == stats.idle_connections);
            BOOST_TEST(stats.open_connections == rig.net.open());
            for (const auto& target : stats.targets) BOOST_TEST(target.in_flight == 0u);
            // it still works, and as much goes at once as before
            rig.all(goes_on);
            rig.clock.advance(*rig.io, 90s);
            const baton::TimePoint before = rig.clock.now();
            for (const bool streamed : {true, false}) rig.start(streamed, Request(streamed ? "A" : "B"));
            BOOST_TEST(rig.run());
            for (const auto& call : rig.calls) BOOST_TEST(call->result.errc() == Errc::ok);
            BOOST_TEST((rig.clock.now() - before < Duration(1s)));
            rig.calls.clear();
        }
        rig.chat.reset();
        if (rig.io) BOOST_TEST(rig.run());
        BOOST_TEST(rig.net.open() == 0u);
        BOOST_TEST(rig.net.misused() == 0u);
    }
    return failed;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_kth_allocation_fails) {
    std::uint64_t allocations = 0;
    for (const Scene& scene : scenes()) {
        std::uint64_t k = 1;
        // what follows takes turns, so that each is met at every place in one of four scenes at least
        while (fail_allocation(scene, k, static_cast<After>(k % 4))) {
            k += baton::test::one_in;
            BOOST_REQUIRE(k < 5000u);
        }
        allocations += k - 1;
    }
    BOOST_TEST_MESSAGE(allocations << " allocations");
    BOOST_TEST(allocations > 0u);
}

namespace {

template <class... Policies>
using Calm = baton::Orchestrator<Policies..., baton::Clock<CalmClock>, baton::Transport<CalmNet>,
                                 baton::Rng<baton::Xoshiro>>;
using Probed = Calm<baton::Provider<baton::OpenAI>, baton::Health<baton::Active>>;
using Threaded =
    Calm<baton::Provider<baton::OpenAI>, baton::Retry<baton::ExpBackoff>, baton::Threads<baton::Multi>>;

/// A context, a clock and vendors, for a composition of one's own.
struct Bench {
    asio::io_context io;
    CalmClock clock;
    CalmNet net{clock};

    template <class Chat, class... Options>
    Chat make(Options&&... options) {
        return Chat(io.get_executor(), clock, net, baton::Xoshiro(1), openai(),
                    std::forward<Options>(options)...);
    }
    void settle() { clock.advance(io, 0s); }
};

} // namespace

// run() ends with the exception; the endpoint it was about is not left waiting for a verdict.
BOOST_AUTO_TEST_CASE(a_probe_that_runs_out_of_memory_is_sent_again) {
    std::uint64_t k = 1;
    int ended = 0;
    for (bool failed = true; failed; ++k) {
        Bench b;
        b.net.serve("openai.test", [](const ServedRequest& request) {
            return request.method == "GET" || request.number > 2 ? goes_on(request) : fails(Errc::auth);
        });
        Probed chat = b.make<Probed>(baton::Active::Options{.interval = 10s});
        const auto ask = [&] {
            auto call = std::make_shared<Running>();
            spawn(b.io.get_executor(), complete_into(chat, Request("Hello"), call), call);
            b.clock.advance(b.io, 1s);
            return call->result.errc();
        };
        BOOST_TEST(ask() == Errc::auth);
        auto run = std::make_shared<Running>();
        spawn(b.io.get_executor(), chat.run(), run);
        asio::io_context none;
        Memory::made = 0;
        Memory::fail_at = k;
        for (int i = 0; i < 15'000 && run->finished == 0; ++i) {
            for (bool more = true; more;) {
                b.io.restart();
                Memory::armed = true;
                try {
                    more = b.io.poll_one() > 0;
                } catch (const std::bad_alloc&) {
                }
                Memory::armed = false;
            }
            b.clock.advance(none, 1ms);
        }
        failed = Memory::made >= k;
        Memory::fail_at = 0;
        ended += run->finished;
        if (run->finished == 0) { // without a word, or not at all
            run->signal.emit(asio::cancellation_type::terminal);
            b.settle();
        }
        auto again = std::make_shared<Running>();
        spawn(b.io.get_executor(), chat.run(), again);
        b.clock.advance(b.io, 25s);
        BOOST_TEST_CONTEXT("allocation " << k << " fails") { BOOST_TEST(ask() == Errc::ok); }
        BOOST_REQUIRE(k < 1000u);
    }
    BOOST_TEST(ended > 0);
}

// Who ends other threads' waits is a destructor, a timer or another call: it needs no memory for that.
BOOST_AUTO_TEST_CASE(calls_on_strands_end_without_memory) {
    for (const bool streamed : {false, true}) {
        for (const bool between_attempts : {false, true}) {
            Bench b;
            b.net.serve("openai.test", [&](const ServedRequest& request) {
                Behaviour behaviour = between_attempts ? fails(Errc::transient) : goes_on(request);
                if (between_attempts) behaviour.headers = "retry-after: 4\r\n";
                behaviour.delay = between_attempts ? 1ms : 20s;
                return behaviour;
            });
            std::optional<Threaded> chat;
            chat.emplace(b.make<Threaded>());
            const auto call = std::make_shared<Running>();
            if (streamed) {
                spawn(b.io.get_executor(), stream_into(*chat, Request("Hello"), call), call);
            } else {
                spawn(b.io.get_executor(), complete_into(*chat, Request("Hello"), call), call);
            }
            b.clock.advance(b.io, 2s);
            BOOST_TEST(b.net.requests().size() == 1u);
            BOOST_TEST(call->finished == 0);
            Memory::made = 0;
            Memory::fail_at = 1;
            Memory::armed = true;
            chat.reset();
            Memory::armed = false;
            BOOST_TEST(Memory::made == 0u);
            b.settle(); // at once
            BOOST_TEST(call->finished == 1);
            BOOST_TEST(call->result.errc() == Errc::cancelled);
            Memory::fail_at = 0;
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
