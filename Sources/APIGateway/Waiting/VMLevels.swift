import API
import Model
import NIOConcurrencyHelpers
import Store

/// Ends the waits of callers when a VM has come as far as they wait for.
///
/// The record of a VM is read when a caller begins to wait for it and when an event names it, once for all who wait.
final class VMLevels: Sendable {
    /// A VM with what its callers wait for.
    private struct AwaitedVM: Identifiable {
        struct ID: Hashable {
            let vm: VMID
            let level: VMLevel
        }

        let id: ID
    }

    /// What is to be read next.
    private struct Changes {
        var vms: Set<VMID> = []
        /// The jobs of them that failed.
        var failed: [VMID: [Job.Kind]] = [:]
    }

    private let feed: EventFeed
    private let store: Store
    private let callers = WaitingCallers<AwaitedVM, Result<VMWait.Result, Failure>>()
    private let changes = NIOLockedValueBox(Changes())
    /// Signals that there are changes.
    private let signal = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// How many levels of VMs somebody waits for.
    var awaited: Int { callers.subjects.count }

    /// How many records are read in one write.
    private static let batch = 256

    init(feed: EventFeed, store: Store) {
        self.feed = feed
        self.store = store
    }

    /// Follows the stream until it ends.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.callers.run() }
            group.addTask { for await _ in self.signal.stream { await self.readChanges() } }
            for await signal in feed.signals() {
                switch signal {
                case .events(let events): for event in events { note(event) }
                // What happened meanwhile is not told.
                case .interrupted: note(callers.subjects.map(\.id.vm))
                }
            }
            group.cancelAll()
        }
    }

    /// Waits until a VM has come so far, or cannot any more.
    ///
    /// - Returns: nil at the deadline.
    /// - Throws: `Failure` where the record cannot be read.
    func wait(
        for level: VMLevel,
        of vm: VMID,
        until deadline: ContinuousClock.Instant
    ) async throws(Failure) -> VMWait.Result? {
        let subject = AwaitedVM(id: AwaitedVM.ID(vm: vm, level: level))
        let result = await callers.wait(for: subject, until: deadline) {
            // The record is read once the wait has begun, so that no change is missed.
            note([vm])
            return nil
        }
        return try result?.get()
    }

    private func note(_ event: StoreEvent) {
        guard let vm = event.fields["vm"].flatMap({ VMID($0) }), isAwaited(vm) else { return }
        var failed: Job.Kind?
        if event.type == "job.finished", event.fields["state"] != Job.State.done.rawValue {
            failed = event.fields["kind"].flatMap(Job.Kind.init)
        }
        note([vm], failed: failed)
    }

    private func note(_ vms: [VMID], failed: Job.Kind? = nil) {
        guard !vms.isEmpty else { return }
        changes.withLockedValue { changes in
            changes.vms.formUnion(vms)
            if let failed { for vm in vms { changes.failed[vm, default: []].append(failed) } }
        }
        signal.continuation.yield()
    }

    private func isAwaited(_ vm: VMID) -> Bool {
        VMLevel.allCases.contains { callers.isAwaited(AwaitedVM.ID(vm: vm, level: $0)) }
    }

    /// Reads the records that have changed, and ends the waits that they end; waits while Redis is away.
    private func readChanges() async {
        let found = changes.withLockedValue { changes in
            defer { changes = Changes() }
            return changes
        }
        var vms = Array(found.vms)[...]
        var size = Self.batch
        while !vms.isEmpty, !Task.isCancelled {
            let batch = Array(vms.prefix(size))
            do throws(Failure) {
                for (vm, status) in zip(batch, try await store.vms(batch)) {
                    end(vm, by: status, failed: found.failed[vm] ?? [])
                }
                vms = vms.dropFirst(batch.count)
            } catch {
                guard error.code == .malformedRecord else {
                    // A cancelled sleep ends the loop.
                    try? await Task.sleep(for: .milliseconds(250))
                    continue
                }
                // One by one, so that a broken record is its own callers' alone.
                if size == 1, let vm = vms.popFirst() {
                    for level in VMLevel.allCases {
                        callers.end(AwaitedVM.ID(vm: vm, level: level), with: .failure(error))
                    }
                }
                size = 1
            }
        }
    }

    private func end(_ vm: VMID, by status: VMStatus?, failed: [Job.Kind]) {
        for level in VMLevel.allCases {
            let hasFailed = failed.contains { level.depends(on: $0) }
            guard let result = level.result(by: status) ?? (hasFailed ? .failed : nil) else { continue }
            callers.end(AwaitedVM.ID(vm: vm, level: level), with: .success(result))
        }
    }
}
