// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/core/canonical.hpp>
#include <baton/core/hash.hpp>
#include <baton/core/sha256.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

BOOST_AUTO_TEST_SUITE(canonical_and_hash)

using namespace std::chrono_literals;
using baton::Message, baton::Part, baton::Request, baton::ResponseFormat, baton::Role, baton::Tool,
    baton::ToolChoice;

namespace {

std::string bytes_of(const Request& request) {
    std::string out;
    baton::canonical(request, out);
    return out;
}

/// Numbers for the tests below; SplitMix64.
struct Dice {
    std::uint64_t state;
    std::uint64_t below(std::uint64_t n) { return baton::detail::scatter(state++) % n; }
};

Part::Detail detail(std::string id, std::string name, std::string media, std::string signature,
                    std::string vendor, std::string extra, bool error) {
    Part::Detail d;
    d.id = std::move(id);
    d.name = std::move(name);
    d.media_type = std::move(media);
    d.signature = std::move(signature);
    d.vendor = std::move(vendor);
    d.extra = std::move(extra);
    d.is_error = error;
    return d;
}

Request full() {
    Request r;
    r.messages.push_back(baton::system("s"));
    r.messages.push_back(baton::user("u"));
    r.messages[1].parts.emplace_back(Part::Kind::image, "i", detail("a", "b", "c", "d", "e", "f", false));
    r.model = "m";
    r.task = "t";
    r.tenant = "n";
    r.extra = "{}";
    r.tools.emplace_back("f", "g", "h");
    r.stop = {"x"};
    r.fallbacks = {"v/w"};
    r.tool_choice = ToolChoice("f");
    r.response_format = ResponseFormat("r", "{}", false);
    r.temperature = 0.5;
    r.top_p = 0.5;
    r.seed = 1;
    r.max_tokens = 2;
    r.deadline = 3s;
    r.priority = 4;
    return r;
}

using Edit = std::pair<const char*, std::function<void(Request&)>>;

std::vector<Edit> edits() {
    const auto picture = [](Request& r) -> Part& { return r.messages[1].parts[1]; };
    return {
        {"another message", [](Request& r) { r.messages.push_back(baton::user("")); }},
        {"one message less", [](Request& r) { r.messages.pop_back(); }},
        {"order of messages", [](Request& r) { std::swap(r.messages[0], r.messages[1]); }},
        {"role", [](Request& r) { r.messages[1].role = Role::assistant; }},
        {"role tool", [](Request& r) { r.messages[1].role = Role::tool; }},
        {"no part", [](Request& r) { r.messages[0].parts.clear(); }},
        {"another part", [](Request& r) { r.messages[0].parts.emplace_back(""); }},
        {"text", [](Request& r) { r.messages[0].parts[0].text = "S"; }},
        {"longer text", [](Request& r) { r.messages[0].parts[0].text += '\0'; }},
        {"part kind", [=](Request& r) { picture(r).kind = Part::Kind::document; }},
        {"part text", [=](Request& r) { picture(r).text = "j"; }},
        {"no detail", [=](Request& r) { picture(r).detail.reset(); }},
        {"an empty detail", [](Request& r) { r.messages[0].parts[0].detail.ensure(); }},
        {"detail id", [=](Request& r) { picture(r).detail->id = "A"; }},
        {"detail name", [=](Request& r) { picture(r).detail->name = "B"; }},
        {"detail media type", [=](Request& r) { picture(r).detail->media_type = "C"; }},
        {"detail signature", [=](Request& r) { picture(r).detail->signature = "D"; }},
        {"detail vendor", [=](Request& r) { picture(r).detail->vendor = "E"; }},
        {"detail extra", [=](Request& r) { picture(r).detail->extra = "F"; }},
        {"detail is_error", [=](Request& r) { picture(r).detail->is_error = true; }},
        {"model", [](Request& r) { r.model = "M"; }},
        {"no model", [](Request& r) { r.model.clear(); }},
        {"task", [](Request& r) { r.task = "T"; }},
        {"tenant", [](Request& r) { r.tenant = "N"; }},
        {"no tenant", [](Request& r) { r.tenant.clear(); }},
        {"extra", [](Request& r) { r.extra = "{ }"; }},
        {"another tool", [](Request& r) { r.tools.emplace_back(); }},
        {"no tool", [](Request& r) { r.tools.clear(); }},
        {"tool name", [](Request& r) { r.tools[0].name = "F"; }},
        {"tool description", [](Request& r) { r.tools[0].description = "G"; }},
        {"tool parameters", [](Request& r) { r.tools[0].parameters = "H"; }},
        {"tool strict", [](Request& r) { r.tools[0].strict = true; }},
        {"stop", [](Request& r) { r.stop[0] = "X"; }},
        {"another stop", [](Request& r) { r.stop.emplace_back(); }},
        {"no stop", [](Request& r) { r.stop.clear(); }},
        {"fallbacks", [](Request& r) { r.fallbacks[0] = "V/w"; }},
        {"another fallback", [](Request& r) { r.fallbacks.emplace_back(); }},
        {"no fallback", [](Request& r) { r.fallbacks.clear(); }},
        {"fallback as stop", [](Request& r) { r.stop.swap(r.fallbacks); }},
        {"no tool choice", [](Request& r) { r.tool_choice.reset(); }},
        {"tool choice mode", [](Request& r) { r.tool_choice->mode = ToolChoice::Mode::required; }},
        {"tool choice name", [](Request& r) { r.tool_choice->name = "F"; }},
        {"no format", [](Request& r) { r.response_format.reset(); }},
        {"format kind", [](Request& r) { r.response_format->kind = ResponseFormat::Kind::json_object; }},
        {"format name", [](Request& r) { r.response_format->name = "R"; }},
        {"format schema", [](Request& r) { r.response_format->schema = "[]"; }},
        {"format strict", [](Request& r) { r.response_format->strict = true; }},
        {"temperature", [](Request& r) { r.temperature = 0.75; }},
        {"temperature 0", [](Request& r) { r.temperature = 0.0; }},
        {"no temperature", [](Request& r) { r.temperature.reset(); }},
        {"temperature by one bit", [](Request& r) { r.temperature = std::nextafter(0.5, 1.0); }},
        {"top_p", [](Request& r) { r.top_p = 0.75; }},
        {"no top_p", [](Request& r) { r.top_p.reset(); }},
        {"seed", [](Request& r) { r.seed = -1; }},
        {"seed 0", [](Request& r) { r.seed = 0; }},
        {"no seed", [](Request& r) { r.seed.reset(); }},
        {"max_tokens", [](Request& r) { r.max_tokens = 3; }},
        {"no max_tokens", [](Request& r) { r.max_tokens.reset(); }},
        {"parallel_tools", [](Request& r) { r.parallel_tools = false; }},
    };
}

/// A small request over a small alphabet, in which lengths and contents look alike.
Request random_request(Dice& dice) {
    const auto text = [&] {
        std::string t;
        for (std::uint64_t n = dice.below(4); n > 0; --n) t += "\0\1\2a"[dice.below(4)];
        return t;
    };
    Request r;
    for (std::uint64_t n = dice.below(3); n > 0; --n) {
        Message m;
        m.role = static_cast<Role>(dice.below(2));
        for (std::uint64_t p = dice.below(3); p > 0; --p) {
            m.parts.emplace_back(static_cast<Part::Kind>(dice.below(2)), text());
            if (dice.below(4) == 0)
                m.parts.back().detail = detail(text(), text(), "", "", text(), text(), dice.below(2) == 1);
        }
        r.messages.push_back(std::move(m));
    }
    if (dice.below(2)) r.tenant = text();
    if (dice.below(2)) r.model = text();
    if (dice.below(4) == 0) r.task = text();
    if (dice.below(4) == 0) r.extra = text();
    for (std::uint64_t n = dice.below(4); n > 2; --n) r.tools.emplace_back(text(), text(), text());
    for (std::uint64_t n = dice.below(3); n > 0; --n) r.stop.push_back(text());
    for (std::uint64_t n = dice.below(3); n > 0; --n) r.fallbacks.push_back(text());
    if (dice.below(8) == 0) r.tool_choice = ToolChoice(text());
    if (dice.below(8) == 0) r.response_format = ResponseFormat(text(), text(), dice.below(2) == 1);
    if (dice.below(8) == 0) r.temperature = static_cast<double>(dice.below(3));
    if (dice.below(8) == 0) r.top_p = static_cast<double>(dice.below(3));
    if (dice.below(8) == 0) r.seed = static_cast<std::int64_t>(dice.below(3));
    if (dice.below(8) == 0) r.max_tokens = static_cast<std::uint32_t>(dice.below(3));
    r.parallel_tools = dice.below(8) != 0;
    return r;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_member_that_can_change_an_answer_changes_the_bytes) {
    std::map<std::string, std::string> seen{{bytes_of(full()), "nothing"},
                                            {bytes_of(Request()), "the empty request"}};
    for (const auto& [name, edit] : edits()) {
        Request changed = full();
        edit(changed);
        BOOST_TEST(!(changed == full()), name << " is not an edit");
        const auto [same, is_new] = seen.emplace(bytes_of(changed), name);
        BOOST_TEST(is_new, name << " gives the bytes of " << same->second);
        Request copy = changed;
        BOOST_TEST(bytes_of(copy) == bytes_of(changed));
    }
}

BOOST_AUTO_TEST_CASE(how_a_call_is_served_is_left_out) {
    const std::string bytes = bytes_of(full());
    Request r = full();
    r.deadline = 99s;
    BOOST_TEST((bytes_of(r) == bytes));
    r.deadline.reset();
    r.priority = -7;
    r.cacheable = false;
    BOOST_TEST((bytes_of(r) == bytes));
}

BOOST_AUTO_TEST_CASE(equal_requests_have_equal_bytes) {
    Request r = full();
    r.temperature = -0.0;
    Request s = full();
    s.temperature = 0.0;
    BOOST_TEST((r == s));
    BOOST_TEST((bytes_of(r) == bytes_of(s)));
}

BOOST_AUTO_TEST_CASE(it_appends) {
    std::string out = "prefix";
    baton::canonical(full(), out);
    BOOST_TEST((out == "prefix" + bytes_of(full())));
}

BOOST_AUTO_TEST_CASE(bytes_moved_between_neighbours_never_collide) {
    // every way to spread one text over members that stand next to each other
    const std::string whole("\0\1a\0\0\0\0\0\0\0\1b\0\0\0\0\0\0\0\0c", 21);
    std::set<std::string> seen;
    std::size_t made = 0;
    const auto add = [&](const Request& r) {
        ++made;
        seen.insert(bytes_of(r));
    };
    for (std::size_t i = 0; i <= whole.size(); ++i) {
        const std::string left = whole.substr(0, i), right = whole.substr(i);
        const auto two = [&](auto edit) {
            Request r = full();
            edit(r);
            add(r);
        };
        two([&](Request& r) { r.tenant = left, r.model = right; });
        two([&](Request& r) { r.model = left, r.task = right; });
        two([&](Request& r) { r.task = left, r.extra = right; });
        two([&](Request& r) { r.extra = left, r.messages[0].parts[0].text = right; });
        two([&](Request& r) { r.messages[0].parts[0].text = left, r.messages[1].parts[0].text = right; });
        two([&](Request& r) { r.messages[1].parts[0].text = left, r.messages[1].parts[1].text = right; });
        two([&](Request& r) {
            r.messages[1].parts[1].text = left, r.messages[1].parts[1].detail->id = right;
        });
        two([&](Request& r) {
            r.messages[1].parts[1].detail->id = left, r.messages[1].parts[1].detail->name = right;
        });
        two([&](Request& r) {
            r.messages[1].parts[1].detail->vendor = left, r.messages[1].parts[1].detail->extra = right;
        });
        two([&](Request& r) { r.messages[1].parts[1].detail->extra = left, r.tools[0].name = right; });
        two([&](Request& r) { r.tools[0].name = left, r.tools[0].description = right; });
        two([&](Request& r) { r.tools[0].description = left, r.tools[0].parameters = right; });
        two([&](Request& r) { r.tools[0].parameters = left, r.stop[0] = right; });
        two([&](Request& r) { r.stop[0] = left, r.fallbacks[0] = right; });
        two([&](Request& r) { r.stop = {left, right}; });
        two([&](Request& r) { r.fallbacks = {left, right}; });
        two([&](Request& r) { r.fallbacks[0] = left, r.tool_choice->name = right; });
        two([&](Request& r) { r.tool_choice->name = left, r.response_format->name = right; });
        two([&](Request& r) { r.response_format->name = left, r.response_format->schema = right; });
    }
    BOOST_TEST(seen.size() == made);
}

BOOST_AUTO_TEST_CASE(texts_moved_between_neighbouring_lists_never_collide) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i <= 5; ++i) {
        Request r;
        for (std::size_t k = 0; k < 5; ++k) (k < i ? r.stop : r.fallbacks).emplace_back("t");
        seen.insert(bytes_of(r));
        Request s;
        for (std::size_t k = 0; k < 5; ++k) {
            if (k == 0 || k == i) s.messages.emplace_back();
            s.messages.back().role = Role::system;
            s.messages.back().parts.emplace_back("t");
        }
        seen.insert(bytes_of(s));
    }
    BOOST_TEST(seen.size() == 6U + 5U); // a cut before the first part and one after the last are the same
}

