// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/message.hpp>
#include <baton/core/time.hpp>
#include <baton/core/tuning.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace baton {

/// A function the model may call. `parameters` is a JSON Schema as text ("" = no parameters).
class Tool {
public:
    Tool() = default;
    Tool(std::string name, std::string description, std::string parameters = {})
        : name(std::move(name)), description(std::move(description)), parameters(std::move(parameters)) {}
    friend bool operator==(const Tool&, const Tool&) = default;

    std::string name;
    std::string description;
    std::string parameters;
    bool strict = false; ///< ask the vendor to enforce the schema
    std::string vendor;  ///< whose API `extra` is written for; a dialect's name: "openai", "anthropic", ...
    std::string extra;   ///< further members of the tool there, as `"a":1,"b":2`; others do not get them
};

/// Whether and which tool the model must call.
class ToolChoice {
public:
    enum class Mode : unsigned char { vendor_default, automatic, none, required, named };
    ToolChoice() = default;
    explicit ToolChoice(Mode mode) : mode(mode) {}
    explicit ToolChoice(std::string name) : mode(Mode::named), name(std::move(name)) {}
    friend bool operator==(const ToolChoice&, const ToolChoice&) = default;

    Mode mode = Mode::vendor_default;
    std::string name;
};

/// What shape the answer must have.
class ResponseFormat {
public:
    enum class Kind : unsigned char { text, json_object, json_schema };
    ResponseFormat() = default;
    explicit ResponseFormat(Kind kind) : kind(kind) {}
    ResponseFormat(std::string name, std::string schema, bool strict)
        : kind(Kind::json_schema), name(std::move(name)), schema(std::move(schema)), strict(strict) {}
    friend bool operator==(const ResponseFormat&, const ResponseFormat&) = default;

    Kind kind = Kind::text;
    std::string name;
    std::string schema; ///< JSON Schema as text
    bool strict = true;
};

// Strong types: each names one member of Request. They have constructors, so that they are safe as
// temporaries inside co_await expressions on GCC 12.

/// Selects the model: "vendor/name" one target, a bare name the providers that list it.
struct model {
    explicit model(std::string value) : value(std::move(value)) {}
    std::string value;
};
/// What the request is for (`Route<ByTask>`).
struct task {
    explicit task(std::string value) : value(std::move(value)) {}
    std::string value;
};
/// On whose behalf the call is made.
struct tenant {
    explicit tenant(std::string value) : value(std::move(value)) {}
    std::string value;
};
/// Cap on the answer's length, in tokens.
struct max_tokens {
    explicit max_tokens(std::uint32_t value) : value(value) {}
    std::uint32_t value;
};
/// Sampling temperature, 0 to 2 (each vendor's own range is enforced by the vendor).
struct temperature {
    explicit temperature(double value) : value(value) {}
    double value;
};
/// Nucleus sampling, 0 to 1.
struct top_p {
    explicit top_p(double value) : value(value) {}
    double value;
};
/// Sampling seed, where the vendor has one.
struct seed {
    explicit seed(std::int64_t value) : value(value) {}
    std::int64_t value;
};
/// Total time for this call, waits and retries included; overrides `Deadline`'s total.
struct deadline {
    explicit deadline(Duration value) : value(value) {}
    Duration value;
};
/// Higher goes first where calls queue.
struct priority {
    explicit priority(std::int16_t value) : value(value) {}
    std::int16_t value;
};
/// `cache(no)`: this call is neither looked up nor stored.
enum class Toggle : bool { no, yes };
inline constexpr Toggle no = Toggle::no;
inline constexpr Toggle yes = Toggle::yes;
struct cache {
    explicit cache(Toggle use) : use(use) {}
    Toggle use;
};
/// `hedge(no)`: this call is never raced, whatever the composition's `Hedge` says. `hedge(yes)`: it may be,
/// even if the vendor does more than answer it; see Request::hedge.
struct hedge {
    explicit hedge(Toggle use) : use(use) {}
    Toggle use;
};
/// Members for the vendor that baton does not model: a JSON object as text, sent untouched. Also takes
/// a boost::json::object (found through its `serialize`).
struct extra {
    explicit extra(std::string json) : json(std::move(json)) {}
    template <class J>
        requires requires(const J& j) { std::string(serialize(j)); }
    explicit extra(const J& value) : json(serialize(value)) {}
    std::string json;
};
/// Sequences that end the answer: `stop("\n", "END")`.
struct stop {
    template <class... S>
    explicit stop(S&&... sequences) {
        (value.emplace_back(std::forward<S>(sequences)), ...);
    }
    std::vector<std::string> value;
};
/// Targets for this call instead of the configured order: `fallbacks("openai/gpt-5", "anthropic/...")`.
struct fallbacks {
    template <class... S>
    explicit fallbacks(S&&... targets) {
        (value.emplace_back(std::forward<S>(targets)), ...);
    }
    std::vector<std::string> value;
};
/// Functions the model may call: `tools(Tool("weather", "...", schema), Tool(...))`.
struct tools {
    template <class... T>
    explicit tools(T&&... list) {
        (value.emplace_back(std::forward<T>(list)), ...);
    }
    std::vector<Tool> value;
};

