import API
import Foundation
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Waits for how far a VM has come")
struct VMLevelTests {
    private static let vm = #"{"name":"a","instance_type":1,"image_id":100}"#

    private func create(_ gateway: InProcessGateway) async throws {
        #expect(try await gateway.http.call("/v1/vms", method: "POST", body: Self.vm).status == 202)
    }

    /// The level, its result and whether it was reached, from an answer of either form.
    private func result(_ answer: HTTPAnswer) throws -> (wait: VMWait?, isReached: Bool?) {
        #expect(answer.status == 200, "\(answer)")
        let data = Data(answer.body.utf8)
        if let gone = try? JSONDecoder().decode(VMGone.self, from: data) { return (gone.wait, gone.reached) }
        let vm = try JSONDecoder().decode(VMResponse.self, from: data)
        return (vm.wait, vm.reached)
    }

    private func expect(_ answer: HTTPAnswer, _ level: VMLevel, _ expected: VMWait.Result) throws {
        let (wait, isReached) = try result(answer)
        #expect(wait == VMWait(level: level, result: expected) && isReached == (expected == .reached), "\(answer)")
    }

    private func wait(_ level: VMLevel, _ seconds: Int, _ gateway: InProcessGateway) async throws -> HTTPAnswer {
        try await gateway.http.call("/v1/vms/1?wait_for=\(level)&wait=\(seconds)")
    }

    /// Begins waits, has something happen once they have begun, and returns their answers.
    private func during(
        _ levels: [VMLevel],
        _ gateway: InProcessGateway,
        _ happening: () async throws -> Void
    ) async throws -> [HTTPAnswer] {
        let waits = levels.map { level in Task { try await wait(level, 60, gateway) } }
        // Each reads the record once by itself and once with the loop; what comes before that is found by it.
        try await happening()
        var answers: [HTTPAnswer] = []
        for wait in waits { answers.append(try await wait.value) }
        return answers
    }

    @Test("A VM that is made, stops and is destroyed: each wait ends when the level is reached")
    func life() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await create(gateway)
            try expect(try await wait(.running, 0, gateway), .running, .timeout)
            let start = ContinuousClock.now
            for (level, answer) in zip(
                [VMLevel.placed, .running, .running],
                try await during([.placed, .running, .running], gateway) { try await gateway.work() }
            ) { try expect(answer, level, .reached) }
            try expect(try await wait(.placed, 60, gateway), .placed, .reached)
            let addressed = try await during([.address], gateway) {
                let (id, pm) = (try #require(VMID(1)), try #require(PMID(1)))
                let vm = try #require(try await gateway.store.vm(id)?.vm)
                let address = try #require(IPAddress("192.0.2.7"))
                let known = GuestAddress(address, source: .lease, scope: .pm, mac: try #require(vm.macs.first))
                let finding = AddressFinding(vm: vm.id, uuid: vm.uuid, addresses: [known], reason: nil)
                #expect(try await gateway.store.note([finding], on: pm) == [vm.id])
            }
            try expect(try #require(addressed.first), .address, .reached)
            let shown = try JSONDecoder().decode(VMResponse.self, from: Data(addressed[0].body.utf8))
            #expect(shown.primaryIP == "192.0.2.7" && shown.addresses.first?.via?.value == 1)
            #expect(shown.addressesReason == nil)
            let stopped = try await during([.stopped], gateway) {
                // As a probe finds it.
                _ = try await gateway.store.redis.send(["HSET", "hvc:vm:1", "state", "stopped"])
                _ = try await gateway.store.redis.send(["XADD", "hvc:events", "*", "type", "vm.stopped", "vm", "1"])
            }
            try expect(try #require(stopped.first), .stopped, .reached)
            let gone = try await during([.gone, .running], gateway) {
                #expect(try await gateway.http.call("/v1/vms/1", method: "DELETE").status == 202)
                try await gateway.work()
            }
            try expect(gone[0], .gone, .reached)
            try expect(gone[1], .running, .impossible)
            // One that is no more has been made and ended.
            try expect(try await wait(.gone, 60, gateway), .gone, .reached)
            try expect(try await wait(.running, 60, gateway), .running, .impossible)
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test("A wait ends at once where the job fails, before it or while it lasts")
    func failure() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await create(gateway)
            let start = ContinuousClock.now
            let answers = try await during([.running, .placed, .gone], gateway) {
                try await gateway.work(failure: Failure(.hypervisor, "no"))
            }
            try expect(answers[0], .running, .failed)
            // It had a place for a moment, which the wait may have seen.
            #expect([.failed, .reached].contains(try result(answers[1]).wait?.result))
            try expect(answers[2], .gone, .reached)
            try expect(try await wait(.running, 60, gateway), .running, .failed)
            // A destroy that fails leaves the VM.
            try await create(gateway)
            try await gateway.work()
            let hasEnded = NIOLockedValueBox(false)
            let kept = Task {
                defer { hasEnded.withLockedValue { $0 = true } }
                return try await gateway.http.call("/v1/vms/2?wait_for=gone&wait=60")
            }
            // The first ones may fail before the wait has begun.
            while !hasEnded.withLockedValue(\.self), ContinuousClock.now - start < .seconds(30) {
                #expect(try await gateway.http.call("/v1/vms/2", method: "DELETE").status == 202)
                try await gateway.work(failure: Failure(.hypervisor, "no"))
            }
            let (wait, isReached) = try result(try await kept.value)
            #expect(wait?.result == .failed && isReached == false)
            #expect(ContinuousClock.now - start < .seconds(30))
        }
    }

    @Test("What cannot be waited for is refused: an unknown VM, an unknown level, a wait for nothing")
    func refused() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for (path, status) in [
                ("/v1/vms/9?wait_for=gone&wait=60", 404), ("/v1/vms/9?wait_for=there", 400), ("/v1/vms/9?wait=5", 400),
                ("/v1/vms/9?wait_for=gone&wait=301", 400),
            ] { #expect(try await gateway.http.call(path).status == status, "\(path)") }
        }
    }

    @Test("A broken record ends the waits for its VM alone, and an outage of Redis ends none")
    func broken() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for _ in 0..<2 { try await create(gateway) }
            let redis = gateway.store.redis
            async let broken = gateway.http.call("/v1/vms/1?wait_for=running&wait=60")
            async let sound = gateway.http.call("/v1/vms/2?wait_for=stopped&wait=60")
            try await eventually("both to wait") { gateway.levels.awaited == 2 }
            _ = try await redis.send(["HSET", "hvc:vm:1", "state", "odd"])
            _ = try await redis.send(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            _ = try await redis.send(["XADD", "hvc:events", "*", "type", "vm.stopped", "vm", "1"])
            #expect(try await broken.status == 500)
            _ = try await redis.send(["HSET", "hvc:vm:2", "state", "stopped"])
            _ = try await redis.send(["XADD", "hvc:events", "*", "type", "vm.stopped", "vm", "2"])
            try expect(try await sound, .stopped, .reached)
        }
    }
}
