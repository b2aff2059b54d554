// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: a vendor's streamed answer, served on in each dialect as it comes, means the same to a
// client of that dialect. The input is a chat completion's stream.

#include "decoder.hpp"

#include <baton/serve/anthropic.hpp>
#include <baton/serve/gemini.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/openai_responses.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>

#include <tuple>

namespace {

using namespace baton;
using net::SseEvent;
using net::SseParser;
using wire::Step;

/// One vendor's stream, decoded once, written in four dialects at the same time.
template <class... Encoders>
bool translate(std::string_view body, Reply& reply, std::string (&out)[sizeof...(Encoders)]) {
    std::tuple<Encoders...> encoders;
    const auto each = [&](auto&& write) {
        std::size_t i = 0;
        std::apply([&](auto&... encoder) { (write(encoder, out[i++]), ...); }, encoders);
    };
    const serve::StreamHead head{"id-1", "model-1", WallTime{}, Usage{}, true, false};
    each([&](auto& encoder, std::string& to) { encoder.begin(head, to); });
    wire::OpenAI::StreamDecoder decoder;
    SseParser parser;
    Delta delta;
    int calls = 0;
    bool nameless = false;
    const auto take = [&](const SseEvent& event) {
        const Step step = decoder.on_event(event.type, event.data, delta, reply);
        for (const Delta::ToolFragment& fragment : delta.tools) {
            if (fragment.index < calls) continue;
            ++calls;
            nameless |= fragment.name.empty(); // its name may come too late for the other dialects
        }
        if (step == Step::delta) each([&](auto& encoder, std::string& to) { encoder.delta(delta, to); });
        return step;
    };
    Step last = Step::nothing;
    for (SseEvent event; parser.next(body, event) == SseParser::Status::event;) {
        last = take(event);
        if (last == Step::end || last == Step::failed) break;
    }
    if (last == Step::failed) return false;
    if (last != Step::end && decoder.on_body_end(reply) != Step::end) return false;
    each([&](auto& encoder, std::string& to) { encoder.finish(reply, to); });
    return !nameless;
}

template <class W>
void must_mean_the_same(std::string_view body, const Reply& meant) {
    Reply reply;
    const test::FuzzedStream got = test::decode_in_pieces<W, SseParser>(body, 0, body.size() + 1, reply);
    if (body.find("came interleaved") != std::string_view::npos) return;
    if (!got.ended) test::fuzz_failure(W::name, "what was served on is no whole answer", got.error, body);
    if (reply.text() != meant.text())
        test::fuzz_failure(W::name, "another text was served on", reply.text(), meant.text());
    const auto calls = [](const Reply& of) {
        std::vector<const Part*> out;
        for (const Part& part : of.parts) {
            if (part.kind == Part::Kind::tool_call) out.push_back(&part);
        }
        return out;
    };
    const auto a = calls(reply), b = calls(meant);
    if (a.size() != b.size()) test::fuzz_failure(W::name, "other calls were served on", body);
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i]->detail->name != b[i]->detail->name)
            test::fuzz_failure(W::name, "a call of another name", a[i]->detail->name, b[i]->detail->name);
        boost::json::error_code odd, wrong; // the vendor's arguments need not be JSON
        const auto sent = boost::json::parse(b[i]->text, odd), read = boost::json::parse(a[i]->text, wrong);
        if (!odd && sent.is_object() && (wrong || read != sent))
            test::fuzz_failure(W::name, "a call with other arguments", a[i]->text, b[i]->text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Reply meant;
    std::string out[4];
    if (!translate<serve::OpenAI::StreamEncoder, serve::OpenAIResponses::StreamEncoder,
                   serve::Anthropic::StreamEncoder, serve::Gemini::StreamEncoder>(
            {reinterpret_cast<const char*>(data), size}, meant, out))
        return 0;
    must_mean_the_same<wire::OpenAI>(out[0], meant);
    must_mean_the_same<wire::OpenAIResponses>(out[1], meant);
    must_mean_the_same<wire::Anthropic>(out[2], meant);
    must_mean_the_same<wire::Gemini>(out[3], meant);
    return 0;
}
