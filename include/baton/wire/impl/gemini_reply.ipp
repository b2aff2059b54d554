// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/wire/gemini_codec.hpp>
#include <baton/wire/impl/gemini_beside.ipp>

#include <algorithm>
#include <utility>

namespace baton::wire {

BATON_DECL std::optional<Error> GeminiAssembler::response(std::string_view json, Delta& delta, Reply& reply) {
    fragments_.clear();
    bool failed = false;
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (json::is(key, "candidates")) {
            std::int64_t position = 0;
            reader.array([&] { candidate(reader, position++, delta, reply); });
        } else if (json::is(key, "usageMetadata")) {
            const std::string_view counters = reader.raw();
            if (counters.find("TokenCount") != std::string_view::npos) usage_ = counters;
        } else if (json::is(key, "modelVersion")) {
            if (reply.model.empty()) reader.append_string(reply.model);
        } else if (json::is(key, "responseId")) {
            if (reply.id.empty()) reader.append_string(reply.id);
        } else if (json::is(key, "promptFeedback")) {
            feedback(reader);
        } else if (json::is(key, "error")) {
            failed = reader.kind() == json::Reader::Kind::object;
        }
    });
    if (failed) [[unlikely]]
        return make_error_in_answer(dialect_->vendor, json);
    if (!reader.finish()) [[unlikely]]
        return malformed(dialect_->vendor, "an answer that is not a JSON object", json);
    if (torn_) [[unlikely]]
        return malformed(dialect_->vendor, "arguments of a function call that do not fit together", json);
    if (!block_reason_.empty() || !block_message_.empty()) [[unlikely]] {
        if (!candidate_seen_) return blocked();
        reply.stop = StopReason::content_filter; // an answer under way was cut
        finish_seen_ = true;
    }
    finish_delta(delta, reply);
    return std::nullopt;
}

BATON_DECL void GeminiAssembler::candidate(json::Reader& reader, std::int64_t position, Delta& delta,
                                           Reply& reply) {
    constexpr std::int64_t most = 128; // more candidates than any model gives
    std::int64_t index = position;
    std::string_view said, finish; // `index` comes behind them
    std::string_view beside[besides];
    if (!reader.object([&](std::string_view key) {
            if (json::is(key, "content")) {
                said = reader.raw();
            } else if (json::is(key, "finishReason")) {
                finish = reader.raw();
            } else if (json::is(key, "index")) {
                reader.integer(index);
            } else {
                const auto* const known =
                    std::find(std::begin(detail::gemini_beside), std::end(detail::gemini_beside), key);
                if (known != std::end(detail::gemini_beside))
                    beside[known - std::begin(detail::gemini_beside)] = reader.raw();
            }
        })) {
        return;
    }
    if (index < 0 || index >= most) return;
    if (index > 0) {
        std::vector<Reply>& more = reply.extras.ensure().alternatives;
        const auto n = static_cast<std::size_t>(index);
        if (more.size() < n) more.resize(n);
        if (others_.size() < n) others_.resize(n);
        content(said, others_[n - 1], nullptr, more[n - 1]);
        if (detail::says_finish(finish)) finish_reason(finish, more[n - 1]);
        return;
    }
    candidate_seen_ = true;
    brought_ = false;
    content(said, first_, &delta, reply);
    if (detail::says_finish(finish)) {
        close(first_, true, reply); // a call that was to go on: its end is shown, too
        finish_reason(finish, reply);
        finish_seen_ = true;
    } else if (brought_) {
        finish_seen_ = false; // the model went on after a tool of Google's
    }
    for (std::size_t i = 0; i < besides; ++i) {
        if (i == ratings) { // a list; the last one is of the whole answer
            if (beside[i].starts_with('[') && !detail::is_empty(beside[i])) beside_[i] = beside[i];
            continue;
        }
        if (!beside[i].starts_with('{') || detail::is_empty(beside[i])) continue;
        beside_[i].append(beside_[i].empty() ? "" : ",").append(beside[i]);
    }
}

