public import Model
import RedisClient

extension Store {
    /// The queue's lines of all jobs whose records are kept, in the order in which they were accepted (SCAN, HGET).
    ///
    /// - Returns: the lines.
    /// - Throws: `Failure`.
    public func trace() async throws(Failure) -> [String] {
        // SCAN may give a key twice.
        let lines = Dictionary(try await jobs(with: "entry").map { ($0.job, $0.value) }) { first, _ in first }
        return lines.sorted { $0.key < $1.key }.compactMap(\.value)
    }
}
