/// What a file lists, with what people should know although the file is taken.
public struct CatalogList<Entry: Sendable>: Sendable {
    /// The entries in the file's order, each once.
    public let entries: [Entry]
    /// What is odd about the file, each with its place.
    public let warnings: [CatalogError]

    /// A list about which nothing is odd.
    ///
    /// - Parameter entries: the entries.
    public init(_ entries: [Entry]) {
        self.init(entries: entries, warnings: [])
    }

    init(entries: [Entry], warnings: [CatalogError]) {
        self.entries = entries
        self.warnings = warnings
    }
}
