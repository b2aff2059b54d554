// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/core/errc.hpp>
#include <baton/net/tls.hpp>

#include <boost/system/system_error.hpp>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <vector>

namespace baton::net {

namespace detail {

template <auto Free>
struct TlsFree {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using TlsBio = std::unique_ptr<BIO, TlsFree<&BIO_free_all>>;
using TlsCertificate = std::unique_ptr<X509, TlsFree<&X509_free>>;
using TlsKey = std::unique_ptr<EVP_PKEY, TlsFree<&EVP_PKEY_free>>;
using TlsContextPointer = std::unique_ptr<SSL_CTX, TlsFree<&SSL_CTX_free>>;

// What SSL_CTX does not hold itself: travels in its ex_data and dies with it, so that a handle to the
// SSL_CTX is all anybody needs.
class TlsContextState {
public:
    ~TlsContextState() {
        for (Entry& entry : sessions_) SSL_SESSION_free(entry.session);
    }

    // A session for `peer`, owned by the caller, or nullptr. A TLS 1.3 ticket is handed out once, so that
    // connections cannot be linked by it (RFC 8446, C.4).
    SSL_SESSION* take(std::string_view peer) {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = sessions_.size(); i-- > 0;) {
            if (sessions_[i].peer != peer) continue;
            SSL_SESSION* session = sessions_[i].session;
            const bool usable = SSL_SESSION_is_resumable(session) == 1;
            if (usable && SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION) {
                SSL_SESSION_up_ref(session);
                return session;
            }
            sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(i));
            if (usable) return session;
            SSL_SESSION_free(session);
        }
        return nullptr;
    }

    // Takes ownership.
    void put(std::string_view peer, SSL_SESSION* session) {
        const std::lock_guard lock(mutex_);
        std::size_t same = 0, oldest = 0;
        for (std::size_t i = sessions_.size(); i-- > 0;) {
            if (sessions_[i].peer == peer) ++same, oldest = i;
        }
        // one peer that sends tickets without end must not push out the others
        if (same >= max_per_peer || sessions_.size() >= max_sessions) {
            const std::size_t victim = same >= max_per_peer ? oldest : 0;
            SSL_SESSION_free(sessions_[victim].session);
            sessions_.erase(sessions_.begin() + static_cast<std::ptrdiff_t>(victim));
        }
        sessions_.push_back({std::string(peer), session});
    }

    std::once_flag system_roots_once;
    bool system_roots = false;
    bool verify = true;

private:
    static constexpr std::size_t max_per_peer = 4, max_sessions = 256;
    struct Entry {
        std::string peer;
        SSL_SESSION* session;
    };
    std::mutex mutex_;
    std::vector<Entry> sessions_; // oldest first
};

BATON_DECL int tls_state_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* state, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<TlsContextState*>(state);
        });
    return index;
}

BATON_DECL TlsContextState& tls_state(SSL_CTX* context) {
    return *static_cast<TlsContextState*>(SSL_CTX_get_ex_data(context, tls_state_index()));
}

