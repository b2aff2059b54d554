// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/time.hpp>
#include <baton/core/usage.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton {

/// Texts to embed, in one request. Not an aggregate: see doc/gcc12.md.
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
