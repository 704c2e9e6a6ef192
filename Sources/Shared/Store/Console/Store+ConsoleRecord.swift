package import Model
import RedisClient

/// What is recorded of a VM's console.
package struct ConsoleRecord: Hashable, Sendable {
    package var chain = ConsoleChain()
    package var boots = ConsoleBoots()
    fileprivate var version = 0

    package init() {}
}

extension Store {
    /// What is recorded of a VM's console; nothing where it was never read.
    package func consoleRecord(of vm: VMID) async throws(Failure) -> ConsoleRecord {
        let key = keys.console(of: vm)
        guard let found = try await send(["HGETALL", key]).map, !found.isEmpty else { return ConsoleRecord() }
        let fields = RecordFields(found, key: key)
        var record = ConsoleRecord()
        record.version = try fields.needed("version") { Int($0) }
        record.chain = try fields.value("chain") { ConsoleChain($0) } ?? ConsoleChain()
        record.boots = try fields.value("boots") { ConsoleBoots($0) } ?? ConsoleBoots()
        return record
    }

    /// Records what is new of a VM's console (script `note_console`).
    ///
    /// - Returns: false where it has changed since it was read, or there is no such VM.
    /// - Throws: `Failure`.
    package func note(_ record: ConsoleRecord, ofConsoleOf vm: VMID) async throws(Failure) -> Bool {
        try await run(
            .noteConsole,
            [
                "vm": vm.value, "known": record.version, "chain": record.chain.text, "boots": record.boots.text,
            ]
        )
    }
}
