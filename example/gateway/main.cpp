// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

// An OpenAI-compatible server made of a baton type; see README.md.

#include "gateway.hpp"
#include "simulation.hpp"

#include <boost/asio/write.hpp>

#include <csignal>
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

gateway::Config load(const Arguments& arguments, const gateway::Simulation* simulation) {
    gateway::Config config =
        simulation ? gateway::parse_config(simulation->toml(), "simulation", gateway::known_providers())
                   : gateway::load_config(arguments.config, gateway::known_providers());
    if (!arguments.listen.empty()) gateway::set_listen(config, arguments.listen);
    return config;
}

/// A client that shows what it gets, and in the middle of it the primary dies.
int demo() {
    namespace asio = boost::asio;
    gateway::Simulation vendors(60ms);
    gateway::Config config = gateway::parse_config(vendors.toml(), "simulation", gateway::known_providers());
    config.port = 0;
    gateway::Gateway server(std::move(config));
    const std::string body =
        R"({"model":"fast","stream":true,"messages":[{"role":"user","content":"#story"}]})";
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server.port()});
    asio::write(
        socket,
        asio::buffer(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body));
    std::string in;
    bool alive = true, done = false;
    std::size_t shown = 0;
    for (boost::system::error_code ec; !ec;) {
        char buffer[4096];
        in.append(buffer, socket.read_some(asio::buffer(buffer), ec));
        constexpr std::string_view start = "\"delta\":{\"content\":\"";
        for (std::size_t at = in.find(start); at != std::string::npos; at = in.find(start)) {
            const std::size_t end = in.find('"', at + start.size());
            if (end == std::string::npos) break;
            std::cout << in.substr(at + start.size(), end - at - start.size()) << std::flush;
            in.erase(0, end);
            if (++shown == 12 && std::exchange(alive, false)) {
                std::cout << "\n  [the primary is killed here] " << std::flush;
                vendors.openai.stop();
            }
        }
        done |= in.find("data: [DONE]") != std::string::npos;
    }
    std::cout << (done ? "\n\nThe stream ended whole: " : "\n\nThe stream broke: ")
              << vendors.openai.totals().requests << " request(s) to the primary, which completed "
              << vendors.openai.totals().completed << "; " << vendors.anthropic.totals().requests
              << " to the second, which completed " << vendors.anthropic.totals().completed << ".\n";
    return done ? 0 : 1;
}

int run(const Arguments& arguments) {
    // Signals are waited for here; every thread made from now on leaves them alone.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGHUP, SIGTERM, SIGINT}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);

    gateway::Config config;
    std::unique_ptr<gateway::Simulation> simulation;
    if (!arguments.simulate && !arguments.demo) config = load(arguments, nullptr);
    if (arguments.demo) return demo();
    if (arguments.check || arguments.print) {
        if (arguments.print) std::cout << gateway::print_config(config);
        if (!config.any_configured())
            std::cerr << "note: no provider is configured; without --check simulated ones would be used\n";
        return 0;
    }
    if (arguments.simulate || (!config.any_configured() && arguments.config.empty())) {
        simulation = std::make_unique<gateway::Simulation>();
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
              << (simulation
                      ? "\nand a stream whose vendor dies while it runs:\n\n  gateway --demo-failover\n"
                      : "")
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
