import Bootstrap
import Catalog
import Logging
import Model
import NIOConcurrencyHelpers
import Store
import UnixSignals

/// Reads the files, or the simulated fleet in place of the first, and makes what they list known; again at each
/// SIGHUP, and where Redis has lost it.
struct CatalogLoader: Sendable {
    let files: CatalogFiles
    let policy: PolicyRecord
    let discoveryPeriod: Duration
    let inspection: ImageInspection
    let fetcher: ImageFetcher
    let store: Store
    let logger: Logger
    private let registered = NIOLockedValueBox(Registrations())
    private let checkWake = WakeSignal()
    /// Why the files are to be read anew; reasons that come at once are as one.
    private let reasons = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))

    /// Reads all files that are given, then registers them and the policy: where one is bad, nothing is changed.
    ///
    /// - Throws: `Failure` with the file, line, column and reason.
    func load() async throws(Failure) {
        let lists: CatalogFiles.Lists
        do throws(InvalidInput) { lists = try files.read() } catch { throw error.failure }
        for warning in lists.warnings { logger.warning("\(warning)") }
        try await files.checkNumbers(of: lists, in: store)
        // Before the PMs: dry runs are answered from when those are probed.
        try await store.register(policy: policy)
        // PMs first: while they are listed and not probed, nothing is accepted in a Redis that was empty.
        if let machines = lists.machines {
            let ids = try await store.register(machines: machines.entries, lookingWithin: discoveryPeriod)
            registered.withLockedValue { $0.hasMachines = !ids.isEmpty }
            report("PMs", ids)
        }
        if let types = lists.types {
            let ids = try await store.register(types: types.entries.map(\.listing))
            registered.withLockedValue { $0.types = ids }
            report("types", ids)
        }
        if let networks = lists.networks {
            try await store.register(networks: networks.entries.map { ($0.name, $0.network) })
        }
        if let images = lists.images { try await register(images.entries) }
    }

    /// Reads the files anew at each SIGHUP, and where Redis has lost what was registered, until the task is cancelled.
    ///
    /// A bad file is reported in the log, and what was known stays.
    func keep() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sighup) {
                    loadAgain(because: "read the files anew")
                }
            }
            if !files.isEmpty {
                group.addTask { await watch() }
            }
            for await reason in reasons.stream {
                do throws(Failure) {
                    try await load()
                    logger.notice("\(reason)")
                } catch {
                    logger.error("the files cannot be taken; what was known stays", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Has the files read anew soon.
    ///
    /// - Parameter reason: why, for the log.
    func loadAgain(because reason: String) { reasons.continuation.yield(reason) }

    /// Has the check of what Redis holds done now: it was away, and may have come back empty.
    func checkSoon() { checkWake.fire() }

    /// Has the files read anew each time that Redis does not hold what was there before.
    private func watch() async {
        var began: String?
        while !Task.isCancelled {
            var pause = Self.period
            do throws(Failure) {
                let found = try await store.check(registered.withLockedValue { $0 })
                if found.beganAt == nil || began != nil && found.beganAt != began {
                    loadAgain(because: "registered the files in a Redis that was empty")
                } else if let key = found.missing.first {
                    loadAgain(because: "registered the files again, since \(key) was lost")
                }
                began = found.beganAt ?? began
            } catch {
                logger.debug("the registrations cannot be checked", metadata: ["error": "\(error)"])
                pause = Self.retryPause
            }
            await checkWake.wait(atMost: pause)
        }
    }

    /// How often to check whether Redis holds what was registered: a key that somebody deleted is back after this long.
    private static let period = Duration.seconds(5)
    /// How long to wait where Redis does not answer.
    private static let retryPause = Duration.seconds(1)

    private func register(_ listings: [ImageListing]) async throws(Failure) {
        var registrations: [ImageRegistration] = []
        for listing in listings {
            var registration = await registration(of: listing)
            registration.loginUser = listing.loginUser
            registrations.append(registration)
        }
        let ids = try await store.register(images: registrations)
        registered.withLockedValue { $0.images = ids }
        report("images", ids)
        await fetcher.update(listings)
    }

    private func registration(of listing: ImageListing) async -> ImageRegistration {
        let path = listing.location.description
        guard !listing.location.isRemote else {
            return ImageRegistration(path: path, name: listing.name, fetching: "not fetched yet")
        }
        do throws(Failure) {
            return ImageRegistration(path: path, name: listing.name, facts: try await inspection.facts(at: path))
        } catch {
            logger.warning("an image cannot be used", metadata: ["path": "\(path)", "error": "\(error)"])
            return ImageRegistration(path: path, name: listing.name, unusable: error.description)
        }
    }

    private func report<Entity>(_ what: String, _ ids: [Identifier<Entity>]) {
        // Of a large fleet, the first and the last say enough.
        let isLong = ids.count > 32
        let shown = isLong ? "[\(ids[0]) … \(ids[ids.count - 1])], \(ids.count) of them" : "\(ids)"
        logger.notice("registered \(what)", metadata: ["ids": "\(shown)"])
    }
}
