// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/answer_plan.hpp>
#include <baton/testing/ledger.hpp>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace baton::testing::detail {

/// A Ledger that is being written. Safe from any thread.
class LedgerBook {
public:
    using Totals = Ledger::Totals;

    Ledger copy() const {
        const std::lock_guard lock(mutex_);
        return ledger_;
    }
    Totals totals() const {
        const std::lock_guard lock(mutex_);
        return ledger_.totals;
    }
    bool wait(const std::function<bool(const Totals&)>& done, std::chrono::milliseconds limit) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, limit, [&] { return done(ledger_.totals); });
    }

    /// One more of something that is only counted.
    void count(std::uint64_t Totals::* what) {
        edit([&] { ++(ledger_.totals.*what); });
    }
    /// Returns the connection's number.
    std::uint64_t opened() {
        std::uint64_t number = 0;
        edit([&] {
            number = ++ledger_.totals.connections_opened;
            ledger_.connections.emplace_back().number = number;
        });
        return number;
    }
    void closed(std::uint64_t connection) {
        edit([&] {
            ++ledger_.totals.connections_closed;
            ledger_.connections[connection - 1].closed = true;
        });
    }
    void received(std::uint64_t connection, std::size_t bytes) {
        edit([&] {
            ledger_.totals.bytes_in += bytes;
            ledger_.connections[connection - 1].bytes_in += bytes;
        });
    }
    void sent(std::uint64_t connection, std::size_t bytes) {
        edit([&] {
            ledger_.totals.bytes_out += bytes;
            ledger_.connections[connection - 1].bytes_out += bytes;
        });
    }
    void tunnel(std::string_view authority) {
        edit([&] {
            ++ledger_.totals.connects;
            ledger_.connects.emplace_back(authority);
        });
    }

    void begin(const ServedRequest& request, const Behaviour& behaviour, const AnswerPlan& plan) {
        edit([&] {
            Ledger::Served& served = ledger_.requests.emplace_back();
            served.number = request.number;
            served.connection = request.connection;
            served.attempt = request.attempt;
            served.id = request.id;
            served.kind = request.kind;
            served.stream = request.incoming.stream;
            served.fault = behaviour.fault;
            served.status = plan.steps.empty() || behaviour.fault == Fault::garbage ? 0 : plan.status;
            ++ledger_.totals.requests;
            ++ledger_.connections[request.connection - 1].requests;
        });
    }
    /// The bytes up to `end` are about to leave. `mark` is how many marks were behind the bytes before.
    void progress(const ServedRequest& request, const AnswerPlan& plan, std::size_t end, std::size_t& mark) {
        const std::size_t before = mark;
        while (mark < plan.marks.size() && plan.marks[mark].offset <= end) ++mark;
        const bool last = end == plan.bytes.size();
        if (mark == before && !last) return;
        edit([&] {
            Ledger::Served& served = ledger_.requests[request.number - 1];
            if (mark > before) {
                const AnswerPlan::Mark& reached = plan.marks[mark - 1];
                served.text.append(plan.text, served.text.size(), reached.text - served.text.size());
                ledger_.totals.tokens += reached.tokens - served.tokens;
                served.tokens = reached.tokens;
            }
            if (last && plan.complete) {
                served.completed = true;
                ++ledger_.totals.completed;
            }
        });
    }
    /// `alive`: the client was there until the end.
    void finish(const ServedRequest& request, bool alive) {
        edit([&] {
            Ledger::Served& served = ledger_.requests[request.number - 1];
            if (served.completed && !alive) {
                served.completed = false;
                --ledger_.totals.completed;
            }
            served.finished = true;
            ++ledger_.totals.finished;
        });
    }

private:
    template <class F>
    void edit(F&& f) {
        {
            const std::lock_guard lock(mutex_);
            f();
        }
        changed_.notify_all();
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Ledger ledger_;
};

} // namespace baton::testing::detail
