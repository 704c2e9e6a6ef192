import API
import Model
import Testing

@testable import CLI

@Suite("How hvctl fails")
struct FailureTests {
    @Test("Each failure of the API has an exit status of its kind")
    func statuses() {
        let expected: [FailureCode: CLI.ExitStatus] = [
            .invalidRequest: .usage, .unauthorized: .notAllowed, .forbidden: .notAllowed, .unknownVM: .notFound,
            .unknownJob: .notFound, .wrongState: .conflict, .alreadyDestroying: .conflict, .ambiguousName: .conflict,
            .changedSince: .conflict, .noCapacity: .noRoom, .noMatch: .noRoom, .quotaExceeded: .noRoom,
            .storageFull: .noRoom, .noMachine: .noRoom, .storeUnavailable: .unreachable, .notReady: .unreachable,
            .noWorker: .unreachable, .overloaded: .unreachable, .hypervisor: .failed, .internalFault: .failed,
            .cancelled: .failed, .machineUnreachable: .failed, .keyReused: .usage, .outcomeUnknown: .unreachable,
        ]
        for (code, status) in expected {
            #expect(CLI.ExitStatus(code: code.rawValue, status: code.status) == status, "\(code.rawValue)")
        }
        for code in FailureCode.allCases {
            #expect(CLI.ExitStatus(code: code.rawValue, status: code.status) != .done, "\(code.rawValue)")
        }
        #expect(CLI.ExitStatus(code: "of_a_newer_release", status: 404) == .notFound)
    }

    @Test("A problem document says what, why and what is next")
    func problem() throws {
        let problem: JSONValue = [
            "code": "quota_exceeded", "detail": "project lab may have 3 VMs", "job_id": 9, "fix": "ask for less",
            "quota": ["resource": "vms", "limit": 3, "used": 3, "asked": 1],
        ]
        let failure = CommandFailure(problem: problem, status: 409)
        #expect(failure.exit == .noRoom)
        try Golden.expect(failure.text + "\n", "quota.error")
        #expect(failure.json[path: "error.problem.quota.limit"] == 3 && failure.json[path: "error.job_id"] == 9)
    }

    @Test("A body that is refused names the place")
    func pointers() throws {
        let problem: JSONValue = [
            "code": "invalid_request", "detail": "count is 0: give 1 to 100", "fix": "correct what the detail names",
            "errors": [["pointer": "/count", "detail": "count is 0: give 1 to 100"]],
        ]
        try Golden.expect(CommandFailure(problem: problem, status: 400).text + "\n", "invalid.error")
    }

    @Test("A refusal says how many machines were examined, what they lack, and the nearest miss")
    func refusal() throws {
        let explanation: JSONValue = [
            "fit": 0, "objections": ["lacks memory": 38, "cordoned": 2, "not up": 1], "policy": "spread",
            "nearest_miss": ["pm": 9, "text": "lacks 2048 MiB; fits with overcommit_ram=1.05"],
        ]
        try Golden.expect(RefusedPlace.lines(explanation).joined(separator: "\n") + "\n", "refusal.lines")
        #expect(RefusedPlace.lines(["objections": [:], "fit": 0]) == ["no machine was examined"])
    }

    @Test("A wait that is over, or was ended, is no error")
    func overAndInterrupted() {
        let over = CommandFailure(.waitOver, code: "wait_over", "still queued", job: "3", next: ["hvctl job wait 3"])
        #expect(over.text == "still queued\n  next: hvctl job wait 3")
        #expect(over.exit.rawValue == 124 && CLI.ExitStatus.interrupted.rawValue == 130)
    }
}
