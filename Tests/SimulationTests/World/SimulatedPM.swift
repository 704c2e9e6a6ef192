import Model

@testable import Worker

/// A PM as one process reaches it: the driver's port over a host of the simulation.
struct SimulatedPM: Hypervisor {
    let pm: PMID
    let process: SimulatedProcess

    func ensureNetwork(for vm: VirtualMachine) async throws(Failure) {}

    func ensureImage(_ image: ImageFile) async throws(Failure) { try await act(.image, nil) }

    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure) { try await act(.disk, vm) }

    func ensureSeed(_ content: [UInt8], of vm: VirtualMachine) async throws(Failure) {}

    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await act(.domain, vm)
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) { try await act(.start, vm) }

    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String] {
        try await act(.remove, vm)
        return []
    }

    private func act(_ step: HostModel.Step, _ vm: VirtualMachine?) async throws(Failure) {
        let code = await process.suspend(onDeath: FailureCode?.some(.deadline)) { resume in
            process.simulation.act(on: pm, step, vm, by: process, resume)
        }
        if let code { throw Failure(code, "as the simulation has it") }
    }

    func inventory() async throws(Failure) -> HypervisorInventory { try await process.ask(pm, \.inventory) }

    // MARK: - What nobody asks for

    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool { false }

    func contents() async throws(Failure) -> PMContents { throw Self.unasked }

    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool { false }

    private static let unasked = Failure(.internalFault, "nobody in the simulation asks for this")
}

/// The PMs as one process reaches them.
struct SimulatedPMs: ProbeSource {
    let process: SimulatedProcess

    func hypervisor(of machine: PhysicalMachine) async throws(Failure) -> any Hypervisor {
        SimulatedPM(pm: machine.id, process: process)
    }
    func probe(of machine: PhysicalMachine) async -> (any HostProbe)? {
        SimulatedHostProbe(pm: machine.id, process: process)
    }
}

/// The commands of a PM's host as one process runs them.
private struct SimulatedHostProbe: HostProbe {
    let pm: PMID
    let process: SimulatedProcess

    func measure() async throws(Failure) -> HostMeasure { try await process.ask(pm, \.measure) }

    func close() async {}
}

extension SimulatedProcess {
    /// Asks a PM for something, which takes its time.
    fileprivate func ask<Value: Sendable>(_ pm: PMID, _ value: KeyPath<HostModel, Value?>) async throws(Failure)
        -> Value
    {
        let answer = await suspend(onDeath: Value?.none) { resume in simulation.answer(of: pm, value, resume) }
        guard let answer else { throw Failure(.machineUnreachable, "as the simulation has it") }
        return answer
    }
}
