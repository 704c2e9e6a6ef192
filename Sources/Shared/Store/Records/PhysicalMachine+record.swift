public import Model

extension PhysicalMachine {
    /// Reads the hash `pm:<id>`; nil where it is none that our scripts wrote.
    ///
    /// - Parameter record: its fields.
    public init?(record: [String: String]) {
        guard let id = record["id"].flatMap(PMID.init), let text = record["address"],
            let address = try? PMAddress(text)
        else { return nil }
        self.init(
            id: id,
            listing: PMListing(
                address: address,
                domainType: record["domain_type_wanted"].flatMap(DomainTypeChoice.init) ?? .automatic,
                overcommit: Overcommit(
                    cpu: record["overcommit_cpu"].flatMap(Double.init) ?? 1,
                    ram: record["overcommit_ram"].flatMap(Double.init) ?? 1,
                    disk: record["overcommit_disk"].flatMap(Double.init) ?? 1
                ),
                pool: record["pool"] ?? "default",
                network: record["network"].flatMap { $0.isEmpty ? nil : $0 },
                reserve: Resources(record: record, prefix: "reserve_") ?? .zero,
                tags: Self.words(record["tags"])
            ),
            state: record["state"].flatMap(PMState.init) ?? .unknown,
            isExplored: record["checked_at"] != nil,
            isCordoned: record["cordoned"] == "1",
            isListed: record["listed"] == "1",
            measure: PMMeasure(record: record),
            claimed: Resources(record: record, prefix: "claimed_") ?? .zero,
            vmCount: record["vms"].flatMap { Int($0) } ?? 0,
            lastUsed: record["last_used"].flatMap { Int($0) } ?? 0,
            failures: record["failures"].flatMap { Int($0) } ?? 0,
            architecture: record["architecture"],
            addedTags: Self.words(record["added_tags"]),
            groups: Self.groups(in: record),
            cachedImages: Set(Self.words(record["cached_images"]).compactMap { ImageID($0) })
        )
    }

    private static func words(_ text: String?) -> Set<String> {
        Set((text ?? "").split(separator: ",").map(String.init))
    }

    private static func groups(in record: [String: String]) -> [String: Int] {
        var groups: [String: Int] = [:]
        for (field, count) in record where field.hasPrefix("group:") {
            groups[String(field.dropFirst("group:".count))] = Int(count)
        }
        return groups
    }
}

extension PMMeasure {
    init?(record: [String: String]) {
        guard let capacity = Resources(record: record, prefix: "") else { return nil }
        self.init(
            capacity: capacity,
            available: Resources(record: record, prefix: "available_") ?? .zero,
            foreign: Resources(record: record, prefix: "foreign_") ?? .zero,
            claimed: Resources(record: record, prefix: "measured_claimed_") ?? .zero,
            load: record["load"].flatMap(Double.init) ?? 0,
            time: record["measured_at"].flatMap(RecordTime.milliseconds)
        )
    }

    /// The measure as fields of the hash.
    var fields: [String: String] {
        var fields = capacity.fields(prefix: "")
        fields.merge(available.fields(prefix: "available_")) { _, new in new }
        fields.merge(foreign.fields(prefix: "foreign_")) { _, new in new }
        fields.merge(claimed.fields(prefix: "measured_claimed_")) { _, new in new }
        fields["load"] = String(load)
        return fields
    }
}

extension Resources {
    /// Reads three fields; nil where one is missing or no number.
    init?(record: [String: String], prefix: String) {
        guard let cpu = record[prefix + "cpu"].flatMap({ Int($0) }),
            let ram = record[prefix + "ram"].flatMap({ Int($0) }),
            let disk = record[prefix + "disk"].flatMap({ Int($0) })
        else { return nil }
        self.init(cpu: cpu, ram: ram, disk: disk)
    }

    func fields(prefix: String) -> [String: String] {
        [prefix + "cpu": String(cpu), prefix + "ram": String(ram), prefix + "disk": String(disk)]
    }
}