namespace detail {
template <class T, class... List>
inline constexpr bool one_of = (std::same_as<T, List> || ...);
} // namespace detail

class Request;

/// What a Request can be built from. A free concept over a list of types: the constraint is checked
/// while Request is still incomplete.
template <class A>
concept request_part =
    !std::same_as<std::remove_cvref_t<A>, Request> &&
    (text_like<A> ||
     detail::one_of<std::remove_cvref_t<A>, Message, std::vector<Message>, model, task, tenant, max_tokens,
                    temperature, top_p, seed, deadline, priority, cache, hedge, extra, stop, fallbacks, tools,
                    ToolChoice, ResponseFormat, Tuning, frequency_penalty, presence_penalty, choices,
                    top_logprobs, top_k, reasoning, service_tier, end_user, lossy>);

/// What the caller sends; const for the whole call. Built from parts in any order:
/// `Request{system("Be brief."), user("Hello"), task("chat"), max_tokens(400)}`; one text is one user
/// message. Not an aggregate, and nothing here takes an initializer_list: GCC 12 miscompiles both inside
/// an expression with co_await (doc/gcc12.md). A moved-from Request may be reused after assignment.
class Request {
public:
    Request() = default;

    template <class... A>
        requires(sizeof...(A) > 0) && (request_part<A> && ...)
    Request(A&&... parts);

    friend bool operator==(const Request&, const Request&) = default;

    /// Back to an empty Request, keeping memory.
    void clear() noexcept {
        messages.clear();
        for (std::string* text : {&model, &task, &tenant, &extra}) text->clear();
        tools.clear();
        stop.clear();
        fallbacks.clear();
        tool_choice.reset();
        response_format.reset();
        tuning.reset();
        temperature.reset();
        top_p.reset();
        seed.reset();
        max_tokens.reset();
        deadline.reset();
        priority = 0;
        hedge.reset();
        parallel_tools = cacheable = true;
        lossy = false;
        extra_of = {};
    }

    std::vector<Message> messages;
    std::string model;  ///< "vendor/name" selects a target; a bare name applies to providers that list it
    std::string task;   ///< what it is for; `Route<ByTask>` maps it to targets
    std::string tenant; ///< on whose behalf; part of every cache key and limit
    std::string extra;  ///< a JSON object whose members are sent to the vendor untouched
    std::vector<Tool> tools;
    std::vector<std::string> stop;      ///< sequences that end the answer
    std::vector<std::string> fallbacks; ///< targets to try instead of the configured order, "vendor/name"
    Boxed<ToolChoice> tool_choice;
    Boxed<ResponseFormat> response_format;
    Boxed<Tuning> tuning;
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::int64_t> seed;
    std::optional<std::uint32_t> max_tokens; ///< cap on the answer, in tokens
    std::optional<Duration> deadline;        ///< total time for this call, waits and retries included
    std::int16_t priority = 0;               ///< higher goes first where calls queue
    /// Whether a late first token may be raced by a second attempt (`Hedge`). Nothing: unless `extra` makes
    /// the vendor do more than answer: hosted tools, stored or stateful turns (`store`,
    /// `previous_response_id`).
    std::optional<bool> hedge;
    bool parallel_tools = true; ///< false: at most one tool call per answer
    bool cacheable = true;      ///< false: neither looked up nor stored
    bool lossy = false;         ///< what a vendor cannot express is dropped, not refused
    /// In which dialect `extra` was written, as serve/ says of a client's request: its known words are not
    /// for vendors of another (see wire/dialect_words.hpp). "": for any. Static storage.
    std::string_view extra_of;
};

