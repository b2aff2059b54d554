// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include "../support/print.hpp"
#include "../support/recorded.hpp"
#include "reference.hpp"

#include <baton/net/sse.hpp>
#include <baton/wire/concept.hpp>

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

/// What every test of recorded traffic does: each recording of a wire's API, decoded whole, in random pieces
/// and byte by byte, says what a plain reading of the same bytes says. A vendor's file lists its suites and
/// judges its errors.
namespace baton::test {

namespace bj = boost::json;

inline constexpr std::uint32_t seed = 20261121;

// What one decoding gave.
struct Outcome {
    Reply reply;
    Error error;
    bool ended = false;
    std::string text, reasoning; // as the deltas showed them
    std::vector<Reading::Call> calls;
};

inline void show(const Delta& delta, Outcome& out) {
    out.text += delta.text;
    out.reasoning += delta.reasoning;
    for (const Delta::ToolFragment& fragment : delta.tools) {
        const auto index = static_cast<std::size_t>(fragment.index);
        if (out.calls.size() <= index) out.calls.resize(index + 1);
        out.calls[index].id += fragment.id;
        out.calls[index].name += fragment.name;
        out.calls[index].arguments += fragment.arguments;
    }
}

// As the orchestrator does it; `cuts` are the ends of the pieces, in order.
template <class Decoder, class Parser = net::SseParser>
Outcome decode_stream(const std::string& body, const std::vector<std::size_t>& cuts) {
    Outcome out;
    Decoder decoder;
    Parser parser;
    std::size_t from = 0;
    const auto take = [&](const net::SseEvent& event) {
        Delta delta;
        const wire::Step step = decoder.on_event(event.type, event.data, delta, out.reply);
        BOOST_TEST((step == wire::Step::delta) == !delta.empty());
        show(delta, out);
        if (step == wire::Step::failed) out.error = decoder.error();
        out.ended = step == wire::Step::end;
        return step != wire::Step::failed && step != wire::Step::end;
    };
    for (std::size_t cut : cuts) {
        // an exact-size copy: reading beyond a piece is an error that the sanitizer sees
        const std::vector<char> piece(body.begin() + static_cast<std::ptrdiff_t>(from),
                                      body.begin() + static_cast<std::ptrdiff_t>(cut));
        from = cut;
        std::string_view input(piece.data(), piece.size());
        net::SseEvent event;
        while (parser.next(input, event) == Parser::Status::event) {
            if (!take(event)) return out;
        }
    }
    if (net::SseEvent last; parser.finish(last)) {
        if (!take(last)) return out;
    }
    const wire::Step step = decoder.on_body_end(out.reply);
    out.ended = step == wire::Step::end;
    if (!out.ended) out.error = decoder.error();
    return out;
}

inline std::vector<Reading::Call> calls_of(const Reply& reply) {
    std::vector<Reading::Call> calls;
    for (const Part& part : reply.parts) {
        if (part.kind == Part::Kind::tool_call)
            calls.push_back({part.detail->id, part.detail->name, part.text});
    }
    return calls;
}

inline std::string reasoning_of(const Reply& reply) {
    std::string text;
    for (const Part& part : reply.parts) {
        if (part.kind == Part::Kind::thinking) text += part.text;
    }
    return text;
}

inline void same_calls(const std::vector<Reading::Call>& got, const std::vector<Reading::Call>& expected,
                       bool as_values) {
    BOOST_TEST_REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        BOOST_TEST(got[i].id == expected[i].id);
        BOOST_TEST(got[i].name == expected[i].name);
        const std::string arguments =
            got[i].arguments.empty() ? "{}" : got[i].arguments; // deltas never say "{}"
        if (as_values) {
            BOOST_TEST(test::parse(arguments) == test::parse(expected[i].arguments));
        } else {
            BOOST_TEST(arguments == expected[i].arguments);
        }
    }
}

inline void same_usage(const Usage& got, const Usage& expected) {
    BOOST_TEST(got.input_tokens == expected.input_tokens);
    BOOST_TEST(got.cached_input_tokens == expected.cached_input_tokens);
    BOOST_TEST(got.cache_write_tokens == expected.cache_write_tokens);
    BOOST_TEST(got.input_audio_tokens == expected.input_audio_tokens);
    BOOST_TEST(got.output_tokens == expected.output_tokens);
    BOOST_TEST(got.reasoning_tokens == expected.reasoning_tokens);
    BOOST_TEST(got.output_audio_tokens == expected.output_audio_tokens);
    BOOST_TEST(got.reported == expected.reported);
}

