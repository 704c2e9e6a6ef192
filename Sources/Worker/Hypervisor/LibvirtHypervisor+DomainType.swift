import Libvirt
import Logging
import Model
import NIOConcurrencyHelpers

/// How guests run on a PM, and why so.
struct DomainTypeDecision: Hashable, Sendable {
    /// The type of its domains: `kvm`, `qemu`, or the driver's own word.
    var type: String
    /// What decided, for people.
    var reason: String
}

/// Remembers the decision for as long as the connection lives over which it was made.
final class DomainTypeDecisions: Sendable {
    private struct Known {
        weak var connection: Connection?
        var decision: DomainTypeDecision
    }

    /// One decision at a time.
    let flights = SingleFlight<String, DomainTypeDecision>()
    private let known = NIOLockedValueBox<Known?>(nil)

    /// What was decided over this connection.
    func decision(over connection: Connection) -> DomainTypeDecision? {
        known.withLockedValue { $0.flatMap { $0.connection === connection ? $0.decision : nil } }
    }

    /// Remembers a decision.
    func remember(_ decision: DomainTypeDecision, over connection: Connection) {
        known.withLockedValue { $0 = Known(connection: connection, decision: decision) }
    }
}

extension LibvirtHypervisor {
    /// How guests run on this PM; decided by a probe once a connection.
    func domainType() async throws(Failure) -> DomainTypeDecision {
        let connection = try await connection()
        if let known = domainTypes.decision(over: connection) { return known }
        return try await domainTypes.flights.run(listing.pool) { [self] () async throws(Failure) in
            let decision = try await decideDomainType()
            domainTypes.remember(decision, over: connection)
            logger.info("domain type", metadata: ["type": "\(decision.type)", "reason": "\(decision.reason)"])
            return decision
        }
    }

    private func decideDomainType() async throws(Failure) -> DomainTypeDecision {
        let host = try await perform("reading its capabilities") { session in try HostTraits(asking: session) }
        guard host.driver == "qemu" else {
            let type = host.isTest ? "test" : host.domainTypes.min() ?? host.driver
            return DomainTypeDecision(type: type, reason: "the driver '\(host.driver)' has no other")
        }
        switch listing.domainType {
        case .kvm: return DomainTypeDecision(type: "kvm", reason: "the PM file says so")
        case .qemu: return DomainTypeDecision(type: "qemu", reason: "the PM file says so")
        case .automatic: break
        }
        guard host.domainTypes.contains("kvm") else {
            return DomainTypeDecision(type: "qemu", reason: "its libvirt offers no kvm")
        }
        guard KVMProbe.architectures.contains(host.architecture) else {
            return DomainTypeDecision(type: "kvm", reason: "its libvirt offers kvm; no probe for \(host.architecture)")
        }
        // Each of two guests may run for as long as the probe waits, and starting it may take long too.
        return try await perform(
            "probing for KVM",
            deadline: (settings.startDeadline + settings.probeWait) * 2,
            grace: settings.grace
        ) { [self] session in
            let probe = KVMProbe(host: host, wait: settings.probeWait, logger: logger)
            return try probe.decide(in: session, pool: pool(in: session))
        }
    }
}
