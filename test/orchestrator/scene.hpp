// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "lab.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

// A vendor that is asked for sixty words, breaks, and may have another behind it.
namespace lab {

using baton::ResumeMode;
using baton::testing::CannedResponse;

template <class... More>
using Full =
    Virtual<baton::Provider<baton::OpenAI>, baton::Provider<baton::Anthropic>,
            baton::Retry<baton::ExpBackoff>, baton::Breaker<baton::HalfOpen>, baton::Fallback<baton::InOrder>,
            baton::Resume<baton::Auto>, baton::Health<baton::Passive>, baton::Use<Spy>, More...>;
using Chat = Full<>;

// Sixty tokens that are told apart.
inline std::string sixty() {
    std::string text;
    for (int i = 0; i < 60; ++i) text += "w" + std::to_string(100 + i) + " ";
    return text;
}
inline const std::string whole = sixty();
inline std::string tokens(int from, int to) {
    return whole.substr(std::size_t(from) * 5, std::size_t(to - from) * 5);
}

/// A vendor that continues what it is shown, as a good model does; else says all of it.
inline Behaviour goes_on(const ServedRequest& request, std::string_view lead = {}) {
    for (const baton::Message& message : request.incoming.request.messages) {
        if (message.role != baton::Role::assistant) continue;
        const std::string said = message.text();
        std::string rest(lead);
        rest += whole.substr(std::min(whole.size(), said.size()));
        return Behaviour(Answer(rest, std::max<std::size_t>(1, rest.size() / 5)));
    }
    return Behaviour(Answer(whole, 60));
}

struct Scene : Lab {
    template <class C = Chat, class... Options>
    C chat(bool fallback, Options&&... options) {
        if (fallback) return make<C>(openai(), anthropic(), spy, std::forward<Options>(options)...);
        return make<C>(openai(), spy, std::forward<Options>(options)...);
    }
    void primary(Script script) { net.serve("openai.test", std::move(script)); }
    Scene() {
        net.serve("anthropic.test", [](const ServedRequest& request) { return goes_on(request); });
    }
    ~Scene() {
        BOOST_TEST(net.misused() == 0u);
        BOOST_TEST(net.open() == 0u);
    }
    std::size_t asked(std::string_view host) const {
        return static_cast<std::size_t>(
            std::count_if(net.requests().begin(), net.requests().end(),
                          [&](const ServedRequest& request) { return request.header("host") == host; }));
    }
};

inline Request hello() { return Request("Say sixty words."); }

/// Runs `check(scene, result, streamed, fallback)` in all four modes.
template <class C = Chat, class Setup, class Check>
inline void in_every_mode(Setup setup, Check check) {
    for (const bool fallback : {false, true}) {
        for (const bool streamed : {false, true}) {
            BOOST_TEST_CONTEXT((fallback ? "with" : "without")
                               << " a fallback, " << (streamed ? "streamed" : "whole")) {
                Scene scene;
                setup(scene);
                C chat = scene.chat<C>(fallback);
                const Result got = scene.ask(chat, streamed, hello());
                BOOST_TEST(got.ended);
                if (streamed && got.reply) BOOST_TEST(got.text == got.reply->text());
                check(scene, got, streamed, fallback);
            }
        }
    }
}

inline void is_whole(const Result& got) {
    BOOST_TEST_REQUIRE(got.reply.has_value(), (got.reply ? "" : got.reply.error().what()));
    BOOST_TEST(got.reply->text() == whole);
}

inline Behaviour answers() { return Behaviour(Answer(whole, 60)); }

} // namespace lab
