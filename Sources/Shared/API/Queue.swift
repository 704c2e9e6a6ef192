package import Model

extension Endpoints {
    package static let readQueue = Endpoint<NoBody, QueueResponse>(
        v1: "readQueue",
        .get,
        "/v1/queue",
        "Shows what waits, what is under way and on which worker, and the rules."
    )
    package static let pauseQueue = Endpoint<PauseRequest, QueueResponse>(
        v1: "pauseQueue",
        .post,
        "/v1/queue:pause",
        "Has workers take no more jobs; what is under way goes on."
    )
    package static let resumeQueue = Endpoint<NoBody, QueueResponse>(
        v1: "resumeQueue",
        .post,
        "/v1/queue:resume",
        "Has workers take jobs again."
    )
    package static let setQueueRule = Endpoint<QueueRuleRequest, QueueResponse>(
        v1: "setQueueRule",
        .post,
        "/v1/queue/rules",
        "Rejects or defers jobs by kind, project and label, with a reason."
    )
    package static let dropQueueRule = Endpoint<NoBody, QueueResponse>(
        v1: "dropQueueRule",
        .delete,
        "/v1/queue/rules",
        query: [
            .word("kind", oneOf: Operation.all.map(\.kind.rawValue)), .optional("project"),
            .optional("label", matching: TextPattern.labelPair),
        ],
        "Takes a rule away."
    )

    static let queue = [
        readQueue.description, pauseQueue.description, resumeQueue.description, setQueueRule.description,
        dropQueueRule.description,
    ]
}

/// The body of `POST /v1/queue:pause`.
package struct PauseRequest: APIRequest, Hashable {
    package var reason: String

    package init(reason: String) { self.reason = reason }

    package static let forms = ["reason": Schema.reason]

    package func validate() throws(Failure) { try Failure.at("reason", check: try reason.checkReason()) }
}

/// The body of `POST /v1/queue/rules`: a rule for the jobs that fit all of `kind`, `project` and `label` that it has.
package struct QueueRuleRequest: APIRequest, Hashable {
    package var kind: String?
    package var project: ProjectName?
    /// Of the VM, as `key=value`.
    package var label: String?
    package var action: QueueRuleAction
    package var reason: String

    package init(
        kind: String? = nil,
        project: ProjectName? = nil,
        label: String? = nil,
        action: QueueRuleAction,
        reason: String
    ) {
        (self.kind, self.project, self.label) = (kind, project, label)
        (self.action, self.reason) = (action, reason)
    }

    package static let forms = [
        "reason": Schema.reason, "kind": .string(oneOf: OperationRegistry.shipped.operations.map(\.kind.rawValue)),
        "label": .pattern(TextPattern.labelPair, longest: 129),
    ]

    package func validate() throws(Failure) {
        try Failure.at("reason", check: try reason.checkReason())
        do throws(Failure) {
            _ = try QueueRuleScope(kind: kind, project: project, label: label)
        } catch {
            let isKnown = kind.map(QueueRuleScope.isKind) ?? true
            throw error.pointed(!isKnown ? "/kind" : label == nil ? "" : "/label")
        }
    }
}

extension QueueRuleScope {
    /// Whether jobs are of such a kind.
    fileprivate static func isKind(_ text: String) -> Bool {
        Job.Kind(rawValue: text).flatMap { OperationRegistry.shipped[$0] } != nil
    }

    /// The jobs that a caller names.
    ///
    /// - Throws: `Failure` with `invalidRequest` where that is no kind or label, or nothing.
    package init(kind: String?, project: ProjectName?, label: String?) throws(Failure) {
        if let kind, !Self.isKind(kind) { throw .unknownKind(kind) }
        if let label, label.contains(",") || VMNotes.labels(words: label)?.count != 1 {
            throw Failure(.invalidRequest, "'\(label.prefix(80))' is no label: give KEY=VALUE")
        }
        guard kind != nil || project != nil || label != nil else {
            throw Failure(.invalidRequest, "a rule for no jobs: give kind, project or label")
        }
        let known: Job.Kind? = kind.flatMap { Job.Kind(rawValue: $0) }
        self.init(kind: known, project: project, label: label)
    }
}

