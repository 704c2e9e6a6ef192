import Libvirt
import Logging
import Model

extension LibvirtHypervisor {
    /// The started pool of the listing; a missing `default` is made, as virt-manager would.
    func pool(in session: Session) throws -> StoragePool {
        try existingPool(in: session) ?? makeDefaultPool(in: session)
    }

    /// The started pool of the listing, or for the test driver the one that it has; nil where there is none.
    func existingPool(in session: Session) throws -> StoragePool? {
        var pool = try session.pool(name: listing.pool)
        if try pool == nil && session.driver().lowercased() == "test" {
            pool = try session.pool(name: "default-pool")
        }
        guard let pool else { return nil }
        try startUnlessActive(pool)
        return pool
    }

    private func makeDefaultPool(in session: Session) throws -> StoragePool {
        guard listing.pool == "default" else {
            throw failure(.hypervisor, "it has no storage pool '\(listing.pool)': define it there, or name another one")
        }
        let description = DirectoryPool(name: listing.pool, path: settings.defaultPoolPath)
        do {
            let pool = try session.definePool(xml: description.xml)
            try pool.setAutostart(true)
            try startUnlessActive(pool)
            logger.notice("storage pool made", metadata: ["pool": "\(listing.pool)", "path": "\(description.path)"])
            return pool
        } catch {
            // Another worker may have been faster.
            if let pool = try existingPool(in: session) { return pool }
            let problem = "it has no storage pool 'default', and none could be made at \(description.path)"
            if let other = try poolName(at: description.path, in: session) {
                throw failure(
                    .hypervisor,
                    "\(problem), which is pool '\(other)': write pool=\(other) behind its address in the pm_file",
                    cause: "\(error)"
                )
            }
            throw failure(.hypervisor, "\(problem): define one there", cause: "\(error)")
        }
    }

    /// The name of the pool whose volumes lie at a path; nil where there is none.
    private func poolName(at path: String, in session: Session) throws(LibvirtError) -> String? {
        for pool in try session.pools() where PoolTarget(xml: try pool.xml()) == PoolTarget(path: path) {
            return try pool.name()
        }
        return nil
    }

    private func startUnlessActive(_ pool: StoragePool) throws {
        guard try !pool.isActive() else { return }
        do {
            // Makes the directory of the pool that was just defined, by this worker or by another one.
            if try listing.pool == "default" && DirectoryPool(xml: pool.xml()) != nil { try pool.build() }
            try pool.start()
        } catch {
            // Another worker may have been faster.
            guard try pool.isActive() else { throw error }
        }
    }
}