BOOST_AUTO_TEST_CASE(a_detail_made_to_look_like_stop_sequences_does_not) {
    // But for the flag that announces a detail, these two had the same bytes: the detail's id is eight zero
    // bytes, which read as the length of an empty text, and so on.
    Request with_detail;
    with_detail.messages.push_back(baton::user(""));
    with_detail.messages[0].parts[0].detail.ensure().id = std::string(8, '\0');
    with_detail.stop = {std::string(1, '\0')};
    Request without;
    without.messages.push_back(baton::user(""));
    without.stop = {"", "", "", "", "", "", "\1", ""};
    BOOST_TEST(bytes_of(with_detail).size() == bytes_of(without).size());
    BOOST_TEST((bytes_of(with_detail) != bytes_of(without)));
}

BOOST_AUTO_TEST_CASE(random_requests_are_equal_exactly_if_their_bytes_are) {
    Dice dice{42};
    std::map<std::string, Request> seen;
    int repeated = 0;
    for (int i = 0; i < 20'000; ++i) {
        const Request r = random_request(dice);
        const auto [other, is_new] = seen.emplace(bytes_of(r), r);
        if (is_new) continue;
        ++repeated;
        BOOST_TEST_REQUIRE((other->second == r)); // equal bytes, equal requests
    }
    BOOST_TEST(repeated > 30);
    // ... and copies, which are equal, have equal bytes
    for (const auto& [bytes, request] : seen) {
        const Request copy = request;
        if (bytes_of(copy) != bytes) BOOST_FAIL("a copy differs");
    }
}

