// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "../support/part.hpp"

#include <baton/core/utf8.hpp>
#include <baton/policy/rng.hpp>
#include <baton/policy/seam.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(seam)

using namespace baton;

namespace {

constexpr std::size_t none = std::string::npos;

// BOOST_TEST_REQUIRE takes a microsecond, and there are millions of these.
#define MUST(condition)                                                                                      \
    if (!(condition)) BOOST_FAIL("violated: " #condition)

Continuation how_of(std::size_t window, std::size_t min_overlap, std::size_t min_echo = none) {
    Continuation how;
    how.window = window;
    how.min_overlap = min_overlap;
    how.min_echo = min_echo;
    return how;
}

bool all_space(std::string_view text) { return text.find_first_not_of(" \t\n\v\f\r") == none; }
bool well_formed(std::string_view text) {
    while (!text.empty()) {
        const utf8::Sequence next = utf8::sequence(text.data(), text.data() + text.size());
        if (!next.valid) return false;
        text.remove_prefix(next.length);
    }
    return true;
}
bool inside(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

/// What a seam is, looked at from the end: with both texts whole.
struct Expected {
    std::string whole;       ///< what the caller has in the end
    std::size_t retract = 0; ///< and had to take back on the way
};

std::size_t overlap(std::string_view old, std::string_view fresh, const Continuation& how) {
    if (inside(fresh, 0)) return 0;
    for (std::size_t k = std::min({how.window, old.size(), fresh.size()}); k >= how.min_overlap; --k) {
        if (old.substr(old.size() - k) == fresh.substr(0, k)) return all_space(fresh.substr(0, k)) ? 0 : k;
    }
    return 0;
}

Expected expect(ResumeMode mode, const std::string& old, const std::string& fresh, const Continuation& how) {
    if (mode == ResumeMode::none) return {old + fresh};
    if (mode == ResumeMode::restart) {
        std::size_t same = 0;
        while (same < std::min(old.size(), fresh.size()) && old[same] == fresh[same]) ++same;
        if (same == old.size()) return {fresh};
        for (int i = 0; i < 3 && same > 0 && inside(old, same); ++i) --same;
        return {fresh, old.size() - same};
    }
    std::string rest = fresh, sent = old;
    if (mode == ResumeMode::prefill) {
        while (!sent.empty() && all_space(std::string_view(sent).substr(sent.size() - 1))) sent.pop_back();
    }
    const bool may_echo =
        sent.size() >= how.min_echo && (mode == ResumeMode::prefill || sent.size() > how.window);
    const bool echoed = may_echo && rest.starts_with(sent);
    if (echoed) rest.erase(0, sent.size());
    if (mode == ResumeMode::prefill) {
        for (std::size_t i = sent.size(); i < old.size() && !rest.empty() && rest[0] == old[i]; ++i)
            rest.erase(0, 1);
    } else if (!echoed) {
        rest.erase(0, overlap(old, rest, how));
    }
    return {old + rest};
}

/// Whether the seam has to wait after `fresh`, the new text so far.
bool must_wait(const std::string& old, std::string_view fresh, const Continuation& how) {
    if (inside(fresh, 0)) return false;
    const std::size_t most = std::min(how.window, old.size());
    for (std::size_t k = most; k >= how.min_overlap; --k) {
        if (k <= fresh.size()) {
            if (old.substr(old.size() - k) == fresh.substr(0, k)) return false; // the longest: decided
        } else if (old.compare(old.size() - k, fresh.size(), fresh) == 0) {
            return true;
        }
    }
    return false;
}

/// Runs one seam over `fresh`, cut after the bytes in `cuts`, and checks every step.
void run(ResumeMode mode, const std::string& old, const std::string& fresh,
         const std::vector<std::size_t>& cuts, const Continuation& how) {
    const Expected expected = expect(mode, old, fresh, how);
    std::string answer = old; // the Reply under assembly
    std::size_t retracted = 0, at = 0;
    Seam seam(mode, old, how);
    const auto take = [&](const Seam::Step& step) {
        MUST(step.retract <= answer.size());
        if (step.retract > 0) {
            MUST(retracted == 0);
            const std::string text(step.text); // may lie in the answer
            answer.resize(answer.size() - step.retract);
            answer += text;
        } else {
            answer.append(step.text.data(), step.text.size());
        }
        retracted += step.retract;
    };
    const auto feed = [&](std::size_t to) {
        const bool settled = seam.settled();
        const std::string piece = fresh.substr(at, to - at);
        const Seam::Step step = seam.feed(answer, piece);
        if (settled) MUST(step.text == piece && step.retract == 0);
        if (!seam.settled()) MUST(step.text.empty() && step.retract == 0);
        take(step);
        at = to;
        // what is out is a part of the whole, and no more is held than must be
        if (mode != ResumeMode::restart || seam.settled()) {
            MUST(expected.whole.compare(0, answer.size(), answer) == 0);
        }
        if (mode == ResumeMode::instruct && how.min_echo == none) {
            MUST(!seam.settled() == must_wait(old, std::string_view(fresh).substr(0, at), how));
            if (!seam.settled()) MUST(at < std::max<std::size_t>(how.window, 1));
        }
    };
    for (const std::size_t cut : cuts) feed(cut);
    feed(fresh.size());
    take(seam.finish(answer));
    MUST(seam.settled());
    if (answer != expected.whole)
        BOOST_FAIL("old [" << old << "] new [" << fresh << "] gave [" << answer << "], not ["
                           << expected.whole << "]");
    MUST(retracted == expected.retract);
    if (well_formed(old) && well_formed(fresh))
        MUST(retracted == 0 || !inside(answer, old.size() - retracted));
    MUST(seam.dropped() + answer.size() == old.size() - retracted + fresh.size());
    MUST(seam.finish(answer).text.empty()); // nothing comes twice
}

const ResumeMode modes[] = {ResumeMode::none, ResumeMode::prefill, ResumeMode::instruct, ResumeMode::restart};

const std::string texts[] = {
    "",
    " ",
    "a",
    "aa",
    "aaaa",
    "aaaaaaaaab",
    "abab",
    "ababab",
    "abcabcabd",
    "The quick brown fox",
    "brown fox jumps over",
    " fox jumps",
    "Hello ",
    "Hello\n\n",
    "\n\nworld",
    " world",
    "\n",
    "   ",
    "Hello",
    "ello, world",
    "\xC3\xA9t\xC3\xA9",
    "\xC3\xA8re \xC3\xA9",
    "\xE2\x82\xAC 5",
    "\xE2\x82\xAD 5",
    "5 \xE2\x82\xAC",
    "\xF0\x9F\x98\x80\xF0\x9F\x98\x81",
    "\xF0\x9F\x98\x81\xF0\x9F\x98\x82!",
    "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
    "\x80\x80",
    "x\xE2\x82",
    "\xAC y",
    "| --- | --- |",
    "| --- |\n",
    "ha ha ha ",
    "ha ha ha ha",
};

} // namespace

BOOST_AUTO_TEST_CASE(what_is_dropped_and_what_is_not) {
    struct Row {
        ResumeMode mode;
        std::string_view old, fresh, text;
        std::size_t retract = 0;
    };
    const Continuation how; // the defaults
    using enum ResumeMode;
    const Row rows[] = {
        {instruct, "The quick brown", " fox", " fox"},
        {instruct, "The quick brown", "brown fox", " fox"},
        {instruct, "The quick brown", "The quick brown fox", " fox"},
        {instruct, "The quick brown", "quick brown", ""},
        {instruct, "Hello ", " world", " world"},          // one byte is no evidence
        {instruct, "banana", "ana!", "ana!"},              // nor are three
        {instruct, "bandana", "dana!", "!"},               // four are
        {instruct, "if x:\n      ", "      y", "      y"}, // white space alone never is
        {instruct, "if x:\n      ", "x:\n      y", "y"},
        {instruct, "aaaa", "aaaaaab", "aab"},
        {instruct, "\xE2\x82\xAC\xE2\x82\xAC", "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAD", "\xE2\x82\xAD"},
        {prefill, "The quick brown", " fox", " fox"},
        {prefill, "The quick brown ", " fox", "fox"}, // sent without the space
        {prefill, "The quick brown ", "fox", "fox"},
        {prefill, "brown fox", "brown fox", "brown fox"},                        // too short for an echo
        {prefill, "The quick brown fox ", "The quick brown fox jumps", "jumps"}, // an echo
        {prefill, "The quick brown fox ", "The quick brown dog", "The quick brown dog"},
        {prefill, " \n", " \nHello", "Hello"},
        {restart, "The quick", "The quick brown", " brown"},
        {restart, "The quick", "The slow", "slow", 5},
        {restart, "The quick", "The", "", 6},
        {restart, "The quick", "", "", 9},
        {restart, "", "All new", "All new"},
        {restart, "caf\xC3\xA9", "caf\xC3\xA8!", "\xC3\xA8!", 2},
        {restart, "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x81", "\xF0\x9F\x98\x81", 4},
    };
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT("[" << row.old << "] [" << row.fresh << "]") {
            Seam seam(row.mode, row.old, how);
            Seam::Step step = seam.feed(row.old, row.fresh);
            std::string text(step.text);
            std::size_t retract = step.retract;
            step = seam.finish(row.old);
            text += step.text;
            retract += step.retract;
            BOOST_TEST(text == row.text);
            BOOST_TEST(retract == row.retract);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_pair_of_texts_at_every_split) {
    const Continuation all[] = {how_of(512, 4), how_of(512, 1),    how_of(3, 1),    how_of(8, 2),
                                how_of(0, 1),   how_of(512, 4, 1), how_of(4, 2, 5), Continuation()};
    std::size_t runs = 0;
    for (const Continuation& how : all) {
        for (const std::string& old : texts) {
            for (const std::string& tail : texts) {
                for (const std::string& fresh : {tail, old + tail, old.substr(old.size() / 2) + tail}) {
                    for (const ResumeMode mode : modes) {
                        for (std::size_t one = 0; one <= fresh.size(); one += test::one_in)
                            run(mode, old, fresh, {one}, how);
                        std::vector<std::size_t> bytes(fresh.size());
                        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = i;
                        run(mode, old, fresh, bytes, how);
                        runs += fresh.size() / test::one_in + 2;
                    }
                }
            }
        }
    }
    BOOST_TEST(runs > 1'000'000U / test::one_in);
}

BOOST_AUTO_TEST_CASE(overlaps_of_every_length_at_every_split) {
    std::string old, rest = "\x01 and so on";
    Xoshiro dice(1);
    for (int i = 0; i < 100; ++i) old += static_cast<char>('a' + dice.below(26));
    for (const std::size_t window : {0U, 1U, 16U, 64U}) {
        const Continuation how = how_of(window, 1);
        for (std::size_t k = 0; k <= window; ++k) {
            const std::string fresh = old.substr(old.size() - k) + rest;
            for (std::size_t one = 0; one <= fresh.size(); ++one) {
                Seam seam(ResumeMode::instruct, old, how);
                std::string out(seam.feed(old, fresh.substr(0, one)).text);
                out += seam.feed(old, fresh.substr(one)).text;
                out += seam.finish(old).text;
                MUST(out == rest);
                MUST(seam.dropped() == k);
                run(ResumeMode::instruct, old, fresh, {one / 2, one}, how);
            }
        }
        BOOST_TEST(overlap(old, old.substr(old.size() - window) + rest, how) == window);
    }
}

BOOST_AUTO_TEST_CASE(random_seams_equal_the_naive_model) {
    // Small alphabets, so that texts repeat themselves; the new text is often made of the old one.
    const std::vector<std::string> alphabets[] = {
        {"a"},
        {"a", "b"},
        {"a", "b", " "},
        {"\n", " ", "x"},
        {"\xC3\xA9", "\xC3\xA8", "e"},
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x81", "\xF0\x9F\x98\x82"},
        {"\xE2", "\x82", "\xAC", "\xE2\x82\xAC"}, // the last: not always well-formed
    };
    std::size_t steps = 0;
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Xoshiro dice(seed * 7919 + 1);
            const auto& alphabet = alphabets[dice.below(std::size(alphabets))];
            const auto text = [&](std::uint64_t most) {
                std::string made;
                for (std::uint64_t n = dice.below(most + 1); n > 0; --n)
                    made += alphabet[dice.below(alphabet.size())];
                return made;
            };
            for (int round = 0; round < 60; ++round) {
                const std::string old = text(40);
                std::string fresh;
                const std::size_t from = dice.below(old.size() + 1);
                switch (dice.below(4)) {
                case 0: break;
                case 1: fresh = old; break;
                case 2: fresh = old.substr(from); break;
                default: fresh = old.substr(0, from); break;
                }
                fresh += text(20);
                std::vector<std::size_t> cuts;
                for (std::size_t at = 0; at < fresh.size(); at += 1 + dice.below(6)) cuts.push_back(at);
                const Continuation how =
                    how_of(dice.below(50), 1 + dice.below(6), dice.below(2) == 0 ? none : 1 + dice.below(20));
                run(modes[dice.below(4)], old, fresh, cuts, how);
                steps += cuts.size() + 2;
            }
        }
    }
    BOOST_TEST(steps > 1'000'000U);
}

BOOST_AUTO_TEST_CASE(long_texts_take_linear_time_and_bounded_memory) {
    // The worst text for a search that starts over: nearly equal everywhere. Quadratic work per window would
    // be 4096 times as much.
    const std::string old(4'000'000, 'a');
    Seam restart(ResumeMode::restart, old, Continuation());
    for (std::size_t at = 0; at < old.size(); at += 1000) {
        MUST(restart.feed(old, std::string_view(old).substr(at, 1000)).text.empty());
    }
    BOOST_TEST(restart.settled());
    Seam echo(ResumeMode::prefill, old, Continuation());
    for (std::size_t at = 0; at < old.size() - 1; ++at) MUST(echo.feed(old, "a").text.empty());
    BOOST_TEST(echo.feed(old, "ab").text == "b");
    BOOST_TEST(echo.dropped() == old.size());
    for (int i = 0; i < 50; ++i) {
        const Continuation how = how_of(4096, 4000);
        Seam seam(ResumeMode::instruct, old, how);
        for (int n = 0; n < 4095; ++n) MUST(seam.feed(old, "a").text.empty());
        MUST(seam.feed(old, "b").text == "b");
        MUST(seam.settled());
    }
}

BOOST_AUTO_TEST_SUITE_END()
