// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#include <boost/test/unit_test.hpp>

#include "recorded_suite.hpp"

#include <baton/wire/anthropic.hpp>
#include <baton/wire/openai.hpp>

BOOST_AUTO_TEST_SUITE(recorded)

using namespace baton;
using namespace baton::test;

namespace {

const std::vector<JudgedError> errors = {
    {"anthropic", 400, "invalid_request_error", "", "Your credit balance is too low", Errc::quota},
    {"anthropic", 400, "invalid_request_error", "", "prompt is too long", Errc::context_overflow},
    {"anthropic", 400, "invalid_request_error", "", "", Errc::invalid_request},
    {"anthropic", 401, "authentication_error", "", "", Errc::auth},
    {"anthropic", 404, "not_found_error", "", "", Errc::not_found},
    {"anthropic", 429, "rate_limit_error", "", "", Errc::rate_limited},
    {"anthropic", 500, "api_error", "", "", Errc::transient},
    {"anthropic", 529, "overloaded_error", "", "", Errc::transient},
    {"anthropic", 200, "overloaded_error", "", "", Errc::transient},
    {"openai", 400, "image_generation_user_error", "invalid_image_file", "", Errc::invalid_request},
    {"openai", 400, "insufficient_quota", "insufficient_quota", "", Errc::quota},
    {"openai", 400, "invalid_request_error", "context_length_exceeded", "", Errc::context_overflow},
    {"openai", 400, "invalid_request_error", "integer_below_min_value", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "invalid_function_parameters", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "invalid_image_url", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "invalid_type", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "invalid_value", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "missing_required_parameter", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "model_not_found", "", Errc::not_found},
    {"openai", 400, "invalid_request_error", "unknown_parameter", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "unsupported_file", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "unsupported_file_mimetype", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "unsupported_parameter", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "unsupported_value", "", Errc::invalid_request},
    {"openai", 400, "invalid_request_error", "", "", Errc::invalid_request},
    {"openai", 401, "invalid_request_error", "invalid_api_key", "", Errc::auth},
    {"openai", 404, "invalid_request_error", "model_not_found", "", Errc::not_found},
    {"openai", 404, "invalid_request_error", "", "Model not found", Errc::not_found},
    {"openai", 429, "tokens", "rate_limit_exceeded", "Request too large", Errc::too_large},
    {"openai", 500, "server_error", "server_error", "", Errc::transient},
    {"openai", 500, "server_error", "", "", Errc::transient},
    {"openai", 503, "", "", "upstream connect error", Errc::transient},
    {"openai", 200, "model_error", "", "", Errc::transient},
    {"openai", 200, "server_error", "", "", Errc::transient},
};

// What the vendor would not miss: null and empty members; empty text (which it refuses to take back).
bj::array without_nothings(const bj::array& blocks) {
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

void anthropic_goes_back(const Reply& reply, const Reading& expected, const std::string&) {
    const bj::array blocks = without_nothings(expected.blocks);
    const bj::value request = sent_back<Anthropic>(reply);
    const bj::array& messages = request.at("messages").as_array();
    if (blocks.empty()) { // nothing to send: both questions are one turn
        BOOST_TEST(messages.size() == 1u);
        return;
    }
    BOOST_TEST_REQUIRE(messages.size() == 3u);
    BOOST_TEST(messages[1].at("role").as_string() == "assistant");
    const bj::array& sent = messages[1].at("content").as_array();
    BOOST_TEST_REQUIRE(sent.size() == blocks.size());
    for (std::size_t i = 0; i < sent.size(); ++i) BOOST_TEST(sent[i] == blocks[i]);
}

void openai_goes_back(const Reply& reply, const Reading&, const std::string& body) {
    if (body.empty()) return; // a stream has no message to compare with
    const bj::value message = test::parse(body).at("choices").as_array().at(0).at("message");
    const bj::value request = sent_back<OpenAI>(reply);
    const bj::value& sent = request.at("messages").as_array().at(1);
    BOOST_TEST(sent.at("role").as_string() == "assistant");
    const bj::value& content = test::at(message, "content");
    if (content.is_string() && !content.as_string().empty()) BOOST_TEST(sent.at("content") == content);
    if (!test::string_of(test::at(message, "refusal")).empty()) {
        BOOST_TEST(test::at(sent, "refusal") == test::at(message, "refusal"));
    }
    if (test::at(message, "function_call").is_object()) {
        BOOST_TEST(test::at(sent, "function_call") == test::at(message, "function_call"));
    }
    if (const bj::value& calls = test::at(message, "tool_calls");
        calls.is_array() && !calls.as_array().empty()) {
        BOOST_TEST(test::at(sent, "tool_calls") == calls);
    }
}

const std::vector<Suite> suites = {
    {"openai", "chat.completions", read_chat, read_chat_stream, OpenAI::decode,
     decode_stream<OpenAI::StreamDecoder>, OpenAI::decode_error, false, openai_goes_back},
    {"anthropic", "messages", read_anthropic, read_anthropic_stream, Anthropic::decode,
     decode_stream<Anthropic::StreamDecoder>, Anthropic::decode_error, true, anthropic_goes_back},
};

} // namespace

BOOST_AUTO_TEST_CASE(every_recording_reads_as_it_says) { run_suites(suites, errors); }

BOOST_AUTO_TEST_CASE(anthropic_counts_and_lists) {
    const auto recordings = Recordings::open();
    if (!recordings) {
        std::cout
            << "skipped: no recordings (BATON_RECORDINGS names no directory with index.jsonl); 4 cases\n";
        return;
    }
    for (const RecordingEntry& entry : recordings->entries()) {
        if (entry.provider != "anthropic" || entry.status != 200) continue;
        const std::string body = recordings->response(entry).body;
        if (entry.api_detail == "count_tokens") {
            std::uint64_t tokens = 0;
            BOOST_TEST(!Anthropic::decode_count(body, tokens), entry.id);
            BOOST_TEST(tokens == test::parse(body).at("input_tokens").to_number<std::uint64_t>());
        } else if (entry.api_detail == "models") {
            std::vector<ModelInfo> models;
            BOOST_TEST(!Anthropic::decode_models(body, models), entry.id);
            const bj::value whole = test::parse(body);
            const bj::array& list = whole.at("data").as_array();
            BOOST_TEST_REQUIRE(models.size() == list.size());
            for (std::size_t i = 0; i < list.size(); ++i)
                BOOST_TEST(models[i].id == list[i].at("id").as_string());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
