// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/policy/slot.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace baton {

/// A string as a template argument: `As<"eu", AzureOpenAI>`.
template <std::size_t N>
struct FixedString {
    consteval FixedString(const char (&text)[N]) { std::copy_n(text, N, data); }
    constexpr operator std::string_view() const noexcept { return {data, N - 1}; }
    char data[N]{};
};

/// A second provider of the same wire under a name of its own. Its options are the wire's; pass them
/// with `on<As<"eu", OpenAI>>(OpenAI::Options{...})`.
template <FixedString Name, class W>
struct As : W {
    static constexpr std::string_view name = Name;
};

/// Slot `Provider`: a vendor, in fallback order. Policies listed inside apply to this provider instead
/// of the orchestrator's: `Provider<Anthropic, Retry<Never>>`.
template <class W, class... Policies>
struct Provider {
    using slot = slot::provider;
    using wire = W;
    template <template <class...> class F>
    using apply = F<Policies...>;
};

} // namespace baton
