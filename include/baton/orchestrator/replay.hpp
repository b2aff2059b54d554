// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>
#include <baton/core/reply.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace baton::detail {

/// Hands out, as deltas, what a growing Reply holds beyond a position. The Reply under assembly is the
/// replay buffer of a shared stream and of a cached answer: nothing is recorded a second time, and a
/// reader that fell behind gets larger pieces.
class Replay {
public:
    static constexpr std::size_t all = static_cast<std::size_t>(-1);

    void restart() noexcept {
        seen_.clear();
        retractions_ = 0;
    }

    /// From now on, only what comes after the present end of `reply`.
    void skip_to_end(const Reply& reply) {
        seen_.clear();
        for (const Part& part : reply.parts) seen_.push_back({part.text.size(), true, part.kind});
    }

    /// The answer was taken back to its first `kept` bytes of text, for the `count`th time: what the reader
    /// has to undo. False if it had not come that far.
    bool retract(const Reply& reply, unsigned count, std::size_t kept, Delta& delta) {
        retractions_ = count;
        std::size_t shown = 0;
        bool calls = false;
        for (const Seen& seen : seen_) {
            if (seen.kind == Part::Kind::text) shown += seen.bytes;
            calls |= seen.kind == Part::Kind::tool_call && seen.announced;
        }
        seen_.clear();
        std::size_t stands = std::min(shown, kept);
        delta.seam = Delta::Seam::restarted;
        delta.retract = shown - stands;
        for (const Part& part : reply.parts) {
            const bool text = part.kind == Part::Kind::text, call = part.kind == Part::Kind::tool_call;
            const std::size_t bytes = text ? std::min(part.text.size(), stands) : call ? 0 : part.text.size();
            if (text) stands -= bytes;
            seen_.push_back({bytes, !call, part.kind});
        }
        return delta.retract > 0 || calls;
    }
    void saw_retractions(unsigned count) noexcept { retractions_ = count; }
    unsigned retractions() const noexcept { return retractions_; }

    /// Bytes of `reply` not handed out yet.
    std::size_t behind(const Reply& reply) const noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < reply.parts.size(); ++i) {
            bytes += reply.parts[i].text.size() - (i < seen_.size() ? seen_[i].bytes : 0);
        }
        return bytes;
    }

    /// Whether all of `reply` was handed out.
    bool caught_up(const Reply& reply) const noexcept {
        for (std::size_t i = 0; i < reply.parts.size(); ++i) {
            const Part& part = reply.parts[i];
            if (!is_shown(part.kind) || (part.kind != Part::Kind::tool_call && part.text.empty())) continue;
            if (i >= seen_.size() || !seen_[i].announced || seen_[i].bytes != part.text.size()) return false;
        }
        return true;
    }

    /// Bytes of text that were handed out.
    std::size_t text_bytes() const noexcept {
        std::size_t bytes = 0;
        for (const Seen& seen : seen_) bytes += seen.kind == Part::Kind::text ? seen.bytes : 0;
        return bytes;
    }
    /// `to` becomes what of `reply` was handed out, but no more than `most` bytes of text.
    void show(const Reply& reply, Reply& to, std::size_t most) const {
        to = reply;
        std::size_t count = std::min(seen_.size(), reply.parts.size());
        while (count > 0 && !seen_[count - 1].announced) --count;
        to.parts.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            Part& part = to.parts[i];
            std::size_t bytes = is_shown(part.kind) ? seen_[i].bytes : part.text.size();
            if (part.kind == Part::Kind::text) most -= bytes = std::min(bytes, most);
            if (part.text.size() > bytes) part.text.resize(bytes);
        }
        to.seal();
    }
    /// Its text.
    std::string shown_text(const Reply& reply) const {
        std::string text;
        for (std::size_t i = 0; i < std::min(seen_.size(), reply.parts.size()); ++i) {
            const Part& part = reply.parts[i];
            if (part.kind == Part::Kind::text) text.append(part.text, 0, seen_[i].bytes);
        }
        return text;
    }

    /// Copies what `delta` shows, so that it stays readable while another reader makes the Reply grow.
    void hold(Delta& delta) {
        scratch_.assign(delta.text);
        if (!delta.reasoning.empty() || !delta.tools.empty()) hold_rest(delta);
        delta.text = std::string_view(scratch_).substr(0, delta.text.size());
    }

    /// The next piece; false if there is none yet. Its views are valid until the next call: it is copied,
    /// because another reader may make the Reply grow in the meantime.
    bool next(const Reply& reply, Delta& delta) {
        int tool = -1;
        for (std::size_t i = 0; i < reply.parts.size(); ++i) {
            const Part& part = reply.parts[i];
            tool += part.kind == Part::Kind::tool_call;
            if (i == seen_.size()) seen_.push_back({0, false, part.kind});
            Seen& seen = seen_[i];
            const bool first = !seen.announced;
            if (!is_shown(part.kind) ||
                (seen.bytes == part.text.size() && !(first && part.kind == Part::Kind::tool_call)))
                continue;
            scratch_.assign(part.text, seen.bytes);
            seen = {part.text.size(), true, part.kind};
            delta = Delta{};
            if (part.kind == Part::Kind::text) {
                delta.text = scratch_;
            } else if (part.kind == Part::Kind::thinking) {
                delta.reasoning = scratch_;
            } else {
                fragments_.resize(1);
                Delta::ToolFragment& fragment = fragments_.front() = {};
                fragment.index = tool;
                fragment.arguments = scratch_;
                if (first && part.detail) {
                    id_ = part.detail->id;
                    name_ = part.detail->name;
                    fragment.id = id_;
                    fragment.name = name_;
                }
                delta.tools = fragments_;
            }
            return true;
        }
        return false;
    }

private:
    static constexpr bool is_shown(Part::Kind kind) noexcept {
        return kind == Part::Kind::text || kind == Part::Kind::thinking || kind == Part::Kind::tool_call;
    }
    struct Seen {
        std::size_t bytes;
        bool announced;
        Part::Kind kind;
    };
    void hold_rest(Delta& delta) {
        fragments_.assign(delta.tools.begin(), delta.tools.end());
        scratch_.append(delta.reasoning);
        for (const Delta::ToolFragment& f : fragments_)
            scratch_.append(f.id).append(f.name).append(f.arguments);
        std::string_view rest = std::string_view(scratch_).substr(delta.text.size());
        const auto take = [&](std::string_view& view) {
            view = rest.substr(0, view.size());
            rest.remove_prefix(view.size());
        };
        take(delta.reasoning);
        for (Delta::ToolFragment& f : fragments_) {
            take(f.id);
            take(f.name);
            take(f.arguments);
        }
        delta.tools = fragments_;
    }

    boost::container::small_vector<Seen, 4> seen_;
    unsigned retractions_ = 0; // seen
    std::string scratch_, id_, name_;
    boost::container::small_vector<Delta::ToolFragment, 1> fragments_;
};

} // namespace baton::detail
