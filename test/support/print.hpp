// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>

#include <ostream>

namespace baton {
inline std::ostream& operator<<(std::ostream& out, Errc errc) { return out << to_string(errc); }
} // namespace baton
