// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/sse.hpp>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace baton::net {

/// Cuts newline-delimited JSON into lines, in pieces of any size; blank lines give no event. A line that lies
/// whole in the input is viewed in place. Same shape as SseParser, so that one loop reads both. Not
/// thread-safe.
class NdjsonParser {
public:
    using Status = SseParser::Status;

    /// `max_line`: bytes of one line without its line feed.
    explicit NdjsonParser(std::size_t max_line = std::size_t{8} << 20) : max_line_(max_line) {}

    /// Consumes from the front of `input` up to and including the next line. The event's views hold until the
    /// next call. too_large stays so until reset(): what follows a line that was cut is no line.
    Status next(std::string_view& input, SseEvent& event) {
        if (failed_) return Status::too_large;
        if (done_) line_.clear();
        done_ = false;
        while (!input.empty()) {
            const void* const found = std::memchr(input.data(), '\n', input.size());
            const std::size_t size =
                found ? static_cast<std::size_t>(static_cast<const char*>(found) - input.data())
                      : input.size();
            std::string_view line = input.substr(0, size);
            input.remove_prefix(size + (found ? 1 : 0));
            if (line.size() > max_line_ - line_.size()) {
                failed_ = true;
                line_.clear();
                return Status::too_large;
            }
            if (!found || !line_.empty()) {
                line_.append(line);
                if (!found) return Status::need_more;
                line = line_;
                done_ = true;
            }
            line = without_return(line);
            if (line.find_first_not_of(blank) == line.npos) {
                if (done_) line_.clear();
                done_ = false;
                continue;
            }
            event = {"message", line, {}};
            return Status::event;
        }
        return Status::need_more;
    }

    /// The stream has ended: the last line may lack its end.
    bool finish(SseEvent& event) noexcept {
        if (done_ || line_.find_first_not_of(blank) == line_.npos) return false;
        event = {"message", without_return(line_), {}};
        done_ = true;
        return true;
    }

    void reset() noexcept {
        line_.clear();
        done_ = failed_ = false;
    }

private:
    static constexpr std::string_view blank = " \t\r";
    static std::string_view without_return(std::string_view line) noexcept {
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

    std::size_t max_line_;
    std::string line_; // an unfinished line; while done_, the last event's
    bool done_ = false;
    bool failed_ = false;
};

} // namespace baton::net