inline void same_reply(const Reply& reply, const Reading& expected, bool as_values) {
    BOOST_TEST(reply.text() == expected.text);
    BOOST_TEST(reasoning_of(reply) == expected.reasoning);
    same_calls(calls_of(reply), expected.calls, as_values);
    same_usage(reply.usage, expected.usage);
    BOOST_TEST(static_cast<int>(reply.stop) == static_cast<int>(expected.stop));
    BOOST_TEST(reply.stop_text == expected.stop_text);
    BOOST_TEST(reply.model == expected.model);
    BOOST_TEST(reply.id == expected.id);
}

// --- errors, judged by hand ------------------------------------------------------------------------

/// One distinct error of the recordings. One of our recordings that no row matches is a
/// failure: judge it and add it.
struct JudgedError {
    const char* provider;
    int status; // 200: inside an answer
    const char* type;
    const char* code;
    const char* message; // its first words, where they decide; "" = any
    Errc errc;
};

inline std::string string_in(const bj::value& holder, const char* key) {
    const bj::value& value = test::at(holder, key);
    return value.is_string() ? test::string_of(value) : value.is_null() ? "" : bj::serialize(value);
}

/// What an error says of itself, looked for under `error` and beside it.
struct SaidOfError {
    std::string type, code, message;
    bool json = true; // else the message is the whole body
};
inline SaidOfError said_of_error(const std::string& body) {
    boost::system::error_code ignored;
    const bj::value whole = bj::parse(body, ignored);
    if (ignored) return {{}, {}, body, false};
    const bj::value& first = whole.is_array() && !whole.as_array().empty() ? whole.as_array()[0] : whole;
    const bj::value& inner = test::at(first, "error");
    const bj::value& error = inner.is_object() ? inner : first;
    return {string_in(error, "type"), string_in(error, "code"), string_in(error, "message"), true};
}

/// Errors of other recordings than ours, which nobody has judged: how many were met.
inline int unjudged = 0;

/// What may be the class of an error that nobody has judged: as far as its status decides.
inline bool status_allows(int status, Errc got) {
    const auto one_of = [&](std::initializer_list<Errc> all) {
        return std::find(all.begin(), all.end(), got) != all.end();
    };
    switch (status) {
    case 200: return got != Errc::ok;
    case 401: return one_of({Errc::auth, Errc::permission, Errc::quota});
    case 402: return one_of({Errc::quota});
    case 403:
        return one_of(
            {Errc::permission, Errc::auth, Errc::content_filtered, Errc::quota, Errc::rate_limited});
    case 404: return one_of({Errc::not_found, Errc::invalid_request});
    case 413: return one_of({Errc::too_large, Errc::context_overflow});
    case 429: return one_of({Errc::rate_limited, Errc::quota, Errc::too_large, Errc::context_overflow});
    default: break;
    }
    if (status >= 500 || status == 408) {
        return one_of({Errc::transient, Errc::unavailable, Errc::rate_limited, Errc::quota});
    }
    return got != Errc::ok && got != Errc::transient && got != Errc::protocol && got != Errc::truncated;
}

/// Whether `got` is the class the error was judged to have.
inline void check_class(const std::vector<JudgedError>& rows, const std::string& provider, int status,
                        const std::string& body, Errc got) {
    const SaidOfError said = said_of_error(body);
    for (const JudgedError& row : rows) {
        if (provider == row.provider && status == row.status && said.type == row.type &&
            said.code == row.code && said.message.starts_with(row.message)) {
            BOOST_TEST(got == row.errc);
            return;
        }
    }
    ++unjudged;
    std::cout << "  not judged yet: " << provider << ' ' << status << " type=" << said.type
              << " code=" << said.code << ": " << said.message.substr(0, 120) << " -> " << to_string(got)
              << '\n';
    static const bool ours = [] {
        const auto all = Recordings::open();
        return all && all->ours();
    }();
    BOOST_TEST(!ours, "an error of our recordings that nobody has judged: add it to the table");
    BOOST_TEST(status_allows(status, got), "status " << status << " is no " << to_string(got));
}

