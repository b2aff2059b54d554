// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/wire/classify.hpp>
#include <baton/wire/concept.hpp>
#include <baton/wire/encode.hpp>

#include <optional>
#include <string>
#include <string_view>

// A dialect of its own. Parrot, an invented vendor, is asked
//
//     POST /v1/say   {"voice":"grey","prompt":"Hello","max_tokens":20,"stream":true}
//
// and answers with {"said":"Hello","end":{...}}, or streams
//
//     data: {"piece":"Hel"}
//     data: {"piece":"lo"}
//     data: {"end":{"why":"done","heard":1,"said":1}}
//
// Errors are {"error":{"code":"asleep","message":"..."}}, with a status or as an event. GET /v1/voices lists
// its models. A wire is such a class: constants and pure functions between baton's words and the vendor's
// bytes. It does no I/O, has no state between calls and knows no other part of baton but core.

// Which class an error is, where the HTTP status alone does not tell. The class decides what happens next:
// transient ones are retried and move on to the next target, auth and quota close this one, and so on.
inline constexpr baton::wire::ErrorRule parrot_rules[] = {
    {baton::Errc::transient, "asleep", {}}, // by code
    {baton::Errc::quota, {}, "no seeds"},   // by a phrase of the message
};
inline constexpr baton::wire::Vendor parrot_vendor{
    .name = "parrot", .key_variable = "PARROT_API_KEY", .rules = parrot_rules};

// Reads a streamed answer event by event: each event's text goes to the end of the growing Reply, and the
// Delta shows the new part of it. Made anew for each attempt.
class ParrotStreamDecoder {
public:
    baton::wire::Step on_event(std::string_view /*type*/, std::string_view data, baton::Delta& delta,
                               baton::Reply& reply) {
        using baton::wire::Step;
        delta = {};
        Step step = Step::nothing; // an event that we do not know is no error: vendors add some
        baton::json::Reader reader(data);
        const bool object = reader.object([&](std::string_view key) {
            if (key == "piece") {
                if (reply.parts.empty()) reply.parts.emplace_back();
                std::string& text = reply.parts.back().text;
                const std::size_t before = text.size();
                reader.append_string(text);
                delta.text = std::string_view(text).substr(before);
                if (!delta.text.empty()) step = Step::delta;
            } else if (key == "end") {
                read_end(reader, reply);
                step = Step::end;
            } else if (key == "error") {
                step = Step::failed;
            }
        });
        // Nothing is believed before the whole event was seen to be JSON.
        if (!object || !reader.finish()) {
            error_ = baton::wire::malformed(parrot_vendor, "an event of the stream", data);
            return Step::failed;
        }
        if (step == Step::failed) error_ = baton::wire::make_error_in_answer(parrot_vendor, data);
        return step;
    }

    // The connection ended, and there was no "end". What came so far is not an answer: the caller gets an
    // error instead of half a story.
    baton::wire::Step on_body_end(baton::Reply&) {
        error_ = baton::Error(baton::Errc::truncated, "parrot's stream ended without its end event");
        return baton::wire::Step::failed;
    }

    const baton::Error& error() const noexcept { return error_; }

    static void read_end(baton::json::Reader& reader, baton::Reply& reply) {
        reader.object([&](std::string_view key) {
            std::string_view why;
            std::string scratch;
            if (key == "why" && reader.string(why, scratch)) {
                reply.stop = why == "done"    ? baton::StopReason::stop
                             : why == "limit" ? baton::StopReason::length
                                              : baton::StopReason::unknown;
                if (reply.stop == baton::StopReason::unknown) reply.stop_text = why; // never lose it
            } else if (key == "heard") {
                reply.usage.reported = reader.unsigned_integer(reply.usage.input_tokens);
            } else if (key == "said") {
                reader.unsigned_integer(reply.usage.output_tokens);
            }
        });
    }

private:
    baton::Error error_;
};

struct Parrot {
    // Options are found by their type, so each wire has its own. These three are required; add what you need.
    struct Options {
        std::string_view base_url{}; // "" = $PARROT_BASE_URL, else default_base_url
        std::string_view key{};      // "" = $PARROT_API_KEY
        std::string_view model{};    // "" = default_model
    };

