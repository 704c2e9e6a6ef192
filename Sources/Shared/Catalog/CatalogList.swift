/// What a file lists, with what people should know although the file is taken.
package struct CatalogList<Entry: Sendable>: Sendable {
    /// The entries in the file's order, each once.
    package let entries: [Entry]
    /// What is odd about the file, each with its place.
    package let warnings: [CatalogError]

    /// A list about which nothing is odd.
    package init(_ entries: [Entry]) {
        self.init(entries: entries, warnings: [])
    }

    init(entries: [Entry], warnings: [CatalogError]) {
        self.entries = entries
        self.warnings = warnings
    }
}
