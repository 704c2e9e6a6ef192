import CLibvirt

extension Network {
    /// Adds an entry to what its DHCP server gives, now and after a restart (`virNetworkUpdate`).
    ///
    /// - Parameters:
    ///   - host: the element, `<host mac='…' ip='…'/>`.
    ///   - isActive: whether the network is started.
    /// - Throws: `LibvirtError`, of kind `alreadyExists` where the MAC address, the address or the name has an entry.
    package func add(host: String, isActive: Bool) throws(LibvirtError) {
        try update(VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, host, isActive: isActive)
    }

    /// Removes such an entry (`virNetworkUpdate`).
    ///
    /// - Parameters:
    ///   - host: the element, of which the MAC address is enough.
    ///   - isActive: whether the network is started.
    /// - Throws: `LibvirtError`, of kind `noSuchHost` where there is none.
    package func remove(host: String, isActive: Bool) throws(LibvirtError) {
        try update(VIR_NETWORK_UPDATE_COMMAND_DELETE, host, isActive: isActive)
    }

    private func update(
        _ command: virNetworkUpdateCommand,
        _ host: String,
        isActive: Bool
    ) throws(LibvirtError) {
        let now = isActive ? VIR_NETWORK_UPDATE_AFFECT_LIVE.rawValue : 0
        let result = unsafe withPointer { pointer in
            unsafe virNetworkUpdate(
                pointer,
                command.rawValue,
                VIR_NETWORK_SECTION_IP_DHCP_HOST.rawValue,
                -1,
                host,
                VIR_NETWORK_UPDATE_AFFECT_CONFIG.rawValue | now
            )
        }
        try checked(result, "virNetworkUpdate")
    }
}
