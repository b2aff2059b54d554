// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/seam.hpp>

#include <algorithm>

namespace baton {
namespace detail {

inline bool continues_character(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// How many bytes two texts have in common at their beginnings.
inline std::size_t common_prefix(std::string_view a, std::string_view b) noexcept {
    const std::size_t size = std::min(a.size(), b.size());
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + size, b.begin()).first - a.begin());
}

} // namespace detail

BATON_DECL Seam::Seam(ResumeMode mode, std::string_view delivered, const Continuation& how) : mode_(mode) {
    switch (mode) {
    case ResumeMode::none: return;
    case ResumeMode::restart:
        if (!delivered.empty()) stage_ = Stage::match;
        return;
    case ResumeMode::prefill:
        sent_ = without_trailing_space(delivered).size();
        if (sent_ >= how.min_echo) {
            stage_ = Stage::echo;
        } else if (sent_ < delivered.size()) {
            stage_ = Stage::space;
        }
        return;
    case ResumeMode::instruct:
        sent_ = delivered.size();
        window_ = std::min(how.window, delivered.size());
        least_ = how.min_overlap;
        if (sent_ > window_ && sent_ >= how.min_echo) {
            stage_ = Stage::echo;
        } else if (window_ >= least_) {
            stage_ = Stage::overlap;
        }
        return;
    }
}

BATON_DECL Seam::Step Seam::feed(std::string_view delivered, std::string_view piece) {
    if (stage_ == Stage::echo) {
        const std::size_t same = detail::common_prefix(piece, delivered.substr(equal_, sent_ - equal_));
        equal_ += same;
        piece.remove_prefix(same);
        if (equal_ < sent_ && piece.empty()) return {};
        std::string_view head = delivered.substr(0, equal_);
        if (equal_ == sent_) {
            dropped_ += sent_;
            head = {};
            window_ = 0; // nothing is left to be repeated
        }
        after_echo(delivered.size());
        if (stage_ == Stage::overlap) {
            held_ = head;
            return search(delivered, piece);
        }
        head = cut_space(delivered, head);
        piece = cut_space(delivered, piece);
        if (head.empty()) return {piece};
        held_ = head;
        held_ += piece;
        return {held_};
    }
    switch (stage_) {
    case Stage::space: return {cut_space(delivered, piece)};
    case Stage::overlap: return search(delivered, piece);
    case Stage::match: {
        const std::size_t same = detail::common_prefix(piece, delivered.substr(equal_));
        equal_ += same;
        dropped_ += same;
        piece.remove_prefix(same);
        if (equal_ == delivered.size()) stage_ = Stage::open;
        return stage_ == Stage::open || piece.empty() ? Step{piece} : depart(delivered, piece);
    }
    case Stage::open:
    case Stage::echo: break;
    }
    return {piece};
}

BATON_DECL Seam::Step Seam::finish(std::string_view delivered) {
    if (stage_ == Stage::match) return depart(delivered, {});
    if (stage_ == Stage::echo) {
        const std::string_view head = delivered.substr(0, equal_);
        after_echo(delivered.size());
        if (stage_ != Stage::overlap) {
            const Step step{cut_space(delivered, head)};
            stage_ = Stage::open;
            return step;
        }
        held_ = head;
    }
    if (stage_ == Stage::overlap) {
        (void)advance(delivered.substr(delivered.size() - window_), true);
        return release();
    }
    stage_ = Stage::open;
    return {};
}

/// The stage that follows an echo, whether there was one or not.
BATON_DECL void Seam::after_echo(std::size_t delivered) noexcept {
    equal_ = 0;
    if (mode_ == ResumeMode::prefill) {
        stage_ = sent_ < delivered ? Stage::space : Stage::open;
    } else {
        stage_ = window_ >= least_ ? Stage::overlap : Stage::open;
    }
}

BATON_DECL std::string_view Seam::cut_space(std::string_view delivered, std::string_view piece) noexcept {
    if (stage_ != Stage::space) return piece;
    const std::string_view space = delivered.substr(sent_);
    const std::size_t same = detail::common_prefix(piece, space.substr(equal_));
    equal_ += same;
    dropped_ += same;
    piece.remove_prefix(same);
    if (!piece.empty() || equal_ == space.size()) stage_ = Stage::open;
    return piece;
}

BATON_DECL Seam::Step Seam::search(std::string_view delivered, std::string_view piece) {
    held_ += piece;
    if (!advance(delivered.substr(delivered.size() - window_), false)) return {};
    return release();
}

BATON_DECL Seam::Step Seam::release() noexcept {
    stage_ = Stage::open;
    const std::string_view text = held_;
    // white space alone is no evidence of repetition
    if (without_trailing_space(text.substr(0, equal_)).empty()) equal_ = 0;
    dropped_ += equal_;
    return {text.substr(equal_)};
}

/// Looks for the first place in `window` from which on it equals the beginning of `held_`: Knuth, Morris and
/// Pratt's search for a pattern that is still arriving. True: `equal_` is the length of the overlap. False:
/// more text is needed to tell; never if it has `ended`.
BATON_DECL bool Seam::advance(std::string_view window, bool ended) {
    if (!held_.empty() && detail::continues_character(held_[0])) start_ = window.size(); // none begins so
    while (start_ + least_ <= window.size()) {
        if (start_ + equal_ == window.size()) return true;
        if (equal_ < held_.size()) {
            if (window[start_ + equal_] == held_[equal_]) {
                if (border_.size() == equal_) extend_border();
                ++equal_;
                continue;
            }
        } else if (!ended) {
            return false;
        }
        if (equal_ == 0) {
            ++start_;
        } else {
            const std::size_t border = border_[equal_ - 1];
            start_ += equal_ - border;
            equal_ = border;
        }
    }
    equal_ = 0;
    return true;
}

BATON_DECL void Seam::extend_border() {
    const std::size_t at = border_.size();
    std::size_t border = at == 0 ? 0 : border_[at - 1];
    while (border > 0 && held_[at] != held_[border]) border = border_[border - 1];
    if (at > 0 && held_[at] == held_[border]) ++border;
    border_.push_back(static_cast<std::uint16_t>(border));
}

BATON_DECL Seam::Step Seam::depart(std::string_view delivered, std::string_view piece) {
    stage_ = Stage::open;
    std::size_t keep = equal_;
    for (int i = 0; i < 3 && keep > 0 && detail::continues_character(delivered[keep]); ++i) --keep;
    const std::size_t retract = delivered.size() - keep;
    if (keep == equal_) return {piece, retract};
    // the new text has the beginning of that character too
    dropped_ -= equal_ - keep;
    held_ = delivered.substr(keep, equal_ - keep);
    held_ += piece;
    return {held_, retract};
}

} // namespace baton
