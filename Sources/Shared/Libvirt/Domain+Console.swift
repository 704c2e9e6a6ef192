import CLibvirt

/// A domain's serial console, opened for writing; it is closed with its last reference.
///
/// What the guest writes meanwhile must be taken, or libvirt keeps it in memory; the PM's log has it.
@safe package final class ConsoleStream {
    private let stream: Stream
    private var buffer = [CChar](repeating: 0, count: 32 << 10)

    /// Opens it (`virDomainOpenConsole`).
    ///
    /// - Parameters:
    ///   - domain: the domain.
    ///   - session: the connection, which is this one's alone until it is closed.
    ///   - isForced: whether another one who has it open is to lose it.
    /// - Throws: `LibvirtError`, of kind `consoleBusy` where another one has it open, `operationInvalid` where the domain does
    ///   not run.
    package init(of domain: Domain, in session: Session, isForced: Bool) throws(LibvirtError) {
        stream = try Stream(of: session.handle, blocks: false)
        let flags = isForced ? VIR_DOMAIN_CONSOLE_FORCE.rawValue : 0
        let result = unsafe domain.withPointer { domain in
            unsafe stream.withPointer { unsafe virDomainOpenConsole(domain, nil, $0, flags) }
        }
        try checked(result, "virDomainOpenConsole")
    }

    deinit { stream.abort() }

    /// Sends as much as is taken without waiting (`virStreamSend`).
    ///
    /// - Returns: how many bytes were taken.
    /// - Throws: `LibvirtError`.
    package func send(_ bytes: [UInt8]) throws(LibvirtError) -> Int {
        let count = unsafe bytes.withUnsafeBytes { bytes in
            unsafe stream.withPointer {
                unsafe virStreamSend($0, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
        }
        // -2: it would have to wait.
        guard count >= 0 || count == -2 else { throw .last("virStreamSend") }
        return max(0, Int(count))
    }

    /// Throws away what has come (`virStreamRecv`).
    ///
    /// - Returns: false where the console has ended.
    /// - Throws: `LibvirtError`.
    package func discard() throws(LibvirtError) -> Bool {
        while true {
            let count = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                unsafe stream.withPointer { unsafe virStreamRecv($0, buffer.baseAddress, buffer.count) }
            }
            if count == -2 { return true }
            guard count >= 0 else { throw .last("virStreamRecv") }
            if count == 0 { return false }
        }
    }
}

@available(*, unavailable)
extension ConsoleStream: Sendable {}

extension Domain {
    /// Presses keys of its keyboard together, by the numbers that Linux gives keys (`virDomainSendKey`).
    ///
    /// - Throws: `LibvirtError`, of kind `operationInvalid` where it does not run.
    package func press(_ keys: [UInt32]) throws(LibvirtError) {
        var keys = keys
        let count = Int32(keys.count)
        let result = unsafe withPointer { domain in
            unsafe keys.withUnsafeMutableBufferPointer { keys in
                unsafe virDomainSendKey(domain, VIR_KEYCODE_SET_LINUX.rawValue, 100, keys.baseAddress, count, 0)
            }
        }
        try checked(result, "virDomainSendKey")
    }
}
