import Foundation
import Model
import Placement
import RedisClient
import Testing

@testable import Store

@Suite("The table of states in Redis")
struct StateTableTests {
    private static let states: [VMState?] = [nil] + VMState.allCases.map(Optional.some)
    private static let silent = Failure(.machineUnreachable, "silent")

    @Test("The scripts' table is that of the operations, for every state, operation and moment")
    func agreement() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let names = (Self.states.map { $0?.rawValue ?? "none" }) + ["gone"]
            let moments = ["accept"] + StateRow.Moment.allCases.map(\.rawValue)
            let source =
                String(decoding: LuaFile(OperationRegistry.shipped).body.utf8, as: UTF8.self) + """

                    local found = {}
                    for _, state in ipairs({\(names.map { "'\($0)'" }.joined(separator: ","))}) do
                      for _, other in ipairs({\(names.map { "'\($0)'" }.joined(separator: ","))}) do
                        if may_become(state, other) then found[#found + 1] = state .. ' ' .. other end
                      end
                      for _, kind in ipairs({\(Model.Operation.all.map { "'\($0.kind)'" }.joined(separator: ","))}) do
                        for _, moment in ipairs({\(moments.map { "'\($0)'" }.joined(separator: ","))}) do
                          local after = transition(kind, state, moment)
                          if after then found[#found + 1] = kind .. ' ' .. state .. ' ' .. moment .. ' ' .. after end
                        end
                      end
                    end
                    return found
                    """
            let found = try await fixture.store.redis.send(["EVAL", source, 0]).strings ?? []
            let table = OperationRegistry.shipped.states
            var expected = table.transitions.map { "\($0.from?.rawValue ?? "none") \($0.to?.rawValue ?? "gone")" }
            for operation in Model.Operation.all {
                for (from, to) in operation.accepts {
                    expected.append("\(operation.kind) \(from.rawValue) accept \(to.rawValue)")
                }
                for row in operation.states {
                    for moment in StateRow.Moment.allCases {
                        let after = row.state(at: moment)?.rawValue ?? "gone"
                        expected.append("\(operation.kind) \(row.state.rawValue) \(moment.rawValue) \(after)")
                    }
                }
            }
            #expect(Set(found) == Set(expected))
            #expect(found.count == expected.count)
        }
    }

    /// What a script may do to a VM, with the state that it finds.
    private static let acts = [
        "claim", "refuse", "done", "failed", "cleanup", "reschedule", "postpone", "requeue", "crash", "sweep", "repair",
        "build", "observe", "move", "elsewhere", "adopt", "accept",
    ]

    private static let refusals: Set<FailureCode> = [.malformedRecord, .wrongState, .alreadyDestroying, .unknownHold]

    @Test("No script changes a VM's state but as the table says, whatever it finds", arguments: acts)
    func onlyTheTable(act: String) async throws {
        let table = OperationRegistry.shipped.states
        try await StoreFixture.with(machines: ["host1", "host2"]) { (fixture) async throws in
            for pm in 1...2 { try await fixture.up(pm, Resources(cpu: 64, ram: 65_536, disk: 100)) }
            for (operation, state, before) in Self.cases(of: act) {
                let isRunning = !["claim", "refuse"].contains(act)
                try await lay(fixture, operation, state, before: before, isRunning: isRunning)
                do throws(Failure) { try await perform(act, fixture, operation, state) } catch {
                    #expect(Self.refusals.contains(error.code), "\(error)")
                }
                let after = try await fixture.field("hvc:vm:1", "state")
                let words = "\(act) of a \(operation.kind): \(state.rawValue) became \(after ?? "gone")"
                #expect(table.allows(state, after.flatMap(VMState.init)), "\(words)")
                guard after == nil else { continue }
                #expect(try await fixture.store.redis.send(["EXISTS", "hvc:vm:1"]).int == 0, "\(words)")
            }
        }
    }

    /// What a probe finds depends on the VM's state alone; what a job does, on its operation and on the state before it, too.
    private static func cases(of act: String) -> [(Model.Operation, VMState, VMState?)] {
        let isProbe = ["observe", "move", "elsewhere", "adopt"].contains(act)
        let earlier: [VMState?] = isProbe ? [nil] : [nil, .running]
        return (isProbe ? [.start] : Model.Operation.all).flatMap { operation in
            VMState.allCases.flatMap { state in earlier.map { (operation, state, $0) } }
        }
    }

    /// A VM in a state, with a job of it that a worker holds, or that is on the queue.
    private func lay(
        _ fixture: StoreFixture,
        _ operation: Model.Operation,
        _ state: VMState,
        before: VMState?,
        isRunning: Bool
    ) async throws {
        let line = #"{"job":1,"kind":"\#(operation.kind)","vm":1,"cpu":1,"ram":512,"disk":1,"image":100}"#
        var vm = [
            "id", "1", "uuid", Self.uuid, "name", "a", "type", "1", "image", "100", "cpu", "1", "ram", "512", "disk",
            "1",
            "state", state.rawValue, "domain", "hvc-1", "created_at", "then", operation.jobField, "1",
        ]
        if isRunning { vm += ["job", "1"] }
        if state != .queued || isRunning { vm += ["pm", "1"] }
        if let before { vm += ["state_before", before.rawValue] }
        if state == .held { vm += ["held_until", "2999-01-01T00:00:00.000Z"] }
        let names = [
            "vm:1", "vm:1:waiting", "job:1", "queue", "leases", "delayed", "holds", "processing:w", "vms", "gone",
        ]
        var commands: [RedisCommand] = [
            RedisCommand("DEL", arguments: names.map { "hvc:\($0)".redisArgument }),
            RedisCommand("HSET", arguments: (["hvc:vm:1"] + vm).map(\.redisArgument)), ["ZADD", "hvc:vms", 1, 1],
            [
                "HSET", "hvc:job:1", "id", "1", "kind", operation.kind.rawValue, "vm", "1", "state",
                isRunning ? "running" : "queued", "epoch", "1", "worker", "w", "pm", "1", "entry", line, "hold_s", "60",
            ],
        ]
        if isRunning {
            commands += [["LPUSH", "hvc:processing:w", line], ["ZADD", "hvc:leases", 9_999_999_999_999, 1]]
        } else {
            commands.append(["LPUSH", "hvc:queue", line])
        }
        if state == .held { commands.append(["ZADD", "hvc:holds", 1, 1]) }
        _ = try await fixture.store.pipeline(commands)
    }

    private static let uuid = "6f1c0e7a-2b05-4f9d-8c41-c7e2b05f9d41"

    private func perform(
        _ act: String,
        _ fixture: StoreFixture,
        _ operation: Model.Operation,
        _ state: VMState
    ) async throws(Failure) {
        let store = fixture.store
        guard let job = JobID(1), let vm = VMID(1), let pm = PMID(1), let other = PMID(2), let image = ImageID(100)
        else { return }
        let lease = Lease(job: job, epoch: 1)
        switch act {
        case "claim", "refuse": try await claim(store, refusing: act == "refuse")
        case "done": _ = try await store.finish(lease, by: "w", JobEnding())
        case "failed": _ = try await store.finish(lease, by: "w", JobEnding(failure: Self.silent, penalizesPM: true))
        case "cleanup":
            _ = try await store.finish(lease, by: "w", JobEnding(failure: Self.silent, cleanupDelay: .seconds(9)))
        case "reschedule": _ = try await store.reschedule(lease, because: Self.silent, penalizesPM: true)
        case "postpone": _ = try await store.postpone(lease, by: .seconds(9), because: Self.silent)
        case "requeue": _ = try await store.requeue(lease, reason: "test")
        case "crash":
            _ = try await store.send(["HSET", store.keys.job(job), "crashes", 9])
            _ = try await store.send(["ZADD", store.keys.leases, 1, 1])
            _ = try await store.sweep()
        case "sweep": _ = try await store.sweep()
        case "repair":
            _ = try await store.send(["HSET", store.keys.job(job), "state", "dead"])
            _ = try await store.repair(vm: vm)
        case "build": _ = try await store.enqueueBuild(of: vm, name: "b", image: image, request: "r")
        case "accept": _ = try await store.enqueue(operation.kind, on: vm, request: "r")
        default: try await probe(act, store, vm, pm, other, state)
        }
    }

    private func claim(_ store: Store, refusing: Bool) async throws(Failure) {
        let snapshot = try await store.poll(since: .start, limit: 1)
        guard let line = snapshot.lines.first, let pm = PMID(1) else { return }
        let explanation = PlacementExplanation(policy: "test")
        let needsPlace = line.entry.flatMap { OperationRegistry.shipped[$0.kind] }?.claim == .place
        let action: ClaimAction =
            refusing
            ? .refuse(Failure(.noCapacity, ""), explanation)
            : needsPlace && line.placedOn == nil ? .place(pm, explanation) : .run
        _ = try await store.claim(
            [(line, action)],
            headroomVersion: snapshot.headroomVersion,
            worker: "w",
            lease: .seconds(60)
        )
    }

    private func probe(
        _ act: String,
        _ store: Store,
        _ vm: VMID,
        _ pm: PMID,
        _ other: PMID,
        _ state: VMState
    ) async throws(Failure) {
        _ = try await store.send(["HDEL", store.keys.vm(vm), "job"])
        let now = try await store.send(["TIME"]).milliseconds ?? 0
        guard let uuid = UUID(uuidString: Self.uuid), let type = TypeID(1), let image = ImageID(100) else { return }
        let record = VirtualMachine(
            id: vm,
            uuid: uuid,
            name: "a",
            type: type,
            image: image,
            needs: Resources(cpu: 1, ram: 512, disk: 1)
        )
        for found in VMState.allCases {
            _ = try await store.send(["HSET", store.keys.vm(vm), "state", state.rawValue, "uuid", Self.uuid])
            let here = Observation(pm: pm, probedAt: now, vm: record)
            let there = Observation(pm: other, probedAt: now, vm: record)
            do throws(Failure) {
                switch act {
                case "observe": _ = try await store.recordState(found, at: here, insteadOf: state)
                case "move": _ = try await store.move(to: there, from: pm, state: found)
                case "elsewhere": _ = try await store.noteElsewhere(there, recordedOn: pm, state: found, host: "h")
                default:
                    _ = try await store.send(["DEL", store.keys.vm(vm)])
                    _ = try await store.adopt(here, state: found)
                }
            } catch {
                #expect(error.code == .malformedRecord)
            }
            let after = try await store.send(["HGET", store.keys.vm(vm), "state"]).string
            let table = OperationRegistry.shipped.states
            if act == "adopt" {
                #expect(after == (table.allows(nil, found) ? found.rawValue : nil))
            } else {
                let isAllowed = table.allows(state, after.flatMap(VMState.init))
                #expect(isAllowed, "\(act): \(state.rawValue) became \(after ?? "gone")")
            }
        }
        _ = try await store.send(["HSET", store.keys.vm(vm), "state", state.rawValue])
    }

    @Test("No script writes a VM's state but through the one that asks the table, and none decides by a kind of job")
    func onePlace() throws {
        let kinds = Model.Operation.all.map(\.kind.rawValue).joined(separator: "|")
        let decision = try Regex("[=~]= '(\(kinds))'")
        let write = try Regex("redis\\.p?call\\('(HSET|HSETNX|HMSET|HINCRBY)', ([^,]+),")
        for file in LuaLibrary.fragments + StoreScript.all.map(\.file) {
            for match in file.body.matches(of: decision) {
                let text = String(file.body[match.range])
                #expect(file.name == "enqueue_on_vm" && text.contains("hold"), "\(file.name): \(text)")
            }
            guard file.name != "vm_state" else { continue }
            for match in file.body.matches(of: write) where try isVM(match.output[2].substring, in: file.body) {
                let call = Self.call(file.body[match.range.lowerBound...])
                #expect(!call.contains("'state'") && !call.contains("unpack") && !call.contains("..."), "\(call)")
            }
        }
    }

    /// Whether a key, or the variable that has it, is that of a VM.
    private func isVM(_ key: Substring?, in body: String) throws -> Bool {
        guard let key else { return true }
        if key.contains("'") { return key.contains("'vm:'") }
        let name = key.prefix { $0.isLetter || $0 == "_" }
        let definitions = body.matches(of: try Regex("\\b\(name)\\b[^=\\n]*= [^\\n]*P \\.\\. '([a-z]+):'"))
        return definitions.isEmpty || definitions.contains { $0.output[1].substring == "vm" }
    }

    /// The text up to the call's last parenthesis.
    private static func call(_ text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" {
                depth -= 1
                if depth == 0 { return text[...index] }
            }
        }
        return text
    }
}
