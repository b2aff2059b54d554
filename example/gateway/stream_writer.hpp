// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "answers.hpp"

#include <baton/core/delta.hpp>
#include <baton/core/reply.hpp>
#include <baton/serve/call_ids.hpp>
#include <baton/serve/concept.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace gateway {

/// A body in chunks, or until the connection closes for clients of HTTP/1.0. Each flush is one write.
class EventWriter {
public:
    EventWriter(std::string& out, bool chunked) : out_(out), chunked_(chunked) {}

    /// What follows is one chunk.
    void open() {
        if (chunked_) out_ += "00000000\r\n";
        from_ = out_.size();
    }
    void close() {
        if (!chunked_) return;
        std::size_t size = out_.size() - from_;
        if (size == 0) return out_.resize(from_ - 10); // an empty chunk would be the last
        for (std::size_t at = from_ - 3; size > 0; --at, size >>= 4) out_[at] = "0123456789abcdef"[size & 15];
        out_ += "\r\n";
    }
    void end() {
        if (chunked_) out_ += "0\r\n\r\n";
    }

private:
    std::string& out_;
    bool chunked_;
    std::size_t from_ = 0;
};

/// One streamed answer in the client's dialect, written to `x.out`: its head with the first piece.
class StreamWriter {
public:
    StreamWriter(Exchange& x, const baton::serve::Incoming& incoming)
        : x_(x), encoder_(x.where.dialect->encoder()), events_(x.out, x.client.request().minor == 1),
          cacheable_(incoming.request.cacheable), include_usage_(incoming.include_usage),
          array_(incoming.array) {}

    bool begun() const noexcept { return begun_; }

    /// `so_far`: the answer up to this piece, of an attempt that is under way.
    void delta(const baton::Reply& so_far, const baton::Delta& delta) {
        begun_ ? events_.open() : begin(so_far, true);
        if (so_far.parts.size() > announced_ + 1) parts_until(so_far, so_far.parts.size() - 1);
        baton::Delta sent = delta;
        if (!x_.where.gemini && !sent.tools.empty()) sent.tools = ids_->number(delta);
        encode([&](auto& e) { e.delta(sent, x_.out); });
        events_.close();
    }
    /// A whole answer that nothing was shown of.
    void replay(const baton::Reply& reply) {
        begin(reply, false);
        for (std::size_t i = 0; i < reply.parts.size(); ++i) {
            parts_until(reply, i);
            const baton::Part& part = reply.parts[i];
            baton::Delta delta;
            if (part.kind == baton::Part::Kind::text) delta.text = part.text;
            if (part.kind == baton::Part::Kind::thinking) delta.reasoning = part.text;
            if (!delta.empty()) encode([&](auto& e) { e.delta(delta, x_.out); });
        }
        end(reply);
    }
    void finish(const baton::Reply& reply) {
        begun_ ? events_.open() : begin(reply, false);
        end(reply);
    }
    /// Headers and part of the answer are out. The client must see that this is not the end of it.
    void fail(const baton::Error& error) {
        x_.outcome = Exchange::Outcome::server_error;
        events_.open();
        encode([&](auto& e) { e.fail(error, x_.out); });
        events_.close();
        if (x_.where.dialect->ends_after_error) {
            events_.end(); // whole as HTTP goes: the client may use the connection again
        } else {
            x_.client.abort_after();
        }
    }

private:
    template <class F>
    void encode(F&& what) {
        std::visit(std::forward<F>(what), encoder_);
    }
    /// Opaque blocks and signatures have no delta; they are complete when the next part begins, or at the
    /// end.
    void parts_until(const baton::Reply& reply, std::size_t end) {
        for (; announced_ < end; ++announced_)
            encode([&](auto& e) { e.part(reply.parts[announced_], x_.out); });
    }
    /// Leaves a chunk open.
    void begin(const baton::Reply& reply, bool under_way) {
        begun_ = true;
        const bool chunked = x_.client.request().minor == 1;
        const std::string lines = about(reply.trace, reply.provider, cacheable_, under_way);
        head(x_, 200, array_ ? "application/json" : "text/event-stream",
             lines + "cache-control: no-cache\r\n" + (chunked ? "transfer-encoding: chunked\r\n" : ""));
        x_.out += "\r\n";
        x_.outcome = Exchange::Outcome::aborted; // until the end is written
        events_.open();
        const std::string id =
            reply.id.empty() ? std::string(x_.where.dialect->id_prefix) + x_.id.substr(4) : reply.id;
        std::string_view model = reply.model;
        if (model.empty() && !reply.trace.attempts.empty()) model = reply.trace.attempts.back().model;
        baton::serve::StreamHead start;
        start.id = id;
        ids_.emplace(id);
        start.model = model;
        start.created = std::chrono::system_clock::now();
        start.usage = reply.usage;
        start.include_usage = include_usage_;
        start.array = array_;
        encode([&](auto& e) { e.begin(start, x_.out); });
    }
    /// The end of the answer, in the open chunk.
    void end(const baton::Reply& reply) {
        parts_until(reply, reply.parts.size());
        encode([&](auto& e) { e.finish(reply, x_.out); });
        events_.close();
        events_.end();
        x_.outcome = Exchange::Outcome::ok;
    }

    Exchange& x_;
    StreamEncoder encoder_;
    std::optional<baton::serve::CallIds> ids_; // from begin() on
    EventWriter events_;
    std::size_t announced_ = 0; // parts that were shown, or need not be
    bool begun_ = false, cacheable_, include_usage_, array_;
};

} // namespace gateway
