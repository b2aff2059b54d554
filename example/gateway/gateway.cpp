// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.

#include "gateway.hpp"

#include "worker.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <condition_variable>
#include <future>

namespace gateway {

std::span<const KnownProvider> known_providers() {
    static const std::vector<KnownProvider> all = AllVendors::known();
    return all;
}

Gateway::Gateway(Config config) : store_(std::make_unique<MemoryStore>(config)) {
    check_listen(config);
    if (config.threads == 0) config.threads = std::max(1U, std::thread::hardware_concurrency());
    boost::system::error_code ec;
    const asio::ip::address address = asio::ip::make_address(config.host, ec);
    if (ec) throw ConfigError("server.listen: \"" + config.host + "\" is no address; names are not resolved");
    store_->adopt(config);
    store_->apply(config);
    const auto shared = std::make_shared<const Config>(std::move(config));
    host_ = shared->host;
    port_ = shared->port;
    for (unsigned i = 0; i < shared->threads; ++i) {
        shared_.workers.push_back(std::make_unique<Worker>(shared_, *store_, shared));
        HttpServer& server = shared_.workers.back()->server;
        try {
            server.listen({address, port_}, i == 0 && !shared->reuse_port);
        } catch (const boost::system::system_error& e) {
            throw ConfigError(
                "server.listen: " + shared->host + ":" + std::to_string(port_) + ": " + e.code().message() +
                (e.code() == boost::system::errc::address_in_use
                     ? "; end the process that listens there, choose another port, or share it with "
                       "another gateway by server.reuse_port = true"
                     : ""));
        }
        port_ = server.port();
    }
    for (const auto& worker : shared_.workers) {
        threads_.emplace_back([&io = worker->io] { io.run(); });
    }
}

Gateway::~Gateway() { stop(); }

void Gateway::post_all(const std::function<void(Worker&)>& what) {
    for (const auto& worker : shared_.workers) {
        std::promise<void> done;
        asio::post(worker->io, [&] {
            try {
                what(*worker);
                done.set_value();
            } catch (...) {
                done.set_exception(std::current_exception());
            }
        });
        done.get_future().get();
    }
}

void Gateway::reload(Config config) {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) return;
    config.threads = static_cast<unsigned>(shared_.workers.size());
    config.host = host_; // which stays open, whatever the new configuration would listen on
    config.port = port_;
    check_listen(config);
    Store::check(config.redis);
    store_->adopt(config);
    const auto shared = std::make_shared<const Config>(std::move(config));
    {
        asio::io_context nowhere; // whatever is wrong is found out here, where nobody depends on it
        const Chat trial = make_chat(nowhere.get_executor(), *shared);
    }
    store_->apply(*shared);
    post_all([&](Worker& worker) { worker.install(shared); });
}

bool Gateway::drain(std::chrono::milliseconds limit) {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        if (threads_.empty()) return true;
        shared_.draining = true;
        post_all([](Worker& worker) { worker.drain(); });
        threads.swap(threads_);
    }
    std::mutex mutex;
    std::condition_variable ended;
    std::size_t left = threads.size();
    std::vector<std::thread> watchers;
    for (std::thread& thread : threads) {
        watchers.emplace_back([&] {
            thread.join();
            const std::lock_guard lock(mutex);
            --left;
            ended.notify_all();
        });
    }
    bool whole = true;
    {
        std::unique_lock lock(mutex);
        whole = ended.wait_for(lock, limit, [&] { return left == 0; });
    }
    if (!whole) {
        for (const auto& worker : shared_.workers) asio::post(worker->io, [&w = *worker] { w.cut(); });
    }
    for (std::thread& watcher : watchers) watcher.join();
    shared_.workers.clear();
    return whole;
}

void Gateway::stop() {
    const std::lock_guard lock(mutex_);
    if (threads_.empty()) return;
    shared_.draining = true;
    post_all([](Worker& worker) { worker.cut(); });
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    shared_.workers.clear(); // and with them what they kept open to vendors
}

} // namespace gateway