// OpenSSL judges a failed call by this thread's error queue: what others left there would be taken for ours.
inline void tls_clear_errors() noexcept {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

BATON_DECL std::string tls_reason(unsigned long code) {
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "error " + std::to_string(ERR_GET_REASON(code));
}

[[noreturn]] BATON_DECL void tls_throw(const std::string& text) {
    ERR_clear_error();
    throw boost::system::system_error(make_error_code(Errc::tls), text);
}

BATON_DECL void tls_require(bool ok, const char* what) {
    if (!ok) tls_throw(std::string(what) + ": " + tls_reason(ERR_peek_error()));
}

// PEM text from an option, with the name to blame if it is bad. Wiped: it may be a key.
struct TlsPem {
    TlsPem(std::string_view file, std::string_view pem, const char* file_option, const char* pem_option)
        : name(file.empty() ? std::string(pem_option)
                            : std::string(file_option) + " '" + std::string(file) + "'"),
          text(pem) {
        if (file.empty()) return;
        if (!pem.empty())
            tls_throw(std::string(file_option) + " and " + pem_option + " are both set; keep one");
        std::FILE* in = std::fopen(std::string(file).c_str(), "rb");
        if (in == nullptr) tls_throw(name + " cannot be opened: " + std::generic_category().message(errno));
        char block[4096];
        errno = 0;
        for (std::size_t n; (n = std::fread(block, 1, sizeof block, in)) > 0;) text.append(block, n);
        const int failure = std::ferror(in) != 0 ? errno : 0;
        std::fclose(in);
        OPENSSL_cleanse(block, sizeof block);
        if (failure != 0) tls_throw(name + " cannot be read: " + std::generic_category().message(failure));
        if (text.empty()) tls_throw(name + " is empty; a PEM file is expected");
    }
    TlsPem(const TlsPem&) = delete;
    ~TlsPem() { OPENSSL_cleanse(text.data(), text.size()); }

    bool empty() const noexcept { return text.empty(); }
    TlsBio bio() const { return TlsBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

    // all certificates in order; at least one
    std::vector<TlsCertificate> certificates() const {
        tls_clear_errors();
        std::vector<TlsCertificate> all;
        const TlsBio in = bio();
        while (X509* certificate = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) {
            all.emplace_back(certificate);
            X509_check_purpose(certificate, -1, 0); // decodes the extensions now, not when threads share it
        }
        const unsigned long end = ERR_peek_last_error();
        if (ERR_GET_LIB(end) != ERR_LIB_PEM || ERR_GET_REASON(end) != PEM_R_NO_START_LINE) {
            tls_throw(name + " holds a certificate that cannot be read: " + tls_reason(end));
        }
        ERR_clear_error();
        if (all.empty())
            tls_throw(name + " holds no certificate; \"-----BEGIN CERTIFICATE-----\" is expected");
        return all;
    }

    TlsKey key() const {
        tls_clear_errors();
        // the callback keeps OpenSSL from asking for a password on the terminal
        TlsKey key(PEM_read_bio_PrivateKey(
            bio().get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
        if (!key)
            tls_throw(name + " holds no private key that can be read (encrypted keys are not supported)");
        return key;
    }

    std::string name;
    std::string text;
};

BATON_DECL void tls_use_identity(SSL_CTX* context, const TlsPem& chain, const TlsPem& key) {
    std::vector<TlsCertificate> certificates = chain.certificates();
    if (SSL_CTX_use_certificate(context, certificates[0].get()) != 1) {
        tls_throw(chain.name + " is refused: " + tls_reason(ERR_peek_error()));
    }
    for (std::size_t i = 1; i < certificates.size(); ++i) {
        tls_require(SSL_CTX_add1_chain_cert(context, certificates[i].get()) == 1, "TLS certificate chain");
    }
    if (SSL_CTX_use_PrivateKey(context, key.key().get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
        tls_throw(key.name + " is not the key of the certificate in " + chain.name);
    }
}

BATON_DECL void tls_trust(SSL_CTX* context, const TlsPem& authorities) {
    X509_STORE* store = SSL_CTX_get_cert_store(context);
    for (const TlsCertificate& certificate : authorities.certificates()) {
        tls_require(X509_STORE_add_cert(store, certificate.get()) == 1, authorities.name.c_str());
    }
}

BATON_DECL TlsContextPointer tls_new_context(const SSL_METHOD* method) {
    tls_clear_errors();
    TlsContextPointer context(SSL_CTX_new(method));
    tls_require(context != nullptr, "TLS context");
    auto state = std::make_unique<TlsContextState>();
    tls_require(SSL_CTX_set_ex_data(context.get(), tls_state_index(), state.get()) == 1, "TLS context");
    (void)state.release();
    // renegotiation is an old source of attacks and nobody here needs it
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return context;
}

// A session that may be resumed; on TLS 1.3 the server sends them at any time after the handshake.
BATON_DECL int tls_new_session(SSL* ssl, SSL_SESSION* session) {
    const auto* peer = static_cast<const std::string*>(SSL_get_app_data(ssl));
    if (peer == nullptr) return 0;
    try {
        tls_state(SSL_get_SSL_CTX(ssl)).put(*peer, session);
    } catch (...) { // exceptions must not cross OpenSSL
        return 0;
    }
    return 1; // the reference is ours now
}

BATON_DECL SSL_CTX* tls_make_client(const TlsOptions& options) {
    TlsContextPointer context = tls_new_context(TLS_client_method());
    SSL_CTX* const raw = context.get();
    tls_require(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1, "TLS version");
    constexpr unsigned char http11[] = "\x08http/1.1";
    tls_require(SSL_CTX_set_alpn_protos(raw, http11, sizeof http11 - 1) == 0, "ALPN");

    TlsContextState& state = tls_state(raw);
    state.verify = !options.insecure_no_verify_for_tests;
    SSL_CTX_set_verify(raw, state.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (!options.ca_pem.empty()) {
        tls_trust(raw, TlsPem({}, options.ca_pem, "TlsOptions::ca_file", "TlsOptions::ca_pem"));
    }
    if (!options.ca_file.empty()) {
        tls_trust(raw, TlsPem(options.ca_file, {}, "TlsOptions::ca_file", "TlsOptions::ca_pem"));
    }
    state.system_roots = state.verify && options.ca_pem.empty() && options.ca_file.empty();

    const TlsPem chain(options.certificate_file, options.certificate_pem, "TlsOptions::certificate_file",
                       "TlsOptions::certificate_pem");
    const TlsPem key(options.key_file, options.key_pem, "TlsOptions::key_file", "TlsOptions::key_pem");
    if (chain.empty() != key.empty()) {
        tls_throw(chain.empty()
                      ? "TlsOptions has a key but no certificate; set certificate_file or certificate_pem"
                      : "TlsOptions has a certificate but no key; set key_file or key_pem");
    }
    if (!chain.empty()) tls_use_identity(raw, chain, key);

    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(raw, &tls_new_session);
    return context.release();
}

} // namespace detail

BATON_DECL TlsContext TlsContext::client(const TlsOptions& options) {
    if (options == TlsOptions{}) {
        static const TlsContext shared(detail::tls_make_client({}));
        return shared;
    }
    return TlsContext(detail::tls_make_client(options));
}

BATON_DECL TlsContext TlsContext::server(std::string_view certificate_pem, std::string_view key_pem,
                                         const TlsServerOptions& options) {
    detail::TlsContextPointer context = detail::tls_new_context(TLS_server_method());
    SSL_CTX* const raw = context.get();
    const auto number = [](TlsVersion version) {
        return version == TlsVersion::tls1_1
                   ? TLS1_1_VERSION
                   : (version == TlsVersion::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION);
    };
    if (options.min == TlsVersion::tls1_1)
        SSL_CTX_set_security_level(raw, 0); // else OpenSSL 3 refuses to speak it
    detail::tls_require(SSL_CTX_set_min_proto_version(raw, number(options.min)) == 1, "TLS version");
    detail::tls_require(SSL_CTX_set_max_proto_version(raw, number(options.max)) == 1, "TLS version");

    const detail::TlsPem chain({}, certificate_pem, "", "TLS server certificate");
    const detail::TlsPem key({}, key_pem, "", "TLS server key");
    detail::tls_use_identity(raw, chain, key);
    if (!options.client_ca_pem.empty()) {
        const detail::TlsPem authorities({}, options.client_ca_pem, "", "TlsServerOptions::client_ca_pem");
        detail::tls_trust(raw, authorities);
        for (const detail::TlsCertificate& authority : authorities.certificates()) {
            SSL_CTX_add_client_CA(raw, authority.get());
        }
        SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    constexpr unsigned char name[] = "baton"; // without it resumption fails when clients are verified
    SSL_CTX_set_session_id_context(raw, name, sizeof name - 1);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF); // tickets only: nothing to store here
    SSL_CTX_set_alpn_select_cb(
        raw,
        [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size,
           void*) {
            for (unsigned i = 0; i < in_size; i += in[i] + 1U) {
                if (in[i] == 8 && in_size - i >= 9 && std::memcmp(in + i + 1, "http/1.1", 8) == 0) {
                    *out = in + i + 1;
                    *size = 8;
                    return SSL_TLSEXT_ERR_OK;
                }
            }
            return SSL_TLSEXT_ERR_ALERT_FATAL;
        },
        nullptr);
    return TlsContext(context.release());
}

BATON_DECL TlsContext::TlsContext(const TlsContext& other) noexcept : context_(other.context_) {
    if (context_ != nullptr) SSL_CTX_up_ref(context_);
}

BATON_DECL TlsContext::~TlsContext() { SSL_CTX_free(context_); }

} // namespace baton::net
