// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "admission.hpp"
#include "models.hpp"
#include "prices.hpp"
#include "stream_writer.hpp"
#include "worker.hpp"

#include <baton/core/canonical.hpp>
#include <baton/core/estimate.hpp>
#include <baton/core/reply_codec.hpp>
#include <baton/serve/call_ids.hpp>

#include <algorithm>
#include <chrono>

// Requests that vendors answer: completions, whole and streamed, embeddings, counts.
namespace gateway {

using baton::Errc;
using baton::Error;

namespace {

/// What makes two requests ask for the same answer here; "" if answers to `request` are not kept.
std::string answer_key(const Config& config, const baton::Request& request) {
    if (!request.cacheable || !request.tools.empty()) return {};
    std::string key = config.fingerprint;
    baton::canonical(request, key);
    return key;
}

} // namespace

/// An answer that was given before. Cheap, where answers are not kept: nobody waits for it.
Task<std::optional<baton::Reply>> Worker::remembered(const std::string& key) {
    const std::optional<std::string> bytes = co_await store_.find(key);
    baton::Reply reply;
    int provider = -1;
    if (!bytes || !baton::unpack(*bytes, reply, &provider)) co_return std::nullopt;
    const auto all = known_providers();
    if (provider >= 0 && static_cast<std::size_t>(provider) < all.size())
        reply.provider = all[static_cast<std::size_t>(provider)].name;
    reply.seal();
    reply.trace.cache_hit = true;
    co_return reply;
}

/// Keeps an answer that is whole and nothing but text; not one that somebody else's request keeps.
void Worker::remember(const Config& config, const std::string& key, const baton::Reply& reply) {
    const bool whole =
        reply.stop == baton::StopReason::stop || reply.stop == baton::StopReason::stop_sequence;
    if (key.empty() || !whole || reply.extras || reply.trace.joined || reply.trace.cache_hit) return;
    const auto all = known_providers();
    const auto at = std::find_if(all.begin(), all.end(),
                                 [&](const KnownProvider& known) { return known.name == reply.provider; });
    std::string bytes;
    baton::pack(reply, bytes, at == all.end() ? -1 : static_cast<int>(at - all.begin()));
    if (bytes.size() > config.cache_options.max_entry_bytes) return;
    store_.put(key, bytes, config.cache_options.ttl);
}

/// Counts what an answer took.
void Worker::used(Exchange& x, const baton::Reply& reply) {
    settle(x, store_, reply.trace);
    if (reply.trace.cache_hit) return Counters::add(counters.cache_hits);
    if (reply.trace.joined) return Counters::add(counters.cache_joins);
    Counters::add(counters.input_tokens, reply.usage.total_input());
    Counters::add(counters.output_tokens, reply.usage.total_output());
}

void Worker::deliver(Exchange& x, baton::Reply& reply, bool cacheable) {
    if (reply.id.empty()) reply.id = std::string(x.where.dialect->id_prefix) + x.id.substr(4);
    if (!x.where.gemini) baton::serve::CallIds(reply.id).number(reply);
    std::string body;
    x.where.dialect->encode(reply, std::chrono::system_clock::now(), body);
    answer(x, 200, "application/json", about(reply.trace, reply.provider, cacheable, false), body);
}

/// An error of which nothing was said yet. Google says with status 200 that a prompt was blocked.
static void refuse(Exchange& x, const baton::serve::Incoming& incoming, const Error& error,
                   const std::string& lines) {
    if (!x.where.gemini || error != Errc::content_filtered) return fail(x, error, lines);
    std::string body;
    baton::serve::Gemini::encode_blocked(error, x.where.gemini->model, body);
    const bool events = incoming.stream && !incoming.array;
    if (events) body.insert(0, "data: ").append("\n\n");
    if (incoming.array) body.insert(0, 1, '[').push_back(']');
    answer(x, 200, events ? "text/event-stream" : "application/json", lines, body);
}

Task<void> Worker::whole(Exchange& x, baton::serve::Incoming& incoming) {
    const bool cacheable = incoming.request.cacheable;
    const std::string key = answer_key(*x.config, incoming.request);
    if (!key.empty()) {
        std::optional<baton::Reply> found = co_await remembered(key);
        if (found) {
            used(x, *found);
            deliver(x, *found, cacheable);
            co_return;
        }
    }
    baton::result<baton::Reply> reply = co_await chat_.complete(std::move(incoming.request));
    if (reply) {
        used(x, *reply);
        remember(*x.config, key, *reply);
        if (!x.client.gone()) deliver(x, *reply, cacheable);
        co_return;
    }
    const Error::Detail& detail = reply.error().detail();
    if (x.client.gone() && cacheable)
        co_return; // others may share what it began, for nothing: the estimate stands
    settle(x, store_, detail.trace);
    if (x.client.gone()) co_return;
    refuse(x, incoming, reply.error(), about(detail.trace, detail.provider, cacheable, false));
}

Task<void> Worker::streamed(Exchange& x, baton::serve::Incoming& incoming) {
    if (x.client.request().minor == 0) x.client.close_after();
    const bool cacheable = incoming.request.cacheable;
    const std::string key = answer_key(*x.config, incoming.request);
    StreamWriter writer(x, incoming);
    if (!key.empty()) {
        std::optional<baton::Reply> found = co_await remembered(key);
        if (found) {
            used(x, *found);
            writer.replay(*found);
            x.client.send(x.out);
            co_return;
        }
    }
    auto stream = chat_.stream(std::move(incoming.request));
    x.client.request().bytes = {}; // nothing of the request is needed any more, and a stream may be long

    bool more_than_text = false;
    std::optional<Error> unsaid; // what no client can be told to take back
    while (auto delta = co_await stream.next()) {
        x.out.clear();
        if (delta->seam == baton::Delta::Seam::restarted && (delta->retract > 0 || more_than_text)) {
            unsaid = problem(Errc::truncated,
                             "the stream broke, and a second answer departs from what was sent; ask again");
            break;
        }
        more_than_text |= !delta->tools.empty() || !delta->reasoning.empty();
        if (!writer.begun()) counters.first_token.add(Clock::now() - x.started);
        writer.delta(stream.so_far(), *delta);
        if (!x.client.send(x.out)) {
            const bool there = co_await x.client.drain(); // the client sets the pace
            if (!there) co_return;
        }
    }
    const baton::result<baton::Reply>& reply = stream.reply();
    const bool good = reply && !unsaid;
    if (good) {
        used(x, *reply);
        remember(*x.config, key, *reply);
    } else if (!unsaid && !(x.client.gone() && cacheable)) {
        // What an answer took that was not read to its end, nobody says: the estimate stands. So it does
        // where others may share what this client began, for they pay nothing.
        settle(x, store_, reply.error().detail().trace);
    }
    if (x.client.gone()) co_return;
    x.out.clear();
    if (good) {
        writer.finish(*reply);
    } else if (!writer.begun()) { // an error before the first delta is an ordinary answer
        const Error::Detail& detail = reply.error().detail();
        refuse(x, incoming, reply.error(), about(detail.trace, detail.provider, cacheable, false));
        co_return;
    } else {
        Counters::add(counters.truncated);
        writer.fail(unsaid ? *unsaid : reply.error());
    }
    x.client.send(x.out);
}

Task<void> Worker::embed(Exchange& x) {
    const HttpRequest& http = x.client.request();
    baton::EmbedRequest request;
    bool base64 = false;
    std::optional<Error> wrong = x.where.gemini
                                     ? baton::serve::Gemini::decode_embed(*x.where.gemini, http.body, request)
                                     : baton::serve::OpenAI::decode_embed(http.body, request, base64);
    // Vectors of two models do not compare: the first target is the only one.
    std::vector<std::string> targets;
    if (!wrong && !request.model.empty() && request.model != "auto")
        wrong = expand(*x.config, request.model, targets);
    if (x.key && x.key->limits) {
        KeyDemand demand;
        if (!wrong) {
            baton::Usage usage;
            for (const std::string& text : request.inputs)
                usage.input_tokens += baton::estimate_tokens(text.size());
            demand = {static_cast<std::int64_t>(usage.total()), dearest(*x.config, targets, usage)};
        }
        auto refused = co_await spend(x, store_, demand);
        if (refused) wrong = std::move(refused);
    }
    if (wrong) {
        if (!x.client.gone()) fail(x, *wrong);
        co_return;
    }
    request.model = targets.empty() ? std::string() : targets.front();
    baton::result<baton::Embeddings> answered = co_await chat_.embed(std::move(request));
    KeyDemand taken;
    if (answered) {
        taken.tokens = static_cast<std::int64_t>(answered->usage.total());
        if (const Price* price = find_price(*x.config, answered->provider, answered->model))
            taken.cost = cost(*price, answered->usage);
    } else { // of several batches the first ones may have been answered
        for (const baton::Attempt& one : answered.error().detail().trace.attempts) {
            taken.tokens += static_cast<std::int64_t>(one.usage.total());
            if (const Price* price = find_price(*x.config, one.provider, one.model))
                taken.cost += cost(*price, one.usage);
        }
    }
    settle(x, store_, taken);
    if (x.client.gone()) co_return;
    if (!answered) {
        const Error::Detail& detail = answered.error().detail();
        fail(x, answered.error(), about(detail.trace, detail.provider, false, false));
        co_return;
    }
    std::string body;
    if (x.where.gemini) {
        baton::serve::Gemini::encode_embed(*x.where.gemini, *answered, body);
    } else {
        baton::serve::OpenAI::encode_embed(*answered, base64, body);
        body.insert(1, "\"id\":\"embd-" + x.id.substr(4) + "\","); // Mistral's SDK wants one
    }
    Counters::add(counters.input_tokens, answered->usage.total_input());
    answer(x, 200, "application/json", "x-baton-provider: " + std::string(answered->provider) + "\r\n", body);
}

Task<void> Worker::count(Exchange& x, baton::serve::Incoming& incoming) {
    // A count is another model's if another model makes it: as for vectors.
    baton::Request& request = incoming.request;
    if (!request.fallbacks.empty()) request.model = request.fallbacks.front();
    request.fallbacks.clear();
    baton::result<std::uint64_t> tokens = co_await chat_.count_tokens(std::move(request));
    if (x.client.gone()) co_return;
    if (!tokens) {
        fail(x, tokens.error(),
             about(tokens.error().detail().trace, tokens.error().detail().provider, false, false));
        co_return;
    }
    std::string body;
    x.where.dialect->encode_count(*tokens, body);
    answer(x, 200, "application/json", {}, body);
}

} // namespace gateway
