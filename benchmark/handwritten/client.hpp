// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

// The benchmark's baseline: a client for OpenAI's chat completions written by hand on Beast, Asio and
// Boost.JSON, the way their documentation suggests. FROZEN: it is not to be tuned or slowed down any more.
// Its style was settled by comparing it with figures measured earlier for other such clients, never with
// baton's.

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace handwritten {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;

struct Message {
    std::string role;
    std::string content;
};

struct ChatRequest {
    std::string model;
    std::vector<Message> messages;
};

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t reasoning_tokens = 0;
};

struct ChatReply {
    std::string id;
    std::string model;
    std::string text;
    std::string finish_reason;
    Usage usage;
};

struct ClientOptions {
    std::string host = "api.openai.com";
    std::string port = "443";
    std::string path = "/v1/chat/completions";
    std::string key; ///< empty for servers that want none
    std::chrono::seconds timeout{30};
    std::size_t read_size = 16 * 1024; ///< bytes of the read buffer, and of the one for streamed bodies
};

template <class Executor = asio::any_io_executor>
using PlainStream = beast::basic_stream<tcp, Executor, beast::unlimited_rate_policy>;

template <class Executor = asio::any_io_executor>
using TlsStream = beast::ssl_stream<PlainStream<Executor>>;

/// One kept connection, one call at a time. Throws on every failure. `Stream` is a PlainStream or a
/// TlsStream.
template <class Stream>
class Client {
public:
    using executor_type = typename Stream::executor_type;
    template <class T>
    using task = asio::awaitable<T, executor_type>;

    static constexpr bool uses_tls = !std::is_same_v<Stream, PlainStream<executor_type>>;

    Client(executor_type executor, ClientOptions options)
        requires(!uses_tls)
        : executor_(executor), options_(std::move(options)) {
        prepare();
    }

    Client(executor_type executor, asio::ssl::context& tls, ClientOptions options)
        requires uses_tls
        : executor_(executor), tls_(&tls), options_(std::move(options)) {
        prepare();
    }

    task<ChatReply> complete(const ChatRequest& chat) {
        if (!stream_) co_await connect();
        try {
            write_body(chat, false);
            expires_after(options_.timeout);
            co_await http::async_write(*stream_, request_, token);

            http::response_parser<http::string_body> parser;
            parser.body_limit(16 * 1024 * 1024);
            expires_after(options_.timeout);
            co_await http::async_read(*stream_, buffer_, parser, token);
            const http::response<http::string_body>& response = parser.get();
            if (!response.keep_alive()) stream_.reset();
            if (response.result() != http::status::ok)
                throw_http_error(response.result_int(), response.body());

            const json::value document = json::parse(response.body());
            ChatReply reply;
            reply.id = document.at("id").as_string();
            reply.model = document.at("model").as_string();
            const json::value& choice = document.at("choices").at(0);
            reply.text = choice.at("message").at("content").as_string();
            reply.finish_reason = choice.at("finish_reason").as_string();
            reply.usage = read_usage(document.at("usage"));
            co_return reply;
        } catch (...) {
            stream_.reset(); // who knows what is still to come on it
            throw;
        }
    }

    /// Calls `on_delta(std::string_view)` for every piece of text as it comes, and returns the whole.
    template <class OnDelta>
    task<ChatReply> stream(const ChatRequest& chat, OnDelta on_delta) {
        if (!stream_) co_await connect();
        try {
            write_body(chat, true);
            expires_after(options_.timeout);
            co_await http::async_write(*stream_, request_, token);

            http::response_parser<http::buffer_body> parser;
            parser.body_limit(boost::none);
            expires_after(options_.timeout);
            co_await http::async_read_header(*stream_, buffer_, parser, token);

            ChatReply reply;
            std::string pending;
            std::vector<char> bytes(options_.read_size);
            while (!parser.is_done()) {
                parser.get().body().data = bytes.data();
                parser.get().body().size = bytes.size();
                parser.get().body().more = true;
                expires_after(options_.timeout);
                beast::error_code error;
                co_await http::async_read_some(*stream_, buffer_, parser, asio::redirect_error(token, error));
                if (error && error != http::error::need_buffer) throw beast::system_error(error);
                pending.append(bytes.data(), bytes.size() - parser.get().body().size);
                if (parser.get().result() == http::status::ok) read_events(pending, reply, on_delta);
            }
            if (!parser.keep_alive()) stream_.reset();
            if (parser.get().result() != http::status::ok)
                throw_http_error(parser.get().result_int(), pending);
            co_return reply;
        } catch (...) {
            stream_.reset();
            throw;
        }
    }

private:
    static constexpr asio::use_awaitable_t<executor_type> token{};

    void expires_after(std::chrono::seconds time) { beast::get_lowest_layer(*stream_).expires_after(time); }

