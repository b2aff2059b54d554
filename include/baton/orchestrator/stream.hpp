// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/drive.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace baton {

namespace detail {

/// Starts a coroutine that yields T on `executor` and completes `token` with it: void(T).
template <class T, class Ex, class Token, class Start>
auto initiate(const Ex& executor, Token&& token, Start start) {
    return boost::asio::async_initiate<Token, void(T)>(
        [executor](auto handler, Start begin) {
            const auto slot = boost::asio::get_associated_cancellation_slot(handler);
            const auto on = boost::asio::get_associated_executor(handler, executor);
            auto finish = [on, handler = std::move(handler)](std::exception_ptr failure, T value) mutable {
                if (failure) std::rethrow_exception(failure); // only out of memory gets here
                boost::asio::dispatch(on, [handler = std::move(handler), value = std::move(value)]() mutable {
                    std::move(handler)(std::move(value));
                });
            };
            boost::asio::co_spawn(executor, begin(),
                                  boost::asio::bind_cancellation_slot(slot, std::move(finish)));
        },
        token, std::move(start));
}

} // namespace detail

/// An answer in pieces. Made by `Orchestrator::stream`; it does nothing until the first `next()`.
/// Move-only. Destroying it cancels the call, synchronously. Not thread-safe; one `next()` at a time.
template <class C>
class [[nodiscard]] Stream {
    using Ex = typename C::executor;
    using CallPtr = boost::intrusive_ptr<detail::Call<C>>;

public:
    explicit Stream(CallPtr call) noexcept : call_(std::move(call)) {}
    Stream(Stream&&) noexcept = default;
    Stream& operator=(Stream&& other) noexcept {
        if (this != &other) {
            abandon();
            call_ = std::move(other.call_);
        }
        return *this;
    }
    ~Stream() { abandon(); }

    /// The next piece, or nothing at every end: then reply() has the outcome. The first call runs route,
    /// retries and fallback up to the first content. A buffered piece is handed over without suspension.
    /// Its views are valid until the next call. Cancelling the caller ends the stream with
    /// Errc::cancelled, without an exception.
    boost::asio::awaitable<std::optional<Delta>, Ex> next() {
        return detail::run<C>(call_, detail::NextPiece());
    }

    /// `next()` for any completion token: void(std::optional<Delta>).
    template <class Token>
    auto async_next(Token&& token) {
        return detail::initiate<std::optional<Delta>>(
            call_->state().executor, std::forward<Token>(token),
            [call = call_] { return detail::run<C>(call, detail::NextPiece()); });
    }

    /// The whole answer once next() has yielded nothing; an Error if the stream was cut short, with
    /// `detail().delivered` holding the text handed over. Before the end: Errc::cancelled.
    [[nodiscard]] const result<Reply>& reply() const& noexcept { return call_->outcome(); }
    [[nodiscard]] result<Reply> reply() && { return std::move(call_->outcome()); }

private:
    void abandon() noexcept {
        if (call_) call_->leave(Errc::cancelled);
    }

    CallPtr call_;
};

} // namespace baton
