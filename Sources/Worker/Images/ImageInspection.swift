import Dispatch
import Foundation
import Model

/// Looks at the first bytes of an image's file and says whether VMs may start from it.
///
/// Symbolic links are followed, so that `/images/current.qcow2` may be one, and what they lead to must be a regular
/// file inside a root. The resolved path is opened without following a link at its end, and without blocking, so that
/// a FIFO put there cannot hold a worker.
struct ImageInspection: Sendable {
    /// The folders in which images may lie; empty where any place will do.
    let roots: [String]

    /// Inspects an image's file.
    ///
    /// The file is read on a thread of Dispatch's: a file system that hangs holds up no task but this one.
    ///
    /// - Throws: `Failure` with the code `imageUnusable`.
    func inspect(_ image: Image) async throws(Failure) -> ImageFile {
        try await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(Failure) in try look(at: image) })
            }
        }.get()
    }

    /// Tells a file's contents apart by its length and the time of its last change (`st_size`, `st_mtim`), in hex.
    ///
    /// Whoever opens the file again compares this of what `fstat` says with the inspected one's.
    static func fingerprint(of status: stat) -> String {
        let seconds = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue
        let time = UInt64(bitPattern: seconds &+ Int64(status.st_mtim.tv_nsec))
        return String(UInt64(bitPattern: Int64(status.st_size)), radix: 16) + "-" + String(time, radix: 16)
    }

    private func look(at image: Image) throws(Failure) -> ImageFile {
        let path = try resolve(image.path)
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let cause = Self.lastSystemError()
            throw unusable(image, "cannot be opened: let the worker's user read it", cause: cause)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw unusable(image, "cannot be looked at", cause: Self.lastSystemError())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw unusable(image, "is no regular file: give the path of a disk image's file")
        }
        let bytes = ImageBytes(descriptor: descriptor, count: Int64(status.st_size))
        do {
            let (format, virtualSize) = try ImageHeader.read(bytes)
            return ImageFile(
                image: image,
                format: format,
                fileSize: bytes.count,
                virtualSize: virtualSize,
                fingerprint: Self.fingerprint(of: status)
            )
        } catch {
            throw unusable(image, error.reason, cause: error.cause)
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

    private func unusable(_ image: Image, _ reason: String, cause: String? = nil) -> Failure {
        Failure(.imageUnusable, "image '\(image.path)' \(reason)", cause: cause)
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func lastSystemError() -> String { String(cString: strerror(errno)) }
}

/// The bytes of an open file, read where they are asked for.
struct ImageBytes {
    let descriptor: Int32
    /// The file's length.
    let count: Int64

    /// `length` bytes from `offset` on (pread(2)); nil where the file has them not.
    func read(at offset: Int64, _ length: Int) throws(ImageHeader.Fault) -> [UInt8]? {
        guard offset >= 0, offset <= count - Int64(length) else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        var filled = 0
        while filled < length {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    length - filled,
                    off_t(offset) + off_t(filled)
                )
            }
            if got == 0 { return nil }
            if got < 0 {
                if errno == EINTR { continue }
                throw ImageHeader.Fault(reason: "cannot be read", cause: String(cString: strerror(errno)))
            }
            filled += got
        }
        return bytes
    }
}
