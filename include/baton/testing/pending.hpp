// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <utility>

// Asynchronous operations of virtual I/O objects: what ManualTimer and MemorySocket have in common.
namespace baton::testing::detail {

using AutoUnlink = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
struct OfService;
struct OfObject;

/// An operation under way, in the list of its execution context.
class PendingBase : public boost::intrusive::list_base_hook<AutoUnlink, boost::intrusive::tag<OfService>> {
public:
    /// Destroys the handler without calling it.
    virtual void discard() = 0;

protected:
    ~PendingBase() = default;
};

/// Does for virtual I/O objects what Asio's services do for real ones: destroys their handlers when the
/// execution context goes, and knows how many there are, so that an object that outlives its context is
/// an error a sanitizer sees.
class VirtualService : public boost::asio::execution_context::service {
public:
    using key_type = VirtualService;
    static inline boost::asio::execution_context::id id;

    explicit VirtualService(boost::asio::execution_context& context) : service(context) {}

    template <class Ex>
    static VirtualService& of(const Ex& executor) {
        return boost::asio::use_service<VirtualService>(
            boost::asio::query(executor, boost::asio::execution::context));
    }

    void add(PendingBase& pending) noexcept { pending_.push_back(pending); }
    std::size_t objects = 0; ///< timers and sockets alive

private:
    void shutdown() override {
        while (!pending_.empty()) pending_.front().discard();
    }

    boost::intrusive::list<PendingBase,
                           boost::intrusive::base_hook<boost::intrusive::list_base_hook<
                               AutoUnlink, boost::intrusive::tag<OfService>>>,
                           boost::intrusive::constant_time_size<false>>
        pending_;
};

/// An I/O object's entry with its service.
class Tenant {
public:
    explicit Tenant(VirtualService& service) noexcept : service_(&service) { ++service.objects; }
    Tenant(const Tenant&) = delete;
    Tenant& operator=(const Tenant&) = delete;
    ~Tenant() { --service_->objects; }
    VirtualService& service() noexcept { return *service_; }

private:
    VirtualService* service_;
};

/// An operation that ends by posting its handler with `Args`. Owned by itself: gone after complete() or
/// discard().
template <class... Args>
class Pending : public PendingBase,
                public boost::intrusive::list_base_hook<AutoUnlink, boost::intrusive::tag<OfObject>> {
public:
    virtual void complete(Args... args) = 0;

protected:
    ~Pending() = default;
};

/// The operations under way on one object.
template <class... Args>
using PendingList =
    boost::intrusive::list<Pending<Args...>,
                           boost::intrusive::base_hook<
                               boost::intrusive::list_base_hook<AutoUnlink, boost::intrusive::tag<OfObject>>>,
                           boost::intrusive::constant_time_size<false>>;

/// Where `handler` will run, kept from running dry until it has.
template <class Handler, class Ex>
auto tracked_executor(const Handler& handler, const Ex& executor) {
    return boost::asio::prefer(boost::asio::get_associated_executor(handler, executor),
                               boost::asio::execution::outstanding_work.tracked);
}

template <class Handler, class Ex, class... Args>
class PendingHandler final : public Pending<Args...> {
public:
    PendingHandler(Handler handler, const Ex& executor)
        : work_(tracked_executor(handler, executor)), handler_(std::move(handler)) {}

    void complete(Args... args) override {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
        auto executor = std::move(work_);
        Handler handler = std::move(handler_);
        delete this;
        boost::asio::post(executor,
                          [handler = std::move(handler), args...]() mutable { std::move(handler)(args...); });
    }
    void discard() override {
        const Handler handler = std::move(handler_); // its destruction may come back to our owner
        delete this;
    }

private:
    decltype(tracked_executor(std::declval<const Handler&>(), std::declval<const Ex&>())) work_;
    Handler handler_;
};

/// Cancelled: ends with operation_aborted and zeros.
inline void abort_pending(Pending<boost::system::error_code>& pending) {
    pending.complete(boost::asio::error::operation_aborted);
}
inline void abort_pending(Pending<boost::system::error_code, std::size_t>& pending) {
    pending.complete(boost::asio::error::operation_aborted, 0);
}

/// Makes an operation of `handler`, whose signature is void(Args...) with an error code first. Its
/// cancellation slot aborts it.
template <class... Args, class Handler, class Ex>
Pending<Args...>* make_pending(Handler handler, const Ex& executor, VirtualService& service) {
    auto slot = boost::asio::get_associated_cancellation_slot(handler);
    Pending<Args...>* pending = new PendingHandler<Handler, Ex, Args...>(std::move(handler), executor);
    service.add(*pending);
    if (slot.is_connected()) {
        slot.assign([pending](boost::asio::cancellation_type type) {
            if (type == boost::asio::cancellation_type::none) return;
            // the slot's own handler is destroyed inside complete(): `pending` must be read before
            Pending<Args...>* const self = pending;
            abort_pending(*self);
        });
    }
    return pending;
}

} // namespace baton::testing::detail
