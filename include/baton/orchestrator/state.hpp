// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/hash.hpp>
#include <baton/net/context_watch.hpp>
#include <baton/orchestrator/snapshot.hpp>
#include <baton/store/memory_cache.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace baton {

/// What `chat.stats()` says of one target.
struct TargetStats {
    std::string provider;
    std::string model;
    std::uint64_t requests = 0; ///< attempts sent
    std::uint64_t errors = 0;   ///< of those, failed
    Duration first_token{};     ///< moving average over about the last ten answers; 0: none yet
    Duration latency{};         ///< the same, to the end of the answer
    BreakerPhase breaker = BreakerPhase::closed;
};

/// What `chat.stats()` says of the whole.
struct Stats {
    std::vector<TargetStats> targets;
    std::size_t active_calls = 0;
    std::size_t open_connections = 0;          ///< now, busy and idle
    std::uint64_t established_connections = 0; ///< ever
    std::size_t idle_connections = 0;
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_joins = 0; ///< calls answered by another call's upstream request
};

namespace detail {

template <class C>
class Call;

/// State of `Absent` breakers, so that one code path serves both.
struct NoBreaker {
    struct Permit {
        explicit operator bool() const noexcept { return true; }
        void success(TimePoint) noexcept {}
        void failure(TimePoint) noexcept {}
    };
    template <class... A>
    explicit NoBreaker(const A&...) noexcept {}
    template <class R>
    Permit try_acquire(TimePoint, R&) noexcept {
        return {};
    }
    BreakerPhase phase() const noexcept { return BreakerPhase::closed; }
};

template <class B>
struct breaker_state {
    using type = typename B::State;
};
template <class Slot>
struct breaker_state<Absent<Slot>> {
    using type = NoBreaker;
};

/// The run-time state of one target: a provider with a model.
template <class B>
struct TargetState {
    template <class Strategy>
    TargetState(std::string_view model, const Strategy& strategy) : model(model), breaker(strategy) {}
    std::string model;
    [[no_unique_address]] typename breaker_state<B>::type breaker;
    std::uint64_t requests = 0, errors = 0;
    Duration first_token{}, latency{};

