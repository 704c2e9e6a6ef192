import CLibvirt
import Foundation

/// An address that a network's DHCP server has given.
package struct DHCPLease: Hashable, Sendable {
    package let mac: String
    package let address: String
}

extension Network {
    /// Its description (`virNetworkGetXMLDesc`).
    ///
    /// - Throws: `LibvirtError`.
    package func xml() throws(LibvirtError) -> String {
        try unsafe withPointer { (pointer) throws(LibvirtError) in
            try unsafe owned(virNetworkGetXMLDesc(pointer, 0), "virNetworkGetXMLDesc")
        }
    }

    /// All that its DHCP server has given, in one call (`virNetworkGetDHCPLeases`).
    ///
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without DHCP servers.
    package func leases() throws(LibvirtError) -> [DHCPLease] {
        var array: UnsafeMutablePointer<virNetworkDHCPLeasePtr?>?
        let count = unsafe withPointer { unsafe virNetworkGetDHCPLeases($0, nil, &array, 0) }
        guard count >= 0 else { throw .last("virNetworkGetDHCPLeases") }
        defer { unsafe free(array) }
        var leases: [DHCPLease] = []
        for index in 0..<Int(count) {
            guard let lease = unsafe array?[index] else { continue }
            defer { unsafe virNetworkDHCPLeaseFree(lease) }
            guard let mac = unsafe lease.pointee.mac, let address = unsafe lease.pointee.ipaddr else { continue }
            leases.append(unsafe DHCPLease(mac: String(cString: mac), address: String(cString: address)))
        }
        return leases
    }
}

extension Session {
    /// The networks of the machine that are started, or those that are not (`virConnectListAllNetworks`).
    ///
    /// - Throws: `LibvirtError`, of kind `unsupported` for drivers without networks.
    package func networks(started: Bool) throws(LibvirtError) -> [Network] {
        let flags = started ? VIR_CONNECT_LIST_NETWORKS_ACTIVE.rawValue : VIR_CONNECT_LIST_NETWORKS_INACTIVE.rawValue
        return try unsafe handles("virConnectListAllNetworks") { connection, array in
            unsafe virConnectListAllNetworks(connection, array, flags)
        } wrap: { pointer in
            unsafe Network(pointer, of: handle)
        }
    }
}
