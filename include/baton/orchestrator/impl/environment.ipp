// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/detail/require_option.hpp>
#include <baton/orchestrator/environment.hpp>

#include <cstdlib>

namespace baton {

BATON_DECL Tcp::Tcp(const Options& o) {
    using detail::require_option;
    require_option(o.max_connections > 0, "Tcp: max_connections must be at least 1");
    require_option(o.pool_wait >= Duration::zero(), "Tcp: pool_wait must not be negative");
    require_option(o.idle >= Duration::zero(), "Tcp: idle must not be negative");
    require_option(o.max_reply >= 1024, "Tcp: max_reply must be at least 1024 bytes");
    require_option(o.max_event >= 256, "Tcp: max_event must be at least 256 bytes");
    require_option(o.max_header >= 1024, "Tcp: max_header must be at least 1024 bytes");
    auto made = std::make_shared<NetSettings>();
    net::TlsOptions tls;
    tls.ca_file = o.ca_file;
    tls.ca_pem = o.ca_pem;
    tls.certificate_file = o.certificate_file;
    tls.certificate_pem = o.certificate_pem;
    tls.key_file = o.key_file;
    tls.key_pem = o.key_pem;
    tls.insecure_no_verify_for_tests = o.insecure_no_verify_for_tests;
    made->tls = net::TlsContext::client(tls);
    if (o.proxy_from_environment) {
        made->proxy =
            net::ProxySettings::from_environment([](const char* name) { return std::getenv(name); });
    }
    made->pool.connections = o.max_connections;
    made->pool.idle = o.idle;
    made->http.header = o.max_header;
    made->max_malformed = o.max_malformed;
    made->pool_wait = o.pool_wait;
    made->max_reply = o.max_reply;
    made->max_event = o.max_event;
    made->allow_http = o.allow_http;
    settings_ = std::move(made);
}

} // namespace baton
