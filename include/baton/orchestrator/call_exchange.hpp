// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json.hpp>
#include <baton/orchestrator/call.hpp>

#include <charconv>

// An attempt on its connection: request and response; step 4 of design section 5.
namespace baton::detail {

/// What an event parser says, whichever it is.
enum class Cut : unsigned char { need_more, event, too_large, corrupt };
template <class Parser>
Cut next_event(Parser& parser, std::string_view& input, net::SseEvent& event) {
    using Status = typename Parser::Status;
    switch (parser.next(input, event)) {
    case Status::need_more: return Cut::need_more;
    case Status::event: return Cut::event;
    case Status::too_large: return Cut::too_large;
    default: return Cut::corrupt;
    }
}

template <class C>
Want Call<C>::send() {
    if (!send_begun_) {
        send_begun_ = true;
        conn_->wrote_any = false;
        if (std::optional<Error> refused = write_request()) {
            attempt_refused_ = true;
            fail_attempt(located(*std::move(refused)));
            return Want::done;
        }
        ++conn_->exchanges;
        conn_->reader.start(state_->transport.settings().http);
        cutoff_ = state_->limits.idle(now(), total_);
    }
    if (conn_->problem == Connection::Problem::none) {
        switch (conn_->flush()) {
        case Connection::Io::done: {
            attempt().sent = true;
            sent_at_ = now();
            cutoff_ = mode_ == Mode::stream
                          ? state_->limits.first_token(sent_at_, total_, target().max_latency)
                          : state_->limits.first_byte_unary(sent_at_, total_, target().max_latency);
            set_phase(Phase::receive);
            plan_hedge();
            return Want::done;
        }
        case Connection::Io::want_write: {
            const std::size_t left = conn_->pending().size();
            if (left != std::exchange(unsent_, left)) cutoff_ = state_->limits.idle(now(), total_);
            return Want::write;
        }
        default: break;
        }
    }
    attempt().sent = conn_->wrote_any;
    if (!answered_early()) fail_connection();
    return Want::done;
}

/// The request did not leave whole: whether that is because the server has answered already (413, say). Then
/// its answer decides; the connection is not used again.
template <class C>
bool Call<C>::answered_early() {
    if (phase_ != Phase::send || !conn_->wrote_any || !conn_->poll_answer()) return false;
    attempt().sent = true;
    sent_at_ = now();
    conn_->problem = Connection::Problem::none;
    cutoff_ = state_->limits.idle(sent_at_, total_);
    set_phase(Phase::receive);
    return true;
}

/// The caller's request; behind a seam, the one that goes on with what was delivered.
template <class C>
const Draft& Call<C>::outgoing_draft(Draft& scratch) const {
    if constexpr (C::has_resume) {
        if (this->going_on != ResumeMode::none) {
            scratch = draft_;
            continue_request(scratch.edit(), this->going_on, this->delivered, state_->resume.continuation());
            return scratch;
        }
    }
    return draft_;
}

template <class C>
std::optional<Error> Call<C>::write_request() {
    const EndpointSettings& provider = endpoint();
    auto& [path, headers, body] = state_->scratch;
    path.clear();
    headers.clear();
    body.clear();
    const std::string_view method = mode_ == Mode::errand ? errand_->method() : "POST";
    std::string_view base;
    std::optional<Error> refused = with_provider([&](auto i) -> std::optional<Error> {
        using W = typename C::template wire<decltype(i)::value>;
        const wire::Outgoing out{path, headers, body};
        Draft scratch;
        auto wrong = mode_ == Mode::errand
                         ? errand_->encode(target(), out)
                         : W::encode(outgoing_draft(scratch), target(), mode_ == Mode::stream, out);
        base = net::path_before(provider.path, path);
        if constexpr (wire::HasAccount<W>) {
            if (!wrong) {
                const auto& account = *static_cast<const typename W::Account*>(provider.account.get());
                wrong = account.authorize(
                    wire::Departure{method, provider.authority, base, state_->clock.wall()}, out);
            }
        }
        return wrong;
    });
    if (refused) return refused;
    char length[24];
    const auto end = std::to_chars(length, length + sizeof length, body.size());
    std::string& out = conn_->outgoing();
    out.append(method).append(1, ' ').append(base).append(path);
    if (!net::target_ok(std::string_view(out).substr(method.size() + 1))) {
        return Error(Errc::invalid_request,
                     "the request's path contains a character that cannot stand in a URL; "
                     "check the model's name");
    }
    out.append(" HTTP/1.1\r\n").append(provider.head.reveal()).append(headers);
    if (!body.empty()) out.append("Content-Length: ").append(length, end.ptr).append("\r\n");
    out.append("\r\n").append(body);
    return std::nullopt;
}

template <class C>
Want Call<C>::receive() {
    using Status = net::HttpReader::Status;
    for (;;) {
        if (streaming_ && !input_.empty()) {
            net::SseEvent event;
            const Cut cut = with_parser([&](auto& parser) { return next_event(parser, input_, event); });
            if (cut == Cut::event) {
                const Want want = on_event(event.type, event.data);
                if (want == Want::delta || phase_ != Phase::receive) return want;
                continue;
            }
            if (cut != Cut::need_more) {
                fail_attempt(located(
                    cut == Cut::too_large
                        ? Error(Errc::too_large, "a streamed event exceeds max_event; raise "
                                                 "Tcp::Options.max_event if such events are expected")
                        : Error(Errc::protocol, "a streamed event is damaged: its checksum is wrong")));
                return Want::done;
            }
        }
        std::string_view slice;
        switch (conn_->reader.next(slice)) {
        case Status::need_more:
            if (conn_->problem != Connection::Problem::none || conn_->truncated_) {
                fail_connection();
                return phase_ == Phase::drain && !decoded_.empty() ? Want::delta : Want::done;
            }
            if (got_first_ || conn_->reader.started()) set_idle_cutoff();
            return Want::read;
        case Status::head: on_head(); break;
        case Status::body:
            if (!on_body(slice)) return Want::done;
            break;
        case Status::done: {
            net::SseEvent last; // what lacks only its end
            if (streaming_ && !complete_ && with_parser([&](auto& parser) { return parser.finish(last); })) {
                const Want want = on_event(last.type, last.data);
                if (want == Want::delta || phase_ != Phase::receive) return want;
            }
            on_message_end();
            return phase_ == Phase::drain && !decoded_.empty() ? Want::delta : Want::done;
        }
        case Status::failed:
            fail_connection();
            return phase_ == Phase::drain && !decoded_.empty() ? Want::delta : Want::done;
        }
    }
}

template <class C>
void Call<C>::set_idle_cutoff() {
    // headers alone are no token: a stream keeps its first-token limit until content comes
    if (mode_ == Mode::stream && !got_first_) return;
    cutoff_ = state_->limits.idle(now(), total_);
    if (got_first_ || !target().max_latency) return;
    // nor is a whole answer's beginning: what the route allows holds until it is there
    const Cutoff first = state_->limits.first_byte_unary(sent_at_, total_, target().max_latency);
    if (first.at < cutoff_.at) cutoff_ = first;
}

template <class C>
void Call<C>::on_head() {
    const int status = conn_->reader.status();
    attempt().status = status;
    if constexpr (C::has_limit) heed_rate_headers();
    if (mode_ != Mode::stream || status < 200 || status > 299) return;
    // the status has decided; now the type may: a vendor that ignores `stream`, or an error in a 200
    const std::string_view type = conn_->reader.headers().get("content-type");
    streaming_ = !iequals(type.substr(0, 16), "application/json");
    sniffed_ = false;
}

template <class C>
bool Call<C>::on_body(std::string_view slice) {
    if (streaming_ && !sniffed_) {
        if (!with_provider([](auto i) { // only an event stream can be told from a document by its first byte
                return C::template wire<decltype(i)::value>::framing == wire::Framing::sse;
            })) {
            sniffed_ = true;
            input_ = slice;
            return true;
        }
        // a JSON document labelled as an event stream: no event stream begins with a brace
        const std::size_t first = slice.find_first_not_of(" \r\n\t");
        if (first == std::string_view::npos) return true;
        sniffed_ = true;
        if (slice[first] == '{' || slice[first] == '[') streaming_ = false;
    }
    if (streaming_) {
        input_ = slice;
        return true;
    }
    if (body_.empty() && conn_->reader.complete() && slice.size() <= state_->transport.settings().max_reply) {
        whole_ = slice; // it lies in the receive buffer in one piece, which stays until the attempt ends
        return true;
    }
    const std::size_t most = attempt().status < 300 ? state_->transport.settings().max_reply : 64 * 1024;
    if (body_.size() + slice.size() > most) {
        if (attempt().status < 300) {
            fail_attempt(
                located(Error(Errc::too_large, "the answer exceeds max_reply; raise Tcp::Options.max_reply "
                                               "or lower max_tokens")));
            return false;
        }
        slice = slice.substr(0, most - body_.size()); // enough of an error to classify it
        body_.append(slice);
        on_message_end();
        return false;
    }
    body_.append(slice);
    return true;
}

template <class C>
struct Call<C>::Extent {
    explicit Extent(const Reply& reply) noexcept
        : parts(reply.parts.size()), last(parts == 0 ? 0 : reply.parts.back().text.size()) {
        for (const Part& part : reply.parts) all += part.text.size();
    }
    std::size_t parts, last, all = 0; // how many; bytes of the last one's text, and of all texts
};

template <class C>
Want Call<C>::on_event(std::string_view type, std::string_view data) {
    decoded_ = Delta{};
    Reply& into = decoding();
    const Extent before(into);
    const wire::Step step =
        mp::mp_with_index<mp::mp_size<typename C::decoders>::value>(decoder_.index(), [&](auto i) {
            return std::get<decltype(i)::value>(decoder_).on_event(type, data, decoded_, into);
        });
    switch (step) {
    case wire::Step::nothing: return Want::done;
    case wire::Step::delta:
        if (!got_first_) first_token();
        if (const std::size_t most = state_->transport.settings().max_reply;
            (streamed_ += data.size()) > most) {
            fail_attempt(
                located(Error(Errc::too_large, "the answer exceeds max_reply; raise Tcp::Options.max_reply "
                                               "or lower max_tokens")));
            return Want::done;
        }
        ++deltas_;
        if (judged) return Want::done; // buffered until the judgement
        if (committed_ && !join_on()) return Want::done;
        committed_ = true;
        return Want::delta;
    case wire::Step::end:
        complete_ = true;
        set_phase(Phase::drain);
        cutoff_ = Cutoff::phase(now(), drain_time, Errc::timeout_idle, total_);
        return committed_ && join_end() ? Want::delta : Want::done;
    case wire::Step::failed:
        if (skip_malformed(data, before)) return Want::done;
        fail_attempt(located(
            mp::mp_with_index<mp::mp_size<typename C::decoders>::value>(decoder_.index(), [&](auto i) {
                return Error(std::get<decltype(i)::value>(decoder_).error());
            })));
        return Want::done;
    }
    return Want::done;
}

/// An event that is no JSON in an otherwise sound stream is passed over and counted, up to max_malformed.
/// Text that its decoder had taken of it is undone; of a part, or of a tool call, the decoder knows more than
/// the answer shows, so an event that brought some before it broke is not passed over.
template <class C>
bool Call<C>::skip_malformed(std::string_view data, const Extent& before) {
    Attempt& a = attempt();
    if (a.malformed_events >= state_->transport.settings().max_malformed) return false;
    json::Reader whole(data);
    if (data.starts_with("[DONE]") || (whole.skip() && whole.finish())) return false;
    Reply& into = decoding();
    const Extent now(into);
    if (now.parts != before.parts || !decoded_.tools.empty()) return false;
    if (now.all != before.all) {
        const Part& last = into.parts.back();
        if (now.all - before.all != now.last - before.last || last.kind == Part::Kind::tool_call)
            return false;
        into.parts.back().text.resize(before.last);
    }
    ++a.malformed_events;
    decoded_ = Delta{};
    return true;
}

template <class C>
void Call<C>::first_token() {
    got_first_ = true;
    const TimePoint t = now();
    attempt().first_token = t - sent_at_;
    cutoff_ = state_->limits.idle(t, total_);
    verdict(true, t);
    drop_rival(); // it is beaten; an attempt that breaks later is resumed, not replaced
}

template <class C>
void Call<C>::on_message_end() {
    const int status = attempt().status;
    const std::string_view body = whole_.empty() ? std::string_view(body_) : whole_;
    if (status < 200 || status > 299) {
        Error error = with_provider([&](auto i) {
            return C::template wire<decltype(i)::value>::decode_error(status, conn_->reader.headers(), body,
                                                                      state_->clock.wall());
        });
        return fail_attempt(located(std::move(error)));
    }
    if (mode_ == Mode::errand) {
        if (std::optional<Error> wrong = errand_->decode(target().provider, body)) {
            return fail_attempt(located(*std::move(wrong)));
        }
        return finish_attempt();
    }
    if (streaming_) {
        if (!complete_ && !end_of_stream()) return;
        if (committed_ && join_end()) { // the last piece; the attempt ends behind it
            complete_ = true;
            return set_phase(Phase::drain);
        }
    } else {
        std::optional<Error> wrong = with_provider(
            [&](auto i) { return C::template wire<decltype(i)::value>::decode(body, decoding()); });
        if (wrong) return fail_attempt(located(*std::move(wrong)));
        if (committed_) join_whole();
        replaying_ |= mode_ == Mode::stream;
        if (!got_first_) first_token();
    }
    finish_attempt();
}

/// The bytes ended without a terminal event: whether the dialect takes that for a whole answer.
template <class C>
bool Call<C>::end_of_stream() {
    return mp::mp_with_index<mp::mp_size<typename C::decoders>::value>(decoder_.index(), [&](auto i) {
        auto& decoder = std::get<decltype(i)::value>(decoder_);
        if (decoder.on_body_end(decoding()) == wire::Step::end) return true;
        fail_attempt(located(decoder.error()));
        return false;
    });
}

template <class C>
Want Call<C>::drain() {
    std::string_view slice;
    for (;;) {
        switch (conn_->reader.next(slice)) {
        case net::HttpReader::Status::need_more:
            if (conn_->problem == Connection::Problem::none && !conn_->truncated_) return Want::read;
            [[fallthrough]];
        case net::HttpReader::Status::failed:
        case net::HttpReader::Status::done: finish_attempt(); return Want::done;
        default: break; // bytes behind the terminal event say nothing
        }
    }
}

} // namespace baton::detail
