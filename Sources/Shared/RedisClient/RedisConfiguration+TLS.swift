import NIOCore

#if TLS
    import NIOSSL

    extension RedisConfiguration {
        /// Says whether this build can do TLS: it can.
        static func requireTLS() throws {}

        /// Prepares TLS as configured.
        ///
        /// - Returns: What puts TLS on a new channel; does nothing where none is asked for.
        /// - Throws: ``RedisError`` with code `configuration` where the certificates cannot be read.
        func transportSecurity() throws -> @Sendable (any Channel) throws -> Void {
            guard let tls else { return { _ in } }
            let context: NIOSSLContext
            do {
                var settings = TLSConfiguration.makeClientConfiguration()
                if let file = tls.caFile {
                    settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
                }
                context = try NIOSSLContext(configuration: settings)
            } catch {
                throw RedisError(.configuration, "TLS cannot be set up: check the CA file", cause: error)
            }
            let name = tls.serverName ?? hostName
            return { channel in
                let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }

        /// The endpoint's host, unless it is an address: those have no place in a TLS hello and are checked by NIOSSL.
        private var hostName: String? {
            guard case .tcp(let host, _) = endpoint, (try? SocketAddress(ipAddress: host, port: 0)) == nil else {
                return nil
            }
            return host
        }
    }
#else
    extension RedisConfiguration {
        /// Says whether this build can do TLS: it cannot.
        static func requireTLS() throws {
            throw RedisError(.tlsUnavailable, "this build has no TLS: build with --traits TLS to use rediss://")
        }

        /// Prepares TLS as configured, which this build cannot.
        ///
        /// - Returns: Something that does nothing, where no TLS is asked for.
        /// - Throws: ``RedisError`` with code `tlsUnavailable`.
        func transportSecurity() throws -> @Sendable (any Channel) throws -> Void {
            if tls != nil { try Self.requireTLS() }
            return { _ in }
        }
    }
#endif
