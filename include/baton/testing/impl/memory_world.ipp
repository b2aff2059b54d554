// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/memory_world.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace baton::testing::detail {

namespace net_error = boost::asio::error;

// --- World
// --------------------------------------------------------------------------------------------------

BATON_DECL void World::serve(std::string_view host, Script script) {
    hosts[std::string(host)].script = std::move(script);
}

BATON_DECL void World::on_connect(std::string_view host, std::function<Accept(std::uint64_t)> decide) {
    hosts[std::string(host)].decide = std::move(decide);
}

BATON_DECL World::Host* World::find(const std::string& host, std::uint16_t port) {
    auto at = hosts.find(host + ":" + std::to_string(port));
    if (at == hosts.end() && (port == 80 || port == 443)) at = hosts.find(host);
    return at == hosts.end() ? nullptr : &at->second;
}

BATON_DECL std::shared_ptr<Link> World::connect(const std::string& name, std::uint16_t port,
                                                Pending<error_code>& done) {
    Host* const host = find(name, port);
    Accept accept = host ? Accept::yes() : Accept::unknown_host();
    if (host && host->decide) accept = host->decide(++host->connections);
    if (++operations == fail_at) accept = Accept::refuse();

    const std::uint64_t number = ledger.connections.size() + 1;
    ledger.connections.emplace_back().number = number;
    ++ledger.totals.connections_opened;
    ++open;
    auto link = std::make_shared<Link>(*this, number);
    links.push_back(link);
    link->script_ = host && host->script ? &host->script : nullptr;
    link->connecting_.push_back(done);
    if (accept.kind != Accept::Kind::hang) {
        Link* const self = link.get(); // its timer goes with it
        link->timer_ =
            clock.at(after(clock.now(), accept.delay), [self, kind = accept.kind] { self->connected(kind); });
    }
    return link;
}

BATON_DECL void World::close_idle(AnswerPlan::End how) {
    for (const std::shared_ptr<Link>& link : links) {
        if (link->state_ == Link::State::open && !link->playing_) link->end(how);
    }
}

BATON_DECL void World::forget(Link& link) {
    --open;
    ++ledger.totals.connections_closed;
    link.entry().closed = true;
    links.remove_if([&](const std::shared_ptr<Link>& one) { return one.get() == &link; });
}

// --- Link: the client's side
// ----------------------------------------------------------------------------------

/// Counts an operation; true if it is the one to fail.
BATON_DECL bool Link::struck() {
    if (++world_.operations != world_.fail_at) return false;
    end(AnswerPlan::End::reset);
    return true;
}

BATON_DECL void Link::connected(Accept::Kind kind) {
    error_code ec;
    if (kind == Accept::Kind::accept) {
        state_ = State::open;
    } else {
        state_ = State::reset;
        ec = kind == Accept::Kind::refuse ? error_code(net_error::connection_refused)
                                          : error_code(net_error::host_not_found);
    }
    if (!connecting_.empty()) connecting_.front().complete(ec);
}

BATON_DECL std::size_t Link::take(std::span<char> to) {
    std::size_t n = std::min(to.size(), unread());
    if (world_.read_cap > 0) n = std::min(n, world_.read_cap);
    std::memcpy(to.data(), to_client_.data() + read_, n);
    read_ += n;
    if (unread() == 0) {
        to_client_.clear();
        read_ = 0;
    }
    return n;
}

BATON_DECL std::size_t Link::try_read(std::span<char> to, error_code& ec) {
    ec = {};
    if (state_ != State::reset && unread() > 0) return take(to);
    switch (state_) {
    case State::reset: ec = net_error::connection_reset; break;
    case State::ended: ec = net_error::eof; break;
    default: ec = net_error::would_block; break;
    }
    return 0;
}

BATON_DECL void Link::read(std::span<char> to, Io& pending) {
    reading_.push_back(pending);
    read_to_ = to;
    if (!struck()) pump();
}

BATON_DECL std::size_t Link::accept_bytes(std::string_view from) {
    std::size_t n = from.size();
    if (world_.write_cap > 0 && n >= world_.write_cap) {
        n = world_.write_cap;
        blocked_ = true;
        unblock_ = world_.clock.at(after(world_.clock.now(), world_.write_pause), [this] {
            blocked_ = false;
            pump();
        });
    }
    entry().bytes_in += n;
    world_.ledger.totals.bytes_in += n;
    if (state_ == State::open) {
        if (from_client_.empty() && (playing_ || unread() > 0)) ++world_.misused;
        from_client_.append(from.substr(0, n));
        serve();
    }
    return n;
}

BATON_DECL std::size_t Link::try_write(std::string_view from, error_code& ec) {
    ec = {};
    if (struck() || state_ == State::reset) {
        ec = net_error::connection_reset;
    } else if (state_ == State::connecting) {
        ec = net_error::not_connected;
    } else if (blocked_) {
        ec = net_error::would_block;
    } else {
        return accept_bytes(from);
    }
    return 0;
}

BATON_DECL void Link::write(std::string_view from, Io& pending) {
    writing_.push_back(pending);
    write_from_ = from;
    if (!struck()) pump();
}

/// Ends the client's waits that can end.
BATON_DECL void Link::pump() {
    if (!writing_.empty() && (state_ == State::reset || !blocked_)) {
        if (state_ == State::reset) {
            writing_.front().complete(net_error::connection_reset, 0);
        } else {
            const std::size_t n = accept_bytes(write_from_);
            writing_.front().complete({}, n);
        }
    }
    if (reading_.empty()) return;
    if (state_ == State::reset) {
        reading_.front().complete(net_error::connection_reset, 0);
    } else if (unread() > 0) {
        const std::size_t n = take(read_to_);
        reading_.front().complete({}, n);
    } else if (state_ == State::ended) {
        reading_.front().complete(net_error::eof, 0);
    }
}

