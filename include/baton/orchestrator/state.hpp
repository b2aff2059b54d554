// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/context_watch.hpp>
#include <baton/orchestrator/flights.hpp>
#include <baton/orchestrator/limits.hpp>
#include <baton/orchestrator/snapshot.hpp>
#include <baton/orchestrator/stats.hpp>
#include <baton/orchestrator/target_state.hpp>

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

namespace detail {

template <class C>
class Call;

/// What the probes of an orchestrator may take together; nothing without any.
template <class C, bool = C::has_probes>
struct probe_budget {
    using type = Absent<slot::health>;
};
template <class C>
struct probe_budget<C, true> {
    using type = ProbeBudget;
};
template <class C>
using probe_budget_of = typename probe_budget<C>::type;

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
          fallback(make_fallback(args, static_cast<fallback_parts<typename C::fallback>*>(nullptr))),
          resume(pick<typename C::resume>(args)), balance(pick<typename C::balance>(args)),
          health(pick<typename C::health>(args)), hedge(pick<typename C::hedge>(args)),
          limits(pick<typename C::deadline>(args)), clock(pick<typename C::clock>(args)), rng(make_rng(args)),
          transport(pick<typename C::transport>(args)), route(pick<typename C::route>(args)),
          hooks(make_hooks(args, static_cast<typename C::hooks*>(nullptr))),
          own(make_own(static_cast<mp::mp_iota_c<C::providers>*>(nullptr))), limit(args),
          cache(args, rng, kept_stale()) {
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
            const auto* options = provider_argument<i.value, typename W::Options>(args);
            const auto* credentials = provider_argument<i.value, credentials_of<W>>(args);
            const auto* list = provider_argument<i.value, Endpoints<W>>(args);
            const auto* windows = provider_argument<i.value, ContextWindows<W>>(args);
            if (!options && !credentials && !list && snapshot) {
                next->providers.push_back(snapshot->providers[i]);
            } else {
                next->providers.push_back(make_provider<W>(
                    options ? *options : typename W::Options{}, credentials, list ? &list->list : nullptr, i,
                    transport.settings(), pool, snapshot ? &snapshot->providers[i] : nullptr));
                // better no change than a provider that is lost without a word
                const std::string& problem = next->providers.back().problem;
                if (snapshot && snapshot->providers[i].problem.empty() && !problem.empty())
                    bad_option(problem);
            }
            ProviderSettings& made = next->providers.back();
            if (windows) {
                made.windows.clear();
                for (const auto& one : windows->list) made.windows.emplace_back(one.model, one.tokens);
            } else if (snapshot) {
                made.windows = snapshot->providers[i].windows;
            }
            made.target.max_context = made.max_context(made.target.model);
        });
        if constexpr (C::has_route) {
            auto planned = snapshot ? reconfigured(route, args) : route;
            plan_rows<C>(*next, planned);
            route = std::move(planned);
        }
        reconfigure_policies(args);
        if constexpr (C::has_health) keep_health(*next);
        snapshot = std::move(next);                      // nothing throws from here on
        if constexpr (C::has_cache) cache.store.clear(); // answers of other options
    }

    /// New options of limits and of the breaker: what they have counted, queued and let out stays.
    template <class... A>
    void reconfigure_policies(std::tuple<A...>& args) {
        if (!snapshot) return; // the constructor has made them of the same arguments
        std::optional<typename C::breaker> other;
        if constexpr ((configures<typename C::breaker, A> || ...))
            other.emplace(pick<typename C::breaker>(args));
        if constexpr (C::has_limit) {
            mp::mp_for_each<mp::mp_iota<mp::mp_size<typename C::limits>>>([&](auto i) {
                using S = mp::mp_at_c<typename C::limits, i.value>;
                if constexpr ((configures<S, A> || ...)) {
                    std::get<i.value>(limit.entries)->configure(pick<S>(args), [&](auto& state) {
                        Call<C>::wake_next(state, clock.now()); // there may be room now
                    });
                }
            });
        }
        if constexpr ((configures<typename C::breaker, A> || ...)) {
            breaker = *std::move(other);
            mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
                if constexpr (!C::template own_breaker<i.value>) {
                    for (auto& target : std::get<i.value>(own).targets) target.breaker.configure(breaker);
                }
            });
        }
    }

    /// Endpoints' health, in the order of the next snapshot; of those that stay, what is known, but for their
    /// credentials, which may be right now.
    void keep_health(const Snap& next) {
        const TimePoint t = clock.now();
        mp::mp_for_each<mp::mp_iota_c<C::providers>>([&](auto i) {
            auto& present = std::get<i.value>(own).endpoints;
            std::vector<EndpointHealth> made(next.providers[i].endpoints.size());
            for (std::size_t k = 0; snapshot && k < made.size(); ++k) {
                const auto& before = snapshot->providers[i].endpoints;
                for (std::size_t b = 0; b < before.size(); ++b) {
                    if (before[b].id != next.providers[i].endpoints[k].id) continue;
                    made[k] = present[b];
                    made[k].configure(t);
                }
            }
            present = std::move(made);
            if constexpr (C::has_probes) {
                std::get<i.value>(own).probes.assign(present.size(), ProbeSchedule());
            }
        });
    }

    /// The state of `target` under provider I at an endpoint, made at first use.
    template <std::size_t I>
    auto& target_state(const Target& target, const EndpointSettings& endpoint) {
        auto& own_state = std::get<I>(own);
        for (auto& t : own_state.targets) {
            if (t.endpoint == endpoint.id && t.model == target.model) return t;
        }
        // callers may name models; those beyond a bound share the state of the last
        constexpr std::size_t most = 256;
        if (own_state.targets.size() >= most) return own_state.targets.back();
        if constexpr (C::template own_breaker<I>) {
            return own_state.targets.emplace_back(endpoint.id, target.model, own_state.breaker, hedge);
        } else {
            return own_state.targets.emplace_back(endpoint.id, target.model, breaker, hedge);
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
            const auto& endpoints = snapshot->providers[i].endpoints;
            for (const auto& t : std::get<i.value>(own).targets) {
                TargetStats& s = all.targets.emplace_back();
                s.provider = snapshot->providers[i].name;
                s.model = t.model;
                s.requests = t.requests;
                s.errors = t.errors;
                s.first_token = t.first_token;
                s.latency = t.latency;
                s.breaker = t.breaker.phase();
                if constexpr (C::has_balance) s.in_flight = t.load.in_flight();
                for (std::size_t e = 0; e < endpoints.size(); ++e) {
                    if (endpoints[e].id != t.endpoint) continue;
                    if (endpoints.size() > 1)
                        s.endpoint = endpoints[e].name.empty() ? std::to_string(e) : endpoints[e].name;
                    if constexpr (C::has_health)
                        s.resting = !std::get<i.value>(own).endpoints[e].usable(clock.now());
                }
            }
        });
        all.active_calls = active_calls;
        all.open_connections = pool.open();
        all.established_connections = pool.established;
        all.abandoned_connections = pool.dialled - pool.established - pool.refused;
        all.idle_connections = pool.idle();
        all.stale_hits = counters.stale;
        all.hedges = counters.hedges;
        all.resumes = counters.resumes;
        all.limited = counters.limited;
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
    [[no_unique_address]] typename C::resume resume;
    [[no_unique_address]] typename C::balance balance;
    [[no_unique_address]] typename C::health health;
    [[no_unique_address]] typename C::hedge hedge;
    [[no_unique_address]] typename C::deadline limits;
    [[no_unique_address]] typename C::clock clock;
    typename C::rng rng;
    typename C::transport transport;
    [[no_unique_address]] typename C::route route;
    mp::mp_rename<typename C::hooks, std::tuple> hooks;
    typename own_tuple<C>::type own;
    [[no_unique_address]] LimitTable<C> limit;
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
    } scratch; ///< reused by every call; holds nothing across a wait
    struct Counters {
        std::uint64_t stale = 0, hedges = 0, resumes = 0, limited = 0;
    } counters;
    /// A run() under way, and what it sleeps on.
    struct ProberEntry : boost::intrusive::list_base_hook<> {
        explicit ProberEntry(typename C::timer timer) : timer(std::move(timer)) {}
        typename C::timer timer;
    };
    boost::intrusive::list<ProberEntry, boost::intrusive::constant_time_size<false>> probers;
    [[no_unique_address]] probe_budget_of<C> probe_budget = make_budget(health); ///< of all of them
    bool closed = false;                                                         ///< the Orchestrator is gone
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
    static probe_budget_of<C> make_budget(const typename C::health& health) {
        if constexpr (C::has_probes) {
            return ProbeBudget(health);
        } else {
            return {};
        }
    }
    Duration kept_stale() const noexcept {
        if constexpr (C::has_stale) return fallback.max_stale();
        return {};
    }
    template <class Args, class... F>
    static typename C::fallback make_fallback(Args& args, mp::mp_list<F...>*) {
        return typename C::fallback(pick<F>(args)...);
    }
    template <class... I>
    auto make_own(mp::mp_list<I...>*) const {
        return typename own_tuple<C>::type(OwnPolicies<C, I::value>(balance, health)...);
    }
    template <class Args, class... H>
    static std::tuple<H...> make_hooks(Args& args, mp::mp_list<H...>*) {
        return std::tuple<H...>(pick<H>(args)...);
    }
    /// The argument of type T that is meant for provider I: given plainly, or inside on<P>(...), which wins.
    template <std::size_t I, class T, class... A>
    static const T* provider_argument(std::tuple<A...>& args) {
        using W = typename C::template wire<I>;
        const T *plain = nullptr, *own = nullptr;
        mp::tuple_for_each(args, [&](auto& arg) {
            using Arg = std::decay_t<decltype(arg)>;
            if constexpr (std::is_same_v<Arg, T>) {
                plain = &arg;
            } else if constexpr (is_on<Arg>) {
                if constexpr (std::is_same_v<typename Arg::provider, W>) {
                    mp::tuple_for_each(arg.args, [&](auto& inner) {
                        if constexpr (std::is_same_v<std::decay_t<decltype(inner)>, T>) own = &inner;
                    });
                }
            }
        });
        return own ? own : plain;
    }
    template <std::size_t I, class S, class... A>
    static S pick_on(std::tuple<A...>& args) {
        std::optional<S> made;
        mp::tuple_for_each(args, [&](auto& arg) {
            using Arg = std::decay_t<decltype(arg)>;
            if constexpr (is_on<Arg>) {
                if constexpr (std::is_same_v<typename Arg::provider, typename C::template wire<I>> &&
                              configured_in<S, decltype(arg.args)>) {
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
