import CLibvirt
import Foundation

/// What libvirt needs once a process: its event loop on a thread of its own, silence on standard error, and no SIGPIPE.
enum EventLoop {
    /// Started by the first use, before any connection is opened; without the loop keepalive and events do nothing
    /// (`virInitialize`, `virSetErrorFunc`, `virEventRegisterDefaultImpl`, `virEventRunDefaultImpl`).
    static let start: Result<Void, LibvirtError> = {
        guard virInitialize() >= 0 else { return .failure(.last("virInitialize")) }
        // libvirt writes to sockets with plain write(2): a machine that went away must not end this process.
        _ = signal(SIGPIPE, SIG_IGN)
        // An error function that does nothing: errors reach callers as values instead.
        unsafe virSetErrorFunc(nil) { _, _ in }
        guard virEventRegisterDefaultImpl() >= 0 else { return .failure(.last("virEventRegisterDefaultImpl")) }
        let thread = Thread {
            // It ends with the process. A round that fails (a poll out of memory) is tried again, not in a hot loop.
            while true {
                if virEventRunDefaultImpl() < 0 { Thread.sleep(forTimeInterval: 0.1) }
            }
        }
        thread.name = "libvirt-events"
        thread.start()
        return .success(())
    }()
}
