import Bootstrap
import Catalog
import Model
import Store

/// The files that say what there is, or the simulated fleet in place of the first.
struct CatalogFiles: Sendable {
    /// What the files list; nil for one that is not given.
    struct Lists: Sendable {
        var machines: CatalogList<PMListing>?
        var images: CatalogList<ImageListing>?
        var types: CatalogList<FlavorFile.Entry>?
        var networks: CatalogList<NetworksFile.Listing>?

        /// What is odd about the files, and stops nothing.
        var warnings: [CatalogError] {
            (machines?.warnings ?? []) + (images?.warnings ?? []) + (types?.warnings ?? [])
                + (networks?.warnings ?? [])
        }
    }

    private let files: WorkerSettings.Files
    private let overcommit: Overcommit
    private let imageRoots: [String]

    init(settings: WorkerSettings) {
        files = settings.files
        overcommit = settings.overcommit
        imageRoots = settings.imageRoots
    }

    /// True where none is given.
    var isEmpty: Bool { files.isEmpty }

    /// Reads all files that are given.
    ///
    /// - Throws: `InvalidInput` with the first fault of each.
    func read() throws(InvalidInput) -> Lists {
        var reader = SettingsReader(environment: [:])
        let lists = read(noting: &reader)
        try reader.finish()
        return lists
    }

    /// Reads all files that are given.
    ///
    /// - Parameter reader: keeps the first fault of each.
    /// - Returns: what those without a fault list.
    func read(noting reader: inout SettingsReader) -> Lists {
        var lists = Lists()
        _ = reader.attempt { () throws(Failure) in try files.check() }
        lists.machines = reader.attempt { () throws(Failure) in try machines() } ?? nil
        lists.images =
            reader.attempt { () throws(Failure) in
                try Self.contents(of: files.image) { (path) throws(CatalogError) in
                    try ImageFileList.read(path: path, roots: imageRoots)
                }
            } ?? nil
        lists.types =
            reader.attempt { () throws(Failure) in
                try Self.contents(of: files.flavor) { (path) throws(CatalogError) in try FlavorFile.read(path: path) }
            } ?? nil
        lists.networks =
            reader.attempt { () throws(Failure) in
                try Self.contents(of: files.networks) { (path) throws(CatalogError) in try NetworksFile.read(path: path)
                }
            } ?? nil
        return lists
    }

    /// Compares the numbers that the flavor_file gives with those that were given earlier.
    ///
    /// - Parameters:
    ///   - lists: what the files list.
    ///   - store: what knows the numbers.
    /// - Throws: `Failure` with file, line, column and reason of each type that cannot have its number.
    func checkNumbers(of lists: Lists, in store: Store) async throws(Failure) {
        guard let types = lists.types?.entries else { return }
        let conflicts = try await store.conflicts(ofTypes: types.map(\.listing))
        guard !conflicts.isEmpty else { return }
        throw InvalidInput(
            conflicts.map { conflict in
                let entry = types[conflict.index]
                let number = entry.listing.number.map { "tid \($0): " } ?? ""
                return Failure(.invalidRequest, "\(files.flavor):\(entry.position): \(number)\(conflict)")
            }
        ).failure
    }

    private func machines() throws(Failure) -> CatalogList<PMListing>? {
        if let fleet = files.fleet { return CatalogList(try fleet.listings(overcommit: overcommit)) }
        return try Self.contents(of: files.pm) { (path) throws(CatalogError) in
            try PMFile.read(path: path, defaults: overcommit)
        }
    }

    private static func contents<Contents>(
        of path: String,
        _ read: (String) throws(CatalogError) -> Contents
    ) throws(Failure) -> Contents? {
        guard !path.isEmpty else { return nil }
        do {
            return try read(path)
        } catch {
            throw Failure(.invalidRequest, error.description)
        }
    }
}
