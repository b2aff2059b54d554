// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/intrusive/list.hpp>

#include <mutex>

namespace baton::net {

/// Something that must let go of its I/O objects before their execution context dies: an Orchestrator
/// or a Stream may outlive its io_context, a socket may not.
class ContextBound : public boost::intrusive::list_base_hook<> {
public:
    virtual void on_context_shutdown() noexcept = 0;

protected:
    ~ContextBound() = default;
};

/// The Asio service that tells them.
class ContextWatch : public boost::asio::execution_context::service {
public:
    using key_type = ContextWatch;
    static inline boost::asio::execution_context::id id;

    explicit ContextWatch(boost::asio::execution_context& context) : service(context) {}

    template <class Ex>
    static ContextWatch& of(const Ex& executor) {
        return boost::asio::use_service<ContextWatch>(
            boost::asio::query(executor, boost::asio::execution::context));
    }

    void add(ContextBound& bound) {
        const std::lock_guard lock(mutex_);
        list_.push_back(bound);
    }
    /// Harmless if the context has already shut down.
    void remove(ContextBound& bound) noexcept {
        const std::lock_guard lock(mutex_);
        if (bound.is_linked()) list_.erase(list_.iterator_to(bound));
    }

private:
    void shutdown() override {
        for (;;) {
            ContextBound* bound = nullptr;
            {
                const std::lock_guard lock(mutex_);
                if (list_.empty()) return;
                bound = &list_.front();
                list_.pop_front();
            }
            bound->on_context_shutdown();
        }
    }

    std::mutex mutex_;
    boost::intrusive::list<ContextBound> list_;
};

} // namespace baton::net
