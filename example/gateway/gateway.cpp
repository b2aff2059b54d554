// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "gateway.hpp"

#include "chat.hpp"
#include "dialects.hpp"
#if defined(GATEWAY_WITH_REDIS)
#include "redis_store.hpp"
#endif

#include <baton/core/json_writer.hpp>
#include <baton/serve/error_status.hpp>

#include <boost/asio/post.hpp>

#include <openssl/rand.h>

#include <condition_variable>
#include <fstream>
#include <future>
#include <sstream>

namespace gateway {

std::span<const KnownProvider> known_providers() {
    static const std::vector<KnownProvider> all = AllVendors::known();
    return all;
}

namespace {

using baton::Errc;
using baton::Error;

std::string_view reason(int status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return status < 500 ? "Client Error" : "Server Error";
    }
}

/// A request's number: unguessable beginning, so that ids of several gateways do not meet, and a count.
class RequestIds {
public:
    RequestIds() { RAND_bytes(reinterpret_cast<unsigned char*>(&random_), sizeof random_); }
    std::string next() {
        char text[40];
        std::snprintf(text, sizeof text, "req_%016llx%08llx", static_cast<unsigned long long>(random_),
                      static_cast<unsigned long long>(++count_));
        return text;
    }

private:
    std::uint64_t random_ = 0, count_ = 0;
};

Error problem(Errc code, std::string text) { return Error(code, text); }

} // namespace

/// One request and what is known of it. Counts itself when it ends, however it ends.
class Exchange {
public:
    enum class Outcome : unsigned char { ok, client_error, server_error, aborted };

    Exchange(Connection& client, Counters& counters, std::shared_ptr<const Config> config, std::string id)
        : client(client), counters(counters), config(std::move(config)), id(std::move(id)) {
        counters.active.fetch_add(1, std::memory_order_relaxed);
    }
    ~Exchange() {
        counters.active.fetch_sub(1, std::memory_order_relaxed);
        Counters::add(counters.requests[static_cast<std::size_t>(outcome)]);
        counters.duration.add(Clock::now() - started);
    }

    void status(int code) noexcept {
        outcome = code < 400 ? Outcome::ok : code < 500 ? Outcome::client_error : Outcome::server_error;
    }

    Connection& client;
    Counters& counters;
    std::shared_ptr<const Config> config;
    std::string id;
    const Clock::time_point started = Clock::now();
    Route where;
    const KeyConfig* key = nullptr;
    Outcome outcome = Outcome::aborted;
    const bool head_only = client.request().method == "HEAD";
    std::string out; // what is being sent
};

class Worker {
public:
    Worker(Shared& shared, std::shared_ptr<const Config> config)
        : shared_(shared), config_(std::move(config)), chat_(make_chat(io.get_executor(), *config_)),
          server(
              io, config_->server, [this](Connection& client) { return serve(client); },
              [this](int status, std::string_view why) { return refusal(status, why); }) {
        if (!config_->certificate.empty()) server.tls(make_tls(*config_));
        open_store(*config_);
    }

    /// On this worker's thread.
    void install(std::shared_ptr<const Config> config) {
        AllVendors::with_options(*config, [&](auto&&... options) {
            chat_.configure(std::forward<decltype(options)>(options)...);
        });
        server.limits = config->server;
        if (!(config->redis == config_->redis)) open_store(*config);
        config_ = std::move(config);
    }
    void drain() { server.drain(); }
    void cut() {
        server.drain();
        server.abort();
    }
    void open_store([[maybe_unused]] const Config& config) {
#if defined(GATEWAY_WITH_REDIS)
        if (redis_) redis_->close();
        redis_ = config.redis.host.empty() ? nullptr
                                           : std::make_shared<RedisStore>(io.get_executor(), config.redis);
#else
        if (!config.redis.host.empty()) throw ConfigError("redis: this gateway was built without hiredis");
#endif
    }
    static baton::net::TlsContext make_tls(const Config& config) {
        const auto read = [](const std::string& file) {
            std::ifstream in(file, std::ios::binary);
            if (!in) throw ConfigError(file + ": cannot be read");
            std::ostringstream text;
            text << in.rdbuf();
            return text.str();
        };
        return baton::net::TlsContext::server(read(config.certificate), read(config.certificate_key));
    }

