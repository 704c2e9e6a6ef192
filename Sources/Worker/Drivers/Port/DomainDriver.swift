import Model

/// The domains of VMs on a PM.
protocol DomainDriver: Sendable {
    /// Defines the VM's domain, with its record in the metadata, unless it is there.
    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure)

    /// Starts the VM's domain unless it runs.
    func ensureRunning(_ vm: VirtualMachine) async throws(Failure)

    /// Ends and undefines the VM's domain and deletes its disk, with what snapshots made of it; what is missing already is
    /// fine.
    ///
    /// - Parameter vm: the VM.
    /// - Returns: the paths of files that its domain used and that stay: they are outside of the pool, or not the VM's.
    /// - Throws: `Failure`.
    @discardableResult
    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String]
}