BOOST_AUTO_TEST_CASE(hash_depends_on_every_bit_of_the_input_and_the_seed) {
    Dice dice{1};
    for (std::size_t size :
         {1U, 2U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 32U, 33U, 63U, 64U, 65U, 79U, 80U, 81U, 130U, 300U}) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) text += static_cast<char>(dice.below(256));
        const std::uint64_t hash = baton::hash64(text, 9);
        double flipped = 0;
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
            const std::uint64_t other = baton::hash64(text, 9);
            text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
            const int changes = std::popcount(hash ^ other);
            BOOST_TEST_REQUIRE((changes >= 10 && changes <= 54)); // of 64; expected 32, deviation 4
            flipped += changes;
        }
        const double mean = flipped / (8.0 * static_cast<double>(size));
        BOOST_TEST((mean > 29 && mean < 35));
        for (int bit = 0; bit < 64; ++bit) {
            const int changes = std::popcount(hash ^ baton::hash64(text, 9 ^ (std::uint64_t{1} << bit)));
            BOOST_TEST_REQUIRE((changes >= 10 && changes <= 54));
        }
        BOOST_TEST(baton::hash64(text, 9) == hash);
    }
}

BOOST_AUTO_TEST_CASE(hash_of_similar_texts_does_not_collide) {
    std::vector<std::uint64_t> hashes;
    std::vector<bool> cells(1 << 20);
    const auto add = [&](const std::string& text) {
        hashes.push_back(baton::hash64(text, 0));
        cells[hashes.back() & 0xfffff] = true;
    };
    for (std::size_t n = 0; n < 2000; ++n) add(std::string(n, '\0'));
    for (std::size_t n = 1; n < 1000; ++n) add(std::string(n, 'a'));
    for (int i = 0; i < 100'000; ++i)
        add("user " + std::to_string(i) + " asks the same long question again and again");
    for (int i = 0; i < 100'000; ++i) add(std::to_string(i));
    std::sort(hashes.begin(), hashes.end());
    BOOST_TEST((std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()));
    // the low bits, which choose a bucket: as many of 2^20 cells are hit as at random, give or take
    const double expected = 1048576 * (1 - std::exp(-static_cast<double>(hashes.size()) / 1048576));
    const auto hit = static_cast<double>(std::count(cells.begin(), cells.end(), true));
    BOOST_TEST(std::abs(hit - expected) < 1500);
}

BOOST_AUTO_TEST_CASE(sha256_of_the_standards_examples) {
    BOOST_TEST(baton::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    BOOST_TEST(baton::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(baton::sha256(std::string(1'000'000, 'a')) ==
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_SUITE_END()
