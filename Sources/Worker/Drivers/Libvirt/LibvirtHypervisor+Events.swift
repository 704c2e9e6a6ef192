import Foundation
import Libvirt
import Model
import NIOConcurrencyHelpers

extension LibvirtHypervisor {
    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool {
        let lease = try await connections.lease("subscribing to events", within: settings.callDeadline)
        let endReading = connections.beginReading(over: lease)
        defer { endReading() }
        let events: AsyncStream<LifecycleEvent>
        do {
            events = try await lease.connection.lifecycleEvents(deadline: settings.callDeadline, keeping: lease)
        } catch let error as LibvirtError where error.kind == .unsupported {
            return false
        } catch {
            throw failure(error, doing: "subscribing to events")
        }
        lease.end()
        // What changed while nobody listened was reported to nobody.
        known.withLockedValue { $0.domains.forgetAll() }
        await begun()
        for await event in events {
            known.withLockedValue { $0.domains.forget(event.uuid) }
            guard let what = event.kind.change, !event.name.hasPrefix(KVMProbe.namePrefix) else { continue }
            await change(DomainChange(what: what, uuid: event.uuid.uuidString.lowercased(), name: event.name))
        }
        return true
    }
}

extension LifecycleEvent.Kind {
    /// What it means for the records; nil where it means nothing to them.
    fileprivate var change: DomainChange.What? {
        switch self {
        case .defined: .defined
        case .undefined: .undefined
        case .started: .started
        case .stopped: .stopped
        case .suspended, .powerManagementSuspended: .paused
        case .resumed: .resumed
        case .crashed: .crashed
        case .shutdown: nil
        }
    }
}