inline std::string header(const RecordedResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (iequals(key, name)) return value;
    }
    return {};
}

inline WallTime now_of(const RecordedResponse& response) {
    std::tm moment{};
    if (strptime(header(response, "date").c_str(), "%a, %d %b %Y %H:%M:%S", &moment) == nullptr) {
        return WallTime(std::chrono::seconds(1767225600)); // 2026-01-01
    }
    return WallTime(std::chrono::seconds(timegm(&moment)));
}

// "9m38s", "329.999ms", "34.4s", "7": in seconds; 0 = none.
inline double plain_span(const char* text) {
    double sum = 0;
    for (;;) {
        char* unit = nullptr;
        const double value = std::strtod(text, &unit);
        if (unit == text || value < 0) return sum;
        const std::string_view name(unit, std::strspn(unit, "abcdefghijklmnopqrstuvwxyz"));
        const double factor = name == "ms"  ? 1e-3
                              : name == "m" ? 60
                              : name == "h" ? 3600
                              : name == "d" ? 86400
                                            : 1;
        sum += value * factor;
        text = unit + name.size();
        if (name.empty()) return sum;
    }
}

inline double until_moment(const std::string& text, const char* format, const RecordedResponse& response) {
    std::tm moment{};
    if (strptime(text.c_str(), format, &moment) == nullptr) return 0;
    const std::time_t now = std::chrono::system_clock::to_time_t(now_of(response));
    return std::max(0.0, std::difftime(timegm(&moment), now));
}

/// The wait hint, read the plain way, in seconds; 0 = none; nullopt: said in a header that this reader does
/// not know.
inline std::optional<double> expected_hint(const RecordedResponse& response) {
    if (const double ms = std::atof(header(response, "retry-after-ms").c_str()); ms > 0) return ms / 1000;
    const std::string after = header(response, "retry-after");
    if (const double seconds = std::atof(after.c_str()); seconds > 0) return seconds;
    if (const double seconds = until_moment(after, "%a, %d %b %Y %H:%M:%S", response); seconds > 0)
        return seconds;
    for (const char* lead : {"\"retryDelay\": \"", "\"retryDelay\":\"", "try again in "}) {
        const std::size_t at = response.body.find(lead);
        if (at == std::string::npos) continue;
        if (const double span = plain_span(response.body.c_str() + at + std::strlen(lead)); span > 0)
            return span;
    }
    double latest = 0;
    for (const auto& [name, value] : response.headers) {
        const std::size_t at =
            name.find("reset") != std::string::npos ? name.find("reset") : name.find("Reset");
        if (at == std::string::npos) continue;
        std::string remaining = name;
        remaining.replace(at, 5, "remaining");
        if (header(response, remaining) != "0") continue;
        if (!iequals(name.substr(0, 10), "anthropic-")) return std::nullopt;
        latest = std::max(latest, until_moment(value, "%Y-%m-%dT%H:%M:%SZ", response));
    }
    return latest;
}

// --- sending an answer back ------------------------------------------------------------------------

template <class W>
bj::value sent_back(const Reply& reply) {
    Request request(user("question"), reply.message(), user("and then?"));
    Draft draft(request);
    Target target;
    target.model = "m";
    std::string path, headers, body;
    const auto error = W::encode(draft, target, false, wire::Outgoing{path, headers, body});
    BOOST_TEST_REQUIRE(!error, (error ? error->what() : ""));
    return test::parse(body);
}

// What the vendor would not miss: null and empty members; empty text (which it refuses to take back).
inline bj::array without_nothings(const bj::array& blocks) {
    bj::array out;
    for (const bj::value& block : blocks) {
        bj::object copy;
        for (const auto& [key, value] : block.as_object()) {
            const bool modelled = key == "citations" || key == "caller" || key == "signature";
            if (modelled && (value.is_null() || (value.is_array() && value.get_array().empty()) ||
                             (value.is_string() && value.get_string().empty()))) {
                continue;
            }
            copy[key] = value;
        }
        if (test::string_of(test::at(copy, "type")) == "text" &&
            test::string_of(test::at(copy, "text")).empty()) {
            continue;
        }
        out.push_back(copy);
    }
    return out;
}

