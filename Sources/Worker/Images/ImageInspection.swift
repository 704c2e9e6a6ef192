import Dispatch
import Foundation
import Model
import Store

/// Reads an image's file as far as its structure goes, and says whether VMs may start from it.
///
/// Symbolic links are followed, so that `/images/current.qcow2` may be one, and what they lead to must be a regular
/// file inside a root. The resolved path is opened without following a link at its end, and without blocking, so that
/// a FIFO put there cannot hold a worker.
struct ImageInspection: Sendable {
    /// The folders in which images may lie; empty where any place will do.
    let roots: [String]

    /// Inspects an image's file, on a thread of Dispatch's.
    ///
    /// - Throws: `Failure` with the code `imageUnusable`.
    func inspect(_ image: Image) async throws(Failure) -> ImageFile {
        ImageFile(image, try await facts(at: image.path))
    }

    /// What an image's file is, read on a thread of Dispatch's.
    ///
    /// - Throws: `Failure` with the code `imageUnusable`.
    func facts(at path: String) async throws(Failure) -> ImageRegistration.Facts {
        try await DispatchQueue.runBlocking { () throws(Failure) in try read(resolve(path), listedAs: path) }
    }

    /// What the copy of an image that lies on another machine is; the roots are about files here.
    ///
    /// - Throws: `Failure` with the code `imageUnusable`.
    func facts(ofCopy path: String, of location: ImageLocation) async throws(Failure) -> ImageRegistration.Facts {
        try await DispatchQueue.runBlocking { () throws(Failure) in try read(path, listedAs: location.description) }
    }

    /// Distinguishes a file's contents by its length and the time of its last change (`st_size`, `st_mtim`), in hex.
    ///
    /// Whoever opens the file again compares this of what `fstat` says with the inspected one's.
    static func fingerprint(of status: stat) -> String {
        fingerprint(
            size: Int64(status.st_size),
            seconds: Int64(status.st_mtim.tv_sec),
            nanoseconds: Int64(status.st_mtim.tv_nsec)
        )
    }

    /// The fingerprint of a file of this length and time of change.
    static func fingerprint(size: Int64, seconds: Int64, nanoseconds: Int64) -> String {
        let time = seconds.multipliedReportingOverflow(by: 1_000_000_000).partialValue &+ nanoseconds
        return String(UInt64(bitPattern: size), radix: 16) + "-" + String(UInt64(bitPattern: time), radix: 16)
    }

    private func read(_ path: String, listedAs listing: String) throws(Failure) -> ImageRegistration.Facts {
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let cause = Self.lastSystemError()
            throw unusable(listing, "cannot be opened: let the worker's user read it", cause: cause)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw unusable(listing, "cannot be inspected", cause: Self.lastSystemError())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw unusable(listing, "is no regular file: give the path of a disk image's file")
        }
        let bytes = ImageBytes(descriptor: descriptor, count: Int64(status.st_size))
        do {
            let (format, virtualSize) = try ImageHeader.read(bytes)
            return ImageRegistration.Facts(
                format: format,
                fileBytes: bytes.count,
                diskBytes: virtualSize,
                fingerprint: Self.fingerprint(of: status)
            )
        } catch {
            throw unusable(listing, error.reason, cause: error.cause)
        }
    }

    /// The path without symbolic links (realpath(3)), where it is inside a root.
    private func resolve(_ path: String) throws(Failure) -> String {
        guard let resolved = Self.realPath(path) else {
            let cause = Self.lastSystemError()
            throw Failure(
                .imageUnusable,
                "image '\(path)' is not there: put it on every worker, or take it out of the image file",
                cause: cause
            )
        }
        let isInside =
            roots.isEmpty
            || roots.contains { root in
                guard let folder = Self.realPath(root) else { return false }
                return resolved.hasPrefix(folder == "/" ? folder : folder + "/")
            }
        guard isInside else {
            let folders = roots.joined(separator: ", ")
            throw Failure(
                .imageUnusable,
                "image '\(path)' leads to '\(resolved)', outside the folders for images (\(folders)): move it there"
            )
        }
        return resolved
    }

    private func unusable(_ listing: String, _ reason: String, cause: String? = nil) -> Failure {
        Failure(.imageUnusable, "image '\(listing)' \(reason)", cause: cause)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func lastSystemError() -> String { String(cString: strerror(errno)) }
}

extension ImageFile {
    /// An image's file as it was found to be.
    init(_ image: Image, _ facts: ImageRegistration.Facts) {
        self.init(
            image: image,
            format: facts.format,
            fileSize: facts.fileBytes,
            virtualSize: facts.diskBytes,
            fingerprint: facts.fingerprint
        )
    }
}
