// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/chat_wire.hpp>
#include <baton/wire/encode.hpp>

namespace baton::wire {

namespace detail {

inline constexpr ErrorRule openrouter_rules[] = {
    {Errc::quota, {}, "key limit exceeded"}, {Errc::content_filtered, {}, "flagged"}, // moderation, as 403
};

inline constexpr ChatDialect openrouter_chat{
    .vendor = {.name = "openrouter", .key_variable = "OPENROUTER_API_KEY", .rules = openrouter_rules},
    .base_url = "https://openrouter.ai/api/v1",
    .base_url_variable = "OPENROUTER_BASE_URL",
    .model = "openrouter/auto",
    .embedding_model = "openai/text-embedding-3-small",
    .capabilities = {.tools = true,
                     .parallel_tools = true,
                     .images = true,
                     .image_urls = true,
                     .documents = true,
                     .json_object = true,
                     .json_schema = true,
                     .strict_tools = true,
                     .prefill = true,
                     .reasoning = true,
                     .reasoning_effort = true,
                     .reasoning_budget = true,
                     .top_k = true,
                     .seed = true,
                     .penalties = true,
                     .logprobs = true,
                     .end_user = true,
                     .cache_control = true,
                     .embeddings = true,
                     .max_context = 2000000},
    .blocks_of = "openai",
    .thinking = ChatDialect::Thinking::reasoning,
    .documents = ChatDialect::Documents::file_or_url,
    .reasoning_object = true,
};

} // namespace detail

/// OpenRouter. Reasoning goes back as its `reasoning_details`; cache markers and prefill reach the models
/// that know them. Errors may come with status 200, and quote the upstream's inside.
struct OpenRouter : ChatWire<detail::openrouter_chat> {
    struct Options {
        std::string_view base_url{}; ///< "" = $OPENROUTER_BASE_URL, else https://openrouter.ai/api/v1
        std::string_view key{};      ///< "" = $OPENROUTER_API_KEY
        std::string_view model{};    ///< "" = default_model
        std::string_view referer{};  ///< sent as HTTP-Referer: the application's URL
        std::string_view title{};    ///< sent as X-Title: the application's name
    };
    static std::optional<Error> write_account_headers(const Options& options, const Secret& key,
                                                      std::string& lines) {
        auto error = append_bearer(dialect, key, lines);
        if (!error)
            error = append_header(lines, "http-referer", options.referer, {}, "OpenRouter::Options::referer");
        if (!error) error = append_header(lines, "x-title", options.title, {}, "OpenRouter::Options::title");
        return error;
    }
};

static_assert(Wire<OpenRouter>);

} // namespace baton::wire

namespace baton {
using wire::OpenRouter;
} // namespace baton
