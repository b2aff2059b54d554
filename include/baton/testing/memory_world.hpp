// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/orchestrator/environment.hpp>
#include <baton/testing/answer_plan.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/testing/ledger.hpp>
#include <baton/testing/manual_clock.hpp>
#include <baton/testing/served_request.hpp>

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::testing {

/// What happens to an attempt to connect.
class Accept {
public:
    enum class Kind : unsigned char { accept, refuse, hang, unknown_host };
    static Accept yes(Duration delay = {}) { return Accept(Kind::accept, delay); }
    static Accept refuse(Duration delay = {}) { return Accept(Kind::refuse, delay); }
    static Accept unknown_host(Duration delay = {}) { return Accept(Kind::unknown_host, delay); }
    static Accept hang() { return Accept(Kind::hang, {}); } ///< never answered

    Kind kind;
    Duration delay;

private:
    Accept(Kind kind, Duration delay) : kind(kind), delay(delay) {}
};

namespace detail {

class World;

/// One connection: what the client wrote and has not been parsed, what the server wrote and has not been
/// read, and the server's play of its present answer.
class Link : public std::enable_shared_from_this<Link> {
    using error_code = boost::system::error_code;
    using Io = Pending<error_code, std::size_t>;

public:
    Link(World& world, std::uint64_t number) : world_(world), number_(number) {}
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    BATON_DECL std::size_t try_read(std::span<char> to, error_code& ec);
    BATON_DECL std::size_t try_write(std::string_view from, error_code& ec);
    BATON_DECL void read(std::span<char> to, Io& pending);
    BATON_DECL void write(std::string_view from, Io& pending);
    BATON_DECL void cancel();
    BATON_DECL void client_closes();

private:
    friend class World;
    enum class State : unsigned char { connecting, open, ended, reset };

    BATON_DECL void connected(Accept::Kind kind);
    BATON_DECL std::size_t take(std::span<char> to);
    BATON_DECL std::size_t accept_bytes(std::string_view from);
    BATON_DECL void serve();
    BATON_DECL void play(ServedRequest&& request);
    BATON_DECL void play_on();
    BATON_DECL void play_end();
    BATON_DECL void count_sent(std::size_t bytes);
    BATON_DECL void end(AnswerPlan::End how);
    BATON_DECL void pump();
    BATON_DECL bool struck();
    std::size_t unread() const noexcept { return to_client_.size() - read_; }
    Ledger::Connection& entry() noexcept;

    World& world_;
    std::uint64_t number_;
    Script* script_ = nullptr;
    State state_ = State::connecting;
    bool close_on_next_ = false;
    bool blocked_ = false; // writes

    PendingList<error_code> connecting_;
    PendingList<error_code, std::size_t> reading_, writing_;
    std::span<char> read_to_;
    std::string_view write_from_;
    ManualClock::Scheduled timer_, unblock_;

    std::string to_client_, from_client_;
    std::size_t read_ = 0; // of to_client_
    RequestParser parser_;
    ServedRequest request_;
    AnswerPlan plan_;
    bool playing_ = false;
    std::size_t sent_ = 0, step_ = 0, mark_ = 0, served_ = 0;
};

/// All hosts and connections of a MemoryNet.
class World {
    using error_code = boost::system::error_code;

public:
    explicit World(const ManualClock& clock) : clock(clock) {
        settings.allow_http = true; // there is nobody to listen
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    BATON_DECL void serve(std::string_view host, Script script);
    BATON_DECL void on_connect(std::string_view host, std::function<Accept(std::uint64_t)> decide);
    BATON_DECL std::shared_ptr<Link> connect(const std::string& host, std::uint16_t port,
                                             Pending<error_code>& done);
    BATON_DECL void close_idle(AnswerPlan::End how);
    BATON_DECL void forget(Link& link);

    struct Host {
        Script script;
        std::function<Accept(std::uint64_t)> decide;
        std::uint64_t connections = 0;
    };

    ManualClock clock;
    NetSettings settings;
    std::map<std::string, Host, std::less<>> hosts; ///< by "name" or "name:port"
    std::list<std::shared_ptr<Link>> links;
    Ledger ledger;
    std::vector<ServedRequest> requests;
    std::map<std::string, std::uint64_t> attempts; ///< by request id
    std::vector<std::string> models{"model-1"};
    std::string last_answer;
    std::size_t open = 0;
    std::uint64_t misused = 0;
    bool keep_requests = true;

    std::size_t read_cap = 0, write_cap = 0;
    Duration write_pause{};
    std::size_t cut_at = std::string::npos;
    AnswerPlan::End cut_end = AnswerPlan::End::close;
    std::uint64_t operations = 0, fail_at = 0;

private:
    BATON_DECL Host* find(const std::string& host, std::uint16_t port);
};

inline Ledger::Connection& Link::entry() noexcept { return world_.ledger.connections[number_ - 1]; }

} // namespace detail

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/memory_world.ipp>
#endif
