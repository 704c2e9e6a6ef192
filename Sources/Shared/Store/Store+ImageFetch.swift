package import Model
import RedisClient

/// What a worker says of the fetch of an image that lies on another machine.
package enum FetchReport: Hashable, Sendable {
    /// So many bytes have come, of so many.
    case underWay(fetched: Int64, total: Int64)
    /// The worker has a whole copy, with the SHA-256 in hex where it was fetched now.
    case whole(ImageRegistration.Facts, checksum: String?)
    /// It failed; `copy` is a whole one from before, where the worker has it.
    case failed(Failure, copy: ImageRegistration.Facts?)
}

extension Store {
    /// Notes how far a worker is with the fetch of an image, or how that ended.
    ///
    /// - Parameters:
    ///   - location: where the image lies, as it was registered.
    ///   - worker: whose fetch it is.
    ///   - report: how far it is.
    /// - Throws: `Failure`.
    package func recordFetch(
        of location: ImageLocation,
        by worker: String,
        _ report: FetchReport
    ) async throws(Failure) {
        var facts: ImageRegistration.Facts?
        let words: ScriptArguments
        switch report {
        case .underWay(let fetched, let total):
            let percent = total > 0 ? Int(Double(fetched) / Double(total) * 100) : 0
            words = [
                "what": "fetching", "worker": worker, "fetched_bytes": Int(fetched), "total_bytes": Int(total),
                "reason": "\(percent) %: \(fetched) of \(total) bytes", "sha256": "",
            ]
        case .whole(let found, let checksum):
            facts = found
            words = [
                "what": "fetched", "worker": worker, "fetched_bytes": Int(found.fileBytes),
                "total_bytes": Int(found.fileBytes), "reason": "", "sha256": checksum ?? "",
            ]
        case .failed(let failure, let copy):
            facts = copy
            words = [
                "what": "failed", "worker": worker, "fetched_bytes": 0, "total_bytes": 0,
                "reason": failure.description, "sha256": "",
            ]
        }
        let found: ScriptArguments = [
            "format": facts?.format.rawValue ?? "", "file_bytes": Int(facts?.fileBytes ?? 0),
            "disk_bytes": Int(facts?.diskBytes ?? 0), "fingerprint": facts?.fingerprint ?? "",
        ]
        let _: Bool = try await run(.recordFetch, ["path": location.description] + words + found)
    }
}
