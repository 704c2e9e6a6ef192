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
    /// How long it holds.
    var basis = DomainTypeBasis.none
}

/// What is decided and read once for all guests that are made on a PM.
struct GuestTraits: Hashable, Sendable {
    /// How guests run.
    var domainType: DomainTypeDecision
    /// What the PM says of itself.
    var host: HostTraits
    /// What guests of that type can have there.
    var traits: DomainTraits
}

/// What a PM's record says of how guests run there.
struct RecordedDomainType: Hashable, Sendable {
    /// Names the run of the PM's kernel.
    var bootID: String?
    /// What a probe decided, by whichever worker.
    var probed: ProbedDomainType?

    /// The decision, where it holds for a PM of these versions.
    func decision(for versions: String) -> DomainTypeDecision? {
        guard let bootID, let probed, probed.basis == ProbedDomainType.basis(bootID: bootID, versions: versions) else {
            return nil
        }
        return DomainTypeDecision(type: probed.type, reason: probed.reason, basis: .recorded(probed.basis))
    }
}

/// Remembers guests' traits until a connection breaks: what the PM's libvirt is and can may be another then.
final class KnownGuestTraits: Sendable {
    private struct Known {
        let generation: Int
        let traits: GuestTraits
    }

    /// One reading at a time.
    let flights = SingleFlight<String, GuestTraits>()
    private let known = NIOLockedValueBox<Known?>(nil)

    /// What was read in this generation of connections; what was taken over from the PM's record holds only as long as that
    /// is of the same run of its kernel.
    func traits(in generation: Int, recorded: RecordedDomainType) -> GuestTraits? {
        guard let known = known.withLockedValue({ $0 }), known.generation == generation else { return nil }
        guard case .recorded = known.traits.domainType.basis else { return known.traits }
        return recorded.decision(for: known.traits.host.versions) == nil ? nil : known.traits
    }

    /// Remembers traits.
    func remember(_ traits: GuestTraits, in generation: Int) {
        known.withLockedValue { $0 = Known(generation: generation, traits: traits) }
    }
}

extension LibvirtHypervisor {
    /// How guests run on this PM.
    func domainType() async throws(Failure) -> DomainTypeDecision {
        try await guestTraits().domainType
    }

    /// What guests on this PM are made by.
    func guestTraits() async throws(Failure) -> GuestTraits {
        let recorded = recordedDomainType.withLockedValue { $0 }
        if let traits = knownGuestTraits.traits(in: connections.generation, recorded: recorded) { return traits }
        return try await knownGuestTraits.flights.run(listing.pool) { [self] () async throws(Failure) in
            // Before anything is read: what is read over a connection that breaks meanwhile is not kept.
            let generation = connections.generation
            let host = try await perform("reading its capabilities") { session in try HostTraits(asking: session) }
            let decision = try await decideDomainType(host, recorded)
            let traits = try await perform("reading what guests can have") { session in
                try DomainTraits(of: decision.type, on: host, asking: session)
            }
            let read = GuestTraits(domainType: decision, host: host, traits: traits)
            knownGuestTraits.remember(read, in: generation)
            logger.info("domain type", metadata: ["type": "\(decision.type)", "reason": "\(decision.reason)"])
            return read
        }
    }

    private func decideDomainType(
        _ host: HostTraits,
        _ recorded: RecordedDomainType
    ) async throws(Failure) -> DomainTypeDecision {
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
        if let decision = recorded.decision(for: host.versions) { return decision }
        // Each of two guests may run for as long as the probe waits, and starting it may take long too.
        return try await perform(
            "probing for KVM",
            deadline: (settings.startDeadline + settings.probeWait) * 2,
            grace: settings.grace
        ) { [self] session in
            let probe = KVMProbe(host: host, wait: settings.probeWait, logger: logger)
            var decision = try probe.decide(in: session, pool: pool(in: session))
            decision.basis = .probed(versions: host.versions)
            return decision
        }
    }
}
