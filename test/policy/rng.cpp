// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/rng.hpp>

#include <cstdint>

BOOST_AUTO_TEST_SUITE(rng)

using namespace baton;
using namespace std::chrono_literals;

// Numbers of a second implementation, in Python, which gives the published first numbers of xoshiro256** from
// the state 1, 2, 3, 4 (11520, 0, 1509978240, 1215971899390074240, ...) and of SplitMix64 from 1234567
// (6457827717110365317, 3203168211198807973, ...).
BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_numbers_everywhere) {
    Xoshiro zero, fortytwo(42);
    for (const std::uint64_t expected :
         {0x99ec5f36cb75f2b4U, 0xbf6e1f784956452aU, 0x1a5f849d4933e6e0U, 0x6aa594f1262d2d2cU})
        BOOST_TEST(zero.next() == expected);
    for (const std::uint64_t expected :
         {0x15780b2e0c2ec716U, 0x6104d9866d113a7eU, 0xae17533239e499a1U, 0xecb8ad4703b360a1U})
        BOOST_TEST(fortytwo.next() == expected);
}

BOOST_AUTO_TEST_CASE(streams_depend_on_seed_and_number_alone) {
    Xoshiro source(42);
    static_cast<void>(source.next());
    Xoshiro first = source.stream(0), second = source.stream(1);
    for (const std::uint64_t expected : {0xecc0ac6aa2cf50c3U, 0xdd9aaea092b2b264U})
        BOOST_TEST(first.next() == expected);
    for (const std::uint64_t expected : {0xdca62e00f3f8dabdU, 0xff612e6447330429U})
        BOOST_TEST(second.next() == expected);
}

BOOST_AUTO_TEST_CASE(ranges) {
    Xoshiro rng(42);
    for (const std::uint64_t expected : {83U, 378U, 680U, 924U}) BOOST_TEST(rng.below(1000) == expected);
    for (int i = 0; i < 4; ++i) BOOST_TEST((rng.uniform(999ns).count() < 1000));
    BOOST_TEST(rng.below(0) == 0U);
    BOOST_TEST(rng.below(1) == 0U);
    BOOST_TEST((rng.uniform(0ns) == 0ns && rng.uniform(-5s) == 0ns));
    int ends[2] = {};
    for (int i = 0; i < 1000; ++i) {
        const Duration d = rng.uniform(1ns); // both ends included
        BOOST_TEST_REQUIRE((d == 0ns || d == 1ns));
        ++ends[d == 1ns];
        const double u = rng.unit();
        BOOST_TEST_REQUIRE((u >= 0 && u < 1));
    }
    BOOST_TEST(ends[0] > 400);
    BOOST_TEST(ends[1] > 400);
    // 53 bits of the number
    BOOST_TEST(Xoshiro(42).unit() == static_cast<double>(0x15780b2e0c2ec716U >> 11) / 9007199254740992.0);
}

BOOST_AUTO_TEST_CASE(the_operating_system_gives_seeds) {
    const std::uint64_t a = random_seed(), b = random_seed();
    BOOST_TEST(a != b);                 // once in 2^64
    BOOST_TEST((a >> 32) != (b >> 32)); // once in 2^32
    BOOST_TEST((a & 0xffffffffU) != (b & 0xffffffffU));
}

BOOST_AUTO_TEST_SUITE_END()
