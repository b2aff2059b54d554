// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// Policies and codecs alone, without I/O. Wall time: read ratios within one run, not numbers across runs.

#include <baton/core/canonical.hpp>
#include <baton/core/hash.hpp>
#include <baton/core/reply_codec.hpp>
#include <baton/net/sse.hpp>
#include <baton/policy/exp_backoff.hpp>
#include <baton/policy/half_open.hpp>
#include <baton/store/memory_cache.hpp>
#include <baton/wire/openai.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace std::chrono_literals;

const baton::TimePoint now{1h};

void retry_decision(benchmark::State& state) {
    baton::ExpBackoff strategy;
    baton::Xoshiro rng(1);
    baton::RetryFacts facts;
    facts.now = now;
    facts.another_target = true;
    for (auto _ : state) {
        strategy.on_call(facts.now);
        benchmark::DoNotOptimize(strategy.decide(facts, rng));
    }
}
BENCHMARK(retry_decision);

void breaker_pass(benchmark::State& state) {
    const baton::HalfOpen strategy;
    baton::HalfOpen::State breaker(strategy);
    baton::Xoshiro rng(1);
    for (auto _ : state) {
        auto permit = breaker.try_acquire(now, rng);
        permit.success(now);
        benchmark::DoNotOptimize(permit);
    }
}
BENCHMARK(breaker_pass);

void cache_key(benchmark::State& state) {
    const baton::Request request{baton::system("Be brief."), baton::user(std::string(2000, 'x'))};
    std::string key;
    for (auto _ : state) {
        key.clear();
        baton::canonical(request, key);
        benchmark::DoNotOptimize(baton::hash64(key, 1));
    }
}
BENCHMARK(cache_key);

void cache_hit(benchmark::State& state) {
    baton::MemoryCache cache;
    const std::string key(2100, 'k'), value(2400, 'v');
    cache.put(key, cache.hash(key), value, now, 1h);
    for (auto _ : state) benchmark::DoNotOptimize(cache.find(key, cache.hash(key), now));
}
BENCHMARK(cache_hit);

void stream_event(benchmark::State& state) {
    std::string bytes;
    for (int i = 0; i < 60; ++i) {
        bytes += R"(data: {"id":"chatcmpl-BuFelt7bkjYdsZGg8EKQVprtt6efi","object":"chat.completion.chunk",)"
                 R"("created":1752746251,"model":"gpt-4o-mini-2024-07-18","service_tier":"default",)"
                 R"("system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" river"},)"
                 R"("logprobs":null,"finish_reason":null}]})"
                 "\n\n";
    }
    for (auto _ : state) {
        baton::net::SseParser parser;
        baton::OpenAI::StreamDecoder decoder;
        baton::Reply reply;
        baton::Delta delta;
        baton::net::SseEvent event;
        std::string_view input = bytes;
        while (parser.next(input, event) == baton::net::SseParser::Status::event) {
            benchmark::DoNotOptimize(decoder.on_event(event.type, event.data, delta, reply));
        }
    }
    state.SetItemsProcessed(state.iterations() * 60);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(stream_event);

} // namespace

BENCHMARK_MAIN();
