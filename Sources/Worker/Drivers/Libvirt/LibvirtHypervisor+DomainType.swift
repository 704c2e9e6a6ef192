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

/// What is decided and read once a connection, for all guests that are made over it.
struct GuestTraits: Hashable, Sendable {
    /// How guests run.
    var domainType: DomainTypeDecision
    /// What the machine says of itself.
    var host: HostTraits
    /// What guests of that type can have there.
    var traits: DomainTraits
}

/// Remembers guests' traits for as long as the connection lives over which they were read.
final class KnownGuestTraits: Sendable {
    private struct Known {
        weak var connection: Connection?
        var traits: GuestTraits
    }

    /// One reading at a time.
    let flights = SingleFlight<String, GuestTraits>()
    private let known = NIOLockedValueBox<Known?>(nil)

    /// What was read over this connection.
    func traits(over connection: Connection) -> GuestTraits? {
        known.withLockedValue { $0.flatMap { $0.connection === connection ? $0.traits : nil } }
    }

    /// Remembers traits.
    func remember(_ traits: GuestTraits, over connection: Connection) {
        known.withLockedValue { $0 = Known(connection: connection, traits: traits) }
    }
}

extension LibvirtHypervisor {
    /// How guests run on this PM; decided by a probe once a connection.
    func domainType() async throws(Failure) -> DomainTypeDecision {
        try await guestTraits().domainType
    }

    /// What guests on this PM are made by; read once a connection.
    func guestTraits() async throws(Failure) -> GuestTraits {
        let connection = try await connection()
        if let known = knownGuestTraits.traits(over: connection) { return known }
        return try await knownGuestTraits.flights.run(listing.pool) { [self] () async throws(Failure) in
            let host = try await perform("reading its capabilities") { session in try HostTraits(asking: session) }
            let decision = try await decideDomainType(host)
            let traits = try await perform("reading what guests can have") { session in
                try DomainTraits(of: decision.type, on: host, asking: session)
            }
            let known = GuestTraits(domainType: decision, host: host, traits: traits)
            knownGuestTraits.remember(known, over: connection)
            logger.info("domain type", metadata: ["type": "\(decision.type)", "reason": "\(decision.reason)"])
            return known
        }
    }

    private func decideDomainType(_ host: HostTraits) async throws(Failure) -> DomainTypeDecision {
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
