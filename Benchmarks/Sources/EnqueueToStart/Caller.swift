import Model
import Store

/// Puts jobs on the queue, as the gateway would.
struct Caller: Sendable {
    /// A create that was accepted.
    struct Create: Sendable {
        let accepted: Acceptance
        /// When the script was called.
        let sent: ContinuousClock.Instant
        /// When its answer was here.
        let answered: ContinuousClock.Instant
    }

    let store: Store

    /// Asks for VMs of type 1 from image 100, one each interval, whether or not earlier ones are answered yet.
    func create(_ count: Int, each interval: Duration) async throws -> [Create] {
        let begin = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Create.self) { group in
            for number in 0..<count {
                try await Task.sleep(until: begin + interval * number, tolerance: .zero)
                group.addTask { try await create() }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Asks for the end of VMs, all at once.
    func destroy(_ vms: [VMID]) async throws {
        try await withThrowingTaskGroup { group in
            for vm in vms {
                group.addTask { _ = try await store.enqueueDestroy(vm, request: "benchmark") }
            }
            try await group.waitForAll()
        }
    }

    private func create() async throws -> Create {
        guard let type = TypeID(1), let image = ImageID(100) else { throw Trouble("no numbers") }
        let sent = ContinuousClock.now
        let accepted = try await store.enqueueCreate(name: "bench", type: type, image: image, request: "benchmark")
        return Create(accepted: accepted, sent: sent, answered: .now)
    }
}