    static void average(Duration& into, Duration sample) noexcept {
        into = into == Duration::zero() ? sample : into + (sample - into) / 10;
    }
};

/// Calls that can be joined, by the hash of their key: a chained table whose links are in the calls, so
/// that a call in flight costs no allocation.
template <class C>
class FlightTable {
public:
    template <class Match>
    Call<C>* find(std::uint64_t hash, Match&& match) const {
        for (Call<C>* at = buckets_[index(hash)]; at; at = at->next_flight) {
            if (at->hash == hash && match(*at)) return at;
        }
        return nullptr;
    }
    void insert(Call<C>& call) {
        if (++size_ > buckets_.size()) grow();
        push(call);
    }
    void erase(Call<C>& call) noexcept {
        for (Call<C>** at = &buckets_[index(call.hash)]; *at; at = &(*at)->next_flight) {
            if (*at != &call) continue;
            *at = call.next_flight;
            --size_;
            return;
        }
    }

private:
    std::size_t index(std::uint64_t hash) const noexcept { return hash & (buckets_.size() - 1); }
    void push(Call<C>& call) noexcept { call.next_flight = std::exchange(buckets_[index(call.hash)], &call); }
    void grow() {
        std::vector<Call<C>*> old(buckets_.size() * 2);
        old.swap(buckets_);
        for (Call<C>* head : old) {
            while (head) push(*std::exchange(head, head->next_flight));
        }
    }
    std::vector<Call<C>*> buckets_ = std::vector<Call<C>*>(64);
    std::size_t size_ = 0;
};

/// Cached answers and the calls that may be joined; nothing without `Cache<...>`.
template <class C, bool = C::has_cache>
struct CacheState {
    template <class Args, class R>
    CacheState(Args&, R&) noexcept {}
};

template <class C>
struct CacheState<C, true> {
    template <class Args, class R>
    CacheState(Args& args, R& rng)
        : exact(pick<ExactMatch>(args)),
          store(MemoryCacheLimits{.max_bytes = exact.options.max_bytes,
                                  .max_entry_bytes = exact.options.max_entry_bytes},
                rng.next()) {}
    ExactMatch exact;
    MemoryCache store;
    FlightTable<C> flights;
    std::uint64_t hits = 0, joins = 0;
};

/// What one provider carries for itself.
template <class C, std::size_t I>
struct OwnPolicies {
    using R =
        std::conditional_t<C::template own_retry<I>, typename C::template retry_for<I>, Absent<slot::retry>>;
    using B = std::conditional_t<C::template own_breaker<I>, typename C::template breaker_for<I>,
                                 Absent<slot::breaker>>;
    [[no_unique_address]] R retry;
    [[no_unique_address]] B breaker;
    std::deque<TargetState<typename C::template breaker_for<I>>> targets; // permits point into them
};

template <class C, class = std::make_index_sequence<C::providers>>
struct own_tuple;
template <class C, std::size_t... I>
struct own_tuple<C, std::index_sequence<I...>> {
    using type = std::tuple<OwnPolicies<C, I>...>;
};

/// Everything calls share. Kept alive by the Orchestrator, every call, and every Stream.
template <class C>
class State final : public boost::intrusive_ref_counter<State<C>, typename C::threads::Counter>,
                    public net::ContextBound {
public:
    using Ex = typename C::executor;
    using Counter = typename C::threads::Counter;
    using Snap = Snapshot<Counter>;
    using Mutex = typename C::threads::Mutex;
    using Connection = typename C::connection;

    template <class... A>
    State(const Ex& executor, std::tuple<A...>& args)
        : executor(executor), retry(pick<typename C::retry>(args)), breaker(pick<typename C::breaker>(args)),
          fallback(pick<typename C::fallback>(args)), limits(pick<typename C::deadline>(args)),
          clock(pick<typename C::clock>(args)), rng(make_rng(args)),
          transport(pick<typename C::transport>(args)), route(pick<typename C::route>(args)),
          hooks(make_hooks(args, static_cast<typename C::hooks*>(nullptr))), cache(args, rng) {
        mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
            auto& own = std::get<i.value>(this->own);
            if constexpr (C::template own_retry<i.value>)
                own.retry = pick_on<i.value, decltype(own.retry)>(args);
            if constexpr (C::template own_breaker<i.value>)
                own.breaker = pick_on<i.value, decltype(own.breaker)>(args);
        });
        configure(args);
        watch_ = &net::ContextWatch::of(executor);
        watch_->add(*this);
    }
    ~State() {
        clear_idle();
        if (watch_) watch_->remove(*this);
        spare.clear_and_dispose([](Call<C>* call) { delete call; });
    }

    /// A new snapshot from `args` over the present one. Throws std::invalid_argument naming the option.
    template <class... A>
    void configure(std::tuple<A...>& args) {
        const std::unique_lock lock(mutex);
        boost::intrusive_ptr<Snap> next(new Snap);
        mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
            using W = typename C::template wire<i.value>;
            const typename W::Options* options = provider_options<i.value>(args);
            if (!options && snapshot) {
                next->providers.push_back(snapshot->providers[i]);
            } else {
                next->providers.push_back(make_provider<W>(options ? *options : typename W::Options{}, i,
                                                           transport.settings(), pool));
            }
        });
        if constexpr (C::has_route) {
            if (snapshot) route = reconfigured(route, args);
            plan_rows<C>(*next, route);
        }
        next->revision = snapshot ? snapshot->revision + 1 : 0;
        snapshot = std::move(next);
    }

    /// The state of `target` under provider I, made at first use.
    template <std::size_t I>
    auto& target_state(const Target& target) {
        auto& own_state = std::get<I>(own);
        for (auto& t : own_state.targets) {
            if (t.model == target.model) return t;
        }
        if constexpr (C::template own_breaker<I>) {
            return own_state.targets.emplace_back(target.model, own_state.breaker);
        } else {
            return own_state.targets.emplace_back(target.model, breaker);
        }
    }
    template <std::size_t I>
    auto& retry_of() noexcept {
        if constexpr (C::template own_retry<I>) {
            return std::get<I>(own).retry;
        } else {
            return retry;
        }
    }

    template <class F>
    void each_hook(F&& f) {
        std::apply([&](auto&... hook) { (f(hook), ...); }, hooks);
    }

    Stats stats() {
        const std::unique_lock lock(mutex);
        Stats all;
        mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
            for (const auto& t : std::get<i.value>(own).targets) {
                all.targets.push_back({std::string(snapshot->providers[i].name), t.model, t.requests,
                                       t.errors, t.first_token, t.latency, t.breaker.phase()});
            }
        });
        all.active_calls = active_calls;
        all.open_connections = pool.open();
        all.established_connections = pool.established;
        all.idle_connections = pool.idle();
        if constexpr (C::has_cache) {
            all.cache_hits = cache.hits;
            all.cache_joins = cache.joins;
        }
        return all;
    }

    /// Cancels every call; called when the Orchestrator goes.
    void shut_down() noexcept;
    /// The execution context is going: nothing of ours may keep a socket or timer.
    void on_context_shutdown() noexcept override;

    void clear_idle() noexcept { pool.clear(); }

    Ex executor;
    Mutex mutex;
    [[no_unique_address]] typename C::retry retry;
    [[no_unique_address]] typename C::breaker breaker;
    [[no_unique_address]] typename C::fallback fallback;
    [[no_unique_address]] typename C::deadline limits;
    [[no_unique_address]] typename C::clock clock;
    typename C::rng rng;
    typename C::transport transport;
    [[no_unique_address]] typename C::route route;
    mp::mp_rename<typename C::hooks, std::tuple> hooks;
    typename own_tuple<C>::type own;
    net::Pool<Connection> pool;
    boost::intrusive_ptr<const Snap> snapshot;
    [[no_unique_address]] CacheState<C> cache;

    using Calls = boost::intrusive::list<Call<C>, boost::intrusive::constant_time_size<false>>;
    Calls used;  ///< all calls that are not spare; they have references
    Calls spare; ///< finished objects, kept for their memory and timers
    std::size_t spare_count = 0;
    std::size_t active_calls = 0;      ///< begun and not ended
    std::deque<Call<C>*> pool_waiters; ///< calls waiting for a connection, oldest first
    struct Scratch {
        std::string path, headers, body;
    } scratch;           ///< reused by every call; holds nothing across a wait
    bool closed = false; ///< the Orchestrator is gone
    bool context_gone = false;

