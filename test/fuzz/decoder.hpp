// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "mutator.hpp"

#include <baton/core/json_writer.hpp>
#include <baton/core/reply_codec.hpp>
#include <baton/core/utf8.hpp>
#include <baton/net/sse.hpp>
#include <baton/wire/concept.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What the fuzz targets of the wires have in common. An input is a whole body, as the vendor sends it: it is
/// decoded as a stream, in one piece and in many, as one answer, and as an error.
namespace baton::test {

/// What must hold of a wire beyond the concept.
struct FuzzedWire {
    /// Whole bodies hold a tool call's arguments as JSON. Where they are a string, it may be anything.
    bool arguments_are_json = false;
    /// The deltas are the Reply. Not so where a vendor says everything again at the end, and that counts.
    bool deltas_are_the_reply = true;
};

[[noreturn]] inline void fuzz_failure(std::string_view vendor, const char* what, std::string_view got = {},
                                      std::string_view expected = {}) {
    const auto print = [](const char* label, std::string_view text) {
        std::fprintf(stderr, "%s (%zu bytes): %.*s\n", label, text.size(),
                     static_cast<int>(std::min<std::size_t>(text.size(), 2000)), text.data());
    };
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(vendor.size()), vendor.data(), what);
    print("got", got);
    print("expected", expected);
    std::abort();
}

/// The same JSON, or as little JSON, with exponents of at most three digits.
inline std::string with_short_exponents(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        out += text[i];
        if (text[i] != 'e' && text[i] != 'E') continue;
        if (i + 1 < text.size() && (text[i + 1] == '+' || text[i + 1] == '-')) out += text[++i];
        for (int n = 0; i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9'; ++i) {
            if (n++ < 3) out += text[i + 1];
        }
    }
    return out;
}

/// As everybody reads it; Boost.JSON takes no lone surrogates, and no exponents beyond its own, which the
/// grammar has: such a number goes back to its vendor as it came.
inline bool is_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 1024;
    boost::json::error_code error;
    boost::json::parse({text.data(), text.size()}, error, {}, options);
    if (error == boost::json::error::exponent_overflow) {
        const std::string shorter = with_short_exponents(text);
        error.clear();
        boost::json::parse(shorter, error, {}, options);
    }
    return !error;
}

/// As it goes into the next request; a Reply has it as the vendor wrote it.
inline std::string passed_on(std::string_view json) {
    std::string out;
    baton::json::append_json(out, json);
    return out;
}

/// Everything a Reply says.
inline std::string said(const Reply& reply) {
    std::string out;
    pack(reply, out);
    if (reply.extras) {
        out.append(reply.extras->logprobs).append(reply.extras->service_tier);
        for (const Reply& other : reply.extras->alternatives) out += said(other);
    }
    return out.append(reply.joined);
}

/// FNV-1a: what is chosen follows from the input, which stays a plain body.
inline std::uint32_t seed_of(std::string_view body) {
    std::uint32_t seed = 2166136261;
    for (const char c : body) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619;
    return seed;
}

// What decoding a stream gave.
struct FuzzedStream {
    std::string steps;           // one character per event
    std::string text, reasoning; // as the deltas showed them
    std::vector<std::string> ids, names, arguments;
    std::string reply; // see said()
    std::string error;
    Errc errc = Errc::ok;
    bool ended = false;
};