BATON_DECL void Link::cancel() {
    if (!reading_.empty()) reading_.front().complete(net_error::operation_aborted, 0);
    if (!writing_.empty()) writing_.front().complete(net_error::operation_aborted, 0);
}

BATON_DECL void Link::client_closes() {
    const std::shared_ptr<Link> keep = shared_from_this();
    timer_ = {};
    unblock_ = {};
    if (playing_ && !world_.ledger.requests[served_ - 1].finished) {
        world_.ledger.requests[served_ - 1].finished = true;
        ++world_.ledger.totals.finished;
    }
    playing_ = false;
    state_ = State::reset;
    cancel();
    world_.forget(*this);
    if (!connecting_.empty()) connecting_.front().discard();
}

// --- Link: the server's side
// ------------------------------------------------------------------------------------

BATON_DECL void Link::serve() {
    if (close_on_next_ && !from_client_.empty()) return end(AnswerPlan::End::close);
    while (!playing_ && state_ == State::open) {
        switch (parser_.parse(from_client_, request_)) {
        case RequestParser::Status::need_more: return;
        case RequestParser::Status::head: break; // its body may be empty, or here already
        case RequestParser::Status::bad:
            ++world_.ledger.totals.bad_requests;
            return end(AnswerPlan::End::close);
        case RequestParser::Status::complete:
            parser_.reset();
            play(std::exchange(request_, ServedRequest()));
            break;
        }
    }
}

BATON_DECL void Link::play(ServedRequest&& request) {
    Ledger& ledger = world_.ledger;
    request.number = ++ledger.totals.requests;
    request.connection = number_;
    request.on_connection = ++entry().requests;
    request.classify(true);
    if (!request.id.empty()) request.attempt = world_.attempts[request.id]++;
    const Behaviour behaviour = script_ ? (*script_)(request) : html_error(502);
    plan_ = make_plan(request, behaviour, world_.models);
    world_.last_answer = plan_.bytes;
    if (plan_.bytes.size() > world_.cut_at) {
        plan_.bytes.resize(world_.cut_at);
        plan_.end = world_.cut_end;
        plan_.complete = false;
        std::erase_if(plan_.steps, [&](const AnswerPlan::Step& step) { return step.end > world_.cut_at; });
        if (plan_.steps.empty() || plan_.steps.back().end < world_.cut_at)
            plan_.steps.push_back({world_.cut_at, {}});
    }
    Ledger::Served& served = ledger.requests.emplace_back();
    served.number = request.number;
    served.connection = number_;
    served.attempt = request.attempt;
    served.id = request.id;
    served.kind = request.kind;
    served.stream = request.incoming.stream;
    served.fault = behaviour.fault;
    served.status = plan_.bytes.empty() ? 0 : plan_.status;
    served_ = ledger.requests.size();
    if (world_.keep_requests) world_.requests.push_back(std::move(request));
    playing_ = true;
    sent_ = step_ = mark_ = 0;
    play_on();
}

BATON_DECL void Link::play_on() {
    const bool more = step_ < plan_.steps.size();
    const Duration pause = more ? plan_.steps[step_].pause : plan_.end_pause;
    timer_ = world_.clock.at(after(world_.clock.now(), pause), [this, more] {
        if (!more) return play_end();
        const std::size_t end = plan_.steps[step_++].end;
        to_client_.append(plan_.bytes, sent_, end - sent_);
        count_sent(end);
        if (step_ == plan_.steps.size() && plan_.end == AnswerPlan::End::keep) {
            play_end(); // the client may send its next request as soon as it has the last byte
        } else {
            play_on();
        }
        pump();
    });
}

BATON_DECL void Link::count_sent(std::size_t end) {
    Ledger::Served& served = world_.ledger.requests[served_ - 1];
    entry().bytes_out += end - sent_;
    world_.ledger.totals.bytes_out += end - sent_;
    sent_ = end;
    for (; mark_ < plan_.marks.size() && plan_.marks[mark_].offset <= end; ++mark_) {
        world_.ledger.totals.tokens += plan_.marks[mark_].tokens - served.tokens;
        served.tokens = plan_.marks[mark_].tokens;
        if (world_.keep_requests) served.text = plan_.text.substr(0, plan_.marks[mark_].text);
    }
}

BATON_DECL void Link::play_end() {
    playing_ = false;
    Ledger::Served& served = world_.ledger.requests[served_ - 1];
    served.finished = true;
    served.completed = plan_.complete;
    ++world_.ledger.totals.finished;
    world_.ledger.totals.completed += plan_.complete;
    to_client_ += plan_.below_tls;
    end(plan_.end);
    if (state_ == State::open) serve();
}

/// What the server does to the connection.
BATON_DECL void Link::end(AnswerPlan::End how) {
    switch (how) {
    case AnswerPlan::End::keep: return;
    case AnswerPlan::End::close: state_ = State::ended; break;
    case AnswerPlan::End::reset: state_ = State::reset; break;
    case AnswerPlan::End::hold: playing_ = true; break; // silence
    case AnswerPlan::End::close_on_next: close_on_next_ = true; break;
    }
    pump();
}

} // namespace baton::testing::detail
