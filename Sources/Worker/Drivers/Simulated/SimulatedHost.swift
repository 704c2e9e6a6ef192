import Foundation
import Model

/// What stands on a simulated PM, as its hash in Redis has it, and what an operation makes of it; pure.
///
/// It holds the fields that an operation needs, so that an operation costs the same however much stands there. Two kinds of
/// field are kept for that alone: the sum of what all volumes take, and the UUID of the domain of each name. It remembers
/// which fields were used, so that a change is written only where they are the same still.
struct SimulatedHost: Sendable {
    /// A domain; its UUID is the field's name.
    struct Domain: Hashable, Codable, Sendable {
        var name: String
        var active = false
        var cpu: Int
        var ram: Int
        /// Our record, as in the metadata of a libvirt domain; nil where there is none.
        var metadata: String?
    }

    /// A volume of the pool; its name is the field's name.
    struct Volume: Hashable, Codable, Sendable {
        /// What it takes, in bytes.
        var allocation: Int64
        /// The volume beneath; nil for none.
        var backing: String?
        /// Its size, in bytes.
        var capacity: Int64
        /// When it was made, in ms since 1970.
        var written: Int
    }

    /// The time at which it was read, in ms since 1970.
    let now: Int
    private let fields: [String: String]
    private(set) var seen: [String: String?] = [:]
    private(set) var changes: [String: String?] = [:]
    /// By how many bytes the volumes take more after the changes.
    private(set) var allocated: Int64 = 0

    /// Whether what is done now is spared from faults.
    private(set) var isSpared = false

    private static let domainStart = "domain:"
    private static let volumeStart = "volume:"
    private static let nameStart = "name:"
    private static let lostStart = "lost:"
    private static let allocatedField = "allocated"

    init(fields: [String: String], now: Int) {
        self.fields = fields
        self.now = now
    }

    /// A host that was read whole, with the fields that it lacked.
    init(_ host: SimulatedHost, with missing: [String: String]) {
        self.init(fields: host.fields.merging(missing) { known, _ in known }, now: host.now)
    }

    // MARK: Fields

    /// The fields that an operation needs which is about one VM, one image or both.
    static func fields(of vm: VirtualMachine? = nil, _ image: ImageFile? = nil) -> [String] {
        var fields = [allocatedField]
        if let image { fields += [volumeStart + image.volumeName, volumeStart + image.markerName] }
        if let vm {
            fields += [domainStart, lostStart].map { $0 + vm.simulatedKey }
            fields += [nameStart + vm.domainName, volumeStart + vm.diskName, volumeStart + vm.seedName]
        }
        return fields
    }

    /// False for a hash without the sum and the names, as it is at first and as earlier versions wrote it.
    var isIndexed: Bool { fields[Self.allocatedField] != nil }

    /// The sum and the names, of a host that was read whole.
    var index: [String: String] {
        var index = [Self.allocatedField: String(allocation)]
        for (uuid, domain) in domains { index[Self.nameStart + domain.name] = uuid }
        return index
    }

    // MARK: All of it

    /// The domains by UUID, lower-case.
    var domains: [(uuid: String, domain: Domain)] { all(Self.domainStart) }

    /// The volumes by name.
    var volumes: [(name: String, volume: Volume)] { all(Self.volumeStart) }

    /// What all volumes take, in bytes.
    var allocation: Int64 {
        fields[Self.allocatedField].flatMap { Int64($0) } ?? volumes.reduce(0) { $0 + $1.volume.allocation }
    }

    private func all<Item: Decodable>(_ start: String) -> [(String, Item)] {
        var items: [(String, Item)] = []
        for (field, text) in fields.sorted(by: { $0.key < $1.key }) where field.hasPrefix(start) {
            guard let item: Item = Self.decoded(text) else { continue }
            items.append((String(field.dropFirst(start.count)), item))
        }
        return items
    }

    // MARK: One thing

    /// Looks a domain up.
    mutating func domain(_ uuid: String) -> Domain? { value(Self.domainStart + uuid) }

    /// The UUID of the domain that is called so.
    mutating func uuid(ofDomain name: String) -> String? {
        let field = Self.nameStart + name
        seen[field] = .some(fields[field])
        return fields[field]
    }

    /// Writes a domain; nil deletes it.
    mutating func set(_ domain: Domain?, uuid: String) {
        if let old = self.domain(uuid) { changes[Self.nameStart + old.name] = .some(nil) }
        if let domain { changes[Self.nameStart + domain.name] = uuid }
        set(domain, field: Self.domainStart + uuid)
    }

    /// Looks a volume up.
    mutating func volume(_ name: String) -> Volume? { value(Self.volumeStart + name) }

    /// Writes a volume; nil deletes it.
    mutating func set(_ volume: Volume?, name: String) {
        allocated += (volume?.allocation ?? 0) - (self.volume(name)?.allocation ?? 0)
        set(volume, field: Self.volumeStart + name)
    }

    // MARK: Removals

    /// Notes that the answer to a VM's removal is lost: that of the next one is not.
    mutating func noteLostAnswer(uuid: String) { changes[Self.lostStart + uuid] = "1" }

    /// Spares a removal from faults where the answer to the last one was lost.
    mutating func spareAfterLostAnswer(uuid: String) {
        let field = Self.lostStart + uuid
        guard fields[field] != nil else { return }
        isSpared = true
        changes[field] = .some(nil)
    }

    private mutating func value<Item: Decodable>(_ field: String) -> Item? {
        seen[field] = .some(fields[field])
        guard let text = fields[field] else { return nil }
        return Self.decoded(text)
    }

    private mutating func set<Item: Encodable>(_ item: Item?, field: String) {
        seen[field] = .some(fields[field])
        if let item { changes[field] = .some(Self.encoded(item)) } else { changes[field] = .some(nil) }
    }

    private static func decoded<Item: Decodable>(_ text: String) -> Item? {
        try? JSONDecoder().decode(Item.self, from: Data(text.utf8))
    }

    private static func encoded(_ item: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(item)).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension SimulatedHost {
    /// Every domain, as inventories list them.
    var domainSummaries: [DomainSummary] {
        domains.map { uuid, domain in
            let record = domain.metadata.flatMap(VirtualMachine.read(metadata:))
            // A copy of one of our domains carries the record of another: it is not ours.
            let isOurs = record?.vm.uuid.uuidString.lowercased() == uuid
            return DomainSummary(
                uuid: uuid,
                name: domain.name,
                isActive: domain.active,
                cpu: domain.cpu,
                ramMiB: domain.ram,
                record: isOurs ? record?.vm : nil,
                cell: isOurs ? record?.cell : nil
            )
        }
    }

    /// The volumes that are called as ours are.
    var volumeSummaries: [VolumeSummary] {
        volumes.filter { $0.name.hasPrefix("hvc-") }
            .map { VolumeSummary(name: $0.name, allocation: $0.volume.allocation) }
    }
}

extension VirtualMachine {
    /// By what its domain is known on a simulated PM.
    var simulatedKey: String { uuid.uuidString.lowercased() }
}
