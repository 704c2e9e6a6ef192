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
        #expect(wait?.level == level && wait?.result == expected, "\(answer)")
        #expect(isReached == (expected == .reached) && (expected != .reached || wait?.reason == nil), "\(answer)")
    }

    private func wait(_ level: VMLevel, _ seconds: Int, _ gateway: InProcessGateway) async throws -> HTTPAnswer {
        try await gateway.http.call("/v1/vms/1?wait_for=\(level.rawValue)&wait=\(seconds)")
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

    /// Writes what a worker has found of VM 1.
    private func note(
        _ gateway: InProcessGateway,
        banner: String? = nil,
        _ cloudInit: CloudInit? = nil,
        of vm: Int = 1
    ) async throws {
        let id = try #require(VMID(vm))
        let known = try #require(try await gateway.store.vm(id))
        let finding = ReadinessFinding(
            vm: id,
            uuid: known.vm.uuid,
            run: known.startedAt,
            banner: banner,
            cloudInit: cloudInit
        )
        let pm = try #require(PMID(1))
        #expect(try await gateway.store.note([finding], on: pm) == [id])
    }

    private func shown(_ gateway: InProcessGateway, _ vm: Int = 1) async throws -> VMResponse {
        let answer = try await gateway.http.call("/v1/vms/\(vm)")
        return try JSONDecoder().decode(VMResponse.self, from: Data(answer.body.utf8))
    }

    @Test("A guest that boots: its ssh server answers, its cloud-init runs and ends; the VM says how far it is")
    func ready() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            try await create(gateway)
            #expect(try await shown(gateway).ready == nil)
            try await gateway.work()
            let started = try await shown(gateway)
            #expect(started.ready?.level == .running && started.cloudInit?.state == .unknown && started.guest == nil)
            let ssh = try await during([.ssh, .ssh], gateway) { try await note(gateway, banner: "SSH-2.0-a") }
            for answer in ssh { try expect(answer, .ssh, .reached) }
            try expect(try await wait(.cloudInit, 0, gateway), .cloudInit, .timeout)
            try await note(gateway, CloudInit(.running))
            let running = try await shown(gateway)
            #expect(running.ready?.level == .ssh && running.ready?.how == "SSH-2.0-a" && running.ready?.at != nil)
            #expect(running.cloudInit?.state == .running)
            let done = try await during([.cloudInit], gateway) { try await note(gateway, CloudInit(.done)) }
            try expect(done[0], .cloudInit, .reached)
            #expect(try await shown(gateway).ready?.level == .cloudInit)
            // What is found of a guest is no reason to refuse what its owner changes.
            let tag = try #require(try await gateway.http.call("/v1/vms/1").headers["etag"])
            let system = GuestSystem(hostname: "web", os: "Debian GNU/Linux 12")
            let id = try #require(VMID(1))
            let known = try #require(try await gateway.store.vm(id))
            let finding = ReadinessFinding(vm: id, uuid: known.vm.uuid, run: known.startedAt, system: system)
            let pm = try #require(PMID(1))
            #expect(try await gateway.store.note([finding], on: pm).count == 1)
            let guest = try await shown(gateway).guest
            #expect(guest?.hostname == "web" && guest?.os == "Debian GNU/Linux 12" && guest?.source == .agent)
            #expect(try await gateway.http.call("/v1/vms/1").headers["etag"] != tag)
            let change = try await gateway.http.call(
                "/v1/vms/1",
                method: "PATCH",
                headers: ["If-Match": tag],
                body: #"{"name":"b"}"#
            )
            #expect(change.status == 200, "\(change)")
        }
    }

    @Test("A wait for cloud-init ends at once, and says why, where it failed, cannot be read, or has nothing to do")
    func cloudInitFails() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            for _ in 0..<2 { try await create(gateway) }
            let none = #"{"name":"c","instance_type":1,"image_id":100,"seed":"none"}"#
            #expect(try await gateway.http.call("/v1/vms", method: "POST", body: none).status == 202)
            for _ in 0..<3 { try await gateway.work() }
            func answer(_ vm: Int, _ cloudInit: CloudInit?) async throws -> VMWait {
                let waiting = Task { try await gateway.http.call("/v1/vms/\(vm)?wait_for=cloud_init&wait=60") }
                if let cloudInit { try await note(gateway, cloudInit, of: vm) }
                return try #require(try result(try await waiting.value).wait)
            }
            #expect(
                try await answer(1, CloudInit(.error, error: "no such file"))
                    == VMWait(level: .cloudInit, result: .failed, reason: "no such file")
            )
            #expect(try await shown(gateway).cloudInit?.error == "no such file")
            #expect(
                try await answer(2, CloudInit(.unknown, error: "not by this user"))
                    == VMWait(level: .cloudInit, result: .impossible, reason: "not by this user")
            )
            let nothing = try await answer(3, nil)
            #expect(nothing.result == .impossible && nothing.reason?.contains("seed") == true)
            #expect(try await shown(gateway, 3).cloudInit == nil)
        }
    }

    @Test("A create waits for more than its job where that is asked, for one VM alone")
    func waitingCreate() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            async let answer = gateway.http.call("/v1/vms?wait_for=ssh&wait=60", method: "POST", body: Self.vm)
            try await gateway.work()
            try await eventually("the wait for ssh") { gateway.levels.awaited == 1 }
            try await note(gateway, banner: "SSH-2.0-a")
            let created = try await answer
            #expect(created.status == 201 && created.headers["location"] == "/v1/vms/1", "\(created)")
            let vm = try JSONDecoder().decode(VMResponse.self, from: Data(created.body.utf8))
            #expect(vm.reached == true && vm.wait == VMWait(level: .ssh, result: .reached))
            let several = #"{"name":"a","instance_type":1,"image_id":100,"count":2}"#
            for path in ["/v1/vms?wait_for=ssh&wait=60", "/v1/vms?wait_for=there"] {
                #expect(try await gateway.http.call(path, method: "POST", body: several).status == 400)
            }
            // Without time to wait there is nothing to wait for.
            #expect(try await gateway.http.call("/v1/vms?wait_for=ssh", method: "POST", body: Self.vm).status == 202)
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
