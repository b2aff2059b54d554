// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/headers.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Reads recorded vendor traffic, which lives outside this project: $BATON_RECORDINGS holds index.jsonl
/// and cases/<provider>/<id>.json. For tests only.
namespace baton::test {

namespace json = boost::json;

/// Parses with the depth real answers need.
inline json::value parse(std::string_view text) {
    json::parse_options options;
    options.max_depth = 64;
    return json::parse({text.data(), text.size()}, {}, options);
}

/// The member `key`, or null.
inline const json::value& at(const json::value& object, std::string_view key) {
    static const json::value null;
    if (!object.is_object()) return null;
    const json::value* value = object.get_object().if_contains({key.data(), key.size()});
    return value != nullptr ? *value : null;
}

inline std::string string_of(const json::value& value) {
    return value.is_string() ? std::string(value.get_string().data(), value.get_string().size())
                             : std::string();
}

/// Whether it is an object with no other members than these.
inline bool only_has(const json::value& object, std::set<std::string_view> names) {
    if (!object.is_object()) return false;
    for (const auto& [name, value] : object.get_object()) {
        if (!names.contains(std::string_view(name.data(), name.size()))) return false;
    }
    return true;
}

/// The string under `key`, or "".
inline std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains({key.data(), key.size()});
    return value != nullptr && value->is_string() ? std::string(value->get_string().c_str()) : std::string();
}

/// One line of the index.
struct RecordingEntry {
    std::string id, provider, provider_detail, api, api_detail, framing, fidelity;
    bool stream = false; ///< requested or received
    int status = 0;
    std::vector<std::string> quirks;
};

struct RecordedResponse {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    std::vector<HeaderField> fields() const {
        std::vector<HeaderField> views;
        for (const auto& [name, value] : headers) views.push_back({name, value});
        return views;
    }
};

class Recordings {
public:
    /// nullopt where there are none.
    static std::optional<Recordings> open() {
        const char* directory = std::getenv("BATON_RECORDINGS");
        Recordings found;
        found.directory_ = directory != nullptr ? directory : "../shared/wire";
        if (!std::filesystem::exists(found.directory_ / "index.jsonl")) return std::nullopt;
        std::ifstream index(found.directory_ / "index.jsonl");
        for (std::string line; std::getline(index, line);) {
            if (!line.empty()) found.entries_.push_back(entry(parse(line).as_object()));
        }
        return found;
    }

    const std::vector<RecordingEntry>& entries() const { return entries_; }
    /// The collection whose errors were judged by hand and whose counts are known; not another one.
    bool ours() const { return entries_.size() == 1868; }

    RecordedResponse response(const RecordingEntry& entry) const {
        std::ifstream file(directory_ / "cases" / entry.provider / (entry.id + ".json"), std::ios::binary);
        if (!file) throw std::runtime_error("recording " + entry.id + " is in the index but has no file");
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        const json::value whole = parse(bytes);
        const json::object& response = whole.at("response").as_object();
        RecordedResponse out;
        out.status = static_cast<int>(response.at("status").to_number<int>());
        if (const json::value* headers = response.if_contains("headers");
            headers != nullptr && headers->is_object()) {
            for (const auto& [name, value] : headers->get_object()) {
                if (value.is_string()) out.headers.emplace_back(name, value.get_string());
            }
        }
        const json::value* body = response.if_contains("body");
        if (body != nullptr && body->is_string()) {
            out.body.assign(body->get_string().data(), body->get_string().size());
        } else if (body != nullptr && !body->is_null()) {
            out.body = json::serialize(*body);
        } else if (const json::value* base64 = response.if_contains("body_b64")) {
            out.body = decode_base64(base64->as_string());
        }
        return out;
    }

    /// What was asked, as JSON; null where that was not kept or is none.
    json::value request(const RecordingEntry& entry) const {
        std::ifstream file(directory_ / "cases" / entry.provider / (entry.id + ".json"), std::ios::binary);
        const json::value whole = parse(std::string{std::istreambuf_iterator<char>(file), {}});
        const json::value& body = at(at(whole, "request"), "body");
        if (!body.is_string()) return body;
        boost::system::error_code bad;
        json::value parsed = json::parse(body.get_string(), bad);
        return bad ? json::value() : parsed;
    }

private:
    static RecordingEntry entry(const json::object& line) {
        RecordingEntry out;
        out.id = text_at(line, "id");
        out.provider = text_at(line, "provider");
        out.provider_detail = text_at(line, "provider_detail");
        out.api = text_at(line, "api");
        out.api_detail = text_at(line, "api_detail");
        out.framing = text_at(line, "framing");
        out.fidelity = text_at(line, "fidelity");
        out.stream = line.at("stream").is_bool() && line.at("stream").get_bool();
        out.status = line.at("status").to_number<int>();
        for (const json::value& quirk : line.at("quirks").as_array())
            out.quirks.emplace_back(quirk.as_string());
        return out;
    }

    static std::string decode_base64(std::string_view text) {
        constexpr std::string_view alphabet =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string out;
        unsigned bits = 0;
        int count = 0;
        for (char c : text) {
            const std::size_t digit = alphabet.find(c);
            if (digit == std::string_view::npos) continue;
            bits = bits << 6 | static_cast<unsigned>(digit);
            if ((count += 6) >= 8) {
                count -= 8;
                out += static_cast<char>(bits >> count & 0xFF);
            }
        }
        return out;
    }

    std::filesystem::path directory_;
    std::vector<RecordingEntry> entries_;
};

} // namespace baton::test
