import CLibvirt

/// A stream of bytes to or from a machine; freed with its last reference, and keeps its connection until then.
@safe final class Stream {
    private let pointer: OpaquePointer
    private let connection: ConnectionHandle

    /// Makes a stream (`virStreamNew`).
    init(of connection: ConnectionHandle, blocks: Bool = true) throws(LibvirtError) {
        self.connection = connection
        let flags = blocks ? 0 : VIR_STREAM_NONBLOCK.rawValue
        unsafe pointer = try unsafe checked(connection.withPointer { unsafe virStreamNew($0, flags) }, "virStreamNew")
    }

    deinit { _ = unsafe virStreamFree(pointer) }

    /// Lends the pointer; it must not be kept.
    func withPointer<Value>(_ body: (OpaquePointer) -> Value) -> Value {
        unsafe body(pointer)
    }

    /// Sends all of it (`virStreamSend`).
    func send(_ bytes: UnsafeRawBufferPointer) throws(LibvirtError) {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            let part = unsafe UnsafeRawBufferPointer(rebasing: rest)
            let count = unsafe virStreamSend(pointer, part.baseAddress?.assumingMemoryBound(to: CChar.self), part.count)
            guard count >= 0 else { throw .last("virStreamSend") }
            unsafe rest = rest.dropFirst(Int(count))
        }
    }

    /// Receives what there is, up to a number of bytes; nothing at the end (`virStreamRecv`).
    func receive(upTo length: Int) throws(LibvirtError) -> [UInt8] {
        var failure: LibvirtError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            let received = unsafe buffer.withMemoryRebound(to: CChar.self) { characters in
                unsafe virStreamRecv(pointer, characters.baseAddress, characters.count)
            }
            if received < 0 { failure = .last("virStreamRecv") }
            count = max(0, Int(received))
        }
        if let failure { throw failure }
        return bytes
    }

    /// Says that all was sent or received, and waits until the machine has taken it (`virStreamFinish`).
    func finish() throws(LibvirtError) {
        try checked(unsafe virStreamFinish(pointer), "virStreamFinish")
    }

    /// Gives up what is under way (`virStreamAbort`); fails only where the stream has failed before.
    func abort() {
        _ = unsafe virStreamAbort(pointer)
    }
}
