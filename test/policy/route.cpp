// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include <baton/policy/endpoint.hpp>
#include <baton/policy/route.hpp>

#include <chrono>
#include <type_traits>

// The tables that a user writes: targets, rows, endpoints. What calls make of them is tested with the
// orchestrator.
BOOST_AUTO_TEST_SUITE(route)

using namespace baton;
using namespace std::chrono_literals;

namespace {

struct Plain {
    static constexpr Capabilities capabilities{.tools = false};
};
struct WithTools {
    static constexpr Capabilities capabilities{.tools = true};
};
static_assert(!Plain::capabilities.tools); // test/compile_fail: a row that needs tools does not take it

} // namespace

BOOST_AUTO_TEST_CASE(a_target_by_type) {
    const RowTarget bare = to<Plain>();
    BOOST_TEST((bare.provider_type == &detail::type_tag<Plain>));
    BOOST_TEST((bare.provider_type != to<WithTools>().provider_type));
    BOOST_TEST(bare.provider_name.empty());
    BOOST_TEST(bare.model.empty());
    BOOST_TEST((!bare.temperature && !bare.max_tokens && bare.max_context == 0));
    const RowTarget full = to<Plain>("m").temperature(0.25).max_tokens(300).max_context(8000);
    BOOST_TEST(full.model == "m");
    BOOST_TEST((full.temperature == 0.25 && full.max_tokens == 300U && full.max_context == 8000));
}

BOOST_AUTO_TEST_CASE(a_target_by_name) {
    const auto model = to("openai/gpt-5-mini");
    BOOST_TEST(model.provider_name == "openai");
    BOOST_TEST(model.model == "gpt-5-mini");
    BOOST_TEST((model.provider_type == nullptr));
    const auto deep = to("router/vendor/model"); // only the first slash divides
    BOOST_TEST(deep.provider_name == "router");
    BOOST_TEST(deep.model == "vendor/model");
    const auto vendor = to("openai");
    BOOST_TEST(vendor.provider_name == "openai");
    BOOST_TEST(vendor.model.empty());
    const auto nothing = to("/");
    BOOST_TEST(nothing.provider_name.empty());
    BOOST_TEST(nothing.model.empty());
}

BOOST_AUTO_TEST_CASE(rows_keep_what_they_were_given) {
    const auto chat = row("chat", to<WithTools>("big"), to("plain/small")).max_latency(3s);
    BOOST_TEST(chat.task == "chat");
    BOOST_TEST_REQUIRE(chat.targets.size() == 2U);
    BOOST_TEST(chat.targets[0].model == "big");
    BOOST_TEST(chat.targets[1].provider_name == "plain");
    BOOST_TEST((chat.latency == Duration(3s)));
    BOOST_TEST(chat.needed.empty());
    const auto rest = otherwise(to<Plain>());
    BOOST_TEST(rest.task.empty());
    BOOST_TEST(rest.targets.size() == 1U);
    BOOST_TEST(!rest.latency);

    // a provider of a type is checked here, one with a name when the table is installed
    const auto tools = row("agent", to<WithTools>(), to("anybody")).needs<&Capabilities::tools>();
    BOOST_TEST_REQUIRE(tools.needed.size() == 1U);
    BOOST_TEST((tools.needed[0] == &Capabilities::tools));

    const ByTask<> none;
    BOOST_TEST(none.entries.empty());
    const ByTask table{chat, tools, rest};
    static_assert(!std::is_same_v<decltype(table), const ByTask<>>);
    const ByTask<> plain = table; // without the types
    BOOST_TEST_REQUIRE(table.entries.size() == 3U);
    BOOST_TEST_REQUIRE(plain.entries.size() == 3U);
    const auto complete = [](const auto& entries) {
        BOOST_TEST(entries[0].task == "chat");
        BOOST_TEST(entries[0].targets.size() == 2U);
        BOOST_TEST((entries[0].latency == Duration(3s)));
        BOOST_TEST(entries[1].needed.size() == 1U);
        BOOST_TEST(entries[2].task.empty());
        BOOST_TEST(entries[2].targets.size() == 1U);
    };
    complete(table.entries);
    complete(plain.entries);
}

BOOST_AUTO_TEST_CASE(endpoints_keep_what_they_were_given) {
    const Endpoint plain("https://eu.example");
    BOOST_TEST(plain.base_url == "https://eu.example");
    BOOST_TEST(plain.weight == 1);
    BOOST_TEST((plain.key.empty() && plain.name.empty()));
    const auto list =
        endpoints<Plain>(Endpoint("a").with_key("k").with_weight(2.5).with_name("n"), Endpoint("b"));
    BOOST_TEST_REQUIRE(list.list.size() == 2U);
    BOOST_TEST(list.list[0].base_url == "a");
    BOOST_TEST(list.list[0].key == "k");
    BOOST_TEST(list.list[0].name == "n");
    BOOST_TEST(list.list[0].weight == 2.5);
    BOOST_TEST(list.list[1].base_url == "b");
    BOOST_TEST(Endpoints<Plain>::most == 64U);
    const auto several = keys<Plain>("sk-1", "sk-2");
    BOOST_TEST_REQUIRE(several.list.size() == 2U);
    BOOST_TEST(several.list[0].key == "sk-1");
    BOOST_TEST(several.list[1].key == "sk-2");
    BOOST_TEST(several.list[1].base_url.empty());
}

BOOST_AUTO_TEST_SUITE_END()
