// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/orchestrator/environment.hpp>

#include <cstdlib>

namespace baton {

BATON_DECL Tcp::Tcp(const Options& o) {
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
    made->pool_wait = o.pool_wait;
    made->max_reply = o.max_reply;
    made->max_event = o.max_event;
    made->allow_http = o.allow_http;
    settings_ = std::move(made);
}

} // namespace baton
