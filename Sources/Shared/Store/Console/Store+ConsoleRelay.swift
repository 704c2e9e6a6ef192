package import Model
import RedisClient

/// What became of an ask to relay a console.
package enum ConsoleFollowing: String, ScriptWord, Sendable {
    case relayed
    case asked
    case full
    /// There is no such VM.
    case gone
}

/// What became of what a worker relays.
package enum ConsoleRelaying: String, ScriptWord, Sendable {
    case ok
    /// Nobody reads.
    case idle
    /// Another worker has the right.
    case lost
    /// There is no such VM.
    case gone
}

/// Some bytes of a console.
package struct ConsolePiece: Hashable, Sendable {
    package let offset: Int
    package let bytes: [UInt8]

    package init(offset: Int, bytes: [UInt8]) { (self.offset, self.bytes) = (offset, bytes) }

    /// The offset behind its last byte.
    package var end: Int { offset + bytes.count }
}

extension Store {
    /// How many pieces of a console are kept for gateways that lag.
    private static let piecesKept = 64

    /// Says that somebody reads a VM's console, and has it relayed (script `follow_console`).
    package func follow(consoleOf vm: VMID, for duration: Duration) async throws(Failure) -> ConsoleFollowing {
        let ask = try Self.line(ConsoleAsk(.follow, vm))
        return try await run(
            .followConsole,
            ["vm": vm.value, "ttl_ms": duration.milliseconds, "ask": ask, "most": Self.mostConsoleAsks]
        )
    }

    /// Relays bytes, or the place where they will begin (script `relay_console`).
    ///
    /// - Parameters:
    ///   - piece: the bytes; nil for a sign of life.
    ///   - vm: the VM.
    ///   - holder: the worker's instance, which has the right.
    ///   - lease: how long it has the right from now on.
    /// - Returns: whether it is to go on.
    /// - Throws: `Failure`.
    package func relay(
        _ piece: ConsolePiece?,
        ofConsoleOf vm: VMID,
        by holder: String,
        lease: Duration
    ) async throws(Failure) -> ConsoleRelaying {
        try await run(
            .relayConsole,
            [
                "vm": vm.value, "holder": holder, "lease_ms": lease.milliseconds,
                "offset": piece.map { String($0.offset) } ?? "", "bytes": piece?.bytes ?? [],
                "most": Self.piecesKept,
            ]
        )
    }

    /// The right to relay a VM's console, which one worker has at a time.
    package func holdConsole(of vm: VMID, by holder: String, for duration: Duration) async throws(Failure) -> Bool {
        try await hold(lock: "lock:console:\(vm)", holder: holder, for: duration)
    }

    package func releaseConsole(of vm: VMID, by holder: String) async throws(Failure) {
        try await release(lock: "lock:console:\(vm)", holder: holder)
    }

    /// Where what was relayed of a console ends; nil where nothing of it is kept.
    package func relayedEnd(ofConsoleOf vm: VMID) async throws(Failure) -> Int? {
        let reply = try await send(["XREVRANGE", keys.consoleBytes(of: vm), "+", "-", "COUNT", 1])
        return reply.array?.first.flatMap { ConsolePiece(entry: $0) }?.end
    }

    /// What was relayed behind a position of the stream, once there is something (XREAD BLOCK).
    package func consolePieces(
        of vm: VMID,
        after position: String,
        waiting time: Duration
    ) async throws(Failure) -> (pieces: [ConsolePiece], position: String) {
        let reply = try await send([
            "XREAD", "COUNT", 16, "BLOCK", time.milliseconds, "STREAMS", keys.consoleBytes(of: vm), position,
        ])
        guard let entries = reply.array?.first?.array?.last?.array else { return ([], position) }
        return (entries.compactMap { ConsolePiece(entry: $0) }, entries.last?.array?.first?.string ?? position)
    }
}

extension ConsolePiece {
    /// Reads an entry of the stream; nil where it is none of ours.
    fileprivate init?(entry: RESPValue) {
        guard let fields = entry.array?.last?.pairs,
            let offset = fields.first(where: { $0.key == "at" })?.value.int,
            let bytes = fields.first(where: { $0.key == "bytes" })?.value.bytes
        else { return nil }
        self.init(offset: offset, bytes: bytes)
    }
}
