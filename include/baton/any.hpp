// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>
#include <baton/core/error.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/request.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace baton {

/// A type-erased Stream; see orchestrator/stream.hpp for the meaning of each member.
class AnyStream {
public:
    template <class S>
    explicit AnyStream(S stream) : self_(std::make_unique<Model<S>>(std::move(stream))) {}

    boost::asio::awaitable<std::optional<Delta>> next() { return self_->next(); }
    [[nodiscard]] const result<Reply>& reply() const noexcept { return self_->reply(); }

private:
    struct Concept {
        virtual ~Concept() = default;
        virtual boost::asio::awaitable<std::optional<Delta>> next() = 0;
        virtual const result<Reply>& reply() const noexcept = 0;
    };
    template <class S>
    struct Model final : Concept {
        explicit Model(S s) : stream(std::move(s)) {}
        boost::asio::awaitable<std::optional<Delta>> next() override { return stream.next(); }
        const result<Reply>& reply() const noexcept override { return stream.reply(); }
        S stream;
    };
    std::unique_ptr<Concept> self_;
};

/// An orchestrator whose composition is not part of its type, for code that must not see templates: a
/// header that includes this compiles without Beast and without most of Asio. Costs one virtual call and
/// one allocation per stream. Owns what it is made from; move-only; thread safety as the orchestrator's.
class AnyOrchestrator {
public:
    /// From any Orchestrator on the default executor: `AnyOrchestrator any{std::move(chat)};`
    template <class O>
        requires(!std::same_as<std::remove_cvref_t<O>, AnyOrchestrator>) && (!std::is_lvalue_reference_v<O>)
    explicit AnyOrchestrator(O&& orchestrator) : self_(std::make_unique<Model<O>>(std::move(orchestrator))) {}

    /// The whole answer; see Orchestrator::complete.
    boost::asio::awaitable<result<Reply>> complete(Request request) {
        return self_->complete(std::move(request));
    }
    /// The answer in pieces; see Orchestrator::stream.
    AnyStream stream(Request request) { return self_->stream(std::move(request)); }
    boost::asio::any_io_executor get_executor() const { return self_->executor(); }

private:
    struct Concept {
        virtual ~Concept() = default;
        virtual boost::asio::awaitable<result<Reply>> complete(Request request) = 0;
        virtual AnyStream stream(Request request) = 0;
        virtual boost::asio::any_io_executor executor() const = 0;
    };
    template <class O>
    struct Model final : Concept {
        explicit Model(O o) : orchestrator(std::move(o)) {}
        boost::asio::awaitable<result<Reply>> complete(Request request) override {
            return orchestrator.complete(std::move(request));
        }
        AnyStream stream(Request request) override {
            return AnyStream(orchestrator.stream(std::move(request)));
        }
        boost::asio::any_io_executor executor() const override { return orchestrator.get_executor(); }
        O orchestrator;
    };
    std::unique_ptr<Concept> self_;
};

} // namespace baton
