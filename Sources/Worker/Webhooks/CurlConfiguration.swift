import Model

/// What curl is to do, as it reads it from its input (curl(1), --config).
struct CurlConfiguration: Sendable {
    let url: WebhookURL
    let addresses: [IPAddress]
    let headers: [(name: String, value: String)]
    let body: String
    /// A file with the certificates that are trusted; nil for those of the system.
    let authority: String?
    /// How long connecting and all of it may take, in seconds.
    let times: (connect: Int, all: Int)

    var text: String {
        var lines = [
            "silent", "globoff", "path-as-is", "http1.1", "tlsv1.2", "proto = \"=https,http\"", "noproxy = \"*\"",
            "connect-timeout = \(times.connect)", "max-time = \(times.all)",
            "write-out = \"%{stderr}\(CurlReport.form)\"", "user-agent = \"hypervisor-coordinator\"",
            "header = \"Expect:\"",
        ]
        lines += headers.map { "header = \(Self.quoted("\($0.name): \($0.value)"))" }
        if let authority { lines.append("cacert = \(Self.quoted(authority))") }
        if url.address == nil {
            let list = addresses.map { $0.isIPv6 ? "[\($0)]" : "\($0)" }.joined(separator: ",")
            lines.append("resolve = \"\(url.host):\(url.port):\(list)\"")
        }
        lines += ["data-binary = \(Self.quoted(body))", "url = \(Self.quoted(url.description))"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A value in quotes, in which only these mean something.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\\""
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// What curl says of a call.
struct CurlReport: Sendable {
    /// What curl is to write: the status, the address that it was connected to, and what went wrong.
    static let form = "\\n%{http_code} %{remote_ip} %{errormsg}"

    private let status: Int
    private let address: String
    private let message: String

    init(_ text: String) {
        let parts = (text.split(separator: "\n").last ?? "")
            .split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        status = parts.first.flatMap { Int($0) } ?? 0
        address = parts.count > 1 ? parts[1] : ""
        message = parts.count > 2 ? parts[2] : text
    }

    /// - Parameters:
    ///   - isFine: whether curl had an answer, whatever that was.
    ///   - addresses: what it was to connect to.
    /// - Returns: what the receiver answered.
    func answer(exited isFine: Bool, expecting addresses: [IPAddress]) -> WebhookAnswer {
        guard isFine, status > 0 else { return .none(PrintableText.line(message, limit: 200)) }
        guard let connected = IPAddress(address), addresses.contains(connected) else {
            return .none("curl connected to \(address), which is not what was checked: report this")
        }
        return .status(status)
    }
}
