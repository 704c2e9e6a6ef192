package import Model

/// The networks_file: the networks that requests may name, each called as it is on the PMs.
///
/// Plain form, a network a line, `libvirt` where nothing else is said; `#` begins a comment:
///
///     lab
///     br0 kind=bridge
///     ovs0 kind=bridge vlan=12 as=dmz
///
/// Dictionary form, in which an entry is a name or a dictionary:
///
///     "networks": ["lab", {"name": "ovs0", "kind": "bridge", "vlan": 12, "as": "dmz"}]
package enum NetworksFile {
    private static let example = #""networks": ["lab", {"name": "br0", "kind": "bridge"}, …], or a name a line"#

    /// One entry: what requests call the network, and what a card is attached to.
    package struct Listing: Hashable, Sendable {
        /// The name on the PMs, where the file gives no other.
        package let name: String
        package let network: VMNetwork
    }

    /// Reads the file.
    ///
    /// - Parameter path: the file's path.
    /// - Returns: the networks in the file's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    package static func read(path: String) throws(CatalogError) -> CatalogList<Listing> {
        try listings(in: try SourceText.read(path: path))
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    /// - Returns: the networks in the text's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault.
    package static func parse(_ text: String, file: String) throws(CatalogError) -> CatalogList<Listing> {
        try listings(in: try SourceText(file: file, text: text))
    }

    private static func listings(in source: SourceText) throws(CatalogError) -> CatalogList<Listing> {
        let entries =
            DictionaryText.isForm(of: source) ? try dictionaryEntries(in: source) : try plainEntries(in: source)
        guard !entries.isEmpty else { throw source.error(.empty, at: nil, "lists no network: write \(example)") }
        var known: [String: Entry] = [:]
        var listings: [Listing] = []
        var warnings: [CatalogError] = []
        for (values, position) in entries {
            let listing = try values.listing(at: position, of: source)
            guard let earlier = known[listing.name] else {
                known[listing.name] = (values, position)
                listings.append(listing)
                continue
            }
            let start = "'\(listing.name)' is listed on line \(earlier.position.line) already"
            guard earlier.values == values else {
                throw source.error(.duplicate, at: position, "\(start), as another network: keep one line")
            }
            warnings.append(source.error(.duplicate, at: position, "\(start), and is taken once: keep one line"))
        }
        return CatalogList(entries: listings, warnings: warnings)
    }

    private typealias Entry = (values: NetworkValues, position: TextPosition)

    private static func plainEntries(in source: SourceText) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for index in source.lines.indices {
            let words = source.words(ofLine: index)
            guard let first = words.first else { continue }
            var values = NetworkValues(name: first.text)
            for word in words.dropFirst() {
                let parts = word.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else {
                    let advice = "write one name a line, and behind it settings as key=value"
                    throw source.error(.malformed, at: word.position, "'\(word.text)' is no setting: \(advice)")
                }
                try values.set(String(parts[0]), to: String(parts[1]), at: word.position, of: source)
            }
            entries.append((values, first.position))
        }
        return entries
    }

    private static func dictionaryEntries(in source: SourceText) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for node in try DictionaryText.list(in: source, key: "networks", example: example) {
            guard node.isMapping else {
                entries.append((NetworkValues(name: try node.string("a network's name")), node.position))
                continue
            }
            let keys = ["name"] + NetworkValues.keys
            let members = try node.members(of: "a network", allowed: keys, required: ["name"])
            guard let name = members["name"] else { throw node.error(.missingKey, "a network lacks 'name': add it") }
            var values = NetworkValues(name: try name.string("'name'"))
            for key in NetworkValues.keys {
                guard let member = members[key] else { continue }
                let value = key == "vlan" ? try member.bareWord() : try member.string("'\(key)'")
                try values.set(key, to: value ?? "", at: member.position, of: source)
            }
            entries.append((values, node.position))
        }
        return entries
    }
}

/// What an entry says of a network, before it is checked as a whole.
private struct NetworkValues: Hashable {
    static let keys = ["kind", "vlan", "as"]

    let name: String
    var kind = VMNetwork.Kind.libvirt
    var vlan: Int?
    var alias: String?

    init(name: String) { self.name = name }

    mutating func set(
        _ key: String,
        to value: String,
        at position: TextPosition,
        of source: SourceText
    ) throws(CatalogError) {
        switch key {
        case "kind":
            guard let kind = VMNetwork.Kind(rawValue: value) else {
                throw source.error(
                    .wrongValue,
                    at: position,
                    "'\(value)' is no kind of network: write libvirt or bridge"
                )
            }
            self.kind = kind
        case "vlan":
            guard let number = Int(value), VMNetwork.vlans.contains(number) else {
                let bounds = "\(VMNetwork.vlans.lowerBound) to \(VMNetwork.vlans.upperBound)"
                throw source.error(.wrongValue, at: position, "vlan is '\(value)': write a whole number from \(bounds)")
            }
            vlan = number
        case "as": alias = value
        default:
            let names = "write \(Self.keys.joined(separator: ", "))" + Self.keys.didYouMean(key)
            throw source.error(.unknownKey, at: position, "'\(key)' is no setting of a network: \(names)")
        }
    }

    func listing(at position: TextPosition, of source: SourceText) throws(CatalogError) -> NetworksFile.Listing {
        for text in [name, alias ?? name] where !PMListing.isLibvirtName(text) {
            let form =
                "up to 64 letters, digits, dots, dashes and underscores, with none of the first two marks in front"
            throw source.error(.wrongValue, at: position, "'\(text)' is no name of a network: write \(form)")
        }
        guard vlan == nil || kind == .bridge else {
            let advice = "write kind=bridge, or leave out vlan: a libvirt network has its own"
            throw source.error(.wrongValue, at: position, "'\(name)' is no bridge and has a vlan: \(advice)")
        }
        return NetworksFile.Listing(
            name: alias ?? name,
            network: VMNetwork(kind: kind, name: name, vlan: vlan)
        )
    }
}
