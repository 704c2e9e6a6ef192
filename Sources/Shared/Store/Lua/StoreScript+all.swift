/// Every script of the store: what each does, takes and answers stands at the head of its file.
extension StoreScript {
    // Scripts/Jobs
    static let beginStep = StoreScript("begin_step", PackageResources.begin_step_lua)
    static let cancelJob = StoreScript("cancel_job", PackageResources.cancel_job_lua)
    static let claim = StoreScript("claim", PackageResources.claim_lua)
    static let claimBatch = StoreScript("claim_batch", PackageResources.claim_batch_lua)
    static let deferJob = StoreScript("defer_job", PackageResources.defer_job_lua)
    static let dropJob = StoreScript("drop_job", PackageResources.drop_job_lua)
    static let enqueueBatch = StoreScript("enqueue_batch", PackageResources.enqueue_batch_lua)
    static let enqueueClaiming = StoreScript("enqueue_claiming", PackageResources.enqueue_claiming_lua)
    static let enqueueCreate = StoreScript("enqueue_create", PackageResources.enqueue_create_lua)
    static let enqueueHold = StoreScript("enqueue_hold", PackageResources.enqueue_hold_lua)
    static let enqueueOnVM = StoreScript("enqueue_on_vm", PackageResources.enqueue_on_vm_lua)
    static let finish = StoreScript("finish", PackageResources.finish_lua)
    static let listJobs = StoreScript("list_jobs", PackageResources.list_jobs_lua)
    static let noteLeft = StoreScript("note_left", PackageResources.note_left_lua)
    static let poll = StoreScript("poll", PackageResources.poll_lua)
    static let readBatch = StoreScript("read_batch", PackageResources.read_batch_lua)
    static let readJob = StoreScript("read_job", PackageResources.read_job_lua)
    static let release = StoreScript("release", PackageResources.release_lua)
    static let renew = StoreScript("renew", PackageResources.renew_lua)
    static let reschedule = StoreScript("reschedule", PackageResources.reschedule_lua)
    static let retryJob = StoreScript("retry_job", PackageResources.retry_job_lua)
    static let sweep = StoreScript("sweep", PackageResources.sweep_lua)

    // Scripts/Discovery
    static let identify = StoreScript("identify", PackageResources.identify_lua)
    static let recordProbes = StoreScript("record_probes", PackageResources.record_probes_lua)
    static let setPM = StoreScript("set_pm", PackageResources.set_pm_lua)
    static let takeDue = StoreScript("take_due", PackageResources.take_due_lua)

    // Scripts/Reconcile
    static let adopt = StoreScript("adopt", PackageResources.adopt_lua)
    static let move = StoreScript("move", PackageResources.move_lua)
    static let noteAddresses = StoreScript("note_addresses", PackageResources.note_addresses_lua)
    static let noteReadiness = StoreScript("note_readiness", PackageResources.note_readiness_lua)
    static let noteDomainEvent = StoreScript("note_domain_event", PackageResources.note_domain_event_lua)
    static let noteDrift = StoreScript("note_drift", PackageResources.note_drift_lua)
    static let noteElsewhere = StoreScript("note_elsewhere", PackageResources.note_elsewhere_lua)
    static let observe = StoreScript("observe", PackageResources.observe_lua)
    static let settleElsewhere = StoreScript("settle_elsewhere", PackageResources.settle_elsewhere_lua)

    // Scripts/Catalog
    static let recordFetch = StoreScript("record_fetch", PackageResources.record_fetch_lua)
    static let registerImages = StoreScript("register_images", PackageResources.register_images_lua)
    static let registerNetworks = StoreScript("register_networks", PackageResources.register_networks_lua)
    static let registerPMs = StoreScript("register_pms", PackageResources.register_pms_lua)
    static let registerTypes = StoreScript("register_types", PackageResources.register_types_lua)

    // Scripts/Workers
    static let holdLock = StoreScript("hold_lock", PackageResources.hold_lock_lua)
    static let releaseLock = StoreScript("release_lock", PackageResources.release_lock_lua)
    static let announce = StoreScript("announce", PackageResources.announce_lua)
    static let notePolicy = StoreScript("note_policy", PackageResources.note_policy_lua)
    static let registerWorker = StoreScript("register_worker", PackageResources.register_worker_lua)
    static let unregisterWorker = StoreScript("unregister_worker", PackageResources.unregister_worker_lua)

    // Scripts/Audit
    static let claimUnclaimed = StoreScript("claim_unclaimed", PackageResources.claim_unclaimed_lua)
    static let findBroken = StoreScript("find_broken", PackageResources.find_broken_lua)
    static let listJob = StoreScript("list_job", PackageResources.list_job_lua)
    static let listVM = StoreScript("list_vm", PackageResources.list_vm_lua)
    static let readClaims = StoreScript("read_claims", PackageResources.read_claims_lua)
    static let repairClaims = StoreScript("repair_claims", PackageResources.repair_claims_lua)
    static let repairGroup = StoreScript("repair_group", PackageResources.repair_group_lua)
    static let repairHold = StoreScript("repair_hold", PackageResources.repair_hold_lua)
    static let repairJob = StoreScript("repair_job", PackageResources.repair_job_lua)
    static let repairProject = StoreScript("repair_project", PackageResources.repair_project_lua)
    static let repairVM = StoreScript("repair_vm", PackageResources.repair_vm_lua)

