// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace baton::wire {

/// Writes a function call's arguments that come as `partialArgs`: single values, each with the path of its
/// place ("$.list[0].name"), a string's value maybe in pieces. The JSON text grows at its end only, so that
/// it can be shown as it comes; the values must therefore come in the order in which they stand. An
/// implementation detail of Gemini's dialect.
class GeminiArguments {
public:
    /// Takes the array `partialArgs` and appends to `out`; false if it does not continue what there is.
    BATON_DECL bool add(std::string_view partial_args, std::string& out);
    /// Closes whatever is open and starts anew.
    BATON_DECL void finish(std::string& out);

private:
    struct Step {
        std::string key;
        long index = -1; ///< in a list; then `key` is unused
        bool operator==(const Step&) const = default;
    };

    BATON_DECL static bool parse(std::string_view path, std::vector<Step>& steps);
    BATON_DECL bool go(std::string& out);
    BATON_DECL bool value(json::Reader& reader, std::string_view kind, std::string& out);

    std::vector<Step> at_;   // the place last written; its containers are open
    std::vector<Step> next_; // scratch
    bool in_string_ = false; // the text ends within a string
};

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/gemini_arguments.ipp>
#endif
