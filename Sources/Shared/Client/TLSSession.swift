import CSSL
import Glibc

/// Whom TLS trusts.
struct TLSTrust: Sendable {
    /// A file of certificates (PEM); nil for those of the system.
    let authorities: String?
}

/// TLS over the socket of one connection, for one thread; the certificate must be valid for the host.
@safe final class TLSSession {
    /// What a call has done, or what it waits for.
    enum Outcome {
        case done(Int)
        case wantsRead
        case wantsWrite
        case failed(String)
    }

    private let context: OpaquePointer
    private let session: OpaquePointer

    /// Prepares a session; the thread gets no SIGPIPE from now on, which OpenSSL would have it get.
    ///
    /// - Parameters:
    ///   - descriptor: a socket that does not block.
    ///   - host: whom the certificate is to be of.
    ///   - authorities: a file of certificates (PEM) to trust; nil for those of the system.
    /// - Throws: `ClientError` where the file cannot be used.
    init(_ descriptor: Int32, host: String, authorities: String?) throws(ClientError) {
        var signals = sigset_t()
        _ = unsafe sigemptyset(&signals)
        _ = unsafe sigaddset(&signals, SIGPIPE)
        _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw .unreachable("OpenSSL: \(Self.reason())")
        }
        _ = unsafe hvc_ssl_use_tls12_or_newer(context)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        let isTrusting =
            if let authorities {
                unsafe SSL_CTX_load_verify_locations(context, authorities, nil) == 1
            } else {
                unsafe SSL_CTX_set_default_verify_paths(context) == 1
            }
        guard isTrusting, let session = unsafe SSL_new(context) else {
            let reason = Self.reason()
            unsafe SSL_CTX_free(context)
            throw .badAuthorities("\(authorities ?? "the system's certificates"): \(reason)")
        }
        unsafe (self.context, self.session) = unsafe (context, session)
        _ = unsafe SSL_set_fd(session, descriptor)
        let parameters = unsafe SSL_get0_param(session)
        // An address is compared with the addresses of the certificate, a name with its names.
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1 {
            _ = unsafe SSL_set1_host(session, host)
            _ = unsafe hvc_ssl_set_server_name(session, host)
        }
    }

    deinit {
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
    }

    /// Goes on with the handshake.
    func connect() -> Outcome {
        ERR_clear_error()
        return unsafe outcome(of: SSL_connect(session))
    }

    /// Reads what has come; 0 bytes at the end.
    func read(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Outcome {
        ERR_clear_error()
        return unsafe outcome(of: SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count)))
    }

    func write(_ bytes: UnsafeRawBufferPointer) -> Outcome {
        ERR_clear_error()
        return unsafe outcome(of: SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count)))
    }

    private func outcome(of result: Int32) -> Outcome {
        guard result <= 0 else { return .done(Int(result)) }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .done(0)
        default:
            let verdict = unsafe SSL_get_verify_result(session)
            guard verdict != Int(X509_V_OK) else { return .failed("TLS: \(Self.reason())") }
            return .failed(
                "its certificate is not trusted: \(unsafe String(cString: X509_verify_cert_error_string(verdict)))"
            )
        }
    }

    private static func reason() -> String {
        let code = ERR_get_error()
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "the connection ended" }
        return unsafe String(cString: text)
    }
}