    static constexpr std::string_view name = "parrot"; // as in model("parrot/grey")
    static constexpr std::string_view default_base_url = "https://api.parrot.example";
    static constexpr std::string_view default_model = "grey";
    static constexpr std::string_view key_variable = parrot_vendor.key_variable;
    static constexpr std::string_view base_url_variable = "PARROT_BASE_URL";
    static constexpr std::string_view health_path = "/v1/voices";
    static constexpr baton::wire::Framing framing = baton::wire::Framing::sse; // or ndjson, event_stream
    // What cannot be said is known before anything is sent: a request that needs more goes to a provider that
    // has it. Most are false unless named; these are true unless named.
    static constexpr baton::Capabilities capabilities{.system_role = false,
                                                      .tool_choice = false,
                                                      .stop_sequences = false,
                                                      .temperature = false,
                                                      .top_p = false};
    using StreamDecoder = ParrotStreamDecoder;

    // Header lines that all requests of an account share. append_header() refuses a key with a line break.
    static std::optional<baton::Error> write_account_headers(const Options&, const baton::Secret& key,
                                                             std::string& lines) {
        return baton::wire::append_header(lines, "x-parrot-key", key.reveal(), {}, "Parrot::Options::key");
    }

    static std::optional<baton::Error> encode(const baton::Draft& draft, const baton::Target& target,
                                              bool stream, baton::wire::Outgoing out) {
        const baton::Request& request = *draft;
        // Silently losing what was asked for is the one thing a wire must not do.
        if (const char* member = beyond_us(request); member != nullptr && !request.lossy) {
            return baton::wire::cannot_express(name, member, "its API has no such thing",
                                               "leave it out, use another target, or make the request lossy");
        }
        const std::string prompt = request.messages.empty() ? std::string() : request.messages.back().text();
        baton::wire::Extra extra; // what the caller adds for this vendor goes out byte for byte
        if (auto error = extra.read(name, request.extra)) return error;

        out.path = "/v1/say";
        baton::json::Writer writer(out.body);
        writer.begin_object();
        writer.key("voice").string(target.model);
        writer.key("prompt").string(prompt);
        if (const auto cap = baton::wire::effective_max_tokens(request, target)) {
            writer.key("max_tokens").number(*cap);
        }
        writer.key("stream").boolean(stream);
        extra.write(writer);
        writer.end_object();
        return std::nullopt;
    }

    static std::optional<baton::Error> decode(std::string_view body, baton::Reply& reply) {
        baton::json::Reader reader(body);
        bool said = false, failed = false;
        reader.object([&](std::string_view key) {
            if (key == "said") {
                reply.parts.emplace_back();
                said = reader.append_string(reply.parts.back().text);
            } else if (key == "end") {
                ParrotStreamDecoder::read_end(reader, reply);
            } else if (key == "error") {
                failed = true;
            }
        });
        if (!reader.finish() || (!said && !failed)) {
            return baton::wire::malformed(parrot_vendor, "the answer", body);
        }
        if (failed) return baton::wire::make_error_in_answer(parrot_vendor, body);
        return std::nullopt;
    }

    static baton::Error decode_error(int status, baton::Headers headers, std::string_view body,
                                     baton::WallTime now) {
        return baton::wire::make_error(parrot_vendor, status, headers, body, now);
    }

private:
    // The first thing a request has that Parrot cannot be told, or null. A parrot has no memory: it hears one
    // message of the user, in words.
    static const char* beyond_us(const baton::Request& request) {
        if (request.messages.size() != 1 || request.messages[0].role != baton::Role::user) return "messages";
        for (const baton::Part& part : request.messages[0].parts) {
            if (part.kind != baton::Part::Kind::text) return "a part that is no text";
        }
        if (!request.tools.empty()) return "tools";
        if (request.tool_choice) return "tool_choice";
        if (request.response_format && request.response_format->kind != baton::ResponseFormat::Kind::text) {
            return "response_format";
        }
        if (request.temperature) return "temperature";
        if (request.top_p) return "top_p";
        if (request.seed) return "seed";
        if (!request.stop.empty()) return "stop";
        if (request.tuning && *request.tuning != baton::Tuning()) return "tuning";
        return nullptr;
    }
};

// One sentence from the compiler if a member is missing, instead of a page where it is used.
static_assert(baton::wire::Wire<Parrot>);
