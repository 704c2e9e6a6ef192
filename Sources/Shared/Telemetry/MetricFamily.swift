/// A metric: its series have its name and differ in the values of its labels.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case counter
        case gauge
        /// Times in seconds, counted by the upper bounds of ranges.
        case histogram([Double])
        /// Times in seconds, of which only the number and the sum are kept.
        case summary
    }

    package let name: String
    package let kind: Kind
    package let labels: [String]
    package let help: String

    package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        (self.name, self.kind, self.labels, self.help) = (name, kind, labels, help)
    }

    /// The bounds of a histogram's ranges; none for any other kind.
    package var bounds: [Double] { if case .histogram(let bounds) = kind { bounds } else { [] } }
}

/// The metrics that programs count by themselves; the gateway adds what it reads from Redis.
extension MetricFamily {
    /// Of calls that take from a fraction of a millisecond to a few seconds.
    private static let callTimes = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// Of work on a PM, which an image of many GiB makes long.
    private static let workTimes = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]

    package static let requests = MetricFamily(
        "hvc_http_requests_total",
        .counter,
        labels: ["method", "route", "status"],
        "Requests that were answered."
    )
    package static let requestTimes = MetricFamily(
        "hvc_http_request_seconds",
        .histogram(callTimes + [30, 60]),
        labels: ["method", "route"],
        "From a request's head to the head of its answer; a call that waits for its job includes that."
    )
    package static let jobsAccepted = MetricFamily(
        "hvc_jobs_accepted_total",
        .counter,
        labels: ["kind"],
        "Jobs that were accepted, by any gateway, since this one started."
    )
    package static let jobsFinished = MetricFamily(
        "hvc_jobs_finished_total",
        .counter,
        labels: ["kind", "outcome", "code"],
        "Jobs that ended, on any worker, since this gateway started; code says why, where outcome is not done."
    )
    package static let redisCalls = MetricFamily(
        "hvc_redis_call_seconds",
        .histogram(callTimes),
        labels: ["call"],
        "Calls of Redis, by command, pipeline or script; those that wait for events are left out."
    )
    package static let redisScripts = MetricFamily(
        "hvc_redis_script_seconds",
        .summary,
        labels: ["script"],
        "Calls of each script."
    )
    package static let redisFailures = MetricFamily(
        "hvc_redis_failures_total",
        .counter,
        labels: ["code"],
        "Calls of Redis that failed, by the kind of failure."
    )
    package static let attempts = MetricFamily(
        "hvc_job_attempts_total",
        .counter,
        labels: ["kind", "outcome"],
        "Attempts at jobs that ended: done, failed, rescheduled, deferred, requeued or lost."
    )
    package static let steps = MetricFamily(
        "hvc_job_step_seconds",
        .histogram(workTimes),
        labels: ["kind", "step", "outcome"],
        "Steps of jobs on PMs that ended, done or failed; what is undone has the name of its action."
    )
    package static let hypervisorCalls = MetricFamily(
        "hvc_libvirt_call_seconds",
        .histogram(workTimes),
        labels: ["call"],
        "Calls of the driver of a PM, each of some calls of libvirt, with the time to connect."
    )
    package static let hypervisorFailures = MetricFamily(
        "hvc_libvirt_failures_total",
        .counter,
        labels: ["call", "code"],
        "Calls of the driver of a PM that failed."
    )

    package static let webhookAttempts = MetricFamily(
        "hvc_webhook_attempts_total",
        .counter,
        labels: ["outcome"],
        "Attempts at messages to webhooks: delivered, pending (it is tried again), failed, or expired without an attempt."
    )

    package static let counted = [
        requests, requestTimes, jobsAccepted, jobsFinished, redisCalls, redisScripts, redisFailures, attempts, steps,
        hypervisorCalls, hypervisorFailures, webhookAttempts,
    ]
}
