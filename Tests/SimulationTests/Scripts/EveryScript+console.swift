import Model
import RedisClient

@testable import Store

extension EveryScript {
    /// A console that is recorded, relayed and written to.
    func consoles() async throws {
        let vm = try await store.enqueueCreate(
            name: "c",
            type: TypeID(known: 1),
            image: ImageID(known: 100),
            request: "r"
        ).vm
        for size in [7, 9] {
            var record = try await store.consoleRecord(of: vm)
            record.chain.observe([ConsoleFile(id: "1-2", size: size)])
            _ = try await store.note(record, ofConsoleOf: vm)
        }
        _ = try await store.follow(consoleOf: vm, for: .seconds(60))
        _ = try await store.holdConsole(of: vm, by: "w", for: .seconds(60))
        _ = try await store.follow(consoleOf: vm, for: .seconds(60))
        for offset in [0, 0, 5] {
            let piece = ConsolePiece(offset: offset, bytes: [1, 2])
            _ = try await store.relay(piece, ofConsoleOf: vm, by: "w", lease: .seconds(60))
        }
        for writer in ["a", "b", "a"] {
            let ask = ConsoleAsk(.write, vm)
            _ = try await store.write([1], for: ask, writer: writer, taking: writer == "a", lease: .seconds(60))
        }
    }
}
