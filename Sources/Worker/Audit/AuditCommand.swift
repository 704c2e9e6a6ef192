import ArgumentParser
import Bootstrap
import Foundation
import Logging
import Model
import RedisClient
import Store

/// `hvc-worker audit`: compares the records with each other and with what is on the machines.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Compares the records with each other and with what is on the machines.",
        discussion: """
            Compares twice, and prints what both passes find, a line each. Ends with status 0 when all is well, with 1 when \
            it is not. It takes the same environment variables as the worker, and may run beside workers.
            """,
        subcommands: [VerifyAuditCommand.self]
    )

    @Flag(
        name: [.long, .customLong("mend")],
        help: "Repairs what can be repaired without harm; domains are never touched."
    )
    var repair = false

    @Flag(help: "With --repair, deletes disks without an owner however young they are; without it, after an hour.")
    var all = false

    @Flag(help: "Prints the findings as JSON.")
    var json = false

    func run() async throws {
        try await Program.reportingFailures(as: "hvc-worker") {
            let settings = try WorkerSettings(environment: ProcessInfo.processInfo.environment)
            let outcome = try await audit(settings)
            print(json ? try Self.json(outcome) : Self.text(outcome, repaired: repair), terminator: "")
            guard outcome.remaining.isEmpty else { throw ExitCode(1) }
        }
    }

    private func audit(_ settings: WorkerSettings) async throws(Failure) -> Auditor.Outcome {
        let logger = Program.logger(label: "hvc-worker", level: max(settings.common.logLevel, .notice))
        defer { Program.logWriter.flush() }
        let name = "audit-\(ProcessInfo.processInfo.processIdentifier)"
        let redis = settings.common.makeRedisClient(name: name, waitForConnection: .seconds(2), logger: logger)
        let store = Store(redis: redis, keys: Keys(prefix: settings.common.prefix))
        let auditor = Auditor(
            store: store,
            machines: PMConnectionPool(
                store: store,
                transferLock: StoreTransferLock(store: store, worker: name),
                controlDirectory: ControlDirectory.path(
                    named: "hvc-ssh-\(name)",
                    in: FileManager.default.temporaryDirectory.path()
                ),
                probeTimeout: settings.probeTimeout,
                logger: logger
            ),
            cell: settings.cell,
            youngest: all ? .zero : .seconds(3600),
            pause: .seconds(1),
            logger: logger
        )
        let result: Result<Auditor.Outcome, Failure>
        do throws(Failure) { result = .success(try await auditor.run(repairs: repair)) } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        return try result.get()
    }

    private static func text(_ outcome: Auditor.Outcome, repaired: Bool) -> String {
        let remaining = Set(outcome.remaining.map(\.identity))
        var lines = outcome.found.map { finding in
            finding.text + (repaired && !remaining.contains(finding.identity) ? ": repaired" : "")
        }
        // What came about while the rest was repaired.
        let found = Set(outcome.found.map(\.identity))
        lines += outcome.remaining.filter { !found.contains($0.identity) }.map(\.text)
        lines.append(lines.isEmpty ? "all is well" : "\(outcome.found.count) found, \(outcome.remaining.count) remain")
        return lines.map { $0 + "\n" }.joined()
    }

    private struct Row: Encodable {
        let invariant: AuditFinding.Invariant
        let row: String
        let problem: String
        let details: String
        let advice: String
        let remains: Bool
    }

    private static func json(_ outcome: Auditor.Outcome) throws -> String {
        let remaining = Set(outcome.remaining.map(\.identity))
        let found = Set(outcome.found.map(\.identity))
        let all = outcome.found + outcome.remaining.filter { !found.contains($0.identity) }
        let rows = all.map { finding in
            Row(
                invariant: finding.invariant,
                row: finding.row,
                problem: finding.problem,
                details: finding.details,
                advice: finding.advice,
                remains: remaining.contains(finding.identity)
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self) + "\n"
    }
}
