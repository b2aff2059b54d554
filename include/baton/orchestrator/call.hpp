// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call_parts.hpp>

#include <boost/container/small_vector.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace baton::detail {

/// One `complete` or `stream`: an object that advances without waiting and says what it waits for. It owns
/// its attempt (connection, exchange, decoder, permit); `drive()` (drive.hpp) performs the waits. Objects
/// are recycled with their memory and timers.
///
/// A call has two halves. The *reader* belongs to one caller: its timers, its place in the answer. The
/// *work* talks to providers. Normally a call reads its own work; under `Cache<...>` an equal call under
/// way is followed instead, and whichever reader needs bytes performs the waits.
template <class C>
class Call final : public boost::intrusive::list_base_hook<>,
                   public Sharing<C>,
                   public Classifying<C>,
                   public Interruptible<C>,
                   public Resuming<C>,
                   public Hedging<C>,
                   public Resting<C>,
                   public Limiting<C> {
public:
    using Ex = typename C::executor;
    using Ptr = boost::intrusive_ptr<Call>;
    using Timer = typename C::timer;
    using Connection = typename C::connection;
    using error_code = boost::system::error_code;
    static constexpr bool shares = C::has_cache;
    /// A policy judges whole answers, so a stream is held back until it has.
    static constexpr bool judged = judges<typename C::hooks>;
    /// How long a complete answer waits for the end of its framing, to keep the connection.
    static constexpr Duration drain_time = std::chrono::milliseconds(100);
    /// How long a call waits for a target that rests, where there is no other (design invariant 3).
    static constexpr std::uint32_t usual_output = 500; ///< tokens a limit expects of an answer without a cap
    static constexpr Duration most_patience = std::chrono::seconds(5);

    explicit Call(State<C>& state)
        : state_(&state), parsers_(make_parsers(state.transport.settings().max_event,
                                                static_cast<typename C::parsers*>(nullptr))) {}

    /// A call for `request`, from the state's spare objects if there is one.
    static Ptr make(State<C>& state, Mode mode, Request&& request);

    // ---- reader (call_reader.hpp, call_waits.hpp)
    // -------------------------------------------------------------------

    /// Gets on as far as possible without waiting. After `delta` and `done` it is the caller's turn; for
    /// anything else begin_wait(), wait, report through resumed_*, and advance again.
    Want advance();
    /// Whether the last advance() gave a delta: then it is handed over now.
    bool hand_over() noexcept {
        const std::unique_lock lock(state_->mutex); // the orchestrator may go meanwhile, elsewhere
        withheld_ = false;
        return has_delta_;
    }
    /// The caller cancelled while a delta was on its way: it does not get it.
    void take_back() noexcept {
        const std::unique_lock lock(state_->mutex);
        withheld_ = has_delta_;
        leave(Errc::cancelled);
    }
    /// As a rival: tells the call beside it that there is something to hear.
    void rival_reports();
    /// False: it ended meanwhile, on another thread; advance again instead of waiting.
    [[nodiscard]] bool begin_wait(Want want);
    /// The wait itself, as an operation: void(error_code, std::size_t), for park void(error_code).
    template <class Token>
    auto async_read(Token&& token);
    template <class Token>
    auto async_write(Token&& token);
    template <class Token>
    auto async_park(Token&& token);
    void resumed_read(error_code ec, std::size_t n);
    void resumed_write(error_code ec, std::size_t n);
    void resumed_park() {
        const std::unique_lock lock(state_->mutex);
        end_wait();
    }
    /// This caller wants no more: cancels the work unless others read it. Synchronous.
    void leave(Errc why);
    /// The execution context is going: ends, and lets go of sockets and timers.
    void drop_io() noexcept;
    /// Makes up the outcome of a call that is over; once.
    result<Reply>& settle();
    result<Reply>& settle_apart();
    /// The outcome; before settle(), an error that says so.
    result<Reply>& outcome() noexcept { return mine_ ? *mine_ : not_ended(); }

    /// What of the answer this caller has been handed; see Stream.
    const Reply& so_far();
    bool over() const noexcept { return own_error_.has_value() || work().phase_ == Phase::over; }
    Delta& delta() noexcept { return delta_; }
    State<C>& state() noexcept { return *state_; }
    const Draft& draft() const noexcept { return draft_; }
    Mode mode() const noexcept { return mode_; }
    /// What a call of Mode::errand asks for; it owns it from now on.
    template <class E>
    E& run_errand(std::unique_ptr<E> errand) noexcept {
        E& made = *errand;
        errand_ = std::move(errand);
        return made;
    }
    /// Gives it back once the call has ended.
    template <class E>
    std::unique_ptr<E> take_errand() noexcept {
        return std::unique_ptr<E>(static_cast<E*>(errand_.release()));
    }
    /// Where its waits are performed: under Threads<Multi> a strand, one for the life of the object, so that
    /// what is queued behind a wait never meets the next one.
    const Ex& executor() const noexcept {
        if constexpr (C::multi) {
            return *strand_;
        } else {
            return state_->executor;
        }
    }

    friend void intrusive_ptr_add_ref(Call* call) noexcept { ++call->references_; }
    friend void intrusive_ptr_release(Call* call) noexcept {
        if (--call->references_ == 0) call->retire();
    }

private:
    friend class State<C>;

    enum class Phase : unsigned char {
        begin,    ///< validate, hooks, cache
        classify, ///< a hook names the task
        plan,     ///< which targets, in which order
        choose,   ///< next target: endpoint, breaker permit, limiter lease
        queue,    ///< a limiter lets it wait
        acquire,  ///< a connection
        connect,  ///< TCP under way
        setup,    ///< proxy and TLS
        send,
        receive,
        drain, ///< the answer is complete, its framing not yet: keeps the connection usable
        pause, ///< before a retry
        rival, ///< its own attempt has failed, the one beside it has not
        over,
    };
    enum class Waiting : unsigned char {
        nothing, ///< it is being advanced
        rest,    ///< it is the caller's turn
        io,
        park
    };

    // Cold callbacks are handler objects, not coroutines: the call does not wait for them to cancel.
    struct Alarm;
    struct Connected;
    struct Classified;

    Call& work() noexcept {
        if constexpr (shares) {
            if (this->follows) return *this->follows;
        }
        return *this;
    }
    const Call& work() const noexcept { return const_cast<Call*>(this)->work(); }

    Want get_on();
    /// A reference; null if another thread is just giving up the last one.
    Ptr reference() noexcept {
        int count = references_;
        if constexpr (C::multi) {
            while (count > 0 && !references_.compare_exchange_weak(count, count + 1)) {
            }
            return Ptr(count > 0 ? this : nullptr, false);
        } else {
            return Ptr(count > 0 ? this : nullptr);
        }
    }
    static result<Reply>& not_ended() {
        static thread_local result<Reply> error;
        error = Error(Errc::cancelled, "the stream has not ended; await next() until it yields nothing");
        return error;
    }
    void retire();
    bool may_start_over();
    void orchestrator_gone();
    Error ended_by(Errc why) const;
    bool by_replay() const noexcept;
    std::string handed_text() const;
    void end_use();
    void cut_off();
    void reset();
    TimePoint my_cutoff() const noexcept;
    void arm();
    void on_alarm();
    void alarm_rang();
    void interrupt() noexcept;
    template <class Signature, class Start, class Token>
    auto begin_operation(Start start, Token&& token);
    void end_wait() noexcept;
    void wake_readers(bool streams_only);
    void wake_driver() noexcept;

    // ---- work (call_begin, _plan, _connect, _exchange, _end.hpp) -------------------------------------

    Want step();
    void begin();
    void classify();
    void classify_later();
    bool look_up();
    void plan();
    void offer_errand();
    void leave_out_small();
    void note_skipped(const Target& target, Errc why);
    void choose();
    enum class Admit : unsigned char { yes, wait, broken, limited };
    bool pick_endpoint();
    template <std::size_t I>
    bool pick_among(const std::vector<EndpointSettings>& endpoints);
    std::uint64_t affinity() const;
    bool wait_for_rest();
    void note_resting(TimePoint t);
    void note_limited();
    /// The health of the present endpoint; null if this call's list of endpoints is no more.
    template <std::size_t I>
    EndpointHealth* health_of() noexcept {
        return snapshot_ == state_->snapshot ? &std::get<I>(state_->own).endpoints[endpoint_] : nullptr;
    }
    template <class F>
    void each_limit(F&& f);
    Admit acquire_limits(TimePoint t);
    double headroom(const EndpointSettings& at, TimePoint t);
    template <class S>
    static void wake_next(S& limit, TimePoint t) noexcept;
    void heed_rate_headers();
    bool untried_endpoint() const noexcept;
    void pass_over_address() noexcept;
    template <std::size_t I>
    Admit admit(TimePoint t);
    void note_skipped(Errc why, std::string_view text);
    void begin_attempt(TimePoint t);
    bool next_target();
    void leave_limits() noexcept;
    bool acquire();
    void connect();
    Want setup();
    Want send();
    const Draft& outgoing_draft(Draft& scratch) const;
    std::optional<Error> write_request();
    Want receive();
    Want on_event(std::string_view type, std::string_view data);
    void on_head();
    bool on_body(std::string_view slice);
    void on_message_end();
    Want drain();
    void first_token();
    bool end_of_stream();
    struct Extent; // of the answer under assembly
    bool skip_malformed(std::string_view data, const Extent& before);
    void set_idle_cutoff();
    /// What the present attempt's decoder fills.
    Reply& decoding() noexcept {
        if constexpr (C::has_resume) {
            if (this->going_on != ResumeMode::none) return this->next;
        }
        return answer();
    }

    bool answered_early();
    void fail_connection();
    std::size_t larger_target() const noexcept;
    void fail_attempt(Error error);
    void decide(Error error, bool refused = false);
    void finish_broken(Error error);
    void rest_endpoint(const Error& error);
    void settle_answer();
    bool serve_stale(Errc errc);
    void settle_limits(Errc outcome, TimePoint t);

    RetryDecision decide_by_retry(const RetryFacts& facts);
    void pause_for(Duration wait);
    bool return_to_first();

    ResumeFacts resume_facts() const;
    bool plan_resume(Error& error, bool refused);
    bool begin_resume();
    bool splice(const Seam::Step& step);
    void retract(std::size_t kept);
    bool join_on();
    bool join_end();
    bool void_calls();
    void join_whole();
    void merge_resumed();

    void plan_hedge();
    void begin_hedge();
    void become_rival(Call& other);
    void hear_rival();
    void drop_rival();
    void finish_attempt();
    void judge();
    void finish();
    void finish(Error error);
    Usage estimated();
    void end_attempt(Errc outcome);
    void give_up();
    void verdict(bool success, TimePoint t);
    void report_attempt();
    void store();
    void release_connection(bool reusable);
    void set_phase(Phase phase) noexcept { phase_ = phase; }
    Error located(Error error) const;

    Reply& answer() noexcept { return *outcome_; }
    const Reply& answer() const noexcept { return *outcome_; }
    Trace& trace() noexcept { return answer().trace; }
    void clear_answer();
    TimePoint now() const noexcept { return state_->clock.now(); }
    bool is_fallback() const noexcept { return cursor_ > 0 || primary_skipped_; }
    const Target& target() const noexcept { return *targets_[cursor_]; }
    const EndpointSettings& endpoint() const noexcept {
        return snapshot_->providers[target().provider].endpoints[endpoint_];
    }
    Attempt& attempt() noexcept { return trace().attempts.back(); }
    /// What is known of the present target; from admit() on.
    template <std::size_t I>
    auto& known() noexcept {
        using T = std::remove_reference_t<decltype(state_->template target_state<I>(target(), endpoint()))>;
        return *static_cast<T*>(known_);
    }
    template <class F>
    decltype(auto) with_provider(F&& f) {
        return dispatch<C::providers>(target().provider, std::forward<F>(f));
    }

    template <class... P>
    static std::tuple<P...> make_parsers(std::size_t max_event, mp::mp_list<P...>*) {
        const auto make = [max_event]<class Parser>(Parser*) {
            if constexpr (std::is_same_v<Parser, net::SseParser>) {
                return Parser({.line = max_event + 64, .event = max_event}); // 64: the field's name
            } else {
                return Parser(max_event);
            }
        };
        return {make(static_cast<P*>(nullptr))...};
    }
    /// `f` with what cuts this target's streams into events.
    template <class F>
    decltype(auto) with_parser(F&& f) {
        if constexpr (mp::mp_size<typename C::parsers>::value == 1) {
            return f(std::get<0>(parsers_));
        } else {
            return with_provider([&](auto i) -> decltype(auto) {
                using W = typename C::template wire<decltype(i)::value>;
                return f(std::get<typename C::template parser_of<W>>(parsers_));
            });
        }
    }

    template <std::size_t I>
    using permit_of = typename breaker_state<typename C::template breaker_for<I>>::type::Permit;
    template <class I>
    using permit_at = permit_of<I::value>;
    using Permits = mp::mp_rename<
        mp::mp_push_front<mp::mp_unique<mp::mp_transform<permit_at, mp::mp_iota_c<C::providers>>>,
                          std::monostate>,
        std::variant>;
    using Decoder = mp::mp_rename<typename C::decoders, std::variant>;

    State<C>* state_;
    boost::intrusive_ptr<State<C>> keep_; // set while in use: a spare object must not keep its state alive
    typename C::threads::Count references_{0};

    // reader
    std::optional<Timer> alarm_, park_;
    TimePoint alarm_at_ = never;
    TimePoint own_total_ = never;
    std::optional<Error> own_error_;
    result<Reply>* mine_ = nullptr; // what this caller gets, once settled
    result<Reply> outcome_;         // the answer under assembly; an error only once settled
    Replay replay_;
    std::unique_ptr<Reply> shown_; // of an answer that is ahead of this caller: see so_far()
    Delta delta_;
    Mode mode_ = Mode::complete;
    Waiting waiting_ = Waiting::rest;
    bool has_delta_ = false;
    bool withheld_ = false;  // that delta has not been handed over
    bool replaying_ = false; // deltas come from the assembled reply, not from the decoder
    bool rang_ = false;
    bool left_ = false;
    bool begun_ = false; // and not ended
    std::conditional_t<C::multi, std::optional<Ex>, Absent<slot::executor>> strand_;

    // work
    Phase phase_ = Phase::begin;
    Request request_;
    Draft draft_;
    boost::intrusive_ptr<const typename State<C>::Snap> snapshot_;
    boost::container::small_vector<const Target*, 8> targets_;
    std::deque<Target> own_targets_; // made for this request
    struct Excluded {
        std::size_t provider;
        std::string model;
    };
    std::vector<Excluded> excluded_; // by judgements of earlier rounds
    std::unique_ptr<Errand> errand_; // for Mode::errand
    std::size_t cursor_ = 0;
    std::size_t endpoint_ = 0;              // of the target's provider
    void* known_ = nullptr;                 // its TargetState; see known()
    std::optional<std::uint32_t> outgrown_; // the largest window that was too small for this request
    std::uint64_t tried_ = 0;               // endpoints of this target that have failed this call, as bits
    std::string task_;
    Error error_;
    TimePoint started_{}, attempt_started_{}, sent_at_{}, resume_at_ = never, total_ = never;
    Cutoff cutoff_;
    Duration waited_{};
    std::uint32_t needs_ = 0; // see needs.hpp
    int retries_on_target_ = 0, retries_ = 0, rounds_ = 0;

    // attempt
    std::unique_ptr<Connection> conn_;
    [[no_unique_address]] Permits permit_;
    Decoder decoder_;
    mp::mp_rename<typename C::parsers, std::tuple> parsers_;
    Delta decoded_;          // what the last event said; whoever reads it copies it
    std::string_view input_; // of the body slice, not yet parsed
    std::string_view whole_; // a body that came in one piece
    std::string body_;       // of a unary or error response, if it came in pieces
    error_code connect_error_;
    std::uint32_t epoch_ = 0; // of connecting: a late callback of an earlier one is ignored
    bool connected_ = false, granted_ = false, queued_ = false;
    bool fresh_only_ = false, replayed_ = false;
    bool primary_skipped_ = false; // the first target could not serve this request
    bool send_begun_ = false, attempt_refused_ = false, sniffed_ = false;
    bool streaming_ = false; // the response is a stream of events
    bool committed_ = false; // a delta left for the caller
    bool got_first_ = false;
    bool complete_ = false;   // the reply is complete, only framing may be missing
    bool books_open_ = false; // of the present attempt
    bool moved_ = false;      // to another target since the last attempt
    bool to_sibling_ = false; // the next attempt is meant for another endpoint of this target
    std::size_t streamed_ = 0;
    std::uint32_t deltas_ = 0; // of this attempt
    Usage attempt_usage_;      // of the last one that broke
    std::size_t unsent_ = 0;   // bytes of the request, when it last waited
};

} // namespace baton::detail

#include <baton/orchestrator/call_begin.hpp>
#include <baton/orchestrator/call_choose.hpp>
#include <baton/orchestrator/call_connect.hpp>
#include <baton/orchestrator/call_end.hpp>
#include <baton/orchestrator/call_exchange.hpp>
#include <baton/orchestrator/call_fail.hpp>
#include <baton/orchestrator/call_hedge.hpp>
#include <baton/orchestrator/call_limit.hpp>
#include <baton/orchestrator/call_plan.hpp>
#include <baton/orchestrator/call_reader.hpp>
#include <baton/orchestrator/call_resume.hpp>
#include <baton/orchestrator/call_waits.hpp>
