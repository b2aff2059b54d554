// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <baton/policy/half_open.hpp>
#include <baton/policy/rng.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <hiredis/hiredis.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

/// A command in Redis' protocol.
inline std::string redis_command(std::initializer_list<std::string_view> parts) {
    std::string out = "*" + std::to_string(parts.size()) + "\r\n";
    for (const std::string_view part : parts)
        out.append("$").append(std::to_string(part.size())).append("\r\n").append(part).append("\r\n");
    return out;
}

/// One thread's connection to Redis. Nobody waits for it longer than `budget`, and nobody at all while its
/// breaker is open. hiredis reads the protocol, Asio moves the bytes: nothing here blocks.
class RedisLink : public std::enable_shared_from_this<RedisLink> {
public:
    struct FreeReply {
        void operator()(redisReply* reply) const { freeReplyObject(reply); }
    };
    /// Null: it did not answer in time, or with an error.
    using Reply = std::unique_ptr<redisReply, FreeReply>;

    RedisLink(Executor executor, const RedisConfig& config)
        : executor_(executor), config_(config), breaker_(strategy()), resolver_(executor), socket_(executor),
          rng_(baton::random_seed()) {}

    /// Is told what came when nobody waited for it any more: what it did to Redis, it did.
    using Late = std::function<void(RedisLink&, const redisReply&)>;

    Task<Reply> ask(std::string command, Late late = {}) {
        auto permit = breaker_.try_acquire(Clock::now(), rng_);
        if (!permit) co_return Reply();
        const auto self = shared_from_this(); // a reload may replace the link meanwhile
        const auto waiter = std::make_shared<Waiter>(executor_);
        waiter->command = std::move(command);
        waiter->late = std::move(late);
        waiter->timer.expires_after(config_.budget);
        start(waiter);
        co_await waiter->timer.async_wait(asio::as_tuple(asio::deferred));
        waiter->abandoned = true;
        const asio::cancellation_state caller = co_await asio::this_coro::cancellation_state;
        if (caller.cancelled() != asio::cancellation_type::none) { // says nothing of Redis
            if (waiter->reply && waiter->late) waiter->late(*this, *waiter->reply);
            co_return Reply();
        }
        if (!waiter->reply) {
            const auto now = Clock::now();
            permit.failure(now);
            // A peer that has gone without a word: the next attempt is another connection's.
            const bool pending = state_ == State::connecting || !asked_.empty();
            if (pending && now - quiet_since_ >= most_silence) down();
            co_return Reply();
        }
        permit.success(Clock::now());
        co_return std::move(waiter->reply);
    }

    /// For what nobody waits for. Lost if Redis does not answer.
    void tell(std::string command) {
        auto task = [](std::shared_ptr<RedisLink> link, std::string what) -> Task<void> {
            co_await link->ask(std::move(what));
        };
        asio::co_spawn(executor_, task(shared_from_this(), std::move(command)), asio::detached);
    }

    /// On the connection that is there, whatever the breaker says; lost if there is none.
    void amend(std::string command) {
        if (state_ != State::up) return;
        const auto waiter = std::make_shared<Waiter>(executor_);
        waiter->command = std::move(command);
        send(waiter);
    }

