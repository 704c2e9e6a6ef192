extension RedisConfiguration {
    /// Reads a configuration from a URL.
    ///
    /// - `redis://[user[:password]@]host[:port][/db]`
    /// - `rediss://…`, the same with TLS
    /// - `unix:///path/to/socket[?db=N]`
    ///
    /// Options after `?`: `db`, `username`, `password`, `cafile` (PEM file, for TLS), `servername` (for TLS) and
    /// `clientname`. Characters with a meaning in URLs are written in percent form in every part.
    ///
    /// - Parameter url: The URL; may hold a password, so it never appears in an error.
    /// - Throws: ``RedisError`` with code `configuration` that says which part is wrong, or `tlsUnavailable`.
    package init(url: String) throws {
        let parts = try URLParts(url)
        switch parts.scheme {
        case "redis", "rediss": try self.init(endpoint: Self.tcpEndpoint(parts.host))
        case "unix": try self.init(endpoint: Self.socketEndpoint(parts))
        default: throw Self.wrong("the scheme is not redis://, rediss:// or unix://")
        }
        if parts.scheme == "rediss" {
            try Self.requireTLS()
            tls = TLS()
        }
        try apply(userInfo: parts.userInfo)
        if parts.scheme != "unix" {
            try apply(databasePath: parts.path)
        }
        for option in parts.options {
            try apply(option: option.name, option.value)
        }
    }

    static func wrong(_ reason: String) -> RedisError {
        RedisError(.configuration, "the Redis URL is wrong: \(reason)")
    }

    private static func tcpEndpoint(_ authority: Substring) throws -> Endpoint {
        var host = authority
        var port: Substring?
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw wrong("the IPv6 address lacks its ]") }
            host = authority[..<end].dropFirst()
            let rest = authority[end...].dropFirst()
            guard rest.isEmpty || rest.first == ":" else { throw wrong("only :port may follow the IPv6 address") }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.firstIndex(of: ":") {
            host = authority[..<colon]
            port = authority[colon...].dropFirst()
        }
        let name = try URLParts.decode(host, "host")
        guard !name.isEmpty else { throw wrong("the host is missing") }
        guard let port, !port.isEmpty else { return .tcp(host: name, port: defaultPort) }
        guard let number = digits(port), (1...65_535).contains(number) else {
            throw wrong("the port is not a number from 1 to 65535")
        }
        return .tcp(host: name, port: number)
    }

    private static func socketEndpoint(_ parts: URLParts) throws -> Endpoint {
        guard parts.host.isEmpty else { throw wrong("a unix socket has no host: write unix:///path/to/socket") }
        let path = try URLParts.decode(parts.path, "path")
        guard path.utf8.count > 1 else { throw wrong("the path of the unix socket is missing") }
        return .unixSocket(path: path)
    }

    private mutating func apply(userInfo: Substring?) throws {
        guard let userInfo else { return }
        let colon = userInfo.firstIndex(of: ":")
        let user = try URLParts.decode(userInfo[..<(colon ?? userInfo.endIndex)], "user")
        username = user.isEmpty ? nil : user
        guard let colon else { return }
        password = try URLParts.decode(userInfo[colon...].dropFirst(), "password")
    }

    private mutating func apply(databasePath path: Substring) throws {
        let number = path.dropFirst()
        guard !number.isEmpty else { return }
        database = try Self.databaseNumber(URLParts.decode(number, "path"))
    }

    private mutating func apply(option name: String, _ value: String) throws {
        switch name {
        case "db": database = try Self.databaseNumber(value)
        case "username": username = value
        case "password": password = value
        case "clientname":
            guard !value.isEmpty, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Self.wrong("clientname must be printable ASCII without spaces")
            }
            clientName = value
        case "cafile", "servername":
            guard tls != nil else { throw Self.wrong("\(name) needs rediss://") }
            guard !value.isEmpty else { throw Self.wrong("\(name) is empty") }
            if name == "cafile" { tls?.caFile = value } else { tls?.serverName = value }
        default:
            throw Self.wrong(
                "there is no such option; known are db, username, password, clientname, cafile, servername"
            )
        }
    }

    private static func databaseNumber(_ text: String) throws -> Int {
        guard let number = digits(text[...]), number <= Int(Int32.max) else {
            throw wrong("the database is not a number such as 0")
        }
        return number
    }

    /// Digits only: `Int` would also take a sign.
    private static func digits(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }
}
