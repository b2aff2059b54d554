// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "../support/recorded.hpp"

#include <baton/net/sse.hpp>
#include <baton/serve/concept.hpp>
#include <baton/wire/concept.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Both sides of one dialect against each other: what the client's side writes the server's must read, and
/// the other way round.
namespace baton::test {

/// The body wire `W` writes for `request`, which names its model.
template <class W>
std::string client_bytes(const Request& request, bool stream = false) {
    const Draft draft(request);
    Target target;
    target.model = request.model;
    std::string path, headers, body;
    const auto error = W::encode(draft, target, stream, wire::Outgoing{path, headers, body});
    BOOST_REQUIRE_MESSAGE(!error, (error ? error->what() : ""));
    return body;
}

template <class S>
serve::Incoming served(std::string_view body) {
    serve::Incoming incoming;
    const auto error = S::decode(body, incoming);
    BOOST_REQUIRE_MESSAGE(!error, (error ? error->what() : "") << "\n" << body);
    return incoming;
}

template <class S>
std::string refused(std::string_view body) {
    serve::Incoming incoming;
    const auto error = S::decode(body, incoming);
    BOOST_REQUIRE_MESSAGE(error, body);
    BOOST_TEST((error->errc() == Errc::invalid_request));
    return error->detail().message;
}

inline void same_parts(const Parts& a, const Parts& b) {
    BOOST_REQUIRE_EQUAL(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        BOOST_TEST((a[i].kind == b[i].kind), "kind of part " << i);
        BOOST_TEST(a[i].text == b[i].text);
        BOOST_TEST((a[i].detail == b[i].detail), "detail of part " << i << ", " << a[i].text);
    }
}

/// `read`: what the server's side makes of what the client's side wrote.
inline void same_request(Request read, const Request& b) {
    BOOST_TEST(read.extra_of.empty() == read.extra.empty()); // whose words they are, it knows
    read.extra_of = b.extra_of;
    const Request& a = read;
    BOOST_REQUIRE_EQUAL(a.messages.size(), b.messages.size());
    for (std::size_t i = 0; i < a.messages.size(); ++i) {
        BOOST_TEST_CONTEXT("message " << i) {
            BOOST_TEST((a.messages[i].role == b.messages[i].role));
            same_parts(a.messages[i].parts, b.messages[i].parts);
        }
    }
    BOOST_TEST(a.extra == b.extra);
    BOOST_TEST((a.tools == b.tools));
    BOOST_TEST((a.tool_choice == b.tool_choice));
    BOOST_TEST((a.response_format == b.response_format));
    BOOST_TEST((a == b));
}

inline void same_reply(const Reply& a, const Reply& b) {
    BOOST_TEST(a.id == b.id);
    BOOST_TEST(a.model == b.model);
    same_parts(a.parts, b.parts);
    BOOST_TEST((a.stop == b.stop));
    BOOST_TEST(a.stop_text == b.stop_text);
    BOOST_TEST((a.usage == b.usage));
    BOOST_TEST(a.text() == b.text());
}

/// What a client made of a stream.
template <class W>
struct Streamed {
    Reply reply;
    std::vector<OwnedDelta> deltas;
    Error error;
    bool ended = false;

    explicit Streamed(std::string_view bytes) {
        typename W::StreamDecoder decoder;
        net::SseParser parser;
        net::SseEvent event;
        // a client reads no further than the end it sees
        while (!ended && parser.next(bytes, event) == net::SseParser::Status::event) {
            Delta delta;
            const wire::Step step = decoder.on_event(event.type, event.data, delta, reply);
            if (step == wire::Step::delta) deltas.emplace_back(delta);
            if (step == wire::Step::failed) error = decoder.error();
            ended = step == wire::Step::end || step == wire::Step::failed;
        }
        if (ended) return; // else the end of the body is what the wire makes of it
        const wire::Step step = decoder.on_body_end(reply);
        if (step == wire::Step::failed) error = decoder.error();
        ended = step == wire::Step::end || step == wire::Step::failed;
    }
};

/// The same answer comes out wherever the stream's bytes are cut in two.
template <class W>
void same_wherever_cut(std::string_view bytes, const Reply& whole) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        typename W::StreamDecoder decoder;
        net::SseParser parser;
        net::SseEvent event;
        Reply reply;
        std::string text, expected;
        bool ended = false;
        for (std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
            while (!ended && parser.next(piece, event) == net::SseParser::Status::event) {
                Delta delta;
                const wire::Step step = decoder.on_event(event.type, event.data, delta, reply);
                text += delta.text;
                ended = step == wire::Step::end || step == wire::Step::failed;
            }
        }
        if (!ended) ended = decoder.on_body_end(reply) == wire::Step::end;
        if (ended && reply.parts == whole.parts && reply.usage == whole.usage && text == whole.text())
            continue;
        BOOST_FAIL("another answer when cut at byte " << cut);
    }
}

