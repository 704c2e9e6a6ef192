import Model
import NIOCore

/// The files of a certificate with the chain above it, and of its key, as PEM.
struct CertificateFiles: Hashable, Sendable {
    let certificate: String
    let key: String
}

#if TLS
    import NIOConcurrencyHelpers
    import NIOSSL

    /// TLS for new connections, with what the files held when they were read last.
    ///
    /// Connections keep what they began with, so that reading the files anew ends none.
    final class TransportSecurity: Sendable {
        private let files: CertificateFiles
        private let context: NIOLockedValueBox<NIOSSLContext>

        /// Reads the files.
        ///
        /// - Throws: `Failure` that says what is wrong with them.
        init(_ files: CertificateFiles) throws(Failure) {
            self.files = files
            context = NIOLockedValueBox(try Self.context(of: files))
        }

        /// Reads the files anew; what was read before stays where they cannot be used.
        ///
        /// - Throws: `Failure` that says what is wrong with them.
        func reload() throws(Failure) {
            let new = try Self.context(of: files)
            context.withLockedValue { $0 = new }
        }

        /// Puts TLS on a new connection.
        func secure(_ channel: any Channel) throws {
            let handler = NIOSSLServerHandler(context: context.withLockedValue { $0 })
            try channel.pipeline.syncOperations.addHandler(handler)
        }

        private static func context(of files: CertificateFiles) throws(Failure) -> NIOSSLContext {
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
                let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
                var settings = TLSConfiguration.makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) },
                    privateKey: .privateKey(key)
                )
                settings.minimumTLSVersion = .tlsv12
                settings.applicationProtocols = ["http/1.1"]
                return try NIOSSLContext(configuration: settings)
            } catch {
                throw Failure(
                    .invalidRequest,
                    "\(files.certificate) (HVC_TLS_CERT_FILE) and \(files.key) (HVC_TLS_KEY_FILE) cannot be used: give a "
                        + "certificate with its chain and the key of it, as PEM",
                    cause: "\(error)"
                )
            }
        }
    }
#else
    /// TLS, which this build does not have.
    struct TransportSecurity: Sendable {
        /// Says that this build has no TLS.
        init(_ files: CertificateFiles) throws(Failure) {
            throw Failure(
                .notSupported,
                "this build has no TLS: build with --traits TLS to use HVC_TLS_CERT_FILE and HVC_TLS_KEY_FILE"
            )
        }

        func reload() throws(Failure) {}

        func secure(_ channel: any Channel) throws {}
    }
#endif
