import CLibvirt
package import Foundation

/// Something that happened to a domain (`virDomainEventType`).
package struct LifecycleEvent: Hashable, Sendable {
    /// What happened.
    package enum Kind: Int, Hashable, Sendable {
        /// Its definition was made or changed.
        case defined = 0
        /// Its definition was removed.
        case undefined = 1
        /// It began to run.
        case started = 2
        /// It was paused.
        case suspended = 3
        /// It runs again; also reported just before `started`.
        case resumed = 4
        /// It ended.
        case stopped = 5
        /// The guest shut itself down; `stopped` follows.
        case shutdown = 6
        /// The guest's power management suspended it.
        case powerManagementSuspended = 7
        /// It crashed.
        case crashed = 8
    }

    /// What happened.
    package let kind: Kind
    /// libvirt's number for the reason; its meaning depends on the kind.
    package let detail: Int
    /// The domain.
    package let uuid: UUID
    /// The domain's name.
    package let name: String
}

/// One registration for lifecycle events; ended once, by the end of its stream.
final class LifecycleSubscription: Sendable {
    private let handle: ConnectionHandle
    private let number: Int32

    private static let enders = BlockingThreads(name: "libvirt-unsubscribe", limit: 16)

    /// Registers; blocks (`virConnectDomainEventRegisterAny`).
    init(
        handle: ConnectionHandle,
        continuation: AsyncStream<LifecycleEvent>.Continuation
    ) throws(LibvirtError) {
        self.handle = handle
        handle.onClose { continuation.finish() }
        let box = unsafe Unmanaged.passRetained(EventBox(continuation: continuation))
        let number = unsafe handle.withPointer { pointer in
            unsafe hvc_register_lifecycle(pointer, passEventOn, box.toOpaque(), releaseEventBox)
        }
        if number < 0 {
            let error = LibvirtError.last("virConnectDomainEventRegisterAny")
            unsafe box.release()
            throw error
        }
        self.number = number
    }

    /// Deregisters on a thread of its own (`virConnectDomainEventDeregisterAny`).
    func end() {
        Self.enders.start { [handle, number] in
            // A failure means that the connection is closed, and the registration with it.
            handle.exclusively {
                _ = unsafe handle.withPointer { unsafe virConnectDomainEventDeregisterAny($0, number) }
            }
        }
    }
}

private final class EventBox: Sendable {
    let continuation: AsyncStream<LifecycleEvent>.Continuation

    init(continuation: AsyncStream<LifecycleEvent>.Continuation) {
        self.continuation = continuation
    }
}

/// Called on the event loop's thread; the domain's handle is libvirt's, so what is needed of it is copied here.
private let passEventOn:
    @convention(c) (OpaquePointer?, OpaquePointer?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
        _,
        domain,
        kind,
        detail,
        opaque in
        guard let opaque = unsafe opaque, let domain = unsafe domain,
            let kind = LifecycleEvent.Kind(rawValue: Int(kind)),
            let uuid = unsafe Domain.uuid(of: domain),
            let name = unsafe virDomainGetName(domain)
        else { return 0 }
        let event = LifecycleEvent(kind: kind, detail: Int(detail), uuid: uuid, name: unsafe String(cString: name))
        unsafe Unmanaged<EventBox>.fromOpaque(opaque).takeUnretainedValue().continuation.yield(event)
        return 0
    }

private let releaseEventBox: @convention(c) (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque = unsafe opaque else { return }
    unsafe Unmanaged<EventBox>.fromOpaque(opaque).release()
}
