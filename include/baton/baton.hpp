// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

/// Everything an application needs. Parts can be included by themselves; see the folders.

#include <baton/core/config.hpp>
#include <baton/core/delta.hpp>
#include <baton/core/error.hpp>
#include <baton/core/reply.hpp>
#include <baton/core/request.hpp>

#include <baton/wire/anthropic.hpp>
#include <baton/wire/azure.hpp>
#include <baton/wire/bedrock.hpp>
#include <baton/wire/cerebras.hpp>
#include <baton/wire/cohere.hpp>
#include <baton/wire/compatible.hpp>
#include <baton/wire/deepseek.hpp>
#include <baton/wire/gemini.hpp>
#include <baton/wire/groq.hpp>
#include <baton/wire/huggingface.hpp>
#include <baton/wire/mistral.hpp>
#include <baton/wire/ollama.hpp>
#include <baton/wire/openai.hpp>
#include <baton/wire/openai_responses.hpp>
#include <baton/wire/openrouter.hpp>
#include <baton/wire/perplexity.hpp>
#include <baton/wire/rate_headers.hpp>
#include <baton/wire/together.hpp>
#include <baton/wire/vertex.hpp>
#include <baton/wire/xai.hpp>

#include <baton/policy/active.hpp>
#include <baton/policy/after_p95.hpp>
#include <baton/policy/aimd.hpp>
#include <baton/policy/balance.hpp>
#include <baton/policy/breaker.hpp>
#include <baton/policy/cache.hpp>
#include <baton/policy/consecutive_failures.hpp>
#include <baton/policy/context_windows.hpp>
#include <baton/policy/deadline.hpp>
#include <baton/policy/endpoint.hpp>
#include <baton/policy/environment.hpp>
#include <baton/policy/exp_backoff.hpp>
#include <baton/policy/fallback.hpp>
#include <baton/policy/gcra.hpp>
#include <baton/policy/gradient2.hpp>
#include <baton/policy/half_open.hpp>
#include <baton/policy/health.hpp>
#include <baton/policy/hedge.hpp>
#include <baton/policy/latency_ewma.hpp>
#include <baton/policy/least_busy.hpp>
#include <baton/policy/limit.hpp>
#include <baton/policy/limit_states.hpp>
#include <baton/policy/passive.hpp>
#include <baton/policy/power_of_two.hpp>
#include <baton/policy/prompt_affinity.hpp>
#include <baton/policy/provider.hpp>
#include <baton/policy/resume.hpp>
#include <baton/policy/retry.hpp>
#include <baton/policy/round_robin.hpp>
#include <baton/policy/route.hpp>
#include <baton/policy/seam.hpp>
#include <baton/policy/sre.hpp>
#include <baton/policy/use.hpp>

#include <baton/orchestrator.hpp>
