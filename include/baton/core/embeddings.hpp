// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/core/usage.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton {

/// Texts to embed, in as many requests as the vendor needs for them. Not an aggregate: see doc/gcc12.md.
class EmbedRequest {
public:
    /// What the vectors are for; vendors without the distinction ignore it.
    enum class Purpose : unsigned char { unspecified, document, query };

    EmbedRequest() = default;
    explicit EmbedRequest(std::vector<std::string> inputs) : inputs(std::move(inputs)) {}
    explicit EmbedRequest(std::string input) { inputs.push_back(std::move(input)); }

    friend bool operator==(const EmbedRequest&, const EmbedRequest&) = default;

    std::vector<std::string> inputs;
    std::string model; ///< "vendor/name" or a bare name; "" = the provider's default_embedding_model
    std::string tenant;
    std::string extra; ///< a JSON object whose members are sent to the vendor untouched
    Purpose purpose = Purpose::unspecified;
    std::optional<std::uint32_t> dimensions; ///< of each vector, where the model can choose
    std::optional<Duration> deadline;
};

/// What one request for embeddings may hold at most at a vendor.
struct EmbedBatch {
    std::size_t inputs = std::numeric_limits<std::size_t>::max();
    std::size_t tokens = std::numeric_limits<std::size_t>::max(); ///< of all of them

    /// How many of `inputs` go into the next request: one at least, and then while they fit. A token is taken
    /// for 3 bytes of ASCII or one other byte: rather a request too many than one refused.
    std::size_t count(std::span<const std::string> all) const noexcept {
        std::size_t n = 0, sum = 0;
        for (const std::string& one : all) {
            const auto ascii = static_cast<std::size_t>(std::count_if(
                one.begin(), one.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
            sum += ascii / 3 + (one.size() - ascii) + 1;
            if (n != 0 && (n == inputs || sum > tokens)) break;
            ++n;
        }
        return n;
    }
};

/// One vector for each input, in order.
class Embeddings {
public:
    std::vector<std::vector<float>> vectors;
    std::string model;         ///< what the vendor reported
    std::string_view provider; ///< who served it
    Usage usage;
};

/// What a vendor says of one of its models.
class ModelInfo {
public:
    std::string id;
    std::string owner;             ///< "" if not said
    std::uint64_t max_context = 0; ///< tokens; 0: not said
    std::uint64_t max_output = 0;  ///< tokens; 0: not said

    friend bool operator==(const ModelInfo&, const ModelInfo&) = default;
};

} // namespace baton
