import Libvirt
import Logging
import Model
import Store

extension LibvirtHypervisor {
    /// The files go first: while the domain is there, it shows a second run which they are.
    @discardableResult
    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String] {
        try await perform("removing VM \(vm.id)", deadline: settings.startDeadline, grace: settings.grace) {
            [self] session in
            let domain = try ownDomain(of: vm, in: session)
            var files = DomainFiles()
            if let domain {
                files = try self.files(of: domain)
                try end(domain)
            }
            let left = try removeFiles(of: vm, knownTo: files, in: session)
            try releaseAddress(of: vm, in: session)
            if let domain { try undefine(domain) }
            return left
        }
    }

    private func files(of domain: Domain) throws(LibvirtError) -> DomainFiles {
        var files = DomainFiles()
        files.add(domain: try domain.xml())
        do {
            for snapshot in try domain.snapshotDescriptions() { files.add(snapshot: snapshot) }
        } catch  where error.kind == .unsupported {
            // Where there are no snapshots they have no files.
        }
        return files
    }

    /// Deletes the VM's volumes from the pool.
    ///
    /// - Returns: the paths of files that its domain used and that stay.
    private func removeFiles(
        of vm: VirtualMachine,
        knownTo files: DomainFiles,
        in session: Session
    ) throws -> [String] {
        try withExistingPool(in: session) { known in
            guard let known else { return files.paths.filter { !VolumeName($0).isImage } }
            return try removeFiles(of: vm, knownTo: files, from: known, in: session)
        }
    }

    private func removeFiles(
        of vm: VirtualMachine,
        knownTo files: DomainFiles,
        from known: KnownPool,
        in session: Session
    ) throws -> [String] {
        let pool = known.pool
        let others = files.paths.filter { VolumeName($0).text != vm.diskName && !VolumeName($0).isImage }
        // What QEMU made there, libvirt's pool does not know of yet.
        if !others.isEmpty { try refresh(pool) }
        let volumes = try pool.volumesByName()
        let named = volumes.keys.filter { VolumeName($0).domainName == vm.domainName }
        let own = [vm.diskName, vm.seedName]
        guard !others.isEmpty || named.contains(where: { !own.contains($0) }) else {
            for name in own { try volumes[name].map(delete) }
            return []
        }
        let chains = try DiskChains(of: vm, files: files.paths, directory: known.directory, backing: backing(volumes))
        let used = try namesInUse(chains.ours.union([vm.seedName]), exceptBy: vm, in: session)
        // Nothing stands on a seed, so that it is in no chain.
        let doomed = chains.removable(keeping: used) + (used.contains(vm.seedName) ? [] : [vm.seedName])
        for name in doomed { try volumes[name].map(delete) }
        let left = chains.left(after: doomed)
        guard !left.isEmpty else { return [] }
        logger.warning(
            "files that a VM's domain used stay: they are outside of the pool, or not the VM's alone",
            metadata: ["vm": "\(vm.id)", "files": "\(left.joined(separator: " "))"]
        )
        return left
    }

    /// Those of these volumes that a domain names, now or at its next start; the domain of `vm` does not count.
    func namesInUse(_ names: Set<String>, exceptBy vm: VirtualMachine?, in session: Session) throws -> Set<String> {
        var used: Set<String> = []
        for domain in try session.domains() where try domain.uuid() != vm?.uuid {
            let texts = try domain.descriptions()
            used.formUnion(names.filter { name in texts.contains { $0.contains(name) } })
        }
        return used
    }

    /// The path beneath each volume that stands on one.
    func backing(_ volumes: [String: Volume]) throws(LibvirtError) -> [String: String] {
        var paths: [String: String] = [:]
        for (name, volume) in volumes where !VolumeName(name).isImage {
            do throws(LibvirtError) {
                paths[name] = VolumeDescription(xml: try volume.xml())?.backing?.path
            } catch {
                // It may have been deleted meanwhile.
                guard error.kind == .noSuchVolume else { throw error }
            }
        }
        return paths
    }

    private func delete(_ volume: Volume) throws(LibvirtError) {
        do {
            try volume.delete()
        } catch {
            // Another one may have been faster.
            guard error.kind == .noSuchVolume else { throw error }
        }
    }

    /// Undefines with all that goes with it, as far as this driver and version know of it.
    private func undefine(_ domain: Domain) throws {
        let attempts: [Domain.UndefineOptions] = [
            .everything, [.managedSave, .snapshotRecords, .firmwareVariables], [.managedSave, .snapshotRecords], [],
        ]
        for options in attempts {
            do throws(LibvirtError) {
                return try domain.undefine(options)
            } catch {
                if error.kind == .noSuchDomain { return }
                let isUnknownOption = error.kind == .invalidArgument || error.kind == .unsupported
                guard isUnknownOption, !options.isEmpty else { throw error }
            }
        }
    }
}

extension Domain {
    /// What it is now and what it is at its next start, as XML; nothing where it went away since it was listed.
    func descriptions() throws(LibvirtError) -> [String] {
        do {
            return [try xml(), try xml(inactive: true)]
        } catch  where error.kind == .noSuchDomain {
            return []
        }
    }
}

extension StoragePool {
    /// Its volumes by their names.
    func volumesByName() throws(LibvirtError) -> [String: Volume] {
        var found: [String: Volume] = [:]
        for volume in try volumes() { found[try volume.name()] = volume }
        return found
    }

    /// The directory on the PM in which its volumes lie.
    func directory() throws(LibvirtError) -> String { PoolTarget(xml: try xml())?.path ?? "" }
}
