// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/drive.hpp>

#include <optional>
#include <utility>

namespace baton {

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
        return detail::initiate<C>(call_, detail::NextPiece(), std::forward<Token>(token));
    }

    /// The whole answer once next() has yielded nothing; an Error if the stream was cut short, with
    /// `detail().delivered` holding exactly the text handed over. Before the end: Errc::cancelled.
    [[nodiscard]] const result<Reply>& reply() const& noexcept { return call_->outcome(); }
    [[nodiscard]] result<Reply> reply() && { return std::move(call_->outcome()); }

    /// The answer as far as it was handed over by next(), after each delta: its text is that of the deltas
    /// (less what they took back), its tool calls and reasoning likewise, with the blocks between them that
    /// are never shown in deltas; id and model as the vendor names them, the usage that it has reported, and
    /// the trace, whose last attempt is the one being read. Before the first delta without parts; once next()
    /// has yielded nothing as reply(), or empty if that is an error, whose `delivered` has the text. A view
    /// into the call, valid until the next call of a member, and of a stream that other callers share
    /// (`Cache`) until any of them goes on; not during a next(). Throws std::bad_alloc: behind the others it
    /// is a copy.
    const Reply& so_far() const { return call_->so_far(); }

private:
    void abandon() noexcept {
        if (call_) call_->leave(Errc::cancelled);
    }

    CallPtr call_;
};

} // namespace baton
