import Model

@testable import Worker

/// A PM as one process reaches it: the driver's port over a host of the simulation.
struct SimulatedPM: Hypervisor {
    let pm: PMID
    let process: SimulatedProcess

    func ensureNetwork() async throws(Failure) {}

    func ensureImage(_ image: ImageFile) async throws(Failure) { try await act(.image, nil) }

    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure) { try await act(.disk, vm.id) }

    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await act(.domain, vm.id)
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) { try await act(.start, vm.id) }

    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String] {
        try await act(.remove, vm.id)
        return []
    }

    private func act(_ step: HostModel.Step, _ vm: VMID?) async throws(Failure) {
        let code = await process.suspend(onDeath: FailureCode?.some(.deadline)) { resume in
            process.simulation.act(on: pm, step, vm, by: process, resume)
        }
        if let code { throw Failure(code, "as the simulation has it") }
    }

    // MARK: - What no job asks for

    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool { false }

    func inventory() async throws(Failure) -> HypervisorInventory { throw Self.unasked }

    func contents() async throws(Failure) -> PMContents { throw Self.unasked }

    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool { false }

    private static let unasked = Failure(.internalFault, "no job of the simulation asks for this")
}

/// The PMs as one process reaches them.
struct SimulatedPMs: DriverSource {
    let process: SimulatedProcess

    func hypervisor(of machine: PhysicalMachine) async throws(Failure) -> any Hypervisor {
        SimulatedPM(pm: machine.id, process: process)
    }
}
