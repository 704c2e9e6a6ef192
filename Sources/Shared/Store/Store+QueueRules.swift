import Foundation
package import Model
import RedisClient

/// A rule with the jobs that it has deferred.
package struct QueueRuleStatus: Hashable, Sendable {
    package let rule: QueueRule
    package let deferred: Int
}

/// The part of a rule that stands in Redis under its words.
private struct RuleRecord: Decodable {
    let action: QueueRuleAction
    let reason: String
    let at: String
}

extension Store {
    /// How many deferred jobs come back in one script.
    private static let releasePage = 500

    /// Has workers take no more jobs.
    package func pauseQueue(reason: String) async throws(Failure) {
        let _: Bool = try await run(.pauseQueue, ["reason": reason])
    }

    /// Has workers take jobs again.
    package func resumeQueue() async throws(Failure) {
        let _: Bool = try await run(.resumeQueue)
    }

    /// Makes a rule for jobs, in place of the one for the same jobs that there was.
    package func setRule(
        for scope: QueueRuleScope,
        _ action: QueueRuleAction,
        reason: String
    ) async throws(Failure) {
        let arguments: ScriptArguments = [
            "kind": scope.kind?.rawValue ?? "", "words": scope.words, "action": action.rawValue, "reason": reason,
        ]
        guard try await run(.setRule, arguments) as Bool else {
            throw Failure(.invalidRequest, "no operation is called \(scope.words): give the kind of a job")
        }
        // What the earlier rule had deferred was accepted.
        if action == .reject { try await releaseDeferred(scope) }
    }

    /// Takes a rule away; what it had deferred comes back.
    ///
    /// - Returns: false where there was none.
    package func dropRule(for scope: QueueRuleScope) async throws(Failure) -> Bool {
        let existed: Bool = try await run(.dropRule, ["words": scope.words])
        // Also what an earlier call did not get to.
        try await releaseDeferred(scope)
        return existed
    }

    private func releaseDeferred(_ scope: QueueRuleScope) async throws(Failure) {
        var left: Int
        repeat {
            left = try await run(.releaseDeferred, ["words": scope.words, "limit": Self.releasePage])
        } while left > 0
    }

    /// The rules, and why workers take no jobs; nil where they do.
    package func queueRules() async throws(Failure) -> (pause: QueuePause?, rules: [QueueRuleStatus]) {
        let replies = try await pipeline([
            ["HMGET", keys.queuePause, "reason", "at"], ["HGETALL", keys.queueRules],
        ])
        let pause = replies[0].array?.compactMap(\.string)
        var rules: [QueueRule] = []
        for (name, text) in (replies[1].map ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let scope = QueueRuleScope(words: name) else { throw Self.brokenRule(name, in: keys.queueRules) }
            let record: RuleRecord
            do { record = try JSONDecoder().decode(RuleRecord.self, from: Data(text.utf8)) } catch {
                throw Self.brokenRule(name, in: keys.queueRules)
            }
            rules.append(QueueRule(for: scope, action: record.action, reason: record.reason, at: record.at))
        }
        let counts = try await pipeline(rules.map { ["ZCARD", keys.deferred(by: $0.scope)] })
        return (
            pause.flatMap { $0.count == 2 ? QueuePause(reason: $0[0], at: $0[1]) : nil },
            zip(rules, counts).map { QueueRuleStatus(rule: $0, deferred: $1.int ?? 0) }
        )
    }

    private static func brokenRule(_ words: String, in key: String) -> Failure {
        .malformedRecord("\(key) has a rule for \(words) that is none of ours")
    }

    /// Why a job that has not begun waits, where it waits for more than its turn.
    package func whyWaiting(_ job: JobID) async throws(Failure) -> String? {
        let replies = try await pipeline([
            ["HMGET", keys.job(job), "state", "put_off"], ["HMGET", keys.queuePause, "reason", "at"],
        ])
        let (fields, pause) = (replies[0].array ?? [], replies[1].array?.compactMap(\.string) ?? [])
        switch fields.first?.string.flatMap(Job.State.init) {
        case .queued, .waiting:
            guard pause.count == 2 else { return nil }
            return "the queue has been paused since \(pause[1]): \(pause[0])"
        case .delayed: return fields.last?.string
        case .running, .done, .failed, .dead, nil: return nil
        }
    }
}

extension Failure {
    /// A rule rejects jobs of this kind.
    static func rejected(_ words: String, reason: String) -> Failure {
        Failure(
            .rejectedByRule,
            "no \(words) is accepted for now: \(reason); GET /v1/queue shows the rule, DELETE /v1/queue/rules takes it away"
        )
    }
}
