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
        let words: [any RedisArgumentConvertible]
        switch report {
        case .underWay(let fetched, let total):
            let percent = total > 0 ? Int(Double(fetched) / Double(total) * 100) : 0
            words = ["fetching", worker, Int(fetched), Int(total), "\(percent) %: \(fetched) of \(total) bytes", ""]
        case .whole(let found, let checksum):
            facts = found
            words = ["fetched", worker, Int(found.fileBytes), Int(found.fileBytes), "", checksum ?? ""]
        case .failed(let failure, let copy):
            facts = copy
            words = ["failed", worker, 0, 0, failure.description, ""]
        }
        let found: [any RedisArgumentConvertible] = [
            facts?.format.rawValue ?? "", Int(facts?.fileBytes ?? 0), Int(facts?.diskBytes ?? 0),
            facts?.fingerprint ?? "",
        ]
        _ = try await run(.recordFetch, keys: [keys.images], [location.description] + words + found)
    }
}
