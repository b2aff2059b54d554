// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>
#include <baton/core/draft.hpp>
#include <baton/core/embeddings.hpp>
#include <baton/core/error.hpp>
#include <baton/core/headers.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/secret.hpp>
#include <baton/core/target.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

/// How a streamed body is cut into events.
enum class Framing : unsigned char {
    sse,         ///< server-sent events
    ndjson,      ///< one JSON document per line; an event's type is "message"
    event_stream ///< AWS's binary messages (vnd.amazon.eventstream); an event's type is its `:event-type`
};

/// What one request looks like on the wire, before it is HTTP. The orchestrator owns the strings and
/// reuses them from call to call.
struct Outgoing {
    std::string& path;    ///< appended to the base URL's path: "/chat/completions"
    std::string& headers; ///< lines of this request only: "name: value\r\n" each
    std::string& body;    ///< appended
};

/// Reads an environment variable, "" if it is not set. Handed to wires, so that they do none of it
/// themselves.
using Environment = std::string_view (*)(std::string_view name);

/// A request as it is about to leave, for wires that sign it or whose URL depends on options.
struct Departure {
    std::string_view method;    ///< "POST"
    std::string_view authority; ///< the Host header: "host" or "host:port"
    std::string_view base_path; ///< of the base URL, in front of Outgoing::path; "" or "/v1"
    WallTime now;
};

/// A wire whose credentials or URLs are more than constant header lines has an `Account`: made once when the
/// orchestrator is configured, asked for each request. `make` returns Errc::auth if a credential is missing
/// (the provider is then skipped), any other error if an option is wrong. `authorize` may extend
/// Outgoing::path and headers; the body is final. A wire with a type `Credentials` takes an object of
/// it among the orchestrator's options, for what cannot be an Options member, such as a callable; `make` gets
/// a pointer to it, or null, as its fourth argument.
template <class W>
concept HasAccount = requires(const typename W::Account& account, const Departure& departure, Outgoing out) {
    { account.authorize(departure, out) } -> std::same_as<std::optional<Error>>;
};

/// A wire whose base URL is made from several options (region, project): used where neither Options::base_url
/// nor the environment has one. An error makes the provider unconfigured; its message is the reason.
template <class W>
concept HasBaseUrl = requires(const typename W::Options& options, Environment environment) {
    { W::base_url(options, environment) } -> std::same_as<result<std::string>>;
};

/// Where a key was found.
enum class KeyFrom : unsigned char {
    caller,        ///< among the orchestrator's options
    variable,      ///< W::key_variable
    other_variable ///< W::other_key_variable
};

/// A wire for whose Options its vendor's own programs read further variables than those of key and base URL:
/// fills what is empty. `options.key` is the key that will be used, or "".
template <class W>
concept ReadsEnvironment = requires(typename W::Options& options, KeyFrom from, Environment environment) {
    { W::read_environment(options, from, environment) } -> std::same_as<void>;
};

/// A second variable that some programs take the key from; "" = there is none.
template <class W>
constexpr std::string_view other_key_variable() noexcept {
    if constexpr (requires { W::other_key_variable; }) return W::other_key_variable;
    return {};
}

/// The path of a base URL that has none, e.g. "/v1beta"; "" = such a URL needs none.
template <class W>
constexpr std::string_view bare_path() noexcept {
    if constexpr (requires { W::bare_path; }) return W::bare_path;
    return {};
}

/// A wire that embeds texts, in one request for as many as its `embed_batch(model)` says, if it has that.
template <class W>
concept Embeds = requires(const EmbedRequest& request, const Target& target, Outgoing out,
                          std::string_view body, Embeddings& answer) {
    { W::encode_embed(request, target, out) } -> std::same_as<std::optional<Error>>;
    { W::decode_embed(body, answer) } -> std::same_as<std::optional<Error>>;
};

