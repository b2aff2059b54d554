// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>

#include <string>

namespace baton {

BATON_DECL std::string_view to_string(Errc code) noexcept {
    switch (code) {
    case Errc::ok: return "ok";
    case Errc::transient: return "transient";
    case Errc::rate_limited: return "rate_limited";
    case Errc::quota: return "quota";
    case Errc::auth: return "auth";
    case Errc::permission: return "permission";
    case Errc::not_found: return "not_found";
    case Errc::invalid_request: return "invalid_request";
    case Errc::context_overflow: return "context_overflow";
    case Errc::content_filtered: return "content_filtered";
    case Errc::unavailable: return "unavailable";
    case Errc::tls: return "tls";
    case Errc::timeout_connect: return "timeout_connect";
    case Errc::timeout_first_token: return "timeout_first_token";
    case Errc::timeout_idle: return "timeout_idle";
    case Errc::timeout_total: return "timeout_total";
    case Errc::truncated: return "truncated";
    case Errc::protocol: return "protocol";
    case Errc::cancelled: return "cancelled";
    case Errc::breaker_open: return "breaker_open";
    case Errc::no_target: return "no_target";
    case Errc::too_large: return "too_large";
    case Errc::slow_reader: return "slow_reader";
    }
    return "unknown";
}

namespace detail {

class BatonCategory final : public boost::system::error_category {
public:
    constexpr BatonCategory() noexcept : error_category(0x6261746f6e206572ULL) {}
    const char* name() const noexcept override { return "baton"; }
    std::string message(int value) const override { return std::string(to_string(static_cast<Errc>(value))); }
};

class ErrorClassCategory final : public boost::system::error_category {
public:
    constexpr ErrorClassCategory() noexcept : error_category(0x6261746f6e20636cULL) {}
    const char* name() const noexcept override { return "baton.class"; }
    std::string message(int value) const override {
        switch (static_cast<ErrorClass>(value)) {
        case ErrorClass::retryable: return "retryable";
        case ErrorClass::timeout: return "timeout";
        case ErrorClass::credential: return "credential";
        case ErrorClass::caller: return "caller";
        }
        return "unknown";
    }
    bool equivalent(const boost::system::error_code& code, int condition) const noexcept override {
        if (code.category() != baton_category()) return false;
        const auto errc = static_cast<Errc>(code.value());
        switch (static_cast<ErrorClass>(condition)) {
        case ErrorClass::timeout: return errc >= Errc::timeout_connect && errc <= Errc::timeout_total;
        case ErrorClass::credential:
            return errc == Errc::quota || errc == Errc::auth || errc == Errc::permission;
        case ErrorClass::caller:
            return errc == Errc::invalid_request || errc == Errc::context_overflow ||
                   errc == Errc::content_filtered || errc == Errc::too_large;
        case ErrorClass::retryable:
            return errc == Errc::transient || errc == Errc::rate_limited || errc == Errc::unavailable ||
                   errc == Errc::timeout_connect || errc == Errc::timeout_first_token ||
                   errc == Errc::timeout_idle || errc == Errc::truncated || errc == Errc::protocol ||
                   errc == Errc::breaker_open;
        }
        return false;
    }
    using error_category::equivalent;
};

} // namespace detail

BATON_DECL const boost::system::error_category& baton_category() noexcept {
    static constexpr detail::BatonCategory category;
    return category;
}

BATON_DECL const boost::system::error_category& error_class_category() noexcept {
    static constexpr detail::ErrorClassCategory category;
    return category;
}

} // namespace baton
