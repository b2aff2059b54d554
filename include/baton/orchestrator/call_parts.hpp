// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/canonical.hpp>
#include <baton/core/estimate.hpp>
#include <baton/core/reply_codec.hpp>
#include <baton/orchestrator/errand.hpp>
#include <baton/orchestrator/replay.hpp>
#include <baton/orchestrator/state.hpp>
#include <baton/policy/seam.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

// What the policies of a composition add to a call: each part is there only if its slot is filled.
namespace baton::detail {

/// What a call waits for.
enum class Want : unsigned char {
    done,  ///< nothing: it is over
    delta, ///< nothing: a piece can be handed over
    read,  ///< bytes from its connection
    write, ///< room in its connection
    park,  ///< a point in time, or somebody's wake-up
};

enum class Mode : unsigned char { complete, stream, errand };

/// What single-flight adds to a call; nothing without `Cache<...>`.
template <class C, bool = C::has_cache>
struct Sharing {};
template <class C>
struct Sharing<C, true> {
    boost::intrusive_ptr<Call<C>> follows; ///< the call whose work answers this one
    Call<C>* driver = nullptr;             ///< of the readers of this work: who performs its waits now
    std::vector<Call<C>*> waiters;         ///< readers parked until the work gets on
    int readers = 1;                       ///< calls that still want the outcome
    bool queued_for_work = false;          ///< listed in `waiters` of the work it reads
    std::string key;                       ///< canonical bytes; empty: not cacheable
    std::uint64_t hash = 0;
    std::optional<result<Reply>> copy; ///< this caller's, while others read the original
    bool in_flight = false;            ///< listed in CacheState::flights
    Call<C>* next_flight = nullptr;    ///< its link there
};

/// A hook whose `classify` returns an awaitable.
template <class Hook>
inline constexpr bool classifies_later = false;
template <class Hook>
    requires requires(Hook& hook, const Draft& draft) { hook.classify(draft); }
inline constexpr bool classifies_later<Hook> =
    !std::is_convertible_v<decltype(std::declval<Hook&>().classify(std::declval<const Draft&>())),
                           std::string_view>;
template <class Hook>
using classifies_later_t = std::bool_constant<classifies_later<Hook>>;

/// What an awaitable classifier adds to a call; nothing without one.
template <class C, bool = mp::mp_any_of<typename C::hooks, classifies_later_t>::value>
struct Classifying {
    static constexpr bool later = false;
};
template <class C>
struct Classifying<C, true> {
    static constexpr bool later = true;
    /// Of the classifier under way; null without one. Shared with what is queued to cancel it.
    std::shared_ptr<boost::asio::cancellation_signal> classifier;
};

/// What `Threads<Multi>` adds to a call: how far its wait has come, for those that would end it.
template <class C, bool = C::multi>
struct Interruptible {};
template <class C>
struct Interruptible<C, true> {
    enum class Wait : unsigned char {
        none,     ///< under way neither here nor in Asio
        unwanted, ///< interrupted before it began
        begun,
    };
    Wait wait = Wait::none;
};

/// What `Resume` adds to a call.
template <class C, bool = C::has_resume>
struct Resuming {};
template <class C>
struct Resuming<C, true> {
    Reply next;               ///< what the attempt that goes on says, apart from what was delivered before it
    Seam seam;                ///< what of its text the caller gets
    std::string delivered;    ///< text before the seam
    Usage spent;              ///< by attempts that delivered something and broke
    Error broke;              ///< how the first of them did: the call's error if nothing can go on
    std::size_t broke_at = 0; ///< and which target that was
    bool declined = false;    ///< the present target cannot go on in any way
    ResumeMode going_on = ResumeMode::none;
    ResumeMode refused = ResumeMode::none; ///< how the present target will not
    bool again_here = false;               ///< it is to be asked once more, another way
    int resumes = 0;
    unsigned retractions = 0; ///< departures so far
    std::size_t kept = 0;     ///< bytes of text that stood at all of them
    bool joined_on = false;   ///< the seam was shown
    bool flushed = false;     ///< the seam holds nothing back any more
    bool tools_void = false;  ///< calls were shown that the next ones replace
    bool thought = false;     ///< reasoning was shown before
};

/// What `Hedge` adds to a call.
template <class C, bool = C::has_hedge>
struct Hedging {};
template <class C>
struct Hedging<C, true> {
    boost::intrusive_ptr<Call<C>> rival; ///< the attempt beside this one's
    Call<C>* beside = nullptr;           ///< whose rival this is
    TimePoint hedge_at = never;          ///< when a rival begins
    std::optional<std::size_t> at_home;  ///< as a rival: the target that is raced, if others are tried first
    bool hedged = false;                 ///< one was begun
    bool rival_ready = false;            ///< it has something to say
    bool reported = false;               ///< as a rival: nobody drives it any more
    bool dropped = false;                ///< as a rival: it is to end as soon as its wait is over
};

/// What `Health` adds to a call.
template <class C, bool = C::has_health>
struct Resting {};
template <class C>
struct Resting<C, true> {
    TimePoint back_at = never; ///< when the first of those that rest is back
    bool rested = false;       ///< the call has waited for one
};

/// What `Limit` adds to a call: leases of the present attempt, and its places in queues.
template <class C, bool = C::has_limit>
struct Limiting {};
template <class C>
struct Limiting<C, true> {
    typename C::limit_states states; ///< of the present target; as long as a lease or a ticket is held
    typename C::limit_leases leases;
    typename C::limit_tickets tickets;
    Demand demand{.requests = 0};
    Duration refused_for{};       ///< until there would have been room
    bool waits_for_limit = false; ///< its endpoint is chosen
    bool woken = false;           ///< it may be its turn
};

template <class Hook>
inline constexpr bool judge_hook =
    requires(Hook& hook, Reply& reply, Draft& draft) { hook.on_reply(reply, draft); };
template <class List>
inline constexpr bool judges = false;
template <class... Hook>
inline constexpr bool judges<mp::mp_list<Hook...>> = (judge_hook<Hook> || ...);

} // namespace baton::detail
