// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "auth.hpp"

#include <baton/policy/half_open.hpp>
#include <baton/policy/rng.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include <hiredis/hiredis.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

/// The store in Redis, for limits that several gateways share: the same algorithm, run by the server in one
/// step. One connection per thread; requests wait for it at most `budget` each, and not at all while its
/// breaker is open. hiredis writes and reads the protocol, Asio moves the bytes.
class RedisStore : public std::enable_shared_from_this<RedisStore> {
public:
    RedisStore(Executor executor, const RedisConfig& config)
        : executor_(executor), config_(config), breaker_(strategy()), socket_(executor),
          rng_(baton::random_seed()) {}

    /// 0: admitted; more: when to come again; nullopt: Redis did not say in time.
    Task<std::optional<std::chrono::nanoseconds>> admit(const KeyConfig& key) {
        const Gcra rule(key);
        if (!rule) co_return std::chrono::nanoseconds(0);
        auto permit = breaker_.try_acquire(Clock::now(), rng_);
        if (!permit) co_return std::nullopt;
        const auto self = shared_from_this(); // a reload may replace the store meanwhile
        const auto waiter = std::make_shared<Waiter>(executor_);
        waiter->command = command(key, rule);
        waiter->timer.expires_after(config_.budget);
        start(waiter);
        co_await waiter->timer.async_wait(asio::as_tuple(asio::deferred));
        waiter->abandoned = true;
        if (!waiter->early) {
            permit.failure(Clock::now());
            co_return std::nullopt;
        }
        permit.success(Clock::now());
        co_return std::chrono::microseconds(*waiter->early);
    }

    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

private:
    struct Waiter {
        explicit Waiter(const Executor& executor) : timer(executor) {}
        asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> timer;
        std::string command;
        std::optional<long long> early; // what Redis says, in microseconds
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

    std::string command(const KeyConfig& key, const Gcra& rule) const {
        // Numbers as text: Lua would write large ones with an exponent.
        static constexpr std::string_view script =
            "local t = redis.call('TIME') local now = t[1] * 1000000 + t[2] "
            "local from = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) "
            "local early = from - now - tonumber(ARGV[2]) if early > 0 then return early end "
            "from = from + tonumber(ARGV[1]) "
            "redis.call('SET', KEYS[1], string.format('%.0f', from), 'PX', string.format('%.0f', (from - "
            "now) / 1000 + 1)) "
            "return 0";
        static constexpr char digits[] = "0123456789abcdef";
        std::string name = config_.prefix;
        for (std::size_t i = 0; i < 16; ++i) {
            name += digits[key.sha256[i] >> 4];
            name += digits[key.sha256[i] & 15];
        }
        const std::string interval =
            std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(rule.interval).count());
        const std::string ahead =
            std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(rule.ahead).count());
        std::string out = "*6\r\n";
        for (const std::string_view part :
             {std::string_view("EVAL"), script, std::string_view("1"), std::string_view(name),
              std::string_view(interval), std::string_view(ahead)}) {
            out.append("$").append(std::to_string(part.size())).append("\r\n").append(part).append("\r\n");
        }
        return out;
    }

    void start(const Ptr& waiter) {
        if (state_ == State::up) return send(waiter);
        queued_.push_back(waiter);
        if (state_ == State::connecting) return;
        state_ = State::connecting;
        boost::system::error_code ec;
        const asio::ip::address address =
            asio::ip::make_address(config_.host == "localhost" ? "127.0.0.1" : config_.host, ec);
        if (ec) return down();
        socket_ = Connection::Socket(executor_);
        const unsigned era = ++era_;
        socket_.async_connect({address, config_.port},
                              [self = shared_from_this(), era](boost::system::error_code failed) {
                                  if (era != self->era_) return;
                                  if (failed) return self->down();
                                  self->state_ = State::up;
                                  self->reader_.reset(redisReaderCreate());
                                  self->read();
                                  for (const Ptr& waiting : std::exchange(self->queued_, {}))
                                      self->send(waiting);
                              });
    }

    void send(const Ptr& waiter) {
        if (waiter->abandoned) return;
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
            const std::unique_ptr<void, void (*)(void*)> reply(raw, [](void* it) { freeReplyObject(it); });
            if (asked_.empty()) return false;
            const Ptr waiter = std::move(asked_.front());
            asked_.pop_front();
            const auto* said = static_cast<const redisReply*>(reply.get());
            if (said->type == REDIS_REPLY_INTEGER) waiter->early = said->integer;
            waiter->timer.cancel(); // an error leaves `early` empty: as if nothing had been said
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

    Executor executor_;
    RedisConfig config_;
    baton::HalfOpen::State breaker_;
    Connection::Socket socket_;
    std::unique_ptr<redisReader, FreeReader> reader_;
    baton::Xoshiro rng_;
    State state_ = State::down;
    unsigned era_ = 0; // of connections: what belongs to an earlier one is ignored
    bool writing_ = false;
    std::string out_;
    std::deque<Ptr> asked_, queued_; // sent; not yet
    std::array<char, 4096> buffer_{};
};

} // namespace gateway
