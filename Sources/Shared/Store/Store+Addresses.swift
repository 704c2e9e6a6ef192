package import Model
import RedisClient

package import struct Foundation.UUID

/// What was found of a VM's addresses.
package struct AddressFinding: Hashable, Sendable {
    package let vm: VMID
    package let uuid: UUID
    package let addresses: [GuestAddress]
    /// Why there is none; nil where there is one.
    package let reason: String?

    package init(vm: VMID, uuid: UUID, addresses: [GuestAddress], reason: String?) {
        (self.vm, self.uuid, self.addresses, self.reason) = (vm, uuid, addresses, reason)
    }

    /// As the script takes it.
    fileprivate var words: [String] {
        [
            vm.description, uuid.uuidString.lowercased(), addresses.words, addresses.primary?.canonical ?? "",
            reason ?? "",
        ]
    }
}

extension Store {
    /// Writes the addresses of VMs of a PM where they have changed, in one round trip.
    ///
    /// - Returns: the VMs whose records say so now; of others something has happened since.
    /// - Throws: `Failure`.
    package func note(_ findings: [AddressFinding], on pm: PMID) async throws(Failure) -> Set<VMID> {
        guard !findings.isEmpty else { return [] }
        let written: [VMID] = try await run(.noteAddresses, ["pm": pm.value], more: findings.flatMap(\.words))
        return Set(written)
    }
}
