/// How long records of ended jobs are kept: history is bounded by time and by count.
package struct JobRetention: Hashable, Sendable {
    /// After this time a record goes (EXPIRE).
    package var time: Duration
    /// Records of this many jobs are kept, the newest.
    package var count: Int

    /// The count where nothing else is said.
    package static let defaultCount = 10_000

    /// Makes a bound.
    ///
    /// - Parameters:
    ///   - time: after this time a record goes; whole seconds.
    ///   - count: so many records are kept.
    package init(time: Duration = .seconds(7 * 86_400), count: Int = Self.defaultCount) {
        self.time = time
        self.count = count
    }

    /// As scripts take it: `SECONDS:COUNT`.
    var argument: String { "\(time.components.seconds):\(count)" }
}
