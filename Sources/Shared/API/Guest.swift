import Foundation
package import Model

/// What a create asks of its VM's seed disk.
package struct GuestRequest: Hashable, Sendable {
    /// Public keys, and names of keys of `/v1/ssh-keys`; nil for those of the installation.
    package var sshKeys: [String]?
    package var userData: String?
    package var userDataBase64: String?
    /// Nil for one that follows from the VM's name.
    package var hostname: String?
    package var networkConfig: String?
    /// Nil for what the installation has set.
    package var seed: SeedKind?

    package init(
        sshKeys: [String]? = nil,
        userData: String? = nil,
        userDataBase64: String? = nil,
        hostname: String? = nil,
        networkConfig: String? = nil,
        seed: SeedKind? = nil
    ) {
        (self.sshKeys, self.hostname, self.seed) = (sshKeys, hostname, seed)
        (self.userData, self.userDataBase64, self.networkConfig) = (userData, userDataBase64, networkConfig)
    }

    /// Whether something is asked that only a seed disk can give.
    package var needsSeed: Bool {
        sshKeys != nil || userData != nil || userDataBase64 != nil || hostname != nil || networkConfig != nil
    }

    /// An SSH key that a caller names.
    package enum Key: Hashable, Sendable {
        case literal(SSHPublicKey)
        case named(SSHKeyName)
    }

    /// The keys; nil for those of the installation.
    ///
    /// - Throws: `Failure` with `invalidRequest` that points at what is neither a key nor a name.
    package func keys() throws(Failure) -> [Key]? {
        guard let sshKeys else { return nil }
        guard sshKeys.count <= GuestSeed.mostKeys else {
            throw Failure(
                .invalidRequest,
                "there are \(sshKeys.count) SSH keys: up to \(GuestSeed.mostKeys) are taken",
                pointer: "/ssh_keys"
            )
        }
        var keys: [Key] = []
        for (index, text) in sshKeys.enumerated() {
            if let name = SSHKeyName(text) {
                keys.append(.named(name))
            } else {
                keys.append(.literal(try Failure.at("ssh_keys", "\(index)", check: try SSHPublicKey(text))))
            }
        }
        return keys
    }

    /// What cloud-init is to do; empty for nothing.
    ///
    /// - Throws: `Failure` with `invalidRequest`, which repeats none of it.
    package func decodedUserData() throws(Failure) -> [UInt8] {
        guard let userDataBase64 else { return try Self.limited(Array((userData ?? "").utf8), in: "user_data") }
        guard userData == nil else {
            throw Failure(.invalidRequest, "give user_data or user_data_base64, and not both", pointer: "")
        }
        // As base64(1) writes it: in lines.
        let text = userDataBase64.filter { $0 != "\n" && $0 != "\r" && $0 != "\r\n" }
        guard let data = Data(base64Encoded: text) else {
            throw Failure(.invalidRequest, "user_data_base64 is no base64 (RFC 4648, 4)", pointer: "/user_data_base64")
        }
        return try Self.limited(Array(data), in: "user_data_base64")
    }

    private static func limited(_ bytes: [UInt8], in field: String) throws(Failure) -> [UInt8] {
        guard bytes.count <= GuestSeed.mostUserData else {
            throw Failure(
                .invalidRequest,
                "\(field) has \(bytes.count) bytes: up to \(GuestSeed.mostUserData) are taken; have it fetch what is larger",
                pointer: "/\(field)"
            )
        }
        return bytes
    }

    /// The host's name of each of several VMs; nil where none is asked for.
    package func hostnames(count: Int) throws(Failure) -> [Hostname]? {
        guard let hostname else { return nil }
        let labels = hostname.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var names: [Hostname] = []
        for label in Batch.names(labels.first.map(String.init) ?? "", count: count) {
            let text = label + (labels.count > 1 ? "." + labels[1] : "")
            names.append(try Failure.at("hostname", check: try Hostname(text)))
        }
        return names
    }

    /// Refuses what cannot be.
    ///
    /// - Parameter count: of how many VMs it is asked.
    /// - Throws: `Failure` with `invalidRequest`.
    package func validate(count: Int = 1) throws(Failure) {
        _ = try keys()
        _ = try decodedUserData()
        _ = try hostnames(count: count)
        let length = networkConfig?.utf8.count ?? 0
        guard length <= GuestSeed.longestNetworkConfig else {
            throw Failure(
                .invalidRequest,
                "network_config has \(length) bytes: up to \(GuestSeed.longestNetworkConfig) are taken",
                pointer: "/network_config"
            )
        }
        guard seed != SeedKind.none || !needsSeed else {
            throw Failure(
                .invalidRequest,
                "seed is none, and what is asked of the guest stands on a seed disk: leave out the one or the other",
                pointer: "/seed"
            )
        }
    }

    /// The forms of its fields.
    static let forms = ["hostname": Schema.pattern(TextPattern.hostname, longest: Hostname.longest)]
}

extension SeedKind: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .nocloud }
}

/// What a VM's guest finds on its seed disk; what may be secret is not shown.
package struct SeedResponse: Codable, Hashable, Sendable {
    package let hostname: String
    /// The fingerprints of the SSH keys, as `ssh-keygen -l` shows them.
    package let sshKeys: [String]
    /// Missing where there are none.
    package let userData: Content?
    package let networkConfig: Content?

    /// A text that is not shown.
    package struct Content: Codable, Hashable, Sendable {
        package let bytes: Int
        package let sha256: String
    }

    private enum CodingKeys: String, CodingKey {
        case hostname
        case sshKeys = "ssh_key_fingerprints"
        case userData = "user_data"
        case networkConfig = "network_config"
    }

    /// What is shown of a VM; nil where it has no seed disk.
    package init?(_ vm: VirtualMachine) {
        guard let seed = vm.seed, let hostname = vm.hostname else { return nil }
        (self.hostname, sshKeys) = (hostname, seed.sshKeys)
        userData = seed.userData.map { Content(bytes: $0.bytes, sha256: $0.sha256) }
        networkConfig = seed.networkConfig.map { Content(bytes: $0.bytes, sha256: $0.sha256) }
    }
}
