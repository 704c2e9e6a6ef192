import Model
import Placement

/// What a look at the queue tells.
struct PeekAnswer: Sendable {
    /// One entry, with the PM that holds room for its VM already.
    struct Line: Hashable, Sendable {
        let line: QueueLine
        let placedOn: PMID?
    }

    let fleetVersion: Int
    let roomVersion: Int
    /// The oldest entries, oldest first.
    let lines: [Line]
    let changed: [PhysicalMachine]
    /// PMs of which what VMs hold is told, and nothing else.
    let claims: [PhysicalMachine]
    let isReset: Bool
}

/// What a worker wants to do with an entry.
enum PlannedAction: Hashable, Sendable {
    case place(PMID)
    case run
    case refuse(FailureCode)
    case bury
}

/// An entry with what is to be done with it.
struct PlannedStep: Hashable, Sendable {
    let line: QueueLine
    let action: PlannedAction
}

/// What became of a plan.
struct ClaimAnswer: Hashable, Sendable {
    enum Stop: String, Sendable {
        case complete = "ok"
        case moved
        case full
        case stale
    }

    enum Result: Hashable, Sendable {
        case started(epoch: Int, pm: PMID?)
        case waiting
        case ended
        case buried
    }

    var stop: Stop
    var results: [Result] = []
}

extension FleetSnapshot {
    /// Takes in what a look tells.
    mutating func update(by peek: PeekAnswer) {
        if peek.isReset { self = FleetSnapshot() }
        update(peek.changed)
        for told in peek.claims {
            guard var machine = self[told.id] else { continue }
            (machine.claimed, machine.vmCount, machine.lastUsed) = (told.claimed, told.vmCount, told.lastUsed)
            update(machine)
        }
    }
}

extension StoreModel {
    /// `peek`.
    func peek(since version: Int, limit: Int) -> PeekAnswer {
        let isReset = version > fleetVersion
        let known = isReset ? 0 : version
        let changed = fleet.filter { $0.value > known }.sorted { $0.value < $1.value }.map(\.key)
        let told = { (isWhole: Bool) in
            changed.filter { ((records[$0] ?? 0) > known) == isWhole }.map { machines[$0.value - 1].machine }
        }
        return PeekAnswer(
            fleetVersion: fleetVersion,
            roomVersion: roomVersion,
            lines: queue.prefix(limit).map { line in
                PeekAnswer.Line(line: line, placedOn: line.entry.flatMap { self[$0.vm]?.pm })
            },
            changed: told(true),
            claims: told(false),
            isReset: isReset
        )
    }

    /// `claim`.
    mutating func claim(_ plan: [PlannedStep], roomVersion: Int, worker: String, lease: Int) -> ClaimAnswer {
        var answer = ClaimAnswer(stop: .complete)
        if !sabotage.contains(.claimTellsNobody) { workers.insert(worker) }
        for step in plan {
            if sabotage.contains(.claimAsksNoOrder), let place = queue.firstIndex(of: step.line) {
                queue.insert(queue.remove(at: place), at: 0)
            }
            guard queue.first == step.line else {
                answer.stop = .moved
                break
            }
            switch take(step, roomVersion, worker, lease) {
            case .success(let result): answer.results.append(result)
            case .failure(let stop):
                answer.stop = stop.reason
                return answer
            }
        }
        return answer
    }

    /// Why a claim stops.
    private struct Stopped: Error {
        let reason: ClaimAnswer.Stop
    }

    private mutating func take(
        _ step: PlannedStep,
        _ roomVersion: Int,
        _ worker: String,
        _ lease: Int
    ) -> Result<ClaimAnswer.Result, Stopped> {
        guard step.action != .bury, let entry = step.line.entry, let job = self[entry.job] else {
            dead.append(queue.removeFirst())
            changes += 1
            return .success(.buried)
        }
        guard let vm = self[entry.vm] else {
            queue.removeFirst()
            if job.kind == .create { end(job.id, .failed, .unknownVM) } else { end(job.id, .done, nil) }
            wakeWaiting(entry.vm)
            return .success(.ended)
        }
        if let other = vm.job, other != job.id, !sabotage.contains(.nobodyWaits) {
            waiting[vm.id, default: []].append(queue.removeFirst())
            update(job.id) { $0.state = .waiting }
            return .success(.waiting)
        }
        if job.kind == .create, vm.pm == nil {
            switch step.action {
            case .refuse(let code):
                guard roomVersion == self.roomVersion || sabotage.contains(.refusalsNeverAge) else {
                    return .failure(Stopped(reason: .stale))
                }
                queue.removeFirst()
                notes.append(.refused(job.id))
                drop(vm.id)
                end(job.id, .failed, job.lastCode ?? code)
                return .success(.ended)
            case .place(let pm):
                guard takeRoom(vm, on: pm) else {
                    touch(pm, grew: false)
                    return .failure(Stopped(reason: .full))
                }
                notes.append(.placed(job.id, vm.id, pm))
            case .run, .bury: return .failure(Stopped(reason: .moved))
            }
        }
        return .success(start(job, worker, lease))
    }

    private mutating func takeRoom(_ vm: VMRecord, on pm: PMID) -> Bool {
        let hasRoom = room(pm).map { vm.needs.fits(in: $0) } ?? false
        guard hasRoom || sabotage.contains(.claimAsksNoRoom) else { return false }
        uses += 1
        let use = uses
        update(pm) { machine in
            machine.machine.claimed += vm.needs
            machine.machine.vmCount += 1
            machine.machine.lastUsed = use
            machine.vms.insert(vm.id)
        }
        update(vm.id) { $0.pm = pm }
        touchClaims(pm, grew: false)
        return true
    }

    private mutating func start(_ job: JobRecord, _ worker: String, _ lease: Int) -> ClaimAnswer.Result {
        // On the left of the list, as the newest.
        processing[worker, default: []].insert(queue.removeFirst(), at: 0)
        let pm = self[job.vm]?.pm
        update(job.id) { job in
            job.epoch += 1
            job.attempts += 1
            job.state = .running
            job.worker = worker
            job.pm = pm
        }
        leases[job.id] = now + lease
        update(job.vm) { vm in
            let state: VMState = job.kind == .create ? .building : .destroying
            if vm.state != state {
                vm.stateBefore = vm.state
                vm.state = state
            }
            vm.job = job.id
        }
        notes.append(.started(HeldJob(job: job.id, epoch: job.epoch + 1), job.vm, worker: worker))
        return .started(epoch: job.epoch + 1, pm: pm)
    }
}