BATON_DECL void GeminiAssembler::content(std::string_view json, Track& track, Delta* delta, Reply& reply) {
    json::Reader reader(json);
    reader.object([&](std::string_view key) {
        if (!json::is(key, "parts")) return;
        reader.array([&] {
            const std::size_t from = reader.offset();
            Piece piece;
            if (!reader.object([&](std::string_view member) {
                    if (json::is(member, "text")) {
                        piece.has_text = reader.string(piece.text, scratch_);
                    } else if (json::is(member, "thought")) {
                        reader.boolean(piece.thought);
                    } else if (json::is(member, "thoughtSignature")) {
                        reader.string(piece.signature, signature_scratch_);
                    } else if (json::is(member, "functionCall")) {
                        piece.call = reader.raw();
                    } else {
                        if (!piece.other) piece.name = member;
                        piece.other = true;
                    }
                })) {
                return;
            }
            piece.json = json.substr(from, reader.offset() - from);
            part(piece, track, delta, reply);
        });
    });
}

BATON_DECL void GeminiAssembler::part(const Piece& piece, Track& track, Delta* delta, Reply& reply) {
    if (piece.call.starts_with('{')) return call(piece, track, delta, reply);
    if (piece.has_text && (!piece.text.empty() || (piece.thought && !piece.signature.empty()))) {
        return text(piece, delta, reply);
    }
    if (!piece.other && piece.signature.empty()) return; // {} or an empty text
    opaque(piece, piece.other ? piece.name : piece.has_text ? "text" : "thoughtSignature", reply);
}

BATON_DECL void GeminiAssembler::opaque(const Piece& piece, std::string_view name, Reply& reply) {
    Part& part = reply.parts.emplace_back();
    part.kind = Part::Kind::opaque;
    part.text = piece.json.substr(piece.json.find('{'));
    part.detail.ensure().vendor = dialect_->vendor.name;
    part.detail->name = name;
    brought_ = true;
}

namespace detail {

/// The members of a part that baton does not model, as Part::Detail::extra has them.
inline std::string other_members(std::string_view part_json) {
    std::string extra;
    json::Reader reader(part_json);
    reader.object([&](std::string_view key) {
        if (key == "text" || key == "thought" || key == "thoughtSignature" || key == "functionCall") return;
        if (!extra.empty()) extra += ',';
        json::append_string(extra, key);
        extra.append(":").append(reader.raw());
    });
    return extra;
}

} // namespace detail

BATON_DECL void GeminiAssembler::text(const Piece& piece, Delta* delta, Reply& reply) {
    const Part::Kind kind = piece.thought ? Part::Kind::thinking : Part::Kind::text;
    const bool plain = piece.signature.empty() && !piece.other;
    const auto goes_on = [&](const Part& last) {
        return last.kind == kind &&
               (!last.detail || (last.detail->signature.empty() && last.detail->extra.empty()));
    };
    brought_ = true;
    if (!streamed_ || !plain || reply.parts.empty() || !goes_on(reply.parts.back())) {
        Part& part = reply.parts.emplace_back();
        part.kind = kind;
        // growing text is kept off the small buffer: views of it survive when parts move
        if (streamed_) part.text.reserve(plain ? 1024 : std::max<std::size_t>(piece.text.size(), 64));
        if (piece.thought || !plain) {
            Part::Detail& detail = part.detail.ensure();
            detail.vendor = dialect_->vendor.name;
            detail.signature = piece.signature;
            if (piece.other) detail.extra = detail::other_members(piece.json);
        }
    }
    std::string& whole = reply.parts.back().text;
    if (!delta || !streamed_) {
        whole.append(piece.text);
        return;
    }
    // What is shown is the tail of the part itself. Where one response adds to two parts of a kind, their
    // texts are joined.
    std::string_view& shown = piece.thought ? delta->reasoning : delta->text;
    if (shown.empty() || shown.data() + shown.size() == whole.data() + whole.size()) {
        const std::size_t size = shown.size() + piece.text.size();
        whole.append(piece.text);
        shown = std::string_view(whole).substr(whole.size() - size);
    } else {
        std::string joined(shown);
        joined.append(piece.text);
        whole.append(piece.text);
        std::string& kept = piece.thought ? joined_thoughts_ : joined_;
        kept = std::move(joined);
        shown = kept;
    }
}

