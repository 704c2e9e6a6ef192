import Dispatch
import Foundation
import Model

/// A copy that is not whole yet: it grows at its end, and what is there stays for the next try.
///
/// Each call is on a thread of Dispatch's, one at a time.
final class PartFile: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Opens the part, or begins it.
    ///
    /// - Throws: `Failure` with `internalFault`.
    init(path: String) throws(Failure) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.fault(path, "cannot be opened") }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Cuts the part back to whole blocks, from which a fetch can go on.
    ///
    /// - Returns: how many there are.
    func wholeBlocks(of blockSize: Int64) async throws(Failure) -> Int64 {
        try await DispatchQueue.runBlocking { [self] () throws(Failure) in
            let blocks = try length() / blockSize
            guard ftruncate(descriptor, off_t(blocks * blockSize)) == 0 else { throw Self.fault(path, "cannot be cut") }
            return blocks
        }
    }

    /// Writes behind what is there (write(2)).
    ///
    /// - Throws: `Failure` with `storageFull` where the disk is full.
    func append(_ bytes: [UInt8]) async throws(Failure) {
        try await DispatchQueue.runBlocking { [self] () throws(Failure) in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.fault(path, "cannot be written") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Makes the part the whole copy under its name, with the time of change of its source.
    func complete(as whole: String, modified: Int64) async throws(Failure) {
        try await DispatchQueue.runBlocking { [self] () throws(Failure) in
            let time = timespec(tv_sec: Int(modified), tv_nsec: 0)
            guard futimens(descriptor, [.now, time]) == 0, fsync(descriptor) == 0, rename(path, whole) == 0 else {
                throw Self.fault(path, "cannot be completed")
            }
        }
    }

    /// Deletes the part: what is in it is not what the source has.
    func discard() async throws(Failure) {
        try await DispatchQueue.runBlocking { [self] () throws(Failure) in
            guard unlink(path) == 0 || errno == ENOENT else { throw Self.fault(path, "cannot be deleted") }
        }
    }

    private func length() throws(Failure) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.fault(path, "cannot be inspected") }
        return Int64(status.st_size)
    }

    private static func fault(_ path: String, _ what: String) -> Failure {
        let code: FailureCode = errno == ENOSPC || errno == EDQUOT ? .storageFull : .internalFault
        return Failure(
            code,
            "'\(path)' in the image cache \(what): see its disk and HVC_IMAGE_CACHE",
            cause: String(cString: strerror(errno))
        )
    }
}
