// Copyright (c) 2026 The baton authors. Distributed under the Boost Software License 1.0.
#pragma once

#include <baton/net/impl/tls_context.ipp>
#include <baton/net/tls.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

namespace baton::net {

namespace detail {

// Bytes from begin to end. Grows by doubling, and gives large memory back as soon as it is empty.
class TlsBuffer {
public:
    std::size_t size() const noexcept { return end_ - begin_; }
    std::string_view view() const noexcept { return {data_.get() + begin_, size()}; }

    char* prepare(std::size_t n) {
        if (capacity_ - end_ >= n) return data_.get() + end_;
        if (capacity_ - size() >= n && begin_ >= size()) {
            std::memmove(data_.get(), data_.get() + begin_, size());
        } else {
            const std::size_t capacity = std::max({size() + n, 2 * capacity_, std::size_t{4096}});
            std::unique_ptr<char[]> larger(new char[capacity]); // not make_unique: that would clear it
            if (size() > 0) std::memcpy(larger.get(), data_.get() + begin_, size());
            data_ = std::move(larger);
            capacity_ = capacity;
        }
        end_ = size();
        begin_ = 0;
        return data_.get() + end_;
    }
    void commit(std::size_t n) noexcept { end_ += std::min(n, capacity_ - end_); }
    void consume(std::size_t n) noexcept {
        begin_ += std::min(n, size());
        if (begin_ != end_) return;
        begin_ = end_ = 0;
        if (capacity_ > keep) {
            data_.reset();
            capacity_ = 0;
        }
    }

private:
    static constexpr std::size_t keep = 64 * 1024;
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
};

} // namespace detail

struct TlsSession::Impl {
    SSL* ssl = nullptr;
    TlsContext context;
    detail::TlsBuffer in, out;
    std::string host; // normalised; empty on a server
    std::string peer; // key of the session cache
    std::string error;
    Status final = Status::ok; // truncated or error, once seen
    bool in_ended = false;     // no more input will come
    bool complete = false;     // handshake
    bool peer_closed = false;
    bool refused = false; // by us, the peer's certificate

    explicit Impl(const TlsContext& shared) : context(shared) {}
    ~Impl() {
        if (ssl == nullptr) return;
        // SSL_free would make the session unusable for others if close_notify was not exchanged, as after
        // a cancelled call. Since TLS 1.1 there is no reason to; OpenSSL itself drops it on a fatal error.
        if (complete && final != Status::error)
            SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(ssl);
        detail::tls_clear_errors();
    }
    Impl(const Impl&) = delete;

    static int bio_read(BIO* bio, char* to, int size) {
        Impl& self = *static_cast<Impl*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        const std::size_t n = std::min(self.in.size(), static_cast<std::size_t>(std::max(size, 0)));
        if (n == 0) {
            if (self.in_ended) return 0;
            BIO_set_retry_read(bio);
            return -1;
        }
        std::memcpy(to, self.in.view().data(), n);
        self.in.consume(n);
        return static_cast<int>(n);
    }
    static int bio_write(BIO* bio, const char* from, int size) {
        Impl& self = *static_cast<Impl*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        if (size <= 0) return 0;
        const auto n = static_cast<std::size_t>(size);
        try {
            std::memcpy(self.out.prepare(n), from, n);
        } catch (...) { // exceptions must not cross OpenSSL
            return -1;
        }
        self.out.commit(n);
        return size;
    }
    static long bio_ctrl(BIO* bio, int command, long, void*) {
        const Impl& self = *static_cast<Impl*>(BIO_get_data(bio));
        switch (command) {
        case BIO_CTRL_EOF: return self.in_ended && self.in.size() == 0;
        case BIO_CTRL_PENDING: return static_cast<long>(self.in.size());
        case BIO_CTRL_FLUSH: return 1;
        default: return 0;
        }
    }
    static const BIO_METHOD* method() {
        static BIO_METHOD* const shared = [] {
            BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "baton");
            if (made == nullptr) return made;
            BIO_meth_set_read(made, &bio_read);
            BIO_meth_set_write(made, &bio_write);
            BIO_meth_set_ctrl(made, &bio_ctrl);
            BIO_meth_set_create(made, [](BIO* bio) {
                BIO_set_init(bio, 1);
                return 1;
            });
            return made;
        }();
        return shared;
    }

