import Foundation
import Libvirt
import Logging
import Model

extension LibvirtHypervisor {
    func ensureImage(_ image: ImageFile) async throws(Failure) {
        let isThere = try await perform("looking for image \(image.image.id)") { [self] session in
            try withPool(in: session) { pool in try pool.copy(of: image, in: session) != nil }
        }
        guard !isThere else { return }
        let file = try await images.file(of: image)
        try await transfers.run(image.volumeName) { [self] () async throws(Failure) in
            try await transferLock.withLock(pm: pm, image: image.image.id) { () async throws(Failure) in
                try await transfer(image, from: file)
            }
        }
    }

    private func transfer(_ image: ImageFile, from file: LocalImage) async throws(Failure) {
        try await perform(
            "sending image \(image.image.id) ('\(image.image.name)')",
            deadline: settings.transferDeadline,
            grace: settings.grace,
            over: transferConnection
        ) { [self] session in
            let isThere = try withPool(in: session) { pool in try pool.copy(of: image, in: session) != nil }
            guard !isThere else { return }
            let pool = try knownPool(in: session).pool
            let start = ContinuousClock.now
            try removeLeftovers(of: image, in: pool)
            try image.checkUnchanged(at: file.path)
            // It grows as it is written, so that its length shows how far it came.
            let description = VolumeDescription(name: image.volumeName, format: "raw", capacity: 0)
            let volume = try pool.createVolume(xml: description.xml)
            do {
                if try !session.isTestDriver {
                    try volume.upload(
                        file: file.path,
                        length: image.fileSize,
                        cancellation: session.cancellation
                    )
                    let name = "image \(image.image.id) ('\(image.image.name)')"
                    try checkWhole(volume, length: image.fileSize, name, in: pool)
                }
                try image.checkUnchanged(at: file.path)
                let marker = VolumeDescription(name: image.markerName, format: "raw", capacity: 0)
                _ = try pool.createVolume(xml: marker.xml)
            } catch {
                discard(volume)
                throw error
            }
            logger.info(
                "image sent",
                metadata: [
                    "image": "\(image.image.id)", "bytes": "\(image.fileSize)", "took": "\(start.duration(to: .now))",
                ]
            )
        }
    }

    /// Checks that all of it has arrived: libvirt has been seen to take the end of a stream whose writer had no room left.
    func checkWhole(_ copy: Volume, length: Int64, _ name: String, in pool: StoragePool) throws {
        let size = try copy.fileSize()
        guard size != length else { return }
        // libvirt reports of a pool what it found at its last refresh.
        try pool.refresh()
        let isFull = try pool.info().available < length - size
        throw failure(
            isFull ? .storageFull : .hypervisor,
            "sending \(name): only \(size) of its \(length) bytes were "
                + (isFull ? "taken: free some space in pool '\(listing.pool)'" : "taken: see libvirtd's log there")
        )
    }

    /// Deletes what a transfer that died left behind; the lock says that none is under way.
    private func removeLeftovers(of image: ImageFile, in pool: StoragePool) throws {
        for name in [image.markerName, image.volumeName] {
            guard let leftover = try pool.volume(name: name) else { continue }
            logger.notice("removing a partial image", metadata: ["volume": "\(name)"])
            try leftover.delete()
        }
    }

    /// Deletes a volume that is of no use; where that fails too, the next transfer deletes it.
    func discard(_ volume: Volume) {
        do {
            try volume.delete()
        } catch {
            logger.warning("a partial volume stays", metadata: ["error": "\(error)"])
        }
    }
}

extension ImageFile {
    /// Checks that the file on this worker still is the one that was inspected, before and after it is read.
    ///
    /// - Throws: `Failure` with the code `imageUnusable`.
    fileprivate func checkUnchanged(at path: String) throws(Failure) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw Failure(
                .imageUnusable,
                "image \(image.id): \(path) cannot be read on this worker: put it back",
                cause: String(cString: strerror(errno))
            )
        }
        guard Int64(status.st_size) == fileSize, ImageInspection.fingerprint(of: status) == fingerprint else {
            throw Failure(
                .imageUnusable,
                "image \(image.id): \(path) is not what it was when it was inspected: leave images as they are, "
                    + "give a new one a new name, and send the workers SIGHUP"
            )
        }
    }
}

extension Session {
    /// True for the driver that pretends; it has no streams.
    var isTestDriver: Bool {
        get throws(LibvirtError) { try driver().lowercased() == "test" }
    }
}
