import Model
import Store

/// A PM on the wire.
struct PMBody: Encodable {
    let id: PMID
    let address: String
    let state: String
    let reason: String
    let aliasOf: PMID?
    let isCordoned: Bool
    let isListed: Bool
    let architecture: String?
    let hostname: String?
    let kernel: String?
    let domainType: String?
    let domainTypeReason: String?
    let pool: String
    let tags: [String]
    let overcommit: Factors
    let capacity: AmountBody?
    let cpuReason: String?
    let reserve: AmountBody
    let claimed: AmountBody
    let free: AmountBody
    let load: Double?
    let missing: [String]
    let vmCount: Int
    let groups: [String: Int]
    let checkedAt: String?
    let measuredAt: String?
    let unreachedBy: [String: String]

    /// How many times over each resource may be promised.
    struct Factors: Encodable {
        let cpu: Double
        let ram: Double
        let disk: Double
    }

    private enum CodingKeys: String, CodingKey {
        case id, address, state, reason, architecture, hostname, kernel, pool, tags, overcommit, capacity, reserve,
            claimed,
            free, load, missing, groups
        case aliasOf = "alias_of"
        case isCordoned = "cordoned"
        case isListed = "listed"
        case domainType = "domain_type"
        case domainTypeReason = "domain_type_reason"
        case cpuReason = "cpu_reason"
        case vmCount = "vm_count"
        case checkedAt = "checked_at"
        case measuredAt = "measured_at"
        case unreachedBy = "unreached_by"
    }

    init(_ status: PMStatus) {
        let machine = status.machine
        let factors = machine.listing.overcommit
        id = machine.id
        address = machine.listing.address.description
        state = machine.state.rawValue
        reason = status.reason
        aliasOf = machine.aliasOf
        isCordoned = machine.isCordoned
        isListed = machine.isListed
        architecture = machine.architecture
        hostname = status.hostname
        kernel = status.kernel
        domainType = status.domainType
        domainTypeReason = status.domainTypeReason
        pool = machine.listing.pool
        tags = machine.tags.sorted()
        overcommit = Factors(cpu: factors.cpu, ram: factors.ram, disk: factors.disk)
        capacity = machine.measure.map { AmountBody($0.capacity) }
        cpuReason = status.cpuReason.isEmpty ? nil : status.cpuReason
        reserve = AmountBody(machine.listing.reserve)
        claimed = AmountBody(machine.claimed)
        free = AmountBody(machine.free)
        load = machine.measure?.load
        missing = status.missing
        vmCount = machine.vmCount
        groups = machine.groups
        checkedAt = status.checkedAt
        measuredAt = status.measuredAt
        unreachedBy = status.unreached
    }
}
