// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/fault_script.hpp>

#include <algorithm>
#include <string>
#include <utility>

/// What the vendors of the sixteen faults say.
namespace sixty_words {

using baton::testing::Answer;
using baton::testing::Behaviour;
using baton::testing::Fault;
using baton::testing::ServedRequest;

// Sixty tokens that are told apart.
inline const std::string whole = [] {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "w" + std::to_string(100 + i) + " ";
    return text;
}();
inline std::string tokens(std::size_t count) { return whole.substr(0, count * 5); }

inline Behaviour answers(Fault fault = Fault::none, std::size_t at = 0) {
    return Behaviour(Answer(whole, 60), fault, at);
}
inline Behaviour fails(baton::Errc errc, std::string headers = {}) {
    Behaviour behaviour{baton::Error(errc, "because of the test")};
    behaviour.headers = std::move(headers);
    return behaviour;
}

/// A vendor that continues what it is shown, as a good model does; else says all of it.
inline Behaviour goes_on(const ServedRequest& request) {
    for (const baton::Message& message : request.incoming.request.messages) {
        if (message.role != baton::Role::assistant) continue;
        const std::string rest = whole.substr(std::min(whole.size(), message.text().size()));
        return Behaviour(Answer(rest, std::max<std::size_t>(1, rest.size() / 5)));
    }
    return answers();
}
/// Asks for the rest of what was said already.
inline bool continues(const ServedRequest& request) { return request.incoming.request.messages.size() > 1; }

} // namespace sixty_words
