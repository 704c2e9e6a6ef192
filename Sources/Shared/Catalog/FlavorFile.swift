package import Model

/// The flavor_file: the sizes of VM that may be asked for.
///
///     "types": [{"cpu": 1, "ram": 512, "disk": 1}, {"tid": 7, "cpu": 2, "ram": 1024, "disk": 2}]
///
/// with or without outer braces; `ram` is in MiB, `disk` in GiB, `tid` is the type's number.
package enum FlavorFile {
    /// CPUs of a type: as many as libvirt and QEMU give a guest on the largest machines.
    package static let cpuBounds = 1...4096
    /// Memory of a type in MiB: up to 1 PiB.
    package static let ramBounds = 1...(1 << 30)
    /// Disk of a type in GiB: up to 1 PiB.
    package static let diskBounds = 1...(1 << 20)

    /// The numbers that a file may give: as many as fit in 32 bits, which every client can read.
    package static let numberBounds = 1...Int(Int32.max)

    private static let example = #""types": [{"cpu": 1, "ram": 512, "disk": 1}, …]"#

    /// One entry, with its place for messages.
    package struct Entry: Hashable, Sendable {
        /// The size and the number that it is to have.
        package fileprivate(set) var listing: TypeListing
        /// Where in the file it is.
        package let position: TextPosition
    }

    /// Reads the file.
    ///
    /// - Parameter path: the file's path.
    /// - Returns: the types in the file's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    package static func read(path: String) throws(CatalogError) -> CatalogList<Entry> {
        try entries(in: try SourceText.read(path: path))
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    /// - Returns: the types in the text's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault.
    package static func parse(_ text: String, file: String) throws(CatalogError) -> CatalogList<Entry> {
        try entries(in: try SourceText(file: file, text: text))
    }

    private static func entries(in source: SourceText) throws(CatalogError) -> CatalogList<Entry> {
        var listed = ListedTypes(source: source)
        for node in try DictionaryText.list(in: source, key: "types", example: example) {
            try listed.add(Entry(listing: try listing(of: node), position: node.position))
        }
        return CatalogList(entries: listed.entries, warnings: listed.warnings)
    }

    private static func listing(of node: DictionaryNode) throws(CatalogError) -> TypeListing {
        let keys = ["cpu", "ram", "disk"]
        let members = try node.members(of: "a type", allowed: keys + ["tid"], required: keys)
        func number(_ key: String, _ bounds: ClosedRange<Int>) throws(CatalogError) -> Int {
            guard let member = members[key] else { throw node.error(.missingKey, "a type lacks '\(key)': add it") }
            return try member.wholeNumber("'\(key)'", in: bounds)
        }
        return TypeListing(
            needs: Resources(
                cpu: try number("cpu", cpuBounds),
                ram: try number("ram", ramBounds),
                disk: try number("disk", diskBounds)
            ),
            number: try members["tid"].flatMap { (member) throws(CatalogError) in
                TypeID(try member.wholeNumber("'tid'", in: numberBounds))
            }
        )
    }
}

/// The types of a file while it is read: each size has one number, each number one size.
private struct ListedTypes {
    let source: SourceText
    private(set) var entries: [FlavorFile.Entry] = []
    private(set) var warnings: [CatalogError] = []
    private var bySize: [Resources: Int] = [:]
    private var byNumber: [TypeID: Int] = [:]

    init(source: SourceText) {
        self.source = source
    }

    mutating func add(_ entry: FlavorFile.Entry) throws(CatalogError) {
        let (needs, number) = (entry.listing.needs, entry.listing.number)
        if let number, let index = byNumber[number], entries[index].listing.needs != needs {
            let reason = "tid \(number) is the number of \(entries[index].listing.needs.asType) on line "
            throw source.error(
                .duplicate,
                at: entry.position,
                reason + "\(entries[index].position.line) already: give \(needs.asType) another"
            )
        }
        let index = bySize[needs] ?? entries.count
        if let number { byNumber[number] = index }
        guard index < entries.count else {
            bySize[needs] = index
            entries.append(entry)
            return
        }
        try repeated(entry, of: index)
    }

    /// The same size once more: taken once, with the number of either.
    private mutating func repeated(_ entry: FlavorFile.Entry, of index: Int) throws(CatalogError) {
        let (first, number) = (entries[index], entry.listing.number)
        if let number, let given = first.listing.number, given != number {
            throw source.error(
                .duplicate,
                at: entry.position,
                "\(entry.listing.needs.asType) has tid \(number) here and tid \(given) on line "
                    + "\(first.position.line): keep one"
            )
        }
        entries[index].listing = TypeListing(needs: first.listing.needs, number: first.listing.number ?? number)
        let reason = "\(entry.listing.needs.asType) is listed on line \(first.position.line) already, and is taken once"
        warnings.append(source.error(.duplicate, at: entry.position, reason + ": keep one"))
    }
}

extension Resources {
    /// The type as messages name it.
    fileprivate var asType: String { "the type of cpu \(cpu), ram \(ram), disk \(disk)" }
}
