// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>

#include <tuple>

namespace baton::detail {

template <class Hook>
inline constexpr bool classifies_later = false;
template <class Hook>
    requires requires(Hook& hook, const Draft& draft) { hook.classify(draft); }
inline constexpr bool classifies_later<Hook> =
    !std::is_convertible_v<decltype(std::declval<Hook&>().classify(std::declval<const Draft&>())), std::string_view>;
template <class Hook>
using classifies_later_t = std::bool_constant<classifies_later<Hook>>;

/// Awaits the hook that names the task. Whatever it throws means "no task": a call is never lost because
/// its classifier was.
template <class C>
boost::asio::awaitable<std::string, typename C::executor> classification(State<C>& state, const Draft& draft) {
    using Hooks = typename C::hooks;
    constexpr std::size_t at = mp::mp_find_if<Hooks, classifies_later_t>::value;
    std::string task;
    try {
        task = co_await std::get<at>(state.hooks).classify(draft);
    } catch (...) { // cancelled or failed; the caller of this looks at the cancellation state
    }
    co_return task;
}

/// The imperative shell: the one coroutine that performs a call's waits, beginning with `want`. Returns when there is a delta,
/// when the call is over, or when the caller's coroutine was cancelled (the call is then over, too). It
/// never awaits again after a cancellation, so Asio has no occasion to throw.
template <class C>
boost::asio::awaitable<void, typename C::executor> drive(boost::intrusive_ptr<Call<C>> call, Want want) {
    namespace asio = boost::asio;
    constexpr auto token = asio::as_tuple(asio::deferred); // no frame per operation
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if constexpr (C::multi) {
        const auto executor = co_await asio::this_coro::executor;
        call->set_executor(executor);
        want = call->advance();
    }
    for (;; want = call->advance()) {
        if (want == Want::done || want == Want::delta) co_return;
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            call->leave(Errc::cancelled);
            co_return;
        }
        if (want == Want::classify) {
            if constexpr (mp::mp_any_of<typename C::hooks, classifies_later_t>::value) {
                std::string task = co_await classification<C>(call->state(), call->draft());
                call->resumed_classify(std::move(task));
            }
        } else {
            call->begin_wait(want);
            if (want == Want::read) {
                const auto done = co_await call->connection().socket.async_read(call->connection().read_buffer(), token);
                call->resumed_read(std::get<0>(done), std::get<1>(done));
            } else if (want == Want::write) {
                const auto done = co_await call->connection().socket.async_write(call->connection().pending(), token);
                call->resumed_write(std::get<0>(done), std::get<1>(done));
            } else {
                co_await call->park_timer().async_wait(token);
                call->resumed_park();
            }
        }
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            call->leave(Errc::cancelled);
            co_return;
        }
    }
}

} // namespace baton::detail
