package import Model

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
package enum PMFile {
    private static let example = #""pms": ["user@host:port", …], or an address a line"#

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - path: the file's path.
    ///   - defaults: the overcommit of machines for which the file gives none.
    /// - Returns: the machines in the file's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    package static func read(path: String, defaults: Overcommit) throws(CatalogError) -> CatalogList<PMListing> {
        try listings(in: try SourceText.read(path: path), defaults: defaults)
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    ///   - defaults: the overcommit of machines for which the text gives none.
    /// - Returns: the machines in the text's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault.
    package static func parse(
        _ text: String,
        file: String,
        defaults: Overcommit
    ) throws(CatalogError) -> CatalogList<PMListing> {
        try listings(in: try SourceText(file: file, text: text), defaults: defaults)
    }

    private static func listings(
        in source: SourceText,
        defaults: Overcommit
    ) throws(CatalogError) -> CatalogList<PMListing> {
        let found =
            DictionaryText.isForm(of: source)
            ? try dictionaryEntries(in: source, defaults: defaults) : try plainEntries(in: source, defaults: defaults)
        guard !found.isEmpty else { throw source.error(.empty, at: nil, "lists no machine: write \(example)") }
        // By URI: `localhost` and `qemu:///system` are one machine, whose room would count twice.
        var first: [String: Entry] = [:]
        var listings: [PMListing] = []
        var warnings: [CatalogError] = []
        for entry in found {
            guard let earlier = first[entry.listing.address.libvirtURI] else {
                first[entry.listing.address.libvirtURI] = entry
                listings.append(entry.listing)
                continue
            }
            warnings.append(try repetition(entry, of: earlier, in: source))
        }
        return CatalogList(entries: listings, warnings: warnings)
    }

    /// The warning of a machine that is listed again; refused where its settings differ, since either could be meant.
    private static func repetition(
        _ entry: Entry,
        of earlier: Entry,
        in source: SourceText
    ) throws(CatalogError) -> CatalogError {
        let (address, other) = (entry.listing.address, earlier.listing.address)
        var same = entry.listing
        same.address = other
        let name = address == other ? "'\(address)' is" : "'\(address)' is the machine '\(other)', which is"
        let start = "\(name) listed on line \(earlier.position.line) already"
        guard same == earlier.listing else {
            throw source.error(.duplicate, at: entry.position, "\(start), with other settings: keep one line")
        }
        return source.error(.duplicate, at: entry.position, "\(start), and is taken once: keep one line")
    }

    private typealias Entry = (listing: PMListing, position: TextPosition)

    private static func plainEntries(in source: SourceText, defaults: Overcommit) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for index in source.lines.indices {
            let words = source.words(ofLine: index)
            guard let first = words.first else { continue }
            if ["ssh", "virsh"].contains(first.text), words.count > 1 {
                let advice = "write the address alone, as user@host:port, or a libvirt URI"
                throw source.error(.malformed, at: first.position, "'\(first.text)' is a command: \(advice)")
            }
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
            let advice =
                word.hasPrefix("-")
                ? "write the port behind the host, as host:2222, and what else ssh is to know in ssh_config"
                : "write one address a line, and behind it settings as key=value"
            throw source.error(.malformed, at: position, "'\(word)' is no setting: \(advice)")
        }
        return (String(parts[0]), String(parts[1]))
    }

    private static func dictionaryEntries(in source: SourceText, defaults: Overcommit) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for node in try DictionaryText.list(in: source, key: "pms", example: example) {
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
