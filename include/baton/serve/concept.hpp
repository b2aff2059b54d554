// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>
#include <baton/core/error.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/request.hpp>
#include <baton/core/time.hpp>

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The vendors' dialects from the server's side. Pure functions and small encoders: no I/O, no clock.
namespace baton::serve {

/// What a client's request amounts to.
class Incoming {
public:
    Request request;
    bool stream = false;        ///< the answer is wanted as events
    bool include_usage = false; ///< and its last event shall carry the usage
    bool array = false;         ///< Gemini without `alt=sse`: the events are elements of one JSON array
};

/// What the first event of a streamed answer says. Trivially destructible: safe in a co_await expression.
struct StreamHead {
    std::string_view id;
    std::string_view model;
    WallTime created{};
    Usage usage; ///< of the input, as far as it is known before the answer; for dialects that say it first
    bool include_usage = false; ///< as the client asked
    bool array = false;         ///< as the client asked
};

/// Writes one streamed answer as the bytes of its event stream: `begin`, any number of `delta` and
/// `part`, and then `finish` or `fail`, once. Everything is appended to `out`, whole events only.
template <class E>
concept StreamEncoder = std::default_initializable<E> &&
                        requires(E e, const StreamHead& head, const Delta& delta, const Part& part,
                                 const Reply& reply, const Error& error, std::string& out) {
                            e.begin(head, out);
                            e.delta(delta, out);
                            /// What has no Delta: a vendor's opaque block, or the signature of the thinking
                            /// that was just streamed. Left out by dialects that have no word for it.
                            e.part(part, out);
                            /// The Reply's stop reason and usage, and the terminal event; its parts are not
                            /// written again.
                            e.finish(reply, out);
                            /// The error and the end of the stream, without the terminal event.
                            e.fail(error, out);
                        };

/// A vendor's HTTP dialect as its server speaks it. Who satisfies it: OpenAI, OpenAIResponses, Anthropic,
/// Gemini; the client's side of the same dialect is in wire/.
template <class D>
concept Dialect = StreamEncoder<typename D::StreamEncoder> &&
                  requires(std::string_view body, Incoming& incoming, const Reply& reply, WallTime now,
                           const Error& error, std::span<const std::string> models, std::string& out) {
                      { D::name } -> std::convertible_to<std::string_view>;
                      { D::path } -> std::convertible_to<std::string_view>; // behind the base URL
                      /// Reads a request's body; nullopt, or what is wrong with it (Errc::invalid_request).
                      { D::decode(body, incoming) } -> std::same_as<std::optional<Error>>;
                      /// Appends a whole answer; `now` is its time of creation.
                      D::encode(reply, now, out);
                      /// Appends an error's body and returns the HTTP status it goes with.
                      { D::encode_error(error, out) } -> std::same_as<int>;
                      /// Appends the answer to a request for the list of models.
                      D::encode_models(models, out);
                  };

} // namespace baton::serve
