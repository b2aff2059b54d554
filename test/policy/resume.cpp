// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/resume.hpp>

#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>

BOOST_AUTO_TEST_SUITE(resume)

using namespace baton;

namespace {

using enum ResumeMode;

static_assert(std::is_same_v<Resume<>::strategy, Auto> && std::is_same_v<Resume<>::slot, slot::resume>);
static_assert(std::is_same_v<Resume<Never>::strategy, Never>);
static_assert(std::is_aggregate_v<Auto::Options> && std::is_trivially_destructible_v<Auto::Options>);
static_assert(std::is_aggregate_v<Instruct::Options> && std::is_aggregate_v<Prefill::Options>);

ResumeFacts facts_of(bool prefill, std::size_t bytes) {
    ResumeFacts facts;
    facts.capabilities.prefill = prefill;
    facts.text_bytes = bytes;
    return facts;
}

std::string refusal(auto make) {
    try {
        make();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

} // namespace

BOOST_AUTO_TEST_CASE(the_first_way_by_what_was_delivered) {
    struct Row {
        bool prefill;
        std::size_t bytes;
        bool tools, opaque, structured;
        ResumeMode by_prefill, by_instruct, by_restart, by_auto;
    };
    const Row rows[] = {
        {true, 9, false, false, false, prefill, instruct, restart, prefill},
        {false, 9, false, false, false, none, instruct, restart, instruct},
        {true, 9, true, false, false, none, none, restart, restart},
        {true, 9, false, true, false, none, none, restart, restart},
        {true, 9, false, false, true, none, none, restart, restart},
        // only reasoning, or nothing: any strategy makes a plain second attempt
        {true, 0, false, false, false, restart, restart, restart, restart},
        {false, 0, false, false, true, restart, restart, restart, restart},
        {true, 0, true, false, false, none, none, restart, restart},
        {true, 0, false, true, false, none, none, restart, restart},
    };
    int index = 0;
    for (const Row& row : rows) {
        BOOST_TEST_CONTEXT("row " << index++) {
            ResumeFacts facts = facts_of(row.prefill, row.bytes);
            facts.tool_fragments = row.tools;
            facts.opaque_parts = row.opaque;
            facts.structured = row.structured;
            for (const int resumes : {0, 1}) {
                facts.resumes = resumes;
                BOOST_TEST((Prefill().first(facts) == row.by_prefill));
                BOOST_TEST((Instruct().first(facts) == row.by_instruct));
                BOOST_TEST((Restart().first(facts) == row.by_restart));
                BOOST_TEST((Auto().first(facts) == row.by_auto));
                BOOST_TEST((Never().first(facts) == none));
            }
            facts.resumes = 2; // two are enough
            BOOST_TEST((Prefill().first(facts) == none));
            BOOST_TEST((Instruct().first(facts) == none));
            BOOST_TEST((Restart().first(facts) == none));
            BOOST_TEST((Auto().first(facts) == none));
        }
    }
    ResumeFacts facts = facts_of(true, 9);
    BOOST_TEST((Auto(Auto::Options{.max_resumes = 0}).first(facts) == none));
    BOOST_TEST((Auto(Auto::Options{.min_text = 9}).first(facts) == prefill));
    BOOST_TEST((Auto(Auto::Options{.min_text = 10}).first(facts) == restart));
}

BOOST_AUTO_TEST_CASE(the_next_way_after_a_refusal) {
    const ResumeFacts able = facts_of(true, 9);
    ResumeFacts calling = able;
    calling.tool_fragments = true;
    BOOST_TEST((Auto::next_after_refusal(prefill, able) == instruct));
    BOOST_TEST((Auto::next_after_refusal(prefill, calling) == restart));
    BOOST_TEST((Auto::next_after_refusal(instruct, able) == restart));
    BOOST_TEST((Auto::next_after_refusal(restart, able) == none));
    BOOST_TEST((Auto::next_after_refusal(none, able) == none));
    for (const ResumeMode refused : {none, prefill, instruct, restart}) {
        BOOST_TEST((Prefill::next_after_refusal(refused, able) == none));
        BOOST_TEST((Instruct::next_after_refusal(refused, able) == none));
        BOOST_TEST((Restart::next_after_refusal(refused, able) == none));
        BOOST_TEST((Never::next_after_refusal(refused, able) == none));
    }
}

BOOST_AUTO_TEST_CASE(which_errors_may_be_resumed) {
    using enum Errc;
    const std::set<Errc> final{ok,        invalid_request, context_overflow, content_filtered, timeout_total,
                               cancelled, no_target,       too_large,        slow_reader};
    for (int code = 0; code <= static_cast<int>(slow_reader); ++code) {
        const auto error = static_cast<Errc>(code);
        BOOST_TEST_CONTEXT(to_string(error)) { BOOST_TEST(may_resume(error) == !final.contains(error)); }
    }
}

BOOST_AUTO_TEST_CASE(follow_up_requests) {
    const Request original(baton::system("Brief."), user("Tell."), max_tokens(100));
    const Continuation how;
    const auto edit = [&](ResumeMode mode, std::string_view delivered, Request request) {
        continue_request(request, mode, delivered, how);
        return request;
    };
    const std::string text = "Once upon a time \n"; // 18 bytes: 4 tokens

    BOOST_TEST((edit(restart, text, original) == original));
    BOOST_TEST((edit(none, text, original) == original));
    BOOST_TEST((edit(prefill, " \n", original) == original)); // nothing to continue
    BOOST_TEST((edit(instruct, "", original) == original));

    const Request prefilled = edit(prefill, text, original);
    BOOST_TEST_REQUIRE(prefilled.messages.size() == 3U);
    BOOST_TEST((prefilled.messages[2] == assistant("Once upon a time")));
    BOOST_TEST(*prefilled.max_tokens == 96U);
    BOOST_TEST(!prefilled.cacheable);

    const Request instructed = edit(instruct, text, original);
    BOOST_TEST_REQUIRE(instructed.messages.size() == 4U);
    BOOST_TEST((instructed.messages[1] == original.messages[1]));
    BOOST_TEST((instructed.messages[2] == assistant(text)));
    BOOST_TEST((instructed.messages[3] == user(how.instruction)));
    BOOST_TEST(*instructed.max_tokens == 96U);

    // the cap never falls below one, and is not invented
    BOOST_TEST(*edit(prefill, std::string(396, 'x'), original).max_tokens == 1U);
    BOOST_TEST(*edit(prefill, std::string(400, 'x'), original).max_tokens == 1U);
    BOOST_TEST(*edit(prefill, std::string(4000, 'x'), original).max_tokens == 1U);
    BOOST_TEST(*edit(prefill, std::string(392, 'x'), original).max_tokens == 2U);
    BOOST_TEST(!edit(prefill, text, Request(user("Tell."))).max_tokens.has_value());

    // the caller's own prefill is continued, not followed
    const Request own(user("Tell."), assistant("Once "));
    const Request joined = edit(prefill, "upon a time", own);
    BOOST_TEST_REQUIRE(joined.messages.size() == 2U);
    BOOST_TEST((joined.messages[1] == assistant("Once upon a time")));
    Request call = own;
    call.messages[1].parts.emplace_back(Part::Kind::thinking, "Hm.");
    const Request after = edit(instruct, "upon", call);
    BOOST_TEST_REQUIRE(after.messages.size() == 3U);
    BOOST_TEST_REQUIRE(after.messages[1].parts.size() == 3U);
    BOOST_TEST((after.messages[1].parts[2] == Part(std::string("upon"))));
}

BOOST_AUTO_TEST_CASE(options_reach_the_continuation) {
    std::string words = "Go on.";
    const Auto strategy(
        Auto::Options{.instruction = words, .bytes_per_token = 3, .window = 7, .min_overlap = 2});
    words = "gone"; // what an option views is copied
    BOOST_TEST(strategy.continuation().instruction == "Go on.");
    BOOST_TEST(strategy.continuation().bytes_per_token == 3U);
    BOOST_TEST(strategy.continuation().window == 7U);
    BOOST_TEST(strategy.continuation().min_overlap == 2U);
    BOOST_TEST(Instruct(Instruct::Options{}).continuation().instruction == Continuation().instruction);
    BOOST_TEST(Prefill(Prefill::Options{.bytes_per_token = 2, .min_echo = 5}).continuation().min_echo == 5U);
    BOOST_TEST(Prefill(Prefill::Options{.bytes_per_token = 2}).continuation().bytes_per_token == 2U);
    BOOST_TEST(Restart(Restart::Options{.max_resumes = 16}).continuation().window == 512U);
}

BOOST_AUTO_TEST_CASE(invalid_options_throw_and_name_the_option) {
    const auto names = [](const std::string& sentence, const char* name) {
        return sentence.find(name) != std::string::npos;
    };
    for (const int bad : {-1, 17}) {
        BOOST_TEST(names(refusal([&] { (void)Auto(Auto::Options{.max_resumes = bad}); }), "max_resumes"));
        BOOST_TEST(
            names(refusal([&] { (void)Prefill(Prefill::Options{.max_resumes = bad}); }), "max_resumes"));
        BOOST_TEST(
            names(refusal([&] { (void)Instruct(Instruct::Options{.max_resumes = bad}); }), "max_resumes"));
        BOOST_TEST(
            names(refusal([&] { (void)Restart(Restart::Options{.max_resumes = bad}); }), "max_resumes"));
    }
    for (const std::uint32_t bad : {0U, 65U}) {
        BOOST_TEST(
            names(refusal([&] { (void)Auto(Auto::Options{.bytes_per_token = bad}); }), "bytes_per_token"));
        BOOST_TEST(names(refusal([&] { (void)Prefill(Prefill::Options{.bytes_per_token = bad}); }),
                         "bytes_per_token"));
    }
    BOOST_TEST(names(refusal([] { (void)Auto(Auto::Options{.window = 4097}); }), "window"));
    BOOST_TEST(names(refusal([] { (void)Instruct(Instruct::Options{.min_overlap = 0}); }), "min_overlap"));
    BOOST_TEST(names(refusal([] { (void)Prefill(Prefill::Options{.min_echo = 0}); }), "min_echo"));
    BOOST_TEST(refusal([] {
                   (void)Auto(Auto::Options{.max_resumes = 16, .bytes_per_token = 64, .window = 4096});
               }) == "");
}

BOOST_AUTO_TEST_SUITE_END()
