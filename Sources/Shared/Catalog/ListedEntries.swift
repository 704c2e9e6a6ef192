/// Remembers what a file listed, to refuse it when it comes again.
struct ListedEntries<Key: Hashable> {
    private var positions: [Key: TextPosition] = [:]

    /// Notes an entry.
    ///
    /// - Throws: `CatalogError` with the code `duplicate`, which names the line that had it first.
    mutating func note(
        _ key: Key,
        as name: String,
        at position: TextPosition,
        of source: SourceText
    ) throws(CatalogError) {
        if let first = positions.updateValue(position, forKey: key) {
            throw source.error(.duplicate, at: position, "\(name) is listed on line \(first.line) already: keep one")
        }
    }
}
