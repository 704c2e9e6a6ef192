import Model
import Placement
import Telemetry

/// What the gateway reads from Redis when it is asked for metrics.
extension MetricFamily {
    static let build = MetricFamily("hvc_build_info", .gauge, labels: ["version"], "The gateway's version; always 1.")
    static let redisUp = MetricFamily(
        "hvc_redis_up",
        .gauge,
        "1 where Redis answers, else 0; then the rest is missing."
    )
    static let redisMemory = MetricFamily("hvc_redis_memory_bytes", .gauge, "How much memory Redis uses.")
    static let redisMemoryLimit = MetricFamily(
        "hvc_redis_memory_limit_bytes",
        .gauge,
        "How much memory Redis may use (maxmemory); 0 where nothing limits it."
    )
    static let queueDepth = MetricFamily(
        "hvc_queue_depth",
        .gauge,
        labels: ["queue"],
        "Jobs that wait for a worker: capacity are those that are to take capacity, direct are all others."
    )
    static let queueAge = MetricFamily(
        "hvc_queue_oldest_age_seconds",
        .gauge,
        labels: ["queue"],
        "How long ago the next job of the queue was accepted; 0 where none waits."
    )
    static let queuePaused = MetricFamily("hvc_queue_paused", .gauge, "1 while workers take no jobs, else 0.")
    static let running = MetricFamily("hvc_jobs_running", .gauge, "Jobs that workers hold.")
    static let deferred = MetricFamily("hvc_jobs_deferred", .gauge, "Jobs that were put off, as where a PM is silent.")
    static let roomWaiters = MetricFamily(
        "hvc_jobs_waiting_for_room",
        .gauge,
        "Creates that wait until a PM has room for them; hvc_jobs_deferred counts them, too."
    )
    static let roomAge = MetricFamily(
        "hvc_room_oldest_age_seconds",
        .gauge,
        "How long ago the create that has waited for room for longest was accepted; 0 where none waits."
    )
    static let webhooks = MetricFamily(
        "hvc_webhooks",
        .gauge,
        labels: ["state"],
        "Webhooks: active, or disabled, to which nothing is sent."
    )
    static let webhookAge = MetricFamily(
        "hvc_webhook_oldest_age_seconds",
        .gauge,
        labels: ["webhook_id", "name"],
        "How long ago the oldest event was that an active webhook has not been sent; 0 where it has all."
    )
    static let dead = MetricFamily("hvc_jobs_dead", .gauge, "Entries of the dead-letter list.")
    static let workers = MetricFamily("hvc_workers", .gauge, "Workers that are alive.")
    static let workerJobs = MetricFamily(
        "hvc_worker_jobs",
        .gauge,
        labels: ["worker"],
        "Jobs that a worker holds."
    )
    static let pms = MetricFamily("hvc_pms", .gauge, labels: ["state"], "PMs that are listed.")
    static let cordoned = MetricFamily("hvc_pms_cordoned", .gauge, "PMs that are listed and closed to new VMs.")
    static let capacity = MetricFamily(
        "hvc_capacity",
        .gauge,
        labels: ["resource"],
        "What may be promised of the PMs that take VMs, with overcommit and less reserves: cpu, ram_mib, disk_gib."
    )
    static let claimed = MetricFamily(
        "hvc_capacity_claimed",
        .gauge,
        labels: ["resource"],
        "What VMs and jobs claim of all PMs."
    )
    static let headroom = MetricFamily(
        "hvc_capacity_headroom",
        .gauge,
        labels: ["resource"],
        "What placement may still use of the PMs that take VMs, added up."
    )
    static let vms = MetricFamily("hvc_vms", .gauge, "VMs, holds among them.")
    static let vmInfo = MetricFamily(
        "hvc_vm_info",
        .gauge,
        labels: ["vm_id", "name", "pm_id", "instance_type", "state"],
        "What a VM is, to join with metrics of others; always 1."
    )
    static let vmInfoOmitted = MetricFamily(
        "hvc_vm_info_omitted",
        .gauge,
        "VMs that have no hvc_vm_info, since there are more than HVC_METRICS_VMS."
    )

    /// All that `/metrics` may answer.
    static let installation = [
        build, redisUp, redisMemory, redisMemoryLimit, queueDepth, queueAge, queuePaused, running, deferred,
        roomWaiters, roomAge, dead, webhooks, webhookAge, workers, workerJobs, pms, cordoned, capacity, claimed,
        headroom, vms, vmInfo, vmInfoOmitted,
    ]
    static let all = installation + counted
}

extension MetricsSnapshot {
    mutating func add(_ family: MetricFamily, _ number: Int) { add(family, [], number) }

    mutating func add(_ family: MetricFamily, _ values: [String], _ number: Int) {
        series.append(Series(name: family.name, values: values, value: .number(Double(number))))
    }

    mutating func add(_ family: MetricFamily, _ values: [String], _ time: Duration?) {
        let seconds = (time ?? .zero) / .seconds(1)
        series.append(Series(name: family.name, values: values, value: .number(seconds)))
    }

    mutating func add(_ family: MetricFamily, _ amount: Resources) {
        add(family, ["cpu"], amount.cpu)
        add(family, ["ram_mib"], amount.ram)
        add(family, ["disk_gib"], amount.disk)
    }
}
