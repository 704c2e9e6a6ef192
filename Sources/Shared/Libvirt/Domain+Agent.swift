import CLibvirt
import Foundation

/// A network card as a guest's agent describes it.
package struct GuestInterface: Hashable, Sendable {
    /// Its MAC address; nil for one that has none.
    package let mac: String?
    package let addresses: [String]
}

extension Domain {
    /// Bounds how long its guest agent may take to answer, from now on and over restarts (`virDomainAgentSetResponseTimeout`).
    ///
    /// Without it libvirt waits for ever for an agent that hangs.
    ///
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without agents.
    package func setAgentTimeout(seconds: Int) throws(LibvirtError) {
        let result = unsafe withPointer { unsafe virDomainAgentSetResponseTimeout($0, Int32(clamping: seconds), 0) }
        try checked(result, "virDomainAgentSetResponseTimeout")
    }

    /// The network cards as the guest's agent says (`virDomainInterfaceAddresses`).
    ///
    /// - Throws: `LibvirtError`.
    package func agentInterfaces() throws(LibvirtError) -> [GuestInterface] {
        var array: UnsafeMutablePointer<virDomainInterfacePtr?>?
        let source = VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT.rawValue
        let count = unsafe withPointer { unsafe virDomainInterfaceAddresses($0, &array, source, 0) }
        guard count >= 0 else { throw .last("virDomainInterfaceAddresses") }
        defer { unsafe free(array) }
        var interfaces: [GuestInterface] = []
        for index in 0..<Int(count) {
            guard let interface = unsafe array?[index] else { continue }
            defer { unsafe virDomainInterfaceFree(interface) }
            let mac = unsafe interface.pointee.hwaddr
            var addresses: [String] = []
            for number in 0..<Int(unsafe interface.pointee.naddrs) {
                if let text = unsafe interface.pointee.addrs?[number].addr {
                    addresses.append(unsafe String(cString: text))
                }
            }
            interfaces.append(
                unsafe GuestInterface(mac: mac.map { unsafe String(cString: $0) }, addresses: addresses)
            )
        }
        return interfaces
    }

    /// What the guest's agent says of the system in it, in one call (`virDomainGetGuestInfo`).
    ///
    /// - Returns: the host's name and the system's name for people; nil where the agent does not say.
    /// - Throws: `LibvirtError`.
    package func agentSystem() throws(LibvirtError) -> (hostname: String?, name: String?) {
        var parameters: virTypedParameterPtr?
        var count: Int32 = 0
        let kinds = VIR_DOMAIN_GUEST_INFO_OS.rawValue | VIR_DOMAIN_GUEST_INFO_HOSTNAME.rawValue
        let result = unsafe withPointer { unsafe virDomainGetGuestInfo($0, kinds, &parameters, &count, 0) }
        try checked(result, "virDomainGetGuestInfo")
        defer { unsafe virTypedParamsFree(parameters, count) }
        func text(_ name: String) -> String? {
            var value: UnsafePointer<CChar>?
            guard unsafe virTypedParamsGetString(parameters, count, name, &value) == 1 else { return nil }
            return unsafe value.map { unsafe String(cString: $0) }
        }
        return (text("hostname"), text("os.pretty-name") ?? text("os.name"))
    }

    /// Has the guest's agent write out its file systems, and hold all writes until `thawFileSystems`
    /// (`virDomainFSFreeze`).
    ///
    /// - Returns: how many are held.
    /// - Throws: `LibvirtError`.
    @discardableResult
    package func freezeFileSystems() throws(LibvirtError) -> Int {
        let count = unsafe withPointer { unsafe virDomainFSFreeze($0, nil, 0, 0) }
        return Int(try checked(count, "virDomainFSFreeze"))
    }

    /// Ends what `freezeFileSystems` began (`virDomainFSThaw`).
    ///
    /// - Returns: how many were held.
    /// - Throws: `LibvirtError`.
    @discardableResult
    package func thawFileSystems() throws(LibvirtError) -> Int {
        let count = unsafe withPointer { unsafe virDomainFSThaw($0, nil, 0, 0) }
        return Int(try checked(count, "virDomainFSThaw"))
    }
}
