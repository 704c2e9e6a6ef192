import Model

/// Gives the driver of a PM.
protocol DriverSource: Sendable {
    /// The PM's hypervisor.
    func hypervisor(of machine: PhysicalMachine) async throws(Failure) -> any Hypervisor
}

/// Gives what a probe of a PM asks: its hypervisor and its host.
protocol ProbeSource: DriverSource {
    /// The probe of the PM's host; nil where libvirt alone can report on it.
    func probe(of machine: PhysicalMachine) async -> (any HostProbe)?
}

extension PMConnectionPool: ProbeSource {}
