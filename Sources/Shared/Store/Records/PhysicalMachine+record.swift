package import Model

extension PhysicalMachine {
    /// Reads the hash `pm:<id>`.
    ///
    /// - Parameters:
    ///   - record: its fields.
    ///   - key: the key, for people.
    /// - Throws: `Failure` with `malformedRecord`.
    package init(record: [String: String], key: String = "a PM's record") throws(Failure) {
        let fields = RecordFields(record, key: key)
        self.init(
            id: try fields.needed("id") { PMID($0) },
            listing: try PMListing(fields),
            state: try fields.value("state") { PMState(rawValue: $0) } ?? .unknown,
            isProbed: fields["checked_at"] != nil,
            isCordoned: fields["cordoned"] == "1",
            isListed: fields["listed"] == "1",
            aliasOf: try fields.value("alias_of") { PMID($0) },
            identity: fields["identity"],
            measure: try PMMeasure(fields),
            claimed: try fields.resources(prefix: "claimed_") ?? .zero,
            vmCount: try fields.value("vms") { Int($0) } ?? 0,
            lastUsed: try fields.value("last_used") { Int($0) } ?? 0,
            failures: try fields.value("failures") { Int($0) } ?? 0,
            architecture: fields["architecture"],
            probedDomainType: ProbedDomainType(fields),
            addedTags: Set(words: fields["added_tags"]),
            groups: try fields.values(prefix: "group:") { Int($0) },
            cachedImages: try fields.value("cached_images") { Self.images($0) } ?? [],
            networks: try fields.value("networks") { $0 == Self.noNetworks ? [] : Set<VMNetwork>(words: $0) }
        )
    }

    /// A PM of which nothing but the number is known, since its record cannot be read; it takes no VMs.
    ///
    /// - Parameter id: its number.
    /// - Returns: the PM, listed and `unknown`.
    static func unreadable(_ id: PMID) -> PhysicalMachine {
        PhysicalMachine(
            id: id,
            listing: PMListing(address: .unreadable),
            state: .unknown,
            isProbed: true,
            isListed: true
        )
    }

    /// In place of a list: the PM has none, and it is known.
    package static let noNetworks = "-"

    private static func images(_ text: String) -> Set<ImageID>? {
        let words = text.split(separator: ",")
        let images = words.compactMap { ImageID($0) }
        return images.count == words.count ? Set(images) : nil
    }
}

extension ProbedDomainType {
    fileprivate init?(_ fields: RecordFields) {
        guard let basis = fields["domain_type_basis"], !basis.isEmpty, let type = fields["domain_type"] else {
            return nil
        }
        self.init(type: type, reason: fields["domain_type_reason"] ?? "", basis: basis)
    }
}

extension PMListing {
    fileprivate init(_ fields: RecordFields) throws(Failure) {
        let address: PMAddress
        do throws(Failure) { address = try PMAddress(try fields.text("address")) } catch {
            throw error.code == .malformedRecord ? error : fields.fault("address", "cannot be: \(error.message)")
        }
        self.init(
            address: address,
            domainType: try fields.value("domain_type_wanted") { DomainTypeChoice(rawValue: $0) } ?? .automatic,
            overcommit: Overcommit(
                cpu: try fields.value("overcommit_cpu") { number(in: $0, from: .leastNonzeroMagnitude) } ?? 1,
                ram: try fields.value("overcommit_ram") { number(in: $0, from: .leastNonzeroMagnitude) } ?? 1,
                disk: try fields.value("overcommit_disk") { number(in: $0, from: .leastNonzeroMagnitude) } ?? 1
            ),
            pool: fields["pool"] ?? "default",
            network: fields["network"],
            reserve: try fields.resources(prefix: "reserve_") ?? .zero,
            tags: Set(words: fields["tags"])
        )
    }
}

/// A number that is one: neither infinite nor none, and not below the least.
private func number(in text: String, from least: Double) -> Double? {
    Double(text).flatMap { $0.isFinite && $0 >= least ? $0 : nil }
}

extension Set<String> {
    fileprivate init(words text: String?) {
        self = Set((text ?? "").split(separator: ",").map(String.init))
    }
}

extension PMMeasure {
    /// Reads the measure of a PM's record; nil where it was never measured.
    fileprivate init?(_ fields: RecordFields) throws(Failure) {
        guard let capacity = try fields.resources(prefix: "") else { return nil }
        self.init(
            capacity: capacity,
            available: try fields.resources(prefix: "available_") ?? .zero,
            foreign: try fields.resources(prefix: "foreign_") ?? .zero,
            claimed: try fields.resources(prefix: "measured_claimed_") ?? .zero,
            load: try fields.value("load") { number(in: $0, from: 0) },
            time: try fields.value("measured_at") { RecordTime.milliseconds($0) }
        )
    }

    /// The measure as fields of the hash.
    var fields: [String: String] {
        var fields = capacity.fields(prefix: "")
        fields.merge(available.fields(prefix: "available_")) { _, new in new }
        fields.merge(foreign.fields(prefix: "foreign_")) { _, new in new }
        fields.merge(claimed.fields(prefix: "measured_claimed_")) { _, new in new }
        fields["load"] = load.map { String($0) } ?? ""
        return fields
    }
}

extension Resources {
    fileprivate func fields(prefix: String) -> [String: String] {
        [prefix + "cpu": String(cpu), prefix + "ram": String(ram), prefix + "disk": String(disk)]
    }
}
