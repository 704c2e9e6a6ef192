import CLibvirt
package import Foundation

extension Session {
    /// Every domain of the machine, running or not (`virConnectListAllDomains`).
    ///
    /// - Throws: `LibvirtError`.
    package func domains() throws(LibvirtError) -> [Domain] {
        try unsafe handles("virConnectListAllDomains") { connection, array in
            unsafe virConnectListAllDomains(connection, array, 0)
        } wrap: { pointer in
            unsafe Domain(pointer, of: handle)
        }
    }

    /// The domain with this UUID, nil where there is none (`virDomainLookupByUUID`).
    ///
    /// - Throws: `LibvirtError`.
    package func domain(uuid: UUID) throws(LibvirtError) -> Domain? {
        var bytes = uuid.uuid
        let pointer = unsafe handle.withPointer { connection in
            unsafe withUnsafeMutableBytes(of: &bytes) { buffer in
                // uuid_t is VIR_UUID_BUFLEN (16) bytes.
                unsafe virDomainLookupByUUID(connection, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        return try unsafe found(pointer, "virDomainLookupByUUID", missing: .noSuchDomain)
            .map { unsafe Domain($0, of: handle) }
    }

    /// The domain with this name, nil where there is none (`virDomainLookupByName`).
    ///
    /// - Throws: `LibvirtError`.
    package func domain(name: String) throws(LibvirtError) -> Domain? {
        let pointer = unsafe handle.withPointer { unsafe virDomainLookupByName($0, name) }
        return try unsafe found(pointer, "virDomainLookupByName", missing: .noSuchDomain)
            .map { unsafe Domain($0, of: handle) }
    }

    /// Defines a domain that outlives its runs (`virDomainDefineXMLFlags`).
    ///
    /// - Parameter xml: its description; replaces that of a domain with the same name and UUID.
    /// - Returns: the domain.
    /// - Throws: `LibvirtError`, of kind `alreadyExists` where the name or the UUID is another domain's.
    package func defineDomain(xml: String) throws(LibvirtError) -> Domain {
        let pointer = unsafe handle.withPointer { unsafe virDomainDefineXMLFlags($0, xml, 0) }
        return unsafe Domain(try checked(pointer, "virDomainDefineXMLFlags"), of: handle)
    }

    /// Starts a transient domain (`virDomainCreateXML`).
    ///
    /// - Parameters:
    ///   - xml: its description.
    ///   - endsWithConnection: true to have libvirt end it when this connection closes or breaks
    ///     (`VIR_DOMAIN_START_AUTODESTROY`); not every driver does.
    /// - Returns: the domain.
    /// - Throws: `LibvirtError`, of kind `alreadyExists` where the name or the UUID is another domain's.
    package func startTransientDomain(xml: String, endsWithConnection: Bool = false) throws(LibvirtError) -> Domain {
        let flags = endsWithConnection ? VIR_DOMAIN_START_AUTODESTROY.rawValue : 0
        let pointer = unsafe handle.withPointer { unsafe virDomainCreateXML($0, xml, flags) }
        return unsafe Domain(try checked(pointer, "virDomainCreateXML"), of: handle)
    }
}
