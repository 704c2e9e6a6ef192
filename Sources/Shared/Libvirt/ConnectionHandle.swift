import CLibvirt
import Foundation
import NIOConcurrencyHelpers

/// Owns one `virConnectPtr` and closes it when nobody refers to it any more.
///
/// Safe to share although it holds a raw pointer: the pointer never changes, and who uses it over the wire does so
/// within `exclusively`. libvirt documents that threads may share a connection, but before 10.4 a thread that calls
/// while another waits for its reply leaves a pointer into that one's stack behind (CVE-2024-4418), and the process
/// crashes sooner or later: seen with Debian 12's 9.0.0.
@safe final class ConnectionHandle: @unchecked Sendable {
    private let pointer: OpaquePointer
    private let closing: Closing
    private let hasCloseCallback: Bool
    private let kept: (any Sendable)?
    private let calls = NSLock()

    /// Closing speaks to the machine and may block, and the last reference may go anywhere.
    private static let closers = BlockingThreads(name: "libvirt-close", limit: 16)

    /// Opens a connection; blocks (`virConnectOpen`, `virConnectSetKeepAlive`, `virConnectRegisterCloseCallback`).
    init(
        uri: String,
        keepalive: Connection.Keepalive?,
        kept: (any Sendable)?,
        onClose: @escaping Connection.OnClose
    ) throws(LibvirtError) {
        try EventLoop.start.get()
        self.kept = kept
        unsafe pointer = try unsafe checked(virConnectOpen(uri), "virConnectOpen")
        if let keepalive {
            // Drivers without a wire refuse it, and an old daemon may; the connection works all the same.
            _ = unsafe virConnectSetKeepAlive(
                pointer,
                Int32(clamping: keepalive.seconds),
                UInt32(clamping: keepalive.count)
            )
        }
        closing = Closing(onClose: onClose)
        let box = unsafe Unmanaged.passRetained(closing)
        let registered = unsafe virConnectRegisterCloseCallback(pointer, noteClosed, box.toOpaque(), releaseClosing)
        hasCloseCallback = registered == 0
        if !hasCloseCallback { unsafe box.release() }
    }

    deinit {
        // Safe to send: after the last reference was dropped, this closure alone has the pointer.
        nonisolated(unsafe) let pointer = unsafe pointer
        let hasCloseCallback = hasCloseCallback
        Self.closers.start { [kept] in
            // The registration holds a reference to the connection, so it goes first.
            if hasCloseCallback { _ = unsafe virConnectUnregisterCloseCallback(pointer, noteClosed) }
            _ = unsafe virConnectClose(pointer)
            withExtendedLifetime(kept) {}
        }
    }

    /// False once libvirt has reported that the connection is closed.
    var isOpen: Bool { !closing.isClosed }

    /// Does what is to be done when the connection breaks, before it does.
    func endStreams() {
        closing.end()
    }

    /// Calls `body` when the connection breaks, at once where it has.
    func onClose(_ body: @escaping @Sendable () -> Void) {
        closing.add(body)
    }

    /// Runs a body while nobody else calls over this connection; blocks until it is its turn.
    func exclusively<Value>(_ body: () throws -> Value) rethrows -> Value {
        calls.lock()
        defer { calls.unlock() }
        return try body()
    }

    /// Lends the pointer; it must not be kept.
    func withPointer<Value, Failed: Error>(
        _ body: (OpaquePointer) throws(Failed) -> Value
    ) throws(Failed) -> Value {
        try unsafe body(pointer)
    }
}

/// The listener for a broken connection; libvirt holds it until the callback is unregistered.
private final class Closing: Sendable {
    private struct State {
        var isClosed = false
        var listeners: [@Sendable () -> Void] = []
    }

    private let state = NIOLockedValueBox(State())
    private let onClose: Connection.OnClose

    init(onClose: @escaping Connection.OnClose) {
        self.onClose = onClose
    }

    var isClosed: Bool { state.withLockedValue { $0.isClosed } }

    func add(_ listener: @escaping @Sendable () -> Void) {
        let isLate = state.withLockedValue { state in
            if !state.isClosed { state.listeners.append(listener) }
            return state.isClosed
        }
        if isLate { listener() }
    }

    func end() {
        let listeners = state.withLockedValue { state in
            state.isClosed = true
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener() }
    }

    func closed(for reason: Int32) {
        end()
        onClose(Connection.CloseReason(rawValue: Int(reason)) ?? .error)
    }
}

/// Called on the event loop's thread; `opaque` is the box that was given with it, alive until `releaseClosing`.
private let noteClosed: @convention(c) (OpaquePointer?, Int32, UnsafeMutableRawPointer?) -> Void = {
    _,
    reason,
    opaque in
    guard let opaque = unsafe opaque else { return }
    unsafe Unmanaged<Closing>.fromOpaque(opaque).takeUnretainedValue().closed(for: reason)
}

private let releaseClosing: @convention(c) (UnsafeMutableRawPointer?) -> Void = { opaque in
    guard let opaque = unsafe opaque else { return }
    unsafe Unmanaged<Closing>.fromOpaque(opaque).release()
}
