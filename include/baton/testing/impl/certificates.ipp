// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/testing/certificates.hpp>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace baton::testing {

namespace detail {

template <auto Free>
struct CertificateFree {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using X509Pointer = std::unique_ptr<X509, CertificateFree<&X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, CertificateFree<&EVP_PKEY_free>>;

BATON_DECL void certificate_check(bool ok, const char* what) {
    if (ok) return;
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    std::string text =
        std::string("test certificate: ") + what + ": " + (reason != nullptr ? reason : "failed");
    ERR_clear_error();
    throw std::runtime_error(text);
}

template <class Write>
std::string to_pem(Write write) {
    const std::unique_ptr<BIO, CertificateFree<&BIO_free_all>> out(BIO_new(BIO_s_mem()));
    certificate_check(out != nullptr && write(out.get()) == 1, "PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

BATON_DECL std::string certificate_pem(X509* certificate) {
    return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

BATON_DECL std::string key_pem(EVP_PKEY* key) {
    return to_pem([&](BIO* out) {
        return PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

BATON_DECL KeyPointer new_key() {
    KeyPointer key(EVP_EC_gen("P-256"));
    certificate_check(key != nullptr, "key");
    return key;
}

BATON_DECL void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    certificate_check(extension != nullptr, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// `issuer` nullptr: signed by its own key
BATON_DECL X509Pointer make_certificate(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer,
                                        EVP_PKEY* issuer_key, bool authority) {
    X509Pointer made(X509_new());
    X509* const raw = made.get();
    certificate_check(raw != nullptr && X509_set_version(raw, 2) == 1, "version");
    unsigned char serial[8];
    certificate_check(RAND_bytes(serial, sizeof serial) == 1, "serial");
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40); // positive, full length
    BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
    certificate_check(number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nullptr,
                      "serial");
    BN_free(number);

    certificate_check(
        X509_time_adj_ex(X509_getm_notBefore(raw), spec.valid_from_days, 0, nullptr) != nullptr &&
            X509_time_adj_ex(X509_getm_notAfter(raw), spec.valid_to_days, 0, nullptr) != nullptr,
        "validity");
    X509_NAME* const name = X509_get_subject_name(raw);
    certificate_check(X509_NAME_add_entry_by_txt(
                          name, "CN", MBSTRING_UTF8,
                          reinterpret_cast<const unsigned char*>(spec.common_name.c_str()), -1, -1, 0) == 1,
                      "common name");
    X509* const signer = issuer != nullptr ? issuer : raw;
    X509_set_issuer_name(raw, X509_get_subject_name(signer));
    certificate_check(X509_set_pubkey(raw, key) == 1, "public key");

    add_extension(raw, signer, NID_basic_constraints, authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(raw, signer, NID_key_usage,
                  authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    add_extension(raw, signer, NID_subject_key_identifier, "hash");
    if (issuer != nullptr) add_extension(raw, signer, NID_authority_key_identifier, "keyid:always");
    if (!authority) {
        add_extension(raw, signer, NID_ext_key_usage, spec.for_client ? "clientAuth" : "serverAuth");
        std::string names;
        for (const std::string& dns : spec.dns) names.append(names.empty() ? "DNS:" : ",DNS:").append(dns);
        for (const std::string& ip : spec.ips) names.append(names.empty() ? "IP:" : ",IP:").append(ip);
        if (!names.empty()) add_extension(raw, signer, NID_subject_alt_name, names);
    }
    certificate_check(X509_sign(raw, issuer_key != nullptr ? issuer_key : key, EVP_sha256()) > 0,
                      "signature");
    return made;
}

} // namespace detail

BATON_DECL TestAuthority::TestAuthority(std::string_view common_name) {
    CertificateSpec spec;
    spec.common_name = common_name;
    // wider than any leaf, so that an expired leaf is refused for its own date
    spec.valid_from_days = -3650;
    spec.valid_to_days = 3650;
    detail::KeyPointer key = detail::new_key();
    detail::X509Pointer certificate = detail::make_certificate(spec, key.get(), nullptr, nullptr, true);
    pem_ = detail::certificate_pem(certificate.get());
    certificate_ = certificate.release();
    key_ = key.release();
}

BATON_DECL TestAuthority::TestAuthority(TestAuthority&& other) noexcept
    : certificate_(std::exchange(other.certificate_, nullptr)), key_(std::exchange(other.key_, nullptr)),
      pem_(std::move(other.pem_)) {}

BATON_DECL TestAuthority::~TestAuthority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
}

BATON_DECL Certificate TestAuthority::issue(const CertificateSpec& spec) const {
    const detail::KeyPointer key = detail::new_key();
    const detail::X509Pointer made = detail::make_certificate(spec, key.get(), certificate_, key_, false);
    return {detail::certificate_pem(made.get()), detail::key_pem(key.get())};
}

BATON_DECL CertificateSpec TestAuthority::spec_for(std::string_view host) {
    CertificateSpec spec;
    spec.dns.clear();
    spec.ips.clear();
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(std::string(host).c_str());
    (address != nullptr ? spec.ips : spec.dns).emplace_back(host);
    ASN1_OCTET_STRING_free(address);
    ERR_clear_error();
    return spec;
}

BATON_DECL Certificate TestAuthority::expired(std::string_view host) const {
    CertificateSpec spec = spec_for(host);
    spec.valid_from_days = -30;
    spec.valid_to_days = -1;
    return issue(spec);
}

BATON_DECL Certificate TestAuthority::not_yet_valid(std::string_view host) const {
    CertificateSpec spec = spec_for(host);
    spec.valid_from_days = 1;
    return issue(spec);
}

BATON_DECL Certificate self_signed(const CertificateSpec& spec) {
    const detail::KeyPointer key = detail::new_key();
    const detail::X509Pointer made = detail::make_certificate(spec, key.get(), nullptr, nullptr, false);
    return {detail::certificate_pem(made.get()), detail::key_pem(key.get())};
}

} // namespace baton::testing
