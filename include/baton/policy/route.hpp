// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/request.hpp>
#include <baton/core/target.hpp>
#include <baton/policy/slot.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace baton {

namespace detail {
template <class P>
inline constexpr char type_tag = 0; // its address is the identity of P at run time
} // namespace detail

/// One entry of a route row, before it is resolved against a composition.
class RowTarget {
public:
    const void* provider_type = nullptr; ///< &type_tag<P>, from to<P>(...); or
    std::string provider_name;           ///< by name, from to("vendor/model")
    std::string model;                   ///< "" = the provider's own
    std::optional<double> temperature;
    std::optional<std::uint32_t> max_tokens;
    std::uint32_t max_context = 0; ///< tokens its model takes; 0: not known
};

/// A target in a route row, typed by its provider so that the compiler checks it against the list.
template <class P>
class To : public RowTarget {
public:
    using provider = P;
    /// Sampling temperature for this target instead of the request's.
    To temperature(double value) && {
        RowTarget::temperature = value;
        return std::move(*this);
    }
    /// Tokens this model takes. After a context overflow the call goes on only with a target that is known to
    /// take more than the one that refused.
    To max_context(std::uint32_t tokens) && {
        RowTarget::max_context = tokens;
        return std::move(*this);
    }
    /// Cap on the answer for this target; the request's applies if smaller.
    To max_tokens(std::uint32_t value) && {
        RowTarget::max_tokens = value;
        return std::move(*this);
    }
};

/// `to<Gemini>("gemini-2.5-flash")`; without a model, the provider's own.
template <class P>
To<P> to(std::string model = {}) {
    To<P> target;
    target.provider_type = &detail::type_tag<P>;
    target.model = std::move(model);
    return target;
}

/// `to("openai/gpt-5-mini")` or `to("openai")`: a name from configuration, checked at construction.
inline To<void> to(std::string_view name) {
    To<void> target;
    const std::size_t slash = name.find('/');
    target.provider_name = name.substr(0, slash);
    if (slash != std::string_view::npos) target.model = name.substr(slash + 1);
    return target;
}

/// A task and its ranked targets.
template <class... Targets>
class Row {
public:
    explicit Row(std::string task, Targets... list) : task(std::move(task)) {
        (targets.push_back(std::move(list)), ...);
    }
    /// A first token later than this moves on to the next target.
    Row max_latency(Duration limit) && {
        latency = limit;
        return std::move(*this);
    }

    /// The requests of this task ask for something that not every vendor has:
    /// `.needs<&Capabilities::tools>()`. Targets given as to<P>() are checked by the compiler, those given by
    /// name when the table is installed.
    template <bool Capabilities::* What>
    Row needs() && {
        constexpr bool all_have_it = (has<Targets, What>() && ...);
        static_assert(all_have_it,
                      "baton: a target of this row cannot do what the row needs<...>; its wire's "
                      "`capabilities` say so");
        needed.push_back(What);
        return std::move(*this);
    }

    std::string task;
    std::vector<RowTarget> targets;
    std::optional<Duration> latency;
    std::vector<bool Capabilities::*> needed;

private:
    template <class T, bool Capabilities::* What>
    static consteval bool has() {
        if constexpr (std::is_void_v<typename T::provider>) {
            return true; // a name: known at run time
        } else {
            return T::provider::capabilities.*What;
        }
    }
};

/// `row("chat", to<Gemini>("gemini-2.5-flash"), to<OpenAI>("gpt-5-mini"))`.
template <class... P>
Row<To<P>...> row(std::string task, To<P>... targets) {
    return Row<To<P>...>(std::move(task), std::move(targets)...);
}
/// The row for requests without a task, or with one no row names.
template <class... P>
Row<To<P>...> otherwise(To<P>... targets) {
    return Row<To<P>...>(std::string(), std::move(targets)...);
}

/// Route by `Request::task`: a table of rows. Without an `otherwise` row, a request with no or an unknown
/// task goes to the providers in their listed order; it is never an error. Where tasks are not given by
/// the caller, a policy in `Use<...>` with `classify(const Draft&)` supplies them.
template <class... Rows>
class ByTask {
public:
    struct Entry {
        std::string task;
        std::vector<RowTarget> targets;
        std::optional<Duration> latency;
        std::vector<bool Capabilities::*> needed;
    };

    ByTask() = default;
    explicit ByTask(Rows... rows)
        requires(sizeof...(Rows) > 0)
    {
        (entries.push_back(
             Entry(std::move(rows.task), std::move(rows.targets), rows.latency, std::move(rows.needed))),
         ...);
    }
    template <class... Other>
        requires(sizeof...(Rows) == 0 && sizeof...(Other) > 0)
    ByTask(ByTask<Other...> typed) {
        for (auto& e : typed.entries)
            entries.push_back(Entry(std::move(e.task), std::move(e.targets), e.latency, std::move(e.needed)));
    }

    std::vector<Entry> entries;
};

template <class... Rows>
ByTask(Rows...) -> ByTask<Rows...>;

/// Slot `Route`: which targets, in which order. The strategy is a class template over its rows, so that
/// `ByTask{row(...), ...}` keeps the types the compiler checks.
template <template <class...> class Strategy = ByTask>
struct Route {
    using slot = slot::route;
    using strategy = Strategy<>;
};

} // namespace baton
