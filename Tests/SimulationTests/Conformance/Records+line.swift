import Foundation
import Model
import Store

@testable import Simulation

extension JobRecord {
    /// The record as one line.
    var line: String {
        [
            "job \(id): \(kind.rawValue) of VM \(vm), \(state.rawValue), epoch \(epoch), attempts \(attempts)",
            "worker \(worker ?? ""), PM \(pm?.description ?? ""), step \(step?.rawValue ?? "")",
            "crashes \(crashes), tries \(tries), tried \(tried), last \(lastCode?.rawValue ?? "")",
            "error \(errorCode?.rawValue ?? ""), \(QueueLine.entry(entry).text)",
        ].joined(separator: ", ")
    }

    /// The hash `job:<id>` as one line.
    static func line(_ record: [String: String]) -> String {
        func field(_ name: String, _ missing: String = "") -> String { record[name] ?? missing }
        let tried = field("tried").split(separator: ",").compactMap { PMID($0) }
        return [
            "job \(field("id")): \(field("kind")) of VM \(field("vm")), \(field("state")), epoch \(field("epoch", "0"))",
            "attempts \(field("attempts", "0"))", "worker \(field("worker")), PM \(field("pm")), step \(field("step"))",
            "crashes \(field("crashes", "0")), tries \(field("tries", "0")), tried \(tried)",
            "last \(field("last_code"))", "error \(field("error_code")), \(field("entry"))",
        ].joined(separator: ", ")
    }
}

extension VMRecord {
    /// The record as one line.
    var line: String {
        "VM \(id): \(state.rawValue), before \(stateBefore?.rawValue ?? ""), PM \(pm?.description ?? ""), "
            + "job \(job?.description ?? ""), destroyed by \(destroyJob?.description ?? ""), "
            + "\(needs.cpu)/\(needs.ram)/\(needs.disk)"
    }

    /// The hash `vm:<id>` as one line.
    static func line(_ record: [String: String]) -> String {
        func field(_ name: String) -> String { record[name] ?? "" }
        return "VM \(field("id")): \(field("state")), before \(field("state_before")), PM \(field("pm")), "
            + "job \(field("job")), destroyed by \(field("destroy_job")), "
            + "\(field("cpu"))/\(field("ram"))/\(field("disk"))"
    }
}

extension QueueLine {
    /// As it stands in Redis.
    var text: String {
        switch self {
        case .junk(let text): return text
        case .entry(let entry):
            let image = entry.image.map { #","image":\#($0)"# } ?? ""
            let tried = entry.tried.map { #","tried":[\#($0.map(\.description).joined(separator: ","))]"# } ?? ""
            return #"{"job":\#(entry.job),"kind":"\#(entry.kind.rawValue)","vm":\#(entry.vm),"cpu":\#(entry.cpu),"#
                + #""ram":\#(entry.ram),"disk":\#(entry.disk)\#(image)\#(tried)}"#
        }
    }

    /// A line of a peek.
    init(_ line: Peek.Line) {
        self = line.entry.map { .entry($0) } ?? .junk(String(decoding: line.bytes, as: UTF8.self))
    }
}

extension HeldJob {
    /// As the store has it.
    var real: Lease { Lease(job: job, epoch: epoch) }
}

extension StepAnswer {
    init(_ permit: StepPermit, before: JobStep?) {
        switch permit {
        case .go: self = .go(before: before)
        case .closed: self = .closed
        case .lost: self = .lost
        }
    }
}

extension ClaimAnswer {
    init(_ outcome: ClaimOutcome) {
        let stop = Stop(rawValue: outcome.stop.rawValue) ?? .complete
        let results = outcome.results.map { result -> Result in
            switch result {
            case .started(let epoch, let pm): .started(epoch: epoch, pm: pm)
            case .waiting: .waiting
            case .ended: .ended
            case .deadLettered: .buried
            }
        }
        self.init(stop: stop, results: results)
    }
}