/// Nothing that is almost a request does worse than give an Error: bytes flipped, cut, doubled, inserted.
template <class F>
std::size_t mutate(const std::vector<std::string>& bodies, std::size_t rounds, F&& decode) {
    std::mt19937 random(20261128);
    const std::string_view tokens[] = {"null", "{}", "[]", "\"\"", "0",    "-1", "1e999",
                                       "true", ",",  ":",  "\\",   "\xff", "{",  "["};
    std::size_t refused = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        std::string body = bodies[random() % bodies.size()];
        for (std::size_t edits = 1 + random() % 3; edits > 0 && !body.empty(); --edits) {
            const std::size_t at = random() % body.size(), length = random() % 12;
            switch (random() % 5) {
            case 0: body[at] = static_cast<char>(random() % 256); break;
            case 1: body.resize(at); break;
            case 2: body.erase(at, length); break;
            case 3: body.insert(at, body.substr(random() % body.size(), length * 4)); break;
            default: {
                const std::string_view token = tokens[random() % std::size(tokens)];
                body.replace(at, length, token.data(), token.size());
            }
            }
        }
        const std::optional<Error> error = decode(body);
        if (!error) continue;
        ++refused;
        if (error->errc() != Errc::invalid_request || error->detail().message.empty())
            BOOST_FAIL("an error without a sentence for " << body);
    }
    return refused;
}

/// All Errc that a server may have to tell a client, with the class the client should see.
struct ToldError {
    Errc told, seen;
};
inline constexpr ToldError told_errors[] = {
    {Errc::transient, Errc::transient},
    {Errc::rate_limited, Errc::rate_limited},
    {Errc::quota, Errc::quota},
    {Errc::auth, Errc::auth},
    {Errc::permission, Errc::permission},
    {Errc::not_found, Errc::not_found},
    {Errc::invalid_request, Errc::invalid_request},
    {Errc::context_overflow, Errc::context_overflow},
    {Errc::content_filtered, Errc::content_filtered},
    {Errc::too_large, Errc::too_large},
    // ours alone: to the client, the server failed and may be asked again
    {Errc::unavailable, Errc::transient},
    {Errc::timeout_first_token, Errc::transient},
    {Errc::timeout_total, Errc::transient},
    {Errc::truncated, Errc::transient},
    {Errc::protocol, Errc::transient},
    {Errc::breaker_open, Errc::transient},
    {Errc::no_target, Errc::transient},
    {Errc::slow_reader, Errc::transient},
    {Errc::cancelled, Errc::transient},
    {Errc::tls, Errc::transient},
};

struct RecordedRequest {
    std::string id, detail, url, body;
};

/// All recorded requests of one API that the vendor accepted and whose JSON body is known.
inline std::vector<RecordedRequest> recorded_bodies(std::string_view provider, std::string_view api) {
    std::vector<RecordedRequest> bodies;
    const auto recordings = Recordings::open();
    if (!recordings) return bodies;
    const char* const variable = std::getenv("BATON_RECORDINGS");
    const std::filesystem::path directory = variable != nullptr ? variable : "../shared/wire";
    for (const RecordingEntry& entry : recordings->entries()) {
        if (entry.provider != provider || entry.api != api || entry.status != 200) continue;
        std::ifstream file(directory / "cases" / entry.provider / (entry.id + ".json"), std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        const json::value whole = parse(bytes);
        const json::value* request = whole.as_object().if_contains("request");
        if (request == nullptr || !request->is_object()) continue;
        const json::value* body = request->get_object().if_contains("body");
        if (body == nullptr || body->is_null()) continue;
        std::string text = body->is_string() ? body->get_string().c_str() : json::serialize(*body).c_str();
        bodies.push_back(
            {entry.id, entry.api_detail, text_at(request->get_object(), "url"), std::move(text)});
    }
    return bodies;
}

/// Of those, the bodies that hold messages.
inline std::vector<std::pair<std::string, std::string>> recorded_requests(std::string_view provider,
                                                                          std::string_view api) {
    std::vector<std::pair<std::string, std::string>> bodies;
    for (RecordedRequest& request : recorded_bodies(provider, api)) {
        if (request.body.find("\"messages\"") != std::string::npos)
            bodies.emplace_back(std::move(request.id), std::move(request.body));
    }
    return bodies;
}

} // namespace baton::test
