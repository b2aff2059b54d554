// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// libFuzzer target: what a client sends to a server, read in each dialect. It is refused, or it can be asked
// of every vendor: then the vendor gets JSON, and what its own vendor gets, read again, stays what it is.

#include "decoder.hpp"

#include <baton/serve/anthropic.hpp>
#include <baton/serve/gemini.hpp>
#include <baton/serve/openai.hpp>
#include <baton/serve/openai_responses.hpp>
#include <baton/wire/anthropic.hpp>
#include <baton/wire/bedrock.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/ollama.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>

#include <optional>

namespace {

using namespace baton;
using test::fuzz_failure;

struct Sent {
    std::string path, headers, body;
};

template <class W>
std::optional<Sent> sent(const Request& request, bool stream) {
    const Draft draft(request);
    Target target;
    target.model = "m";
    Sent out;
    if (W::encode(draft, target, stream, wire::Outgoing{out.path, out.headers, out.body})) return {};
    if (!test::is_json(out.body)) fuzz_failure(W::name, "a request that is not JSON", out.body);
    if (!utf8::is_valid(out.body)) fuzz_failure(W::name, "a request that is not UTF-8", out.body);
    const auto breaks = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
    if (std::any_of(out.path.begin(), out.path.end(), breaks))
        fuzz_failure(W::name, "a path that breaks the request line", out.path);
    for (std::string_view lines = out.headers; !lines.empty();) { // "name: value\r\n", and nothing else
        const std::size_t end = lines.find("\r\n");
        const std::string_view line = lines.substr(0, end);
        if (end == std::string::npos || line.find(':') == std::string::npos ||
            line.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            fuzz_failure(W::name, "a header line that is none", out.headers);
        lines.remove_prefix(end + 2);
    }
    return out;
}

template <class Dialect, class Own>
void fuzz_dialect(std::string_view body) {
    serve::Incoming incoming;
    if (const auto refused = Dialect::decode(body, incoming)) {
        if (refused->errc() == Errc::ok || refused->detail().message.empty())
            fuzz_failure(Dialect::name, "a refusal that says nothing");
        return;
    }
    const bool stream = incoming.stream;
    sent<wire::Mistral>(incoming.request, stream);
    sent<wire::Bedrock>(incoming.request, stream);
    sent<wire::Cohere>(incoming.request, stream);
    sent<wire::Ollama>(incoming.request, stream);
    sent<wire::OpenAI>(incoming.request, stream);
    sent<wire::OpenAIResponses>(incoming.request, stream);
    sent<wire::Anthropic>(incoming.request, stream);
    sent<wire::Gemini>(incoming.request, stream);
    const auto once = sent<Own>(incoming.request, stream);
    if (!once) return;
    serve::Incoming again;
    if (Dialect::decode(once->body, again)) return;      // what makes no sense is for the vendor to refuse
    const auto twice = sent<Own>(again.request, stream); // in its usual form
    serve::Incoming third;
    if (!twice || Dialect::decode(twice->body, third))
        fuzz_failure(Dialect::name, "it cannot be sent again", twice ? twice->body : "", once->body);
    const auto thrice = sent<Own>(third.request, stream);
    if (!thrice || thrice->body != twice->body)
        fuzz_failure(Dialect::name, "it changes when it is sent again", thrice ? thrice->body : "",
                     twice->body);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::vector<char> copy(data, data + size); // of its exact size, for the sanitizer
    const std::string_view body(copy.data(), copy.size());
    fuzz_dialect<serve::OpenAI, wire::OpenAI>(body);
    fuzz_dialect<serve::OpenAIResponses, wire::OpenAIResponses>(body);
    fuzz_dialect<serve::Anthropic, wire::Anthropic>(body);
    fuzz_dialect<serve::Gemini, wire::Gemini>(body);
    return 0;
}
