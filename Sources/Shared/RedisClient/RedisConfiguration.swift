/// Where a Redis server is and how to talk to it.
///
/// Made from a URL by ``init(url:)`` or from parts by ``init(endpoint:)``. No description of it shows the password.
package struct RedisConfiguration: Sendable, Hashable {
    /// An address of a Redis server.
    package enum Endpoint: Sendable, Hashable {
        /// A host name or IP address, and a port.
        case tcp(host: String, port: Int)
        /// The path of a unix socket on this machine.
        case unixSocket(path: String)
    }

    /// How to do TLS; needs a build with the package trait `TLS`.
    package struct TLS: Sendable, Hashable {
        /// A PEM file with the certificates to trust; nil: those that the system trusts.
        package var caFile: String?

        /// The name to find in the server's certificate; nil: the endpoint's host.
        ///
        /// A certificate for the server's IP address is accepted, too.
        package var serverName: String?

        package init(caFile: String? = nil, serverName: String? = nil) {
            self.caFile = caFile
            self.serverName = serverName
        }
    }

    /// The port of Redis where none is given.
    package static let defaultPort = 6379

    /// The server's address.
    package var endpoint: Endpoint

    /// The ACL user (Redis 6 and later); nil: the default user.
    package var username: String?

    /// The password; secret.
    package var password: String?

    /// The number of the database, chosen by SELECT.
    package var database = 0

    /// TLS to the server; nil: none.
    package var tls: TLS?

    /// The name, without spaces, that CLIENT LIST shows for the connections; nil: none.
    package var clientName: String? = "hypervisor-coordinator"

    /// How long one attempt to connect may take, TLS and log-in included.
    package var connectTimeout: Duration = .seconds(5)

    /// How long a call may take unless it says otherwise; a blocking command gets this on top of its block time.
    package var commandTimeout: Duration = .seconds(5)

    /// How long a call waits for a connection while there is none; never beyond its own deadline.
    ///
    /// Zero: a call fails at once while the server is known to be away. The first attempt of a new client is waited
    /// for in any case.
    package var waitForConnection: Duration = .seconds(1)

    /// The waits between attempts to connect.
    package var reconnect = Backoff()

    /// How often the log says that the server is still away, or still refuses calls.
    package var outageReminder: Duration = .seconds(60)

    /// How many calls may wait for replies on the shared connection; more are refused with code `tooManyPending`.
    package var maximumPendingCalls = 65_536

    package init(endpoint: Endpoint) {
        self.endpoint = endpoint
    }
}

extension RedisConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The address as a URL, with `***` for the password.
    package var description: String {
        var credentials = username ?? ""
        if password != nil {
            credentials += ":***"
        }
        if !credentials.isEmpty {
            credentials += "@"
        }
        switch endpoint {
        case .tcp(let host, let port):
            let shown = host.contains(":") ? "[\(host)]" : host
            return "\(tls == nil ? "redis" : "rediss")://\(credentials)\(shown):\(port)/\(database)"
        case .unixSocket(let path):
            return "unix://\(credentials)\(path)?db=\(database)"
        }
    }

    /// The same as ``description``: a debugger's output ends up in logs, too.
    package var debugDescription: String { description }

    /// Only the description, so that `dump` shows no password.
    package var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
