import Foundation
package import Model
import RedisClient

/// Bytes for a VM's console.
package struct ConsoleInput: Sendable {
    /// Who waits for the answer.
    package let ask: ConsoleAsk
    package let bytes: [UInt8]
    /// Whether whoever has the console open on the PM is to lose it.
    package let isForced: Bool
}

/// What became of bytes for a console.
package enum ConsoleWriting: Hashable, Sendable, ScriptReply {
    /// They are on their way, and the right to write lasts until then, in ms since 1970.
    case accepted(until: Int)
    case busy(writer: String, until: Int)
    /// Too much waits to be written.
    case full
    /// There is no such VM.
    case gone

    init?(_ reply: RESPValue, keys: Keys) {
        guard let parts = reply.array, let word = parts.first?.string else { return nil }
        switch (word, parts.count) {
        case ("ok", 2):
            guard let time = parts[1].int else { return nil }
            self = .accepted(until: time)
        case ("busy", 3):
            guard let writer = parts[1].string, let time = parts[2].int else { return nil }
            self = .busy(writer: writer, until: time)
        case ("full", 1): self = .full
        case ("gone", 1): self = .gone
        default: return nil
        }
    }
}

extension Store {
    /// How many requests may wait to be written to a console.
    private static let mostInputs = 16
    /// For how many ms they may wait: for less than who sent them does.
    private static let longestWait = 8000

    /// Hands bytes to the worker that writes to a VM's console, where the right to is the writer's (script `write_console`).
    ///
    /// - Parameters:
    ///   - bytes: the bytes.
    ///   - ask: who waits for the answer.
    ///   - writer: who writes, in words for others.
    ///   - isTaken: whether the right is taken from another one.
    ///   - lease: how long the right lasts from now on.
    /// - Returns: what became of it.
    /// - Throws: `Failure`.
    package func write(
        _ bytes: [UInt8],
        for ask: ConsoleAsk,
        writer: String,
        taking isTaken: Bool,
        lease: Duration
    ) async throws(Failure) -> ConsoleWriting {
        let taken = isTaken ? "1" : "0"
        let head = Array((taken + (try Self.line(ask)) + "\n").utf8)
        return try await run(
            .writeConsole,
            [
                "vm": ask.vm.value, "writer": writer, "take": taken, "lease_ms": lease.milliseconds,
                "item": head + bytes, "ask": try Self.line(ConsoleAsk(.write, ask.vm)), "most": Self.mostInputs,
            ]
        )
    }

    /// The next bytes for a console, which nobody else gets; nil where none come in time.
    package func nextInput(ofConsoleOf vm: VMID, waiting time: Duration) async throws(Failure) -> ConsoleInput? {
        let reply = try await send(["BLPOP", keys.consoleInput(of: vm), "\(max(1, time.components.seconds))"])
        guard let item = reply.array?.last?.bytes, let blank = item.firstIndex(of: UInt8(ascii: " ")),
            let time = Int(String(decoding: item[..<blank], as: UTF8.self)),
            let end = item.firstIndex(of: UInt8(ascii: "\n")), blank + 2 < end,
            let ask = try? JSONDecoder().decode(ConsoleAsk.self, from: Data(item[(blank + 2)..<end]))
        else { return nil }
        let isForced = item[blank + 1] == UInt8(ascii: "1")
        // Whoever sent it was told that it is not known whether it is written.
        guard let now = try await send(["TIME"]).milliseconds, now - time < Self.longestWait else { return nil }
        return ConsoleInput(ask: ask, bytes: Array(item[(end + 1)...]), isForced: isForced)
    }

    /// The right to write to a VM's console on its PM, which one worker has at a time.
    package func holdInput(ofConsoleOf vm: VMID, by holder: String, for time: Duration) async throws(Failure) -> Bool {
        try await hold(lock: "lock:console-input:\(vm)", holder: holder, for: time)
    }

    package func releaseInput(ofConsoleOf vm: VMID, by holder: String) async throws(Failure) {
        try await release(lock: "lock:console-input:\(vm)", holder: holder)
    }
}
