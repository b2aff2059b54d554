// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/delta.hpp>

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <string>
#include <string_view>

/// What a stream's event shows, for the decoders of the wires: a Delta views the tails of the Reply's parts,
/// and nothing is copied. An event may add to a part twice (a vendor that sends a member twice), or to two
/// parts: it shows all of that, so that the deltas always are the Reply. A text that grows is kept off the
/// small buffer (reserve), or its view would not survive that parts move.
namespace baton::wire {

/// The texts, or the thoughts, of one event after the other.
class ShownText {
public:
    /// `whole`, the text of a part, grows by `text`; `shown` is what the event shows so far.
    void append(std::string& whole, std::string_view text, std::string_view& shown) {
        const bool goes_on = shown.empty() || shown.data() + shown.size() == whole.data() + whole.size();
        whole.append(text);
        if (goes_on) {
            shown = std::string_view(whole).substr(whole.size() - text.size() - shown.size());
        } else {
            join(text, shown);
        }
    }
    /// What is shown goes on with `text`, which is somewhere else.
    void join(std::string_view text, std::string_view& shown) {
        if (shown.empty()) {
            shown = text;
            return;
        }
        if (shown.data() != joined_.data()) joined_.assign(shown);
        shown = joined_.append(text);
    }

private:
    std::string joined_;
};

/// The fragments of tool calls of one event after the other.
class ShownCalls {
public:
    /// The call number `index` of the answer begins, with the arguments that are known of it.
    void open(int index, std::string_view id, std::string_view name, std::string_view arguments,
              Delta& delta) {
        add({index, id, name, arguments}, delta);
    }
    /// The arguments of the call number `index` were `before` bytes long and are now `whole`.
    void grow(int index, const std::string& whole, std::size_t before, Delta& delta) {
        if (whole.size() == before) return;
        for (std::size_t i = 0; i < delta.tools.size(); ++i) {
            Delta::ToolFragment& known = fragments_[i];
            if (known.index != index) continue;
            known.arguments = std::string_view(whole).substr(before - known.arguments.size());
            return;
        }
        add({index, {}, {}, std::string_view(whole).substr(before)}, delta);
    }

private:
    void add(const Delta::ToolFragment& fragment, Delta& delta) {
        if (delta.tools.empty()) fragments_.clear();
        fragments_.push_back(fragment);
        delta.tools = {fragments_.data(), fragments_.size()};
    }

    boost::container::small_vector<Delta::ToolFragment, 1> fragments_;
};

} // namespace baton::wire
