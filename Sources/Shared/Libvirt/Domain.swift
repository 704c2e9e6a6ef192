import CLibvirt
package import Foundation

/// A domain of a machine; freed with its last reference, and keeps its connection until then.
@safe package final class Domain {
    private let pointer: OpaquePointer
    private let connection: ConnectionHandle

    /// Takes over a handle that libvirt made for the caller.
    init(_ pointer: OpaquePointer, of connection: ConnectionHandle) {
        unsafe self.pointer = pointer
        self.connection = connection
    }

    deinit { _ = unsafe virDomainFree(pointer) }

    /// Lends the pointer; it must not be kept.
    func withPointer<Value, Failed: Error>(
        _ body: (OpaquePointer) throws(Failed) -> Value
    ) throws(Failed) -> Value {
        try unsafe body(pointer)
    }

    /// Copies a domain's UUID out of its handle.
    static func uuid(of pointer: OpaquePointer) -> UUID? {
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let result = unsafe withUnsafeMutableBytes(of: &bytes) { buffer in
            // uuid_t is VIR_UUID_BUFLEN (16) bytes.
            unsafe virDomainGetUUID(pointer, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return result == 0 ? UUID(uuid: bytes) : nil
    }
}

@available(*, unavailable)
extension Domain: Sendable {}

extension Domain {
    /// Its name (`virDomainGetName`).
    ///
    /// - Throws: `LibvirtError`.
    package func name() throws(LibvirtError) -> String {
        try unsafe borrowed(virDomainGetName(pointer), "virDomainGetName")
    }

    /// Its UUID (`virDomainGetUUID`).
    ///
    /// - Throws: `LibvirtError`.
    package func uuid() throws(LibvirtError) -> UUID {
        try checked(unsafe Self.uuid(of: pointer), "virDomainGetUUID")
    }

    /// The number of the run that it was in when it was looked up (`virDomainGetID`); nil where it did not run.
    package var runNumber: UInt32? {
        let number = unsafe virDomainGetID(pointer)
        return number == UInt32.max ? nil : number
    }

    /// True while it runs or is paused (`virDomainIsActive`).
    ///
    /// - Throws: `LibvirtError`.
    package func isActive() throws(LibvirtError) -> Bool {
        try checked(unsafe virDomainIsActive(pointer), "virDomainIsActive") == 1
    }

    /// Its state and libvirt's number for the reason (`virDomainGetState`).
    ///
    /// - Throws: `LibvirtError`.
    package func state() throws(LibvirtError) -> (state: DomainState, reason: Int) {
        var state: Int32 = 0
        var reason: Int32 = 0
        try checked(unsafe virDomainGetState(pointer, &state, &reason, 0), "virDomainGetState")
        return (DomainState(rawValue: Int(state)) ?? .unknown, Int(reason))
    }

    /// Its size and state (`virDomainGetInfo`).
    ///
    /// - Throws: `LibvirtError`.
    package func info() throws(LibvirtError) -> DomainInfo {
        var info = virDomainInfo()
        try checked(unsafe virDomainGetInfo(pointer, &info), "virDomainGetInfo")
        return DomainInfo(
            state: DomainState(rawValue: Int(info.state)) ?? .unknown,
            maximumMemoryKiB: Int(clamping: info.maxMem),
            memoryKiB: Int(clamping: info.memory),
            cpus: Int(info.nrVirtCpu)
        )
    }

    /// Its description (`virDomainGetXMLDesc`).
    ///
    /// - Parameter inactive: what the next start will use, instead of what runs.
    /// - Returns: the XML.
    /// - Throws: `LibvirtError`.
    package func xml(inactive: Bool = false) throws(LibvirtError) -> String {
        let flags = inactive ? VIR_DOMAIN_XML_INACTIVE.rawValue : 0
        return try unsafe owned(virDomainGetXMLDesc(pointer, flags), "virDomainGetXMLDesc")
    }

    /// The metadata element of a namespace (`virDomainGetMetadata`).
    ///
    /// - Parameter namespace: the namespace's URI.
    /// - Returns: the element as XML; nil where the domain has none.
    /// - Throws: `LibvirtError`.
    package func metadata(namespace: String) throws(LibvirtError) -> String? {
        let kind = Int32(VIR_DOMAIN_METADATA_ELEMENT.rawValue)
        do {
            return try unsafe owned(virDomainGetMetadata(pointer, kind, namespace, 0), "virDomainGetMetadata")
        } catch  where error.kind == .noMetadata {
            return nil
        }
    }
}

/// The size and state of a domain (`virDomainInfo`).
package struct DomainInfo: Hashable, Sendable {
    package let state: DomainState
    /// The most memory it may use, in KiB.
    package let maximumMemoryKiB: Int
    /// The memory it has now, in KiB.
    package let memoryKiB: Int
    /// Virtual CPUs.
    package let cpus: Int
}
