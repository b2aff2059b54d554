// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

// An attempt up to its connection: pool, TCP, proxy and TLS; step 4 of design section 5.
namespace baton::detail {

template <class C>
struct Call<C>::Connected {
    using executor_type = Ex;
    Ptr call;
    std::uint32_t epoch;
    Ex executor;
    executor_type get_executor() const noexcept { return executor; }
    /// What must be held to look at the socket: another reader may close it meanwhile.
    struct Guard {
        boost::intrusive_ptr<State<C>> state;
        auto lock() const { return std::unique_lock(state->mutex); }
    };
    Guard guard() const { return {boost::intrusive_ptr<State<C>>(call->state_)}; }
    void operator()(error_code ec) const {
        const std::unique_lock lock(call->state_->mutex);
        if (call->epoch_ != epoch || call->phase_ != Phase::connect) return;
        call->connected_ = true;
        call->connect_error_ = ec;
        call->wake_driver();
    }
};

template <class C>
bool Call<C>::acquire() {
    const NetSettings& net = state_->transport.settings();
    const std::size_t origin = endpoint().origin;
    if (!conn_ && !granted_) {
        if (queued_) return false; // woken for another reason
        if (!fresh_only_) conn_ = state_->pool.take(origin, attempt_started_, net.pool.idle);
        if (!conn_ && !state_->pool.open(origin, net.pool.connections)) {
            queued_ = true;
            auto& waiters = state_->pool_waiters; // higher priority first, then in order
            const auto before = std::find_if(waiters.begin(), waiters.end(), [&](const Call* other) {
                return other->draft_->priority < draft_->priority;
            });
            waiters.insert(before, this);
            cutoff_ = Cutoff::phase(attempt_started_, net.pool_wait, Errc::timeout_connect, total_);
            return false;
        }
    }
    fresh_only_ = false;
    granted_ = !conn_; // the right to open one is ours until there is one
    cutoff_ = state_->limits.connect(now(), total_);
    if (conn_) {
        attempt().reused = true;
        set_phase(Phase::send);
        send_begun_ = false;
        return true;
    }
    const net::Origin& where = state_->pool.origin(origin);
    conn_ = std::make_unique<Connection>(where, origin, state_->transport.socket_maker(state_->executor));
    granted_ = false;
    connected_ = false;
    ++state_->pool.dialled;
    set_phase(Phase::connect);
    Ex executor = state_->executor;
    if constexpr (C::multi) {
        const Call* reader = this;
        if constexpr (shares) reader = this->driver;
        executor = reader->executor();
    }
    conn_->socket.connect(where.dial_host(), where.dial_port(), Connected{Ptr(this), ++epoch_, executor});
    return true;
}

template <class C>
void Call<C>::connect() {
    if (connect_error_) {
        ++state_->pool.refused;
        return fail_attempt(
            located(Error(Errc::unavailable, "cannot connect to " + conn_->origin->dial_host() + ":" +
                                                 std::to_string(conn_->origin->dial_port()) + ": " +
                                                 connect_error_.message())));
    }
    ++state_->pool.established;
    conn_->begin_setup();
    send_begun_ = false;
    set_phase(Phase::setup);
}

template <class C>
Want Call<C>::setup() {
    if (conn_->problem != Connection::Problem::none) {
        fail_connection();
        return Want::done;
    }
    switch (conn_->setup()) {
    case Connection::Io::done: set_phase(Phase::send); return Want::done;
    case Connection::Io::want_read: return Want::read;
    case Connection::Io::want_write: return Want::write;
    case Connection::Io::failed: fail_connection(); break;
    }
    return Want::done;
}

} // namespace baton::detail