namespace detail {

inline void add(Request& r, Message m) { r.messages.push_back(std::move(m)); }
inline void add(Request& r, std::vector<Message> m) {
    r.messages.insert(r.messages.end(), std::make_move_iterator(m.begin()), std::make_move_iterator(m.end()));
}
inline void add(Request& r, baton::model v) { r.model = std::move(v.value); }
inline void add(Request& r, baton::task v) { r.task = std::move(v.value); }
inline void add(Request& r, baton::tenant v) { r.tenant = std::move(v.value); }
inline void add(Request& r, baton::max_tokens v) { r.max_tokens = v.value; }
inline void add(Request& r, baton::temperature v) { r.temperature = v.value; }
inline void add(Request& r, baton::top_p v) { r.top_p = v.value; }
inline void add(Request& r, baton::seed v) { r.seed = v.value; }
inline void add(Request& r, baton::deadline v) { r.deadline = v.value; }
inline void add(Request& r, baton::priority v) { r.priority = v.value; }
inline void add(Request& r, baton::cache v) { r.cacheable = v.use == Toggle::yes; }
inline void add(Request& r, baton::hedge v) { r.hedge = v.use == Toggle::yes; }
inline void add(Request& r, baton::extra v) { r.extra = std::move(v.json); }
inline void add(Request& r, baton::stop v) { r.stop = std::move(v.value); }
inline void add(Request& r, baton::fallbacks v) { r.fallbacks = std::move(v.value); }
inline void add(Request& r, baton::tools v) { r.tools = std::move(v.value); }
inline void add(Request& r, ToolChoice v) { r.tool_choice = std::move(v); }
inline void add(Request& r, ResponseFormat v) { r.response_format = std::move(v); }
inline void add(Request& r, Tuning v) { r.tuning = std::move(v); }
inline void add(Request& r, baton::frequency_penalty v) { r.tuning.ensure().frequency_penalty = v.value; }
inline void add(Request& r, baton::presence_penalty v) { r.tuning.ensure().presence_penalty = v.value; }
inline void add(Request& r, baton::choices v) { r.tuning.ensure().choices = v.value; }
inline void add(Request& r, baton::top_logprobs v) { r.tuning.ensure().top_logprobs = v.value; }
inline void add(Request& r, baton::top_k v) { r.tuning.ensure().top_k = v.value; }
inline void add(Request& r, baton::reasoning v) {
    if (v.tokens) r.tuning.ensure().reasoning_tokens = v.tokens;
    if (!v.effort.empty()) r.tuning.ensure().reasoning_effort = std::move(v.effort);
}
inline void add(Request& r, baton::service_tier v) { r.tuning.ensure().service_tier = std::move(v.value); }
inline void add(Request& r, baton::end_user v) { r.tuning.ensure().user = std::move(v.id); }
inline void add(Request& r, baton::lossy v) { r.lossy = v.on; }
template <text_like T>
void add(Request& r, T&& text) {
    r.messages.emplace_back(Role::user, std::string(std::forward<T>(text)));
}

} // namespace detail

template <class... A>
    requires(sizeof...(A) > 0) && (request_part<A> && ...)
Request::Request(A&&... parts) {
    messages.reserve(((text_like<A> || std::same_as<std::remove_cvref_t<A>, Message>)+...));
    (detail::add(*this, std::forward<A>(parts)), ...);
}

} // namespace baton
