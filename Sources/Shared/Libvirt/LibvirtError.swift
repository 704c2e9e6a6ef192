import CLibvirt

/// What libvirt said when a call failed, copied from `virGetLastError` on the failing thread in the same step.
///
/// libvirt keeps its last error by thread, so no other call and no suspension may come between.
package struct LibvirtError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind by which callers distinguish errors.
    package let kind: Kind
    /// The libvirt function that failed, or what was asked for where no function did.
    package let call: String
    /// libvirt's own words.
    package let message: String
    /// libvirt's `virErrorNumber`; 0 where the error is not libvirt's.
    package let code: Int
    /// libvirt's `virErrorDomain`: the part that failed; 0 where the error is not libvirt's.
    package let domain: Int
    /// libvirt's `virErrorLevel`: 1 a warning, 2 an error.
    package let level: Int

    /// Call, message and code on one line.
    package var description: String {
        code == 0 ? "\(call): \(message)" : "\(call): \(message) (libvirt error \(code), domain \(domain))"
    }

    private init(kind: Kind, call: String, message: String) {
        (self.kind, self.call, self.message) = (kind, call, message)
        (code, domain, level) = (0, 0, 2)
    }

    /// Takes the thread's last error (`virGetLastError`).
    static func last(_ call: StaticString) -> LibvirtError {
        LibvirtError(lastOf: call)
    }

    private init(lastOf call: StaticString) {
        self.call = "\(call)"
        // The pointer is libvirt's own, by thread, and stays as it is until this thread calls libvirt again.
        guard let pointer = unsafe virGetLastError() else {
            (kind, message, code, domain, level) = (.other, "it failed and left no error", 0, 0, 2)
            return
        }
        let native = unsafe pointer.pointee
        let text = unsafe native.message
        message = unsafe text.map { unsafe String(cString: $0) } ?? "no message"
        code = Int(unsafe native.code)
        domain = Int(unsafe native.domain)
        level = Int(unsafe native.level.rawValue)
        // virReportSystemError puts errno into int1, and the remote protocol carries it.
        kind = Kind(code: code, domain: domain, errno: unsafe native.int1, message: message)
    }

    static func deadline(_ deadline: Duration) -> LibvirtError {
        LibvirtError(kind: .deadline, call: "a call to libvirt", message: "not answered within \(deadline)")
    }

    static func busy(limit: Int) -> LibvirtError {
        LibvirtError(
            kind: .busy,
            call: "a call to libvirt",
            message: "\(limit) earlier calls to the machine still run, and the deadline came before its turn"
        )
    }

    static let cancelled = LibvirtError(kind: .cancelled, call: "a call to libvirt", message: "cancelled")

    static func local(_ call: String, _ message: String) -> LibvirtError {
        LibvirtError(kind: .localFile, call: call, message: message)
    }
}

/// Passes a result on, or throws what libvirt says of the call where the result is negative.
@discardableResult
func checked(_ result: Int32, _ call: StaticString) throws(LibvirtError) -> Int32 {
    guard result >= 0 else { throw .last(call) }
    return result
}

/// Passes a value on, or throws what libvirt says of the call where there is none.
func checked<Value>(_ result: Value?, _ call: StaticString) throws(LibvirtError) -> Value {
    guard let result else { throw .last(call) }
    return result
}
