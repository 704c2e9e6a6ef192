import Model

/// A part of a migration, over subjects in the order of their numbers, each in one page or more.
///
/// The script of a page holds the lock, and notes that a subject is done together with its last page, so that a worker
/// that goes on where another one was killed does nothing twice.
struct MigrationStep: Sendable {
    /// Its name, by which a worker goes on.
    let name: String
    /// The schema of the records that it changes.
    let schema: Int
    /// The numbers of what it goes over.
    let subjects: @Sendable (Store) async throws(Failure) -> [Int]
    /// Does a page of a subject; answers what is left of it, or a negative number where another worker has taken over.
    let page: @Sendable (Store, _ worker: String, _ subject: Int) async throws(Failure) -> Int

    private static let vmsOfAPage = 500

    /// All steps, in the order in which they are done.
    static let all = [
        MigrationStep(
            name: "claims",
            schema: 0,
            subjects: { (store) async throws(Failure) in try await store.knownPMs().map(\.value) },
            page: { (store, worker, pm) async throws(Failure) in
                try await store.run(.migrateClaims, ["worker": worker, "step": "claims", "limit": 500, "pm": pm])
            }
        ),
        MigrationStep(
            name: "jobs",
            schema: 0,
            subjects: { (store) async throws(Failure) in
                Set(try await store.jobs(with: "id").map { $0.job.value / 100 + 1 }).sorted()
            },
            page: { (store, worker, hundred) async throws(Failure) in
                try await store.run(.migrateJobs, ["worker": worker, "step": "jobs", "hundred": hundred])
            }
        ),
        MigrationStep(
            name: "tombstones",
            schema: 0,
            subjects: { (_) async throws(Failure) in [1] },
            page: { (store, worker, _) async throws(Failure) in
                try await store.run(.migrateTombstones, ["worker": worker, "step": "tombstones"])
            }
        ),
        MigrationStep(
            name: "vm_index",
            schema: 1,
            subjects: { (store) async throws(Failure) in try await store.lastVMs(ofPagesOf: vmsOfAPage) },
            page: { (store, worker, vm) async throws(Failure) in
                try await store.run(
                    .migrateVMIndex,
                    ["worker": worker, "step": "vm_index", "limit": vmsOfAPage, "vm": vm]
                )
            }
        ),
    ]
}
