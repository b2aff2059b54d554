// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/connection.hpp>
#include <baton/net/pool.hpp>
#include <baton/net/tcp.hpp>
#include <baton/policy/environment.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/wait_traits.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace baton {

/// `Clock<Steady>`, the default: the machine's clocks and Asio's timers.
class Steady {
public:
    struct Options {};
    Steady() = default;
    explicit Steady(const Options&) {}

    template <class Ex>
    using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>, Ex>;
    template <class Ex>
    Timer<Ex> timer(const Ex& executor) const {
        return Timer<Ex>(executor);
    }
    TimePoint now() const noexcept { return std::chrono::steady_clock::now(); }
    WallTime wall() const noexcept { return std::chrono::system_clock::now(); }
};

/// What any transport has to say besides carrying bytes.
struct NetSettings {
    net::TlsContext tls;
    net::ProxySettings proxy;
    net::PoolLimits pool;
    net::HttpLimits http;
    Duration pool_wait = std::chrono::seconds(5); ///< for a connection to become free
    std::size_t max_reply = 32 * 1024 * 1024;     ///< bytes of one answer, streamed or not
    std::size_t max_event = 8 * 1024 * 1024;      ///< bytes of one streamed event
    bool allow_http = false;                      ///< plain http to hosts other than loopback
    std::uint16_t max_malformed = 1; ///< events of a stream that are no JSON and are skipped; 0: none is
};

/// `Transport<Tcp>`, the default: TCP with TLS, kept connections, proxies from the environment.
class Tcp {
public:
    struct Options {
        std::string_view ca_file = {};                ///< PEM authorities instead of the system's
        std::string_view ca_pem = {};                 ///< the same, in memory
        std::string_view certificate_file = {};       ///< PEM client certificate and chain
        std::string_view certificate_pem = {};        ///< the same, in memory
        std::string_view key_file = {};               ///< its PEM private key
        std::string_view key_pem = {};                ///< the same, in memory
        bool insecure_no_verify_for_tests = false;    ///< accept any certificate
        bool proxy_from_environment = true;           ///< honour HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
        bool allow_http = false;                      ///< plain http to hosts other than loopback
        std::size_t max_connections = 100;            ///< per origin, busy and idle
        Duration pool_wait = std::chrono::seconds(5); ///< for a connection to become free
        Duration idle = std::chrono::seconds(60);     ///< a kept connection older than this is not reused
        std::size_t max_reply = 32 * 1024 * 1024;     ///< bytes of one answer, streamed or not
        std::size_t max_event = 8 * 1024 * 1024;      ///< bytes of one streamed event
        std::uint32_t max_header = 64 * 1024;         ///< bytes of a response's header
        std::uint16_t max_malformed = 1; ///< events of a stream that are no JSON and are skipped; 0: none is
    };

    template <class Ex>
    using Socket = net::TcpSocket<Ex>;

    Tcp() : Tcp(Options{}) {}
    /// Throws boost::system::system_error naming the option when a file cannot be read.
    BATON_DECL explicit Tcp(const Options& options);

    template <class Ex>
    auto socket_maker(const Ex& executor) const {
        return [&executor] { return net::TcpSocket<Ex>(executor); };
    }
    const NetSettings& settings() const noexcept { return *settings_; }

private:
    std::shared_ptr<const NetSettings> settings_; // ProxySettings is referred to by connections
};

namespace detail {

/// The state of `Threads`: what guards shared state, and how references are counted.
template <class Model>
struct ThreadModel;

template <>
struct ThreadModel<Single> {
    static constexpr bool multi = false;
    struct Mutex {
        void lock() noexcept {}
        void unlock() noexcept {}
    };
    using Counter = boost::thread_unsafe_counter;
    using Count = int;
};

template <>
struct ThreadModel<Multi> {
    static constexpr bool multi = true;
    using Mutex = std::recursive_mutex; // a policy's hook may call back into the orchestrator
    using Counter = boost::thread_safe_counter;
    using Count = std::atomic<int>;
};

} // namespace detail

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/orchestrator/impl/environment.ipp>
#endif