    void close() {
        resolver_.cancel();
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

private:
    struct Waiter {
        explicit Waiter(const Executor& executor) : timer(executor) {}
        asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer;
        std::string command;
        Late late;
        Reply reply;
        bool abandoned = false;
    };
    using Ptr = std::shared_ptr<Waiter>;
    struct FreeReader {
        void operator()(redisReader* reader) const { redisReaderFree(reader); }
    };

    static const baton::HalfOpen& strategy() {
        static const baton::HalfOpen made = [] {
            baton::HalfOpen::Options options;
            options.window = std::chrono::seconds(10);
            options.min_calls = 5;
            options.open = std::chrono::seconds(1);
            options.open_max = std::chrono::seconds(10);
            return baton::HalfOpen(options);
        }();
        return made;
    }

    void start(const Ptr& waiter) {
        if (state_ == State::up) return send(waiter);
        queued_.push_back(waiter);
        if (state_ == State::connecting) return;
        state_ = State::connecting;
        quiet_since_ = Clock::now();
        socket_ = Connection::Socket(executor_);
        const unsigned era = ++era_;
        resolver_.async_resolve(
            config_.host, std::to_string(config_.port),
            [self = shared_from_this(), era](boost::system::error_code failed, const auto& found) {
                if (era != self->era_) return;
                if (failed) return self->down();
                asio::async_connect(self->socket_, found,
                                    [self, era](boost::system::error_code no, const auto&) {
                                        if (era != self->era_) return;
                                        no ? self->down() : self->begin();
                                    });
            });
    }
    void begin() {
        state_ = State::up;
        reader_.reset(redisReaderCreate());
        read();
        if (!config_.password.empty()) { // where it is wrong, all that follows is refused
            const auto login = std::make_shared<Waiter>(executor_);
            login->command = config_.username.empty()
                                 ? redis_command({"AUTH", config_.password.reveal()})
                                 : redis_command({"AUTH", config_.username, config_.password.reveal()});
            send(login);
        }
        for (const Ptr& waiting : std::exchange(queued_, {})) send(waiting);
    }

    void send(const Ptr& waiter) {
        if (waiter->abandoned) return;
        if (asked_.empty()) quiet_since_ = Clock::now();
        asked_.push_back(waiter);
        out_ += waiter->command;
        if (!writing_) write();
    }
    void write() {
        writing_ = true;
        auto bytes = std::make_shared<std::string>(std::exchange(out_, {}));
        asio::async_write(
            socket_, asio::buffer(*bytes),
            [self = shared_from_this(), bytes, era = era_](boost::system::error_code failed, std::size_t) {
                if (era != self->era_) return;
                self->writing_ = false;
                if (failed) return self->down();
                if (!self->out_.empty()) self->write();
            });
    }
    void read() {
        socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this(), era = era_](
                                                           boost::system::error_code failed, std::size_t n) {
            if (era != self->era_) return;
            self->quiet_since_ = Clock::now();
            if (failed || !self->take(n)) return self->down();
            self->read();
        });
    }
    /// False: what came is not an answer to what was asked.
    bool take(std::size_t n) {
        if (redisReaderFeed(reader_.get(), buffer_.data(), n) != REDIS_OK) return false;
        for (;;) {
            void* raw = nullptr;
            if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return false;
            if (!raw) return true;
            Reply reply(static_cast<redisReply*>(raw));
            if (asked_.empty()) return false;
            const Ptr waiter = std::move(asked_.front());
            asked_.pop_front();
            if (reply->type == REDIS_REPLY_ERROR) reply.reset();
            if (!waiter->abandoned) waiter->reply = std::move(reply);
            if (reply && waiter->late) waiter->late(*this, *reply);
            waiter->timer.cancel();
        }
    }
    void down() {
        ++era_;
        state_ = State::down;
        writing_ = false;
        out_.clear();
        boost::system::error_code ignored;
        socket_.close(ignored);
        for (auto* list : {&asked_, &queued_}) {
            for (const Ptr& waiter : std::exchange(*list, {})) waiter->timer.cancel();
        }
    }

    enum class State : unsigned char { down, connecting, up };

    static constexpr std::chrono::seconds most_silence{1};

    Executor executor_;
    RedisConfig config_;
    baton::HalfOpen::State breaker_;
    asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver_;
    Connection::Socket socket_;
    std::unique_ptr<redisReader, FreeReader> reader_;
    baton::Xoshiro rng_;
    State state_ = State::down;
    unsigned era_ = 0;              // of connections: what belongs to an earlier one is ignored
    Clock::time_point quiet_since_; // while something is asked: what came last, or the first that was sent
    bool writing_ = false;
    std::string out_;
    std::deque<Ptr> asked_, queued_; // sent; not yet
    std::array<char, 4096> buffer_{};
};

} // namespace gateway