/// A wire that counts a request's input tokens without answering it.
template <class W>
concept CountsTokens = requires(const Draft& draft, const Target& target, Outgoing out, std::string_view body,
                                std::uint64_t& tokens) {
    { W::encode_count(draft, target, out) } -> std::same_as<std::optional<Error>>;
    { W::decode_count(body, tokens) } -> std::same_as<std::optional<Error>>;
};

/// What one request for embeddings may hold.
template <class W>
EmbedBatch embed_batch(std::string_view model) noexcept {
    if constexpr (requires { W::embed_batch(model); }) return W::embed_batch(model);
    return {};
}

/// A wire that lists its models (GET health_path). Where the list comes in pages, `next_models(body)` is the
/// path of the next one, or "".
template <class W>
concept ListsModels = requires(std::string_view body, std::vector<ModelInfo>& models) {
    { W::decode_models(body, models) } -> std::same_as<std::optional<Error>>;
};

/// What a streamed event amounted to.
enum class Step : unsigned char {
    nothing, ///< bookkeeping only: role, ping, usage, unknown event
    delta,   ///< content: the Delta is filled, the Reply already includes it
    end,     ///< the terminal event: the Reply is complete
    failed,  ///< an error event or malformed payload: see error()
};

/// Decodes one streamed answer, event by event, into deltas and one growing Reply. Made anew for each
/// attempt; allocation-free per event on the common path.
template <class D>
concept StreamDecoder =
    std::default_initializable<D> && requires(D d, std::string_view text, Delta& delta, Reply& reply) {
        /// One event: its type ("message" where the stream names none) and payload. `delta`'s views are
        /// valid until the next call, while the payload's bytes stay in place.
        { d.on_event(text, text, delta, reply) } -> std::same_as<Step>;
        /// The body ended without a terminal event having been seen: `end` if the dialect allows that
        /// (a finish reason was seen), else `failed` with Errc::truncated.
        { d.on_body_end(reply) } -> std::same_as<Step>;
        { d.error() } -> std::convertible_to<const Error&>;
    };

/// A vendor's HTTP dialect: pure functions between baton's words and the vendor's bytes. Who satisfies
/// it: OpenAI, Anthropic, ...; a model to copy: wire/openai.hpp.
template <class W>
concept Wire = StreamDecoder<typename W::StreamDecoder> &&
               requires(const Draft& draft, const Target& target, Outgoing out, Reply& reply, Headers headers,
                        std::string_view body, const Secret& key, std::string& text, WallTime now,
                        const typename W::Options& options) {
                   { W::name } -> std::convertible_to<std::string_view>;
                   { W::default_base_url } -> std::convertible_to<std::string_view>;
                   { W::default_model } -> std::convertible_to<std::string_view>; // "" = must be configured
                   { W::key_variable } -> std::convertible_to<std::string_view>;  // "" = needs no key
                   { W::base_url_variable } -> std::convertible_to<std::string_view>;
                   { W::framing } -> std::convertible_to<Framing>;
                   { W::capabilities } -> std::convertible_to<Capabilities>;
                   /// Header lines equal for all requests of an account, credentials included; or which
                   /// option cannot stand in a header.
                   { W::write_account_headers(options, key, text) } -> std::same_as<std::optional<Error>>;
                   /// Writes the request; nullopt, or why this dialect cannot express it.
                   { W::encode(draft, target, true, out) } -> std::same_as<std::optional<Error>>;
                   /// Reads a whole 2xx body into `reply`; nullopt, or an error (a 200 may carry one).
                   { W::decode(body, reply) } -> std::same_as<std::optional<Error>>;
                   /// Classifies a non-2xx response. `now` serves hints that are dates.
                   { W::decode_error(int{}, headers, body, now) } -> std::same_as<Error>;
                   /// Path of a cheap authenticated GET (model list), used as health check.
                   { W::health_path } -> std::convertible_to<std::string_view>;
               };

} // namespace baton::wire
