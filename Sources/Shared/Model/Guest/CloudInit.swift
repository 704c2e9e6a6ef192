/// What the guest's cloud-init has come to.
package struct CloudInit: Hashable, Sendable {
    package enum State: String, Codable, CaseIterable, Hashable, Sendable {
        /// It has said that it runs.
        case running
        /// It has ended, and told of no failure.
        case done
        /// It has ended, and something of what it was given failed.
        case error
        /// Its state cannot be learned, or is not known yet.
        case unknown
    }

    package let state: State
    /// What failed, in its own words; of an unknown state why it will not be known.
    package let error: String?

    package init(_ state: State, error: String? = nil) { (self.state, self.error) = (state, error) }
}
