/// Why a test's surroundings could not be set up, or an awaited event did not come.
package struct TestKitError: Error, CustomStringConvertible, Sendable {
    /// What happened.
    package let description: String

    /// Makes an error.
    ///
    /// - Parameter description: What happened, with what a reader of a test log needs to know.
    package init(_ description: String) {
        self.description = description
    }
}
