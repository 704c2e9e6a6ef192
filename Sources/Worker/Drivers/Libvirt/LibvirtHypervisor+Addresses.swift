import Libvirt
import Logging
import Model

import struct Foundation.UUID

extension LibvirtHypervisor {
    /// How many networks of a PM are read.
    private static let mostNetworks = 64
    /// How long a guest's agent may take to answer.
    static let agentTimeout = 2

    func networks() async throws(Failure) -> [NetworkSummary]? {
        try await perform("reading its networks") { session in try Self.networks(in: session) }
    }

    private static func networks(in session: Session) throws(LibvirtError) -> [NetworkSummary]? {
        var found: [NetworkSummary] = []
        for isActive in [true, false] {
            let listed: [Network]
            do throws(LibvirtError) { listed = try session.networks(started: isActive) } catch {
                guard error.kind == .unsupported else { throw error }
                return nil
            }
            for network in listed.prefix(mostNetworks) {
                if let summary = try summary(of: network, isActive: isActive) { found.append(summary) }
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// Reads a network; nil where it went away since it was listed.
    private static func summary(of network: Network, isActive: Bool) throws(LibvirtError) -> NetworkSummary? {
        let startsByItself: Bool
        let xml: String
        do throws(LibvirtError) {
            startsByItself = try network.startsByItself()
            xml = try network.xml()
        } catch {
            guard error.kind == .noSuchNetwork else { throw error }
            return nil
        }
        guard var summary = NetworkSummary(xml: xml, isActive: isActive, startsByItself: startsByItself) else {
            return nil
        }
        guard isActive, summary.hasDHCP else { return summary }
        for lease in try leases(of: network) {
            guard let mac = MACAddress(lease.mac), let address = IPAddress(lease.address) else { continue }
            summary.leases[mac, default: []].append(address)
        }
        return summary
    }

    static func leases(of network: Network) throws(LibvirtError) -> [DHCPLease] {
        do throws(LibvirtError) { return try network.leases() } catch {
            // It was stopped meanwhile, or pretends.
            guard [.unsupported, .operationInvalid, .noSuchNetwork].contains(error.kind) else { throw error }
            return []
        }
    }

    func askAgent(of vm: UUID) async throws(Failure) -> AgentAnswer {
        try await perform("asking a guest's agent", over: agentConnection) { session in
            try Self.answer(ofAgentOf: vm, in: session)
        }
    }

    private static func answer(ofAgentOf vm: UUID, in session: Session) throws(LibvirtError) -> AgentAnswer {
        do throws(LibvirtError) {
            guard let domain = try session.domain(uuid: vm) else { return .silent("the guest has no domain there") }
            // One that others started has no bound yet.
            try domain.boundAgent(seconds: agentTimeout)
            return .answered(addresses(in: try domain.agentInterfaces()))
        } catch {
            // A call that times out is the agent's, as long as the connection is up.
            guard !error.kind.isConnectionFault || session.isAlive else { throw error }
            return .silent(error.message)
        }
    }

    func askSystem(of vm: UUID) async throws(Failure) -> GuestSystem? {
        try await perform("asking a guest's agent", over: agentConnection) { session in
            do throws(LibvirtError) {
                guard let domain = try session.domain(uuid: vm) else { return nil }
                try domain.boundAgent(seconds: Self.agentTimeout)
                let found = try domain.agentSystem()
                let (hostname, os) = (found.hostname.map(Self.fit), found.name.map(Self.fit))
                return hostname == nil && os == nil ? nil : GuestSystem(hostname: hostname, os: os)
            } catch {
                guard !error.kind.isConnectionFault || session.isAlive else { throw error }
                return nil
            }
        }
    }

    /// What a guest says of itself, fit for people.
    private static func fit(_ text: String) -> String { PrintableText.line(text, limit: 253) }

    func consoleLog(of vm: VirtualMachine) -> String? {
        settings.consoleLogDirectory.map { "\($0)/\(vm.domainName)-console.log" }
    }

    private static func addresses(in interfaces: [GuestInterface]) -> [MACAddress: [IPAddress]] {
        var found: [MACAddress: [IPAddress]] = [:]
        for interface in interfaces {
            guard let mac = interface.mac.flatMap({ MACAddress($0) }) else { continue }
            found[mac, default: []] += interface.addresses.compactMap { IPAddress($0) }
        }
        return found
    }

    /// Sees that an agent that hangs holds up nobody for long.
    func boundAgent(of domain: Domain, _ vm: VirtualMachine) throws(LibvirtError) {
        do throws(LibvirtError) {
            try domain.boundAgent(seconds: Self.agentTimeout)
        } catch {
            guard !error.kind.isConnectionFault else { throw error }
            logger.notice(
                "the time for answers of a guest's agent could not be set",
                metadata: ["vm": "\(vm.id)", "error": "\(error)"]
            )
        }
    }
}

extension Domain {
    /// Sets how long its agent may take; a driver without agents needs no bound.
    fileprivate func boundAgent(seconds: Int) throws(LibvirtError) {
        do throws(LibvirtError) { try setAgentTimeout(seconds: seconds) } catch {
            guard error.kind == .unsupported else { throw error }
        }
    }
}
