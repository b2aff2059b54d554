// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>
#include <baton/core/headers.hpp>
#include <baton/core/secret.hpp>
#include <baton/core/time.hpp>
#include <baton/core/uri.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// AWS Signature Version 4, for requests whose body is known whole. Functions are safe from any thread; they
/// throw std::runtime_error if OpenSSL refuses, e.g. because a FIPS provider is misconfigured.
namespace baton::sigv4 {

/// What is signed. Views; nothing is kept.
struct Request {
    std::string_view method; ///< "POST"
    std::string_view path;   ///< as it goes out, percent-encoded; it is encoded once more, as all services
                             ///< but S3 expect, and dots and double slashes are resolved; "" is "/"
    std::string_view query;  ///< as it goes out, without '?'
    /// Those to be signed, in any order; of equal names the values are joined in theirs. Must include Host
    /// and every x-amz- header that is sent.
    std::span<const HeaderField> headers;
    std::string_view body;
};

/// The scope of a signing key. The date is the day of the request, "20150830".
struct Scope {
    std::string_view date;
    std::string_view region;  ///< "us-east-1"
    std::string_view service; ///< "bedrock"
};

/// A key that signs for one day, region and service. Its bytes are overwritten when it dies.
class SigningKey {
public:
    static constexpr std::size_t size = 32;
    SigningKey() = default;
    SigningKey(const SigningKey&) = default;
    SigningKey& operator=(const SigningKey&) = default;
    BATON_DECL ~SigningKey();
    /// Four rounds of HMAC-SHA256.
    BATON_DECL static SigningKey derive(const Secret& secret, const Scope& scope);

    std::string_view bytes() const noexcept {
        return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
    }

private:
    std::array<unsigned char, size> bytes_{};
};

/// Remembers the last signing key. Any number of threads may ask at once: one that finds another at it
/// derives the key for itself, so none waits. A copy starts empty.
class SigningKeyCache {
public:
    SigningKeyCache() : last_(std::make_unique<Last>()) {}
    SigningKeyCache(const SigningKeyCache&) : SigningKeyCache() {}
    SigningKeyCache& operator=(const SigningKeyCache&) { return *this; }
    ~SigningKeyCache() = default;

    BATON_DECL SigningKey get(const Secret& secret, const Scope& scope) const;

private:
    struct Last {
        std::atomic_flag busy;
        Secret secret;
        std::string scope;
        SigningKey key;
    };
    std::unique_ptr<Last> last_; // not a member: an atomic_flag cannot be moved
};

/// "20150830T123600Z"; the first eight characters are the date of the scope.
BATON_DECL std::string timestamp(WallTime now);

using baton::uri_encode;

/// The canonical form of a request; `signed_headers` becomes the list of its headers, "host;x-amz-date".
BATON_DECL std::string canonical_request(const Request& request, std::string& signed_headers);

/// The value of the Authorization header. `time`: timestamp() of the moment that the x-amz-date header says,
/// whose day `scope.date` is.
BATON_DECL std::string authorization(const Request& request, std::string_view access_key_id,
                                     const SigningKey& key, const Scope& scope, std::string_view time);

} // namespace baton::sigv4

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/core/impl/sigv4.ipp>
#endif
