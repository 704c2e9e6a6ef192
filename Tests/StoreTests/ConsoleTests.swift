import Model
import RedisClient
import Store
import TestKit
import Testing

@Suite("Consoles between gateways and workers")
struct ConsoleTests {
    private func with(_ body: (StoreFixture, VMID) async throws -> Void) async throws {
        try await StoreFixture.with { fixture in
            try await body(fixture, try await fixture.create().vm)
        }
    }

    @Test("An ask goes to one worker, and its answer to the gateway that waits, with whatever bytes")
    func answers() async throws {
        try await with { fixture, vm in
            let store = fixture.store
            var ask = ConsoleAsk(.page, vm)
            (ask.id, ask.gateway, ask.start, ask.limit) = ("a", "g", .last(7), 9)
            try await store.ask(ask)
            #expect(try await store.nextConsoleAsk(waiting: .milliseconds(100)) == ask)
            #expect(try await store.nextConsoleAsk(waiting: .milliseconds(10)) == nil)
            let page = ConsolePage(offset: 3, first: 0, size: 260, boot: 1, bytes: Array(0...255) + [10, 10])
            try await store.answer(ask, .success(page))
            try await store.answer(ask, .failure(Failure(.offsetNotKept, "no", cause: "c")))
            let first = try #require(try await store.nextConsoleAnswer(to: "g", waiting: .seconds(1)))
            #expect(try first.id == "a" && first.result.get() == page)
            let second = try #require(try await store.nextConsoleAnswer(to: "g", waiting: .seconds(1)))
            let failure = #expect(throws: Failure.self) { try second.result.get() }
            #expect(failure == Failure(.offsetNotKept, "no", cause: "c"))
            #expect(try await store.nextConsoleAnswer(to: "other", waiting: .milliseconds(10)) == nil)
            // What is none of ours stops nobody.
            _ = try await store.redis.send(["LPUSH", "hvc:console:asks", "none of ours"])
            #expect(try await store.nextConsoleAsk(waiting: .milliseconds(10)) == nil)
            for _ in 0..<1100 { try await store.ask(ask) }
            #expect(try await store.redis.send(["LLEN", "hvc:console:asks"]).int == 1000)
        }
    }

    @Test("One worker relays a console, for as long as somebody reads it and the VM is there")
    func relay() async throws {
        try await with { fixture, vm in
            let store = fixture.store
            func relay(_ piece: ConsolePiece?, by holder: String) async throws -> ConsoleRelaying {
                try await store.relay(piece, ofConsoleOf: vm, by: holder, lease: .seconds(30))
            }
            #expect(try await store.follow(consoleOf: vm, for: .seconds(30)) == .asked)
            #expect(try await store.nextConsoleAsk(waiting: .milliseconds(100)) == ConsoleAsk(.follow, vm))
            #expect(try await relay(ConsolePiece(offset: 5, bytes: []), by: "w") == .lost)
            #expect(try await store.holdConsole(of: vm, by: "w", for: .seconds(30)))
            #expect(try await store.holdConsole(of: vm, by: "v", for: .seconds(30)) == false)
            #expect(try await store.follow(consoleOf: vm, for: .seconds(30)) == .relayed)
            #expect(try await store.relayedEnd(ofConsoleOf: vm) == nil)
            // Where it begins, then what goes on there.
            #expect(try await relay(ConsolePiece(offset: 5, bytes: []), by: "w") == .ok)
            #expect(try await relay(ConsolePiece(offset: 5, bytes: [0, 255, 10]), by: "w") == .ok)
            #expect(try await relay(ConsolePiece(offset: 8, bytes: []), by: "w") == .ok)
            #expect(try await relay(nil, by: "w") == .ok)
            #expect(try await relay(ConsolePiece(offset: 8, bytes: [1]), by: "v") == .lost)
            #expect(try await store.relayedEnd(ofConsoleOf: vm) == 8)
            var (pieces, position) = try await store.consolePieces(of: vm, after: "0-0", waiting: .seconds(1))
            #expect(pieces == [ConsolePiece(offset: 5, bytes: []), ConsolePiece(offset: 5, bytes: [0, 255, 10])])
            // What does not go on begins anew.
            #expect(try await relay(ConsolePiece(offset: 100, bytes: [7]), by: "w") == .ok)
            (pieces, position) = try await store.consolePieces(of: vm, after: position, waiting: .seconds(1))
            #expect(pieces == [ConsolePiece(offset: 100, bytes: [7])])
            for number in 0..<100 { _ = try await relay(ConsolePiece(offset: 101 + number, bytes: [7]), by: "w") }
            #expect(try await store.redis.send(["XLEN", "hvc:console:bytes:1"]).int == 64)
            #expect(try #require(try await store.redis.send(["TTL", "hvc:console:bytes:1"]).int) > 0)
            _ = try await store.redis.send(["DEL", "hvc:console:readers:1"])
            #expect(try await relay(nil, by: "w") == .idle)
            try await store.releaseConsole(of: vm, by: "w")
            #expect(try await relay(nil, by: "w") == .lost)
            #expect(try await store.holdConsole(of: vm, by: "w", for: .seconds(30)))
            _ = try await store.redis.send(["DEL", "hvc:vm:1"])
            #expect(try await relay(nil, by: "w") == .gone)
            #expect(try await store.follow(consoleOf: vm, for: .seconds(30)) == .gone)
        }
    }

    @Test("Of two workers that record a console at once, one is told to read the record again; it goes with the VM")
    func record() async throws {
        try await with { fixture, vm in
            let store = fixture.store
            var record = try await store.consoleRecord(of: vm)
            record.chain.observe([ConsoleFile(id: "1-2", size: 7)])
            #expect(try await store.note(record, ofConsoleOf: vm))
            #expect(try await store.note(record, ofConsoleOf: vm) == false)
            record = try await store.consoleRecord(of: vm)
            record.boots.note(at: 7)
            #expect(try await store.note(record, ofConsoleOf: vm))
            let again = try await store.consoleRecord(of: vm)
            #expect(again.chain == record.chain && again.boots.last.number == 2)
            #expect(try await store.note(ConsoleRecord(), ofConsoleOf: 9.identifier()) == false)
            _ = try await store.redis.send(["HSET", "hvc:vm:1:console", "chain", "broken"])
            let failure = await #expect(throws: Failure.self) { try await store.consoleRecord(of: vm) }
            #expect(failure?.code == .malformedRecord)
            // The create is cancelled, and the VM goes.
            try await store.cancel(1.identifier())
            #expect(try await store.redis.send(["EXISTS", "hvc:vm:1", "hvc:vm:1:console"]).int == 0)
        }
    }
}
