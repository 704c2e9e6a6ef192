/// What this is a release of.
package enum Release {
    /// The version of all programs.
    package static let version = "0.1.0-dev"
}
