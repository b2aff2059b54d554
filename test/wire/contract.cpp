// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What every wire keeps: the facts of a table in plain words, and what all wires have in common. The table is
// also the vendors' page, doc/wires.md.
#include "../support/print.hpp"
#include "../support/recorded.hpp"

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
#include <baton/wire/together.hpp>
#include <baton/wire/vertex.hpp>
#include <baton/wire/xai.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

BOOST_AUTO_TEST_SUITE(contract)

using namespace baton;

namespace {

struct Capability {
    bool Capabilities::* member;
    const char* word;
    const char* meaning;
    bool usual = false; ///< true unless a wire says otherwise; its absence is said, as "no-word"
};
constexpr Capability capability_words[] = {
    {&Capabilities::streaming, "streaming", "answers come in pieces", true},
    {&Capabilities::system_role, "system", "system messages", true},
    {&Capabilities::temperature, "temperature", "`temperature`", true},
    {&Capabilities::top_p, "top-p", "`top_p`", true},
    {&Capabilities::stop_sequences, "stop", "`stop`", true},
    {&Capabilities::tools, "tools", "`tools`: functions that the model may call"},
    {&Capabilities::parallel_tools, "parallel", "`parallel_tools = false` forbids several calls at once"},
    {&Capabilities::tool_choice, "choice", "a tool call can be required or forbidden"},
    {&Capabilities::strict_tools, "strict", "`Tool::strict`: the schema is enforced"},
    {&Capabilities::images, "images", "images as base64"},
    {&Capabilities::image_urls, "image-urls", "images by http(s) URL"},
    {&Capabilities::documents, "documents", "documents (PDF) as base64"},
    {&Capabilities::json_object, "json", "answers that are some JSON object"},
    {&Capabilities::json_schema, "schema", "answers of a given JSON Schema"},
    {&Capabilities::prefill, "prefill",
     "a trailing assistant message is continued; elsewhere it is a turn like others"},
    {&Capabilities::reasoning, "thoughts-back", "what the model thought goes back with its turn"},
    {&Capabilities::reasoning_effort, "effort", "`reasoning(\"low\")`"},
    {&Capabilities::reasoning_budget, "budget", "`reasoning(2000)`: in tokens"},
    {&Capabilities::top_k, "top-k", "`top_k`"},
    {&Capabilities::seed, "seed", "`seed`"},
    {&Capabilities::penalties, "penalties", "`frequency_penalty`, `presence_penalty`"},
    {&Capabilities::logprobs, "logprobs", "`top_logprobs`"},
    {&Capabilities::choices, "n", "`choices(n)`: several answers"},
    {&Capabilities::service_tier, "tier", "`service_tier`"},
    {&Capabilities::end_user, "user", "`end_user`"},
    {&Capabilities::cache_control, "cache-marks",
     "`cache_point`: prompt-cache markers; elsewhere they are passed over"},
    {&Capabilities::embeddings, "embeddings", "`embed()`"},
    {&Capabilities::token_count, "count", "`count_tokens()`"},
};

/// What is required of a wire, in words.
struct Contract {
    const char* type;
    const char* header;
    const char* name;
    const char* key;        ///< "" = needs none
    const char* credential; ///< the account's header lines for the key "KEY", by '|'
    const char* endpoint;   ///< where the variable $BASE stands, it must be given or is made from options
    const char* variable;   ///< for the base URL
    const char* framing;
    const char* list;       ///< of models, also the health check
    const char* model;      ///< by default; "" = must be given
    const char* embeddings; ///< path, and the default model after a space; "" = none
    const char* can;
    const char* words; ///< what one must know
};
constexpr const char* bearer = "authorization: Bearer KEY";
constexpr const char* local_can =
    "tools parallel choice strict images image-urls json schema thoughts-back effort top-k seed penalties "
    "logprobs n user embeddings";
const Contract contracts[] = {
    {"OpenAI", "openai", "openai", "OPENAI_API_KEY", bearer, "https://api.openai.com/v1/chat/completions",
     "OPENAI_BASE_URL", "sse", "/models", "gpt-5-mini", "/embeddings text-embedding-3-small",
     "tools parallel choice strict images image-urls documents json schema effort seed penalties logprobs n "
     "tier user embeddings",
     "Chat completions. Options `organization` and `project` go out as headers; beside a key of the "
     "environment "
     "they are `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`. Its models' thinking is not "
     "shown by this API; `OpenAIResponses` keeps it across turns."},
    {"OpenAIResponses", "openai_responses", "openai_responses", "OPENAI_API_KEY", bearer,
     "https://api.openai.com/v1/responses", "OPENAI_BASE_URL", "sse", "/models", "gpt-5-mini", "",
     "no-stop tools parallel choice strict images image-urls documents json schema thoughts-back effort "
     "logprobs tier user count",
     "The Responses API. Nothing is stored at OpenAI unless `extra` says `\"store\":true`; the encrypted "
     "thinking comes with the answer and goes back with it. The first system message is sent as "
     "`instructions`."},
    {"Anthropic", "anthropic", "anthropic", "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN",
     "x-api-key: KEY|anthropic-version: 2023-06-01", "https://api.anthropic.com/v1/messages",
     "ANTHROPIC_BASE_URL", "sse", "/v1/models?limit=1000", "claude-haiku-4-5", "",
     "tools parallel choice strict images image-urls documents schema prefill thoughts-back effort budget "
     "top-k tier user cache-marks count",
     "It requires `max_tokens`: a request without gets 4096. System messages become its `system` blocks, "
     "wherever they stand. `strict` of a response format is always on. Options `version` and `beta` go out "
     "as headers. What `ANTHROPIC_AUTH_TOKEN` holds, or the key with option `bearer`, is sent as bearer "
     "token."},
    {"AzureOpenAI", "azure", "azure", "AZURE_OPENAI_API_KEY", "api-key: KEY",
     "$BASE/openai/deployments/MODEL/chat/completions", "AZURE_OPENAI_ENDPOINT", "sse", "/openai/v1/models",
     "", "/openai/deployments/MODEL/embeddings ",
     "tools parallel choice strict images image-urls json schema effort seed penalties logprobs n tier user "
     "embeddings",
     "The model is the deployment's name, so there is no default. The base URL is the resource's "
     "(`https://<resource>.openai.azure.com`); one that goes on (`.../openai/v1`, `.../models`) is taken at "
     "its word. With a dated `api_version` (or `OPENAI_API_VERSION`) the path is as above, else it is "
     "`/openai/v1/chat/completions`. In place of the key an Entra ID token: option `bearer`, or "
     "`AZURE_OPENAI_AD_TOKEN`. A prompt that the content filter stops is `content_filtered`."},
    {"AzureResponses", "openai_responses", "azure_responses", "AZURE_OPENAI_API_KEY AZURE_OPENAI_AD_TOKEN",
     "api-key: KEY", "$BASE/responses", "AZURE_OPENAI_BASE_URL", "sse", "/models", "", "",
     "no-stop tools parallel choice strict images image-urls documents json schema thoughts-back effort "
     "logprobs tier user",
     "The Responses API of an Azure OpenAI resource, in its version-less form. The base URL is made from "
     "option `resource`, else from `AZURE_OPENAI_ENDPOINT`; one without a path gets `/openai/v1`. The model "
     "is the deployment's name; thinking can "
     "go back only where it is called like its model, or `extra` says "
     "`{\"include\":[\"reasoning.encrypted_content\"]}`. With option `bearer` the key is an Entra ID token, "
     "as what `AZURE_OPENAI_AD_TOKEN` holds is."},
    {"Gemini", "gemini", "gemini", "GEMINI_API_KEY GOOGLE_API_KEY", "x-goog-api-key: KEY",
     "https://generativelanguage.googleapis.com/v1beta/models/MODEL:generateContent",
     "GOOGLE_GEMINI_BASE_URL", "sse", "/models?pageSize=1000", "gemini-3.5-flash",
     "/models/MODEL:batchEmbedContents gemini-embedding-001",
     "tools choice strict images image-urls documents json schema thoughts-back effort budget top-k seed "
     "penalties logprobs n tier embeddings count",
     "A base URL without a path gets `/v1beta`. "
     "Signatures of thoughts and tool calls are kept and sent back."},
    {"Vertex", "vertex", "vertex", "GOOGLE_OAUTH_ACCESS_TOKEN", "",
     "$BASE/publishers/google/models/MODEL:generateContent", "GOOGLE_VERTEX_BASE_URL", "sse",
     "/v1beta1/publishers/google/models?pageSize=100", "gemini-3.5-flash",
     "/publishers/google/models/MODEL:predict gemini-embedding-001",
     "tools choice strict images image-urls documents json schema thoughts-back effort budget top-k seed "
     "penalties logprobs n embeddings count",
     "Gemini on Google Cloud. It needs a project (option `project`, or `GOOGLE_CLOUD_PROJECT`) and takes a "
     "location (`location`, or `GOOGLE_CLOUD_LOCATION`; else `global`), from which host and path are made. "
     "The key is an OAuth access token, sent as bearer; it lives for about an hour, so a program that runs "
     "longer passes `Vertex::Credentials`, a function that gives tokens. A model with a slash is a path "
     "below the location: `endpoints/123`."},
    {"Bedrock", "bedrock", "bedrock", "AWS_BEARER_TOKEN_BEDROCK", "", "$BASE/model/MODEL/converse",
     "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "event-stream", "/async-invoke?maxResults=1", "", "",
     "tools choice strict images documents schema prefill thoughts-back effort budget top-k tier cache-marks "
     "count",
     "Converse and ConverseStream. It needs a region (option `region`, `AWS_REGION` or "
     "`AWS_DEFAULT_REGION`), a model (id, inference profile or ARN), and a credential: the first of "
     "`Bedrock::Credentials` (a function that gives keys), option `key` (a Bedrock API key), option "
     "`access_key_id` and its kin, `AWS_BEARER_TOKEN_BEDROCK`, `AWS_ACCESS_KEY_ID` and its kin. Keys sign "
     "each request (Signature Version 4). `top_k` and `reasoning` are sent in the words of the model's "
     "maker, where its name tells the maker. Guardrails go through `extra`. Its runtime lists no models; the "
     "health check needs `bedrock:ListAsyncInvokes`."},
    {"Cohere", "cohere", "cohere", "CO_API_KEY COHERE_API_KEY", bearer, "https://api.cohere.com/v2/chat",
     "CO_API_URL", "sse", "/v1/models?page_size=1000", "command-a-03-2025", "/v2/embed embed-v4.0",
     "tools choice strict images image-urls json schema thoughts-back budget top-k seed penalties logprobs "
     "embeddings",
     "Chat, version 2. A tool can be required but "
     "not named; log probabilities come without alternatives. Documents to answer from, safety mode and "
     "citation options go through `extra`. What embeddings are for is always said: documents, unless the "
     "request says queries."},
    {"Mistral", "mistral", "mistral", "MISTRAL_API_KEY", bearer, "https://api.mistral.ai/v1/chat/completions",
     "MISTRAL_BASE_URL", "sse", "/models", "mistral-small-latest", "/embeddings mistral-embed",
     "tools parallel choice strict images image-urls documents json schema prefill thoughts-back effort seed "
     "penalties n embeddings",
     "Chat completions with words of its own: `random_seed`, documents by URL, thinking as a part of the "
     "content, and a marker that continues a trailing assistant message."},
    {"Groq", "groq", "groq", "GROQ_API_KEY", bearer, "https://api.groq.com/openai/v1/chat/completions",
     "GROQ_BASE_URL", "sse", "/openai/v1/models", "openai/gpt-oss-120b", "",
     "tools parallel choice images image-urls json schema effort seed penalties tier user",
     "Chat completions. The base URL is without `/openai/v1`, as in Groq's own SDKs. It refuses log "
     "probabilities and more than one answer."},
    {"Together", "together", "together", "TOGETHER_API_KEY", bearer,
     "https://api.together.xyz/v1/chat/completions", "TOGETHER_BASE_URL", "sse", "/models",
     "meta-llama/Llama-3.3-70B-Instruct-Turbo", "/embeddings ",
     "tools choice images image-urls json schema effort top-k seed penalties logprobs n embeddings",
     "Chat completions. Embeddings need a model; their size cannot be chosen."},
    {"DeepSeek", "deepseek", "deepseek", "DEEPSEEK_API_KEY", bearer,
     "https://api.deepseek.com/chat/completions", "DEEPSEEK_BASE_URL", "sse", "/models", "deepseek-chat", "",
     "tools choice json thoughts-back effort penalties logprobs",
     "Chat completions. What it thought goes back beside tool calls, where it insists on it. "
     "`reasoning(\"none\")` switches thinking off."},
    {"XAI", "xai", "xai", "XAI_API_KEY", bearer, "https://api.x.ai/v1/chat/completions", "XAI_BASE_URL",
     "sse", "/models", "grok-4.3", "",
     "tools parallel choice images image-urls json schema effort seed penalties logprobs n user",
     "Chat completions of Grok. A wrong key comes as a 400; it is `auth` all the same."},
    {"OpenRouter", "openrouter", "openrouter", "OPENROUTER_API_KEY", bearer,
     "https://openrouter.ai/api/v1/chat/completions", "OPENROUTER_BASE_URL", "sse", "/models",
     "openrouter/auto", "/embeddings openai/text-embedding-3-small",
     "tools parallel choice strict images image-urls documents json schema prefill thoughts-back effort "
     "budget top-k seed penalties logprobs user cache-marks embeddings",
     "Many vendors behind chat completions; models are `vendor/model`. Reasoning goes back as its "
     "`reasoning_details`; cache markers and prefill reach the models that know them. Options `referer` and "
     "`title` name the application. Errors may come with status 200 and quote the upstream's."},
    {"Perplexity", "perplexity", "perplexity", "PERPLEXITY_API_KEY PPLX_API_KEY", bearer,
     "https://api.perplexity.ai/chat/completions", "PERPLEXITY_BASE_URL", "sse", "/v1/models", "sonar",
     "/v1/embeddings pplx-embed-v1-0.6b", "images image-urls schema effort top-k penalties embeddings",
     "Answers from the web; the sources are opaque parts `citations` and `search_results` of the reply. It "
     "has no tools. A wrong key may come as a web page."},
    {"Cerebras", "cerebras", "cerebras", "CEREBRAS_API_KEY", bearer,
     "https://api.cerebras.ai/v1/chat/completions", "CEREBRAS_BASE_URL", "sse", "/v1/models", "gpt-oss-120b",
     "", "tools choice strict json schema effort seed logprobs user",
     "Chat completions. The base URL is without `/v1`, as in its own SDKs. Its `request_quota_exceeded` is a "
     "limit per second, so `rate_limited`."},
    {"HuggingFace", "huggingface", "huggingface", "HF_TOKEN HUGGING_FACE_HUB_TOKEN", bearer,
     "https://router.huggingface.co/v1/chat/completions", "HUGGINGFACE_BASE_URL", "sse", "/models",
     "openai/gpt-oss-120b", "", "tools choice images image-urls json schema effort seed penalties logprobs",
     "The router: many hosts behind one door, which differ in what they can do. `model:host` picks one."},
    {"Ollama", "ollama", "ollama", "OLLAMA_API_KEY", bearer, "$BASE/api/chat", "", "ndjson", "/api/tags", "",
     "/api/embed ",
     "tools images json schema prefill thoughts-back effort top-k seed penalties logprobs "
     "embeddings",
     "Ollama's own API, at `OLLAMA_HOST` (`host`, `host:port`, `:port` or a URL), else "
     "`http://127.0.0.1:11434`. A key is sent if there is one; its cloud wants one. The model is named as "
     "`ollama list` shows it. `extra` holds what only Ollama has: `{\"options\":{\"num_ctx\":8192}}`."},
    {"LlamaCpp", "compatible", "llamacpp", "", bearer, "http://127.0.0.1:8080/v1/chat/completions", "", "sse",
     "/models", "", "/embeddings ", local_can, "llama.cpp's server, at its default port."},
    {"VLLM", "compatible", "vllm", "", bearer, "http://127.0.0.1:8000/v1/chat/completions", "", "sse",
     "/models", "", "/embeddings ", local_can, "vLLM's server, at its default port."},
    {"LMStudio", "compatible", "lmstudio", "", bearer, "http://127.0.0.1:1234/v1/chat/completions", "", "sse",
     "/models", "", "/embeddings ", local_can, "LM Studio's server, at its default port."},
    {"OllamaCompatible", "compatible", "ollama-compatible", "OLLAMA_API_KEY", bearer,
     "$BASE/chat/completions", "", "sse", "/models", "", "/embeddings ", local_can,
     "Ollama's OpenAI-compatible door, found as `Ollama` is; its own API says more."},
    {"Compatible<\"acme\">", "compatible", "acme", "", bearer, "$BASE/chat/completions", "", "sse", "/models",
     "", "/embeddings ", local_can,
     "Any server that calls itself OpenAI-compatible, under a name of your choice. Give option `base_url` "
     "(or a second template argument) and `model`; a key is sent if there is one. What the server lacks, it "
     "refuses itself. A vendor with words of its own is a `ChatDialect`: see `example/custom_wire`."},
};

/// What a wire says of itself, in the same words.
struct Facts {
    std::string type, name, key, credential, endpoint, variable, framing, list, model, embeddings, can;
    Capabilities capabilities;
    bool lists_models = false;
    EmbedBatch batch{};
};

struct Written {
    std::optional<Error> error;
    std::string path, headers, body;
};
template <class W>
Written write(const Request& request, std::string_view model, bool stream = false) {
    Written out;
    Target target;
    target.model = model;
    out.error = W::encode(Draft(request), target, stream, wire::Outgoing{out.path, out.headers, out.body});
    return out;
}

template <class W>
Facts facts(const char* type) {
    Facts out;
    out.type = type;
    out.name = W::name;
    out.key = W::key_variable;
    if (const std::string_view other = wire::other_key_variable<W>(); !other.empty())
        out.key.append(out.key.empty() ? "" : " ").append(other);
    BOOST_TEST(!W::write_account_headers({}, Secret("KEY"), out.credential).has_value());
    for (std::size_t at; (at = out.credential.find("\r\n")) != std::string::npos;)
        out.credential.replace(at, 2, at + 2 == out.credential.size() ? "" : "|");
    out.endpoint = W::default_base_url.empty() ? std::string_view("$BASE") : W::default_base_url;
    out.endpoint += write<W>(Request("x"), "MODEL").path;
    out.variable = W::base_url_variable;
    out.framing = W::framing == wire::Framing::sse      ? "sse"
                  : W::framing == wire::Framing::ndjson ? "ndjson"
                                                        : "event-stream";
    out.list = W::health_path;
    out.model = W::default_model;
    out.capabilities = W::capabilities;
    out.lists_models = wire::ListsModels<W>;
    for (const Capability& word : capability_words) {
        bool has = W::capabilities.*word.member;
        if (word.member == &Capabilities::tool_choice) has = has && W::capabilities.tools;
        if (has == word.usual) continue;
        out.can.append(out.can.empty() ? "" : " ").append(word.usual ? "no-" : "").append(word.word);
    }
    if constexpr (wire::Embeds<W>) {
        std::string headers, body;
        Target target;
        target.model = "MODEL";
        BOOST_TEST(
            !W::encode_embed(EmbedRequest("x"), target, wire::Outgoing{out.embeddings, headers, body}));
        out.embeddings += ' ';
        if constexpr (requires { W::default_embedding_model; }) out.embeddings += W::default_embedding_model;
        out.batch = wire::embed_batch<W>(out.embeddings.substr(out.embeddings.find(' ') + 1));
    }
    return out;
}

/// Calls `f(std::type_identity<W>(), "W")` for every wire, in the order of the page.
template <class F>
void for_each_wire(F&& f) {
    f(std::type_identity<OpenAI>(), "OpenAI");
    f(std::type_identity<OpenAIResponses>(), "OpenAIResponses");
    f(std::type_identity<Anthropic>(), "Anthropic");
    f(std::type_identity<AzureOpenAI>(), "AzureOpenAI");
    f(std::type_identity<AzureResponses>(), "AzureResponses");
    f(std::type_identity<Gemini>(), "Gemini");
    f(std::type_identity<Vertex>(), "Vertex");
    f(std::type_identity<Bedrock>(), "Bedrock");
    f(std::type_identity<Cohere>(), "Cohere");
    f(std::type_identity<Mistral>(), "Mistral");
    f(std::type_identity<Groq>(), "Groq");
    f(std::type_identity<Together>(), "Together");
    f(std::type_identity<DeepSeek>(), "DeepSeek");
    f(std::type_identity<XAI>(), "XAI");
    f(std::type_identity<OpenRouter>(), "OpenRouter");
    f(std::type_identity<Perplexity>(), "Perplexity");
    f(std::type_identity<Cerebras>(), "Cerebras");
    f(std::type_identity<HuggingFace>(), "HuggingFace");
    f(std::type_identity<Ollama>(), "Ollama");
    f(std::type_identity<LlamaCpp>(), "LlamaCpp");
    f(std::type_identity<VLLM>(), "VLLM");
    f(std::type_identity<LMStudio>(), "LMStudio");
    f(std::type_identity<OllamaCompatible>(), "OllamaCompatible");
    f(std::type_identity<Compatible<"acme">>(), "Compatible<\"acme\">");
}

const Contract& contract_of(std::string_view type) {
    for (const Contract& c : contracts) {
        if (c.type == type) return c;
    }
    throw std::out_of_range("a wire without a contract: " + std::string(type));
}

/// A model that the wire takes for one of its own, and that has `member`.
template <class W>
std::string_view probe_model(bool Capabilities::* member) {
    if (!W::default_model.empty()) return W::default_model;
    if (W::name != "bedrock") return "m";
    // its models differ in their words for thinking
    return member == &Capabilities::reasoning_effort ? "openai.gpt-oss-120b-1:0"
                                                     : "anthropic.claude-sonnet-4-5";
}

/// A request that only a wire with `member` can express.
struct Probe {
    bool Capabilities::* member;
    const char* word; ///< the error names it
    Request request;
};
std::vector<Probe> probes() {
    using C = Capabilities;
    const Tool tool("f", "Does.",
                    R"({"type":"object","properties":{},"required":[],)"
                    R"("additionalProperties":false})");
    Tool strict = tool;
    strict.strict = true;
    Request one_call(user("x"), tools(tool));
    one_call.parallel_tools = false;
    const char* schema = R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"],)"
                         R"("additionalProperties":false})";
    std::vector<Probe> all;
    const auto add = [&](bool C::* member, const char* word, Request request) {
        all.push_back({member, word, std::move(request)});
    };
    add(&C::system_role, "system", Request(baton::system("s"), user("x")));
    add(&C::temperature, "temperature", Request(user("x"), temperature(0.5)));
    add(&C::top_p, "top_p", Request(user("x"), top_p(0.5)));
    add(&C::stop_sequences, "stop", Request(user("x"), stop("END")));
    add(&C::tools, "tool", Request(user("x"), tools(tool)));
    add(&C::parallel_tools, "parallel", std::move(one_call));
    add(&C::tool_choice, "tool_choice",
        Request(user("x"), tools(tool), ToolChoice(ToolChoice::Mode::required)));
    add(&C::strict_tools, "strict", Request(user("x"), tools(strict)));
    add(&C::images, "image", Request(user_parts(Part("x"), image_data("QUJD", "image/png"))));
    add(&C::image_urls, "image", Request(user_parts(Part("x"), image_url("https://x.example/a.png"))));
    add(&C::documents, "document",
        Request(user_parts(Part("x"), document_data("QUJD", "application/pdf", "a"))));
    add(&C::json_object, "response_format",
        Request(user("x"), ResponseFormat(ResponseFormat::Kind::json_object)));
    add(&C::json_schema, "response_format", Request(user("x"), ResponseFormat("n", schema, true)));
    add(&C::reasoning_effort, "reasoning", Request(user("x"), reasoning("low")));
    add(&C::reasoning_budget, "reasoning", Request(user("x"), reasoning(2000)));
    add(&C::top_k, "top_k", Request(user("x"), top_k(4)));
    add(&C::seed, "seed", Request(user("x"), seed(7)));
    add(&C::penalties, "frequency_penalty", Request(user("x"), frequency_penalty(0.5)));
    add(&C::penalties, "presence_penalty", Request(user("x"), presence_penalty(0.5)));
    add(&C::logprobs, "logprobs", Request(user("x"), top_logprobs(0)));
    add(&C::choices, "choices", Request(user("x"), choices(2)));
    add(&C::service_tier, "service_tier", Request(user("x"), service_tier("flex")));
    add(&C::end_user, "user", Request(user("x"), end_user("u-1")));
    return all;
}

bool is_json(const std::string& text) { return wire::is_json_object(text); }

/// Type of an event that the wire's stream has.
std::string_view content_event(std::string_view wire) {
    if (wire == "anthropic") return "content_block_delta";
    if (wire == "bedrock") return "contentBlockDelta";
    if (wire == "cohere") return "content-delta";
    return wire.ends_with("_responses") ? "response.output_text.delta" : "message";
}

} // namespace

