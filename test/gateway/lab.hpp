// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "client.hpp"

#include <gateway/gateway.hpp>

#include <baton/testing/fault_server.hpp>

#include <chrono>
#include <string>
#include <string_view>

/// A gateway and two simulated vendors, all over real sockets in this process.
class Lab {
public:
    using Script = baton::testing::Script;
    using Behaviour = baton::testing::Behaviour;

    explicit Lab(Script openai_script = baton::testing::always(Behaviour()),
                 Script anthropic_script = baton::testing::always(Behaviour()), std::string more = {})
        : openai(std::move(openai_script)), anthropic(std::move(anthropic_script)), gateway(config(more)) {}

    std::string toml(const std::string& more = {}) const {
        return "[providers.openai]\nkey = \"upstream-openai\"\nbase_url = \"" + openai.url("/v1") +
               "\"\nmodel = \"mock-gpt\"\nmodels = [\"other-gpt\"]\n[providers.anthropic]\nkey = "
               "\"upstream-anthropic\"\nbase_url = \"" +
               anthropic.url("") +
               "\"\nmodel = \"mock-claude\"\n[retry]\nmax_retries = 1\nbase_ms = 1\ncap_ms = 2\n" +
               (more.find("[aliases]") == std::string::npos
                    ? "[aliases]\nfast = [\"openai/mock-gpt\", \"anthropic/mock-claude\"]\nsmart = "
                      "[\"anthropic/mock-claude\"]\n"
                    : "") +
               (more.find("[server]") == std::string::npos
                    ? "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n"
                    : "") +
               (more.find("[resume]") == std::string::npos ? "[resume]\nmax_resumes = 0\n" : "") +
               "[health]\nmax_cool_down_ms = 0\ncredential_retry_ms = 0\nquota_retry_ms = 0\n" + more;
    }
    gateway::Config config(const std::string& more) const {
        return gateway::parse_config(toml(more), "lab.toml", gateway::known_providers());
    }
    RawClient::Response ask(std::string_view bytes) const { return ::ask(gateway.port(), bytes); }

    baton::testing::FaultServer openai, anthropic;
    gateway::Gateway gateway;
};

/// A small chat request.
inline std::string chat(std::string_view model, bool stream, std::string_view more = {}) {
    return "{\"model\":\"" + std::string(model) + "\",\"max_tokens\":100," +
           (stream ? "\"stream\":true," : "") + std::string(more) +
           "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}";
}
