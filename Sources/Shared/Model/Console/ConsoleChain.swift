/// Where the files of a VM's console log lie in the bytes that its guest has ever written, of which they are the last.
///
/// The PM renames a file that is full, begins a new one and removes the oldest. A byte keeps its offset through that.
package struct ConsoleChain: Hashable, Sendable {
    /// A file with the offset of its first byte.
    package struct Link: Hashable, Sendable {
        package let id: String
        package let base: Int
        package fileprivate(set) var size: Int

        fileprivate var end: Int { base + size }
    }

    /// The files, the oldest first, each beginning where the one before it ends.
    package private(set) var links: [Link] = []

    /// What offsets go up to a multiple of where it is not known how much was written unseen: no byte that is kept has an
    /// offset then that another one had.
    package static let gap = 1 << 30

    package init() {}

    /// The offset of the first byte that is kept.
    package var first: Int { links.first?.base ?? 0 }
    /// The offset behind the last byte.
    package var end: Int { links.last?.end ?? 0 }

    /// The file that has the byte at an offset, or has its end there, with how many bytes of it come before.
    ///
    /// - Returns: nil where the byte is kept no more, or is still to come.
    package func place(of offset: Int) -> (link: Link, skip: Int)? {
        guard let link = links.last(where: { $0.base <= offset }), offset <= link.end else { return nil }
        return (link, offset - link.base)
    }

    /// Takes in what is on the PM now.
    ///
    /// - Parameter files: the files that are there, the oldest first.
    /// - Returns: whether the files are others than before, or lie elsewhere.
    @discardableResult
    package mutating func observe(_ files: [ConsoleFile]) -> Bool {
        let before = links
        // Names of files that were removed are given to new ones: only what goes on in the order of before is the same.
        if let known = before.indices.first(where: { goesOn(from: $0, files) }) {
            links = Self.laid(files, from: before[known].base)
        } else if !files.isEmpty {
            links = Self.laid(files, from: before.isEmpty ? 0 : (end / Self.gap + 1) * Self.gap)
        }
        return !links.elementsEqual(before) { $0.id == $1.id && $0.base == $1.base }
    }

    /// Whether the files are those from this one on, with what has come since.
    private func goesOn(from index: Int, _ files: [ConsoleFile]) -> Bool {
        let rest = links[index...]
        guard rest.count <= files.count else { return false }
        return zip(rest, files).enumerated().allSatisfy { number, pair in
            let (link, file) = pair
            guard link.id == file.id else { return false }
            // The last of them may have grown; those before it had ended.
            return number == rest.count - 1 ? file.size >= link.size : file.size == link.size
        }
    }

    private static func laid(_ files: [ConsoleFile], from base: Int) -> [Link] {
        var next = base
        return files.map { file in
            defer { next += file.size }
            return Link(id: file.id, base: next, size: file.size)
        }
    }
}

extension ConsoleChain {
    /// As a record has it: `id base size`, one behind the other.
    package var text: String { links.map { "\($0.id) \($0.base) \($0.size)" }.joined(separator: " ") }

    /// Reads it from a record; nil where it is none.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count.isMultiple(of: 3) else { return nil }
        for index in stride(from: 0, to: words.count, by: 3) {
            guard let base = Int(words[index + 1]), let size = Int(words[index + 2]), base >= 0, size >= 0 else {
                return nil
            }
            links.append(Link(id: String(words[index]), base: base, size: size))
        }
    }
}
