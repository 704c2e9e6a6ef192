import Foundation
import Model
import RedisClient
import Store

@testable import Simulation

/// All that stands in a store, a line a thing, so that a difference can be read.
enum StoreState {
    /// What stands in the model.
    static func lines(of model: StoreModel) -> [String] {
        var lines = model.jobs.map(\.line) + model.vms.compactMap { $0?.line }
        lines.append("queue: \(model.queue.reversed().map(\.text))")
        lines.append("dead: \(model.dead.reversed().map(\.text))")
        lines += model.processing.map { "held by \($0): \($1.map(\.text))" }
        lines += model.waiting.map { "behind VM \($0): \($1.map(\.text))" }
        lines += model.leases.map { "lease of \($0), over: \($1 == StorePair.overdue)" }
        lines += model.delayed.map { "put off: \($0), due: \($1 == StorePair.overdue)" }
        lines += model.delayedOn.map { "put off for PM \($0?.description ?? ""): \($1.sorted())" }
        for record in model.machines {
            let pm = record.machine.id
            lines.append("\(record.machine)")
            lines.append("VMs of PM \(pm): \(record.vms.sorted())")
            lines.append(
                "PM \(pm): version \(model.fleet[pm] ?? 0), \(model.discovery[pm] == nil ? "not " : "")looked at, "
                    + "\(record.lookingUntil == nil ? "no look" : "a look"), again: \(record.lookAgain), "
                    + "failed: \(record.failedAt != nil)"
            )
        }
        lines.append("fleet \(model.fleetVersion), room \(model.roomVersion), uses \(model.uses)")
        lines.append("workers: \(model.workers.sorted())")
        return lines.sorted()
    }

    /// What stands in Redis, of as many jobs, VMs and PMs as the model has, and one more; read in one round trip.
    static func lines(of store: Store, like model: StoreModel) async throws -> [String] {
        let jobs = (1...model.jobs.count + 1).map { JobID(known: $0) }
        let vms = (1...model.vms.count + 1).map { VMID(known: $0) }
        let machines = model.machines.map(\.machine.id)
        let keys = store.keys
        let offFor = { (pm: String) in "\(keys.prefix)pm:\(pm):delayed" }
        var read = Replies()
        for job in jobs { read.ask("HGETALL", keys.job(job)) }
        for vm in vms { read.ask("HGETALL", keys.vm(vm)) }
        for vm in vms { read.ask("LRANGE", keys.waiting(vm), "0", "-1") }
        for key in [keys.queue, keys.dead] + workers.map(keys.processing) { read.ask("LRANGE", key, "0", "-1") }
        for key in [keys.leases, keys.delayed] { read.ask("ZRANGE", key, "0", "-1", "WITHSCORES") }
        read.ask("ZRANGE", keys.workers, "0", "-1")
        read.ask("HGETALL", keys.counters)
        read.ask("SMEMBERS", offFor(""))
        for pm in machines {
            read.ask("HGETALL", keys.pm(pm))
            read.ask("SMEMBERS", keys.vms(on: pm))
            read.ask("SMEMBERS", offFor(pm.description))
            read.ask("ZSCORE", keys.fleet, pm.description)
            read.ask("ZSCORE", keys.discovery, pm.description)
        }
        try await read.send(to: store.redis)

        var lines = jobs.compactMap { _ in read.hash().map(JobRecord.line) }
        lines += vms.compactMap { _ in read.hash().map(VMRecord.line) }
        lines += vms.compactMap { vm in read.list().map { "behind VM \(vm): \($0)" } }
        lines.append("queue: \(read.list() ?? [])")
        lines.append("dead: \((read.list() ?? []).map(buried))")
        lines += workers.compactMap { worker in read.list().map { "held by \(worker): \($0)" } }
        lines += read.scores().map { "lease of \($0), over: \($1 == StorePair.overdue)" }
        lines += read.scores().map { "put off: \($0), due: \($1 == StorePair.overdue)" }
        lines.append("workers: \((read.list() ?? []).sorted())")
        let counters = read.hash() ?? [:]
        let counts = ["fleet", "room", "use"].map { counters[$0] ?? "0" }
        lines.append("fleet \(counts[0]), room \(counts[1]), uses \(counts[2])")
        if let jobs = read.numbers() { lines.append("put off for PM : \(jobs)") }
        for pm in machines { lines += self.lines(of: pm, &read) }
        return lines.sorted()
    }

    private static func lines(of pm: PMID, _ read: inout Replies) -> [String] {
        let record = read.hash() ?? [:]
        let vms = read.numbers() ?? []
        let jobs = read.numbers()
        let version = read.text() ?? "0"
        let isLookedAt = read.text() != nil
        return [
            (try? PhysicalMachine(record: record)).map { "\($0.undated)" } ?? "PM \(pm): no record",
            "VMs of PM \(pm): \(vms)",
            "PM \(pm): version \(version), \(isLookedAt ? "" : "not ")looked at, "
                + "\(record["looking_until"] == nil ? "no look" : "a look"), again: \(record["look_again"] == "1"), "
                + "failed: \(record["failed_at"] != nil)",
        ] + (jobs.map { ["put off for PM \(pm): \($0)"] } ?? [])
    }

    /// The entry of an element of the dead list.
    private static func buried(_ element: String) -> String {
        struct Element: Decodable { let entry: String }
        return (try? JSONDecoder().decode(Element.self, from: Data(element.utf8)).entry) ?? element
    }

    private static let workers = ["w1", "w2", "w3"]
}

/// Commands that are sent at once, and their replies in the order of the commands.
private struct Replies {
    private var commands: [RedisCommand] = []
    private var replies: ArraySlice<RESPValue> = []

    mutating func ask(_ name: String, _ words: String...) {
        commands.append(RedisCommand(name, arguments: words.map(\.redisArgument)))
    }

    mutating func send(to redis: any RedisExecutor) async throws {
        replies = try await redis.pipeline(commands).map { try $0.get() }[...]
    }

    /// The next reply as a hash; nil where there is none.
    mutating func hash() -> [String: String]? {
        replies.popFirst()?.map.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The next reply as a list; nil where there is none.
    mutating func list() -> [String]? {
        replies.popFirst()?.strings.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The next reply as a list of numbers, sorted; nil where there is none.
    mutating func numbers() -> [Int]? {
        list().map { $0.compactMap { Int($0) }.sorted() }
    }

    /// The next reply as members with their scores.
    mutating func scores() -> [(String, Int)] {
        let list = list() ?? []
        return stride(from: 0, to: list.count - 1, by: 2).map { (list[$0], Int(list[$0 + 1]) ?? 0) }
    }

    mutating func text() -> String? {
        replies.popFirst()?.string
    }
}

extension PhysicalMachine {
    /// The model keeps no time of measures.
    fileprivate var undated: PhysicalMachine {
        var machine = self
        machine.measure?.time = nil
        return machine
    }
}
