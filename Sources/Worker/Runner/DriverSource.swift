import Model

/// Gives the driver of a PM.
protocol DriverSource: Sendable {
    /// The PM's hypervisor.
    func hypervisor(of machine: PhysicalMachine) async throws(Failure) -> any Hypervisor
}

extension PMConnectionPool: DriverSource {}
