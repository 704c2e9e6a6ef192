import ArgumentParser

/// The options of each command that calls the gateway.
struct CommonOptions: ParsableArguments {
    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp("The server: a name that 'hvctl server list' has, or a URL.", valueName: "server"),
        completion: .shellCommand("hvctl server list -o name 2>/dev/null")
    )
    var server: String?

    @Option(
        name: [.customShort("p"), .long],
        help: "The project.",
        completion: .shellCommand("hvctl project list -o name 2>/dev/null")
    )
    var project: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "The form of the results.")
    var format: OutputFormat = .table

    @Option(name: [.customShort("c"), .long], help: "The columns, with commas between; any field may be one.")
    var columns: String?

    @Flag(name: .customLong("no-header"), help: "Leaves out the names of the columns.")
    var hasNoHeader = false

    /// The session for these options.
    ///
    /// - Throws: ``CommandFailure`` where no server is known.
    func session() throws(CommandFailure) -> Session { try session(for: try Profiles.load().profile(server)) }

    /// The session of a command that calls no gateway.
    func localSession() throws(CommandFailure) -> Session {
        try session(for: Profiles.Profile(address: Profiles.usualAddress))
    }

    private func session(for profile: Profiles.Profile) throws(CommandFailure) -> Session {
        Session(
            server: try Server(address: profile.address, token: profile.token, authorities: profile.authorities),
            project: project ?? Environment["HVCTL_PROJECT"] ?? profile.project,
            format: format,
            columns: columns,
            hasHeader: !hasNoHeader,
            terminal: .current
        )
    }
}
