import Bootstrap
import Catalog
import Logging
import Model
import RedisClient
import Store

/// `hvc-worker --check`: says what is in the files and what a worker would warn of; changes nothing and needs no Redis.
struct CatalogCheck {
    let settings: WorkerSettings
    let lists: CatalogFiles.Lists

    /// Prints what there is, and warnings.
    ///
    /// - Throws: `Failure` where types cannot have the numbers that the flavor_file gives them.
    func run() async throws(Failure) {
        let note = try await compareNumbers()
        Program.print(warnings: settings.warnings + lists.warnings.map(\.description), as: "hvc-worker")
        await warnOfUnusableImages()
        print("settings: OK")
        if let fleet = settings.files.fleet { print("fleet: \(fleet.count) simulated PMs") }
        report(settings.files.pm, settings.files.fleet == nil ? lists.machines?.entries.count : nil, "PM")
        report(settings.files.image, lists.images?.entries.count, "image", note: noteOnFetchedImages)
        report(settings.files.flavor, lists.types?.entries.count, "type", note: note)
        report(settings.files.networks, lists.networks?.entries.count, "network")
        if settings.files.isEmpty { print("no file is given: this worker takes what another one registered") }
    }

    private func report(_ file: String, _ count: Int?, _ what: String, note: String = "") {
        guard let count, !file.isEmpty else { return }
        print("\(LogText.escaped(file)): \(count) \(what)\(count == 1 ? "" : "s")\(note)")
    }

    /// Compares the numbers of types with those that Redis has.
    ///
    /// - Returns: what to say behind the file's line where Redis does not answer.
    private func compareNumbers() async throws(Failure) -> String {
        guard let types = lists.types?.entries, types.contains(where: { $0.listing.number != nil }) else { return "" }
        let logger = Program.logger(label: "hvc-worker", level: .critical)
        let redis = settings.common.makeRedisClient(name: "hvc-check", waitForConnection: .seconds(1), logger: logger)
        let store = Store(redis: redis, keys: Keys(prefix: settings.common.prefix))
        let result: Result<Void, Failure>
        do throws(Failure) {
            result = .success(try await CatalogFiles(settings: settings).checkNumbers(of: lists, in: store))
        } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        do throws(Failure) {
            try result.get()
            return ""
        } catch {
            guard error.code == .storeUnavailable else { throw error }
            return " (Redis does not answer: their tids are not compared with the numbers given earlier)"
        }
    }

    private var noteOnFetchedImages: String {
        let count = lists.images?.entries.count { $0.location.isRemote } ?? 0
        return count == 0 ? "" : " (\(count) of them on other machines, which are not asked)"
    }

    /// An image that cannot be used is listed all the same, and creates from it fail.
    private func warnOfUnusableImages() async {
        let inspection = ImageInspection(roots: settings.imageRoots)
        for listing in lists.images?.entries ?? [] where !listing.location.isRemote {
            do throws(Failure) {
                _ = try await inspection.facts(at: listing.location.path)
            } catch {
                Program.print(warnings: [error.message], as: "hvc-worker")
            }
        }
    }
}
