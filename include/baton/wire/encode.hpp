// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/error.hpp>
#include <baton/core/json.hpp>
#include <baton/core/json_writer.hpp>
#include <baton/core/request.hpp>
#include <baton/core/target.hpp>

#include <boost/container/small_vector.hpp>

#include <optional>
#include <string>
#include <string_view>

/// What the wires share when they write a request.
namespace baton::wire {

/// The members of Request::extra. They go out byte for byte behind the wire's own members, and one that
/// repeats a member of the wire's takes its place.
class Extra {
public:
    /// nullopt, or why `json` is not a JSON object that may be merged. "" is an empty object. Views `json`.
    BATON_DECL std::optional<Error> read(std::string_view vendor, std::string_view json);
    /// The same of a Request, without what was written for APIs other than `dialect`; refuses that, too,
    /// where it matters and the request is not lossy().
    BATON_DECL std::optional<Error> read(std::string_view vendor, const Request& request,
                                         std::string_view dialect);

    bool has(std::string_view name) const noexcept {
        for (const Member& member : members_) {
            if (member.name == name) return true;
        }
        return false;
    }
    BATON_DECL void write(json::Writer& writer) const;
    /// All of it as one object, where the request's own text has more; written to `room` then.
    BATON_DECL std::string_view json(const Request& request, std::string& room) const;

private:
    struct Member {
        std::string name;
        std::string_view value;
    };
    boost::container::small_vector<Member, 4> members_;
    bool less_ = false; // than the request has
};

/// The next step where the user may have a member dropped.
inline constexpr std::string_view or_lossy =
    "leave it out, make the request lossy to drop it, or use a target that has it";

/// "openai cannot express `seed`: <why>; <next step>", as Errc::invalid_request.
BATON_DECL Error cannot_express(std::string_view vendor, std::string_view member, std::string_view why,
                                std::string_view next_step);

/// "`tools[0].parameters` is not a JSON object; ...", as Errc::invalid_request.
BATON_DECL Error not_json(std::string_view vendor, std::string_view member);

/// Whether this part is in the words of `dialect` ("": nobody's), for whoever speaks it. Not so a block that
/// names what lies in one vendor's account: uploaded files.
inline bool of_dialect(const Part& part, std::string_view dialect) noexcept {
    if (!part.detail || dialect.empty() || part.detail->vendor != dialect) return false;
    return part.kind != Part::Kind::opaque ||
           (part.detail->name != "file" && part.detail->name != "fileData");
}

/// The refusal of a request whose user, tool or system messages hold another vendor's own block, unless it is
/// lossy(): to leave out what was asked about would change the question. `dialect`: whose blocks are
/// understood beside the vendor's own. In assistant messages such blocks are what that vendor said beside its
/// answer, and are left out.
BATON_DECL std::optional<Error> foreign_content(std::string_view vendor, const Request& request,
                                                std::string_view dialect = {});

/// Writes `members`, which are `"a":1,"b":2` or nothing, but for the one named `except`, into an object that
/// is open. A user may have put anything there: if it is not that, nothing is written and `place`, what it is
/// called, is complained of.
BATON_DECL std::optional<Error> write_members(std::string_view vendor, std::string_view place,
                                              std::string_view members, json::Writer& writer,
                                              std::string_view except = {});

/// The same with a tool's extra members, if they are written for `dialect`; it is the request's `index`th.
BATON_DECL std::optional<Error> tool_extra(const Tool& tool, std::string_view vendor,
                                           std::string_view dialect, std::size_t index, json::Writer& writer);

/// A call's arguments for an API that has them as a string; none are "{}".
BATON_DECL void write_arguments(const Part& call, json::Writer& writer);

/// Whether `text` is exactly one JSON object.
BATON_DECL bool is_json_object(std::string_view text);

/// The temperature that applies: the target's, else the request's.
inline std::optional<double> effective_temperature(const Request& request, const Target& target) noexcept {
    return target.temperature ? target.temperature : request.temperature;
}
/// The token cap that applies: the smaller of the target's and the request's.
inline std::optional<std::uint32_t> effective_max_tokens(const Request& request,
                                                         const Target& target) noexcept {
    if (!target.max_tokens || (request.max_tokens && *request.max_tokens < *target.max_tokens)) {
        return request.max_tokens;
    }
    return target.max_tokens;
}

/// Bytes that the texts of `request` will take at least; spares the body's growth step by step.
BATON_DECL std::size_t text_size(const Request& request) noexcept;

/// Appends "name: <prefix><value>\r\n"; writes nothing and explains if `value` holds a line break or another
/// control character (a tab may stand in it). `option` is what the user called it. An empty value writes
/// nothing.
BATON_DECL std::optional<Error> append_header(std::string& lines, std::string_view name,
                                              std::string_view value, std::string_view prefix,
                                              std::string_view option);

} // namespace baton::wire

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/wire/impl/encode.ipp>
#endif
