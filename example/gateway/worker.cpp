// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "worker.hpp"

#include "admission.hpp"
#include "answers.hpp"
#include "auth.hpp"
#include "metrics_page.hpp"
#include "models.hpp"

#include <baton/serve/percent.hpp>

#include <fstream>
#include <sstream>

namespace gateway {

using baton::Errc;
using baton::Error;

namespace {

std::string contents(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw ConfigError(file + ": cannot be read");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

} // namespace

Worker::Worker(Shared& shared, MemoryStore& memory, std::shared_ptr<const Config> config)
    : shared_(shared), config_(std::move(config)), chat_(make_chat(io.get_executor(), *config_)),
      store_(io.get_executor(), memory, counters),
      server(
          io, config_->server, [this](Connection& client) { return serve(client); },
          [this](int status, std::string_view why) {
              Counters::add(counters.refused_framing);
              return refusal(status, why, ids_.next());
          },
          [this](Connection& client) { return welcome(client); }) {
    if (!config_->certificate.empty()) {
        server.tls(baton::net::TlsContext::server(contents(config_->certificate),
                                                  contents(config_->certificate_key)));
    }
    store_.configure(config_->redis);
}

void Worker::install(std::shared_ptr<const Config> config) {
    AllVendors::with_options(
        *config, [&](auto&&... options) { chat_.configure(std::forward<decltype(options)>(options)...); });
    server.limits = config->server;
    store_.configure(config->redis);
    config_ = std::move(config);
}

/// The body and the headers that are for the gateway.
std::optional<Error> Worker::understand(Exchange& x, baton::serve::Incoming& incoming) {
    const HttpRequest& http = x.client.request();
    if (auto wrong = x.where.dialect->decode(x.where, http.body, incoming)) return wrong;
    baton::Request& request = incoming.request;
    request.task = http.header("x-baton-task");
    // A key's holder cannot be somebody else: the key comes first, and neither its name nor a header holds
    // LF.
    if (x.key) request.tenant = x.key->name + "\n";
    request.tenant += http.header("x-baton-tenant");
    if (const std::string_view text = http.header("x-baton-deadline-ms"); !text.empty()) {
        std::uint32_t value = 0;
        const auto done = std::from_chars(text.data(), text.data() + text.size(), value);
        if (done.ec != std::errc{} || done.ptr != text.data() + text.size() || value == 0) {
            return problem(Errc::invalid_request,
                           "x-baton-deadline-ms must be a whole number of milliseconds, 1 or more");
        }
        request.deadline = std::chrono::milliseconds(value);
    }
    request.cacheable = x.config->cache && http.header("cache-control") != "no-cache";
    request.lossy = x.config->lossy;
    return resolve(*x.config, request);
}

/// What needs a key where keys are asked for.
Task<std::optional<Error>> Worker::ask(Exchange& x) {
    const Operation operation = x.where.operation;
    const bool limited = x.key && x.key->limits;
    if (operation == Operation::embed) {
        co_await embed(x);
        co_return std::nullopt;
    }
    baton::serve::Incoming incoming;
    std::optional<Error> wrong;
    KeyDemand demand;
    if (operation == Operation::chat || operation == Operation::count) wrong = understand(x, incoming);
    if (limited && operation == Operation::chat && !wrong) demand = estimate(*x.config, incoming.request);
    if (limited) {
        auto refused = co_await spend(x, store_, demand);
        if (refused) co_return refused;
    }
    if (wrong) co_return wrong;
    if (operation == Operation::models || operation == Operation::model) {
        models(x);
    } else if (operation == Operation::count) {
        co_await count(x, incoming);
    } else if (incoming.stream) {
        co_await streamed(x, incoming);
    } else {
        co_await whole(x, incoming);
    }
    co_return std::nullopt;
}

/// Before a body is read or asked for by "100 Continue": room for it is for those with a key.
bool Worker::welcome(Connection& client) {
    if (config_->keys.empty() || find_key(*config_, credential(client.request()))) return true;
    Exchange x(client, counters, config_, ids_.next());
    x.where = route(client.request());
    client.close_after();
    if (const auto wrong = identify(x)) fail(x, *wrong);
    return false;
}

Task<void> Worker::serve(Connection& client) {
    Exchange x(client, counters, config_, ids_.next());
    x.where = route(client.request());
    const std::string_view method = client.request().method;
    std::optional<Error> wrong;
    if (x.where.operation == Operation::none) {
        if (method == "OPTIONS") {
            answer(x, 204, {}, "allow: GET, HEAD, POST, OPTIONS\r\n", {});
        } else {
            wrong = identify(x);
            if (!wrong) wrong = problem(Errc::not_found, "no such path; see GET /v1/models and the README");
        }
    } else if (method != x.where.method && !(method == "HEAD" && x.where.method == "GET")) {
        const std::string allow = "allow: " + std::string(x.where.method) +
                                  (x.where.method == "GET" ? ", HEAD" : "") + ", OPTIONS\r\n";
        std::string body;
        if (method != "OPTIONS")
            x.where.dialect->encode_error(
                problem(Errc::invalid_request, "this path takes " + std::string(x.where.method)), body);
        answer(x, method == "OPTIONS" ? 204 : 405, method == "OPTIONS" ? "" : "application/json", allow,
               body);
    } else if (x.where.operation == Operation::health) {
        answer(x, 200, "text/plain", {}, "ok\n");
    } else if (x.where.operation == Operation::ready) {
        const bool ready = x.config->any_configured() && !shared_.draining.load();
        answer(x, ready ? 200 : 503, "text/plain", ready ? "" : "retry-after: 1\r\n",
               ready ? "ready\n" : "not ready\n");
    } else if (x.where.operation == Operation::metrics) {
        if (!x.config->metrics_public) wrong = identify(x);
        if (!wrong) co_await metrics(x);
    } else {
        wrong = identify(x);
        if (!wrong) wrong = crowded(x);
        if (!wrong) {
            auto refused = co_await ask(x);
            wrong = std::move(refused);
        }
    }
    if (wrong && !client.gone()) fail(x, *wrong);
    co_await client.drain();
}

void Worker::models(Exchange& x) {
    std::string body;
    if (x.where.operation == Operation::models) {
        x.where.dialect->encode_models(listed_models(*x.config), body);
    } else {
        std::vector<std::string> targets;
        const std::string model =
            x.where.gemini ? x.where.gemini->model : baton::serve::percent_decoded(x.where.model);
        if (auto wrong = expand(*x.config, model, targets)) return fail(x, *wrong);
        x.where.dialect->encode_model(model, body);
    }
    answer(x, 200, "application/json", {}, body);
}

Task<void> Worker::metrics(Exchange& x) {
    std::vector<const Counters*> threads;
    std::vector<baton::Stats> stats;
    for (const auto& worker : shared_.workers) {
        threads.push_back(&worker->counters);
        if (worker.get() != this && shared_.draining.load()) continue; // its thread may have ended
        // what an orchestrator knows, only its thread can say
        auto ask = [](Worker& other) -> Task<baton::Stats> { co_return other.chat_.stats(); };
        baton::Stats said = co_await asio::co_spawn(worker->io.get_executor(), ask(*worker),
                                                    asio::use_awaitable_t<Executor>());
        stats.push_back(std::move(said));
    }
    answer(x, 200, "text/plain; version=0.0.4; charset=utf-8", {}, metrics_page(threads, stats));
}

} // namespace gateway