    bool open() {
        detail::tls_clear_errors();
        ssl = SSL_new(context.native_handle());
        BIO* bio = ssl != nullptr && method() != nullptr ? BIO_new(method()) : nullptr;
        if (bio == nullptr) {
            fail("TLS session: " + detail::tls_reason(ERR_peek_error()));
            return false;
        }
        BIO_set_data(bio, this);
        SSL_set_bio(ssl, bio, bio); // owned by ssl, one reference
        return true;
    }

    void start_client(std::string_view name, std::string_view peer_name);

    Status fail(std::string text) {
        error = std::move(text);
        ERR_clear_error();
        return final = Status::error;
    }
    Status failure(int result);
    void describe(unsigned long code);
    Status handshake();
};

// Everything that makes the difference between encrypted and authenticated happens here.
BATON_DECL void TlsSession::Impl::start_client(std::string_view name, std::string_view peer_name) {
    if (name.size() >= 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_' || c == ':';
    });
    // to OpenSSL a leading dot means "any name below"
    if (name.empty() || name.size() > 253 || !plain || name.front() == '.') {
        fail("the host name to verify is empty, too long, or holds characters that no host name has");
        return;
    }
    host = name;
    // the verified name is part of the key: a resumed session is not verified again
    peer.assign(host).append(1, '\n').append(peer_name);
    if (!open()) return;

    detail::TlsContextState& state = detail::tls_state(context.native_handle());
    if (state.system_roots) {
        std::call_once(state.system_roots_once,
                       [&] { SSL_CTX_set_default_verify_paths(context.native_handle()); });
    }
    X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const bool is_ip = X509_VERIFY_PARAM_set1_ip_asc(param, host.c_str()) == 1;
    const bool named = is_ip || (host.find(':') == host.npos &&
                                 X509_VERIFY_PARAM_set1_host(param, host.data(), host.size()) == 1 &&
                                 SSL_set_tlsext_host_name(ssl, host.c_str()) == 1);
    if (!named) {
        fail("the host name '" + host + "' is neither a name nor an address");
        return;
    }
    SSL_set_app_data(ssl, &peer);
    if (SSL_SESSION* session = state.take(peer)) {
        SSL_set_session(ssl, session);
        SSL_SESSION_free(session); // ssl holds its own reference
    }
    SSL_set_connect_state(ssl);
    detail::tls_clear_errors();
}

BATON_DECL TlsSession::Status TlsSession::Impl::failure(int result) {
    switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ: return Status::want_input;
    case SSL_ERROR_ZERO_RETURN:
        if (complete) {
            peer_closed = true;
            return Status::eof;
        }
        error = "the peer closed the connection during the TLS handshake";
        return final = Status::truncated;
    default: break;
    }
    const unsigned long code = ERR_peek_error();
    final = Status::error;
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        final = Status::truncated;
        error = complete ? "the connection ended without close_notify: what was received may be incomplete"
                         : "the peer closed the connection during the TLS handshake";
    } else {
        describe(code);
    }
    ERR_clear_error();
    return final;
}

BATON_DECL void TlsSession::Impl::describe(unsigned long code) {
    const int reason = ERR_GET_REASON(code);
    const bool ours = ERR_GET_LIB(code) == ERR_LIB_SSL;
    if (ours && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        refused = true;
        const long result = SSL_get_verify_result(ssl);
        error = std::string("certificate verify failed: ") + X509_verify_cert_error_string(result);
        if (!host.empty()) error += " (host '" + host + "')";
        switch (result) {
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            if (host.empty()) break;
            error +=
                detail::tls_state(context.native_handle()).system_roots
                    ? "; install the system's ca-certificates or name the authority in TlsOptions::ca_file"
                    : "; it is not from an authority in TlsOptions::ca_file or ca_pem";
            break;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            error += "; check this machine's clock, then the certificate";
            break;
        default: break;
        }
        return;
    }
    error = detail::tls_reason(code);
    if (!ours) {
        error = "TLS failed: " + error;
    } else if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
               reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_BAD_RECORD_TYPE) {
        error = "the peer does not speak TLS (" + error + "); is this the port of an http:// service?";
    } else if (reason == SSL_AD_REASON_OFFSET + TLS13_AD_CERTIFICATE_REQUIRED) {
        error = "the peer ended TLS: " + error + "; set TlsOptions::certificate_file and key_file";
    } else if (reason > SSL_AD_REASON_OFFSET) {
        error = "the peer ended TLS: " + error;
    } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
        error = "TLS failed: " + error + "; TLS 1.2 or later is required";
    } else {
        error = "TLS failed: " + error;
    }
}

