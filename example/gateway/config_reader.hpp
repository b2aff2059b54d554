// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

inline std::string_view environment(std::string_view name) {
    const char* value = name.empty() ? nullptr : std::getenv(std::string(name).c_str());
    return value ? value : "";
}

/// Walks a document and says where something is wrong.
class Reader {
public:
    explicit Reader(std::string name) : name_(std::move(name)) {}

    [[noreturn]] void fail(const toml::node& at, const std::string& member, const std::string& what) const {
        throw ConfigError(name_ + ":" + std::to_string(at.source().begin.line) + ": " + member + ": " + what);
    }

    /// Hands each member of `table` to the handler of its name; an unknown one is an error.
    using Handlers =
        std::vector<std::pair<std::string_view, std::function<void(const toml::node&, const std::string&)>>>;
    void members(const toml::node& node, const std::string& path, const Handlers& handlers) const {
        for (const auto& [key, value] : table(node, path)) {
            const auto handler = std::find_if(handlers.begin(), handlers.end(),
                                              [&](const auto& h) { return h.first == key.str(); });
            const std::string member =
                path.empty() ? std::string(key.str()) : path + "." + std::string(key.str());
            if (handler == handlers.end()) {
                std::string known;
                for (const auto& h : handlers) known += (known.empty() ? "" : ", ") + std::string(h.first);
                fail(value, member, "unknown member; known here: " + known);
            }
            handler->second(value, member);
        }
    }

    const toml::table& table(const toml::node& node, const std::string& path) const {
        const toml::table* table = node.as_table();
        if (!table) fail(node, path, "must be a table");
        return *table;
    }

    auto text(std::string& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            if (!node.is_string()) fail(node, member, "must be a string");
            out = **node.as_string();
        };
    }
    auto secret(baton::Secret& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            std::string value;
            text(value)(node, member);
            out = baton::Secret(value);
        };
    }
    /// The member names the environment variable that holds it.
    auto secret_of_environment(baton::Secret& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            std::string variable;
            text(variable)(node, member);
            const std::string_view found = environment(variable);
            if (found.empty()) fail(node, member, "environment variable " + variable + " is not set");
            out = baton::Secret(found);
        };
    }
    auto flag(bool& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            if (!node.is_boolean()) fail(node, member, "must be true or false");
            out = **node.as_boolean();
        };
    }
    template <class T>
    auto whole(T& out, std::int64_t least, std::int64_t most) const {
        return [&out, least, most, this](const toml::node& node, const std::string& member) {
            const auto value = node.is_integer() ? **node.as_integer() : least - 1;
            if (value < least || value > most) {
                fail(node, member,
                     "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
            }
            out = static_cast<T>(value);
        };
    }
    template <class D>
    auto milliseconds(D& out, std::int64_t least = 1) const {
        return [&out, least, this](const toml::node& node, const std::string& member) {
            std::int64_t value = 0;
            whole(value, least, 86'400'000)(node, member);
            out = std::chrono::milliseconds(value);
        };
    }
    auto number(double& out, double least, double most) const {
        return [&out, least, most, this](const toml::node& node, const std::string& member) {
            const std::optional<double> value = node.value<double>();
            if (!value || !(*value >= least && *value <= most)) {
                std::ostringstream range;
                range << "must be a number from " << least << " to " << most;
                fail(node, member, range.str());
            }
            out = *value;
        };
    }
    auto texts(std::vector<std::string>& out) const {
        return [&out, this](const toml::node& node, const std::string& member) {
            const toml::array* array = node.as_array();
            if (!array) fail(node, member, "must be an array of strings");
            out.clear();
            for (const toml::node& element : *array) text(out.emplace_back())(element, member);
        };
    }

private:
    std::string name_;
};

using Node = const toml::node&;
using Name = const std::string&;

/// What is wrong with a base URL, which is printed as it is; null: nothing.
const char* url_problem(std::string_view url) noexcept;

// The sections of a configuration; each throws ConfigError.
void read_providers(Config& config, const Reader& in, Node node, Name path);
void read_windows(Config& config, const Reader& in, Node node, Name path);
void read_prices(Config& config, const Reader& in, Node node, Name path);
void read_aliases(Config& config, const Reader& in, Node node, Name path);
void read_tasks(Config& config, const Reader& in, Node node, Name path);
void read_routing(Config& config, const Reader& in, Node node, Name path);
void read_keys(Config& config, const Reader& in, Node node, Name path);
void read_redis(Config& config, const Reader& in, Node node, Name path);

} // namespace gateway
