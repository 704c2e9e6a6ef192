import Foundation
import Libvirt
import Logging
import Model

extension LibvirtHypervisor {
    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try image.checkFits(vm)
        try await perform("making the disk of VM \(vm.id)", grace: settings.grace) { [self] session in
            try withPool(in: session) { known in
                guard let copy = try known.copy(of: image, in: session) else {
                    throw failure(
                        .imageUnusable,
                        "it has no whole copy of image \(image.image.id): bring it there first"
                    )
                }
                let description = VolumeDescription(
                    name: vm.diskName,
                    format: "qcow2",
                    capacity: vm.diskBytes,
                    backing: VolumeDescription.Backing(path: copy.path, format: image.format.rawValue)
                )
                try makeDisk(description, of: vm, in: known.pool, session)
            }
        }
    }

    private func makeDisk(
        _ description: VolumeDescription,
        of vm: VirtualMachine,
        in pool: StoragePool,
        _ session: Session
    ) throws {
        do throws(LibvirtError) {
            _ = try pool.createVolume(xml: description.xml)
        } catch {
            guard error.kind == .alreadyExists, let disk = try pool.volume(name: vm.diskName) else { throw error }
            if try isUsable(disk, as: description, of: vm, in: session) { return }
            logger.notice("making a disk anew", metadata: ["volume": "\(vm.diskName)"])
            try disk.delete()
            _ = try pool.createVolume(xml: description.xml)
        }
    }

    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool {
        try await perform("removing the disk \(name)", grace: settings.grace) { [self] session in
            guard VolumeName(name).domainName != nil,
                let pool = try existingPool(in: session),
                let disk = try pool.volume(name: name)
            else { return false }
            // Whoever's domain it is, whatever that is called, now or at its next start.
            guard try namesInUse([name], exceptBy: nil, in: session).isEmpty else { return false }
            // A domain that does not run names the uppermost file of its disk alone.
            let isBacking = try backing(pool.volumesByName()).values.contains { VolumeName($0).text == name }
            guard !isBacking else { return false }
            let written = VolumeDescription.lastWrite(inXML: try disk.xml())
            let ageNow = written.map { Date().timeIntervalSince1970 - $0 } ?? 0
            guard age == .zero || ageNow > TimeInterval(age.components.seconds) else { return false }
            try disk.delete()
            logger.notice("disk without an owner deleted", metadata: ["volume": "\(name)"])
            return true
        }
    }

    /// False for a disk that an earlier run left half made, or made over what the image was before.
    ///
    /// The disk of a domain that is defined stays, whatever it is.
    private func isUsable(
        _ disk: Volume,
        as description: VolumeDescription,
        of vm: VirtualMachine,
        in session: Session
    ) throws -> Bool {
        if try session.domain(uuid: vm.uuid) != nil { return true }
        // The test driver keeps no backing.
        return try session.isTestDriver || VolumeDescription(xml: disk.xml()) == description
    }
}