    // Scripts/Lists
    static let findVMs = StoreScript("find_vms", PackageResources.find_vms_lua)
    static let readEvents = StoreScript("read_events", PackageResources.read_events_lua)
    static let updateVM = StoreScript("update_vm", PackageResources.update_vm_lua)

    // Scripts/Schema
    static let beginMigration = StoreScript("begin_migration", PackageResources.begin_migration_lua)
    static let endMigration = StoreScript("end_migration", PackageResources.end_migration_lua)
    static let migrateClaims = StoreScript("migrate_claims", PackageResources.migrate_claims_lua)
    static let migrateJobs = StoreScript("migrate_jobs", PackageResources.migrate_jobs_lua)
    static let migrateVMIndex = StoreScript("migrate_vm_index", PackageResources.migrate_vm_index_lua)
    static let migrateTombstones = StoreScript("migrate_tombstones", PackageResources.migrate_tombstones_lua)

    // Scripts/Access
    static let readUnsealed = StoreScript("read_unsealed", PackageResources.read_unsealed_lua)
    static let sealAudit = StoreScript("seal_audit", PackageResources.seal_audit_lua)
    static let createProject = StoreScript("create_project", PackageResources.create_project_lua)
    static let deleteProject = StoreScript("delete_project", PackageResources.delete_project_lua)
    static let deleteSSHKey = StoreScript("delete_ssh_key", PackageResources.delete_ssh_key_lua)
    static let updateProject = StoreScript("update_project", PackageResources.update_project_lua)
    static let confirmTokens = StoreScript("confirm_tokens", PackageResources.confirm_tokens_lua)
    static let createSSHKey = StoreScript("create_ssh_key", PackageResources.create_ssh_key_lua)
    static let createToken = StoreScript("create_token", PackageResources.create_token_lua)
    static let revokeToken = StoreScript("revoke_token", PackageResources.revoke_token_lua)
    static let suspendTokens = StoreScript("suspend_tokens", PackageResources.suspend_tokens_lua)

    // Scripts/Webhooks
    static let askDelivery = StoreScript("ask_delivery", PackageResources.ask_delivery_lua)
    static let createWebhook = StoreScript("create_webhook", PackageResources.create_webhook_lua)
    static let deleteWebhook = StoreScript("delete_webhook", PackageResources.delete_webhook_lua)
    static let enableWebhook = StoreScript("enable_webhook", PackageResources.enable_webhook_lua)
    static let openDelivery = StoreScript("open_delivery", PackageResources.open_delivery_lua)
    static let passEvents = StoreScript("pass_events", PackageResources.pass_events_lua)
    static let recordAttempt = StoreScript("record_attempt", PackageResources.record_attempt_lua)

    // Scripts/Console
    static let followConsole = StoreScript("follow_console", PackageResources.follow_console_lua)
    static let noteConsole = StoreScript("note_console", PackageResources.note_console_lua)
    static let relayConsole = StoreScript("relay_console", PackageResources.relay_console_lua)
    static let writeConsole = StoreScript("write_console", PackageResources.write_console_lua)

    // Scripts/Simulated
    static let changeSimulated = StoreScript("change_simulated", PackageResources.change_simulated_lua)

    // Scripts/Queue
    static let dropRule = StoreScript("drop_rule", PackageResources.drop_rule_lua)
    static let pauseQueue = StoreScript("pause_queue", PackageResources.pause_queue_lua)
    static let readRoom = StoreScript("read_room", PackageResources.read_room_lua)
    static let releaseDeferred = StoreScript("release_deferred", PackageResources.release_deferred_lua)
    static let resumeQueue = StoreScript("resume_queue", PackageResources.resume_queue_lua)
    static let setRule = StoreScript("set_rule", PackageResources.set_rule_lua)
    static let wakeRoom = StoreScript("wake_room", PackageResources.wake_room_lua)

    /// All of them.
    package static let all: [StoreScript] = [
        .dropRule, .pauseQueue, .releaseDeferred, .resumeQueue, .setRule, .readRoom, .wakeRoom,
        .claimBatch, .enqueueBatch, .readBatch,
        .beginStep, .cancelJob, .claim, .deferJob, .dropJob, .retryJob, .enqueueClaiming, .enqueueCreate, .enqueueHold,
        .enqueueOnVM,
        .finish, .listJobs, .noteLeft, .poll,
        .readJob, .release, .renew, .reschedule, .sweep, .identify, .recordProbes, .setPM, .takeDue, .adopt, .move,
        .noteAddresses, .noteReadiness, .noteDomainEvent, .noteDrift, .noteElsewhere, .observe, .settleElsewhere,
        .recordFetch,
        .registerImages, .registerNetworks, .registerPMs, .registerTypes, .announce, .notePolicy, .registerWorker,
        .unregisterWorker, .claimUnclaimed, .findBroken, .listJob, .listVM, .readClaims, .repairClaims, .repairGroup,
        .repairHold, .repairJob, .repairProject, .repairVM, .beginMigration, .endMigration, .migrateClaims,
        .migrateJobs,
        .migrateTombstones, .migrateVMIndex, .findVMs, .readEvents, .updateVM, .changeSimulated,
        .readUnsealed, .sealAudit,
        .createSSHKey, .deleteSSHKey,
        .createProject, .deleteProject, .updateProject, .confirmTokens, .createToken, .revokeToken, .suspendTokens,
        .holdLock, .releaseLock, .followConsole, .noteConsole, .relayConsole, .writeConsole,
        .askDelivery, .createWebhook, .deleteWebhook, .enableWebhook, .openDelivery, .passEvents, .recordAttempt,
    ]
}
