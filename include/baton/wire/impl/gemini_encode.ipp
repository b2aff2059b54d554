// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/wire/encode.hpp>
#include <baton/wire/gemini_codec.hpp>
#include <baton/wire/impl/gemini_contents.ipp>
#include <baton/wire/impl/gemini_overlay.ipp>

#include <limits>

namespace baton::wire {
namespace detail {

/// Writes the body of one request. The first thing that cannot be said is kept in `error`.
class GeminiBody {
public:
    /// `extra`: the request's, or what of it is for this API.
    GeminiBody(const GeminiDialect& dialect, const Request& request, const Target& target, json::Writer& w,
               std::string_view extra)
        : dialect_(dialect), request_(request), target_(target), w_(w), top_(extra) {}

    std::optional<Error> error;

    void generate() {
        missing();
        said();
        tool_config();
        generation_config();
        if (const Tuning* tuning = this->tuning(); tuning && !tuning->service_tier.empty() &&
                                                   dialect_.capabilities.service_tier &&
                                                   !top_.has("serviceTier")) {
            w_.key("serviceTier").string(tuning->service_tier);
        }
        static constexpr std::string_view merged[] = {"tools", "toolConfig", "generationConfig"};
        top_.write(w_, merged);
    }

    /// What the model reads: all that Vertex's countTokens takes.
    void said() {
        GeminiContents contents(dialect_.vendor.name, dialect_.vertex, request_, target_.model, w_);
        if (!top_.has("contents")) contents.turns();
        if (!top_.has("systemInstruction")) contents.system();
        if (contents.error && !error) error = std::move(contents.error);
        tools();
    }
    void extra_for_count() {
        for (const std::string_view name : {"contents", "systemInstruction"}) {
            if (top_.has(name)) w_.key(name).raw(top_.get(name));
        }
    }

private:
    const Tuning* tuning() const noexcept { return request_.tuning ? &*request_.tuning : nullptr; }

    void refuse(std::string_view member, std::string_view why,
                std::string_view next_step = "leave it out or use a target that has it") {
        if (!error && !request_.lossy) error = cannot_express(dialect_.vendor.name, member, why, next_step);
    }
    /// An object of the extras, or an error.
    GeminiOverlay inner(const GeminiOverlay& outer, std::string_view name) {
        const std::string_view json = outer.get(name);
        if (json.empty() || json.front() == '{') return GeminiOverlay(json);
        if (!error) error = not_json(dialect_.vendor.name, "extra." + std::string(name));
        return {};
    }

    void missing() {
        constexpr std::string_view none = "its API has no such parameter";
        if (!request_.parallel_tools && !request_.tools.empty())
            refuse("parallel_tools", "its API cannot forbid parallel calls");
        if (request_.seed && (*request_.seed < std::numeric_limits<std::int32_t>::min() ||
                              *request_.seed > std::numeric_limits<std::int32_t>::max())) {
            refuse("seed", "it has 32 bits", "choose a smaller one");
        }
        if (const Tuning* tuning = this->tuning()) {
            if (!tuning->user.empty()) refuse("end_user", none);
            if (!tuning->service_tier.empty() && !dialect_.capabilities.service_tier) {
                refuse("service_tier", none);
            }
        }
    }

    void tools() {
        const std::string_view more = top_.get("tools");
        if (request_.tools.empty() && more.empty()) return;
        w_.key("tools").begin_array();
        if (!request_.tools.empty()) {
            w_.begin_object().key("functionDeclarations").begin_array();
            for (std::size_t i = 0; i < request_.tools.size(); ++i) {
                const Tool& tool = request_.tools[i];
                w_.begin_object().key("name").string(tool.name);
                if (!tool.description.empty()) w_.key("description").string(tool.description);
                if (!tool.parameters.empty()) {
                    w_.key("parametersJsonSchema");
                    schema(tool.parameters, "tools[" + std::to_string(i) + "].parameters");
                }
                auto wrong = tool_extra(tool, dialect_.vendor.name, "gemini", i, w_);
                if (wrong && !error) error = std::move(wrong);
                w_.end_object();
            }
            w_.end_array().end_object();
        }
        json::Reader reader(more);
        const bool list = reader.array([&] { w_.raw(reader.raw()); });
        if (!more.empty() && !list && !error) error = not_json(dialect_.vendor.name, "extra.tools");
        w_.end_array();
    }
    void schema(const std::string& text, std::string_view member) {
        if (is_json_object(text)) {
            w_.raw(text);
        } else {
            w_.null();
            if (!error) error = not_json(dialect_.vendor.name, member);
        }
    }

