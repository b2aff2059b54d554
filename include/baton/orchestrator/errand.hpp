// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/embeddings.hpp>
#include <baton/orchestrator/composition.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::detail {

/// What a call does that is no completion: embedding, counting tokens, listing models, a health check. It
/// runs through the same attempts (connections, retries, breakers, fallback) and is answered by one whole
/// body.
class Errand {
public:
    virtual ~Errand() = default; // these are not the calls whose instructions are counted
    virtual std::string_view method() const { return "POST"; }
    /// What it asks for, in an error's words.
    virtual std::string_view what() const = 0;
    /// Request::model's meaning; "" = each provider's own.
    virtual std::string_view model() const { return {}; }
    /// Whether provider `index` can do it at all, and under which model if none is named.
    virtual bool offered_by(std::size_t index) const = 0;
    virtual std::string_view default_model(std::size_t) const { return {}; }
    virtual bool needs_model() const { return true; }
    /// For one that does not count: which endpoint of the provider it goes to.
    virtual std::size_t endpoint() const { return 0; }
    /// False: it is sent whatever the circuit breaker thinks, and tells neither it nor the statistics.
    virtual bool counts() const { return true; }
    virtual std::optional<Error> encode(const Target& target, wire::Outgoing out) = 0;
    virtual std::optional<Error> decode(std::size_t provider, std::string_view body) = 0;
};

/// Runs `f(type_identity<wire>)` for provider `index` of C.
template <class C, class F>
decltype(auto) with_wire(std::size_t index, F&& f) {
    return dispatch<C::providers>(index, [&](auto i) -> decltype(auto) {
        return f(std::type_identity<typename C::template wire<decltype(i)::value>>());
    });
}

inline Error not_offered() {
    return Error(Errc::invalid_request, "this provider's API cannot do this; it is not asked");
}

template <class C>
class EmbedErrand final : public Errand {
public:
    explicit EmbedErrand(EmbedRequest request) : request_(std::move(request)) {}
    std::string_view what() const override { return "embeddings"; }
    std::string_view model() const override { return request_.model; }
    bool offered_by(std::size_t index) const override {
        return with_wire<C>(index, []<class W>(std::type_identity<W>) { return wire::Embeds<W>; });
    }
    std::string_view default_model(std::size_t index) const override {
        return with_wire<C>(index, []<class W>(std::type_identity<W>) -> std::string_view {
            if constexpr (requires { W::default_embedding_model; }) return W::default_embedding_model;
            return {};
        });
    }
    std::optional<Error> encode(const Target& target, wire::Outgoing out) override {
        return with_wire<C>(target.provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::Embeds<W>) return W::encode_embed(request_, target, out);
            return not_offered();
        });
    }
    std::optional<Error> decode(std::size_t provider, std::string_view body) override {
        answer = Embeddings();
        auto wrong = with_wire<C>(provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::Embeds<W>) return W::decode_embed(body, answer);
            return not_offered();
        });
        if (!wrong && answer.vectors.size() != request_.inputs.size()) {
            return Error(Errc::protocol, "the answer holds " + std::to_string(answer.vectors.size()) +
                                             " vectors for " + std::to_string(request_.inputs.size()) +
                                             " inputs");
        }
        return wrong;
    }
    Embeddings answer;

private:
    EmbedRequest request_;
};

template <class C>
class CountErrand final : public Errand {
public:
    explicit CountErrand(Request request) : request_(std::move(request)) {}
    std::string_view what() const override { return "token counts"; }
    std::string_view model() const override { return request_.model; }
    bool offered_by(std::size_t index) const override {
        return with_wire<C>(index, []<class W>(std::type_identity<W>) { return wire::CountsTokens<W>; });
    }
    std::optional<Error> encode(const Target& target, wire::Outgoing out) override {
        return with_wire<C>(target.provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::CountsTokens<W>) return W::encode_count(Draft(request_), target, out);
            return not_offered();
        });
    }
    std::optional<Error> decode(std::size_t provider, std::string_view body) override {
        return with_wire<C>(provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::CountsTokens<W>) return W::decode_count(body, tokens);
            return not_offered();
        });
    }
    std::uint64_t tokens = 0;

private:
    Request request_;
};

/// A GET of one provider's model list: as such, or only to see that it answers.
template <class C>
class ModelsErrand final : public Errand {
public:
    ModelsErrand(std::size_t provider, bool read, std::size_t endpoint = 0)
        : provider_(provider), endpoint_(endpoint), read_(read) {}
    std::string_view method() const override { return "GET"; }
    std::string_view what() const override { return "model lists"; }
    bool offered_by(std::size_t index) const override {
        return index == provider_ && (!read_ || with_wire<C>(index, []<class W>(std::type_identity<W>) {
                   return wire::ListsModels<W>;
               }));
    }
    bool needs_model() const override { return false; }
    std::size_t endpoint() const override { return endpoint_; }
    bool counts() const override { return false; }
    std::optional<Error> encode(const Target& target, wire::Outgoing out) override {
        out.path = with_wire<C>(target.provider, []<class W>(std::type_identity<W>) -> std::string_view {
            return W::health_path;
        });
        return std::nullopt;
    }
    std::optional<Error> decode(std::size_t provider, std::string_view body) override {
        if (!read_) return std::nullopt;
        models.clear();
        return with_wire<C>(provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::ListsModels<W>) return W::decode_models(body, models);
            return not_offered();
        });
    }
    std::vector<ModelInfo> models;

private:
    std::size_t provider_, endpoint_;
    bool read_;
};

} // namespace baton::detail
