import Foundation
import Libvirt
import Model

extension LibvirtHypervisor {
    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool {
        let connection = try await connection()
        let events: AsyncStream<LifecycleEvent>
        do {
            events = try await connection.lifecycleEvents(deadline: settings.callDeadline)
        } catch let error as LibvirtError where error.kind == .unsupported {
            return false
        } catch {
            throw failure(error, doing: "subscribing to events")
        }
        await begun()
        for await event in events {
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
