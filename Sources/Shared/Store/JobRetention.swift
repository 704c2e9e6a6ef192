/// How long what is kept of ended jobs: history is bounded by time, count and bytes.
package struct JobRetention: Hashable, Sendable {
    /// After this time a record goes (EXPIRE); whole seconds.
    package var time: Duration
    /// Records of this many jobs are kept, the newest.
    package var count: Int
    /// Records of about so many bytes are kept, the newest.
    package var bytes: Int
    /// After this time the explanation of the job's place goes; whole seconds.
    package var explanation: Duration

    /// The count where nothing else is said.
    package static let defaultCount = 10_000
    /// The bytes where nothing else is said.
    package static let defaultBytes = 64 << 20
    /// The time of an explanation where nothing else is said.
    package static let defaultExplanation = Duration.seconds(86_400)

    package init(
        time: Duration = .seconds(7 * 86_400),
        count: Int = Self.defaultCount,
        bytes: Int = Self.defaultBytes,
        explanation: Duration = Self.defaultExplanation
    ) {
        self.time = time
        self.count = count
        self.bytes = bytes
        self.explanation = explanation
    }

    /// As scripts take it: `SECONDS:COUNT:BYTES:SECONDS`.
    var argument: String {
        "\(time.components.seconds):\(count):\(bytes):\(explanation.components.seconds)"
    }
}
