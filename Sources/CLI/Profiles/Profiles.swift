import API
import Model

/// The servers that the user has named, in `~/.config/hvctl/servers.json`, which the user alone may read.
struct Profiles: Sendable {
    /// A server with what it needs to know of the user.
    struct Profile: Sendable {
        var address: String
        var token: String?
        var project: String?
        /// A file of certificates (PEM) to trust in place of the system's.
        var authorities: String?
    }

    private(set) var servers: [String: Profile] = [:]
    /// The name of the one that is used where none is named.
    var current: String?

    /// The server of an installation on this machine.
    static let usualAddress = "http://127.0.0.1:8080"

    static var path: String {
        if let path = Environment["HVCTL_CONFIG"], !path.isEmpty { return path }
        let home =
            Environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? (Environment["HOME"] ?? "") + "/.config"
        return home + "/hvctl/servers.json"
    }

    /// Reads them; there are none where the file is missing.
    ///
    /// - Throws: ``CommandFailure`` where the file cannot be read, or others may read it.
    static func load() throws(CommandFailure) -> Self {
        guard LocalFile.exists(path) else { return Self() }
        guard !LocalFile.isShared(path) else {
            throw .usage("\(path) has tokens, and others may read it", next: ["chmod 600 \(path)"])
        }
        do throws(JSONSyntaxError) { return Self(try JSONValue(parsing: contents())) } catch {
            throw .usage("\(path): \(error)", next: ["remove it, and run: hvctl server add"])
        }
    }

    private static func contents() -> [UInt8] {
        // A file that goes away meanwhile is an empty one, which is no JSON.
        (try? LocalFile.read(path)) ?? []
    }

    init() {}

    init(_ value: JSONValue) {
        current = value["current"]?.string
        guard case .object(let members)? = value["servers"] else { return }
        servers = members.compactMapValues { server in
            server["address"]?.string.map {
                Profile(
                    address: $0,
                    token: server["token"]?.string,
                    project: server["project"]?.string,
                    authorities: server["ca_file"]?.string
                )
            }
        }
    }

    /// - Throws: ``CommandFailure`` where the file cannot be written.
    func save() throws(CommandFailure) {
        var members: [String: JSONValue] = [:]
        for (name, profile) in servers {
            var server: [String: JSONValue] = ["address": .string(profile.address)]
            server["token"] = profile.token.map { .string($0) }
            server["project"] = profile.project.map { .string($0) }
            server["ca_file"] = profile.authorities.map { .string($0) }
            members[name] = .object(server)
        }
        var all: [String: JSONValue] = ["servers": .object(members)]
        all["current"] = current.map { .string($0) }
        try LocalFile.writePrivately(JSONValue.object(all).text(isIndented: true) + "\n", to: Self.path)
    }

    subscript(name: String) -> Profile? {
        get { servers[name] }
        set { servers[name] = newValue }
    }

    /// The server that a command is for: that of `-s`, else of `HVCTL_SERVER`, else the current one, else this machine's.
    ///
    /// `HVCTL_TOKEN` counts for more than a stored token.
    ///
    /// - Throws: ``CommandFailure`` where the name is not known.
    func profile(_ choice: String?) throws(CommandFailure) -> Profile {
        let chosen = choice ?? Environment["HVCTL_SERVER"].flatMap { $0.isEmpty ? nil : $0 } ?? current
        var profile = Profile(address: Self.usualAddress)
        if let chosen {
            if let known = servers[chosen] {
                profile = known
            } else if chosen.contains("://") {
                profile = servers.values.first { $0.address == chosen } ?? Profile(address: chosen)
            } else {
                throw .usage(
                    "there is no server '\(chosen)'\(servers.keys.sorted().didYouMean(chosen))",
                    next: ["hvctl server list", "hvctl server add \(chosen) URL"]
                )
            }
        }
        if let file = Environment["HVCTL_CA_FILE"], !file.isEmpty { profile.authorities = file }
        if let token = Environment["HVCTL_TOKEN"], !token.isEmpty { profile.token = token }
        return profile
    }

    /// - Throws: ``CommandFailure`` where there is none of this name.
    func named(_ name: String) throws(CommandFailure) -> Profile {
        guard let profile = servers[name] else {
            throw CommandFailure(
                .notFound,
                code: "unknown_server",
                "there is no server '\(name)'\(servers.keys.sorted().didYouMean(name))",
                next: ["hvctl server list"]
            )
        }
        return profile
    }
}
