import Foundation
import Model
import Store

/// The result of one probe of a PM; pure.
///
/// Silence never counts as empty: where something is missing, nothing is
/// concluded from the rest.
struct PMInspection {
    let machine: PhysicalMachine
    /// What the host's own commands said; nil where there is no way to ask.
    let host: Result<HostMeasure, Failure>?
    /// What libvirt said.
    let inventory: Result<HypervisorInventory, Failure>
    /// Its libvirt networks; nil where they were not read.
    var networks: [NetworkSummary]?
    /// The UUIDs of the VMs that have a claim on the PM by our records.
    let claimants: Set<String>

    /// The report for the store.
    var report: DiscoveryReport {
        switch (host, inventory) {
        case (.failure(let hostFailure), .failure(let failure)):
            DiscoveryReport(state: .unknown, reason: "ssh: \(hostFailure); libvirt: \(failure)")
        case (.failure(let failure), .success):
            DiscoveryReport(state: .degraded, reason: "ssh: \(failure)")
        case (nil, .failure(let failure)):
            DiscoveryReport(state: .unknown, reason: "libvirt: \(failure)")
        case (.success(let host), .failure(let failure)):
            DiscoveryReport(state: .degraded, reason: "libvirt: \(failure)\(Self.note(of: host.chatter))")
        case (nil, .success(let inventory)):
            upReport(host: nil, inventory)
        case (.success(let host), .success(let inventory)):
            upReport(host: host, inventory)
        }
    }

    /// What a login prints may be what libvirt stumbles over.
    private static func note(of chatter: String) -> String {
        chatter.isEmpty ? "" : "; before a command's output ssh prints '\(chatter)' there"
    }

    private func upReport(host: HostMeasure?, _ inventory: HypervisorInventory) -> DiscoveryReport {
        DiscoveryReport(
            state: .up,
            measure: measure(host: host, inventory),
            source: source(host: host),
            facts: facts(host: host, inventory)
        )
    }

    private func source(host: HostMeasure?) -> String {
        if case .simulated = machine.listing.address.route { return "simulated" }
        return (host == nil ? "" : "ssh free,cpu/online,loadavg,df,uname; ") + "libvirt nodeinfo,pool,domains"
    }

    private func measure(host: HostMeasure?, _ inventory: HypervisorInventory) -> PMMeasure {
        let capacity = Resources(
            cpu: cpus(host, inventory).count,
            // virNodeGetInfo reads NUMA node 0 alone, so the host's own word counts where there is one.
            ram: host?.totalMemoryMiB ?? inventory.memoryMiB,
            disk: Self.gibibytes(inventory.poolCapacity)
        )
        // CPUs are shared, not used up: only promises limit them. So is memory that nobody could measure.
        let promised = machine.listing.overcommit.applied(to: capacity)
        return PMMeasure(
            capacity: capacity,
            available: Resources(
                cpu: promised.cpu,
                ram: host?.availableMemoryMiB ?? promised.ram,
                disk: host == nil ? promised.disk : Self.gibibytes(inventory.poolAvailable)
            ),
            foreign: foreign(inventory.domains)
                + Resources(cpu: 0, ram: 0, disk: host == nil ? 0 : foreignDisk(inventory)),
            claimed: alreadyMeasured(inventory.domains),
            load: host?.load?.oneMinute
        )
    }

    /// The machine's CPUs, and why these where its host and its libvirt count differently (CPUs that go on and off).
    private func cpus(_ host: HostMeasure?, _ inventory: HypervisorInventory) -> (count: Int, reason: String) {
        guard let own = host?.cpus, own != inventory.cpus else { return (inventory.cpus, "") }
        return (
            min(own, inventory.cpus),
            "libvirt counts \(inventory.cpus) CPUs and the host \(own): the smaller number counts"
        )
    }

