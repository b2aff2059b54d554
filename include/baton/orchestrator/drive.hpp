// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace baton::detail {

/// What drive() yields for `complete`.
struct WholeReply {
    using type = result<Reply>;
    template <class C>
    result<Reply>&& operator()(Call<C>& call) const {
        return std::move(call.settle());
    }
};
/// ... for `Stream::next`.
struct NextPiece {
    using type = std::optional<Delta>;
    template <class C>
    std::optional<Delta> operator()(Call<C>& call) const {
        if (call.hand_over()) return call.delta();
        call.settle();
        return std::nullopt;
    }
};

/// The imperative shell: the one coroutine that performs a call's waits. Ends when there is a delta, when
/// the call is over, or when the caller's coroutine was cancelled (the call is then over, too). It never
/// awaits again after a cancellation, so Asio has no occasion to throw. One frame per call: Asio keeps
/// memory for two, of at most 1,020 bytes.
template <class C, class Yield>
boost::asio::awaitable<typename Yield::type, typename C::executor> drive(boost::intrusive_ptr<Call<C>> call,
                                                                         Yield yield) {
    namespace asio = boost::asio;
    constexpr auto token = asio::as_tuple(asio::deferred); // no frame per operation
    try {
        Want want = call->advance();
        if (want != Want::done && want != Want::delta) {
            const auto cancellation = co_await asio::this_coro::cancellation_state;
            for (; want != Want::done && want != Want::delta; want = call->advance()) {
                if (cancellation.cancelled() != asio::cancellation_type::none) {
                    call->leave(Errc::cancelled);
                    continue;
                }
                if (!call->begin_wait(want)) continue;
                if (want == Want::read) {
                    const auto done = co_await call->async_read(token);
                    call->resumed_read(std::get<0>(done), std::get<1>(done));
                } else if (want == Want::write) {
                    const auto done = co_await call->async_write(token);
                    call->resumed_write(std::get<0>(done), std::get<1>(done));
                } else {
                    co_await call->async_park(token);
                    call->resumed_park();
                }
                if (cancellation.cancelled() != asio::cancellation_type::none) call->leave(Errc::cancelled);
            }
        }
    } catch (...) { // only out of memory gets here; others may read the same work
        call->leave(Errc::cancelled);
        throw;
    }
    co_return yield(*call);
}

/// Drives `call` and completes `token` with what `yield` makes of it: void(Yield::type). Under
/// Threads<Multi>, on the call's strand. A cancellation is carried there by a signal that is shared: the
/// one in Asio 1.81's co_spawn may be gone when its turn on the strand comes.
template <class C, class Yield, class Token>
auto initiate(boost::intrusive_ptr<Call<C>> call, Yield yield, Token&& token) {
    namespace asio = boost::asio;
    using Ex = typename C::executor;
    using T = typename Yield::type;
    return asio::async_initiate<Token, void(T)>(
        [](auto handler, boost::intrusive_ptr<Call<C>> started, Yield made) {
            auto slot = asio::get_associated_cancellation_slot(handler);
            const Ex& own = started->state().executor;
            const auto on = asio::prefer(asio::get_associated_executor(handler, own),
                                         asio::execution::outstanding_work.tracked);
            const auto finish = [&](auto before) {
                return
                    [before, on, handler = std::move(handler)](std::exception_ptr failure, T value) mutable {
                        if (failure) std::rethrow_exception(failure); // only out of memory gets here
                        asio::dispatch(
                            on, [before, handler = std::move(handler), value = std::move(value)]() mutable {
                                before();
                                std::move(handler)(std::move(value));
                            });
                    };
            };
            if constexpr (C::multi) {
                const Ex strand = started->executor();
                const auto relay = std::make_shared<asio::cancellation_signal>();
                if (slot.is_connected()) {
                    slot.assign([relay, strand](asio::cancellation_type type) {
                        asio::post(strand, [relay, type] { relay->emit(type); });
                    });
                }
                const auto release = [relay, slot]() mutable {
                    if (slot.is_connected()) slot.clear();
                };
                asio::co_spawn(strand, drive<C>(std::move(started), made),
                               asio::bind_cancellation_slot(relay->slot(), finish(release)));
            } else {
                asio::co_spawn(own, drive<C>(std::move(started), made),
                               asio::bind_cancellation_slot(slot, finish([] {})));
            }
        },
        token, std::move(call), yield);
}

/// Drives `call` on its strand for a coroutine elsewhere. Here a cancellation may come when a delta is on its
/// way already; the caller is to learn of it by the end of the stream, not by Asio's exception at its next
/// await.
template <class C, class Yield>
boost::asio::awaitable<typename Yield::type, typename C::executor>
drive_elsewhere(boost::intrusive_ptr<Call<C>> call, Yield yield) {
    namespace asio = boost::asio;
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        call->leave(Errc::cancelled);
        co_return yield(*call);
    }
    auto made = co_await initiate<C>(call, yield, asio::use_awaitable_t<typename C::executor>());
    if (cancellation.cancelled() != asio::cancellation_type::none && call->hand_over()) {
        call->take_back();
        co_return yield(*call);
    }
    co_return std::move(made);
}

/// Drives `call` for a coroutine: inside it, or under Threads<Multi> beside it.
template <class C, class Yield>
boost::asio::awaitable<typename Yield::type, typename C::executor> run(boost::intrusive_ptr<Call<C>> call,
                                                                       Yield yield) {
    if constexpr (C::multi) {
        return drive_elsewhere<C>(std::move(call), yield);
    } else {
        return drive<C>(std::move(call), yield);
    }
}

} // namespace baton::detail
