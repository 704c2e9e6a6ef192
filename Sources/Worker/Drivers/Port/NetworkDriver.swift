import Model

/// The network of a PM to which guests are attached.
protocol NetworkDriver: Sendable {
    /// Checks that the network is there and active; starts one that libvirt was to start.
    func ensureNetwork() async throws(Failure)
}
