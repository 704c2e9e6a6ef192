import Model

/// What is on a PM.
protocol InventoryDriver: Sendable {
    /// Reads the PM, its storage and its domains, all of them or none.
    func inventory() async throws(Failure) -> HypervisorInventory

    /// Lists the domains and the volumes, and changes nothing.
    func contents() async throws(Failure) -> PMContents
}
