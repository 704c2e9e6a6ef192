import CLibvirt

/// A virtual network of a machine; freed with its last reference, and keeps its connection until then.
@safe package final class Network {
    private let pointer: OpaquePointer
    private let connection: ConnectionHandle

    /// Takes over a handle that libvirt made for the caller.
    init(_ pointer: OpaquePointer, of connection: ConnectionHandle) {
        unsafe self.pointer = pointer
        self.connection = connection
    }

    deinit { _ = unsafe virNetworkFree(pointer) }

    /// Lends the pointer; it must not be kept.
    func withPointer<Value, Failed: Error>(
        _ body: (OpaquePointer) throws(Failed) -> Value
    ) throws(Failed) -> Value {
        try unsafe body(pointer)
    }

    /// Its name (`virNetworkGetName`).
    ///
    /// - Throws: `LibvirtError`.
    package func name() throws(LibvirtError) -> String {
        try unsafe borrowed(virNetworkGetName(pointer), "virNetworkGetName")
    }

    /// True while it is started (`virNetworkIsActive`).
    ///
    /// - Throws: `LibvirtError`.
    package func isActive() throws(LibvirtError) -> Bool {
        try checked(unsafe virNetworkIsActive(pointer), "virNetworkIsActive") == 1
    }

    /// True where libvirt is to start it by itself (`virNetworkGetAutostart`).
    ///
    /// - Throws: `LibvirtError`.
    package func startsByItself() throws(LibvirtError) -> Bool {
        var isOn: Int32 = 0
        try checked(unsafe virNetworkGetAutostart(pointer, &isOn), "virNetworkGetAutostart")
        return isOn == 1
    }

    /// Starts it (`virNetworkCreate`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it is started.
    package func start() throws(LibvirtError) {
        try checked(unsafe virNetworkCreate(pointer), "virNetworkCreate")
    }
}

@available(*, unavailable)
extension Network: Sendable {}

extension Session {
    /// The network of this name, nil where there is none (`virNetworkLookupByName`).
    ///
    /// - Throws: `LibvirtError`.
    package func network(name: String) throws(LibvirtError) -> Network? {
        let pointer = unsafe handle.withPointer { unsafe virNetworkLookupByName($0, name) }
        return try unsafe found(pointer, "virNetworkLookupByName", missing: .noSuchNetwork)
            .map { unsafe Network($0, of: handle) }
    }
}
