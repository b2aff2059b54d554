// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// The fault server without sockets: its request parser, its scripts, and the bytes it plans.
#include <boost/test/unit_test.hpp>

#include <baton/core/utf8.hpp>
#include <baton/net/sse.hpp>
#include <baton/testing/answer_plan.hpp>
#include <baton/testing/fault_script.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/openai.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(fault_script)

using namespace baton;
using namespace baton::testing;
using Status = RequestParser::Status;

namespace {

/// Feeds `bytes` in pieces of `piece`; complete, bad, or need_more at the end.
Status feed(std::string_view bytes, std::size_t piece, ServedRequest& request, std::string* rest = nullptr) {
    RequestParser parser;
    std::string in;
    Status status = Status::need_more;
    while (status == Status::need_more || status == Status::head) {
        status = parser.parse(in, request);
        if (status != Status::need_more) continue;
        if (bytes.empty()) break;
        in.append(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    if (rest != nullptr) *rest = in + std::string(bytes);
    if (status == Status::bad) BOOST_TEST(!parser.problem().empty());
    return status;
}

ServedRequest request_for(std::string_view target, bool stream, std::string_view prompt = "hello") {
    ServedRequest request;
    request.number = 7;
    request.method = "POST";
    request.target = target;
    request.body = std::string(R"({"model":"m","max_tokens":9,)") + (stream ? R"("stream":true,)" : "") +
                   R"("messages":[{"role":"user","content":")" + std::string(prompt) + R"("}]})";
    request.classify(true);
    BOOST_TEST(!request.problem.has_value());
    return request;
}

/// A response taken apart, by a reader that believes what it is told.
struct Response {
    std::string head, body;
    bool whole = false; ///< its framing says it is complete
    std::string rest;

    explicit Response(std::string_view bytes) {
        while (bytes.starts_with("HTTP/1.1 1")) bytes.remove_prefix(bytes.find("\r\n\r\n") + 4);
        const std::size_t end = bytes.find("\r\n\r\n");
        if (end == std::string_view::npos) return;
        head = bytes.substr(0, end + 2);
        bytes.remove_prefix(end + 4);
        const std::size_t length = head.find("content-length: ");
        if (head.find("transfer-encoding: chunked") != std::string::npos) {
            read_chunks(bytes);
        } else if (length != std::string::npos) {
            std::size_t size = 0;
            std::from_chars(head.data() + length + 16, head.data() + head.size(), size);
            body = bytes.substr(0, size);
            whole = body.size() == size;
            rest = bytes.substr(body.size());
        } else {
            body = bytes;
            whole = true;
        }
    }
    void read_chunks(std::string_view bytes) {
        for (;;) {
            std::size_t size = 0;
            const auto done = std::from_chars(bytes.data(), bytes.data() + bytes.size(), size, 16);
            if (done.ec != std::errc{}) return;
            const std::size_t line = bytes.find("\r\n");
            if (line == std::string_view::npos) return;
            bytes.remove_prefix(line + 2);
            if (size == 0) {
                const std::size_t end = bytes.find("\r\n");
                whole = end != std::string_view::npos;
                const std::size_t trailer = bytes.find("\r\n\r\n");
                rest = end == 0 ? bytes.substr(2) : bytes.substr(std::min(bytes.size(), trailer + 4));
                return;
            }
            body += bytes.substr(0, size);
            if (bytes.size() < size + 2) return;
            bytes.remove_prefix(size + 2);
        }
    }
    int status() const { return head.empty() ? 0 : std::stoi(head.substr(9, 3)); }
};

/// What a client of wire `W` reads from the body of a stream.
template <class W>
Reply read_stream(std::string_view body, std::string& text, bool& ended) {
    typename W::StreamDecoder decoder;
    net::SseParser::Limits limits;
    limits.line = limits.event = 64 << 20;
    net::SseParser parser(limits);
    net::SseEvent event;
    Reply reply;
    ended = false;
    bool over = false;
    while (!over && parser.next(body, event) == net::SseParser::Status::event) {
        Delta delta;
        const wire::Step step = decoder.on_event(event.type, event.data, delta, reply);
        text += delta.text;
        ended = step == wire::Step::end;
        over = ended || step == wire::Step::failed;
    }
    if (!over) ended = decoder.on_body_end(reply) == wire::Step::end;
    return reply;
}

Answer sample() {
    Answer answer("Caf\u00e9 \U0001F30A \"quoted\" and on and on", 6);
    answer.id = "answer-x";
    return answer;
}

std::vector<Fault> all_faults() {
    std::vector<Fault> all;
    for (int i = 0; i < static_cast<int>(Fault::count_); ++i) all.push_back(static_cast<Fault>(i));
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(good_requests_are_read_however_they_are_cut) {
    const std::string head = "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: a\r\nX-Two:\t b c \r\n";
    const std::string next = "GET / HTTP/1.1\r\n";
    const std::string with_length = head + "Content-Length: 5\r\n\r\nhello" + next;
    const std::string with_chunks =
        head + "Transfer-Encoding: Chunked\r\n\r\n2;ext=1\r\nhe\r\n003\r\nllo\r\n0\r\nX: y\r\n\r\n" + next;
    for (const std::string& bytes : {with_length, with_chunks}) {
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            ServedRequest request;
            std::string rest;
            BOOST_REQUIRE((feed(bytes, piece, request, &rest) == Status::complete));
            BOOST_TEST(request.method == "POST");
            BOOST_TEST(request.target == "/v1/chat/completions?x=1");
            BOOST_TEST(request.header("x-two") == "b c");
            BOOST_TEST(request.body == "hello");
            BOOST_TEST(rest == next);
        }
    }
    ServedRequest get;
    BOOST_TEST((feed("GET /v1/models HTTP/1.1\r\nhost: a\r\n\r\n", 99, get) == Status::complete));
    ServedRequest proxied;
    BOOST_TEST((feed("GET http://a.test/v1 HTTP/1.1\r\nhost: a\r\n\r\n", 99, proxied) == Status::complete));
    BOOST_TEST(proxied.target == "/v1");
}

BOOST_AUTO_TEST_CASE(doubtful_requests_are_refused) {
    const std::string start = "POST / HTTP/1.1\r\n", host = "Host: a\r\n";
    const std::string bad[] = {
        "POST / HTTP/1.0\r\n" + host + "\r\n",
        "POST / HTTP/1.1 \r\n" + host + "\r\n",
        "POST  / HTTP/1.1\r\n" + host + "\r\n",
        "POST /\r\n" + host + "\r\n",
        "PO ST / HTTP/1.1\r\n" + host + "\r\n",
        "POST /\x01 HTTP/1.1\r\n" + host + "\r\n",
        start + "\r\n",                      // no host
        start + host + host + "\r\n",        // two hosts
        start + "Host : a\r\n\r\n",          // blank before the colon
        start + host + "X: a\r\n b\r\n\r\n", // folding
        start + host + "X: a\nY: b\r\n\r\n", // bare LF
        start + host + "X: a\rb\r\n\r\n",    // bare CR
        start + host + "nocolon\r\n\r\n",
        start + host + ": x\r\n\r\n",
        start + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
        start + host + "Content-Length: 1, 1\r\n\r\na",
        start + host + "Content-Length: +1\r\n\r\na",
        start + host + "Content-Length: 0x1\r\n\r\na",
        start + host + "Content-Length:\r\n\r\n",
        start + host + "Content-Length: 99999999999999999999\r\n\r\n",
        start + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        start + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        start + host + "Transfer-Encoding: identity\r\n\r\n",
        start + host + "Expect: something\r\n\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\nz\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        start + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        start + host + "X: " + std::string(RequestParser::max_head, 'x') + "\r\n\r\n",
    };
    for (const std::string& bytes : bad) {
        ServedRequest whole, cut;
        BOOST_TEST((feed(bytes, bytes.size(), whole) == Status::bad), bytes.substr(0, 200));
        BOOST_TEST((feed(bytes, 1, cut) == Status::bad), "byte by byte: " << bytes.substr(0, 200));
    }
}

BOOST_AUTO_TEST_CASE(a_request_is_named_by_header_or_prompt) {
    BOOST_TEST(request_for("/v1/chat/completions", false, "do #123, please").id == "123");
    BOOST_TEST(request_for("/v1/messages", true, "#7").id == "7");
    BOOST_TEST(request_for("/v1/messages", true, "nothing").id == "");
    ServedRequest request;
    request.headers.emplace_back("X-Request-Number", "42");
    request.classify(false);
    BOOST_TEST(request.id == "42");
}

BOOST_AUTO_TEST_CASE(text_is_cut_between_characters) {
    const std::string text = "a\u00e9\u6c34\U0001F30A.";
    for (std::size_t n = 1; n < 12; ++n) {
        std::string joined;
        const auto pieces = cut(text, n);
        BOOST_TEST(pieces.size() == n);
        for (const std::string& piece : pieces) {
            BOOST_TEST(utf8::is_valid(piece));
            joined += piece;
        }
        BOOST_TEST(joined == text);
    }
    BOOST_TEST(Answer::words(5, 1).text() == Answer::words(5, 1).text());
    BOOST_TEST(Answer::words(5, 1).text() != Answer::words(5, 2).text());
}

BOOST_AUTO_TEST_CASE(names_and_scripts) {
    std::set<std::string_view> names;
    for (const Fault fault : all_faults()) {
        names.insert(to_string(fault));
        BOOST_TEST((parse_fault(to_string(fault)) == fault));
    }
    BOOST_TEST(names.size() == static_cast<std::size_t>(Fault::count_));
    BOOST_TEST(!parse_fault("nonsense").has_value());

    const Script in_order = sequence(Behaviour(Answer("a")), overloaded(), Behaviour(Answer("b")));
    const ServedRequest request = request_for("/v1/messages", false);
    BOOST_TEST(in_order(request).answer.text() == "a");
    BOOST_TEST(in_order(request).error.has_value());
    BOOST_TEST(in_order(request).answer.text() == "b");
    BOOST_TEST(in_order(request).answer.text() == "b");

    ServedRequest wish = request;
    wish.headers.emplace_back("x-fault", "stall;at=3;count=12");
    const Behaviour behaviour = by_header([](const ServedRequest&) { return Answer("x", 5); })(wish);
    BOOST_TEST((behaviour.fault == Fault::stall));
    BOOST_TEST(behaviour.at == 3U);
    BOOST_TEST(behaviour.count == 12U);
}

BOOST_AUTO_TEST_CASE(seeded_faults_depend_on_the_request_not_on_its_place) {
    const auto answers = [](const ServedRequest&) { return Answer("one two three", 3); };
    const std::vector<Fault> faults{Fault::stall, Fault::reset_mid_body, Fault::error_event};
    const Script script = seeded(1, 0.2, faults, answers), same = seeded(1, 0.2, faults, answers);
    std::map<Fault, int> seen;
    std::size_t differences = 0;
    for (int i = 0; i < 10'000; ++i) {
        ServedRequest request;
        request.id = std::to_string(i);
        request.number = static_cast<std::uint64_t>(i) + 1;
        const Behaviour first = script(request);
        request.number = 20'000 - request.number; // another order of arrival
        const Behaviour again = same(request);
        differences += first.fault != again.fault || first.at != again.at;
        ++seen[first.fault];
        BOOST_TEST_REQUIRE(first.at <= 3U);
    }
    BOOST_TEST(differences == 0U);
    const int faulty = 10'000 - seen[Fault::none];
    BOOST_TEST(faulty > 1'800);
    BOOST_TEST(faulty < 2'200);
    for (const Fault fault : faults) BOOST_TEST(seen[fault] > 500);
}

// Whatever the fault: writes cover the bytes, marks rise, and a plan that calls itself complete gives a
// client all of the text; what any plan sends is a prefix of the text.
BOOST_AUTO_TEST_CASE(every_plan_keeps_its_word) {
    for (const Fault fault : all_faults()) {
        for (const std::string_view target : {"/v1/chat/completions", "/v1/messages"}) {
            for (const bool stream : {true, false}) {
                for (const std::size_t at : {0U, 1U, 4U, 99U}) {
                    BOOST_TEST_CONTEXT(to_string(fault)
                                       << " " << target << (stream ? " stream" : "") << " at " << at) {
                        const bool openai = target.ends_with("completions");
                        const ServedRequest request = request_for(target, stream);
                        Behaviour behaviour(sample(), fault, at);
                        behaviour.tokens_per_write = at % 2;
                        if (fault == Fault::giant_event || fault == Fault::tiny_events)
                            behaviour.count = 1000;
                        const AnswerPlan plan = make_plan(request, behaviour);

                        std::size_t end = 0;
                        for (const AnswerPlan::Step& step : plan.steps) {
                            BOOST_TEST(step.end > end);
                            end = step.end;
                        }
                        BOOST_TEST(end == plan.bytes.size());
                        AnswerPlan::Mark last{0, 0, 0};
                        for (const AnswerPlan::Mark& mark : plan.marks) {
                            BOOST_TEST((mark.offset >= last.offset && mark.text >= last.text));
                            if (mark.offset <= plan.bytes.size()) last = mark;
                        }
                        const Response response(plan.bytes);
                        std::string text;
                        bool ended = false;
                        Reply reply;
                        if (stream) {
                            reply = openai ? read_stream<wire::OpenAI>(response.body, text, ended)
                                           : read_stream<wire::Anthropic>(response.body, text, ended);
                        } else {
                            ended = response.status() == 200 &&
                                    !(openai ? wire::OpenAI::decode(response.body, reply)
                                             : wire::Anthropic::decode(response.body, reply));
                            text = ended ? reply.text() : std::string_view();
                        }
                        if (fault == Fault::split_surrogate) continue; // joined only by clients that wait
                        const std::string sent = plan.text.substr(0, last.text);
                        if (plan.complete) {
                            BOOST_TEST(plan.status == 200);
                            BOOST_TEST(response.whole);
                            BOOST_TEST(ended);
                            BOOST_TEST(text == plan.text);
                            BOOST_TEST(last.text == plan.text.size());
                            BOOST_TEST((reply.stop == StopReason::stop));
                        } else {
                            BOOST_TEST(sent.starts_with(text));
                        }
                        // every fault that is not harmless can be noticed
                        const bool clean = response.whole && response.rest.empty() &&
                                           plan.below_tls.empty() &&
                                           (plan.end == AnswerPlan::End::keep || plan.complete);
                        if (!plan.complete && clean && fault != Fault::length_and_chunked) BOOST_TEST(!ended);
                    }
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(streams_carry_thinking_and_tool_calls) {
    Answer answer("So.", 1);
    answer.reasoning = {"Hm ", "hm."};
    answer.signature = "c2ln";
    answer.tool_calls.emplace_back("call_1", "look", R"({"at":"the sky"})", 3);
    answer.tool_calls.emplace_back("call_2", "see", "{}");
    for (const std::string_view target : {"/v1/chat/completions", "/v1/messages"}) {
        const AnswerPlan plan = make_plan(request_for(target, true), Behaviour(answer));
        BOOST_TEST(plan.complete);
        std::string text;
        bool ended = false;
        const bool openai = target.ends_with("completions");
        const Response response(plan.bytes);
        const Reply reply = openai ? read_stream<wire::OpenAI>(response.body, text, ended)
                                   : read_stream<wire::Anthropic>(response.body, text, ended);
        BOOST_TEST(ended);
        BOOST_REQUIRE_EQUAL(reply.parts.size(), 4U);
        BOOST_TEST(reply.parts[0].text == "Hm hm.");
        BOOST_TEST(reply.parts[2].text == R"({"at":"the sky"})");
        BOOST_TEST(reply.parts[3].detail->name == "see");
        BOOST_TEST((reply.stop == StopReason::tool_calls));
        if (!openai) BOOST_TEST(reply.parts[0].detail->signature == "c2ln");
    }
}

BOOST_AUTO_TEST_CASE(errors_come_in_the_clients_dialect) {
    const ServedRequest openai = request_for("/v1/chat/completions", true);
    const ServedRequest anthropic = request_for("/v1/messages", true);
    const Response limited(make_plan(openai, rate_limited("retry-after: 7\r\n")).bytes);
    BOOST_TEST(limited.status() == 429);
    BOOST_TEST((limited.head.find("retry-after: 7\r\n") != std::string::npos));
    BOOST_TEST((limited.body.find("rate_limit_exceeded") != std::string::npos));
    const Response busy(make_plan(anthropic, overloaded()).bytes);
    BOOST_TEST(busy.status() == 529);
    BOOST_TEST((busy.body.find("overloaded_error") != std::string::npos));
    const Response html(make_plan(openai, html_error()).bytes);
    BOOST_TEST(html.status() == 502);
    BOOST_TEST((html.head.find("content-type: text/html") != std::string::npos));
    const Response moved(make_plan(openai, redirect("https://x.test/")).bytes);
    BOOST_TEST(moved.status() == 307);
    BOOST_TEST((moved.head.find("location: https://x.test/\r\n") != std::string::npos));
    BOOST_TEST(moved.whole);

    ServedRequest broken = openai;
    broken.body = "{}";
    broken.classify(true);
    BOOST_TEST(Response(make_plan(broken, Behaviour()).bytes).status() == 400);
    ServedRequest lost;
    lost.method = "POST";
    lost.target = "/nowhere";
    lost.classify(true);
    BOOST_TEST(Response(make_plan(lost, Behaviour()).bytes).status() == 404);
}

BOOST_AUTO_TEST_SUITE_END()
