import Foundation
import Model
import RedisClient
import Store
import TestKit

extension Simulation {
    /// The world at the start: PMs that nobody has probed yet, workers that come up, a client.
    func setUp() {
        for number in 1...scenario.machines {
            let capacity = Resources(
                cpu: random.number(3...10),
                ram: 1024 * random.number(2...8),
                disk: random.number(8...30)
            )
            let foreign = random.chance(30) ? Resources(cpu: 1, ram: 512, disk: 1) : .zero
            hosts.append(HostModel(pm: PMID(known: number), capacity: capacity, foreign: foreign))
            listings.append(listing(number))
        }
        asClient { [self] store in
            _ = try await store.register(types: Scenario.types)
            let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
            _ = try await store.register(images: [ImageRegistration(path: "/images/a", name: "a", facts: facts)])
            _ = try await store.register(machines: listings)
            // As after a first probe of each PM, before which a Redis that was empty takes no creates.
            redis.run(["HSET", "hvc:counters", "ready_at", "then"])
            begin()
        }
    }

    /// Once everything is listed.
    private func begin() {
        for index in 0..<scenario.workers {
            workers.append(
                SimulatedWorker(
                    slots: scenario.slots,
                    clockRate: scenario.strain == nil ? random.number(80...125) : 100,
                    clockOffset: random.number(-600_000...600_000)
                )
            )
            timeline.add({ $0.start(index) }, at: now + random.number(0...3_000))
        }
        timeline.add({ $0.request() }, at: now + random.number(0...2_000))
        if scenario.strain == nil {
            timeline.add({ $0.fault() }, at: now + random.number(1_000...6_000))
        } else {
            timeline.add({ $0.pause() }, at: now + Scenario.lease)
        }
        timeline.add({ $0.calm() }, at: scenario.faultsUntil)
    }

    private func listing(_ number: Int) -> PMListing {
        let factors = [1.0, 1.0, 1.5, 2.0]
        let overcommit = Overcommit(
            cpu: random.pick(factors) ?? 1,
            ram: random.pick(factors) ?? 1,
            disk: random.pick(factors) ?? 1
        )
        guard let address = try? PMAddress("host\(number)") else { preconditionFailure("host\(number) is an address") }
        return PMListing(address: address, overcommit: overcommit)
    }

    /// Does something as a client; where Redis fails it, nothing more comes of it.
    func asClient(_ body: @escaping @Sendable (Store) async throws -> Void) {
        let store = Store(redis: ProcessRedis(process: client), operations: operations)
        requestsOpen += 1
        loop.acting(as: client) {
            Task { [self] in
                do { try await body(store) } catch { note("client: \(error)") }
                requestsOpen -= 1
            }
        }
        loop.run()
    }

    /// A client asks for a VM or for the end of one.
    func request() {
        requestsLeft -= 1
        if requestsLeft > 0 {
            timeline.add({ $0.request() }, at: now + (random.chance(50) ? 1 : random.number(20...6_000)))
        }
        let living = snapshot.vms.keys.sorted()
        let held = living.filter { snapshot.vms[$0]?.state == .held }
        let type = TypeID(known: random.number(1...Scenario.types.count))
        let running = living.filter { snapshot.vms[$0]?.state == .running }
        if operations != .shipped, random.chance(60), let vm = random.pick(running) ?? random.pick(living) {
            change(vm)
        } else if random.chance(38), let vm = random.pick(living) {
            ask("destroys VM \(vm)") { store in try await store.enqueueDestroy(vm, request: "") }
        } else if random.chance(5), let vm = random.pick(living) {
            ask("starts VM \(vm)") { store in try await store.enqueue(.start, on: vm, request: "") }
        } else if random.chance(60), let hold = random.pick(held) {
            ask("builds hold \(hold)") { store in
                try await store.enqueueBuild(of: hold, name: "b", image: ImageID(known: 100), request: "")
            }
        } else if random.chance(15) {
            let (seconds, uuid) = (random.number(2...60), uuid())
            ask("holds capacity") { store in
                try await store.enqueueHold(
                    type: type,
                    image: ImageID(known: 100),
                    seconds: seconds,
                    uuid: uuid,
                    request: ""
                )
            }
        } else if random.chance(15) {
            createBatch(type)
        } else {
            create(type, isPoisoned: random.chance(4) && scenario.strain == nil)
        }
    }

    /// A client asks for a job.
    private func ask(_ what: String, _ body: @escaping @Sendable (Store) async throws -> Acceptance) {
        asClient { [self] store in
            note("client: \(what)")
            let accepted = try await body(store)
            note("client: job \(accepted.job) \(what)")
            checkAccepted(accepted.job)
        }
    }

    func uuid() -> UUID {
        let words = (random.next(), random.next())
        return withUnsafeBytes(of: words) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    private func create(_ type: TypeID, isPoisoned: Bool) {
        let uuid = uuid()
        // Most clients leave the PM open.
        let pm = random.chance(15) ? PMID(known: random.number(1...hosts.count)) : nil
        let step = random.pick([HostModel.Step.disk, .domain, .start])
        let roomWait = roomWait()
        asClient { [self] store in
            let accepted = try await store.enqueueCreate(
                name: "a",
                type: type,
                image: ImageID(known: 100),
                uuid: uuid,
                constraints: PlacementConstraints(pm: pm),
                roomWait: roomWait,
                request: ""
            )
            note("client: job \(accepted.job) creates VM \(accepted.vm)")
            if isPoisoned { poison[accepted.vm] = step }
            checkAccepted(accepted.job)
        }
    }

    /// I7: what was acknowledged is there.
    private func checkAccepted(_ job: JobID) {
        if snapshot.jobs[job] == nil { ledger.violate(.i7, "job \(job) was accepted, and there is none") }
    }
}

extension Identifier {
    /// A number that is known to be one; any below 1 is a fault of the simulation itself.
    init(known number: Int) {
        guard let identifier = Self(number) else { preconditionFailure("\(number) is no identifier") }
        self = identifier
    }
}