    void tool_config() {
        using Mode = ToolChoice::Mode;
        const Mode mode = request_.tool_choice ? request_.tool_choice->mode : Mode::vendor_default;
        bool strict = false;
        for (const Tool& tool : request_.tools) strict |= tool.strict;
        const GeminiOverlay over = inner(top_, "toolConfig");
        const bool ours = (mode != Mode::vendor_default || strict) && !over.has("functionCallingConfig");
        if (!ours && over.empty()) return;
        w_.key("toolConfig").begin_object();
        if (ours) {
            w_.key("functionCallingConfig").begin_object().key("mode");
            switch (mode) {
            case Mode::vendor_default:
            case Mode::automatic: w_.string(strict ? "VALIDATED" : "AUTO"); break;
            case Mode::none: w_.string("NONE"); break;
            case Mode::required: w_.string("ANY"); break;
            case Mode::named:
                w_.string("ANY").key("allowedFunctionNames").begin_array();
                w_.string(request_.tool_choice->name).end_array();
                break;
            }
            w_.end_object();
        }
        over.write(w_, no_names);
        w_.end_object();
    }

    void generation_config() {
        const GeminiOverlay over = inner(top_, "generationConfig");
        std::string text;
        json::Writer w(text);
        const auto ours = [&](std::string_view name) {
            if (over.has(name)) return false;
            w.key(name);
            return true;
        };
        w.begin_object();
        if (const auto value = effective_temperature(request_, target_); value && ours("temperature")) {
            w.number(*value);
        }
        if (request_.top_p && ours("topP")) w.number(*request_.top_p);
        if (const auto cap = effective_max_tokens(request_, target_); cap && ours("maxOutputTokens")) {
            w.number(*cap);
        }
        if (!request_.stop.empty() && ours("stopSequences")) {
            w.begin_array();
            for (const std::string& sequence : request_.stop) w.string(sequence);
            w.end_array();
        }
        if (request_.seed && ours("seed")) w.number(*request_.seed);
        if (request_.response_format && request_.response_format->kind != ResponseFormat::Kind::text) {
            if (ours("responseMimeType")) w.string("application/json");
            if (request_.response_format->kind == ResponseFormat::Kind::json_schema &&
                !over.has("responseSchema") && ours("responseJsonSchema")) {
                const std::string& schema = request_.response_format->schema;
                if (!is_json_object(schema) && !error) {
                    error = not_json(dialect_.vendor.name, "response_format.schema");
                }
                w.raw(schema);
            }
        }
        if (const Tuning* tuning = this->tuning()) {
            if (tuning->top_k && ours("topK")) w.number(*tuning->top_k);
            if (tuning->frequency_penalty && ours("frequencyPenalty")) w.number(*tuning->frequency_penalty);
            if (tuning->presence_penalty && ours("presencePenalty")) w.number(*tuning->presence_penalty);
            if (tuning->choices && *tuning->choices > 1 && ours("candidateCount")) w.number(*tuning->choices);
            if (tuning->top_logprobs) {
                if (ours("responseLogprobs")) w.boolean(true);
                if (*tuning->top_logprobs > 0 && ours("logprobs")) w.number(*tuning->top_logprobs);
            }
        }
        thinking(over, w);
        static constexpr std::string_view merged[] = {"thinkingConfig"};
        over.write(w, merged);
        w.end_object();
        if (text != "{}") w_.key("generationConfig").raw(text);
    }

    void thinking(const GeminiOverlay& config, json::Writer& w) {
        const Tuning* tuning = this->tuning();
        const bool effort = tuning && !tuning->reasoning_effort.empty();
        const bool budget = tuning && tuning->reasoning_tokens;
        const GeminiOverlay over = inner(config, "thinkingConfig");
        if (!effort && !budget && over.empty()) return;
        if (effort && budget)
            refuse("reasoning", "it takes an effort or a number of tokens, not both", "give one of them");
        w.key("thinkingConfig").begin_object();
        if ((effort || budget) && !over.has("thinkingBudget") && !over.has("thinkingLevel")) {
            const bool thinks = budget ? *tuning->reasoning_tokens > 0 : this->effort(*tuning, w);
            if (budget) w.key("thinkingBudget").number(*tuning->reasoning_tokens);
            if (thinks && !over.has("includeThoughts")) w.key("includeThoughts").boolean(true);
        }
        over.write(w, no_names);
        w.end_object();
    }

