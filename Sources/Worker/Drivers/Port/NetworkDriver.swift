import Model

/// The networks of a PM to which guests are attached.
protocol NetworkDriver: Sendable {
    /// Checks that the VM's networks are there and active; starts those that libvirt was to start.
    func ensureNetwork(for vm: VirtualMachine) async throws(Failure)
}
