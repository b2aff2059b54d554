// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// An OpenAI-compatible server made of a baton type; see README.md.

#include "gateway.hpp"

#include <baton/testing/fault_server.hpp>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

#include <time.h>

namespace {

using namespace std::chrono_literals;

constexpr const char* usage = R"(usage: gateway [options]
  --config FILE      TOML; see gateway.toml
  --listen HOST:PORT instead of the configuration's
  --check            read the configuration, say whether it is good, and end
  --print-config     the same, and print it with secrets masked
  --simulate         vendors inside this process (the default if no key is set)
  --demo-failover    shows a stream whose vendor dies, then ends
  --help
)";

struct Arguments {
    std::string config, listen;
    bool check = false, print = false, simulate = false, demo = false;
};

/// Vendors inside this process: a primary that can be killed, and a second one.
class Simulation {
public:
    Simulation() {
        using namespace baton::testing;
        const auto script = [](const char* who) {
            return [who](const ServedRequest& request) {
                const auto& messages = request.incoming.request.messages;
                const std::string asked = messages.empty() ? std::string() : messages.back().text();
                Behaviour behaviour(Answer(
                    "This is the simulated " + std::string(who) + ". You said: \"" + asked.substr(0, 200) +
                        "\" and here is a river that rises in the hills and runs down to the sea.",
                    32));
                behaviour.tokens_per_write = 1;
                if (request.incoming.stream) behaviour.gap = 40ms;
                return behaviour;
            };
        };
        primary = std::make_unique<FaultServer>(script("openai"));
        secondary = std::make_unique<FaultServer>(script("anthropic"));
    }
    std::string toml() const {
        return "[providers.openai]\nkey = \"simulated\"\nbase_url = \"" + primary->url("/v1") +
               "\"\nmodel = \"simulated-gpt\"\n" +
               "[providers.anthropic]\nkey = \"simulated\"\nbase_url = \"" + secondary->url("") +
               "\"\nmodel = \"simulated-claude\"\n" +
               "[aliases]\nfast = [\"openai/simulated-gpt\", \"anthropic/simulated-claude\"]\n"
               "smart = [\"anthropic/simulated-claude\", \"openai/simulated-gpt\"]\ncheap = "
               "[\"openai/simulated-gpt\"]\n"
               "[routing]\nunknown_model = \"openai\"\n";
    }
    std::unique_ptr<baton::testing::FaultServer> primary, secondary;
};

gateway::Config load(const Arguments& arguments, const Simulation* simulation) {
    gateway::Config config =
        simulation ? gateway::parse_config(simulation->toml(), "simulation", gateway::known_providers())
                   : gateway::load_config(arguments.config, gateway::known_providers());
    if (!arguments.listen.empty()) gateway::set_listen(config, arguments.listen);
    return config;
}

int run(const Arguments& arguments) {
    // Signals are waited for here; every thread made from now on leaves them alone.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    gateway::Config config;
    std::unique_ptr<Simulation> simulation;
    if (!arguments.simulate) config = load(arguments, nullptr);
    if (arguments.check || arguments.print) {
        if (arguments.print) std::cout << gateway::print_config(config);
        if (!config.any_configured())
            std::cerr << "note: no provider is configured; without --check simulated ones would be used\n";
        return 0;
    }
    if (arguments.simulate || (!config.any_configured() && arguments.config.empty())) {
        simulation = std::make_unique<Simulation>();
        config = load(arguments, simulation.get());
    } else if (!config.any_configured()) {
        throw gateway::ConfigError(
            arguments.config +
            ": no provider has a key; set one, or run without --config for simulated vendors");
    }
    const bool tls = !config.certificate.empty(), keys = !config.keys.empty();
    const std::string host =
        config.host.find(':') == std::string::npos ? config.host : "[" + config.host + "]";
    gateway::Gateway server(std::move(config));
    const std::string url = (tls ? "https://" : "http://") + host + ":" + std::to_string(server.port());
    std::cout << "listening on " << url << (simulation ? " with simulated vendors (no key is set)" : "")
              << "\n\n  curl -N " << url << "/v1/chat/completions -H 'content-type: application/json'"
              << (keys ? " -H \"authorization: Bearer $KEY\"" : "")
              << " \\\n    -d '{\"model\": \"auto\", \"stream\": true, \"messages\": [{\"role\": \"user\", "
                 "\"content\": \"Hello\"}]}'\n"
              << std::endl;
    for (;;) {
        const int signal = sigwaitinfo(&signals, nullptr);
        if (signal == SIGHUP) {
            try {
                server.reload(load(arguments, simulation.get()));
                std::cerr << "configuration reloaded\n";
            } catch (const std::exception& e) {
                std::cerr << "not reloaded, the old configuration stays: " << e.what() << '\n';
            }
        } else if (signal == SIGTERM || signal == SIGINT) {
            std::cerr << "draining\n";
            return server.drain(30s) ? 0 : 1;
        }
    }
}

} // namespace

int main(int argc, char* argv[]) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if ((argument == "--config" || argument == "--listen") && i + 1 < argc) {
            (argument == "--config" ? arguments.config : arguments.listen) = argv[++i];
        } else if (argument == "--check") {
            arguments.check = true;
        } else if (argument == "--print-config") {
            arguments.print = true;
        } else if (argument == "--simulate") {
            arguments.simulate = true;
        } else if (argument == "--demo-failover") {
            arguments.demo = true;
        } else {
            std::cout << usage;
            return argument == "--help" ? 0 : 2;
        }
    }
    try {
        return run(arguments);
    } catch (const std::exception& e) {
        std::cerr << "gateway: " << e.what() << '\n';
        return 1;
    }
}
