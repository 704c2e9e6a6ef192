import Catalog
import Dispatch
import Logging
import Model
import RedisClient
import Store

/// Has the images that lie on other machines in this worker's cache, and says in their records how far it is.
///
/// A listed image is fetched when the image_file is read, and again where the cache no longer has what a create needs. A
/// fetch that fails is tried again with growing waits; SIGHUP tries at once.
actor ImageFetcher: ImageFiles {
    /// Where an image's fetch stands.
    private enum State {
        case due
        case fetching(ImageFetch.Progress?)
        /// Another worker on this machine fetches it into the same cache, which is asked again after a while.
        case elsewhere(next: ContinuousClock.Instant)
        case fetched(fingerprint: String)
        case failed(Failure, retry: ContinuousClock.Instant)
    }

    private struct Entry {
        var state = State.due
        /// True where the image_file lists it: then it is tried again by itself, else when a create asks for it.
        var isListed = false
        var tries = 0
        /// True where it is to be tried again although a try is under way.
        var isAgain = false

        var isUnderWay: Bool {
            if case .fetching = state { true } else { false }
        }

        func isDue(at now: ContinuousClock.Instant) -> Bool {
            switch state {
            case .due: true
            case .failed(_, let retry): isListed && retry <= now
            case .elsewhere(let next): next <= now
            case .fetching, .fetched: false
            }
        }
    }

    private let cache: ImageCache
    private let ssh: SSHConfiguration
    private let store: Store
    private let worker: String
    private let backoff: Backoff
    private let logger: Logger
    private let wake = WakeSignal()
    private var entries: [ImageLocation: Entry] = [:]

    /// How many images are fetched at once: more would only share one line.
    private static let width = 2
    /// How soon to ask again whether another worker's fetch of an image has ended; until then it takes no place.
    private static let elsewherePeriod = Duration.seconds(2)

    init(
        cache: ImageCache,
        ssh: SSHConfiguration,
        store: Store,
        worker: String,
        backoff: Backoff = Backoff(base: .seconds(5), limit: .seconds(300)),
        logger: Logger
    ) {
        self.cache = cache
        self.ssh = ssh
        self.store = store
        self.worker = worker
        self.backoff = backoff
        self.logger = logger
    }

    /// Takes note of what the image_file lists: all of it that lies elsewhere is asked for at once.
    func update(_ listings: [ImageListing]) {
        let listed = Set(listings.map(\.location).filter(\.isRemote))
        for location in entries.keys where !listed.contains(location) {
            // What is left of one that goes now is known again when a create asks for it.
            if entries[location]?.isUnderWay == true {
                entries[location]?.isListed = false
            } else {
                entries[location] = nil
            }
        }
        for location in listed {
            var entry = entries[location] ?? Entry()
            if entry.isUnderWay { entry.isAgain = true } else { entry.state = .due }
            entry.tries = 0
            entry.isListed = true
            entries[location] = entry
        }
        wake.fire()
    }

    func file(of image: ImageFile) async throws(Failure) -> LocalImage {
        let location = try ImageLocation(image.image.path)
        guard location.isRemote else { return try await ListedImageFiles().file(of: image) }
        let copy = try await DispatchQueue.runBlocking { [cache] () throws(Failure) in
            cache.use(location, fingerprint: image.fingerprint)
        }
        if let copy { return LocalImage(path: copy.path, copy: copy) }
        var progress: ImageFetch.Progress?
        let entry = entries[location]
        switch entry?.state {
        case .failed(let failure, let retry) where entry?.isListed == true || retry > .now:
            throw Failure(
                .imageUnusable,
                "image \(image.image.id) ('\(image.image.name)') is not in this worker's cache, and cannot be fetched",
                cause: failure.description
            )
        case .fetched(let fingerprint) where entry?.isListed == false && fingerprint != image.fingerprint:
            throw Failure(
                .imageUnusable,
                "image \(image.image.id) ('\(image.image.name)') is not what it was when it was inspected: list it again"
            )
        case .due, .elsewhere: break
        case .fetching(let state): progress = state
        case .failed, .fetched, nil:
            entries[location, default: Entry()].state = .due
            wake.fire()
        }
        let state = progress.map { ", \($0.percent) %" } ?? ""
        throw Failure(
            .imageFetching,
            "image \(image.image.id) ('\(image.image.name)') is being fetched to this worker\(state)"
        )
    }

    /// Fetches what is due, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for location in takeDue() { group.addTask { await self.fetch(location) } }
                await wake.wait(atMost: untilNext)
            }
        }
    }

    private func takeDue() -> [ImageLocation] {
        let due = entries.filter { $0.value.isDue(at: .now) }.keys.sorted { $0.description < $1.description }
        let taken = due.prefix(freePlaces)
        for location in taken { entries[location]?.state = .fetching(nil) }
        return Array(taken)
    }

    private var freePlaces: Int { max(0, Self.width - entries.values.count { $0.isUnderWay }) }

    private var untilNext: Duration {
        // Who ends a fetch wakes the loop.
        guard freePlaces > 0 else { return .seconds(60) }
        let times = entries.values.compactMap { entry -> Duration? in
            switch entry.state {
            case .failed(_, let retry) where entry.isListed: return ContinuousClock.now.duration(to: retry)
            case .elsewhere(let next): return ContinuousClock.now.duration(to: next)
            case .due, .failed, .fetching, .fetched: return nil
            }
        }
        return min(times.min() ?? .seconds(60), .seconds(60))
    }

    private func fetch(_ location: ImageLocation) async {
        defer { wake.fire() }
        guard case .remote(let machine, let path) = location else { return }
        let source = RemoteImage(on: machine, path: path, ssh: ssh)
        do throws(Failure) {
            let result = try await ImageFetch(location: location, source: source, cache: cache).run { progress in
                await self.note(progress, of: location)
            }
            guard let result else {
                logger.debug("another worker here fetches the image", metadata: ["image": "\(location)"])
                return end(location, .elsewhere(next: .now + Self.elsewherePeriod))
            }
            let facts = try await facts(of: result.copy, location)
            try await store.recordFetch(of: location, by: worker, .whole(facts, checksum: result.checksum))
            let metadata: Logger.Metadata = ["image": "\(location)", "bytes": "\(facts.fileBytes)"]
            if result.checksum == nil {
                logger.debug("the cache has the image as its source is", metadata: metadata)
            } else {
                logger.notice("image fetched", metadata: metadata)
            }
            end(location, .fetched(fingerprint: facts.fingerprint))
        } catch {
            // A worker that stops leaves its part to the next one.
            guard !Task.isCancelled else { return }
            let tries = entries[location]?.tries ?? 0
            let wait = backoff.delay(retry: tries, fraction: .random(in: 0.5...1))
            logger.warning(
                "an image cannot be fetched; trying again",
                metadata: ["image": "\(location)", "error": "\(error)", "in": "\(wait)"]
            )
            end(location, .failed(error, retry: .now + wait))
            await recordFailure(error, of: location)
        }
    }

    private func end(_ location: ImageLocation, _ state: State) {
        guard var entry = entries[location] else { return }
        entry.state = entry.isAgain ? .due : state
        entry.isAgain = false
        if case .failed = state { entry.tries += 1 } else { entry.tries = 0 }
        entries[location] = entry
    }

    private func note(_ progress: ImageFetch.Progress, of location: ImageLocation) async {
        guard let entry = entries[location] else { return }
        if case .fetching(nil) = entry.state {
            logger.notice("fetching an image", metadata: ["image": "\(location)", "bytes": "\(progress.total)"])
        }
        entries[location]?.state = .fetching(progress)
        do throws(Failure) {
            try await store.recordFetch(
                of: location,
                by: worker,
                .underWay(fetched: progress.fetched, total: progress.total)
            )
        } catch {
            // The bytes come all the same.
            logger.debug("the progress of a fetch cannot be recorded", metadata: ["error": "\(error)"])
        }
    }

    /// Says why; where Redis does not know the image yet, a copy from before serves while its source is away.
    private func recordFailure(_ failure: Failure, of location: ImageLocation) async {
        do throws(Failure) {
            let copy = try await DispatchQueue.runBlocking { [cache] () throws(Failure) in cache.useNewest(location) }
            var known: ImageRegistration.Facts?
            if let copy {
                // One that is no image is no help, and the failure says so already.
                do throws(Failure) { known = try await facts(of: copy, location) } catch { known = nil }
            }
            try await store.recordFetch(of: location, by: worker, .failed(failure, copy: known))
        } catch {
            logger.warning("a failed fetch cannot be recorded", metadata: ["error": "\(error)", "after": "\(failure)"])
        }
    }

    private func facts(of copy: CachedImage, _ location: ImageLocation) async throws(Failure) -> ImageRegistration.Facts
    {
        try await ImageInspection(roots: []).facts(ofCopy: copy.path, of: location)
    }
}