// --- the suites ------------------------------------------------------------------------------------

/// One API of one provider of the recordings.
struct Suite {
    const char* provider;
    const char* api_detail;
    Reading (*read)(const std::string&);
    Reading (*read_stream)(const std::string&);
    std::optional<Error> (*decode)(std::string_view, Reply&);
    Outcome (*decode_stream)(const std::string&, const std::vector<std::size_t>&);
    Error (*decode_error)(int, Headers, std::string_view, WallTime);
    bool arguments_as_values; // whole bodies hold arguments as JSON, whose spelling is free
    /// Checks that the answer, encoded as a turn of the next request, says what it said. `body` is "" for a
    /// stream.
    void (*goes_back)(const Reply&, const Reading&, const std::string& body);
    bool all_errors = true; // also those of the provider's other APIs: errors look alike on all of them
};

inline void check_error(const Suite& suite, const std::vector<JudgedError>& rows,
                        const RecordedResponse& response) {
    const auto fields = response.fields();
    const Error error = suite.decode_error(response.status, Headers(fields), response.body, now_of(response));
    check_class(rows, suite.provider, response.status, response.body, error.errc());
    const Error::Detail& detail = error.detail();
    BOOST_TEST(detail.status == response.status);
    BOOST_TEST(!detail.message.empty());
    // the vendor's own words; behind their beginning may stand a key, which is not repeated
    const SaidOfError words = said_of_error(response.body);
    if (const std::string said = words.message.substr(0, 20); words.json && !said.empty())
        BOOST_TEST((detail.message.find(said) != std::string::npos), said << " is not in " << detail.message);
    const double hint = detail.retry_after ? std::chrono::duration<double>(*detail.retry_after).count() : 0;
    if (const auto expected = expected_hint(response))
        BOOST_TEST(hint == *expected, boost::test_tools::tolerance(1e-9));
    const std::string verdict = header(response, "x-should-retry");
    BOOST_TEST(detail.should_retry.has_value() == !verdict.empty());
    if (detail.should_retry) BOOST_TEST(*detail.should_retry == (verdict == "true"));
    std::string id = header(response, "x-request-id");
    if (id.empty()) id = header(response, "request-id");
    if (!id.empty()) BOOST_TEST(detail.request_id == id);
}

inline void check_body(const Suite& suite, const std::vector<JudgedError>& rows,
                       const RecordedResponse& response, std::mt19937& random) {
    const Reading expected = suite.read(response.body);
    Reply reply;
    const auto error = suite.decode(response.body, reply);
    BOOST_TEST_REQUIRE(error.has_value() == expected.failure.has_value());
    if (error) {
        check_class(rows, suite.provider, 200, bj::serialize(*expected.failure), error->errc());
        return;
    }
    same_reply(reply, expected, suite.arguments_as_values);
    suite.goes_back(reply, expected, response.body);
    // no proper prefix of a body is an answer
    const std::size_t last = response.body.find_last_of('}');
    for (int i = 0; i < 8; ++i) {
        const std::size_t size = std::uniform_int_distribution<std::size_t>(0, last)(random);
        const std::vector<char> cut(response.body.begin(),
                                    response.body.begin() + static_cast<std::ptrdiff_t>(size));
        Reply partial;
        const auto broken = suite.decode({cut.data(), cut.size()}, partial);
        BOOST_TEST_REQUIRE(broken.has_value());
        BOOST_TEST(broken->errc() == Errc::protocol);
    }
}

inline void check_outcome(const Suite& suite, const std::vector<JudgedError>& rows, const Outcome& got,
                          const Reading& expected) {
    BOOST_TEST(got.text == expected.text);
    if (expected.failure) {
        BOOST_TEST(!got.ended);
        check_class(rows, suite.provider, 200, bj::serialize(*expected.failure), got.error.errc());
        return;
    }
    BOOST_TEST(got.ended == expected.complete);
    if (!expected.complete) {
        BOOST_TEST(got.error.errc() == Errc::truncated);
        return;
    }
    BOOST_TEST(got.reasoning == expected.reasoning);
    same_calls(got.calls, expected.calls, suite.arguments_as_values);
    same_reply(got.reply, expected, suite.arguments_as_values);
    suite.goes_back(got.reply, expected, {});
}

