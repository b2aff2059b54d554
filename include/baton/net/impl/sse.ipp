// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/scan.hpp>
#include <baton/core/utf8.hpp>
#include <baton/net/sse.hpp>

#include <charconv>
#include <cstring>
#include <system_error>

namespace baton::net {

BATON_DECL SseParser::Status SseParser::next(std::string_view& input, SseEvent& event) {
    using namespace baton::detail;
    if (whole_event(input, event)) return Status::event;
    const char* const begin = input.data();
    const char* const end = begin + input.size();
    const char* at = begin;
    if (pending_ != nothing && !resume(at, end)) {
        input.remove_prefix(input.size());
        return pending_ == failure ? Status::too_large : Status::need_more;
    }
    Draft draft{data_, type_, true, true}; // stale unless has_data_, has_type_
    for (;;) {
        const char* const from = at;
        bool ascii = true;
        const char* stop = from;
        if (from == end || *from != '\n') { // the blank line is worth a test of its own
            stop = find<LineSpecial, true>(begin, from, end);
            if (stop != end && !LineEnd::has(static_cast<unsigned char>(*stop))) {
                ascii = false;
                stop = find<LineEnd, true>(begin, stop + 1, end);
            }
            if (stop == end) {
                input.remove_prefix(input.size());
                return pause(from, end, draft);
            }
        }
        at = stop + 1;
        if (*stop == '\r') {
            if (at == end) {
                pending_ |= line_feed;
            } else if (*at == '\n') {
                ++at;
            }
        }
        std::string_view line(from, static_cast<std::size_t>(stop - from));
        const bool stable = line_.empty();
        if (!stable) [[unlikely]] {
            line_.append(line);
            line = line_;
            ascii = false; // not known of the part that came earlier
        }
        if (line.empty()) {
            const bool dispatch = has_data_;
            event.data = draft.data;
            event.type = has_type_ ? draft.type : std::string_view("message");
            event.id = id_;
            has_data_ = has_type_ = has_id_ = false;
            if (!dispatch) continue;
            if ((pending_ & document) != 0) [[unlikely]] { // it was noise between two events
                pending_ = static_cast<unsigned char>(pending_ & ~document);
                document_.clear();
            }
            input.remove_prefix(static_cast<std::size_t>(at - begin));
            return Status::event;
        }
        if (!field(line, stable, ascii, draft)) [[unlikely]] {
            pending_ = failure;
            return Status::too_large;
        }
        if (!stable) line_.clear();
    }
}

// A shortcut for what nearly all input is: an event that lies here whole, of one optional `event` line
// and one `data` line with the usual space, in valid UTF-8. Everything else is left to next(); nothing
// is changed then.
BATON_HOT bool SseParser::whole_event(std::string_view& input, SseEvent& event) {
    using namespace baton::detail;
    constexpr std::string_view event_field = "event: ";
    constexpr std::string_view data_field = "data: ";
    const bool fresh = pending_ == nothing || (pending_ == byte_order_mark && bom_ == 0);
    if (!fresh || has_data_ || has_type_ || !line_.empty()) return false;
    const char* const begin = input.data();
    const char* const end = begin + input.size();
    const auto starts_with = [end](const char* at, std::string_view field) {
        return end - at > 8 && std::memcmp(at, field.data(), field.size()) == 0;
    };
    const char* from = begin;
    std::string_view type = "message";
    if (starts_with(from, event_field)) {
        const char* const stop = find<LineSpecial>(begin, from + event_field.size(), end);
        const auto length = static_cast<std::size_t>(stop - from);
        if (stop == end || *stop != '\n' || length == event_field.size() || length > limits_.line)
            return false;
        type = {from + event_field.size(), length - event_field.size()};
        from = stop + 1;
    }
    if (!starts_with(from, data_field)) return false;
    const char* const data = from + data_field.size();
    const char* stop = find<LineSpecial, true>(begin, data, end);
    if (stop != end && !LineEnd::has(static_cast<unsigned char>(*stop))) {
        const char* const plain = stop;
        stop = find<LineEnd, true>(begin, plain + 1, end);
        if (!utf8::is_valid({plain, static_cast<std::size_t>(stop - plain)})) return false;
    }
    const char* after = stop + 2;
    if (end - stop < 2 || stop[0] != '\n' || stop[1] != '\n') {
        if (end - stop < 4 || std::memcmp(stop, "\r\n\r\n", 4) != 0) return false;
        after = stop + 4;
    }
    const auto length = static_cast<std::size_t>(stop - data);
    if (length + data_field.size() > limits_.line || length > limits_.event) return false;
    event = {type, {data, length}, id_};
    pending_ = nothing; // there was no byte order mark
    has_id_ = false;
    input.remove_prefix(static_cast<std::size_t>(after - begin));
    return true;
}

// Deals with what is pending. False: all of the input is used up, or the stream has failed.
BATON_DECL bool SseParser::resume(const char*& at, const char* end) {
    if (pending_ == failure) return false;
    if ((pending_ & byte_order_mark) != 0) {
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        while (at != end && bom_ < mark.size() && *at == mark[bom_]) {
            ++at;
            ++bom_;
        }
        if (at == end && bom_ < mark.size()) return false;
        if (bom_ < mark.size()) line_.assign(mark.substr(0, bom_)); // it was not one
        bom_ = 0;
        pending_ = static_cast<unsigned char>(pending_ & document);
    }
    if (at == end) return false;
    if ((pending_ & line_feed) != 0) {
        if (*at == '\n') ++at;
        pending_ = static_cast<unsigned char>(pending_ & ~line_feed);
    }
    if ((pending_ & comment) != 0) {
        at = baton::detail::find<baton::detail::LineEnd, true>(at, at, end);
        if (at == end) return false;
        pending_ = static_cast<unsigned char>(pending_ & ~comment);
        if (*at++ == '\r') {
            if (at == end) {
                pending_ |= line_feed;
            } else if (*at == '\n') {
                ++at;
            }
        }
    }
    return true;
}

// The input ends within the line that starts at `from`: what was viewed in place must be copied now.
BATON_DECL SseParser::Status SseParser::pause(const char* from, const char* end, const Draft& draft) {
    if (has_data_ && !draft.owns_data) data_.assign(draft.data);
    if (has_type_ && !draft.owns_type) type_.assign(draft.type);
    if (from == end) return Status::need_more;
    if (line_.empty() && *from == ':') {
        pending_ |= comment;
        return Status::need_more;
    }
    if (static_cast<std::size_t>(end - from) + line_.size() > limits_.line) {
        pending_ = failure;
        return Status::too_large;
    }
    line_.append(from, static_cast<std::size_t>(end - from));
    return Status::need_more;
}

// Takes in one line that is not blank; false if it is too large. `stable`: it outlives this call.
// `ascii`: known to be that.
BATON_DECL bool SseParser::field(std::string_view line, bool stable, bool ascii, Draft& draft) {
    if (line.front() == ':') return true;
    if (line.size() > limits_.line) return false;
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") return add_data(value, stable, ascii, draft);
    if (name == "event") {
        has_type_ = !value.empty();
        draft.owns_type = !stable || !(ascii || utf8::is_valid(value));
        draft.type = value;
        if (draft.owns_type) {
            type_.clear();
            utf8::append_valid(type_, value);
            draft.type = type_;
        }
    } else if (name == "id") {
        if (value.find('\0') != value.npos) return true;
        id_.clear();
        utf8::append_valid(id_, value);
        has_id_ = true;
    } else if (name == "retry") {
        std::uint64_t number = 0;
        const char* const end = value.data() + value.size();
        const auto done = std::from_chars(value.data(), end, number); // takes digits only, no sign
        if (done.ec == std::errc() && done.ptr == end) retry_ = number;
    } else if ((pending_ & document) != 0 || ((line.front() == '{' || line.front() == '[') && !has_data_)) {
        pending_ |= document;
        if (document_.size() + line.size() >= limits_.event) return false;
        document_.append(line).push_back('\n');
    }
    return true;
}

BATON_DECL bool SseParser::finish(SseEvent& event) {
    const bool bare = line_.starts_with('{') || line_.starts_with('[');
    if (!has_data_ && pending_ != failure && ((pending_ & document) != 0 || bare)) {
        pending_ = nothing;
        document_.append(line_);
        line_.clear();
        data_.clear();
        utf8::append_valid(data_, document_);
        document_.clear();
        event = {"message", data_, id_};
        return true;
    }
    if (!has_data_ || !line_.empty()) return false;
    event = {has_type_ ? std::string_view(type_) : std::string_view("message"), data_, id_};
    has_data_ = has_type_ = has_id_ = false;
    return true;
}

BATON_DECL bool SseParser::add_data(std::string_view value, bool stable, bool ascii, Draft& draft) {
    const bool valid = ascii || utf8::is_valid(value);
    if (!has_data_ && stable && valid) {
        has_data_ = true;
        draft.data = value;
        draft.owns_data = false;
        return value.size() <= limits_.event;
    }
    if (!has_data_) {
        has_data_ = true;
        data_.clear();
    } else {
        if (!draft.owns_data) data_.assign(draft.data);
        data_.push_back('\n');
    }
    if (valid) {
        data_.append(value);
    } else {
        utf8::append_valid(data_, value);
    }
    draft.data = data_;
    draft.owns_data = true;
    return data_.size() <= limits_.event;
}

BATON_DECL void SseParser::reset() noexcept {
    pending_ = byte_order_mark;
    bom_ = 0;
    has_data_ = has_type_ = has_id_ = false;
    line_.clear();
    id_.clear();
    document_.clear();
    retry_.reset();
}

} // namespace baton::net