BATON_DECL TlsSession::Status TlsSession::Impl::handshake() {
    detail::tls_clear_errors();
    if (const int result = SSL_do_handshake(ssl); result != 1) return failure(result);
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &size);
    if (size != 0 && (size != 8 || std::memcmp(protocol, "http/1.1", 8) != 0)) {
        return fail("the server chose a protocol that was not offered (ALPN)");
    }
    complete = true;
    return Status::ok;
}

BATON_DECL TlsSession::TlsSession(const TlsContext& context, std::string_view host, std::string_view peer) {
    auto impl = std::make_unique<Impl>(context);
    impl->start_client(host, peer);
    impl_ = impl.release();
}

BATON_DECL TlsSession TlsSession::accept(const TlsContext& context) {
    auto impl = std::make_unique<Impl>(context);
    if (impl->open()) SSL_set_accept_state(impl->ssl);
    return TlsSession(impl.release());
}

BATON_DECL TlsSession::~TlsSession() { delete impl_; }

BATON_DECL TlsSession::Status TlsSession::handshake() {
    if (impl_->final != Status::ok) return impl_->final;
    return impl_->complete ? Status::ok : impl_->handshake();
}

BATON_DECL TlsSession::Status TlsSession::read(char* to, std::size_t size, std::size_t& n) {
    n = 0;
    if (const Status status = handshake(); status != Status::ok) return status;
    if (impl_->peer_closed) return Status::eof;
    if (size == 0) return Status::ok;
    detail::tls_clear_errors();
    const int result = SSL_read_ex(impl_->ssl, to, size, &n);
    return result == 1 ? Status::ok : impl_->failure(result);
}

BATON_DECL TlsSession::Status TlsSession::write(std::string_view plain, std::size_t& n) {
    n = 0;
    if (impl_->final != Status::ok) return impl_->final;
    if (!impl_->complete) return Status::want_input;
    if (plain.empty()) return Status::ok;
    detail::tls_clear_errors();
    const int result = SSL_write_ex(impl_->ssl, plain.data(), plain.size(), &n);
    return result == 1 ? Status::ok : impl_->failure(result);
}

BATON_DECL std::span<char> TlsSession::prepare(std::size_t size) { return {impl_->in.prepare(size), size}; }

BATON_DECL void TlsSession::commit(std::size_t size) noexcept { impl_->in.commit(size); }

BATON_DECL void TlsSession::feed(std::string_view cipher) {
    if (cipher.empty()) return;
    std::memcpy(impl_->in.prepare(cipher.size()), cipher.data(), cipher.size());
    impl_->in.commit(cipher.size());
}

BATON_DECL void TlsSession::feed_eof() noexcept { impl_->in_ended = true; }

BATON_DECL std::string_view TlsSession::output() const noexcept { return impl_->out.view(); }

BATON_DECL void TlsSession::consume_output(std::size_t size) noexcept { impl_->out.consume(size); }

BATON_DECL void TlsSession::close_notify() {
    if (!impl_->complete || impl_->final != Status::ok) return;
    detail::tls_clear_errors();
    SSL_shutdown(impl_->ssl);
    detail::tls_clear_errors();
}

BATON_DECL std::string TlsSession::error_text() const { return impl_->error; }

BATON_DECL bool TlsSession::verify_failed() const noexcept { return impl_->refused; }

BATON_DECL bool TlsSession::resumed() const noexcept {
    return impl_->complete && SSL_session_reused(impl_->ssl) == 1;
}

BATON_DECL bool TlsSession::established() const noexcept {
    return impl_->complete && impl_->final == Status::ok && !impl_->peer_closed;
}

BATON_DECL std::string_view TlsSession::version() const noexcept {
    return impl_->complete ? SSL_get_version(impl_->ssl) : std::string_view();
}

BATON_DECL std::string_view TlsSession::server_name() const noexcept {
    const char* name =
        impl_->ssl != nullptr ? SSL_get_servername(impl_->ssl, TLSEXT_NAMETYPE_host_name) : nullptr;
    return name != nullptr ? std::string_view(name) : std::string_view();
}

} // namespace baton::net
