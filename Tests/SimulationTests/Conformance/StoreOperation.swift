import Model

@testable import Simulation

/// Something that is done to the store and to its model.
enum StoreOperation: Sendable {
    case create(type: Int)
    case destroy(VMID)
    case peek(worker: String, limit: Int)
    case claim(worker: String)
    case renew([HeldJob])
    case enter(JobStep, HeldJob)
    case finish(HeldJob, worker: String, JobOutcome)
    case handBack(HeldJob)
    case postpone(HeldJob, FailureCode)
    case moveOn(HeldJob, FailureCode, isMachineFault: Bool)
    case sweep(limit: Int, crashLimit: Int)
    case takeDue
    case record(PMID, PMState, PMMeasure?)
    case register([PMID])
    case announce(worker: String)
    case byHand(Change)

    /// A change by no script.
    enum Change: Sendable {
        case leaseEnds(JobID)
        case isDue(JobID)
        case leaseVanishes(JobID)
        case repairIsDue
        case failureIsOld(PMID)
        case cordon(PMID, Bool)
        case onQueue(QueueLine)
        case held(QueueLine, worker: String)
    }
}

/// Makes operations that follow from a seed, each fit for the state at which the ones before it arrived.
struct StoreOperations {
    private var random: SplitMix64
    private var leases: [HeldJob] = []
    /// What is to come next, since it makes sense only soon after what came last.
    private var planned: [StoreOperation] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    /// The next operation.
    mutating func next(for model: StoreModel) -> StoreOperation {
        for case .started(let lease, _, _) in model.notes where !leases.contains(lease) { leases.append(lease) }
        let kinds: KeyValuePairs<Kind, Int> = [
            .create: 12, .destroy: 8, .peek: 16, .claim: 2, .lease: 32, .sweep: 6, .look: 6, .hand: 16, .catalog: 2,
        ]
        if !planned.isEmpty { return planned.removeFirst() }
        let worker = random.pick(["w1", "w2", "w3"]) ?? "w1"
        let pm = PMID(known: random.number(1...model.machines.count))
        if let dark = model.machines.first(where: { !$0.machine.isExplored }), random.chance(30) {
            return look(model, dark.machine.id, isUp: true)
        }
        switch random.pick(weighted: kinds) ?? .create {
        case .create: return .create(type: random.chance(95) ? random.number(1...model.types.count) : 99)
        case .destroy:
            let living = model.vms.compactMap { $0?.id }
            let unknown = VMID(known: model.vms.count + 1)
            return .destroy(random.chance(90) ? random.pick(living) ?? unknown : unknown)
        case .peek:
            // At once, or after something that the plan does not know of.
            if random.chance(40) {
                planned.append(random.chance(50) ? .byHand(.cordon(pm, true)) : look(model, pm, isUp: true))
            }
            planned.append(.claim(worker: worker))
            return .peek(worker: worker, limit: random.number(1...5))
        case .claim: return .claim(worker: worker)
        case .lease: return onLease(model) ?? .announce(worker: worker)
        case .sweep: return .sweep(limit: random.pick([1, 100]) ?? 100, crashLimit: random.number(1...3))
        case .look: return random.chance(30) ? .takeDue : look(model, pm, isUp: random.chance(75))
        case .hand: return .byHand(change(model, worker))
        case .catalog:
            let all = model.machines.map(\.machine.id)
            return .register(random.chance(60) ? all : all.filter { _ in random.chance(60) })
        }
    }

    private enum Kind {
        case create
        case destroy
        case peek
        case claim
        case lease
        case sweep
        case look
        case hand
        case catalog
    }

    /// A call of a worker that holds a job, or held it once.
    private mutating func onLease(_ model: StoreModel) -> StoreOperation? {
        let valid = leases.filter { model.held($0) != nil }
        guard let lease = random.pick(random.chance(80) && !valid.isEmpty ? valid : leases), let job = model[lease.job]
        else { return nil }
        let codes = [FailureCode.hypervisor, .machineUnreachable, .deadline, .imageUnusable]
        let code = random.pick(codes) ?? .hypervisor
        let worker = job.worker ?? "w1"
        if job.step == nil, let pm = job.pm, random.chance(8) {
            planned = [.enter(.image, lease), .byHand(.cordon(pm, false))]
            return .byHand(.cordon(pm, true))
        }
        switch random.number(0...11) {
        case 0: return .renew(leases.filter { _ in random.chance(50) })
        case 1...3: return .enter(random.pick(JobStep.allCases) ?? .image, lease)
        case 4: return .finish(lease, worker: worker, .done)
        case 5:
            return .finish(
                lease,
                worker: worker,
                .failed(
                    code,
                    owing: job.kind == .create && random.chance(50) ? StorePair.longTime : nil,
                    isMachineFault: job.kind == .create && random.chance(50)
                )
            )
        case 6...7: return .handBack(lease)
        case 8...9: return .postpone(lease, code)
        default:
            return job.kind == .create
                ? .moveOn(lease, code, isMachineFault: random.chance(50)) : .enter(.remove, lease)
        }
    }

    private mutating func look(_ model: StoreModel, _ pm: PMID, isUp: Bool) -> StoreOperation {
        guard isUp else { return .record(pm, random.pick([.degraded, .unknown]) ?? .unknown, nil) }
        let capacity = Resources(
            cpu: random.number(1...12),
            ram: 1024 * random.number(1...12),
            disk: random.number(2...30)
        )
        let measure = PMMeasure(
            capacity: capacity,
            available: Resources(cpu: capacity.cpu, ram: capacity.ram - random.number(0...1024), disk: capacity.disk),
            foreign: Resources(cpu: random.number(0...1), ram: random.number(0...512), disk: 0),
            claimed: model.machines[pm.value - 1].machine.claimed,
            load: Double(random.number(0...4)) / 2
        )
        return .record(pm, .up, measure)
    }

    private mutating func change(_ model: StoreModel, _ worker: String) -> StoreOperation.Change {
        let held = model.leases.keys.sorted()
        let pm = PMID(known: random.number(1...model.machines.count))
        switch random.number(0...10) {
        case 0...2:
            if random.chance(70) {
                planned = [.sweep(limit: random.pick([1, 100]) ?? 100, crashLimit: random.number(1...3))]
            }
            return random.pick(held).map { .leaseEnds($0) } ?? .repairIsDue
        case 3...4: return random.pick(model.delayed.keys.sorted()).map { .isDue($0) } ?? .repairIsDue
        case 5: return random.pick(held).map { .leaseVanishes($0) } ?? .leaseEnds(JobID(known: 901))
        case 6: return .repairIsDue
        case 7: return .cordon(pm, random.chance(50))
        case 8: return .failureIsOld(pm)
        case 9: return .onQueue(stray(model))
        default: return .held(stray(model), worker: worker)
        }
    }

    /// An element that belongs nowhere: no entry at all, or one of a job that there is not.
    private mutating func stray(_ model: StoreModel) -> QueueLine {
        let number = random.number(1000...9999)
        guard random.chance(50) else { return .junk("junk <\(number)") }
        let kind: Job.Kind = random.chance(50) ? .create : .destroy
        let needs = kind == .create ? Resources(cpu: 1, ram: 1, disk: 1) : .zero
        let entry = QueueEntry(job: JobID(known: number), kind: kind, vm: VMID(known: 1), needs: needs)
        return .entry(entry)
    }
}
