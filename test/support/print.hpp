// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
// What Boost.Test prints of baton's enumerations where a check fails.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/reply.hpp>
#include <baton/wire/concept.hpp>

#include <ostream>

namespace baton {
inline std::ostream& operator<<(std::ostream& out, Errc errc) { return out << to_string(errc); }
inline std::ostream& operator<<(std::ostream& out, StopReason stop) { return out << static_cast<int>(stop); }
} // namespace baton
namespace baton::wire {
inline std::ostream& operator<<(std::ostream& out, Step step) { return out << static_cast<int>(step); }
} // namespace baton::wire
