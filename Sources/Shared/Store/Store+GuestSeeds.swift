package import Model
import RedisClient

extension Store {
    /// What a VM's seed disk is made of (HMGET); nil for a VM without one.
    ///
    /// - Throws: `Failure` with `malformedRecord` where it is no longer there, as after the end of the VM's create.
    package func seed(of vm: VirtualMachine) async throws(Failure) -> GuestSeed? {
        guard let summary = vm.seed else { return nil }
        guard summary.hasContent else {
            return GuestSeed(summary: summary, sshKeys: [], userData: [], networkConfig: "")
        }
        let key = keys.seed(of: vm.id)
        let reply = try await send(["HMGET", key, "ssh_keys", "user_data", "network_config"])
        guard let fields = reply.array, fields.count == 3, let lines = fields[0].string, let userData = fields[1].bytes,
            let networkConfig = fields[2].string
        else {
            throw Failure(
                .malformedRecord,
                "\(key), of which the seed disk of VM \(vm.id) is made, is no longer there: create the VM again"
            )
        }
        var sshKeys: [SSHPublicKey] = []
        for line in lines.split(separator: "\n") { sshKeys.append(try SSHPublicKey(String(line))) }
        return GuestSeed(summary: summary, sshKeys: sshKeys, userData: userData, networkConfig: networkConfig)
    }
}

extension GuestSeed? {
    /// As scripts take it: nothing for none.
    var arguments: ScriptArguments {
        [
            "seed": self?.summary.words ?? "", "ssh_keys": self?.keyLines ?? "", "user_data": self?.userData ?? [],
            "network_config": self?.networkConfig ?? "",
        ]
    }

    /// The same without names.
    var words: [any RedisArgumentConvertible] {
        [self?.summary.words ?? "", self?.keyLines ?? "", self?.userData ?? [], self?.networkConfig ?? ""]
    }
}

extension GuestSeed {
    fileprivate var keyLines: String { sshKeys.map(\.line).joined(separator: "\n") }
}
