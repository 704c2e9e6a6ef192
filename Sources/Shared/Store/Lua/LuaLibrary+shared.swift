import Model

extension LuaLibrary {
    /// What the scripts of this project are assembled from, for its operations.
    static let shared = LuaLibrary(.shipped)

    /// What scripts for some operations are assembled from.
    ///
    /// - Parameter operations: the operations.
    init(_ operations: OperationRegistry) {
        self.init(fragments: [LuaFile(operations)] + Self.fragments, constants: Self.constants)
    }

    static let fragments = [
        LuaFile("acceptance", PackageResources.acceptance_lua),
        LuaFile("alias_claims", PackageResources.alias_claims_lua),
        LuaFile("alias_record", PackageResources.alias_record_lua),
        LuaFile("audit_log", PackageResources.audit_log_lua),
        LuaFile("batches", PackageResources.batches_lua),
        LuaFile("broken_records", PackageResources.broken_records_lua),
        LuaFile("capacity_claim", PackageResources.capacity_claim_lua),
        LuaFile("catalog_numbers", PackageResources.catalog_numbers_lua),
        LuaFile("claim_checks", PackageResources.claim_checks_lua),
        LuaFile("claims", PackageResources.claims_lua),
        LuaFile("condition", PackageResources.condition_lua),
        LuaFile("counters", PackageResources.counters_lua),
        LuaFile("crash_limit", PackageResources.crash_limit_lua),
        LuaFile("dead_letter", PackageResources.dead_letter_lua),
        LuaFile("dead_letters", PackageResources.dead_letters_lua),
        LuaFile("dead_list", PackageResources.dead_list_lua),
        LuaFile("deferral", PackageResources.deferral_lua),
        LuaFile("due_pms", PackageResources.due_pms_lua),
        LuaFile("events", PackageResources.events_lua),
        LuaFile("explanation", PackageResources.explanation_lua),
        LuaFile("failure_penalty", PackageResources.failure_penalty_lua),
        LuaFile("fleet_version", PackageResources.fleet_version_lua),
        LuaFile("groups", PackageResources.groups_lua),
        LuaFile("guest_seed", PackageResources.guest_seed_lua),
        LuaFile("headroom", PackageResources.headroom_lua),
        LuaFile("idempotency", PackageResources.idempotency_lua),
        LuaFile("identities", PackageResources.identities_lua),
        LuaFile("job_claim", PackageResources.job_claim_lua),
        LuaFile("job_end", PackageResources.job_end_lua),
        LuaFile("job_history", PackageResources.job_history_lua),
        LuaFile("job_index", PackageResources.job_index_lua),
        LuaFile("last_failure", PackageResources.last_failure_lua),
        LuaFile("lease_release", PackageResources.lease_release_lua),
        LuaFile("lease_repair", PackageResources.lease_repair_lua),
        LuaFile("migration_lock", PackageResources.migration_lock_lua),
        LuaFile("observation", PackageResources.observation_lua),
        LuaFile("probe_schedule", PackageResources.probe_schedule_lua),
        LuaFile("projects", PackageResources.projects_lua),
        LuaFile("queue", PackageResources.queue_lua),
        LuaFile("queue_limit", PackageResources.queue_limit_lua),
        LuaFile("queue_rules", PackageResources.queue_rules_lua),
        LuaFile("readiness", PackageResources.readiness_lua),
        LuaFile("recount", PackageResources.recount_lua),
        LuaFile("refusals", PackageResources.refusals_lua),
        LuaFile("requeue", PackageResources.requeue_lua),
        LuaFile("restart", PackageResources.restart_lua),
        LuaFile("room_wait", PackageResources.room_wait_lua),
        LuaFile("schema", PackageResources.schema_lua),
        LuaFile("sole_tasks", PackageResources.sole_tasks_lua),
        LuaFile("step_log", PackageResources.step_log_lua),
        LuaFile("time", PackageResources.time_lua),
        LuaFile("type_conflicts", PackageResources.type_conflicts_lua),
        LuaFile("unreached", PackageResources.unreached_lua),
        LuaFile("versions_known", PackageResources.versions_known_lua),
        LuaFile("vm_index", PackageResources.vm_index_lua),
        LuaFile("vm_move", PackageResources.vm_move_lua),
        LuaFile("vm_outcome", PackageResources.vm_outcome_lua),
        LuaFile("vm_removal", PackageResources.vm_removal_lua),
        LuaFile("vms_digest", PackageResources.vms_digest_lua),
        LuaFile("vm_state", PackageResources.vm_state_lua),
        LuaFile("waiting_jobs", PackageResources.waiting_jobs_lua),
        LuaFile("webhook_deliveries", PackageResources.webhook_deliveries_lua),
        LuaFile("withdrawal", PackageResources.withdrawal_lua),
    ]

    private static let constants = [
        "audit_kept": mostAuditEntries,
        "batches_kept": batchesKept,
        "dead_letter_bytes": deadLetterBytes,
        "dead_letter_limit": deadLetterLimit,
        "deliveries_kept": deliveriesKept,
        "events_kept": eventsKept,
        "idempotency_limit": IdempotencyKey.limit,
        "idempotency_ms": IdempotencyKey.milliseconds,
        "largest_number": largestNumber,
        "migration_lock_ms": RecordSchema.lockMilliseconds,
        "schema": RecordSchema.current,
        "step_log_limit": StepLog.limit,
        "tombstone_ms": tombstoneMilliseconds,
    ]

    /// How many entries the audit log keeps, or some more, where no worker removes the oldest.
    static let mostAuditEntries = 200_000

    /// How many batches are kept, and those beyond them of which a job has not ended.
    static let batchesKept = 1000

    /// How many events are kept, or some more.
    static let eventsKept = 10_000

    /// The largest number that anything is given, and that is believed of a record: 15 digits, well below 2^53, up to which
    /// Lua and JSON count exactly.
    static let largestNumber = 999_999_999_999_999

    /// How many entries the dead-letter list keeps.
    static let deadLetterLimit = 1000

    /// How many messages to a webhook are remembered.
    static let deliveriesKept = 50

    /// How much of an entry the dead-letter list keeps, in bytes: ours are smaller, what people put on the queue may not be.
    static let deadLetterBytes = 8192

    /// For how long the UUID of a VM that was forgotten is kept: what was seen before that is not believed any more.
    static let tombstoneMilliseconds = 600_000
}
