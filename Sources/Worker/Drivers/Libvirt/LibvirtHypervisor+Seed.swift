import Libvirt
import Logging
import Model

extension LibvirtHypervisor {
    /// Whatever an earlier run left is made anew, since it may be cut; a domain that is defined was defined after its whole seed.
    func ensureSeed(_ content: [UInt8], of vm: VirtualMachine) async throws(Failure) {
        try await perform("making the seed disk of VM \(vm.id)", grace: settings.grace) { [self] session in
            try withPool(in: session) { known in
                guard let volume = try emptySeed(of: vm, in: known.pool, session) else { return }
                do {
                    // The test driver has no streams.
                    guard try !session.isTestDriver else { return }
                    try volume.upload(bytes: content, cancellation: session.cancellation)
                    try checkWhole(volume, length: Int64(content.count), "the seed disk of VM \(vm.id)", in: known.pool)
                } catch {
                    discard(volume)
                    throw error
                }
            }
        }
    }

    /// A new volume for the seed; nil where the VM's domain is there.
    private func emptySeed(of vm: VirtualMachine, in pool: StoragePool, _ session: Session) throws -> Volume? {
        // It grows as it is written, so that its length shows how far it came.
        let description = VolumeDescription(name: vm.seedName, format: "raw", capacity: 0)
        do throws(LibvirtError) {
            return try pool.createVolume(xml: description.xml)
        } catch {
            guard error.kind == .alreadyExists, let leftover = try pool.volume(name: vm.seedName) else { throw error }
            guard try session.domain(uuid: vm.uuid) == nil else { return nil }
            logger.notice("making a seed disk anew", metadata: ["volume": "\(vm.seedName)"])
            try leftover.delete()
            return try pool.createVolume(xml: description.xml)
        }
    }
}
