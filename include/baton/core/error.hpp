// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/core/trace.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace baton {

/// Why a call failed: a code, and a pointer to immutable detail. Cheap to copy, default-constructible,
/// usable as the error of a `result<T>`. `what()` names the next step. Immutable: threads may share it.
class Error {
public:
    /// The longest message kept, in bytes.
    static constexpr std::size_t max_message = 2048;

    /// What is known beyond the code.
    struct Detail {
        std::string message;       ///< what happened and what to do; redacted, at most max_message
        std::string_view provider; ///< its name in the composition (static storage); "" = none asked
        std::string model;         ///< as sent
        std::string vendor_code;   ///< the vendor's own code or type
        std::string request_id;    ///< the vendor's
        int status = 0;            ///< HTTP status; 0: no response
        std::optional<Duration> retry_after; ///< the vendor's hint how long to wait
        std::optional<bool> should_retry;    ///< the vendor's verdict (`x-should-retry`)
        std::string delivered; ///< text that this caller had been handed when the stream broke or was left
        Trace trace;           ///< every attempt of the call
    };

    Error() = default;
    Error(Errc code) noexcept : code_(code) {}
    BATON_DECL Error(Errc code, std::string_view message);
    /// Redacts and cuts `detail.message`.
    BATON_DECL Error(Errc code, Detail detail);

    boost::system::error_code code() const noexcept { return make_error_code(code_); }
    Errc errc() const noexcept { return code_; }
    BATON_DECL const Detail& detail() const noexcept;

    /// One line: provider, status, class, message.
    BATON_DECL std::string what() const;

    /// This error with other detail, e.g. with the attempts of its call.
    template <class Edit>
    Error with(Edit&& edit) const {
        Detail copy = detail();
        edit(copy);
        return Error(code_, std::move(copy));
    }

    friend bool operator==(const Error& error, Errc code) noexcept { return error.code_ == code; }
    BATON_DECL friend std::ostream& operator<<(std::ostream& out, const Error& error);

private:
    struct Node : boost::intrusive_ref_counter<Node>, Detail {};
    Errc code_ = Errc::ok;
    boost::intrusive_ptr<const Node> node_;
};

/// `text` fit for logs and errors: what looks like a credential becomes `***`, control characters are
/// escaped, and it is cut to Error::max_message bytes at a UTF-8 boundary.
BATON_DECL std::string redact(std::string_view text);

/// A value or an Error. `.value()` throws boost::system::system_error with the error's code and text.
template <class T>
using result = boost::system::result<T, Error>;

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw boost::system::system_error(error.code(), error.what());
}

} // namespace baton

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/error.ipp>
#endif
