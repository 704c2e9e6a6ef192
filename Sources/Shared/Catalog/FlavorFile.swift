public import Model

/// The flavor_file: the sizes of VM that may be asked for, in the order of their numbers.
///
///     "types": [{"cpu": 1, "ram": 512, "disk": 1}, {"cpu": 2, "ram": 1024, "disk": 2}]
///
/// with or without outer braces; `ram` is in MiB, `disk` in GiB.
public enum FlavorFile {
    /// CPUs of a type: as many as libvirt and QEMU give a guest on the largest machines.
    public static let cpuBounds = 1...4096
    /// Memory of a type in MiB: up to 1 PiB.
    public static let ramBounds = 1...(1 << 30)
    /// Disk of a type in GiB: up to 1 PiB.
    public static let diskBounds = 1...(1 << 20)

    private static let example = #""types": [{"cpu": 1, "ram": 512, "disk": 1}, …]"#

    /// Reads the file.
    ///
    /// - Parameter path: the file's path.
    /// - Returns: what a VM of each type needs, in the file's order, one at least.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    public static func read(path: String) throws(CatalogError) -> [Resources] {
        try types(in: try SourceText.read(path: path))
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    /// - Returns: what a VM of each type needs, in the text's order, one at least.
    /// - Throws: `CatalogError` for the first fault.
    public static func parse(_ text: String, file: String) throws(CatalogError) -> [Resources] {
        try types(in: try SourceText(file: file, text: text))
    }

    private static func types(in source: SourceText) throws(CatalogError) -> [Resources] {
        let root = try DictionaryText.read(source, example: example)
        let members = try root.members(of: "the file", allowed: ["types"], required: ["types"])
        var types: [Resources] = []
        var listed = ListedEntries<Resources>()
        for node in try members["types"]?.list("'types'") ?? [] {
            let type = try resources(of: node)
            let name = "the type of cpu \(type.cpu), ram \(type.ram), disk \(type.disk)"
            try listed.note(type, as: name, at: node.position, of: source)
            types.append(type)
        }
        return types
    }

    private static func resources(of node: DictionaryNode) throws(CatalogError) -> Resources {
        let keys = ["cpu", "ram", "disk"]
        let members = try node.members(
            of: "a type",
            allowed: keys,
            required: keys,
            hints: ["tid": "leave it out, types are numbered from 1 in the file's order"]
        )
        func number(_ key: String, _ bounds: ClosedRange<Int>) throws(CatalogError) -> Int {
            guard let member = members[key] else { throw node.error(.missingKey, "a type lacks '\(key)': add it") }
            return try member.wholeNumber("'\(key)'", in: bounds)
        }
        return Resources(
            cpu: try number("cpu", cpuBounds),
            ram: try number("ram", ramBounds),
            disk: try number("disk", diskBounds)
        )
    }
}
