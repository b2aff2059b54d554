// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/json_writer.hpp>
#include <baton/wire/gemini_arguments.hpp>

#include <charconv>
#include <utility>

namespace baton::wire {
namespace detail {

/// Appends `text` as it stands inside a JSON string.
inline void append_escaped(std::string& out, std::string_view text) {
    std::string quoted;
    json::append_string(quoted, text);
    out.append(quoted, 1, quoted.size() - 2);
}

} // namespace detail

// "$.a.b[0]['c d']"; the whole of it, or false.
BATON_DECL bool GeminiArguments::parse(std::string_view path, std::vector<Step>& steps) {
    steps.clear();
    if (!path.starts_with('$')) return false;
    path.remove_prefix(1);
    while (!path.empty()) {
        Step& step = steps.emplace_back();
        if (path.front() == '.') {
            path.remove_prefix(1);
            const std::string_view name = path.substr(0, path.find_first_of(".["));
            if (name.empty()) return false;
            step.key = name;
            path.remove_prefix(name.size());
            continue;
        }
        if (path.front() != '[' || path.size() < 3) return false;
        path.remove_prefix(1);
        if (const char quote = path.front(); quote == '\'' || quote == '"') {
            std::size_t i = 1;
            for (; i < path.size() && path[i] != quote; ++i) {
                if (path[i] == '\\' && i + 1 < path.size()) ++i;
                step.key += path[i];
            }
            path.remove_prefix(i < path.size() ? i + 1 : i);
        } else {
            const auto done = std::from_chars(path.data(), path.data() + path.size(), step.index);
            if (done.ec != std::errc() || step.index < 0) return false;
            path.remove_prefix(static_cast<std::size_t>(done.ptr - path.data()));
        }
        if (!path.starts_with(']')) return false;
        path.remove_prefix(1);
    }
    return !steps.empty() && steps.front().index < 0; // arguments are an object
}

// Leaves the place last written for next_: closes the containers that are not on the way, opens those that
// are. Going back, or into a value that is complete, cannot be said by appending.
BATON_DECL bool GeminiArguments::go(std::string& out) {
    std::size_t same = 0;
    while (same < at_.size() && same < next_.size() && at_[same] == next_[same]) ++same;
    if (at_.empty()) {
        out += '{';
    } else {
        if (same == at_.size() || same == next_.size()) return false;
        const bool list = at_[same].index >= 0;
        if (list != (next_[same].index >= 0) || (list && next_[same].index != at_[same].index + 1))
            return false;
        for (std::size_t i = at_.size(); --i > same;) out += at_[i].index >= 0 ? ']' : '}';
        out += ',';
    }
    for (std::size_t i = same; i < next_.size(); ++i) {
        const bool list = next_[i].index >= 0;
        if (i > same) {
            if (list && next_[i].index != 0) return false;
            out += list ? '[' : '{';
        }
        if (list) continue;
        json::append_string(out, next_[i].key);
        out += ':';
    }
    at_.swap(next_);
    return true;
}

BATON_DECL bool GeminiArguments::value(json::Reader& reader, std::string_view kind, std::string& out) {
    if (json::is(kind, "stringValue")) {
        std::string text;
        if (!reader.append_string(text)) return false;
        if (!in_string_) out += '"';
        in_string_ = true;
        detail::append_escaped(out, text);
        return true;
    }
    if (in_string_) return false;
    if (json::is(kind, "nullValue")) { // its value is the name of protobuf's one null, or null itself
        reader.skip();
        out += "null";
        return true;
    }
    const auto token = reader.kind();
    if (token != json::Reader::Kind::number && token != json::Reader::Kind::boolean) return false;
    out += reader.raw();
    return true;
}

BATON_DECL bool GeminiArguments::add(std::string_view partial_args, std::string& out) {
    bool good = true;
    json::Reader list(partial_args);
    list.array([&] {
        std::string path, kind;
        std::string_view held; // the value, which may stand in front of its path
        bool more = false;
        good &= list.object([&](std::string_view key) {
            if (json::is(key, "jsonPath")) {
                list.append_string(path);
            } else if (json::is(key, "willContinue")) {
                list.boolean(more);
            } else if (key.ends_with("Value")) {
                kind = key;
                held = list.raw();
            }
        });
        if (!good || !(good = parse(path, next_))) return;
        if (!in_string_ || next_ != at_) {
            if (in_string_) out += '"';
            in_string_ = false;
            if (!(good = go(out))) return;
        }
        json::Reader reader(held);
        good = value(reader, kind, out);
        if (in_string_ && !more) {
            out += '"';
            in_string_ = false;
        }
    });
    return good && !list.failed();
}

BATON_DECL void GeminiArguments::finish(std::string& out) {
    if (in_string_) out += '"';
    for (std::size_t i = at_.size(); i-- > 0;) out += at_[i].index >= 0 ? ']' : '}';
    at_.clear();
    in_string_ = false;
}

} // namespace baton::wire
