import Bootstrap
import Catalog
import Model

/// `hvc-worker --check`: says what is in the files and what a worker would warn of; changes nothing and needs no Redis.
struct CatalogCheck {
    let settings: WorkerSettings
    let lists: CatalogFiles.Lists

    func run() async throws(Failure) {
        Program.print(warnings: settings.warnings, as: "hvc-worker")
        await warnOfUnusableImages()
        print("settings: OK")
        if let fleet = settings.files.fleet { print("fleet: \(fleet.count) simulated PMs") }
        report(settings.files.pm, lists.machines?.count, "PM")
        report(settings.files.image, lists.images?.count, "image")
        report(settings.files.flavor, lists.types?.count, "type")
        if settings.files.isEmpty { print("no file is given: this worker takes what another one registered") }
    }

    private func report(_ file: String, _ count: Int?, _ what: String) {
        guard let count, !file.isEmpty else { return }
        print("\(LogText.escaped(file)): \(count) \(what)\(count == 1 ? "" : "s")")
    }

    /// An image that cannot be used is listed all the same, and creates from it fail.
    private func warnOfUnusableImages() async {
        let inspection = ImageInspection(roots: settings.imageRoots)
        for listing in lists.images ?? [] {
            // The number plays no part in looking at a file.
            guard let id = ImageID(1) else { return }
            do throws(Failure) {
                _ = try await inspection.inspect(Image(id: id, name: listing.name, path: listing.path))
            } catch {
                Program.print(warnings: [error.message], as: "hvc-worker")
            }
        }
    }
}
