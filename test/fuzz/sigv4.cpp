// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: Signature Version 4. The canonical request against one written by rewriting texts step by
// step; and what must hold of signatures: the order of headers does not matter, everything else does.

#include <baton/core/sha256.hpp>
#include <baton/core/sigv4.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace {

void require(bool condition, const char* what) {
    if (condition) return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

std::string percent(const std::string& text, const std::string& also_plain) {
    std::string out;
    for (const char c : text) {
        const bool plain = static_cast<signed char>(c) > 0 &&
                           (std::isalnum(c) != 0 || (also_plain + "-._~").find(c) != std::string::npos);
        char code[4];
        std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
        out += plain ? std::string(1, c) : std::string(code);
    }
    return out;
}

std::string unpercent(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() &&
            std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
            std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0) {
            out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

// All occurrences, until none is left.
void rewrite(std::string& text, const std::string& from, const std::string& to) {
    for (std::size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, from.size(), to);
}

std::string plain_path(const std::string& path) {
    std::string out = "/" + path;
    if (out.ends_with("/.") || out.ends_with("/..")) out += '/';
    rewrite(out, "//", "/");
    rewrite(out, "/./", "/");
    for (std::size_t at; (at = out.find("/../")) != std::string::npos;) {
        const std::size_t parent = at == 0 ? 0 : out.rfind('/', at - 1);
        out.erase(parent, at + 3 - parent);
    }
    return percent(out, "/");
}

std::string plain_query(const std::string& query) {
    std::multimap<std::pair<std::string, std::string>, int> sorted;
    std::string member;
    for (const char c : query + "&") {
        if (c != '&') {
            member += c;
            continue;
        }
        const std::size_t equals = std::min(member.find('='), member.size());
        if (!member.empty()) {
            sorted.insert({{percent(unpercent(member.substr(0, equals)), ""),
                            percent(unpercent(member.substr(std::min(equals + 1, member.size()))), "")},
                           0});
        }
        member.clear();
    }
    std::string out;
    for (const auto& [pair, ignored] : sorted)
        out += (out.empty() ? "" : "&") + pair.first + "=" + pair.second;
    return out;
}

std::string plain_value(std::string value) {
    std::replace(value.begin(), value.end(), '\t', ' ');
    rewrite(value, "  ", " ");
    if (value.starts_with(' ')) value.erase(0, 1);
    if (value.ends_with(' ')) value.pop_back();
    return value;
}

// Takes a piece that ends at a NUL.
std::string take(std::string& rest) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    std::string out = rest.substr(0, end);
    rest.erase(0, end + 1);
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace sigv4 = baton::sigv4;
    std::string rest(reinterpret_cast<const char*>(data), size);
    const std::string method = take(rest), path = take(rest), query = take(rest), secret = take(rest);
    std::vector<std::pair<std::string, std::string>> headers;
    for (int i = 0; i < 3 && !rest.empty(); ++i) {
        const std::string name = take(rest);
        headers.emplace_back(name, take(rest));
    }
    const std::string body = rest;

    std::vector<baton::HeaderField> fields;
    for (const auto& [name, value] : headers) fields.push_back({name, value});
    const sigv4::Request request{method, path, query, fields, body};
    std::string names;
    const std::string canonical = sigv4::canonical_request(request, names);

    std::map<std::string, std::string> by_name; // values joined in the order they came
    for (const auto& [name, value] : headers) {
        std::string lower = name;
        for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        const auto [at, fresh] = by_name.emplace(lower, plain_value(value));
        if (!fresh) at->second += "," + plain_value(value);
    }
    std::string expected = method + "\n" + plain_path(path) + "\n" + plain_query(query) + "\n";
    std::string expected_names;
    for (const auto& [name, value] : by_name) {
        expected += name + ":" + value + "\n";
        expected_names += (&name == &by_name.begin()->first ? "" : ";") + name;
    }
    expected += "\n" + expected_names + "\n" + baton::sha256(body);
    require(names == expected_names, "other signed headers");
    require(canonical == expected, "another canonical request");

    const sigv4::Scope scope{"20150830", "us-east-1", "service"};
    const baton::Secret key_text(secret);
    const sigv4::SigningKey key = sigv4::SigningKey::derive(key_text, scope);
    const sigv4::SigningKeyCache cache;
    require(cache.get(key_text, scope).bytes() == key.bytes(), "the cache gives another key");
    require(cache.get(key_text, scope).bytes() == key.bytes(), "the cache remembers another key");
    const auto sign = [&](const sigv4::Request& what, std::string_view time) {
        return sigv4::authorization(what, "AKID", key, scope, time);
    };
    const std::string value = sign(request, "20150830T123600Z");
    require(value.size() > 64 &&
                value.substr(value.size() - 64).find_first_not_of("0123456789abcdef") == std::string::npos,
            "no signature at the end");
    require(sign(request, "20150830T123600Z") == value, "not the same twice");
    require(sign(request, "20150830T123601Z") != value, "the time is not signed");
    sigv4::Request other = request;
    const std::string longer = body + "x";
    other.body = longer;
    require(sign(other, "20150830T123600Z") != value, "the body is not signed");
    if (by_name.size() == headers.size()) { // all different: their order says nothing
        std::reverse(fields.begin(), fields.end());
        other = request;
        other.headers = fields;
        require(sign(other, "20150830T123600Z") == value, "the order of headers matters");
    }
    require(unpercent(sigv4::uri_encode(path, true)) == path, "encoding loses something");
    return 0;
}
