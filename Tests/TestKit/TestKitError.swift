/// Why a test's surroundings could not be set up, or an awaited event did not come.
public struct TestKitError: Error, CustomStringConvertible, Sendable {
    /// What happened.
    public let description: String

    /// Makes an error.
    ///
    /// - Parameter description: What happened, with what a reader of a test log needs to know.
    public init(_ description: String) {
        self.description = description
    }
}