/// What there is of queues and jobs.
package struct QueueResponse: Codable, Hashable, Sendable {
    /// Missing where workers take jobs.
    package let paused: Pause?
    /// The jobs that are to take capacity, in strict order.
    package let capacity: Waiting
    /// All other jobs.
    package let direct: Waiting
    /// The creates that wait for room until their deadlines, the oldest as the next; `deferred` counts them, too.
    package let waitingForRoom: Waiting
    package let running: Int
    package let deferred: Int
    package let dead: Int
    package let rates: Rates
    /// Those under way whose leases end first, at most 200.
    package let jobs: [RunningJob]
    package let rules: [Rule]

    private enum CodingKeys: String, CodingKey {
        case paused, capacity, direct, running, deferred, dead, rates, jobs, rules
        case waitingForRoom = "waiting_for_room"
    }

    package init(
        paused: Pause?,
        capacity: Waiting,
        direct: Waiting,
        waitingForRoom: Waiting,
        running: Int,
        deferred: Int,
        dead: Int,
        rates: Rates,
        jobs: [RunningJob],
        rules: [Rule]
    ) {
        (self.paused, self.capacity, self.direct, self.waitingForRoom) = (paused, capacity, direct, waitingForRoom)
        (self.running, self.deferred, self.dead) = (running, deferred, dead)
        (self.rates, self.jobs, self.rules) = (rates, jobs, rules)
    }

    package struct Pause: Codable, Hashable, Sendable {
        package let reason: String
        package let at: String

        package init(reason: String, at: String) { (self.reason, self.at) = (reason, at) }
    }

    package struct Waiting: Codable, Hashable, Sendable {
        package let depth: Int
        /// Missing where none waits.
        package let nextJobID: JobID?
        /// For how long the next one has waited since it was accepted.
        package let oldestAgeSeconds: Double?

        private enum CodingKeys: String, CodingKey {
            case depth
            case nextJobID = "next_job_id"
            case oldestAgeSeconds = "oldest_age_s"
        }

        package init(depth: Int, nextJobID: JobID?, oldestAgeSeconds: Double?) {
            (self.depth, self.nextJobID, self.oldestAgeSeconds) = (depth, nextJobID, oldestAgeSeconds)
        }
    }

    /// Of the last minute, or since the gateway started where that is later.
    package struct Rates: Codable, Hashable, Sendable {
        package let windowSeconds: Double
        package let accepted: Int
        package let finished: Int

        private enum CodingKeys: String, CodingKey {
            case accepted, finished
            case windowSeconds = "window_s"
        }

        package init(windowSeconds: Double, accepted: Int, finished: Int) {
            (self.windowSeconds, self.accepted, self.finished) = (windowSeconds, accepted, finished)
        }
    }

    package struct RunningJob: Codable, Hashable, Sendable {
        package let jobID: JobID
        package let kind: String
        package let vmID: VMID
        package let pmID: PMID?
        package let worker: String
        /// The step at which it is; missing before the first.
        package let step: String?
        package let startedAt: String?

        private enum CodingKeys: String, CodingKey {
            case kind, worker, step
            case jobID = "job_id"
            case vmID = "vm_id"
            case pmID = "pm_id"
            case startedAt = "started_at"
        }

        package init(
            jobID: JobID,
            kind: String,
            vmID: VMID,
            pmID: PMID?,
            worker: String,
            step: String?,
            startedAt: String?
        ) {
            (self.jobID, self.kind, self.vmID, self.pmID) = (jobID, kind, vmID, pmID)
            (self.worker, self.step, self.startedAt) = (worker, step, startedAt)
        }
    }

    package struct Rule: Codable, Hashable, Sendable {
        /// Of these, those that are missing say nothing.
        package let kind: String?
        package let project: ProjectName?
        package let label: String?
        package let action: QueueRuleAction
        package let reason: String
        package let at: String
        /// How many jobs it has deferred.
        package let deferred: Int

        package init(_ rule: QueueRule, deferred: Int) {
            (kind, project, label) = (rule.scope.kind?.rawValue, rule.scope.project, rule.scope.label)
            (action, reason, at, self.deferred) = (rule.action, rule.reason, rule.at, deferred)
        }
    }
}

extension QueueRuleAction: SchemaDescribed {
    package static var schema: Schema { .string(oneOf: allCases.map(\.rawValue)) }
    package static var sample: Self? { .deferred }
}

extension Schema {
    /// Why people ruled something.
    fileprivate static let reason = pattern(TextPattern.reason, longest: 200)
}

extension String {
    fileprivate func checkReason() throws(Failure) {
        let isPrintable =
            unicodeScalars.allSatisfy { !$0.properties.isWhitespace || $0 == " " }
            && !unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        guard isPrintable, contains(where: { $0 != " " }), unicodeScalars.count <= 200 else {
            throw Failure(.invalidRequest, "the field reason is 1 to 200 characters of one line: say why")
        }
    }
}

extension Failure {
    /// No operation is called so.
    package static func unknownKind(_ kind: String) -> Failure {
        let known = OperationRegistry.shipped.operations.map(\.kind.rawValue).joined(separator: ", ")
        return Failure(.invalidRequest, "no job is of the kind '\(kind.prefix(40))': there are \(known)")
    }
}
