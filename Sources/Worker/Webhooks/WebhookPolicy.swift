import Model
import Store

/// What the receiver of a message answered.
enum WebhookAnswer: Hashable, Sendable {
    case status(Int)
    /// It gave none, for this reason.
    case none(String)
}

/// When a message is tried again, and when a webhook is given up; pure.
struct WebhookPolicy: Sendable {
    /// How many attempts a message has.
    var attempts = 12
    /// How old a message may be that is tried again.
    var age = Duration.seconds(3600)
    /// The time after the first attempt; it doubles with each.
    var firstDelay = Duration.seconds(1)
    var longestDelay = Duration.seconds(300)
    /// For how long every attempt may fail before the webhook is disabled.
    var failing = Duration.seconds(86_400)

    /// What to record of an attempt.
    ///
    /// - Parameters:
    ///   - answer: what the receiver answered.
    ///   - delivery: the message, as it was before.
    ///   - webhook: the webhook.
    ///   - isAsked: whether somebody asked for this one attempt.
    ///   - now: the time by the clock of Redis.
    ///   - chance: from 0 to 1: spreads the attempts of several webhooks.
    /// - Returns: the record.
    func record(
        of answer: WebhookAnswer,
        to delivery: WebhookDelivery,
        of webhook: Webhook,
        isAsked: Bool,
        at now: Int,
        chance: Double
    ) -> AttemptRecord {
        let (status, reason): (Int?, String)
        switch answer {
        case .status(200...299): return AttemptRecord(.delivered, status: answer.status)
        case .status(let code) where (300...399).contains(code):
            (status, reason) = (code, "HTTP status \(code): redirects are not followed, give the webhook the final URL")
        case .status(let code): (status, reason) = (code, "HTTP status \(code)")
        case .none(let why): (status, reason) = (nil, why)
        }
        if status == 410 {
            return AttemptRecord(.failed, status: 410, reason: reason, disables: "the receiver wants no more (410)")
        }
        let failed = webhook.failingSince.map { Duration.milliseconds(now - $0) } ?? .zero
        let hours = failed.components.seconds / 3600
        let disables = failed < failing ? nil : "every attempt of the last \(hours) h failed: \(reason)"
        let isLast = delivery.attempts + 1 >= attempts || Duration.milliseconds(now - delivery.createdAt) >= age
        guard !isAsked, !isLast else {
            return AttemptRecord(.failed, status: status, reason: reason, disables: disables)
        }
        // A webhook that is enabled again goes on with this message.
        return AttemptRecord(
            .pending,
            status: status,
            reason: reason,
            delay: delay(after: delivery.attempts + 1) * (0.75 + chance / 2),
            disables: disables
        )
    }

    /// The time after so many attempts.
    func delay(after count: Int) -> Duration {
        (1..<max(1, min(count, 30))).reduce(firstDelay) { delay, _ in min(delay * 2, longestDelay) }
    }
}

extension WebhookAnswer {
    fileprivate var status: Int? { if case .status(let code) = self { code } else { nil } }
}
