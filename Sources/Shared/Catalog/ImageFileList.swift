package import Model

/// One entry of the image_file, before it has a number.
package struct ImageListing: Hashable, Sendable {
    /// The file's name without its ending.
    package let name: String
    /// Where the file lies.
    package let location: ImageLocation
    /// As whom people log in to its guests; nil where the file does not say.
    package let loginUser: String?

    package init(name: String, location: ImageLocation, loginUser: String? = nil) {
        self.name = name
        self.location = location
        self.loginUser = loginUser
    }
}

/// The image_file: the disk images, in the order of their numbers.
///
/// Plain form, a path a line, in which spaces may stand but not at the ends; a line that begins with `#` is a comment,
/// blank lines are skipped. Dictionary form: `"images": ["/path/a.qcow2", {"path": "/path/b.qcow2", "login_user": "debian"}, …]`. A path is a full one, begins with `~`,
/// is relative to the folders for images, or is `user@host:/path`.
///
/// Only the list is read here; whether a file is there and is a disk image is the workers' to find out.
package enum ImageFileList {
    private static let example = #""images": ["/path/name.qcow2", …], or a path a line"#

    /// Reads the file.
    ///
    /// - Parameters:
    ///   - path: the file's path.
    ///   - roots: the folders for images.
    /// - Returns: the images in the file's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault; then nothing of the file is taken.
    package static func read(path: String, roots: [String]) throws(CatalogError) -> CatalogList<ImageListing> {
        try listings(in: try SourceText.read(path: path), ImagePathContext(file: path, roots: roots))
    }

    /// Reads the text of such a file.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - file: the name to use in errors.
    ///   - roots: the folders for images.
    /// - Returns: the images in the text's order, one at least, and a warning for each that is listed again.
    /// - Throws: `CatalogError` for the first fault.
    package static func parse(
        _ text: String,
        file: String,
        roots: [String] = []
    ) throws(CatalogError) -> CatalogList<ImageListing> {
        try listings(in: try SourceText(file: file, text: text), ImagePathContext(file: file, roots: roots))
    }

    /// The name of the image at a path: the file's name without its ending, which is what follows its last dot.
    ///
    /// - Returns: `Ubuntu12.04amd64` for `/images/Ubuntu12.04amd64.qcow2`.
    package static func name(ofPath path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return String(file) }
        return String(file[..<dot])
    }

    private static func listings(
        in source: SourceText,
        _ context: ImagePathContext
    ) throws(CatalogError) -> CatalogList<ImageListing> {
        let isDictionary = DictionaryText.isForm(of: source)
        let entries = isDictionary ? try dictionaryEntries(in: source) : plainEntries(in: source)
        guard !entries.isEmpty else { throw source.error(.empty, at: nil, "lists no image: write \(example)") }
        var firstLines: [ImageLocation: Int] = [:]
        var listings: [ImageListing] = []
        var warnings: [CatalogError] = []
        for (text, user, position) in entries {
            let location: ImageLocation
            do {
                location = try context.location(of: text)
            } catch {
                throw source.error(error.code, at: position, "'\(text)' \(error.reason)")
            }
            // Numbers go by first appearance: the second one is given none, and none is left out for it.
            if let line = firstLines[location] {
                let reason = "'\(text)' is listed on line \(line) already, and is taken once: keep one"
                warnings.append(source.error(.duplicate, at: position, reason))
            } else {
                firstLines[location] = position.line
                listings.append(ImageListing(name: name(ofPath: location.path), location: location, loginUser: user))
            }
        }
        return CatalogList(entries: listings, warnings: warnings)
    }

    private typealias Entry = (path: String, user: String?, position: TextPosition)

    private static func plainEntries(in source: SourceText) -> [Entry] {
        source.lines.enumerated().compactMap { index, line in
            guard let start = line.firstIndex(where: { $0 != " " && $0 != "\t" }),
                let end = line.lastIndex(where: { $0 != " " && $0 != "\t" }), line[start] != "#"
            else { return nil }
            return (SourceText.text(line[start...end]), nil, TextPosition(line: index + 1, column: start + 1))
        }
    }

    private static func dictionaryEntries(in source: SourceText) throws(CatalogError) -> [Entry] {
        var entries: [Entry] = []
        for node in try DictionaryText.list(in: source, key: "images", example: example) {
            guard node.isMapping else {
                entries.append((try node.string("an image's path"), nil, node.position))
                continue
            }
            let members = try node.members(of: "an image", allowed: ["path", "login_user"], required: ["path"])
            guard let path = members["path"] else { throw node.error(.missingKey, "an image lacks 'path': add it") }
            let user = try members["login_user"].map { (member) throws(CatalogError) in try userName(member) }
            entries.append((try path.string("'path'"), user, path.position))
        }
        return entries
    }

    /// A name that a guest may have for a user; it is shown, and never run.
    private static func userName(_ member: DictionaryNode) throws(CatalogError) -> String {
        let name = try member.string("'login_user'")
        let isPlain = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "_-.".utf8.contains(byte)
                || (0x41...0x5A).contains(byte)
        }
        guard isPlain, (1...32).contains(name.utf8.count), name.first != "-" else {
            throw member.error(
                .wrongValue,
                "'\(name)' is no user's name: write letters, digits, dots, dashes and underscores"
            )
        }
        return name
    }
}