/// `longest`: bytes of a piece at most; their sizes follow from `seed`.
template <class W, class Parser>
FuzzedStream decode_in_pieces(std::string_view body, std::uint32_t seed, std::size_t longest, Reply& reply) {
    FuzzedStream out;
    typename W::StreamDecoder decoder;
    Parser parser;
    const auto take = [&](const net::SseEvent& event) {
        Delta delta;
        const wire::Step step = decoder.on_event(event.type, event.data, delta, reply);
        out.steps += static_cast<char>('0' + static_cast<int>(step));
        if (step == wire::Step::failed) return false; // what it shows is not looked at
        if ((step == wire::Step::delta) == delta.empty())
            fuzz_failure(W::name, "the step says another thing than the delta");
        out.text += delta.text;
        out.reasoning += delta.reasoning;
        for (const Delta::ToolFragment& fragment : delta.tools) {
            const auto index = static_cast<std::size_t>(fragment.index);
            if (index > out.ids.size()) fuzz_failure(W::name, "a tool call is left out");
            if (index == out.ids.size()) {
                out.ids.emplace_back();
                out.names.emplace_back();
                out.arguments.emplace_back();
            }
            out.ids[index] += fragment.id;
            out.names[index] += fragment.name;
            out.arguments[index] += fragment.arguments;
        }
        out.ended = step == wire::Step::end;
        return !out.ended;
    };
    const auto read = [&] {
        while (!body.empty()) {
            seed = seed * 1664525 + 1013904223;
            const std::size_t size = std::min<std::size_t>(body.size(), 1 + (seed >> 8) % longest);
            // of its exact size: reading beyond a piece is an error that the sanitizer sees
            const std::vector<char> piece(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
            body.remove_prefix(size);
            std::string_view input(piece.data(), piece.size());
            net::SseEvent event;
            auto status = parser.next(input, event);
            for (; status == Parser::Status::event; status = parser.next(input, event)) {
                if (!take(event)) return;
            }
            if (status != Parser::Status::need_more) {
                out.steps += 'x'; // the framing is broken: nobody asks the decoder any more
                return;
            }
        }
        if (net::SseEvent last; parser.finish(last)) {
            if (!take(last)) return;
        }
        out.ended = decoder.on_body_end(reply) == wire::Step::end;
        out.steps += out.ended ? '.' : '!';
    };
    read();
    if (!out.ended && !out.steps.ends_with('x')) {
        out.errc = decoder.error().errc();
        out.error = decoder.error().what();
        if (out.errc == Errc::ok) fuzz_failure(W::name, "a stream failed without an error");
    }
    out.reply = said(reply);
    return out;
}

template <class W>
void must_agree(const FuzzedStream& got, const FuzzedStream& expected) {
    const auto same = [](const char* what, std::string_view a, std::string_view b) {
        if (a != b) fuzz_failure(W::name, what, a, b);
    };
    same("steps depend on cuts", got.steps, expected.steps);
    same("text depends on cuts", got.text, expected.text);
    same("reasoning depends on cuts", got.reasoning, expected.reasoning);
    same("the error depends on cuts", got.error, expected.error);
    same("the reply depends on cuts", got.reply, expected.reply);
    if (got.ids != expected.ids || got.names != expected.names || got.arguments != expected.arguments)
        fuzz_failure(W::name, "tool calls depend on cuts");
}

/// A reply can go into the next request, which is then JSON.
template <class W>
void must_go_back(const Reply& reply) {
    Request request(user("question"), reply.message(), user("and then?"));
    const Draft draft(request);
    Target target;
    target.model = "m";
    for (const bool stream : {false, true}) {
        std::string path, headers, body;
        if (W::encode(draft, target, stream, wire::Outgoing{path, headers, body})) continue;
        if (!is_json(body)) fuzz_failure(W::name, "a request that is not JSON", body);
        if (!utf8::is_valid(body)) fuzz_failure(W::name, "a request that is not UTF-8", body);
    }
}

/// Whether `shown` is the text of `parts` parts, `kept`: where a stream goes on with an earlier one, the
/// order of its bytes in time is not theirs in the Reply.
inline bool same_text(const std::string& shown, std::string_view kept, int parts) {
    if (shown == kept || parts < 2 || shown.size() != kept.size()) return shown == kept;
    std::string a(shown), b(kept);
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    return a == b;
}

/// Of a stream that ended: what was shown is what the Reply says.
template <class W>
void must_have_shown(const FuzzedStream& shown, const Reply& reply) {
    const auto parts = [&](Part::Kind kind) {
        return static_cast<int>(std::count_if(reply.parts.begin(), reply.parts.end(),
                                              [&](const Part& part) { return part.kind == kind; }));
    };
    if (!same_text(shown.text, reply.text(), parts(Part::Kind::text)))
        fuzz_failure(W::name, "another text was shown", shown.text, reply.text());
    std::string reasoning;
    std::size_t calls = 0;
    std::vector<bool> taken(shown.ids.size());
    for (const Part& part : reply.parts) {
        if (part.kind == Part::Kind::thinking) reasoning += part.text;
        if (part.kind != Part::Kind::tool_call) continue;
        if (!part.detail) fuzz_failure(W::name, "a tool call without its detail", part.text);
        ++calls;
        // arguments are the vendor's pieces and nothing else; where there are none, they are {}. A vendor
        // that numbers its items twice has shown its calls in another order than the Reply keeps them in.
        bool found = false;
        for (std::size_t i = 0; i < shown.ids.size() && !found; ++i) {
            const std::string& pieces = shown.arguments[i];
            if (taken[i] || part.text != (pieces.empty() ? "{}" : pieces)) continue;
            found = taken[i] = part.detail->id.starts_with(shown.ids[i]);
        }
        if (!found) fuzz_failure(W::name, "a tool call was not shown as it is", {}, part.text);
    }
    if (calls != shown.ids.size()) fuzz_failure(W::name, "a call was shown that the reply lacks");
    if (!same_text(shown.reasoning, reasoning, parts(Part::Kind::thinking)))
        fuzz_failure(W::name, "another reasoning was shown", shown.reasoning, reasoning);
}

/// The whole body as an answer and as an error.
template <class W>
void fuzz_body(const FuzzedWire& wire, std::string_view body) {
    const std::uint32_t seed = seed_of(body);
    Reply reply;
    if (const auto error = W::decode(body, reply)) {
        if (error->errc() == Errc::ok) fuzz_failure(W::name, "an error that is none", error->what());
    } else {
        for (const Part& part : reply.parts) {
            if (part.kind != Part::Kind::tool_call) continue;
            if (!part.detail || part.text.empty() ||
                (wire.arguments_are_json && !is_json(passed_on(part.text))))
                fuzz_failure(W::name, "arguments that are not JSON", part.text);
        }
        must_go_back<W>(reply);
    }
    // Errors are short, and the tables of phrases that are looked for in them are long.
    if (body.size() > 4096 && seed % 8 != 0) return;
    // the first line is a hint in a header too
    const std::string_view line =
        body.substr(0, std::min({body.find_first_of("\r\n"), body.size(), std::size_t{64}}));
    static constexpr std::string_view hints[] = {"retry-after", "retry-after-ms",
                                                 "x-ratelimit-reset-requests",
                                                 "anthropic-ratelimit-tokens-reset", "x-should-retry"};
    std::vector<HeaderField> fields;
    for (const std::string_view hint : hints) fields.push_back({hint, line});
    static constexpr int statuses[] = {400, 429, 503};
    const int status = statuses[seed % 3];
    const WallTime now(std::chrono::seconds(1767225600));
    const Error error = W::decode_error(status, Headers(fields), body, now);
    if (error.errc() == Errc::ok || error.detail().status != status)
        fuzz_failure(W::name, "an error response that is no error", error.what());
    // one that was cut may end inside a character
    if (error.detail().message.size() < Error::max_message && !utf8::is_valid(error.detail().message))
        fuzz_failure(W::name, "an error message that is not UTF-8", error.detail().message);
    if (error.detail().retry_after && *error.detail().retry_after < Duration::zero())
        fuzz_failure(W::name, "a negative wait");
}

/// `body` as a stream: the cuts say nothing.
template <class W, class Parser>
void fuzz_stream(const FuzzedWire& wire, std::string_view body) {
    const std::uint32_t seed = seed_of(body);
    Reply whole_reply, cut_reply;
    const FuzzedStream whole = decode_in_pieces<W, Parser>(body, 0, body.size() + 1, whole_reply);
    must_agree<W>(decode_in_pieces<W, Parser>(body, seed, 1 + seed % 61, cut_reply), whole);
    if (!whole.ended) return;
    if (wire.deltas_are_the_reply) must_have_shown<W>(whole, whole_reply);
    must_go_back<W>(whole_reply);
}

/// The plain case: what libFuzzer made is what the vendor sent.
template <class W, class Parser>
void fuzz_wire(const FuzzedWire& wire, const std::uint8_t* data, std::size_t size) {
    // of its exact size, for the sanitizer
    const std::vector<char> copy(data, data + size);
    const std::string_view body(copy.data(), copy.size());
    fuzz_stream<W, Parser>(wire, body);
    fuzz_body<W>(wire, body);
}

} // namespace baton::test
