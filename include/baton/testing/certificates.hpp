// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/config.hpp>

#include <openssl/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace baton::testing {

/// What a test certificate says. The default is a server certificate for localhost, 127.0.0.1 and ::1,
/// valid from yesterday for 30 days.
struct CertificateSpec {
    std::vector<std::string> dns{"localhost"};        ///< subject alternative names
    std::vector<std::string> ips{"127.0.0.1", "::1"}; ///< the same, addresses
    std::string common_name = "baton test";
    int valid_from_days = -1; ///< relative to now
    int valid_to_days = 30;
    bool for_client = false; ///< extended key usage: clientAuth instead of serverAuth
};

/// A certificate and its private key, both PEM.
struct Certificate {
    std::string certificate_pem;
    std::string key_pem;
};

/// A certificate authority in memory, with a fresh EC P-256 key. Throws std::runtime_error if OpenSSL
/// fails. Not for anything but tests: keys are neither protected nor kept.
class TestAuthority {
public:
    BATON_DECL explicit TestAuthority(std::string_view common_name = "baton test authority");
    BATON_DECL TestAuthority(TestAuthority&& other) noexcept;
    TestAuthority& operator=(TestAuthority&&) = delete;
    BATON_DECL ~TestAuthority();

    /// What a client must trust (TlsOptions::ca_pem).
    const std::string& pem() const noexcept { return pem_; }
    BATON_DECL Certificate issue(const CertificateSpec& spec = {}) const;

    /// Variants of a server certificate for `host` (a name, or an address) that a client must refuse or,
    /// for `valid`, accept.
    Certificate valid(std::string_view host) const { return issue(spec_for(host)); }
    BATON_DECL Certificate expired(std::string_view host) const;
    BATON_DECL Certificate not_yet_valid(std::string_view host) const;

    /// A specification for exactly this name or address.
    BATON_DECL static CertificateSpec spec_for(std::string_view host);

private:
    X509* certificate_ = nullptr;
    EVP_PKEY* key_ = nullptr;
    std::string pem_;
};

/// Signed by its own key.
BATON_DECL Certificate self_signed(const CertificateSpec& spec = {});

} // namespace baton::testing

#if !defined(BATON_SEPARATE_COMPILATION)
#include <baton/testing/impl/certificates.ipp>
#endif
