// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// Every other input is changed as a vendor might change it, and not byte by byte: lines (and so events) come
/// twice, go missing or change places; a member of an object comes twice or has another's value; a number is
/// another one. Bytes alone seldom arrive there: almost all they make is no JSON.
namespace baton::test {

class Mutator {
public:
    Mutator(std::string text, std::uint32_t seed) : text_(std::move(text)), random_(seed) {}

    std::string mutate() {
        switch (below(6)) {
        case 0: insert(line(), line_start()); break;
        case 1: erase(line()); break;
        case 2: { // moved
            const Span from = line();
            const std::string cut = text_.substr(from.at, from.size);
            erase(from);
            text_.insert(line_start(), cut);
            break;
        }
        case 3: { // a member twice, the second time perhaps with a value of another member
            const Span name = member_name();
            if (name.size == 0) break;
            const Span value = value_at(name.at + name.size);
            const Span other = below(2) ? value : some_value();
            text_.insert(value.at + value.size,
                         "," + text_.substr(name.at, name.size) + text_.substr(other.at, other.size));
            break;
        }
        case 4: { // a value of another member
            const Span value = some_value();
            const Span other = some_value();
            const std::string copy = text_.substr(other.at, other.size);
            text_.replace(value.at, value.size, copy);
            break;
        }
        default: number(); break;
        }
        return std::move(text_);
    }

private:
    struct Span {
        std::size_t at = 0, size = 0;
    };

    std::size_t below(std::size_t bound) { return bound < 2 ? 0 : random_() % bound; }
    std::size_t line_start() {
        const std::size_t found = text_.find('\n', below(text_.size()));
        return found == std::string::npos ? text_.size() : found + 1;
    }
    /// One line with its end, or two or three of them, as an event of SSE is.
    Span line() {
        Span out{line_start(), 0};
        if (out.at == text_.size()) out.at = 0;
        for (std::size_t lines = 1 + below(3); lines > 0; --lines) {
            const std::size_t end = text_.find('\n', out.at + out.size);
            if (end == std::string::npos) return {out.at, text_.size() - out.at};
            out.size = end + 1 - out.at;
        }
        return out;
    }
    void insert(Span what, std::size_t at) { text_.insert(at, text_.substr(what.at, what.size)); }
    void erase(Span what) { text_.erase(what.at, what.size); }

    /// `"name":`, somewhere; empty if there is none.
    Span member_name() {
        std::size_t colon = text_.find("\":", below(text_.size()));
        if (colon == std::string::npos) colon = text_.find("\":");
        if (colon == std::string::npos || colon == 0) return {};
        const std::size_t quote = text_.rfind('"', colon - 1);
        return quote == std::string::npos ? Span{} : Span{quote, colon + 2 - quote};
    }
    /// The JSON value that begins at `at`, as far as it can be told.
    Span value_at(std::size_t at) const {
        while (at < text_.size() && text_[at] == ' ') ++at;
        std::size_t end = at;
        int depth = 0;
        for (bool quoted = false; end < text_.size(); ++end) {
            const char c = text_[end];
            if (c == '\n') break;
            if (quoted) {
                if (c == '\\') ++end;
                quoted = c != '"';
                continue;
            }
            if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
            quoted = c == '"';
            depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        }
        end = std::min(end, text_.size());
        return {at, end - at};
    }
    Span some_value() {
        const Span name = member_name();
        return name.size == 0 ? Span{} : value_at(name.at + name.size);
    }
    void number() {
        static constexpr std::string_view digits = "0123456789";
        const std::size_t at = text_.find_first_of(digits, below(text_.size()));
        if (at == std::string::npos) return;
        const std::size_t end = std::min(text_.find_first_not_of(digits, at), text_.size());
        static constexpr const char* others[] = {"0", "1", "2", "3", "-1", "128", "4294967296", "1e3"};
        text_.replace(at, end - at, others[below(std::size(others))]);
    }

    std::string text_;
    std::minstd_rand random_;
};

} // namespace baton::test

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    if (size < 2 || seed % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
    const std::string made =
        baton::test::Mutator(std::string(reinterpret_cast<const char*>(data), size), seed / 2 + 1).mutate();
    const std::size_t kept = std::min(made.size(), max_size);
    std::copy_n(made.data(), kept, reinterpret_cast<char*>(data));
    return kept;
}