    task<void> connect() {
        asio::ip::basic_resolver<tcp, executor_type> resolver(executor_);
        const auto endpoints = co_await resolver.async_resolve(options_.host, options_.port, token);
        buffer_.clear();
        try {
            if constexpr (uses_tls) {
                stream_.emplace(executor_, *tls_);
                if (!SSL_set_tlsext_host_name(stream_->native_handle(), options_.host.c_str()))
                    throw std::runtime_error("cannot set the server name");
                stream_->set_verify_mode(asio::ssl::verify_peer);
                stream_->set_verify_callback(asio::ssl::host_name_verification(options_.host));
            } else {
                stream_.emplace(executor_);
            }
            expires_after(options_.timeout);
            co_await beast::get_lowest_layer(*stream_).async_connect(endpoints, token);
            beast::get_lowest_layer(*stream_).socket().set_option(tcp::no_delay(true));
            if constexpr (uses_tls) {
                expires_after(options_.timeout);
                co_await stream_->async_handshake(asio::ssl::stream_base::client, token);
            }
        } catch (...) {
            stream_.reset();
            throw;
        }
    }

    // What is the same in every request.
    void prepare() {
        request_.method(http::verb::post);
        request_.target(options_.path);
        const bool usual_port = options_.port == (uses_tls ? "443" : "80");
        request_.set(http::field::host, usual_port ? options_.host : options_.host + ":" + options_.port);
        if (!options_.key.empty()) request_.set(http::field::authorization, "Bearer " + options_.key);
        request_.set(http::field::content_type, "application/json");
        buffer_.reserve(options_.read_size);
    }

    void write_body(const ChatRequest& chat, bool streamed) {
        request_.body() = json::serialize(make_document(chat, streamed));
        request_.prepare_payload();
    }

    static json::object make_document(const ChatRequest& chat, bool streamed) {
        json::array messages;
        for (const Message& message : chat.messages) {
            json::object item;
            item["role"] = message.role;
            item["content"] = message.content;
            messages.push_back(std::move(item));
        }
        json::object document;
        document["model"] = chat.model;
        document["messages"] = std::move(messages);
        if (streamed) {
            document["stream"] = true;
            document["stream_options"] = json::object{{"include_usage", true}};
        }
        return document;
    }

    static Usage read_usage(const json::value& usage) {
        Usage result;
        result.prompt_tokens = usage.at("prompt_tokens").as_int64();
        result.completion_tokens = usage.at("completion_tokens").as_int64();
        if (const json::value* details = usage.as_object().if_contains("prompt_tokens_details"))
            result.cached_tokens = details->at("cached_tokens").as_int64();
        if (const json::value* details = usage.as_object().if_contains("completion_tokens_details"))
            result.reasoning_tokens = details->at("reasoning_tokens").as_int64();
        return result;
    }

    // Takes the whole events out of `pending` and leaves what has not ended yet.
    template <class OnDelta>
    static void read_events(std::string& pending, ChatReply& reply, OnDelta& on_delta) {
        std::size_t begin = 0;
        for (std::size_t end; (end = pending.find("\n\n", begin)) != std::string::npos; begin = end + 2) {
            const std::string_view event = std::string_view(pending).substr(begin, end - begin);
            if (!event.starts_with("data: ") || event == "data: [DONE]") continue;
            read_chunk(json::parse(event.substr(6)), reply, on_delta);
        }
        pending.erase(0, begin);
    }

    template <class OnDelta>
    static void read_chunk(const json::value& chunk, ChatReply& reply, OnDelta& on_delta) {
        const json::object& object = chunk.as_object();
        if (reply.id.empty()) {
            reply.id = object.at("id").as_string();
            reply.model = object.at("model").as_string();
        }
        if (const json::value* usage = object.if_contains("usage"); usage != nullptr && !usage->is_null())
            reply.usage = read_usage(*usage);
        for (const json::value& choice : object.at("choices").as_array()) {
            if (const json::value& reason = choice.at("finish_reason"); !reason.is_null())
                reply.finish_reason = reason.as_string();
            const json::value* content = choice.at("delta").as_object().if_contains("content");
            if (content == nullptr || content->is_null()) continue;
            const json::string& text = content->as_string();
            if (text.empty()) continue;
            reply.text.append(text.data(), text.size());
            on_delta(std::string_view(text.data(), text.size()));
        }
    }

    [[noreturn]] static void throw_http_error(unsigned status, const std::string& body) {
        throw std::runtime_error("HTTP " + std::to_string(status) + ": " + body);
    }

    executor_type executor_;
    asio::ssl::context* tls_ = nullptr;
    ClientOptions options_;
    std::optional<Stream> stream_;
    http::request<http::string_body> request_;
    beast::flat_buffer buffer_;
};

} // namespace handwritten
