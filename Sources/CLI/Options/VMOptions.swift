import API
import ArgumentParser
import Model

/// Where VMs may go: the same for creates, holds and dry runs.
struct PlaceOptions: ParsableArguments {
    @Option(name: .customLong("tag"), help: ArgumentHelp("A tag that the PM must have.", valueName: "tag"))
    var tags: [String] = []

    @Option(name: .customLong("not-tag"), help: ArgumentHelp("A tag that the PM must not have.", valueName: "tag"))
    var unwantedTags: [String] = []

    @Option(
        help: ArgumentHelp("The number of the only PM that may take it.", valueName: "number"),
        completion: .shellCommand("hvctl pm list -o csv -c id --no-header 2>/dev/null")
    )
    var pm: PMID?

    @Option(
        name: .customLong("not-pm"),
        help: ArgumentHelp("The number of a PM that may not take it.", valueName: "number")
    )
    var unwantedPMs: [PMID] = []

    @Option(
        name: .customLong("group"),
        help: ArgumentHelp("A group with its rule: affinity, anti_affinity or spread.", valueName: "name=rule")
    )
    var groups: [String] = []

    @Option(help: "The architecture of the PM.")
    var architecture: String?

    /// Nil where nothing is asked of the place.
    func constraints() throws(CommandFailure) -> PlacementConstraints? {
        var rules: [String: GroupRule] = [:]
        for group in groups {
            let pair = try Pair(group, of: "group")
            guard let rule = GroupRule(rawValue: pair.value) else {
                throw .usage(
                    "'\(pair.value)' is no rule of a group: \(GroupRule.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            rules[pair.key] = rule
        }
        let constraints = PlacementConstraints(
            architecture: architecture,
            tags: tags,
            notTags: unwantedTags,
            pm: pm,
            notPMs: unwantedPMs,
            groups: rules
        )
        return constraints == .none ? nil : constraints
    }
}

/// What its owner says of a VM, and what its guest is given.
struct GuestOptions: ParsableArguments {
    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "Who may log in: a name that 'hvctl key list' has, or the file of a public key.",
            valueName: "name|file"
        ),
        completion: .shellCommand("hvctl key list -o name 2>/dev/null")
    )
    var keys: [String] = []

    @Option(help: "The guest's name.")
    var hostname: String?

    @Option(
        name: .customLong("user-data"),
        help: ArgumentHelp("What cloud-init is to do: a file, or - for the input.", valueName: "file"),
        completion: .file()
    )
    var userData: String?

    @Option(
        name: .customLong("network-config"),
        help: ArgumentHelp("cloud-init's network configuration: a file.", valueName: "file"),
        completion: .file()
    )
    var networkConfig: String?

    @Flag(name: .customLong("no-seed"), help: "Gives the guest no seed disk.")
    var hasNoSeed = false

    func request() throws(CommandFailure) -> GuestRequest {
        var lines: [String] = []
        for key in keys { lines.append(try Self.line(key)) }
        var text: String?
        var base64: String?
        if let userData {
            let bytes = try LocalFile.read(userData)
            text = String(validating: bytes, as: UTF8.self)
            if text == nil || text?.contains("\0") == true { (text, base64) = (nil, Base64.text(bytes)) }
        }
        return GuestRequest(
            sshKeys: keys.isEmpty ? nil : lines,
            userData: text,
            userDataBase64: base64,
            hostname: hostname,
            networkConfig: try networkConfig.map { path throws(CommandFailure) in
                String(decoding: try LocalFile.read(path), as: UTF8.self)
            },
            seed: hasNoSeed ? SeedKind.none : nil
        )
    }

    /// The key of a file, or the name of one that the gateway keeps.
    static func line(_ text: String) throws(CommandFailure) -> String {
        guard !text.contains(" "), SSHKeyName(text) == nil || LocalFile.exists(text) else { return text }
        let path = text.hasPrefix("~/") ? (Environment["HOME"] ?? "") + text.dropFirst() : text
        let lines = String(decoding: try LocalFile.read(path), as: UTF8.self).split(separator: "\n")
        guard lines.count == 1, let line = lines.first, !line.contains("PRIVATE KEY") else {
            throw .usage("\(path) has not one public key: name the file that ends in .pub")
        }
        return String(line)
    }
}
