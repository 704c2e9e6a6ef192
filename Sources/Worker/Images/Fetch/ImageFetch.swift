import Dispatch
import Foundation
import Model
import NIOConcurrencyHelpers
import Subprocess

/// One try to bring an image from another machine into the cache.
///
/// It goes on where an earlier try ended, if the source is what it was by length and time of change, and it compares
/// checksums at its end.
struct ImageFetch: Sendable {
    /// How far a fetch has come.
    struct Progress: Hashable, Sendable {
        var fetched: Int64
        let total: Int64

        var percent: Int { total > 0 ? Int(Double(fetched) / Double(total) * 100) : 0 }
    }

    /// What a fetch ends with.
    struct Result: Sendable {
        let copy: CachedImage
        let status: RemoteImage.Status
        /// Of what was fetched now; nil where the copy was there already.
        let checksum: String?
    }

    let location: ImageLocation
    let source: RemoteImage
    let cache: ImageCache

    /// Fetches the image unless the cache has it.
    ///
    /// - Parameter report: called about every second while bytes come.
    /// - Returns: the whole copy, in use; nil where another worker on this machine fetches the image.
    /// - Throws: `Failure`; what has come stays for the next try.
    func run(_ report: @escaping @Sendable (Progress) async -> Void) async throws(Failure) -> Result? {
        let status = try await source.status()
        if let copy = try await copy(of: status) { return Result(copy: copy, status: status, checksum: nil) }
        let lock = try await DispatchQueue.runBlocking { () throws(Failure) in try cache.lock(location) }
        guard let lock else { return nil }
        defer { withExtendedLifetime(lock) {} }
        await report(Progress(fetched: 0, total: status.size))
        // Another worker may have fetched it just before.
        if let copy = try await copy(of: status) { return Result(copy: copy, status: status, checksum: nil) }
        let checksum = try await fetch(status, report)
        guard let copy = try await copy(of: status) else {
            throw Failure(.internalFault, "the copy of '\(location)' was deleted from the cache: see who deletes there")
        }
        return Result(copy: copy, status: status, checksum: checksum)
    }

    private func copy(of status: RemoteImage.Status) async throws(Failure) -> CachedImage? {
        try await DispatchQueue.runBlocking { () throws(Failure) in
            cache.use(location, fingerprint: status.fingerprint)
        }
    }

    private func fetch(
        _ status: RemoteImage.Status,
        _ report: @escaping @Sendable (Progress) async -> Void
    ) async throws(Failure) -> String {
        let partPath = cache.partPath(of: location, fingerprint: status.fingerprint)
        try await DispatchQueue.runBlocking { () throws(Failure) in
            try cache.makeRoom(for: location, fingerprint: status.fingerprint, bytes: status.size)
        }
        let part = try PartFile(path: partPath)
        let blocks = try await part.wholeBlocks(of: RemoteScript.blockSize)
        let fetched = NIOLockedValueBox(Progress(fetched: blocks * RemoteScript.blockSize, total: status.size))
        let reported = NIOLockedValueBox(ContinuousClock.now - .seconds(1))
        try await source.read(fromBlock: blocks) { (bytes) throws(Failure) in
            let progress = fetched.withLockedValue { progress in
                progress.fetched += Int64(bytes.count)
                return progress
            }
            // A source that has grown meanwhile fills no disk.
            guard progress.fetched <= progress.total else { throw changed }
            try await part.append(bytes)
            let isDue = reported.withLockedValue { last in
                guard last.duration(to: .now) >= .seconds(1) else { return false }
                last = .now
                return true
            }
            if isDue { await report(progress) }
        }
        guard try await source.status() == status, fetched.withLockedValue({ $0.fetched }) == status.size else {
            try await part.discard()
            throw changed
        }
        await report(fetched.withLockedValue { $0 })
        async let there = checksumThere(size: status.size)
        let here = try await checksumHere(partPath)
        guard try await there.get() == here else {
            try await part.discard()
            throw Failure(
                .imageUnusable,
                "what came of '\(location)' has not the checksum of its source, and is discarded: see whether somebody "
                    + "writes to it, and the disks and memory of both machines"
            )
        }
        try await part.complete(
            as: cache.path(of: location, fingerprint: status.fingerprint),
            modified: status.modified
        )
        return here
    }

    private func checksumThere(size: Int64) async -> Swift.Result<String, Failure> {
        do throws(Failure) { return .success(try await source.checksum(size: size)) } catch { return .failure(error) }
    }

    /// The SHA-256 in hex of what has come (sha256sum(1)).
    private func checksumHere(_ path: String) async throws(Failure) -> String {
        let outcome = try await ProbeProcess(
            name: "sha256sum",
            arguments: ["--", path],
            deadline: .seconds(3600)
        ).run()
        // A path with a backslash would have one before the sum.
        if case .ended(.exited(0), let output, _) = outcome, let sum = output.split(separator: " ").first,
            sum.count == 64
        {
            return String(sum)
        }
        throw Failure(.internalFault, "`sha256sum '\(path)'` did not succeed: run it by hand", cause: "\(outcome)")
    }

    private var changed: Failure {
        Failure(.imageUnusable, "'\(location)' changed while it was fetched, and is fetched anew: write to a copy")
    }
}

extension RemoteImage.Status {
    /// The fingerprint of a copy with this length and time of change.
    var fingerprint: String {
        ImageInspection.fingerprint(size: size, seconds: modified, nanoseconds: 0)
    }
}
