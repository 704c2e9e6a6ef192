package import Logging
package import Model

/// Migrates the records to the schema of these programs, in place.
///
/// One worker does it at a time, in pages of which each is a script. How far it has come is in `hvc:schema:migration`, so
/// that another worker goes on where it was killed.
package struct Migration: Sendable {
    private let store: Store
    private let worker: String
    private let logger: Logger
    private let pause: Duration
    private let afterPage: @Sendable () async throws(Failure) -> Void

    /// Makes a migration.
    ///
    /// - Parameters:
    ///   - store: the records.
    ///   - worker: this run of the worker.
    ///   - logger: where it says what it does.
    ///   - pause: until it asks again while another worker migrates.
    ///   - afterPage: called behind each page.
    package init(
        store: Store,
        worker: String,
        logger: Logger,
        pause: Duration = .milliseconds(500),
        afterPage: @escaping @Sendable () async throws(Failure) -> Void = { () async throws(Failure) in }
    ) {
        (self.store, self.worker, self.logger) = (store, worker, logger)
        (self.pause, self.afterPage) = (pause, afterPage)
    }

    /// Migrates what is older, or waits until another worker has.
    ///
    /// - Throws: `Failure` with `invalidRequest` where the records are of a later schema.
    package func run() async throws(Failure) {
        var waitsFor: String?
        while true {
            switch try await store.beginMigration(by: worker) {
            case .current: return
            case .newer(let schema):
                throw Failure(
                    .invalidRequest,
                    "the records in Redis are of schema \(schema), and this release knows schema \(RecordSchema.current): start "
                        + "a newer release, or restore a backup from before it ran"
                )
            case .busy(let other):
                if waitsFor != other { logger.notice("another worker migrates the records; waiting") }
                waitsFor = other
                do { try await Task.sleep(for: pause) } catch { throw Failure(.deadline, "the start was given up") }
            case .migrate(let progress): try await migrate(progress)
            }
        }
    }

    private func migrate(_ progress: MigrationProgress) async throws(Failure) {
        let steps = MigrationStep.all.filter { $0.schema == progress.schema }
        let first = steps.firstIndex { $0.name == progress.step } ?? 0
        logger.notice(
            "migrating the records",
            metadata: ["from": "\(progress.schema)", "to": "\(progress.schema + 1)", "step": "\(steps[first].name)"]
        )
        for (index, step) in steps.enumerated().dropFirst(first) {
            guard try await perform(step, behind: index == first ? progress.cursor : 0) else { return }
        }
        guard try await store.endMigration(by: worker, with: progress.schema + 1) else { return }
        logger.notice("the records are migrated", metadata: ["schema": "\(progress.schema + 1)"])
    }

    /// - Returns: false where another worker has taken over.
    private func perform(_ step: MigrationStep, behind cursor: Int) async throws(Failure) -> Bool {
        for subject in try await step.subjects(store) where subject > cursor {
            var left = 1
            while left > 0 {
                left = try await step.page(store, worker, subject)
                guard left >= 0 else { return false }
                try await afterPage()
            }
        }
        return true
    }
}

/// How far a migration has come.
struct MigrationProgress: Hashable, Sendable {
    /// The schema of the records.
    let schema: Int
    /// The step under way; empty at the beginning.
    let step: String
    /// The last subject of that step that is done; 0 for none.
    let cursor: Int
}

/// What a worker is to do about the schema of the records.
enum MigrationTurn: Hashable, Sendable {
    /// Nothing: they are of its own.
    case current
    /// Not to touch them: they are of a later one.
    case newer(Int)
    /// To wait for a worker that migrates them.
    case busy(String)
    /// To migrate them.
    case migrate(MigrationProgress)
}
