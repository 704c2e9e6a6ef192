import ArgumentParser
import Bootstrap
import Foundation
import Logging
import Model
import RedisClient
import Store

/// `hvc-worker audit verify`: compares the audit log with its seals.
struct VerifyAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compares the log of who changed what with its seals.",
        discussion: """
            Names each entry that was altered, removed or added since it was sealed, and says how many are not sealed yet. \
            Ends with status 0 where the log is whole, else with 1. Whoever can write to Redis can make all seals anew: \
            note the head that this prints in another place, and give it as --head later.
            """
    )

    @Option(help: "A head that an earlier run printed: it must be in the chain still.")
    var head: String?

    func run() async throws {
        try await Program.reportingFailures(as: "hvc-worker") {
            let settings = try WorkerSettings(environment: ProcessInfo.processInfo.environment)
            let logger = Program.logger(label: "hvc-worker", level: max(settings.common.logLevel, .notice))
            defer { Program.logWriter.flush() }
            let name = "audit-\(ProcessInfo.processInfo.processIdentifier)"
            let redis = settings.common.makeRedisClient(name: name, waitForConnection: .seconds(2), logger: logger)
            let store = Store(redis: redis, keys: Keys(prefix: settings.common.prefix))
            let result: Result<Bool, Failure>
            do throws(Failure) { result = .success(try await verify(store)) } catch { result = .failure(error) }
            await redis.shutdown()
            guard try result.get() else { throw ExitCode(1) }
        }
    }

    private func verify(_ store: Store) async throws(Failure) -> Bool {
        while true {
            let ends = try await store.auditChain()
            let (seals, entries) = (try await store.auditSeals(), try await store.auditEntries())
            // Workers seal meanwhile: what was read must be of one chain.
            guard try await store.auditChain() == ends else { continue }
            let verdict = try AuditChain.verify(entries, seals, ends, head: head)
            print(Self.text(verdict, ends), terminator: "")
            return verdict.isWhole
        }
    }

    static func text(_ verdict: AuditChain.Verdict, _ ends: AuditChainEnds) -> String {
        var lines = verdict.altered.map { "entry \($0) was altered since it was sealed" }
        lines += verdict.removed.map { "entry \($0) was sealed, and was removed" }
        lines += verdict.added.map { "entry \($0) was added among those that are sealed" }
        if verdict.missingSeals > 0 { lines.append("\(verdict.missingSeals) seals were removed") }
        if verdict.isCut { lines.append("the chain does not end with its last seal") }
        if let head = verdict.unknownHead { lines.append("the head \(head) is not in the chain") }
        lines.append(
            "\(ends.count) entries sealed, \(ends.trimmed) of them no longer kept, \(verdict.unsealed.count) not sealed yet"
        )
        if let last = ends.last { lines.append("head \(last.digest) at entry \(last.entry)") }
        return lines.map { $0 + "\n" }.joined()
    }
}
