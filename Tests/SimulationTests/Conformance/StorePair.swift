import Foundation
import Model
import Placement
import RedisClient
import Store
import TestKit

@testable import Simulation
@testable import Worker

/// The model of the store and the real one, side by side: whatever is done is done to both.
///
/// What depends on time is made due by setting its score, in both.
struct StorePair {
    /// What a worker knows and wants, by one of the stores.
    private struct View<Fleet, Step> {
        var fleet: Fleet
        var version = 0
        var roomVersion = ""
        var plan: [Step] = []
    }

    /// Leases and delays last longer than the test.
    static let longTime = 600_000
    /// A score that is over, as no other is.
    static let overdue = 1

    let store: Store
    var model: StoreModel
    private let listings: [PMListing]
    private var views: [String: View<FleetView, IntakePlan.Step>] = [:]
    private var modelViews: [String: View<FleetSnapshot, PlannedStep>] = [:]

    /// An empty pair.
    ///
    /// - Parameters:
    ///   - redis: the server.
    ///   - prefix: of this pair's keys.
    ///   - machines: how many PMs there are.
    ///   - sabotage: rules that the model breaks.
    /// - Throws: what Redis answers.
    init(redis: RedisClient, prefix: String, machines: Int, sabotage: Sabotage) async throws {
        store = Store(redis: redis, keys: Keys(prefix: prefix))
        listings = try (1...machines).map { PMListing(address: try PMAddress("host\($0)")) }
        model = StoreModel(types: Scenario.types, sabotage: sabotage)
        model.now = 1_000_000
        // As after a first look at each PM, before which a Redis that was empty takes no creates.
        try await send("HSET", store.keys.counters, "ready_at", "then")
        _ = try await store.register(types: Scenario.types)
        _ = try await store.register(images: [
            ImageRegistration(
                path: "/images/a.qcow2",
                name: "a",
                facts: ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
            )
        ])
        _ = try await apply(.register((1...machines).map { PMID(known: $0) }))
    }

    /// Does something to both.
    ///
    /// - Returns: what each answered.
    mutating func apply(_ operation: StoreOperation) async throws -> (real: String, model: String) {
        switch operation {
        case .create(let type): return try await create(type)
        case .destroy(let vm): return try await destroy(vm)
        case .peek(let worker, let limit): return try await peek(worker, limit)
        case .claim(let worker): return try await claim(worker)
        case .renew(let leases):
            let real = try await store.renew(leases.map(\.real), for: .milliseconds(Self.longTime))
            return ("\(real)", "\(model.renew(leases, for: Self.longTime))")
        case .enter(let step, let lease):
            let before = model[lease.job]?.step
            let begin = StepBegin(step.rawValue, isProgress: before.map { step > $0 } ?? true, writing: [])
            let permit = try await store.beginStep(begin, of: lease.real, for: .milliseconds(Self.longTime))
            return (
                StepAnswer(permit, before: before).description,
                model.enter(step, of: lease, for: Self.longTime).description
            )
        case .finish(let lease, let worker, let outcome): return try await finish(lease, worker, outcome)
        case .handBack(let lease):
            return ("\(try await store.requeue(lease.real, reason: "test"))", "\(model.handBack(lease))")
        case .postpone(let lease, let code):
            let delay = Duration.milliseconds(Self.longTime)
            let real = try await store.postpone(lease.real, by: delay, because: Failure(code, ""))
            return ("\(real)", "\(model.postpone(lease, by: Self.longTime, because: code))")
        case .moveOn(let lease, let code, let isFault):
            let real = try await store.reschedule(lease.real, because: Failure(code, ""), penalizesPM: isFault)
            return ("\(real)", "\(model.moveOn(lease, because: code, isMachineFault: isFault))")
        case .sweep(let limit, let crashLimit): return try await sweep(limit, crashLimit)
        case .takeDue: return try await takeDue()
        case .record(let pm, let state, let measure):
            let report = DiscoveryReport(state: state, measure: measure)
            try await store.record(report, of: pm, next: .seconds(60))
            model.record(state, measure, of: pm, next: 60_000)
        case .register(let numbers):
            let listed = numbers.map { listings[$0.value - 1] }
            let real = try await store.register(machines: listed)
            model.register(zip(numbers, listed).map { PhysicalMachine(id: $0, listing: $1) })
            return ("\(real)", "\(numbers)")
        case .announce(let worker):
            try await store.announce(worker: worker, fields: [:], lifetime: .seconds(600))
            model.workers.insert(worker)
        case .byHand(let change): try await changeByHand(change)
        }
        return ("", "")
    }

    // MARK: - Acceptance

    private mutating func create(_ type: Int) async throws -> (real: String, model: String) {
        let answer = model.enqueueCreate(type: type).description
        do throws(Failure) {
            let accepted = try await store.enqueueCreate(
                name: "a",
                type: TypeID(known: type),
                image: ImageID(known: 100),
                request: ""
            )
            return (EnqueueAnswer.accepted(accepted.job, accepted.vm).description, answer)
        } catch {
            return (error.code == .unknownType ? EnqueueAnswer.unknownType.description : "\(error)", answer)
        }
    }

    private mutating func destroy(_ vm: VMID) async throws -> (real: String, model: String) {
        let answer = model.enqueueDestroy(vm)
        do throws(Failure) {
            let accepted = try await store.enqueueDestroy(vm, request: "")
            return (EnqueueAnswer.accepted(accepted.job, accepted.vm).description, answer.description)
        } catch {
            switch (error.code, answer) {
            case (.unknownVM, _): return (EnqueueAnswer.unknownVM.description, answer.description)
            case (.alreadyDestroying, .alreadyDestroying(let job)) where error.message.contains("job \(job) "):
                return ("", "")
            default: return ("\(error)", answer.description)
            }
        }
    }

