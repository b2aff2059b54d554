// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/embeddings.hpp>
#include <baton/orchestrator/composition.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
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
    /// After a call that succeeded: takes over what it brought. True if that was a part of what is asked for,
    /// and a further call is to bring the next.
    virtual bool more() { return false; }
    /// Of all parts so far.
    virtual Usage usage() const { return {}; }
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

/// Embeddings, in batches. Vectors of several models do not compare: behind the first batch only who answered
/// that is asked.
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
        asked_.assign(target.provider_name).append("/").append(target.model);
        return with_wire<C>(target.provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::Embeds<W>) {
                const std::span<const std::string> left = std::span(request_.inputs).subspan(done_);
                size_ = wire::embed_batch<W>(target.model).count(left);
                if (size_ == request_.inputs.size()) return W::encode_embed(request_, target, out);
                const std::span<const std::string> now = left.first(size_);
                EmbedRequest batch(std::vector<std::string>(now.begin(), now.end()));
                batch.extra = request_.extra;
                batch.purpose = request_.purpose;
                batch.dimensions = request_.dimensions;
                return W::encode_embed(batch, target, out);
            }
            return not_offered();
        });
    }
    std::optional<Error> decode(std::size_t provider, std::string_view body) override {
        batch_ = Embeddings();
        auto wrong = with_wire<C>(provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (wire::Embeds<W>) return W::decode_embed(body, batch_);
            return not_offered();
        });
        if (!wrong && batch_.vectors.size() != size_) {
            return Error(Errc::protocol, "the answer holds " + std::to_string(batch_.vectors.size()) +
                                             " vectors for " + std::to_string(size_) + " inputs");
        }
        return wrong;
    }
    bool more() override {
        done_ += size_;
        std::move(batch_.vectors.begin(), batch_.vectors.end(), std::back_inserter(answer.vectors));
        answer.usage += batch_.usage;
        if (answer.model.empty()) answer.model = std::move(batch_.model);
        request_.model = asked_;
        return done_ < request_.inputs.size();
    }
    Usage usage() const override { return answer.usage; }
    Embeddings answer;

private:
    EmbedRequest request_;
    Embeddings batch_;
    std::string asked_; ///< provider and model of this batch
    std::size_t done_ = 0, size_ = 0;
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

/// A GET of one provider's model list: as such, page by page, or only to see that it answers.
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
        if (!next_.empty()) out.path = next_;
        return std::nullopt;
    }
    std::optional<Error> decode(std::size_t provider, std::string_view body) override {
        if (!read_) return std::nullopt;
        page_.clear();
        return with_wire<C>(provider, [&]<class W>(std::type_identity<W>) -> std::optional<Error> {
            if constexpr (requires { W::next_models(body); }) behind_ = W::next_models(body);
            if constexpr (wire::ListsModels<W>) return W::decode_models(body, page_);
            return not_offered();
        });
    }
    bool more() override {
        std::move(page_.begin(), page_.end(), std::back_inserter(models));
        const bool goes_on = !behind_.empty() && behind_ != next_ && ++pages_ < most_pages;
        next_ = std::exchange(behind_, {});
        return goes_on;
    }
    std::vector<ModelInfo> models;

private:
    static constexpr int most_pages = 100; // a list that never ends is none

    std::vector<ModelInfo> page_;
    std::string next_, behind_; ///< paths of this page and of the one behind it; "" = the first, none
    std::size_t provider_, endpoint_;
    int pages_ = 0;
    bool read_;
};

} // namespace baton::detail
