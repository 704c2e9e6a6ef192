package import Model
import RedisClient

package import struct Foundation.UUID

/// What was found of how far a VM's guest has come; nil where nothing was.
package struct ReadinessFinding: Hashable, Sendable {
    package let vm: VMID
    package let uuid: UUID
    /// When the run began in which that was found, in ms since 1970; nil where the record does not say.
    package let run: Int?
    package var banner: String?
    package var cloudInit: CloudInit?
    package var system: GuestSystem?

    package init(
        vm: VMID,
        uuid: UUID,
        run: Int?,
        banner: String? = nil,
        cloudInit: CloudInit? = nil,
        system: GuestSystem? = nil
    ) {
        (self.vm, self.uuid, self.run) = (vm, uuid, run)
        (self.banner, self.cloudInit, self.system) = (banner, cloudInit, system)
    }

    /// As the script takes it.
    fileprivate var words: [String] {
        [
            vm.description, uuid.uuidString.lowercased(), run.map(String.init) ?? "", banner ?? "",
            cloudInit?.state.rawValue ?? "",
            cloudInit?.error ?? "", system?.hostname ?? "", system?.os ?? "",
        ]
    }
}

extension Store {
    /// Writes how far guests of a PM have come, where that is new, in one round trip.
    ///
    /// - Returns: the VMs whose records say so now; of others something has happened since.
    /// - Throws: `Failure`.
    package func note(_ findings: [ReadinessFinding], on pm: PMID) async throws(Failure) -> Set<VMID> {
        guard !findings.isEmpty else { return [] }
        let written: [VMID] = try await run(.noteReadiness, ["pm": pm.value], more: findings.flatMap(\.words))
        return Set(written)
    }

    /// The time in ms since 1970 by the clock of Redis.
    package func time() async throws(Failure) -> Int {
        let reply = try await send(["TIME"])
        guard let time = reply.milliseconds else { throw unexpected(reply, from: "TIME") }
        return time
    }
}
