/// Why ssh could not do its work, recognised by its messages.
///
/// The texts are those of OpenSSH's sources (sshconnect.c, packet.c, misc.c) and of strerror(3) in English.
enum SSHFault: String, CaseIterable, Sendable {
    case unresolvable
    case hostKeyChanged
    case hostKeyUnknown
    case denied
    case refused
    case timedOut
    case unroutable
    case incompatible
    case misconfigured
    case closed
    case other

    /// Recognises the fault; the first that fits holds, since others follow from it (a jump host's refusal closes all).
    init(standardError: String) {
        let text = standardError.lowercased()
        self =
            Self.signs.first { sign in sign.texts.contains { text.contains($0) } }?.fault
            // A shared connection that is cut says nothing.
            ?? (text.allSatisfy(\.isWhitespace) ? .closed : .other)
    }

    private static let signs: [(fault: SSHFault, texts: [String])] = [
        (
            .misconfigured,
            ["bad configuration option", "terminating, ", "bad owner or permissions", "can't open user config"]
        ),
        (.unresolvable, ["could not resolve hostname"]),
        (.hostKeyChanged, ["remote host identification has changed", "host key for"]),
        (.hostKeyUnknown, ["host key verification failed", "host key is known for"]),
        (.denied, ["permission denied", "too many authentication failures"]),
        (.incompatible, ["unable to negotiate", "no matching"]),
        (.refused, ["connection refused"]),
        (.timedOut, ["timed out", "timeout, server"]),
        (.unroutable, ["no route to host", "network is unreachable", "host is unreachable"]),
        (
            .closed,
            [
                "closed by", "connection reset", "broken pipe", "send disconnect", "connection closed",
                "read from master",
            ]
        ),
    ]

    /// What it is, and what to do next.
    func message(for command: SSHCommand) -> String {
        let name = "'\(command.nameText)'"
        let advice = "run `\(command.debugText)`"
        switch self {
        case .unresolvable:
            return "ssh cannot find the host of \(name): correct the name, or enter it in DNS or ssh_config"
        case .hostKeyChanged:
            return "the host key of \(name) is not the known one: if the machine was set up anew, run "
                + "`ssh-keygen -R \(command.knownHostText)` and connect once with `\(command.debugText)`; if not, "
                + "someone may stand between"
        case .hostKeyUnknown:
            return "the host key of \(name) is not known: connect once with `\(command.debugText)` as the worker's "
                + "user and compare it, or enter it in known_hosts"
        case .denied:
            return "\(name) takes none of our keys: add the worker's key there with ssh-copy-id, then \(advice)"
        case .refused:
            return "nothing listens at the ssh port of \(name): start sshd there, or correct the port; \(advice)"
        case .timedOut:
            return "\(name) does not answer ssh in time: see whether it runs and whether a firewall drops, and raise "
                + "HVC_PROBE_TIMEOUT where it is only slow; \(advice)"
        case .unroutable:
            return "no route leads to \(name): see whether it runs and the network is up; \(advice)"
        case .incompatible:
            return "\(name) and this ssh share no algorithm: update one of them; \(advice)"
        case .misconfigured:
            return "ssh does not take its configuration for \(name): correct ssh_config; \(advice)"
        case .closed:
            return "\(name) closed the connection: see sshd's log there (MaxStartups, AllowUsers); \(advice)"
        case .other:
            return "ssh to \(name) failed: \(advice)"
        }
    }
}
