// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

/// Optional separate compilation of the testing kit and of the server side of the wires; as baton/src.hpp.

#include <baton/src.hpp>

#include <baton/serve/impl/anthropic.ipp>
#include <baton/serve/impl/anthropic_decode.ipp>
#include <baton/serve/impl/error_status.ipp>
#include <baton/serve/impl/gemini.ipp>
#include <baton/serve/impl/gemini_config.ipp>
#include <baton/serve/impl/gemini_contents.ipp>
#include <baton/serve/impl/gemini_decode.ipp>
#include <baton/serve/impl/gemini_other.ipp>
#include <baton/serve/impl/openai.ipp>
#include <baton/serve/impl/openai_decode.ipp>
#include <baton/serve/impl/openai_embed.ipp>
#include <baton/serve/impl/openai_options.ipp>
#include <baton/serve/impl/openai_responses.ipp>
#include <baton/serve/impl/openai_responses_decode.ipp>
#include <baton/serve/impl/openai_responses_input.ipp>
#include <baton/serve/impl/openai_responses_stream.ipp>
#include <baton/serve/impl/request_reader.ipp>
#include <baton/testing/impl/answer.ipp>
#include <baton/testing/impl/answer_body.ipp>
#include <baton/testing/impl/answer_plan.ipp>
#include <baton/testing/impl/black_hole.ipp>
#include <baton/testing/impl/certificates.ipp>
#include <baton/testing/impl/fault_script.ipp>
#include <baton/testing/impl/fault_server.ipp>
#include <baton/testing/impl/fault_session.ipp>
#include <baton/testing/impl/latency.ipp>
#include <baton/testing/impl/ledger_book.ipp>
#include <baton/testing/impl/manual_clock.ipp>
#include <baton/testing/impl/memory_world.ipp>
#include <baton/testing/impl/scenario.ipp>
#include <baton/testing/impl/served_request.ipp>
#include <baton/testing/impl/simulation.ipp>
#include <baton/testing/impl/simulation_result.ipp>