    /// How much of what our VMs hold the figures feel: a hold, a VM that is being built and one that is switched off take no
    /// memory yet, so theirs is still to come off what is available.
    private func alreadyMeasured(_ domains: [DomainSummary]) -> Resources {
        let used = domains.filter { $0.isActive && claimants.contains($0.uuid) }.reduce(0) { $0 + $1.ramMiB }
        return Resources(cpu: machine.claimed.cpu, ram: min(used, machine.claimed.ram), disk: machine.claimed.disk)
    }

    /// What running domains use that have no claim by our records.
    private func foreign(_ domains: [DomainSummary]) -> Resources {
        domains.filter { $0.isActive && !claimants.contains($0.uuid) }
            .reduce(into: .zero) { $0 += Resources(cpu: $1.cpu, ram: $1.ramMiB, disk: 0) }
    }

    /// What uses the pool's file system apart from our VMs' disks: images, foreign disks, anything.
    ///
    /// Our disks grow up to what their VMs claim, so they count by the claim and not by what they take now.
    private func foreignDisk(_ inventory: HypervisorInventory) -> Int {
        let ours = inventory.volumes.filter(\.isDisk).reduce(0) { $0 + $1.allocation }
        let others = inventory.poolCapacity - inventory.poolAvailable - ours
        return Self.gibibytes(max(0, others) + (1 << 30) - 1)
    }

    private func facts(host: HostMeasure?, _ inventory: HypervisorInventory) -> [String: String] {
        let foreign = inventory.domains.filter { !claimants.contains($0.uuid) }
        var facts = [
            "hostname": inventory.hostname,
            "host_uuid": inventory.hostUUID,
            "architecture": inventory.architecture,
            "domain_type": inventory.domainType,
            "domain_type_reason": inventory.domainTypeReason,
            "domain_type_basis": basis(host, inventory),
            "domains": String(inventory.domains.count),
            "domains_foreign": String(foreign.count),
            "foreign_domains": Self.list(foreign.map(\.name)),
            "cached_images": Set(inventory.volumes.compactMap(\.cachedImage)).sorted().map(\.description)
                .joined(separator: ","),
            "cpu_reason": cpus(host, inventory).reason,
        ]
        if let networks { facts.merge(networkFacts(host, networks)) { _, new in new } }
        guard let host else { return facts }
        if let system = host.system { facts["kernel"] = system.kernel }
        if case .simulated = machine.listing.address.route { return facts }
        facts["missing"] = host.missing.joined(separator: ",")
        return facts
    }

    /// To what VMs can be attached: libvirt's networks that are started or are to be, and other bridges.
    private func networkFacts(_ host: HostMeasure?, _ networks: [NetworkSummary]) -> [String: String] {
        let usable = networks.filter { ($0.isActive || $0.startsByItself) && PMListing.isLibvirtName($0.name) }
        let own = Set(networks.compactMap(\.bridge))
        let bridges = host.map { $0.bridges.filter { !own.contains($0) } } ?? [VMNetwork.anyName]
        let all =
            usable.map { VMNetwork(kind: .libvirt, name: $0.name) }
            + bridges.map { VMNetwork(kind: .bridge, name: $0) }
        let words = Set(all.prefix(Self.mostNetworks)).words
        return ["networks": words.isEmpty ? PhysicalMachine.noNetworks : words]
    }

    /// How many networks and bridges of a PM are kept.
    private static let mostNetworks = 128

    /// What has to stay as it is for the decision on the type of domains to hold; empty where that cannot be said.
    private func basis(_ host: HostMeasure?, _ inventory: HypervisorInventory) -> String {
        switch inventory.domainTypeBasis {
        case .none: ""
        case .recorded(let basis): basis
        case .probed(let versions): host?.bootID.map { ProbedDomainType.basis(bootID: $0, versions: versions) } ?? ""
        }
    }

    /// The first names in their order, as JSON.
    private static func list(_ names: [String]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return (try? encoder.encode(Array(names.sorted().prefix(listed)))).map { String(decoding: $0, as: UTF8.self) }
            ?? "[]"
    }

    /// How many names of foreign domains are kept.
    private static let listed = 32

    private static func gibibytes(_ bytes: Int64) -> Int { Int(bytes >> 30) }
}
