// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <stdexcept>

namespace baton::detail {

/// Options are checked once, where a strategy is built from them; `sentence` names the option and its range.
inline void require_option(bool valid, const char* sentence) {
    if (!valid) throw std::invalid_argument(sentence);
}

} // namespace baton::detail
