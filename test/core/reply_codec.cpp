// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/core/hash.hpp>
#include <baton/core/reply_codec.hpp>

#include <limits>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(reply_codec)

using baton::Part, baton::Reply, baton::StopReason;

namespace {

struct Dice {
    std::uint64_t state;
    std::uint64_t next() { return baton::detail::scatter(state++); }
    std::uint64_t below(std::uint64_t n) { return next() % n; }
};

std::string random_text(Dice& dice) {
    std::string text;
    const std::uint64_t size = dice.below(10) == 0 ? dice.below(400) : dice.below(20);
    for (std::uint64_t i = 0; i < size; ++i) text += static_cast<char>(dice.below(256));
    return text;
}

Reply random_reply(Dice& dice) {
    Reply r;
    r.id = random_text(dice);
    r.model = random_text(dice);
    r.stop = static_cast<StopReason>(dice.below(8));
    r.stop_text = random_text(dice);
    for (auto counter :
         {&baton::Usage::input_tokens, &baton::Usage::cached_input_tokens, &baton::Usage::cache_write_tokens,
          &baton::Usage::input_audio_tokens, &baton::Usage::output_tokens, &baton::Usage::reasoning_tokens,
          &baton::Usage::output_audio_tokens}) {
        r.usage.*counter = dice.next() >> dice.below(64);
    }
    r.usage.reported = dice.below(2) == 1;
    r.usage.estimated = dice.below(2) == 1;
    for (std::uint64_t n = dice.below(4); n > 0; --n) {
        Part& part = r.parts.emplace_back(static_cast<Part::Kind>(dice.below(7)), random_text(dice));
        if (dice.below(2) == 0) continue;
        Part::Detail& d = part.detail.ensure();
        d.id = random_text(dice);
        d.name = random_text(dice);
        d.media_type = random_text(dice);
        d.signature = random_text(dice);
        d.vendor = random_text(dice);
        d.extra = random_text(dice);
        d.is_error = dice.below(2) == 1;
    }
    r.seal();
    return r;
}

bool same_content(const Reply& a, const Reply& b) {
    return a.id == b.id && a.model == b.model && a.parts == b.parts && a.stop == b.stop &&
           a.stop_text == b.stop_text && a.usage == b.usage && a.text() == b.text();
}

std::string packed(const Reply& reply, int provider = -1) {
    std::string out;
    baton::pack(reply, out, provider);
    // the form for a place of known size is the same, to the byte
    std::vector<char> place(baton::packed_size(reply, provider));
    baton::pack(reply, place.data(), provider);
    if (out != std::string_view(place.data(), place.size())) BOOST_FAIL("the two forms of pack differ");
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_goes_in_comes_out) {
    Dice dice{7};
    for (int i = 0; i < 5000; ++i) {
        const Reply reply = random_reply(dice);
        const int provider = static_cast<int>(dice.below(5)) - 1;
        const std::string bytes = packed(reply, provider);
        Reply back = random_reply(dice); // whatever was in it is gone
        int index = 99;
        BOOST_TEST_REQUIRE(baton::unpack(bytes, back, &index));
        BOOST_TEST_REQUIRE(same_content(reply, back));
        BOOST_TEST_REQUIRE(index == provider);
        BOOST_TEST_REQUIRE(
            (back.trace.attempts.empty() && !back.served_by_fallback && back.provider.empty()));
    }
}

BOOST_AUTO_TEST_CASE(limits_of_numbers_and_an_empty_reply) {
    Reply reply;
    Reply back;
    BOOST_TEST(baton::unpack(packed(reply), back));
    BOOST_TEST(same_content(reply, back));
    reply.usage.input_tokens = std::numeric_limits<std::uint64_t>::max();
    int index = 0;
    BOOST_TEST(baton::unpack(packed(reply, std::numeric_limits<int>::max() - 1), back, &index));
    BOOST_TEST(same_content(reply, back));
    BOOST_TEST(index == std::numeric_limits<int>::max() - 1);
}

BOOST_AUTO_TEST_CASE(how_it_was_got_is_left_out) {
    Reply reply;
    reply.parts.emplace_back("text");
    const std::string bytes = packed(reply);
    reply.provider = "vendor";
    reply.served_by_fallback = true;
    reply.trace.attempts.emplace_back();
    reply.trace.cache_hit = true;
    BOOST_TEST((packed(reply) == bytes));
}

BOOST_AUTO_TEST_CASE(it_is_compact_and_appends) {
    Reply reply;
    reply.parts.emplace_back(std::string(1000, 'x'));
    BOOST_TEST(packed(reply).size() <= 1000U + 13 * 8);
    std::string out = "prefix";
    baton::pack(reply, out);
    BOOST_TEST((out == "prefix" + packed(reply)));
}

BOOST_AUTO_TEST_CASE(nothing_shorter_or_longer_is_accepted) {
    Dice dice{8};
    for (int i = 0; i < 50; ++i) {
        const std::string bytes = packed(random_reply(dice));
        for (std::size_t n = 0; n < bytes.size(); ++n) {
            // a copy of exactly this size, so that ASan sees a read beyond it
            const std::vector<char> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
            Reply back = random_reply(dice);
            BOOST_TEST_REQUIRE(!baton::unpack(std::string_view(part.data(), part.size()), back));
            BOOST_TEST_REQUIRE((back.parts.empty() && back.id.empty() && back.text().empty()));
        }
        Reply back;
        BOOST_TEST_REQUIRE(!baton::unpack(bytes + '\0', back));
    }
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_are_another_replys_bytes) {
    Dice dice{9};
    int refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes = packed(random_reply(dice), static_cast<int>(dice.below(3)));
        for (std::uint64_t n = 1 + dice.below(3); n > 0; --n) {
            bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
        }
        Reply back;
        int index = 0;
        if (baton::unpack(bytes, back, &index)) {
            if (packed(back, index) != bytes) BOOST_FAIL("two forms of one reply");
        } else {
            ++refused;
        }
    }
    BOOST_TEST(refused > 1000);
}