    /// Whether the model is to think at all.
    bool effort(const Tuning& tuning, json::Writer& w) {
        struct Word {
            std::string_view effort, level;
            std::uint32_t budget;
        };
        static constexpr Word words[] = {{"none", {}, 0},
                                         {"minimal", "minimal", 1024},
                                         {"low", "low", 1024},
                                         {"medium", "medium", 8192},
                                         {"high", "high", 24576}};
        const std::string_view name = target_.model;
        const std::size_t version = name.find("gemini-");
        const bool budgets = version != name.npos && (name.substr(version).starts_with("gemini-2") ||
                                                      name.substr(version).starts_with("gemini-1"));
        const Word* found = nullptr;
        for (const Word& word : words) {
            if (word.effort == tuning.reasoning_effort) found = &word;
        }
        if (!found) {
            refuse("reasoning: " + tuning.reasoning_effort,
                   "its words are minimal, low, medium and high, and none", "use one of them");
            found = std::end(words) - 1; // of a lossy request; the one word beyond is "xhigh"
        }
        if (found->level.empty() || budgets) {
            w.key("thinkingBudget").number(found->budget);
        } else {
            w.key("thinkingLevel").string(found->level);
        }
        return found->budget > 0;
    }

    const GeminiDialect& dialect_;
    const Request& request_;
    const Target& target_;
    json::Writer& w_;
    GeminiOverlay top_;
};

/// "/models/gemini-x:generateContent"; a name with a slash is a path of its own ("tunedModels/mine").
inline void write_gemini_path(const GeminiDialect& dialect, std::string_view model, std::string_view method,
                              std::string& path) {
    path = model.find('/') == std::string_view::npos ? dialect.models_path : std::string_view("/");
    path.append(model).append(":").append(method);
}

/// Runs `write(body)` for a request and cleans up if something cannot be said.
template <class F>
std::optional<Error> write_gemini(const GeminiDialect& dialect, const Request& request, const Target& target,
                                  std::string& out, F&& write) {
    Extra extra;
    std::string room;
    if (auto wrong = foreign_content(dialect.vendor.name, request, "gemini")) return wrong;
    if (auto wrong = extra.read(dialect.vendor.name, request, "gemini")) return wrong;
    const std::size_t before = out.size();
    out.reserve(before + text_size(request));
    json::Writer writer(out);
    GeminiBody body(dialect, request, target, writer, extra.json(request, room));
    write(writer, body);
    if (body.error) out.resize(before);
    return std::move(body.error);
}

} // namespace detail

BATON_DECL std::optional<Error> encode_gemini(const GeminiDialect& dialect, const Draft& draft,
                                              const Target& target, bool stream, Outgoing out) {
    detail::write_gemini_path(dialect, target.model,
                              stream ? "streamGenerateContent?alt=sse" : "generateContent", out.path);
    return detail::write_gemini(dialect, *draft, target, out.body,
                                [](json::Writer& w, detail::GeminiBody& body) {
                                    w.begin_object();
                                    body.generate();
                                    w.end_object();
                                });
}

BATON_DECL std::optional<Error> encode_gemini_count(const GeminiDialect& dialect, const Draft& draft,
                                                    const Target& target, Outgoing out) {
    detail::write_gemini_path(dialect, target.model, "countTokens", out.path);
    return detail::write_gemini(
        dialect, *draft, target, out.body, [&](json::Writer& w, detail::GeminiBody& body) {
            w.begin_object();
            if (dialect.vertex) {
                body.said();
                body.extra_for_count();
            } else { // `contents` alone would leave out the system message and the tools
                w.key("generateContentRequest").begin_object().key("model");
                w.string(target.model.find('/') == std::string::npos ? "models/" + target.model
                                                                     : target.model);
                body.generate();
                w.end_object();
            }
            w.end_object();
        });
}

} // namespace baton::wire