    asio::io_context io{1};
    Counters counters;

private:
    Task<void> serve(Connection& client);
    std::optional<Error> identify(Exchange& x);
    Task<std::optional<Error>> spend(Exchange& x);
    std::optional<Error> understand(Exchange& x, baton::serve::Incoming& incoming);
    std::optional<Error> resolve(const Config& config, baton::Request& request);
    std::optional<Error> expand(const Config& config, const std::string& name,
                                std::vector<std::string>& targets) const;
    Task<void> whole(Exchange& x, baton::serve::Incoming& incoming);
    Task<void> streamed(Exchange& x, baton::serve::Incoming& incoming);
    Task<void> embed(Exchange& x);
    Task<void> count(Exchange& x, baton::serve::Incoming& incoming);
    Task<void> metrics(Exchange& x);
    void models(Exchange& x);
    void answer(Exchange& x, int status, std::string_view type, std::string_view headers,
                std::string_view body);
    void fail(Exchange& x, const Error& error, std::string_view headers = {});
    static void head(Exchange& x, int status, std::string_view type, std::string_view headers);
    static std::string about(const baton::Trace& trace, std::string_view provider, bool cacheable,
                             bool under_way);
    std::string refusal(int status, std::string_view why);
    void used(const baton::Usage& usage, const baton::Trace& trace);

    Shared& shared_;
    std::shared_ptr<const Config> config_;
    Chat chat_;
    RequestIds ids_;
#if defined(GATEWAY_WITH_REDIS)
    std::shared_ptr<RedisStore> redis_;
#endif

public:
    HttpServer server;
};

// ---- answers