BATON_DECL void GeminiAssembler::call(const Piece& piece, Track& track, Delta* delta, Reply& reply) {
    std::string name, id;
    std::string_view args, partial;
    bool named = false, goes_on = false;
    json::Reader reader(piece.call);
    reader.object([&](std::string_view key) {
        if (json::is(key, "name")) {
            named = reader.append_string(name);
        } else if (json::is(key, "id")) {
            reader.append_string(id);
        } else if (json::is(key, "args")) {
            if (reader.kind() == json::Reader::Kind::object) args = reader.raw();
        } else if (json::is(key, "partialArgs")) {
            partial = reader.raw();
        } else if (json::is(key, "willContinue")) {
            reader.boolean(goes_on);
        }
    });
    if (track.open < 0 && !named && args.empty() && partial.empty()) {
        return opaque(piece, "functionCall", reply); // there is nothing to call
    }
    brought_ = true;
    if (track.open >= 0 && named) close(track, delta != nullptr, reply);
    if (track.open < 0) {
        track.open = static_cast<int>(reply.parts.size());
        ++track.calls;
        Part& part = reply.parts.emplace_back();
        part.kind = Part::Kind::tool_call;
        if (streamed_) part.text.reserve(256); // views of it survive when parts move
        Part::Detail& detail = part.detail.ensure();
        detail.id = std::move(id);
        detail.name = std::move(name);
        if (piece.other) {
            detail.extra = detail::other_members(piece.json);
            detail.vendor = dialect_->vendor.name;
        }
        if (delta) show_from_here(track, true, reply);
    } else if (delta) {
        show_from_here(track, false, reply);
    }
    Part& part = reply.parts[static_cast<std::size_t>(track.open)];
    if (!piece.signature.empty() && part.detail->signature.empty()) {
        part.detail->signature = piece.signature;
        part.detail->vendor = dialect_->vendor.name;
    }
    if (!partial.empty()) {
        torn_ |= !track.arguments.add(partial, part.text);
    } else if (!args.empty()) {
        part.text = args;
    }
    if (!goes_on) close(track, delta != nullptr, reply);
}

BATON_DECL void GeminiAssembler::close(Track& track, bool shown, Reply& reply) {
    if (track.open < 0) return;
    if (shown) show_from_here(track, false, reply);
    Part& part = reply.parts[static_cast<std::size_t>(track.open)];
    track.arguments.finish(part.text);
    if (part.text.empty()) part.text = "{}";
    track.open = -1;
}

// Notes where this response's share of the open call's arguments begins.
BATON_DECL void GeminiAssembler::show_from_here(const Track& track, bool opens, const Reply& reply) {
    const auto part = static_cast<std::size_t>(track.open);
    for (const Fragment& fragment : fragments_) {
        if (fragment.part == part) return;
    }
    fragments_.push_back({track.calls - 1, part, reply.parts[part].text.size(), opens});
}

BATON_DECL void GeminiAssembler::finish_delta(Delta& delta, const Reply& reply) {
    if (fragments_.empty()) return;
    shown_.clear();
    for (const Fragment& fragment : fragments_) {
        const Part& part = reply.parts[fragment.part];
        std::string_view arguments = std::string_view(part.text).substr(fragment.arguments);
        if (part.text == "{}") arguments = {}; // what was never said is not shown
        if (!fragment.opens && arguments.empty()) continue;
        Delta::ToolFragment& shown = shown_.emplace_back();
        shown.index = fragment.call;
        shown.arguments = arguments;
        if (!fragment.opens) continue;
        shown.id = part.detail->id;
        shown.name = part.detail->name;
    }
    delta.tools = {shown_.data(), shown_.size()};
}

BATON_DECL void GeminiAssembler::seal(Reply& reply) {
    const auto finish = [&](Track& track, Reply& answer) {
        close(track, false, answer);
        if (track.calls > 0 && answer.stop == StopReason::stop) answer.stop = StopReason::tool_calls;
        answer.seal();
    };
    for (std::size_t i = 0; i < others_.size(); ++i) finish(others_[i], reply.extras->alternatives[i]);
    for (std::size_t i = 0; i < besides; ++i) {
        if (beside_[i].empty()) continue;
        std::string json = i == ratings ? std::move(beside_[i]) : detail::join_objects(beside_[i]);
        if (i == logprobs) {
            reply.extras.ensure().logprobs = std::move(json);
            continue;
        }
        Part& part = reply.parts.emplace_back();
        part.kind = Part::Kind::opaque;
        part.text = std::move(json);
        part.detail.ensure().vendor = dialect_->vendor.name;
        part.detail->name = detail::gemini_beside[i];
    }
    settle_usage(reply);
    finish(first_, reply);
}

} // namespace baton::wire
