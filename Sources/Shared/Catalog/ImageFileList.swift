/// One entry of the image_file, before it has a number.
public struct ImageListing: Hashable, Sendable {
    /// The file's name without its ending.
    public let name: String
    /// The file's full path on the workers.
    public let path: String

    /// Makes an entry.
    ///
    /// - Parameters:
    ///   - name: the file's name without its ending.
    ///   - path: the file's full path on the workers.
    public init(name: String, path: String) {
        self.name = name
        self.path = path
    }
}

/// The image_file: the disk images, in the order of their numbers.
///
/// Plain form, a full path a line, in which spaces may stand but not at the ends; a line that begins with `#` is a
/// comment, blank lines are skipped. Dictionary form: `"images": ["/path/a.qcow2", …]`.
///
/// Only the list is read here; whether a file is there and is a disk image is the workers' to find out.
public enum ImageFileList {
    private static let example = #""images": ["/path/name.qcow2", …], or a full path a line"#
    /// The longest path that Linux takes (`PATH_MAX` less the closing NUL).
    private static let longestPath = 4095

    /// Reads the file.
    ///
    /// - Parameter path: the file's path.
    /// - Returns: the images in the file's order, one at least.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    public static func read(path: String) throws(CatalogError) -> [ImageListing] {
        try listings(in: try SourceText.read(path: path))
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    /// - Returns: the images in the text's order, one at least.
    /// - Throws: `CatalogError` for the first fault.
    public static func parse(_ text: String, file: String) throws(CatalogError) -> [ImageListing] {
        try listings(in: try SourceText(file: file, text: text))
    }

    /// The name of the image at a path: the file's name without its ending, which is what follows its last dot.
    ///
    /// - Parameter path: the path.
    /// - Returns: `Ubuntu12.04amd64` for `/images/Ubuntu12.04amd64.qcow2`.
    public static func name(ofPath path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return String(file) }
        return String(file[..<dot])
    }

    private static func listings(in source: SourceText) throws(CatalogError) -> [ImageListing] {
        let isDictionary = DictionaryText.isForm(of: source)
        let entries = isDictionary ? try dictionaryEntries(in: source) : plainEntries(in: source)
        guard !entries.isEmpty else { throw source.error(.empty, at: nil, "lists no image: write \(example)") }
        var listed = ListedEntries<String>()
        for (path, position) in entries {
            if let fault = fault(ofPath: path) { throw source.error(.wrongValue, at: position, "'\(path)' \(fault)") }
            try listed.note(path, as: "'\(path)'", at: position, of: source)
        }
        return entries.map { ImageListing(name: name(ofPath: $0.path), path: $0.path) }
    }

    private typealias Entry = (path: String, position: TextPosition)

    private static func plainEntries(in source: SourceText) -> [Entry] {
        source.lines.enumerated().compactMap { index, line in
            guard let start = line.firstIndex(where: { $0 != " " && $0 != "\t" }),
                let end = line.lastIndex(where: { $0 != " " && $0 != "\t" }), line[start] != "#"
            else { return nil }
            return (SourceText.text(line[start...end]), TextPosition(line: index + 1, column: start + 1))
        }
    }

    private static func dictionaryEntries(in source: SourceText) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for node in try DictionaryText.list(in: source, key: "images", example: example) {
            entries.append((try node.string("an image's path"), node.position))
        }
        return entries
    }

    /// What is wrong with a path; nil for a full path in its plainest spelling, so that no file has two.
    private static func fault(ofPath path: String) -> String? {
        guard path.hasPrefix("/") else { return "is no full path: begin it with /" }
        guard path.utf8.count <= longestPath else { return "is longer than \(longestPath) bytes" }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.last?.isEmpty == false else { return "names a folder: name a file" }
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            return "holds //, /./ or /../: write the path without"
        }
        guard !path.contains("\t") else { return "holds a tab: write one path a line" }
        return nil
    }
}
