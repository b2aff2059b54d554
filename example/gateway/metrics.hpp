// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

namespace gateway {

/// A histogram of seconds in fixed buckets. Written by one thread, read by any.
class Histogram {
public:
    static constexpr std::array<double, 14> bounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                      0.25,  0.5,    1,     2.5,  5,     10,   30};

    void add(std::chrono::nanoseconds time) noexcept {
        const double seconds = std::chrono::duration<double>(time).count();
        std::size_t at = 0;
        while (at < bounds.size() && seconds > bounds[at]) ++at;
        buckets_[at].fetch_add(1, std::memory_order_relaxed);
        nanoseconds_.fetch_add(static_cast<std::uint64_t>(time.count()), std::memory_order_relaxed);
    }
    std::uint64_t bucket(std::size_t at) const noexcept {
        return buckets_[at].load(std::memory_order_relaxed);
    }
    double sum() const noexcept {
        return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) * 1e-9;
    }

private:
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

/// Counters of one thread. No label of theirs comes from a client, so their number is fixed.
struct Counters {
    using Count = std::atomic<std::uint64_t>;
    static constexpr std::array<std::string_view, 4> outcomes = {"ok", "client_error", "server_error",
                                                                 "aborted"};

    std::array<Count, outcomes.size()> requests{};
    Count refused_framing{0}, refused_key{0}, limited_key{0}, limited_concurrency{0};
    Count input_tokens{0}, output_tokens{0}, truncated{0}, attempts{0}, cache_hits{0}, cache_joins{0};
    Count store_outages{0};
    Count cost{0}; ///< billionths of a US dollar
    Count unpriced{0};
    std::atomic<std::int64_t> active{0};
    Histogram duration, first_token;

    static void add(Count& count, std::uint64_t n = 1) noexcept {
        count.fetch_add(n, std::memory_order_relaxed);
    }
};

/// Writes Prometheus' text format, version 0.0.4.
class Exposition {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        out_.append("# HELP ").append(name).append(" ").append(help);
        out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
    }
    struct Label {
        std::string_view name, value;
    };
    void sample(std::string_view name, std::initializer_list<Label> labels, double value) {
        out_.append(name);
        const char* separator = "{";
        for (const Label& label : labels) {
            out_.append(separator).append(label.name).append("=\"");
            for (const char c : label.value) {
                if (c == '"' || c == '\\') out_ += '\\';
                out_ += c == '\n' ? ' ' : c;
            }
            out_ += '"';
            separator = ",";
        }
        if (labels.size() > 0) out_ += '}';
        char text[32];
        std::snprintf(text, sizeof text, " %.9g\n", value);
        out_ += text;
    }
    template <class Get>
    void histogram(std::string_view name, std::string_view help, const Get& each) {
        family(name, "histogram", help);
        const std::string bucket = std::string(name) + "_bucket";
        double total = 0, sum = 0;
        for (std::size_t at = 0; at <= Histogram::bounds.size(); ++at) {
            each([&](const Histogram& one) { total += static_cast<double>(one.bucket(at)); });
            char bound[32] = "+Inf";
            if (at < Histogram::bounds.size())
                std::snprintf(bound, sizeof bound, "%g", Histogram::bounds[at]);
            sample(bucket, {{"le", bound}}, total);
        }
        each([&](const Histogram& one) { sum += one.sum(); });
        sample(std::string(name) + "_sum", {}, sum);
        sample(std::string(name) + "_count", {}, total);
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

} // namespace gateway