BOOST_AUTO_TEST_CASE(every_wire_keeps_its_contract) {
    std::set<std::string> names;
    std::size_t wires = 0;
    for_each_wire([&]<class W>(std::type_identity<W>, const char* type) {
        BOOST_TEST_CONTEXT(type) {
            static_assert(wire::Wire<W>);
            ++wires;
            const Contract& c = contract_of(type);
            const Facts got = facts<W>(type);
            BOOST_TEST(got.name == c.name);
            BOOST_TEST(got.key == c.key);
            BOOST_TEST(got.credential == c.credential);
            BOOST_TEST(got.endpoint == c.endpoint);
            BOOST_TEST(got.variable == c.variable);
            BOOST_TEST(got.framing == c.framing);
            BOOST_TEST(got.list == c.list);
            BOOST_TEST(got.model == c.model);
            BOOST_TEST(got.embeddings == c.embeddings);
            BOOST_TEST(got.can == c.can);
            // the prefix of model("name/..."): one word, and of one wire
            BOOST_TEST(names.insert(got.name).second);
            BOOST_TEST(!got.name.empty());
            BOOST_TEST(got.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") ==
                       std::string::npos);
            BOOST_TEST((got.list.starts_with("/")));
            BOOST_TEST(W::capabilities.embeddings == wire::Embeds<W>);
            BOOST_TEST(W::capabilities.token_count == wire::CountsTokens<W>);
            // no default is only for what runs on one's own machine, or under one's own names
            const bool own =
                W::key_variable.empty() || got.name.starts_with("azure") || got.name == "bedrock";
            BOOST_TEST(got.model.empty() == own);
        }
    });
    BOOST_TEST(wires == std::size(contracts));
    static_assert(!std::is_same_v<Groq::Options, XAI::Options>); // options find their provider by type
}

