public import Model

/// The pm_file: the physical machines, in the order of their numbers.
///
/// Plain form, a machine a line; `#` begins a comment at the start of a line or behind a space, blank lines are
/// skipped, and settings may follow the address:
///
///     root@10.0.0.5:22 domain_type=qemu overcommit_cpu=2 overcommit_ram=1.5 overcommit_disk=1 pool=default
///     root@10.0.0.6 reserve_cpu=1 reserve_ram=2048 reserve_disk=10 tags=ssd,rack2
///
/// Dictionary form, in which an entry is an address or a dictionary:
///
///     "pms": ["root@10.0.0.5:22", {"address": "root@10.0.0.6", "overcommit_cpu": 2}]
public enum PMFile {
    private static let example = #""pms": ["user@host:port", …], or an address a line"#

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - path: the file's path.
    ///   - defaults: the overcommit of machines for which the file gives none.
    /// - Returns: the machines in the file's order, one at least.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    public static func read(path: String, defaults: Overcommit) throws(CatalogError) -> [PMListing] {
        try listings(in: try SourceText.read(path: path), defaults: defaults)
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    ///   - defaults: the overcommit of machines for which the text gives none.
    /// - Returns: the machines in the text's order, one at least.
    /// - Throws: `CatalogError` for the first fault.
    public static func parse(_ text: String, file: String, defaults: Overcommit) throws(CatalogError) -> [PMListing] {
        try listings(in: try SourceText(file: file, text: text), defaults: defaults)
    }

    private static func listings(in source: SourceText, defaults: Overcommit) throws(CatalogError) -> [PMListing] {
        let found =
            DictionaryText.isForm(of: source)
            ? try dictionaryEntries(in: source, defaults: defaults) : try plainEntries(in: source, defaults: defaults)
        guard !found.isEmpty else { throw source.error(.empty, at: nil, "lists no machine: write \(example)") }
        // By URI: `localhost` and `qemu:///system` are one machine, whose room would count twice.
        var listed = ListedEntries<String>()
        for (listing, position) in found {
            let address = listing.address
            try listed.note(address.libvirtURI, as: "'\(address)'", at: position, of: source)
        }
        return found.map(\.listing)
    }

    private typealias Entry = (listing: PMListing, position: TextPosition)

    private static func plainEntries(in source: SourceText, defaults: Overcommit) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for index in source.lines.indices {
            let words = source.words(ofLine: index)
            guard let first = words.first else { continue }
            var settings = PMSettings(try address(first.text, at: first.position, of: source), defaults: defaults)
            for word in words.dropFirst() {
                let (key, value) = try pair(word.text, at: word.position, of: source)
                try set(key, to: value, in: &settings, at: word.position, of: source)
            }
            entries.append((settings.listing, first.position))
        }
        return entries
    }

    private static func pair(
        _ word: String,
        at position: TextPosition,
        of source: SourceText
    ) throws(CatalogError) -> (key: String, value: String) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            let advice = "write one address a line, and behind it settings as key=value"
            throw source.error(.malformed, at: position, "'\(word)' is no setting: \(advice)")
        }
        return (String(parts[0]), String(parts[1]))
    }

    private static func dictionaryEntries(in source: SourceText, defaults: Overcommit) throws(CatalogError) -> [Entry] {
        let root = try DictionaryText.read(source, example: example)
        let members = try root.members(of: "the file", allowed: ["pms"], required: ["pms"])
        var entries: [Entry] = []
        for node in try members["pms"]?.list("'pms'") ?? [] {
            entries.append((try listing(of: node, defaults: defaults), node.position))
        }
        return entries
    }

    private static func listing(of node: DictionaryNode, defaults: Overcommit) throws(CatalogError) -> PMListing {
        let source = node.places.source
        guard node.isMapping else {
            return PMSettings(
                try address(node.string("a machine"), at: node.position, of: source),
                defaults: defaults
            ).listing
        }
        let members = try node.members(
            of: "a machine",
            allowed: ["address"] + PMSettings.Key.allCases.map(\.rawValue),
            required: ["address"]
        )
        guard let addressNode = members["address"] else {
            throw node.error(.missingKey, "a machine lacks 'address': add it")
        }
        let text = try addressNode.string("'address'")
        var settings = PMSettings(try address(text, at: addressNode.position, of: source), defaults: defaults)
        for key in PMSettings.Key.allCases {
            guard let member = members[key.rawValue] else { continue }
            let value = key.isNumber ? try member.bareWord() : try member.string("'\(key.rawValue)'")
            guard let value else { throw member.error(.wrongValue, "'\(key.rawValue)' is \(PMSettings.factorAdvice)") }
            try set(key.rawValue, to: value, in: &settings, at: member.position, of: source)
        }
        return settings.listing
    }

    private static func address(
        _ text: String,
        at position: TextPosition,
        of source: SourceText
    ) throws(CatalogError) -> PMAddress {
        do {
            return try PMAddress(text)
        } catch {
            throw source.error(.wrongValue, at: position, error.message)
        }
    }

    private static func set(
        _ key: String,
        to value: String,
        in settings: inout PMSettings,
        at position: TextPosition,
        of source: SourceText
    ) throws(CatalogError) {
        do {
            try settings.set(key, to: value)
        } catch {
            throw source.error(error.code, at: position, error.reason)
        }
    }
}
