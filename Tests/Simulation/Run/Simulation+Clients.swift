import Model

extension Simulation {
    /// The world at the start: PMs that nobody has looked at yet, workers that come up, a client.
    func setUp() {
        var listed: [PhysicalMachine] = []
        for number in 1...scenario.machines {
            let capacity = Resources(
                cpu: random.number(3...10),
                ram: 1024 * random.number(2...8),
                disk: random.number(8...30)
            )
            let foreign = random.chance(30) ? Resources(cpu: 1, ram: 512, disk: 1) : .zero
            let pm = PMID(known: number)
            hosts.append(HostModel(pm: pm, capacity: capacity, foreign: foreign))
            listed.append(machine(pm))
        }
        store.register(listed)
        for index in 0..<scenario.workers {
            workers.append(
                WorkerModel(
                    name: "",
                    slots: scenario.slots,
                    clockRate: random.number(80...125),
                    clockOffset: random.number(-600_000...600_000)
                )
            )
            timeline.add(.start(index), at: random.number(0...3_000))
        }
        timeline.add(.request, at: random.number(0...2_000))
        timeline.add(.fault, at: random.number(1_000...6_000))
        timeline.add(.calm, at: scenario.faultsUntil)
    }

    private func machine(_ pm: PMID) -> PhysicalMachine {
        let factors = [1.0, 1.0, 1.5, 2.0]
        let overcommit = Overcommit(
            cpu: random.pick(factors) ?? 1,
            ram: random.pick(factors) ?? 1,
            disk: random.pick(factors) ?? 1
        )
        guard let address = try? PMAddress("host\(pm)") else { preconditionFailure("host\(pm) is an address") }
        return PhysicalMachine(id: pm, listing: PMListing(address: address, overcommit: overcommit))
    }

    /// A client asks for a VM or for the end of one.
    func request() {
        requestsLeft -= 1
        if requestsLeft > 0 { timeline.add(.request, at: now + (random.chance(50) ? 1 : random.number(20...6_000))) }
        let living = store.vms.compactMap { $0?.id }
        if random.chance(40), let vm = random.pick(living) {
            let answer = store.enqueueDestroy(vm)
            note("client: destroy VM \(vm): \(answer)")
        } else {
            let answer = store.enqueueCreate(type: random.number(1...Scenario.types.count))
            if case .accepted(_, let vm) = answer, random.chance(4) {
                poison[vm] = random.pick([.image, .disk, .domain, .start])
            }
            note("client: create: \(answer)")
        }
    }

    /// Tells a worker something after a time.
    func tell(_ worker: Int, _ event: WorkerEvent, after delay: Int) {
        timeline.add(.worker(worker, incarnation: workers[worker].incarnation, event), at: now + delay)
    }

    /// Calls a script for a worker.
    ///
    /// - Returns: its answer, nil where Redis did not give one; and how long the worker waits for it.
    func call<Answer>(
        _ worker: Int,
        _ script: (inout StoreModel) -> Answer
    ) -> (answer: Answer?, delay: Int) {
        guard workers[worker].cutOffUntil <= now else { return (nil, Scenario.patience) }
        let fate = workers[worker].nextCall
        workers[worker].nextCall = .answered
        let first = script(&store)
        switch fate {
        case .answered: return (first, delay())
        case .unanswered: return (nil, Scenario.patience)
        case .repeated: return (script(&store), delay())
        }
    }
}