BOOST_AUTO_TEST_CASE(keys_stay_in_their_header_line) {
    for_each_wire([]<class W>(std::type_identity<W>, const char* type) {
        BOOST_TEST_CONTEXT(type) {
            std::string lines;
            BOOST_TEST(!W::write_account_headers({}, Secret(), lines).has_value());
            BOOST_TEST(lines.find("authorization") == std::string::npos);
            BOOST_TEST(lines.find("key") == std::string::npos);
            std::string_view credential = contract_of(type).credential;
            if (credential.empty()) return; // its Account writes it
            const auto broken = W::write_account_headers({}, Secret("k\r\nx: y"), lines);
            BOOST_TEST_REQUIRE(broken.has_value());
            BOOST_TEST(broken->errc() == Errc::invalid_request);
            BOOST_TEST(broken->detail().message.find("x: y") == std::string::npos);
            BOOST_TEST(lines.find("x: y") == std::string::npos);
        }
    });
}

BOOST_AUTO_TEST_CASE(the_simplest_request) {
    for_each_wire([]<class W>(std::type_identity<W>, const char* type) {
        BOOST_TEST_CONTEXT(type) {
            for (const bool stream : {false, true}) {
                const Written out = write<W>(Request("Name a river."), "MODEL", stream);
                BOOST_TEST_REQUIRE(!out.error.has_value());
                BOOST_TEST(is_json(out.body));
                BOOST_TEST(out.path.starts_with("/"));
                BOOST_TEST((out.path + out.body).find("MODEL") != std::string::npos);
                BOOST_TEST(out.body.find("Name a river.") != std::string::npos);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(what_it_cannot_is_refused_by_name_or_dropped) {
    for (const Probe& probe : probes()) {
        for_each_wire([&]<class W>(std::type_identity<W>, const char* type) {
            BOOST_TEST_CONTEXT(type << ", " << probe.word) {
                bool able = W::capabilities.*probe.member;
                if (probe.member == &Capabilities::tool_choice ||
                    probe.member == &Capabilities::strict_tools ||
                    probe.member == &Capabilities::parallel_tools)
                    able = able && W::capabilities.tools;
                const std::string_view model = probe_model<W>(probe.member);
                const Written strict = write<W>(probe.request, model);
                if (able) {
                    BOOST_TEST(!strict.error.has_value(), (strict.error ? strict.error->what() : ""));
                    BOOST_TEST(is_json(strict.body));
                } else {
                    BOOST_TEST_REQUIRE(strict.error.has_value());
                    BOOST_TEST(strict.error->errc() == Errc::invalid_request);
                    const std::string& text = strict.error->detail().message;
                    BOOST_TEST(text.starts_with(std::string(W::name) + " cannot express `"), text);
                    if (W::capabilities.tools || probe.request.tools.empty())
                        BOOST_TEST(text.find(probe.word) != std::string::npos, text);
                    BOOST_TEST(strict.body == "");
                }
                Request loose = probe.request;
                loose.lossy = true;
                const Written dropped = write<W>(loose, model);
                BOOST_TEST(!dropped.error.has_value(), (dropped.error ? dropped.error->what() : ""));
                BOOST_TEST(is_json(dropped.body));
                if (able) BOOST_TEST(dropped.body == strict.body); // lossy drops nothing else
            }
        });
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_is_a_protocol_error) {
    for_each_wire([]<class W>(std::type_identity<W>, const char* type) {
        BOOST_TEST_CONTEXT(type) {
            for (const char* body : {"", " ", "<!DOCTYPE html><title>x</title>", "{", "[1]", "\"x\"", "17",
                                     "{\"a\":1", "{} {}", "\xff\xfe"}) {
                BOOST_TEST_CONTEXT("body " << body) {
                    Reply reply;
                    const auto error = W::decode(body, reply);
                    BOOST_TEST_REQUIRE(error.has_value());
                    BOOST_TEST(error->errc() == Errc::protocol);
                }
            }
            for (const char* data : {"<html>", "{", "nonsense", "{\"a\":1", "\xff\xfe"}) {
                BOOST_TEST_CONTEXT("event " << data) {
                    typename W::StreamDecoder decoder;
                    Reply reply;
                    Delta delta;
                    BOOST_TEST_REQUIRE(
                        (decoder.on_event(content_event(W::name), data, delta, reply) == wire::Step::failed));
                    const Error& error = decoder.error();
                    BOOST_TEST(error.errc() == Errc::protocol);
                }
            }
            typename W::StreamDecoder decoder;
            Reply reply;
            BOOST_TEST_REQUIRE((decoder.on_body_end(reply) == wire::Step::failed));
            const Error& error = decoder.error();
            BOOST_TEST(error.errc() == Errc::truncated);
        }
    });
}

BOOST_AUTO_TEST_CASE(errors_without_a_body) {
    const struct {
        int status;
        Errc errc;
    } rows[] = {{400, Errc::invalid_request}, {401, Errc::auth},      {403, Errc::permission},
                {404, Errc::not_found},       {413, Errc::too_large}, {429, Errc::rate_limited},
                {500, Errc::transient},       {502, Errc::transient}, {503, Errc::transient},
                {504, Errc::transient},       {529, Errc::transient}};
    for_each_wire([&]<class W>(std::type_identity<W>, const char* type) {
        BOOST_TEST_CONTEXT(type) {
            for (const auto& row : rows) {
                const Error error = W::decode_error(row.status, Headers(), "", WallTime{});
                BOOST_TEST(error.errc() == row.errc, row.status << ": " << error.what());
                BOOST_TEST(error.detail().message != "");
            }
            const std::string key(W::key_variable);
            const Error stranger = W::decode_error(401, Headers(), "", WallTime{});
            BOOST_TEST(stranger.detail().message.find(key) != std::string::npos, stranger.what());
        }
    });
}

// --- the page --------------------------------------------------------------------------------------

namespace {

std::string code(std::string_view text) {
    return text.empty() ? std::string("-") : "`" + std::string(text) + "`";
}

/// Of one or two words.
std::string codes(const std::string& words) {
    const std::size_t space = words.find(' ');
    if (space == std::string::npos) return code(words);
    return code(words.substr(0, space)) + ", else " + code(words.substr(space + 1));
}

std::string page() {
    std::vector<Facts> wires;
    for_each_wire([&]<class W>(std::type_identity<W>, const char* type) { wires.push_back(facts<W>(type)); });
    std::ostringstream out;
    out << "## Where they are\n\n| Wire | Name | Key | Endpoint | Base URL from | Default model "
           "|\n|---|---|---|---|---|---|\n";
    for (const Facts& w : wires) {
        out << "| " << code(w.type) << " | " << code(w.name) << " | " << codes(w.key) << " | "
            << code(w.endpoint) << " | " << code(w.variable) << " | " << code(w.model) << " |\n";
    }
    out << "\n## What they can\n\nWhat a wire cannot express is refused before anything is sent, or dropped "
           "if the request is `lossy()`;\nanother provider of the composition that can is asked instead.\n\n"
           "| | Capability | Wires |\n|---|---|---|\n";
    for (const Capability& word : capability_words) {
        std::string with, without;
        for (const Facts& w : wires) {
            bool has = w.capabilities.*word.member;
            if (word.member == &Capabilities::tool_choice) has = has && w.capabilities.tools;
            std::string& list = has ? with : without;
            list.append(list.empty() ? "" : ", ").append(w.name);
        }
        out << "| " << word.word << " | " << word.meaning << " | "
            << (without.empty()                ? "all"
                : with.size() > without.size() ? "all but " + without
                : with.empty()                 ? "none"
                                               : with)
            << " |\n";
    }
    out << "\n## What each needs\n";
    for (const Facts& w : wires) {
        const Contract& c = contract_of(w.type);
        out << "\n### " << code(w.type) << "\n\n" << c.words << "\n\n";
        out << "- header `baton/wire/" << c.header << ".hpp`, streams are "
            << (w.framing == "sse"      ? "server-sent events"
                : w.framing == "ndjson" ? "lines of JSON"
                                        : "AWS's binary event stream")
            << '\n';
        std::string credential = w.credential;
        for (std::size_t at; (at = credential.find('|')) != std::string::npos;)
            credential.replace(at, 1, "`, `");
        out << "- sends " << (credential.empty() ? "its credential with each request" : code(credential))
            << '\n';
        out << "- " << (w.lists_models ? "models and health check: " : "health check: ") << code(w.list)
            << '\n';
        if (!w.embeddings.empty()) {
            const std::size_t space = w.embeddings.find(' ');
            const std::string model = w.embeddings.substr(space + 1);
            out << "- embeddings: " << code(w.embeddings.substr(0, space))
                << (model.empty() ? ", of the model that is named" : ", by default of " + code(model));
            if (w.batch.inputs != EmbedBatch().inputs)
                out << ", " << w.batch.inputs << (w.batch.inputs == 1 ? " text" : " texts") << " a request";
            out << '\n';
        }
        if (w.capabilities.max_context != 0)
            out << "- context of its largest model: " << w.capabilities.max_context << " tokens\n";
        out << "- can: " << w.can << '\n';
    }
    return out.str();
}

} // namespace

// $BATON_WIRES_PAGE names doc/wires.md. What is between its two marks must be what this file's table says;
// with BATON_WIRES_PAGE_WRITE=1 it is written there instead.
BOOST_AUTO_TEST_CASE(the_page_is_up_to_date) {
    const char* name = std::getenv("BATON_WIRES_PAGE");
    if (name == nullptr || *name == '\0') {
        BOOST_TEST_MESSAGE("skipped: BATON_WIRES_PAGE does not name doc/wires.md");
        return;
    }
    std::ifstream in(name, std::ios::binary);
    BOOST_TEST_REQUIRE(in.good(), "cannot read " << name);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    in.close();
    const std::string begin = "<!-- generated by test/wire/contract.cpp: begin -->\n";
    const std::string end = "<!-- generated by test/wire/contract.cpp: end -->\n";
    const std::size_t from = text.find(begin), to = text.find(end);
    BOOST_TEST_REQUIRE(from != std::string::npos);
    BOOST_TEST_REQUIRE(to != std::string::npos);
    BOOST_TEST_REQUIRE(from < to);
    const std::size_t first = from + begin.size();
    const std::string made = "\n" + page() + "\n";
    if (const char* write = std::getenv("BATON_WIRES_PAGE_WRITE"); write != nullptr && *write == '1') {
        std::ofstream out(name, std::ios::binary | std::ios::trunc);
        out << text.substr(0, first) << made << text.substr(to);
        BOOST_TEST(out.good());
        return;
    }
    BOOST_TEST((text.substr(first, to - first) == made),
               "doc/wires.md is out of date; make it again: "
               "BATON_WIRES_PAGE=doc/wires.md BATON_WIRES_PAGE_WRITE=1 build/test/test/test_wire "
               "--run_test=contract");
}

BOOST_AUTO_TEST_SUITE_END()
