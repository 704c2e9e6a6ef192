import Foundation
import Libvirt
import Model
import XML

extension LibvirtHypervisor {
    /// How often another address is tried where somebody was faster.
    private static let mostReservations = 16

    func reserveAddress(of vm: VirtualMachine) async throws(Failure) -> GuestAddress? {
        guard let network = networks(of: vm).first, network.kind == .libvirt, let mac = vm.macs.first else {
            throw failure(
                .networkUnavailable,
                "an address is kept by a libvirt network alone, and the VM's first network card is on none: leave out "
                    + "address, or ask for a libvirt network"
            )
        }
        return try await perform("keeping an address for VM \(vm.id)", grace: settings.grace) { [self] session in
            _ = try startNetworks(of: vm, in: session)
            guard let found = try session.network(name: network.name) else { throw missing(network) }
            for _ in 0..<Self.mostReservations {
                let xml = try found.xml()
                let reservations = DHCPReservations(xml: xml)
                let summary = NetworkSummary(xml: xml, isActive: true, startsByItself: true)
                if let known = reservations.kept[mac] { return Self.reserved(known, mac, summary) }
                let leases = try Self.leases(of: found)
                let leased = leases.compactMap { IPAddress($0.address) }
                // What its guest has: it was kept, and somebody has removed it from the network.
                let own = leases.first { MACAddress($0.mac) == mac }.flatMap { IPAddress($0.address) }
                let seed = vm.uuid.uuidString.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
                guard let address = reservations.free(preferring: own, excluding: leased, seed: seed) else {
                    throw failure(
                        .networkUnavailable,
                        "its libvirt network '\(network.name)' has no address left, or no DHCP range: widen it there, or "
                            + "leave out address"
                    )
                }
                do throws(LibvirtError) {
                    try found.add(host: Self.host(of: vm, mac, address), isActive: true)
                    return Self.reserved(address, mac, summary)
                } catch {
                    // Another worker has taken this one since it was read.
                    guard error.kind == .alreadyExists else { throw error }
                }
            }
            throw failure(
                .networkUnavailable,
                "its network '\(network.name)' gives its addresses faster than one can be kept"
            )
        }
    }

    /// Gives back the address that was kept for a VM; one whose network went away has none.
    func releaseAddress(of vm: VirtualMachine, in session: Session) throws {
        guard vm.constraints.reservesAddress, let network = networks(of: vm).first, network.kind == .libvirt,
            let mac = vm.macs.first, let found = try session.network(name: network.name)
        else { return }
        do throws(LibvirtError) {
            guard DHCPReservations(xml: try found.xml()).kept[mac] != nil else { return }
            let host = XMLElement("host", ["mac": mac.description]).xmlString
            try found.remove(host: host, isActive: try found.isActive())
        } catch {
            // Somebody was faster.
            let isLeft = try DHCPReservations(xml: found.xml()).kept[mac] != nil
            guard !isLeft, !error.kind.isConnectionFault else { throw error }
        }
    }

    private static func reserved(_ address: IPAddress, _ mac: MACAddress, _ network: NetworkSummary?) -> GuestAddress {
        GuestAddress(address, source: .reserved, scope: network?.isRouted == true ? .routed : .pm, mac: mac)
    }

    /// The domain's name says whose the entry is.
    private static func host(of vm: VirtualMachine, _ mac: MACAddress, _ address: IPAddress) -> String {
        XMLElement("host", ["mac": mac.description, "name": vm.domainName, "ip": address.canonical]).xmlString
    }

    private func missing(_ network: VMNetwork) -> Failure {
        failure(.networkUnavailable, "it has no libvirt network '\(network.name)' any more: define it there")
    }
}
