// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/serve/openai.hpp>
#include <baton/testing/fault_server.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace gateway {

/// Three vendors inside this process, for a first run without keys and for tests. What they do is in the last
/// message: "#error:rate_limited" fails so, "#cut" breaks in the middle, "#slow" takes half a second per
/// word; with tools they call the first one twice, with a schema they answer Ada's data, else they say what
/// they were told.
class Simulation {
public:
    explicit Simulation(std::chrono::milliseconds gap = std::chrono::milliseconds(40))
        : openai(vendor("openai", gap)), anthropic(vendor("anthropic", gap)), gemini(vendor("gemini", gap)) {}

    std::string toml() const {
        const auto provider = [](const char* name, const std::string& url, const char* model) {
            return std::string("[providers.") + name + "]\nkey = \"simulated\"\nbase_url = \"" + url +
                   "\"\nmodel = \"" + model + "\"\n";
        };
        return provider("openai", openai.url("/v1"), "simulated-gpt") +
               "models = [\"simulated-embedding\"]\n" +
               provider("anthropic", anthropic.url(""), "simulated-claude") +
               provider("gemini", gemini.url("/v1beta"), "simulated-gemini") +
               "[aliases]\nfast = [\"openai/simulated-gpt\", \"anthropic/simulated-claude\"]\n"
               "smart = [\"anthropic/simulated-claude\", \"openai/simulated-gpt\"]\ncheap = "
               "[\"gemini/simulated-gemini\"]\n"
               "[routing]\nunknown_model = \"openai\"\nlossy = true\n" // what it is asked to fail with must
                                                                       // not be remembered:
               "[breaker]\nenabled = false\n"
               "[health]\nmax_cool_down_ms = 0\ncredential_retry_ms = 0\nquota_retry_ms = 0\n";
    }

    baton::testing::FaultServer openai, anthropic, gemini;

private:
    static baton::testing::Script vendor(std::string name, std::chrono::milliseconds gap) {
        return [name, gap](const baton::testing::ServedRequest& request) {
            using namespace baton::testing;
            if (request.target.find("/embeddings") != std::string::npos) return embeddings(request.body);
            if (request.target.find("/count_tokens") != std::string::npos)
                return Behaviour(CannedResponse(200, R"({"input_tokens":7})"));
            if (request.target.find(":countTokens") != std::string::npos)
                return Behaviour(CannedResponse(200, R"({"totalTokens":7})"));
            const baton::Request& asked = request.incoming.request;
            const std::string said = asked.messages.empty() ? std::string() : asked.messages.back().text();
            if (const std::size_t at = said.find("#error:"); at != std::string::npos)
                return error(said.substr(at + 7));
            Behaviour behaviour(answer(name, asked, said));
            behaviour.tokens_per_write = 1;
            if (request.incoming.stream) behaviour.gap = gap;
            if (said.find("#slow") != std::string::npos) behaviour.gap = std::chrono::milliseconds(500);
            const bool cut =
                std::any_of(asked.messages.begin(), asked.messages.end(), [](const baton::Message& message) {
                    return message.text().find("#cut") != std::string::npos; // a continuation is cut as well
                });
            if (cut) {
                behaviour.fault = Fault::close_mid_body;
                behaviour.at = 3;
            }
            return behaviour;
        };
    }

    static constexpr const char* ada = R"({"name":"Ada","age":36})";

    static baton::testing::Answer answer(const std::string& name, const baton::Request& asked,
                                         const std::string& said) {
        using namespace baton::testing;
        std::size_t images = 0;
        for (const baton::Message& message : asked.messages) {
            for (const baton::Part& part : message.parts) images += part.kind == baton::Part::Kind::image;
        }
        const bool answered = !asked.messages.empty() && asked.messages.back().role == baton::Role::tool;
        if (!asked.tools.empty() && !answered) {
            Answer made;
            if (asked.tools.front().name ==
                "json") { // how Vercel's SDK asks older models for structured output
                made.tool_calls.emplace_back("call_json", "json", ada, 3);
                return made;
            }
            made.tool_calls.emplace_back("call_bonn", asked.tools.front().name, R"({"city":"Bonn"})", 3);
            made.tool_calls.emplace_back("call_oslo", asked.tools.front().name, R"({"city":"Oslo"})", 2);
            return made;
        }
        if (asked.response_format &&
            asked.response_format->kind == baton::ResponseFormat::Kind::json_schema) {
            return Answer(ada, 4);
        }
        const bool story =
            std::any_of(asked.messages.begin(), asked.messages.end(), [](const baton::Message& message) {
                return message.role == baton::Role::user &&
                       message.text().find("#story") != std::string::npos;
            });
        if (story) return tell(asked);
        std::string text = "This is the simulated " + name + ".";
        if (images > 0) text += " I see " + std::to_string(images) + " image(s).";
        text += " You said: \"" + said.substr(0, 200) +
                "\"; and here is a river that rises in the hills and runs down to the sea.";
        return Answer(text, 24);
    }

    static baton::testing::Answer tell(const baton::Request& asked) {
        std::string story =
            "Once a river asked the sea where it began. The sea said: in the rain, like you. So the river "
            "went on, "
            "and whenever a stone lay in its way it went around, and lost not one drop of what it carried.";
        for (const baton::Message& message : asked.messages) {
            const std::string told = message.text();
            if (message.role == baton::Role::assistant && story.starts_with(told))
                story.erase(0, told.size());
        }
        return baton::testing::Answer(story, std::max<std::size_t>(1, story.size() / 8));
    }

    static baton::testing::Behaviour error(std::string_view name) {
        for (int code = 1; code <= static_cast<int>(baton::Errc::slow_reader); ++code) {
            const auto errc = static_cast<baton::Errc>(code);
            if (name.starts_with(to_string(errc)))
                return baton::testing::Behaviour(baton::Error(errc, "as you wish"));
        }
        return baton::testing::overloaded();
    }

    static baton::testing::Behaviour embeddings(std::string_view body) {
        baton::EmbedRequest request;
        bool base64 = false;
        if (auto wrong = baton::serve::OpenAI::decode_embed(body, request, base64))
            return baton::testing::Behaviour(*wrong);
        baton::Embeddings answer;
        answer.model = request.model;
        answer.usage.reported = true;
        answer.usage.input_tokens = 3 * request.inputs.size();
        for (const std::string& input : request.inputs)
            answer.vectors.push_back({static_cast<float>(input.size()), 0.5F, -1.0F});
        std::string out;
        baton::serve::OpenAI::encode_embed(answer, base64, out);
        return baton::testing::Behaviour(baton::testing::CannedResponse(200, out));
    }
};

} // namespace gateway
