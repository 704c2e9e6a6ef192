package import Model
import RedisClient

/// A page of a list, as it was read.
package struct RecordPage<Record: Sendable>: Sendable {
    package let records: [Record]
    /// What the last object of the page is ordered by; nil where no others follow.
    package let next: String?
    /// The last event before the page was read.
    package let events: String

    package init(records: [Record], next: String?, events: String) {
        (self.records, self.next, self.events) = (records, next, events)
    }
}

/// How objects of a kind are read.
struct RecordReading<Entity, Record: Sendable> {
    /// What to ask about an object.
    let commands: (Identifier<Entity>) -> [RedisCommand]
    /// Makes a record of the replies; nil where there is none.
    let record: (Identifier<Entity>, [RESPValue]) throws(Failure) -> Record?
}

extension Store {
    /// A page of the VMs, by number (two round trips, as with every page).
    package func vms(after last: VMID?, limit: Int) async throws(Failure) -> RecordPage<VMStatus> {
        try await page(of: keys.vms, after: last, limit: limit, vmReading)
    }

    var vmReading: RecordReading<VirtualMachine, VMStatus> {
        RecordReading(
            commands: { [["HGETALL", keys.vm($0)]] },
            record: { (id, replies) throws(Failure) in
                guard let record = try replies[0].record(of: keys.vm(id)) else { return nil }
                return try VMStatus(record: record, key: keys.vm(id))
            }
        )
    }

    /// A page of the PMs that are listed, by number.
    package func machines(after last: PMID?, limit: Int) async throws(Failure) -> RecordPage<PMStatus> {
        let reading = RecordReading<PhysicalMachine, PMStatus>(
            commands: { [["HGETALL", keys.pm($0)], ["HGETALL", keys.unreached($0)]] },
            record: { (id, replies) throws(Failure) in try PMStatus(of: id, replies, keys: keys) }
        )
        return try await page(of: keys.pms, after: last, limit: limit, reading)
    }

    /// A page of the images that are listed, by number.
    package func images(after last: ImageID?, limit: Int) async throws(Failure) -> RecordPage<RegisteredImage> {
        let reading = RecordReading<Image, RegisteredImage>(
            commands: { [["HGETALL", keys.image($0)]] },
            record: { (id, replies) throws(Failure) in
                guard let record = try replies[0].record(of: keys.image(id)) else { return nil }
                let registration = try ImageRegistration(record: record, key: keys.image(id))
                return RegisteredImage(id: id, registration: registration)
            }
        )
        return try await page(of: keys.images, after: last, limit: limit, reading)
    }

    /// A page of the types that are listed, by number.
    package func types(after last: TypeID?, limit: Int) async throws(Failure) -> RecordPage<InstanceType> {
        let reading = RecordReading<InstanceType, InstanceType>(
            commands: { [["HGETALL", keys.type($0)]] },
            record: { (id, replies) throws(Failure) in
                guard let record = try replies[0].record(of: keys.type(id)) else { return nil }
                return try InstanceType(id: id, record: record, key: keys.type(id))
            }
        )
        return try await page(of: keys.types, after: last, limit: limit, reading)
    }

    /// The PM that was given a number for an address, as the pm_file has it (HGET); nil for none.
    package func pm(at address: String) async throws(Failure) -> PMID? {
        try await send(["HGET", keys.numbers(of: .pm), address]).int.flatMap { PMID($0) }
    }

    /// A type that is listed (ZSCORE, HGETALL in one round trip); nil where there is none.
    package func listedType(_ id: TypeID) async throws(Failure) -> InstanceType? {
        let replies = try await pipeline([["ZSCORE", keys.types, id.value], ["HGETALL", keys.type(id)]])
        guard !replies[0].isNull, let record = try replies[1].record(of: keys.type(id)) else { return nil }
        return try InstanceType(id: id, record: record, key: keys.type(id))
    }

    /// Reads a page by an index whose scores are numbers; what went between the two round trips is left out.
    func page<Entity, Record>(
        of index: String,
        after last: Identifier<Entity>?,
        limit: Int,
        _ reading: RecordReading<Entity, Record>
    ) async throws(Failure) -> RecordPage<Record> {
        // The event first: what happens after it and before the page is read is told twice, rather than never.
        let replies = try await pipeline([
            ["XREVRANGE", keys.events, "+", "-", "COUNT", "1"],
            ["ZRANGEBYSCORE", index, "(\(last?.value ?? 0)", "+inf", "LIMIT", "0", limit + 1],
        ])
        let found: [Identifier<Entity>] = replies[1].identifiers()
        let ids = Array(found.prefix(limit))
        return RecordPage(
            records: try await records(of: ids, reading),
            next: found.count > limit ? ids.last?.description : nil,
            events: replies[0].lastEvent
        )
    }

    /// Reads objects in one round trip; those that are no more are left out.
    func records<Entity, Record>(
        of ids: [Identifier<Entity>],
        _ reading: RecordReading<Entity, Record>
    ) async throws(Failure) -> [Record] {
        guard !ids.isEmpty else { return [] }
        let replies = try await pipeline(ids.flatMap(reading.commands))
        let width = replies.count / ids.count
        var records: [Record] = []
        for (index, id) in ids.enumerated() {
            let own = Array(replies[(index * width)..<((index + 1) * width)])
            if let record = try reading.record(id, own) { records.append(record) }
        }
        return records
    }
}

/// An image with what is known of its file.
package struct RegisteredImage: Hashable, Sendable {
    package let id: ImageID
    package let registration: ImageRegistration
}

extension InstanceType {
    init(id: TypeID, record: [String: String], key: String) throws(Failure) {
        let fields = RecordFields(record, key: key)
        guard let needs = try fields.resources(prefix: "") else { throw fields.fault("cpu", "is missing") }
        self.init(id: id, needs: needs)
    }
}

extension RESPValue {
    /// The id of the entry that XREVRANGE answers, or where an empty stream begins.
    var lastEvent: String { array?.first?.array?.first?.string ?? "0-0" }
}
