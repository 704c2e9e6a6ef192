import Foundation
import Model
import RedisClient

/// What the script `poll` answers.
struct PollReply: ScriptReply {
    let version: Int
    let headroomVersion: String
    let generation: String
    let lines: [QueueSnapshot.Line]
    let direct: Int
    let changed: [PhysicalMachine]
    let claims: [PMClaims]
    let isReset: Bool
    let hasMore: Bool
    let time: Int
    let offersRoom: Bool

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, parts.count == 13, let version = parts[0].int,
            let headroomVersion = parts[1].string, let lines = parts[2].array, let machines = parts[3].array,
            let placed = parts[5].array, let time = parts[7].int, let generation = parts[8].string,
            let claims = parts[9].array, let direct = parts[10].int, let present = parts[11].array
        else { return nil }
        self.version = version
        self.headroomVersion = headroomVersion
        self.generation = generation
        self.lines = zip(lines, zip(placed, present)).map { line, state in
            QueueSnapshot.Line(line, placedOn: state.0.int.flatMap(PMID.init), present: .init(state.1))
        }
        self.direct = direct
        changed = machines.compactMap { Self.machine($0, keys) }
        self.claims = claims.compactMap { $0.array.flatMap(PMClaims.init(values:)) }
        isReset = parts[4].int == 1
        hasMore = parts[6].int == 1
        self.time = time
        offersRoom = parts[12].int == 1
    }

    /// A PM from `{pm, {field, value, …}}`; one whose record cannot be read is known, and takes no VMs.
    private static func machine(_ row: RESPValue, _ keys: Keys) -> PhysicalMachine? {
        guard let row = row.array, row.count == 2, let pm = row[0].int.flatMap(PMID.init) else { return nil }
        do throws(Failure) { return try PhysicalMachine(record: row[1].map ?? [:], key: keys.pm(pm)) } catch {
            // Discovery, for which each PM is due in turn, reports what is wrong with it.
            return .unreadable(pm)
        }
    }
}

extension QueueSnapshot.Line.Present {
    /// A VM as `{pm, cpu, ram, disk}`; nil where it is none.
    fileprivate init?(_ reply: RESPValue) {
        guard let numbers = reply.array?.map(\.int), numbers.count == 4, let pm = numbers[0].flatMap(PMID.init),
            let cpu = numbers[1], let ram = numbers[2], let disk = numbers[3]
        else { return nil }
        self.init(pm: pm, needs: Resources(cpu: cpu, ram: ram, disk: disk))
    }
}

extension QueueSnapshot.Line {
    init(_ line: RESPValue, placedOn pm: PMID?, present: Present? = nil) {
        let bytes = line.bytes ?? []
        self.init(
            bytes: bytes,
            entry: try? JSONDecoder().decode(QueueEntry.self, from: Data(bytes)),
            placedOn: pm,
            present: present
        )
    }
}
