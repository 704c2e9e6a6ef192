import CLibvirt
import Foundation

/// A connection lent to a closure on a thread that may block; every call here blocks.
///
/// It is not Sendable, and neither is what it gives out, so the compiler keeps libvirt's blocking calls off Swift's
/// cooperative threads.
package struct Session {
    let handle: ConnectionHandle
    /// Whether anybody still waits for the closure's result.
    package let cancellation: CancellationFlag
    /// What earlier bodies over this connection have left for later ones.
    package let memory: SessionMemory

    init(handle: ConnectionHandle, cancellation: CancellationFlag, memory: SessionMemory) {
        self.handle = handle
        self.cancellation = cancellation
        self.memory = memory
    }

    /// Asks libvirt whether the connection is up (`virConnectIsAlive`); right only where keepalive is on.
    package var isAlive: Bool {
        unsafe handle.isOpen && handle.withPointer { unsafe virConnectIsAlive($0) } == 1
    }
}

@available(*, unavailable)
extension Session: Sendable {}

/// Copies a string that libvirt made for the caller and frees it, or throws what libvirt says where there is none.
func owned(_ text: UnsafeMutablePointer<CChar>?, _ call: StaticString) throws(LibvirtError) -> String {
    guard let text = unsafe text else { throw .last(call) }
    defer { unsafe free(text) }
    return unsafe String(cString: text)
}

/// Copies a string that stays libvirt's, or throws what libvirt says where there is none.
func borrowed(_ text: UnsafePointer<CChar>?, _ call: StaticString) throws(LibvirtError) -> String {
    guard let text = unsafe text else { throw .last(call) }
    return unsafe String(cString: text)
}

/// What a lookup found: nil where libvirt says that there is none, by an error of kind `missing`.
func found(
    _ pointer: OpaquePointer?,
    _ call: StaticString,
    missing: LibvirtError.Kind
) throws(LibvirtError) -> OpaquePointer? {
    if let pointer = unsafe pointer { return unsafe pointer }
    let error = LibvirtError.last(call)
    guard error.kind == missing else { throw error }
    return nil
}

extension Session {
    /// Fetches a list of handles; `list` fills the array and returns how many, as `virConnectListAllDomains` does.
    func handles<Object>(
        _ call: StaticString,
        list: (OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<OpaquePointer?>?>) -> Int32,
        wrap: (OpaquePointer) -> Object
    ) throws(LibvirtError) -> [Object] {
        var array: UnsafeMutablePointer<OpaquePointer?>?
        let count = unsafe handle.withPointer { unsafe list($0, &array) }
        guard count >= 0 else { throw .last(call) }
        defer { unsafe free(array) }
        var objects: [Object] = []
        for index in 0..<Int(count) {
            if let pointer = unsafe array?[index] { objects.append(unsafe wrap(pointer)) }
        }
        return objects
    }
}