inline void check_stream(const Suite& suite, const std::vector<JudgedError>& rows,
                         const RecordedResponse& response, std::mt19937& random) {
    const std::string& body = response.body;
    const Reading expected = suite.read_stream(body);
    check_outcome(suite, rows, suite.decode_stream(body, {body.size()}), expected);
    for (int i = 0; i < 3; ++i) {
        std::set<std::size_t> cuts{body.size()};
        const auto pieces = std::uniform_int_distribution<std::size_t>(1, 1 + body.size() / 20)(random);
        for (std::size_t k = 0; k < pieces; ++k) {
            cuts.insert(std::uniform_int_distribution<std::size_t>(1, body.size())(random));
        }
        check_outcome(suite, rows, suite.decode_stream(body, {cuts.begin(), cuts.end()}), expected);
    }
    std::vector<std::size_t> every(body.size());
    for (std::size_t i = 0; i < every.size(); ++i) every[i] = i + 1;
    check_outcome(suite, rows, suite.decode_stream(body, every), expected);
    // cut short anywhere, it gives a prefix and either its whole answer or an error
    for (int i = 0; i < 5; ++i) {
        const std::size_t size = std::uniform_int_distribution<std::size_t>(0, body.size() - 1)(random);
        const Outcome cut = suite.decode_stream(body, {size});
        BOOST_TEST(expected.text.starts_with(cut.text));
        if (cut.ended) BOOST_TEST(cut.reply.text() == expected.text);
    }
}

struct Tally {
    int cases = 0, passed = 0;
    std::map<std::string, int> skipped;
};

inline void print(const std::map<std::string, Tally>& table) {
    std::cout << "recorded traffic (seed " << seed << ")\n";
    for (const auto& [name, tally] : table) {
        std::printf("  %-36s %4d cases %4d passed", name.c_str(), tally.cases, tally.passed);
        for (const auto& [reason, count] : tally.skipped)
            std::printf("  %d skipped: %s", count, reason.c_str());
        std::printf("\n");
    }
    std::fflush(stdout);
}

inline unsigned long failures() {
    const auto id = boost::unit_test::framework::current_test_case().p_id;
    return boost::unit_test::results_collector.results(id).p_assertions_failed;
}

/// Runs the suites over all recordings and prints a table of what was met. With `skip`, a recording for which
/// it returns a reason is counted under that reason instead.
inline void run_suites(const std::vector<Suite>& suites, const std::vector<JudgedError>& rows,
                       std::string (*skip)(const RecordingEntry&) = nullptr) {
    const auto recordings = Recordings::open();
    if (!recordings) {
        std::cout << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl); about "
                     "400 cases\n";
        return;
    }
    std::map<std::string, Tally> table;
    std::mt19937 random(seed);
    for (const RecordingEntry& entry : recordings->entries()) {
        const auto suite = std::find_if(suites.begin(), suites.end(), [&](const Suite& s) {
            return entry.provider == s.provider &&
                   (entry.api_detail == s.api_detail || (entry.status != 200 && s.all_errors));
        });
        if (suite == suites.end()) continue;
        Tally& tally = table[entry.provider + " " + entry.api + (entry.stream ? ", streamed" : "")];
        const std::string reason = skip ? skip(entry) : std::string();
        if (!reason.empty()) {
            ++tally.skipped[reason];
            continue;
        }
        const unsigned long before = failures();
        ++tally.cases;
        BOOST_TEST_CONTEXT(entry.id) {
            try {
                const RecordedResponse response = recordings->response(entry);
                if (response.status != 200) {
                    check_error(*suite, rows, response); // errors look alike on all APIs of a vendor
                } else if (entry.stream) {
                    check_stream(*suite, rows, response, random);
                } else {
                    check_body(*suite, rows, response, random);
                }
            } catch (const std::exception& failure) {
                BOOST_ERROR(entry.id << ": " << failure.what());
            }
        }
        tally.passed += failures() == before;
    }
    print(table);
    if (unjudged != 0) std::cout << "  errors judged by their status alone: " << unjudged << '\n';
    for (const auto& [name, tally] : table) BOOST_TEST(tally.passed == tally.cases, name);
}

} // namespace baton::test