void Worker::head(Exchange& x, int status, std::string_view type, std::string_view headers) {
    x.status(status);
    x.out.append(x.client.request().minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ")
        .append(std::to_string(status))
        .append(" ");
    x.out.append(reason(status)).append("\r\nx-request-id: ").append(x.id);
    x.out.append("\r\nrequest-id: ").append(x.id).append("\r\n"); // as Anthropic's clients know it
    if (!type.empty()) x.out.append("content-type: ").append(type).append("\r\n");
    x.out.append(headers);
    if (!x.client.keep_alive()) {
        x.out += "connection: close\r\n";
    } else if (x.client.request().minor == 0) {
        x.out += "connection: keep-alive\r\n";
    }
}

void Worker::answer(Exchange& x, int status, std::string_view type, std::string_view headers,
                    std::string_view body) {
    head(x, status, type, headers);
    x.out.append("content-length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    if (!x.head_only) x.out += body;
    x.client.send(x.out);
}

void Worker::fail(Exchange& x, const Error& error, std::string_view headers) {
    std::string body, more(headers);
    const int status = x.where.dialect->encode_error(error, body);
    baton::serve::write_retry_headers(error, more);
    // When to come again, also where no vendor has said it: soon, since breakers and limits are short.
    if ((status == 429 || status == 503 || status == 529) && !error.detail().retry_after)
        more += "retry-after: 1\r\n";
    answer(x, status, "application/json", more, body);
}

std::string Worker::refusal(int status, std::string_view why) {
    Counters::add(counters.refused_framing);
    std::string body, out;
    baton::json::Writer json(body);
    json.begin_object().key("error").begin_object();
    json.key("message")
        .string(why)
        .key("type")
        .string("invalid_request_error")
        .key("param")
        .null()
        .key("code")
        .null();
    json.end_object().end_object();
    out.append("HTTP/1.1 ").append(std::to_string(status)).append(" ").append(reason(status));
    out.append("\r\nx-request-id: ").append(ids_.next());
    out.append("\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ")
        .append(std::to_string(body.size()));
    out.append("\r\n\r\n").append(body);
    return out;
}

/// The header lines that say how an answer was got. `under_way`: the last attempt is the one being read.
std::string Worker::about(const baton::Trace& trace, std::string_view provider, bool cacheable,
                          bool under_way) {
    std::size_t sent = 0;
    for (const baton::Attempt& attempt : trace.attempts) {
        sent += attempt.sent || (under_way && &attempt == &trace.attempts.back());
        if (under_way) provider = attempt.provider;
    }
    std::string lines = "x-baton-attempts: " + std::to_string(sent) + "\r\n";
    if (!provider.empty()) lines.append("x-baton-provider: ").append(provider).append("\r\n");
    lines.append("x-baton-cache: ");
    lines.append(trace.cache_hit ? "hit"
                 : trace.joined  ? "joined"
                 : cacheable     ? "miss"
                                 : "off")
        .append("\r\n");
    return lines;
}

void Worker::used(const baton::Usage& usage, const baton::Trace& trace) {
    Counters::add(counters.attempts, static_cast<std::uint64_t>(trace.sent()));
    if (trace.cache_hit) return Counters::add(counters.cache_hits);
    if (trace.joined) return Counters::add(counters.cache_joins);
    Counters::add(counters.input_tokens, usage.total_input());
    Counters::add(counters.output_tokens, usage.total_output());
}

// ---- what is asked

/// Who asks, and whether it is too much.
std::optional<Error> Worker::identify(Exchange& x) {
    if (!x.config->keys.empty()) {
        x.key = find_key(*x.config, credential(x.client.request()));
        if (!x.key) {
            Counters::add(counters.refused_key);
            return problem(Errc::auth,
                           "no valid key: send one as a bearer token, x-api-key or x-goog-api-key");
        }
    }
    if (static_cast<std::size_t>(counters.active.load(std::memory_order_relaxed)) >
        x.config->max_concurrent) {
        Counters::add(counters.limited_concurrency);
        return problem(Errc::unavailable, "too many requests at once; see retry-after");
    }
    return std::nullopt;
}

/// Takes one request from the key's rate, in the store the configuration names.
Task<std::optional<Error>> Worker::spend(Exchange& x) {
    std::chrono::nanoseconds wait{};
#if defined(GATEWAY_WITH_REDIS)
    if (redis_) {
        const std::optional<std::chrono::nanoseconds> said = co_await redis_->admit(*x.key);
        if (!said) {
            Counters::add(counters.store_outages);
            if (!x.config->redis.fail_open) {
                co_return problem(Errc::unavailable, "the store of limits does not answer; see retry-after");
            }
        }
        // Without the shared store this process's own count is better than none.
        wait = said ? *said : MemoryStore::admit(*x.key, x.started);
    } else {
        wait = MemoryStore::admit(*x.key, x.started);
    }
#else
    wait = MemoryStore::admit(*x.key, x.started);
#endif
    if (wait.count() == 0) co_return std::nullopt;
    Counters::add(counters.limited_key);
    Error::Detail detail;
    detail.message = "this key's request rate is used up; see retry-after";
    detail.retry_after = wait;
    co_return Error(Errc::rate_limited, std::move(detail));
}

/// "vendor/model" names for an alias, a bare model or a name that is one already.
std::optional<Error> Worker::expand(const Config& config, const std::string& name,
                                    std::vector<std::string>& targets) const {
    for (const AliasConfig& alias : config.aliases) {
        if (alias.name != name) continue;
        const std::size_t before = targets.size();
        for (const std::string& target : alias.targets) {
            if (config.provider(target.substr(0, target.find('/')))->configured) targets.push_back(target);
        }
        if (targets.size() > before) return std::nullopt;
        return problem(Errc::no_target, "no provider of the alias \"" + name + "\" is configured here");
    }
    const std::size_t before = targets.size();
    if (const std::size_t slash = name.find('/'); slash != std::string::npos) {
        const ProviderConfig* provider = config.provider(std::string_view(name).substr(0, slash));
        if (provider && !provider->configured) {
            return problem(Errc::not_found, "provider \"" + provider->name + "\" is not configured here");
        }
        if (provider) {
            targets.push_back(name);
            return std::nullopt;
        }
    }
    for (const ProviderConfig& provider : config.providers) {
        const bool lists = provider.model == name || std::find(provider.models.begin(), provider.models.end(),
                                                               name) != provider.models.end();
        if (provider.configured && lists) targets.push_back(provider.name + "/" + name);
    }
    if (targets.size() > before) return std::nullopt;
    // By the vendors' own habits of naming, so that the usual names work without a table.
    static constexpr std::pair<std::string_view, std::string_view> habits[] = {
        {"gpt-", "openai"},        {"o1", "openai"},          {"o3", "openai"},
        {"o4", "openai"},          {"chatgpt-", "openai"},    {"text-embedding-", "openai"},
        {"claude-", "anthropic"},  {"gemini-", "gemini"},     {"mistral-", "mistral"},
        {"ministral-", "mistral"}, {"codestral-", "mistral"}, {"grok-", "xai"},
        {"deepseek-", "deepseek"}};
    for (const auto& [prefix, vendor] : habits) {
        const ProviderConfig* provider = config.provider(vendor);
        if (!name.starts_with(prefix) || !provider || !provider->configured) continue;
        targets.push_back(provider->name + "/" + name);
        return std::nullopt;
    }
    if (!config.unknown_model.empty()) {
        targets.push_back(config.unknown_model + "/" + name);
        return std::nullopt;
    }
    return problem(
        Errc::not_found,
        "the model \"" + name +
            "\" is not known here; GET /v1/models lists those that are, and \"vendor/model\" names any");
}

/// Model, aliases and fallbacks become the orchestrator's targets. Without a model, or with "auto", the route
/// does.
std::optional<Error> Worker::resolve(const Config& config, baton::Request& request) {
    std::vector<std::string> targets;
    if (!request.model.empty() && request.model != "auto") {
        if (auto wrong = expand(config, request.model, targets)) return wrong;
    }
    for (const std::string& name : request.fallbacks) {
        if (auto wrong = expand(config, name, targets)) return wrong;
    }
    request.model.clear();
    request.fallbacks = std::move(targets);
    return std::nullopt;
}

/// The body and the headers that are for the gateway.
std::optional<Error> Worker::understand(Exchange& x, baton::serve::Incoming& incoming) {
    const HttpRequest& http = x.client.request();
    if (auto wrong = x.where.dialect->decode(x.where, http.body, incoming)) return wrong;
    baton::Request& request = incoming.request;
    request.task = http.header("x-baton-task");
    // A key's holder cannot be somebody else: the key comes first.
    if (x.key) request.tenant = x.key->name + ":";
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

Task<void> Worker::serve(Connection& client) {
    Exchange x(client, counters, config_, ids_.next());
    x.where = route(client.request());
    const std::string_view method = client.request().method;
    baton::serve::Incoming incoming;
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
        co_await metrics(x);
    } else {
        wrong = identify(x);
        if (!wrong && x.key && x.key->requests_per_minute > 0) {
            auto spent = co_await spend(x);
            wrong = std::move(spent);
        }
        if (!wrong && (x.where.operation == Operation::models || x.where.operation == Operation::model)) {
            models(x);
        } else if (!wrong && x.where.operation == Operation::embed) {
            co_await embed(x);
        } else if (!wrong) {
            wrong = understand(x, incoming);
            if (!wrong && x.where.operation == Operation::count) {
                co_await count(x, incoming);
            } else if (!wrong && incoming.stream) {
                co_await streamed(x, incoming);
            } else if (!wrong) {
                co_await whole(x, incoming);
            }
        }
    }
    if (wrong) fail(x, *wrong);
    co_await client.drain();
}

// ---- completions

Task<void> Worker::whole(Exchange& x, baton::serve::Incoming& incoming) {
    const bool cacheable = incoming.request.cacheable;
    baton::result<baton::Reply> reply = co_await chat_.complete(std::move(incoming.request));
    if (x.client.gone()) co_return;
    if (!reply) {
        const Error::Detail& detail = reply.error().detail();
        Counters::add(counters.attempts, static_cast<std::uint64_t>(detail.trace.sent()));
        if (x.where.gemini && reply.error() == Errc::content_filtered) { // Google says this with status 200
            std::string body;
            baton::serve::Gemini::encode_blocked(reply.error(), x.where.gemini->model, body);
            answer(x, 200, "application/json", about(detail.trace, detail.provider, cacheable, false), body);
            co_return;
        }
        fail(x, reply.error(), about(detail.trace, detail.provider, cacheable, false));
        co_return;
    }
    if (reply->id.empty()) reply->id = std::string(x.where.dialect->id_prefix) + x.id.substr(4);
    std::string body;
    x.where.dialect->encode(*reply, std::chrono::system_clock::now(), body);
    used(reply->usage, reply->trace);
    answer(x, 200, "application/json", about(reply->trace, reply->provider, cacheable, false), body);
}

namespace {

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

} // namespace

Task<void> Worker::streamed(Exchange& x, baton::serve::Incoming& incoming) {
    const bool cacheable = incoming.request.cacheable, chunked = x.client.request().minor == 1;
    if (!chunked) x.client.close_after();
    auto stream = chat_.stream(std::move(incoming.request));
    x.client.request().bytes = {}; // nothing of the request is needed any more, and a stream may be long
    StreamEncoder encoder = x.where.dialect->encoder();
    EventWriter events(x.out, chunked);
    std::size_t announced = 0; // parts that were shown, or need not be
    bool begun = false;
    const auto encode = [&](auto&& what) { std::visit(what, encoder); };
    // Opaque blocks and signatures have no delta; they are complete when the next part begins, or at the end.
    const auto parts_until = [&](const baton::Reply& reply, std::size_t end) {
        for (; announced < end; ++announced) encode([&](auto& e) { e.part(reply.parts[announced], x.out); });
    };
    const auto begin = [&](const baton::Reply& reply, bool under_way) {
        begun = true;
        const std::string lines = about(reply.trace, reply.provider, cacheable, under_way);
        head(x, 200, incoming.array ? "application/json" : "text/event-stream",
             lines + "cache-control: no-cache\r\n" + (chunked ? "transfer-encoding: chunked\r\n" : ""));
        x.out += "\r\n";
        x.outcome = Exchange::Outcome::aborted; // until the end is written
        events.open();
        const std::string id =
            reply.id.empty() ? std::string(x.where.dialect->id_prefix) + x.id.substr(4) : reply.id;
        std::string_view model = reply.model;
        if (model.empty() && !reply.trace.attempts.empty()) model = reply.trace.attempts.back().model;
        baton::serve::StreamHead start;
        start.id = id;
        start.model = model;
        start.created = std::chrono::system_clock::now();
        start.usage = reply.usage;
        start.include_usage = incoming.include_usage;
        start.array = incoming.array;
        encode([&](auto& e) { e.begin(start, x.out); });
    };

    bool more_than_text = false;
    std::optional<Error> unsaid; // what no client can be told to take back
    while (auto delta = co_await stream.next()) {
        const baton::Reply& so_far = stream.so_far();
        x.out.clear();
        if (delta->seam == baton::Delta::Seam::restarted && (delta->retract > 0 || more_than_text)) {
            unsaid = problem(Errc::truncated,
                             "the stream broke, and a second answer departs from what was sent; ask again");
            break;
        }
        more_than_text |= !delta->tools.empty() || !delta->reasoning.empty();
        if (!begun) {
            counters.first_token.add(Clock::now() - x.started);
            begin(so_far, true);
        } else {
            events.open();
        }
        if (so_far.parts.size() > announced + 1) parts_until(so_far, so_far.parts.size() - 1);
        encode([&](auto& e) { e.delta(*delta, x.out); });
        events.close();
        if (!x.client.send(x.out)) {
            const bool there = co_await x.client.drain(); // the client sets the pace
            if (!there) co_return;
        }
    }
    const baton::result<baton::Reply>& reply = stream.reply();
    if (x.client.gone()) co_return;
    x.out.clear();
    if (reply && !unsaid) {
        used(reply->usage, reply->trace);
        begun ? events.open() : begin(*reply, false);
        parts_until(*reply, reply->parts.size());
        encode([&](auto& e) { e.finish(*reply, x.out); });
        events.close();
        events.end();
        x.outcome = Exchange::Outcome::ok;
    } else if (!begun) { // an error before the first delta is an ordinary answer
        const Error::Detail& detail = reply.error().detail();
        Counters::add(counters.attempts, static_cast<std::uint64_t>(detail.trace.sent()));
        fail(x, reply.error(), about(detail.trace, detail.provider, cacheable, false));
        co_return;
    } else {
        // Headers and part of the answer are out. The client must see that this is not the end of it.
        Counters::add(counters.truncated);
        x.outcome = Exchange::Outcome::server_error;
        events.open();
        encode([&](auto& e) { e.fail(unsaid ? *unsaid : reply.error(), x.out); });
        events.close();
        if (x.where.dialect->ends_after_error) {
            events.end();
            x.client.close_after();
        } else {
            x.client.abort_after();
        }
    }
    x.client.send(x.out);
}

// ---- the rest

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
    if (wrong) {
        fail(x, *wrong);
        co_return;
    }
    request.model = targets.empty() ? std::string() : targets.front();
    baton::result<baton::Embeddings> answered = co_await chat_.embed(std::move(request));
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

void Worker::models(Exchange& x) {
    std::vector<std::string> names;
    const auto add = [&](std::string name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    };
    for (const AliasConfig& alias : x.config->aliases) add(alias.name);
    for (const ProviderConfig& provider : x.config->providers) {
        if (!provider.configured) continue;
        if (!provider.model.empty()) add(provider.name + "/" + provider.model);
        for (const std::string& model : provider.models) add(provider.name + "/" + model);
    }
    std::string body;
    if (x.where.operation == Operation::models) {
        x.where.dialect->encode_models(names, body);
    } else {
        std::vector<std::string> targets;
        const std::string model(x.where.gemini ? std::string_view(x.where.gemini->model) : x.where.model);
        if (auto wrong = expand(*x.config, model, targets)) return fail(x, *wrong);
        x.where.dialect->encode_model(model, body);
    }
    answer(x, 200, "application/json", {}, body);
}

Task<void> Worker::metrics(Exchange& x) {
    // Counters are read from here; what orchestrators know, only their threads can say.
    struct PerTarget {
        std::string provider;
        std::uint64_t requests = 0, errors = 0;
        int breaker = 0;
    };
    std::vector<PerTarget> targets;
    std::size_t open_upstream = 0;
    for (const auto& worker : shared_.workers) {
        if (worker.get() != this && shared_.draining.load()) continue; // its thread may have ended
        auto ask = [](Worker& other) -> Task<baton::Stats> { co_return other.chat_.stats(); };
        const baton::Stats stats = co_await asio::co_spawn(worker->io.get_executor(), ask(*worker),
                                                           asio::use_awaitable_t<Executor>());
        open_upstream += stats.open_connections;
        for (const baton::TargetStats& t : stats.targets) {
            auto at = std::find_if(targets.begin(), targets.end(),
                                   [&](const PerTarget& p) { return p.provider == t.provider; });
            if (at == targets.end()) {
                targets.emplace_back().provider = t.provider;
                at = targets.end() - 1;
            }
            at->requests += t.requests;
            at->errors += t.errors;
            const int phase = t.breaker == baton::BreakerPhase::closed      ? 0
                              : t.breaker == baton::BreakerPhase::half_open ? 1
                                                                            : 2;
            at->breaker = std::max(at->breaker, phase);
        }
    }
    Exposition page;
    const auto sum = [&](auto&& get) {
        double total = 0;
        for (const auto& worker : shared_.workers)
            total += static_cast<double>(get(worker->counters).load(std::memory_order_relaxed));
        return total;
    };
    const auto counter = [&](std::string_view name, std::string_view help,
                             Counters::Count Counters::* member) {
        page.family(name, "counter", help);
        page.sample(name, {}, sum([&](const Counters& c) -> const Counters::Count& { return c.*member; }));
    };
    page.family("baton_requests_total", "counter", "Requests answered, by outcome.");
    for (std::size_t i = 0; i < Counters::outcomes.size(); ++i) {
        page.sample("baton_requests_total", {{"outcome", Counters::outcomes[i]}},
                    sum([&](const Counters& c) -> const Counters::Count& { return c.requests[i]; }));
    }
    page.family("baton_active_requests", "gauge", "Requests being answered now.");
    page.sample("baton_active_requests", {},
                sum([](const Counters& c) -> const std::atomic<std::int64_t>& { return c.active; }));
    page.family("baton_upstream_connections", "gauge", "Connections to vendors, busy and idle.");
    page.sample("baton_upstream_connections", {}, static_cast<double>(open_upstream));
    counter("baton_refused_framing_total", "Connections closed because what came was no proper HTTP request.",
            &Counters::refused_framing);
    counter("baton_refused_key_total", "Requests without a valid key.", &Counters::refused_key);
    counter("baton_limited_key_total", "Requests beyond their key's rate.", &Counters::limited_key);
    counter("baton_limited_concurrency_total", "Requests beyond the concurrency limit.",
            &Counters::limited_concurrency);
    counter("baton_attempts_total", "Requests sent to vendors.", &Counters::attempts);
    counter("baton_input_tokens_total", "Tokens read by models.", &Counters::input_tokens);
    counter("baton_output_tokens_total", "Tokens written by models.", &Counters::output_tokens);
    counter("baton_streams_truncated_total", "Streams that broke after their first delta.",
            &Counters::truncated);
    counter("baton_cache_hits_total", "Answers from the cache.", &Counters::cache_hits);
    counter("baton_cache_joins_total", "Answers shared with an equal request under way.",
            &Counters::cache_joins);
    counter("baton_store_outages_total", "Limits decided without the shared store.",
            &Counters::store_outages);
    page.family("baton_target_requests_total", "counter", "Attempts by provider.");
    for (const PerTarget& t : targets)
        page.sample("baton_target_requests_total", {{"provider", t.provider}},
                    static_cast<double>(t.requests));
    page.family("baton_target_errors_total", "counter", "Failed attempts by provider.");
    for (const PerTarget& t : targets)
        page.sample("baton_target_errors_total", {{"provider", t.provider}}, static_cast<double>(t.errors));
    page.family("baton_breaker_state", "gauge",
                "0 closed, 1 half open, 2 open; the worst of a provider's models.");
    for (const PerTarget& t : targets)
        page.sample("baton_breaker_state", {{"provider", t.provider}}, t.breaker);
    page.histogram("baton_request_duration_seconds", "From a request's last byte to the end of its answer.",
                   [&](auto&& use) {
                       for (const auto& worker : shared_.workers) use(worker->counters.duration);
                   });
    page.histogram("baton_first_token_seconds", "From a streamed request's last byte to the first delta.",
                   [&](auto&& use) {
                       for (const auto& worker : shared_.workers) use(worker->counters.first_token);
                   });
    answer(x, 200, "text/plain; version=0.0.4; charset=utf-8", {}, page.take());
}

// ---- Gateway

Gateway::Gateway(Config config) {
    store_.adopt(config);
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    const unsigned threads = config.threads != 0 ? config.threads : cores;
    boost::system::error_code ec;
    const asio::ip::address address = asio::ip::make_address(config.host, ec);
    if (ec) throw ConfigError("server.listen: \"" + config.host + "\" is no address; names are not resolved");
    const auto shared = std::make_shared<const Config>(std::move(config));
    port_ = shared->port;
    for (unsigned i = 0; i < threads; ++i) {
        shared_.workers.push_back(std::make_unique<Worker>(shared_, shared));
        shared_.workers.back()->server.listen({address, port_});
        port_ = shared_.workers.back()->server.port();
    }
    for (const auto& worker : shared_.workers) {
        threads_.emplace_back([&io = worker->io] { io.run(); });
    }
}

Gateway::~Gateway() { stop(); }

void Gateway::post_all(const std::function<void(Worker&)>& what) {
    for (const auto& worker : shared_.workers) {
        std::promise<void> done;
        asio::post(worker->io, [&] {
            try {
                what(*worker);
                done.set_value();
            } catch (...) {
                done.set_exception(std::current_exception());
            }
        });
        done.get_future().get();
    }
}

void Gateway::reload(Config config) {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) return;
    store_.adopt(config);
    const auto shared = std::make_shared<const Config>(std::move(config));
    {
        asio::io_context nowhere; // whatever is wrong is found out here, where nobody depends on it
        const Chat trial = make_chat(nowhere.get_executor(), *shared);
    }
    post_all([&](Worker& worker) { worker.install(shared); });
}

bool Gateway::drain(std::chrono::milliseconds limit) {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        if (threads_.empty()) return true;
        shared_.draining = true;
        post_all([](Worker& worker) { worker.drain(); });
        threads.swap(threads_);
    }
    std::mutex mutex;
    std::condition_variable ended;
    std::size_t left = threads.size();
    std::vector<std::thread> watchers;
    for (std::thread& thread : threads) {
        watchers.emplace_back([&] {
            thread.join();
            const std::lock_guard lock(mutex);
            --left;
            ended.notify_all();
        });
    }
    bool whole = true;
    {
        std::unique_lock lock(mutex);
        whole = ended.wait_for(lock, limit, [&] { return left == 0; });
    }
    if (!whole) {
        for (const auto& worker : shared_.workers) asio::post(worker->io, [&w = *worker] { w.cut(); });
    }
    for (std::thread& watcher : watchers) watcher.join();
    shared_.workers.clear();
    return whole;
}

void Gateway::stop() {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) return;
    post_all([](Worker& worker) { worker.cut(); });
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    shared_.workers.clear(); // and with them what they kept open to vendors
}

} // namespace gateway