BOOST_AUTO_TEST_CASE(every_enumeration_and_flag_is_checked) {
    Reply reply;
    reply.parts.emplace_back("");
    const std::string good = packed(reply);
    Reply back;
    const auto with = [&](std::size_t at, char value) {
        std::string bytes = good;
        bytes[at] = value;
        return baton::unpack(bytes, back);
    };
    const std::size_t mark = good.size() - 2; // of the one part: kind, then flags
    BOOST_TEST(with(mark, 6));
    BOOST_TEST(!with(mark, 7));                             // no such kind
    BOOST_TEST(!with(mark + 1, 2));                         // an error flag without a detail
    BOOST_TEST(!with(mark + 1, 4));                         // no such flag
    std::string detailed = good + std::string(6 * 8, '\0'); // an empty detail follows
    detailed[mark + 1] = 1;
    BOOST_TEST(baton::unpack(detailed, back));
    detailed[mark + 1] = 2;
    BOOST_TEST(!baton::unpack(detailed, back));
    BOOST_TEST(with(1, 7));
    BOOST_TEST(!with(1, 8)); // no such stop reason
    BOOST_TEST(with(2, 3));
    BOOST_TEST(!with(2, 4)); // no such flag of usage
    BOOST_TEST(!with(3, 1));
    BOOST_TEST(!with(14, 1)); // a mark on a text that bears none
}

BOOST_AUTO_TEST_CASE(claims_larger_than_the_bytes_allocate_nothing) {
    // a text of 2^48 - 1 bytes, and 2^64 - 1 parts
    const std::string empty = packed(Reply());
    Reply back;
    BOOST_TEST(baton::unpack(empty, back));
    std::string long_text = empty;
    long_text.replace(8, 6, "\xff\xff\xff\xff\xff\xff");
    BOOST_TEST(!baton::unpack(long_text, back));
    std::string many = empty;
    many.replace(many.size() - 8, 8, 8, '\xff');
    BOOST_TEST(!baton::unpack(many, back));
    std::string other_version = empty;
    other_version[0] = '\2';
    BOOST_TEST(!baton::unpack(other_version, back));
}

BOOST_AUTO_TEST_SUITE_END()
