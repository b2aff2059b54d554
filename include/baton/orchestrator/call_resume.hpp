// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/call.hpp>

// What happens to a stream that breaks after the commit point: `Resume`; step 5 of design section 5. The text
// delivered so far stays where it is, in the answer under assembly; the attempt that goes on is decoded into
// a Reply of its own, and what its seam lets through is appended.
namespace baton::detail {

template <class C>
ResumeFacts Call<C>::resume_facts() const {
    ResumeFacts facts;
    facts.capabilities = snapshot_->providers[target().provider].capabilities;
    facts.structured = draft_->response_format && draft_->response_format->kind != ResponseFormat::Kind::text;
    for (const Part& part : answer().parts) {
        if (part.kind == Part::Kind::text) facts.text_bytes += part.text.size();
        facts.tool_fragments |= part.kind == Part::Kind::tool_call;
        facts.opaque_parts |= part.kind == Part::Kind::opaque;
    }
    if constexpr (C::has_resume) facts.resumes = this->resumes;
    return facts;
}

/// An attempt has broken after the commit point, or one that was to go on has failed: whether the call goes
/// on. Then `error` is what Retry and Fallback are to decide by. False: it ends with `error`.
template <class C>
bool Call<C>::plan_resume(Error& error, bool refused) {
    if constexpr (C::has_resume) {
        const bool going_on = this->going_on != ResumeMode::none;
        if (deltas_ > 0) { // it had said something: settled as far as it came
            this->spent += attempt_usage_;
            if (going_on) { // what it said besides text was shown, too
                for (Part& part : this->next.parts) {
                    const bool known = part.kind == Part::Kind::thinking && this->thought;
                    if (part.kind != Part::Kind::text && !known) answer().parts.push_back(std::move(part));
                }
                this->next = Reply();
            }
            this->resumes += going_on;
            this->refused = ResumeMode::none;
        } else if (going_on) {
            const Errc errc = error.errc();
            const bool will_not = refused || errc == Errc::invalid_request || errc == Errc::too_large ||
                                  errc == Errc::context_overflow;
            if (will_not) { // the same target may do it another way
                this->refused = this->going_on;
                if (state_->resume.next_after_refusal(this->refused, resume_facts()) != ResumeMode::none) {
                    set_phase(Phase::choose);
                    error_ = Error();
                    this->again_here = true;
                    return true;
                }
                error = this->broke; // nor does its refusal say anything of the others
                this->refused = ResumeMode::none;
                this->declined = true;
                return true;
            }
        }
        this->going_on = ResumeMode::none;
        if (this->broke.errc() == Errc::ok) {
            this->broke = error;
            this->broke_at = cursor_;
        }
        return may_resume(error.errc());
    } else {
        return false;
    }
}

/// The next target is chosen: how it is to go on, if it can.
template <class C>
bool Call<C>::begin_resume() {
    if constexpr (C::has_resume) {
        const ResumeFacts facts = resume_facts();
        this->going_on = this->refused == ResumeMode::none
                             ? state_->resume.first(facts)
                             : state_->resume.next_after_refusal(this->refused, facts);
        if (this->going_on == ResumeMode::none) return false;
        this->delivered = joined_text(answer().parts);
        this->seam = Seam(this->going_on, this->delivered, state_->resume.continuation());
        this->next = Reply();
        this->joined_on = this->flushed = false;
        this->tools_void = facts.tool_fragments;
        this->thought = std::any_of(answer().parts.begin(), answer().parts.end(), [](const Part& part) {
            return part.kind == Part::Kind::thinking && !part.text.empty();
        });
        return true;
    } else {
        return false;
    }
}

/// A step of the seam, applied to the answer; `decoded_` shows what the caller gets. False: nothing.
template <class C>
bool Call<C>::splice(const Seam::Step& step) {
    if constexpr (C::has_resume) {
        if (step.retract > 0) {
            retract(this->delivered.size() - step.retract);
            decoded_.seam = Delta::Seam::restarted;
            decoded_.retract = step.retract;
        }
        if (step.text.empty()) return step.retract > 0;
        if (!std::exchange(this->joined_on, true) && decoded_.seam == Delta::Seam::none)
            decoded_.seam = Delta::Seam::continued;
        Parts& parts = answer().parts;
        if (parts.empty() || parts.back().kind != Part::Kind::text) parts.emplace_back(std::string());
        std::string& text = parts.back().text;
        const std::size_t from = text.size();
        text.append(step.text);
        decoded_.text = std::string_view(text).substr(from);
        return true;
    } else {
        return false;
    }
}

/// The answer stands up to its first `kept` bytes of text; the rest, tool calls and reasoning do not.
template <class C>
void Call<C>::retract(std::size_t kept) {
    if constexpr (C::has_resume) {
        Parts left;
        std::size_t room = kept;
        for (Part& part : answer().parts) {
            if (part.kind != Part::Kind::text || room == 0) continue;
            if (part.text.size() > room) part.text.resize(room);
            room -= part.text.size();
            left.push_back(std::move(part));
        }
        answer().parts = std::move(left);
        this->kept = this->retractions++ == 0 ? kept : std::min(this->kept, kept);
    }
}

/// Calls that had begun in an attempt that broke do not stand: those of the one that goes on do, or none.
template <class C>
bool Call<C>::void_calls() {
    if constexpr (C::has_resume) {
        if (!std::exchange(this->tools_void, false)) return false;
        std::size_t text = 0;
        for (const Part& part : answer().parts) text += part.kind == Part::Kind::text ? part.text.size() : 0;
        retract(text);
        return true;
    } else {
        return false;
    }
}

/// An event of the attempt that goes on: `decoded_` is what its decoder said, and becomes what the caller
/// gets. False: nothing.
template <class C>
bool Call<C>::join_on() {
    if constexpr (C::has_resume) {
        if (this->going_on == ResumeMode::none) return true;
        const Delta said = std::exchange(decoded_, Delta{});
        const bool voided = !said.tools.empty() && void_calls(); // before any view is made: parts move
        bool shown = false;
        if (!said.text.empty()) shown = splice(this->seam.feed(this->delivered, said.text));
        if (!said.tools.empty()) {
            if (!this->seam.settled()) splice(this->seam.finish(this->delivered)); // its text is complete
            decoded_.tools = said.tools;
            shown = true;
        }
        if (voided) decoded_.seam = Delta::Seam::restarted;
        // thinking that was shown once is not shown again
        if (!said.reasoning.empty() && !this->thought) {
            decoded_.reasoning = said.reasoning;
            shown = true;
        }
        return shown;
    } else {
        return true;
    }
}

/// What the seam still held back, at the good end of the attempt that went on. False: nothing.
template <class C>
bool Call<C>::join_end() {
    if constexpr (C::has_resume) {
        if (this->going_on == ResumeMode::none || std::exchange(this->flushed, true)) return false;
        decoded_ = Delta{};
        const bool voided = void_calls(); // the new answer makes none
        const bool shown = splice(this->seam.finish(this->delivered));
        if (voided) decoded_.seam = Delta::Seam::restarted;
        return shown || voided;
    } else {
        return false;
    }
}

/// A whole answer instead of a stream, from the attempt that went on.
template <class C>
void Call<C>::join_whole() {
    if constexpr (C::has_resume) {
        if (this->going_on == ResumeMode::none) return;
        if (!replaying_) {
            replay_.skip_to_end(answer());
            replay_.saw_retractions(this->retractions);
        }
        std::string text = joined_text(this->next.parts);
        decoded_ = Delta{};
        splice(this->seam.feed(this->delivered, text));
        join_end();
    }
}

/// The attempt that went on is whole: the answer becomes one, and its usage that of all who spoke. Where no
/// usage came with it (it was cut behind its last word, or its vendor reports none), it is estimated.
template <class C>
void Call<C>::merge_resumed() {
    if (Reply& said = decoding(); !said.usage.reported && mode_ != Mode::errand) [[unlikely]]
        said.usage = estimated();
    if constexpr (C::has_resume) {
        if (this->going_on != ResumeMode::none) {
            Reply& whole = answer();
            Reply& next = this->next;
            for (Part& part : whole.parts) {
                // half a thought has no signature, without which no vendor takes it back
                if (part.kind == Part::Kind::thinking) part.detail.reset();
            }
            const bool others = std::any_of(whole.parts.begin(), whole.parts.end(),
                                            [](const Part& part) { return part.kind != Part::Kind::text; });
            if (others && this->going_on == ResumeMode::restart) // it has said all of it again
                retract(joined_text(whole.parts).size());
            for (Part& part : next.parts) {
                if (part.kind != Part::Kind::text) whole.parts.push_back(std::move(part));
            }
            whole.id = std::move(next.id);
            whole.model = std::move(next.model);
            whole.stop = next.stop;
            whole.stop_text = std::move(next.stop_text);
            whole.extras = std::move(next.extras);
            whole.usage = next.usage;
        }
        attempt().usage = answer().usage;
        answer().usage += this->spent;
    } else {
        attempt().usage = answer().usage;
    }
}

} // namespace baton::detail
