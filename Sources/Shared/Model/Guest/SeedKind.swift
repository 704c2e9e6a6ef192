/// What kind of seed disk a VM gets.
package enum SeedKind: String, Codable, CaseIterable, Hashable, Sendable {
    /// One that cloud-init's data source NoCloud reads.
    case nocloud
    case none
}
