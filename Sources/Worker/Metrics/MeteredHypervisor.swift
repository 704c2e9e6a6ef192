import CoreMetrics
import Model
import Telemetry

import struct Foundation.UUID

/// Measures the calls of PMs' drivers.
struct HypervisorMetrics: Sendable {
    private let times: LabeledMetric<Timer>
    private let failures: LabeledMetric<Counter>

    init(in factory: any MetricsFactory) {
        times = LabeledMetric(.hypervisorCalls, in: factory)
        failures = LabeledMetric(.hypervisorFailures, in: factory)
    }

    fileprivate func measured<Value>(
        _ call: String,
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let start = ContinuousClock.now
        defer { times[call].record(ContinuousClock.now - start) }
        do throws(Failure) { return try await body() } catch {
            failures[call, error.code.rawValue].increment()
            throw error
        }
    }
}

/// A driver whose calls are measured.
struct MeteredHypervisor: Hypervisor {
    let base: any Hypervisor
    let metrics: HypervisorMetrics

    func ensureDefined(_ vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await metrics.measured("ensure_defined") { () async throws(Failure) in
            try await base.ensureDefined(vm, over: image)
        }
    }

    func ensureRunning(_ vm: VirtualMachine) async throws(Failure) {
        try await metrics.measured("ensure_running") { () async throws(Failure) in try await base.ensureRunning(vm) }
    }

    func remove(_ vm: VirtualMachine) async throws(Failure) -> [String] {
        try await metrics.measured("remove") { () async throws(Failure) in try await base.remove(vm) }
    }

    func ensureImage(_ image: ImageFile) async throws(Failure) {
        try await metrics.measured("ensure_image") { () async throws(Failure) in try await base.ensureImage(image) }
    }

    func ensureDisk(of vm: VirtualMachine, over image: ImageFile) async throws(Failure) {
        try await metrics.measured("ensure_disk") { () async throws(Failure) in
            try await base.ensureDisk(of: vm, over: image)
        }
    }

    func ensureSeed(_ content: [UInt8], of vm: VirtualMachine) async throws(Failure) {
        try await metrics.measured("ensure_seed") { () async throws(Failure) in
            try await base.ensureSeed(content, of: vm)
        }
    }

    func removeDisk(named name: String, olderThan age: Duration) async throws(Failure) -> Bool {
        try await metrics.measured("remove_disk") { () async throws(Failure) in
            try await base.removeDisk(named: name, olderThan: age)
        }
    }

    func ensureNetwork(for vm: VirtualMachine) async throws(Failure) {
        try await metrics.measured("ensure_network") { () async throws(Failure) in try await base.ensureNetwork(for: vm)
        }
    }

    func networks() async throws(Failure) -> [NetworkSummary]? {
        try await metrics.measured("networks") { () async throws(Failure) in try await base.networks() }
    }

    func reserveAddress(of vm: VirtualMachine) async throws(Failure) -> GuestAddress? {
        try await metrics.measured("reserve_address") { () async throws(Failure) in
            try await base.reserveAddress(of: vm)
        }
    }

    func askAgent(of vm: UUID) async throws(Failure) -> AgentAnswer {
        try await metrics.measured("ask_agent") { () async throws(Failure) in try await base.askAgent(of: vm) }
    }

    func askSystem(of vm: UUID) async throws(Failure) -> GuestSystem? {
        try await metrics.measured("ask_agent") { () async throws(Failure) in try await base.askSystem(of: vm) }
    }

    func consoleLog(of vm: VirtualMachine) -> String? { base.consoleLog(of: vm) }

    /// Not measured: it lasts for as long as somebody writes.
    func write(_ queue: ConsoleQueue, toConsoleOf vm: UUID, isForced: Bool) async throws(Failure) {
        try await base.write(queue, toConsoleOf: vm, isForced: isForced)
    }

    func pressSysRq(_ key: Character, of vm: UUID) async throws(Failure) {
        try await metrics.measured("press_keys") { () async throws(Failure) in try await base.pressSysRq(key, of: vm) }
    }

    func inventory() async throws(Failure) -> HypervisorInventory {
        try await metrics.measured("inventory") { () async throws(Failure) in try await base.inventory() }
    }

    func contents() async throws(Failure) -> PMContents {
        try await metrics.measured("contents") { () async throws(Failure) in try await base.contents() }
    }

    /// Not measured: it lasts for as long as nothing breaks.
    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool {
        try await base.watch(begun: begun, change: change)
    }
}
