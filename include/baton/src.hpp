// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

/// Optional separate compilation: include this header in exactly one file of a program in which every
/// file is compiled with BATON_SEPARATE_COMPILATION (and, for the greater part of the gain, with Asio's
/// and Beast's own macros: see doc/compile-time.md).

#if !defined(BATON_SEPARATE_COMPILATION)
#error "baton/src.hpp needs BATON_SEPARATE_COMPILATION, defined in every file of the program"
#endif

#include <baton/baton.hpp>

#include <baton/core/impl/canonical.ipp>
#include <baton/core/impl/errc.ipp>
#include <baton/core/impl/error.ipp>
#include <baton/core/impl/json.ipp>
#include <baton/core/impl/json_numbers.ipp>
#include <baton/core/impl/json_strings.ipp>
#include <baton/core/impl/json_writer.ipp>
#include <baton/core/impl/reply_codec.ipp>
#include <baton/core/impl/sha256.ipp>
#include <baton/core/impl/sigv4.ipp>
#include <baton/core/impl/utf8.ipp>
#include <baton/net/impl/event_stream.ipp>
#include <baton/net/impl/http_reader.ipp>
#include <baton/net/impl/proxy.ipp>
#include <baton/net/impl/sse.ipp>
#include <baton/net/impl/tls.ipp>
#include <baton/net/impl/tls_context.ipp>
#include <baton/net/impl/url.ipp>
#include <baton/orchestrator/impl/environment.ipp>
#include <baton/policy/impl/continuation.ipp>
#include <baton/policy/impl/rng.ipp>
#include <baton/policy/impl/seam.ipp>
#include <baton/wire/impl/anthropic.ipp>
#include <baton/wire/impl/anthropic_encode.ipp>
#include <baton/wire/impl/anthropic_request.ipp>
#include <baton/wire/impl/azure.ipp>
#include <baton/wire/impl/bedrock.ipp>
#include <baton/wire/impl/bedrock_account.ipp>
#include <baton/wire/impl/bedrock_blocks.ipp>
#include <baton/wire/impl/bedrock_encode.ipp>
#include <baton/wire/impl/bedrock_messages.ipp>
#include <baton/wire/impl/chat_assembler.ipp>
#include <baton/wire/impl/chat_calls.ipp>
#include <baton/wire/impl/chat_reasoning.ipp>
#include <baton/wire/impl/chat_wire.ipp>
#include <baton/wire/impl/classify.ipp>
#include <baton/wire/impl/cohere.ipp>
#include <baton/wire/impl/cohere_encode.ipp>
#include <baton/wire/impl/cohere_message.ipp>
#include <baton/wire/impl/cohere_request.ipp>
#include <baton/wire/impl/embeddings.ipp>
#include <baton/wire/impl/encode.ipp>
#include <baton/wire/impl/gemini.ipp>
#include <baton/wire/impl/gemini_arguments.ipp>
#include <baton/wire/impl/gemini_beside.ipp>
#include <baton/wire/impl/gemini_codec.ipp>
#include <baton/wire/impl/gemini_contents.ipp>
#include <baton/wire/impl/gemini_encode.ipp>
#include <baton/wire/impl/gemini_errands.ipp>
#include <baton/wire/impl/gemini_overlay.ipp>
#include <baton/wire/impl/gemini_reply.ipp>
#include <baton/wire/impl/hint.ipp> // classify.ipp uses its helpers
#include <baton/wire/impl/ollama.ipp>
#include <baton/wire/impl/ollama_encode.ipp>
#include <baton/wire/impl/ollama_errands.ipp>
#include <baton/wire/impl/ollama_request.ipp>
#include <baton/wire/impl/ollama_url.ipp>
#include <baton/wire/impl/openai.ipp>
#include <baton/wire/impl/openai_chat.ipp>
#include <baton/wire/impl/openai_chat_encode.ipp>
#include <baton/wire/impl/openai_chat_messages.ipp>
#include <baton/wire/impl/openai_embeddings.ipp>
#include <baton/wire/impl/openai_responses.ipp>
#include <baton/wire/impl/openai_responses_encode.ipp>
#include <baton/wire/impl/openai_responses_items.ipp>
#include <baton/wire/impl/openai_responses_request.ipp>
#include <baton/wire/impl/openai_responses_stream.ipp>
#include <baton/wire/impl/rate_headers.ipp>
#include <baton/wire/impl/vertex.ipp>
