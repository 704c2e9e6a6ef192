import API
import Digest
import Foundation
import Model
import Store

/// Settles what the seed disks of VMs are made of: what callers ask for, and what the installation gives where they do not.
///
/// It is settled once, when a create is accepted: a retry on another PM makes the same disk.
struct SeedService: Sendable {
    let store: Store
    /// What VMs get for which callers ask nothing.
    let kind: SeedKind
    let installationKeys: InstallationKeys

    /// The seed of one VM; nil for none.
    func seed(
        _ request: GuestRequest = GuestRequest(),
        of name: String,
        in project: ProjectName
    ) async throws(Failure) -> GuestSeed? {
        try await seeds(request, of: [name], in: project)[0]
    }

    /// The seeds of several VMs that differ in their names alone; nil for none.
    func seeds(
        _ request: GuestRequest,
        of names: [String],
        in project: ProjectName
    ) async throws(Failure) -> [GuestSeed?] {
        guard (request.seed ?? (request.needsSeed ? .nocloud : kind)) != .none else {
            return names.map { _ in nil }
        }
        let (keys, userData) = (try await keys(request, in: project), try request.decodedUserData())
        let networkConfig = request.networkConfig ?? ""
        var summary = SeedSummary(
            userData: try content(userData),
            networkConfig: try content(Array(networkConfig.utf8))
        )
        for key in keys { summary.sshKeys.append(try key.fingerprint()) }
        let hostnames = try request.hostnames(count: names.count)?.map(Optional.some) ?? names.map { Hostname(of: $0) }
        return hostnames.map { hostname in
            summary.hostname = hostname
            return GuestSeed(summary: summary, sshKeys: keys, userData: userData, networkConfig: networkConfig)
        }
    }

    /// The keys, each once.
    private func keys(_ request: GuestRequest, in project: ProjectName) async throws(Failure) -> [SSHPublicKey] {
        guard let asked = try request.keys() else { return installationKeys.all }
        var keys: [SSHPublicKey] = []
        for key in asked {
            let key =
                switch key {
                case .literal(let key): key
                case .named(let name): try await store.sshKey(name, of: project).key
                }
            if !keys.contains(where: { $0.blob == key.blob }) { keys.append(key) }
        }
        return keys
    }

    private func content(_ bytes: [UInt8]) throws(Failure) -> SeedSummary.Content? {
        bytes.isEmpty ? nil : SeedSummary.Content(bytes: bytes.count, sha256: try SHA256Digest.needed(of: bytes).hex)
    }
}

extension SSHPublicKey {
    /// As `ssh-keygen -l` shows it.
    func fingerprint() throws(Failure) -> String {
        let text = Data(try SHA256Digest.needed(of: blob).bytes).base64EncodedString()
        return "SHA256:" + text.prefix { $0 != "=" }
    }
}

extension SHA256Digest {
    /// The digest of some bytes.
    fileprivate static func needed(of bytes: [UInt8]) throws(Failure) -> SHA256Digest {
        if let digest = SHA256Digest(of: bytes) { return digest }
        throw Failure(.internalFault, "libcrypto of this machine has no SHA-256: see its configuration (openssl.cnf)")
    }
}
