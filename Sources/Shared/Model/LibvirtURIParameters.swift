import Foundation

/// What stands behind the `?` of a libvirt URI, each checked for its transport.
struct LibvirtURIParameters {
    /// What holds for measures over ssh too.
    private(set) var ssh = SSHOptions()
    /// The URI that the daemon at the far side opens (`name=`); nil for that of the path.
    private(set) var remoteName: String?

    /// The parameters that libvirt's remote driver takes, and those of its drivers that we may come to.
    private enum Parameter: String, CaseIterable {
        case name
        case command
        case socket
        case netcat
        case keyfile
        case noVerify = "no_verify"
        case noTTY = "no_tty"
        case sshAuth = "sshauth"
        case knownHosts = "known_hosts"
        case knownHostsVerify = "known_hosts_verify"
        case pkiPath = "pkipath"
        case tlsPriority = "tls_priority"
        case proxy
        case mode
        case authFile = "authfile"
        case root

        /// The transports with which libvirt reads it.
        var transports: Set<LibvirtURI.Transport> {
            switch self {
            case .name, .mode: Set(LibvirtURI.Transport.allCases)
            case .command: [.ssh, .ext]
            case .socket: LibvirtURI.Transport.overSSH.union([.unix])
            case .netcat, .keyfile, .noTTY, .proxy: LibvirtURI.Transport.overSSH
            case .noVerify: [.ssh, .tls]
            case .sshAuth, .knownHosts, .knownHostsVerify: [.libssh, .libssh2]
            case .pkiPath, .tlsPriority: [.tls]
            case .authFile: [.libssh, .libssh2, .tcp, .tls]
            case .root: [.unix]
            }
        }

        /// The values that it takes; empty for any.
        var values: [String] {
            switch self {
            case .proxy: ["auto", "netcat", "native"]
            case .mode: ["auto", "legacy", "direct"]
            case .noVerify, .noTTY: ["0", "1"]
            case .knownHostsVerify: ["normal", "auto", "ignore"]
            default: []
            }
        }
    }

    /// Reads `name=value&…`.
    ///
    /// - Parameters:
    ///   - query: what stands behind the `?`.
    ///   - transport: the URI's transport.
    ///   - fault: makes a failure of a reason.
    /// - Throws: `Failure` with the code `invalidRequest`.
    init(
        _ query: Substring,
        transport: LibvirtURI.Transport,
        fault: (String) -> Failure
    ) throws(Failure) {
        var seen: Set<Parameter> = []
        // As libvirt does, `;` parts them too, and empty ones are left out.
        for pair in query.split(whereSeparator: { $0 == "&" || $0 == ";" }) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let parameter = Parameter(rawValue: name.lowercased()) else {
                let names = Parameter.allCases.map(\.rawValue)
                let advice = "take it out, or write one of \(names.joined(separator: ", "))" + names.didYouMean(name)
                throw fault("has '\(name)=', which libvirt would ignore: \(advice)")
            }
            guard seen.insert(parameter).inserted else { throw fault("has '\(name)=' twice: keep one") }
            guard let value = parts.count == 2 ? String(parts[1]).removingPercentEncoding : nil, !value.isEmpty,
                !value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
            else { throw fault("has no value for '\(name)=' that can be used: write one, or take it out") }
            do {
                try Self.check(parameter, value, transport)
                try apply(parameter, value)
            } catch {
                throw fault("has '\(pair)': \(error.reason)")
            }
        }
    }

    private struct Refusal: Error {
        let reason: String
    }

    private static func check(
        _ parameter: Parameter,
        _ value: String,
        _ transport: LibvirtURI.Transport
    ) throws(Refusal) {
        guard parameter.transports.contains(transport) else {
            let names = parameter.transports.map(\.rawValue).sorted().joined(separator: ", ")
            let instead = parameter == .knownHosts ? ", or set UserKnownHostsFile in ssh_config" : ""
            throw Refusal(
                reason:
                    "libvirt reads it with \(names) and ignores it with \(transport.rawValue): take it out\(instead)"
            )
        }
        guard parameter.values.isEmpty || parameter.values.contains(value) else {
            throw Refusal(reason: "write one of \(parameter.values.joined(separator: ", "))")
        }
        let checksNoHost =
            parameter == .noVerify && value == "1" && transport == .ssh
            || parameter == .knownHostsVerify && value == "ignore"
        if checksNoHost {
            throw Refusal(
                reason: "host keys are always checked: take it out, and enter the host's key in known_hosts "
                    + "(connect once with ssh and compare it)"
            )
        }
        let methods = value.split(separator: ",")
        if parameter == .sshAuth, !methods.contains("privkey"), !methods.contains("agent") {
            throw Refusal(reason: "nothing is ever asked here: let privkey or agent be among them")
        }
    }

    private mutating func apply(_ parameter: Parameter, _ value: String) throws(Refusal) {
        switch parameter {
        case .name: remoteName = value
        case .command: ssh.command = try Self.program(value)
        case .keyfile: ssh.keyFile = try Self.file(value)
        case .knownHosts: ssh.knownHostsFile = try Self.file(value)
        case .knownHostsVerify: ssh.acceptsNewHosts = value == "auto"
        default: break
        }
    }

    /// A path that means the same to libvirt and to ssh, which expands `%` and `$` and takes blanks for an end.
    private static func file(_ value: String) throws(Refusal) -> String {
        guard value.hasPrefix("/") || value.hasPrefix("~/"), !value.contains(where: { "%$\"'\\ ".contains($0) }) else {
            throw Refusal(reason: "write a full path, or one that begins with ~/, without blanks, quotes, % and $")
        }
        return value
    }

    /// A full path, or a name that is sought in `PATH`; never an option.
    private static func program(_ value: String) throws(Refusal) -> String {
        guard value.hasPrefix("/") && !value.contains("=") || SSHUser.isName(value[...], also: "._-+") else {
            let reason = "write the full path of a program that is called as ssh is, without =, or its name in PATH"
            throw Refusal(reason: reason)
        }
        return value
    }
}
