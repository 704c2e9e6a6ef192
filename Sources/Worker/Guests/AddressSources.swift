import Model
import Store

/// All that is known of the addresses of guests on one PM.
struct AddressSources: Sendable {
    var networks: [NetworkSummary] = []
    /// What the PM's neighbour table has.
    var neighbours: [MACAddress: [IPAddress]] = [:]
    /// What the guest's agent has said; nil where it was not asked.
    var agent: AgentAnswer?

    /// How many addresses of a guest are kept.
    static let most = 16

    /// The addresses of a guest's network cards, each by the surest source, in the order of the cards.
    func addresses(of macs: [MACAddress]) -> [GuestAddress] {
        var found: [GuestAddress] = []
        for mac in macs {
            let known: [(GuestAddress.Source, [IPAddress])] = [
                (.reserved, networks.compactMap { $0.reservations[mac] }),
                (.lease, networks.flatMap { $0.leases[mac] ?? [] }), (.agent, ofAgent[mac] ?? []),
                (.neighbour, neighbours[mac] ?? []),
            ]
            for (source, addresses) in known {
                let others = addresses.filter { address in
                    address.isOfGuest && !found.contains { $0.address == address }
                }
                // In an order of their own, so that the same ones are never news.
                for address in Set(others).sorted(by: { $0.bytes.lexicographicallyPrecedes($1.bytes) }) {
                    found.append(GuestAddress(address, source: source, scope: scope(of: address), mac: mac))
                }
            }
        }
        return Array(found.prefix(Self.most))
    }

    /// What is to be written of a guest.
    func finding(of vm: VirtualMachine, macs: [MACAddress]) -> AddressFinding {
        let addresses = addresses(of: macs)
        return AddressFinding(
            vm: vm.id,
            uuid: vm.uuid,
            addresses: addresses,
            reason: addresses.isEmpty ? reason(for: macs) : nil
        )
    }

    private var ofAgent: [MACAddress: [IPAddress]] {
        if case .answered(let addresses) = agent { addresses } else { [:] }
    }

    private func scope(of address: IPAddress) -> GuestAddress.Scope {
        networks.contains { !$0.isRouted && $0.subnets.contains { $0.contains(address) } } ? .pm : .routed
    }

    /// Why there is none, in words for people.
    private func reason(for macs: [MACAddress]) -> String {
        guard !macs.isEmpty else { return "the VM has no network card" }
        let servers = networks.filter { $0.isActive && $0.hasDHCP }.map { "'\($0.name)'" }
        let leases =
            servers.isEmpty
            ? "no libvirt network of its PM gives addresses" : "it has no lease of \(servers.joined(separator: ", "))"
        let agent =
            switch agent {
            case nil: ""
            case .silent(let why): "; its guest agent does not answer (\(why.prefix(200)))"
            case .answered: "; its guest agent knows of none"
            }
        return "\(leases)\(agent); its PM's neighbour table does not have it"
    }
}