private:
    template <class... A>
    static typename C::rng make_rng(std::tuple<A...>& args) {
        if constexpr ((configures<typename C::rng, A> || ...)) {
            return pick<typename C::rng>(args);
        } else {
            return typename C::rng(random_seed());
        }
    }
    template <class Args, class... H>
    static std::tuple<H...> make_hooks(Args& args, mp::mp_list<H...>*) {
        return std::tuple<H...>(pick<H>(args)...);
    }
    template <std::size_t I, class... A>
    static const typename C::template wire<I>::Options* provider_options(std::tuple<A...>& args) {
        using W = typename C::template wire<I>;
        const typename W::Options* found = nullptr;
        mp::tuple_for_each(args, [&](auto& arg) {
            using Arg = std::decay_t<decltype(arg)>;
            if constexpr (std::is_same_v<Arg, typename W::Options>) {
                found = &arg;
            } else if constexpr (is_on<Arg>) {
                if constexpr (std::is_same_v<typename Arg::provider, W>) {
                    mp::tuple_for_each(arg.args, [&](auto& inner) {
                        if constexpr (std::is_same_v<std::decay_t<decltype(inner)>, typename W::Options>)
                            found = &inner;
                    });
                }
            }
        });
        return found;
    }
    template <std::size_t I, class S, class... A>
    static S pick_on(std::tuple<A...>& args) {
        std::optional<S> made;
        mp::tuple_for_each(args, [&](auto& arg) {
            using Arg = std::decay_t<decltype(arg)>;
            if constexpr (is_on<Arg>) {
                if constexpr (std::is_same_v<typename Arg::provider, typename C::template wire<I>>) {
                    made.emplace(pick<S>(arg.args));
                }
            }
        });
        return made ? std::move(*made) : S();
    }
    template <class Route, class... A>
    static Route reconfigured(const Route& present, std::tuple<A...>& args) {
        if constexpr ((configures<Route, A> || ...)) {
            return pick<Route>(args);
        } else {
            return present;
        }
    }

    net::ContextWatch* watch_ = nullptr;
};

} // namespace detail

} // namespace baton
