import Model

/// The arguments with which ssh is called for one destination.
struct SSHCommand: Sendable {
    let destination: SSHDestination
    let configuration: SSHConfiguration

    /// The longest path of a folder for sockets: 107 less a slash, a name of 16 and ssh's ending of 17 and one to spare.
    static let longestDirectory = 72

    /// Where the shared connection's socket is.
    ///
    /// The name is a hash of all that makes a connection another one.
    var controlPath: String {
        let port = destination.port.map(String.init) ?? ""
        let parts =
            [destination.user ?? "", destination.host, port, configuration.configFile ?? "", configuration.executable]
            + uriOptions
        return configuration.controlDirectory + "/" + parts.joined(separator: "\n").fnv1a
    }

    /// Runs a command there, over the shared connection, which is made where it is missing.
    ///
    /// `LogLevel=ERROR` keeps banners out of the messages that are recognised. Forwardings and commands of
    /// ssh_config would hinder, and the agent stays here.
    ///
    /// - Parameters:
    ///   - command: what the login shell there is to run.
    ///   - isStrict: true to check host keys although ssh_config says not to.
    /// - Returns: the arguments behind ssh's name.
    func run(_ command: String, isStrict: Bool) -> [String] {
        let options = [
            "BatchMode=yes",
            "ConnectTimeout=\(max(1, configuration.connectTimeout.components.seconds))",
            "ConnectionAttempts=1",
            "ServerAliveInterval=5",
            "ServerAliveCountMax=2",
            "ControlMaster=auto",
            "ControlPersist=\(max(1, configuration.persistence.components.seconds))",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "RemoteCommand=none",
            "LogLevel=ERROR",
        ]
        let checks = isStrict ? ["-o", "StrictHostKeyChecking=yes"] : []
        return files + uriOptions + ["-T", "-a", "-x"] + options.flatMap { ["-o", $0] } + checks + whom + [command]
    }

    /// Prints the options that hold for the destination (`-G`) and connects nowhere.
    var printOptions: [String] { files + uriOptions + ["-G"] + whom }

    /// Ends the shared connection (`-O exit`).
    var endSharedConnection: [String] { files + ["-O", "exit"] + whom }

    /// What a person types to investigate.
    var debugText: String {
        let file = configuration.configFile.map { "-F \($0) " } ?? ""
        let key = destination.options.keyFile.map { "-i \($0) " } ?? ""
        let port = destination.port.map { "-p \($0) " } ?? ""
        let isPlain = nameText.allSatisfy { !"\\$".contains($0) }
        return "\(configuration.executable) -v \(file)\(key)\(port)\(isPlain ? nameText : "'\(nameText)'")"
    }

    /// `[user@]host`.
    var nameText: String { (destination.user.map { $0 + "@" } ?? "") + destination.host }

    /// The host as known_hosts has it.
    var knownHostText: String {
        guard let port = destination.port, port != 22 else { return destination.host }
        return "'[\(destination.host)]:\(port)'"
    }

    private var files: [String] {
        let socket = configuration.sharesConnections ? controlPath : "none"
        return (configuration.configFile.map { ["-F", $0] } ?? []) + ["-S", socket]
    }

    /// What the PM's libvirt URI says of ssh, so that a measure takes the way that libvirt takes.
    private var uriOptions: [String] {
        let options = destination.options
        var words: [String] = []
        // Else the agent's keys come first, and sshd gives up before the file's turn (MaxAuthTries).
        if let key = options.keyFile { words += ["-i", key, "-o", "IdentitiesOnly=yes"] }
        if let file = options.knownHostsFile { words += ["-o", "UserKnownHostsFile=\(file)"] }
        if options.acceptsNewHosts { words += ["-o", "StrictHostKeyChecking=accept-new"] }
        return words
    }

    /// Separate arguments behind `--`: nothing of an address is ever an option.
    private var whom: [String] {
        (destination.user.map { ["-l", $0] } ?? []) + (destination.port.map { ["-p", String($0)] } ?? [])
            + ["--", destination.host]
    }
}