    // MARK: - Intake

    private mutating func peek(_ worker: String, _ limit: Int) async throws -> (real: String, model: String) {
        var view = views[worker] ?? View(fleet: FleetView())
        let peek = try await store.peek(since: view.fleet.position, limit: limit)
        view.fleet.update(by: peek)
        view.roomVersion = peek.roomVersion
        view.plan = IntakePlan.steps(for: peek.lines, on: view.fleet.fleet, by: .seed)
        views[worker] = view

        var modelView = modelViews[worker] ?? View(fleet: FleetSnapshot())
        let answer = model.peek(since: modelView.version, limit: limit)
        modelView.fleet.update(by: answer)
        modelView.version = answer.fleetVersion
        modelView.roomVersion = "\(answer.roomVersion)"
        modelView.plan = WorkerLogic.worker.plan(answer.lines, modelView.fleet)
        modelViews[worker] = modelView

        let steps = zip(peek.lines, view.plan).map { line, step in
            PlannedStep(line: QueueLine(line), action: PlannedAction(step.action))
        }
        let told = peek.changed.map(\.id) + peek.claims.map(\.pm)
        let modelTold = (answer.changed + answer.claims).map(\.id)
        return (
            "\(peek.position.version) \(peek.roomVersion) \(told) \(steps)",
            "\(answer.fleetVersion) \(answer.roomVersion) \(modelTold) \(modelView.plan)"
        )
    }

    /// Claims what the worker planned when it looked last, however long ago that is.
    private mutating func claim(_ worker: String) async throws -> (real: String, model: String) {
        guard let view = views[worker], let modelView = modelViews[worker] else { return ("", "") }
        views[worker]?.plan = []
        modelViews[worker]?.plan = []
        let outcome = try await store.claim(
            view.plan,
            roomVersion: view.roomVersion,
            worker: worker,
            lease: .milliseconds(Self.longTime)
        )
        let answer = model.claim(
            modelView.plan,
            roomVersion: Int(modelView.roomVersion) ?? 0,
            worker: worker,
            lease: Self.longTime
        )
        return (ClaimAnswer(outcome).description, answer.description)
    }

    // MARK: - Ends

    private mutating func finish(
        _ lease: HeldJob,
        _ worker: String,
        _ outcome: JobOutcome
    ) async throws -> (real: String, model: String) {
        let real: Bool
        switch outcome {
        case .done: real = try await store.finish(lease.real, by: worker, JobEnding())
        case .failed(let code, let owing, let isFault):
            real = try await store.finish(
                lease.real,
                by: worker,
                JobEnding(
                    failure: Failure(code, ""),
                    cleanupDelay: owing.map { .milliseconds($0) },
                    penalizesPM: isFault
                )
            )
        }
        return ("\(real)", "\(model.finish(lease, by: worker, outcome))")
    }

    private mutating func sweep(_ limit: Int, _ crashLimit: Int) async throws -> (real: String, model: String) {
        // Repairs are made due by hand, so none comes by itself.
        let real = try await store.sweep(
            limit: limit,
            crashLimit: crashLimit,
            repairPeriod: .milliseconds(Self.longTime)
        )
        let answer = model.sweep(limit: limit, crashLimit: crashLimit, repairPeriod: Self.longTime)
        let told = SweepAnswer(recovered: real.recovered, due: real.due, givenUp: real.givenUp)
        return ("\(told), more: \(real.next != nil)", "\(answer), more: \(answer.next != nil)")
    }

    private mutating func takeDue() async throws -> (real: String, model: String) {
        let real = try await store.takeDueMachines(limit: 100, deadline: .milliseconds(Self.longTime))
        let answer = model.takeDue(limit: 100, deadline: Self.longTime)
        return (
            "\(real.machines.map(\.id).sorted()), more: \(real.next != nil)",
            "\(answer.machines.map(\.id).sorted()), more: \(answer.next != nil)"
        )
    }

    // MARK: - What people and bad luck do to Redis

    private mutating func changeByHand(_ change: StoreOperation.Change) async throws {
        let keys = store.keys
        switch change {
        case .leaseEnds(let job):
            try await send("ZADD", keys.leases, Self.overdue, job.value)
            model.leases[job] = Self.overdue
        case .isDue(let job):
            try await send("ZADD", keys.delayed, Self.overdue, job.value)
            model.delayed[job] = Self.overdue
        case .leaseVanishes(let job):
            try await send("ZREM", keys.leases, job.value)
            model.leases[job] = nil
        case .failureIsOld(let pm):
            guard model.machines[pm.value - 1].failedAt != nil else { return }
            try await send("HSET", keys.pm(pm), "failed_at", Self.overdue)
            model.update(pm) { $0.failedAt = Self.overdue }
        case .repairIsDue:
            try await send("DEL", keys.repair)
            model.repairedUntil = 0
        case .cordon(let pm, let isCordoned):
            try await send("HSET", keys.pm(pm), "cordoned", isCordoned ? 1 : 0)
            model.update(pm) { $0.machine.isCordoned = isCordoned }
        case .onQueue(let line):
            try await send("LPUSH", keys.queue, line.text)
            model.queue.append(line)
        case .held(let line, let worker):
            try await send("LPUSH", keys.processing(worker), line.text)
            model.processing[worker, default: []].insert(line, at: 0)
        }
    }

    private func send(_ name: String, _ words: any RedisArgumentConvertible...) async throws {
        _ = try await store.redis.send(RedisCommand(name, arguments: words.map(\.redisArgument)))
    }
}
