/// The fragments and constants from which scripts are assembled.
struct LuaLibrary: Sendable {
    private let fragments: [String: LuaFile]
    private let constants: [String: Int]

    init(fragments: [LuaFile], constants: [String: Int]) {
        self.fragments = Dictionary(fragments.map { ($0.name, $0) }) { first, _ in first }
        self.constants = constants
    }

    /// The source that Redis gets: the prefix as `P`, the arguments by their names, the constants, what is needed of each
    /// fragment, once and after what that needs, and the file.
    ///
    /// A file that declares what is not there makes a script that says so when it is called.
    func source(of file: LuaFile) -> String {
        let files = closure(of: file)
        var parts = file.writesWhenFull ? [Self.allowOOM] : []
        parts.append("local P = KEYS[1]")
        for (index, name) in file.arguments.enumerated() { parts.append("local \(name) = ARGV[\(index + 1)]") }
        if let rest = file.rest { parts.append("local \(rest) = \(file.arguments.count + 1)") }
        for name in Set(files.flatMap(\.constants)).sorted() {
            if let value = constants[name] { parts.append("local \(name) = \(value)") }
        }
        parts += problems(of: file, with: files).map { "error('\($0)', 0)" }
        var words = file.statements.words
        var bodies = [file.body]
        for fragment in files.dropLast().reversed() { bodies.append(fragment.statements.needed(by: &words)) }
        return (parts + bodies.reversed()).joined(separator: "\n")
    }

    /// Has Redis 7 or newer run a script though its memory is full.
    static let allowOOM = "#!lua flags=allow-oom"

    /// The file with all that it needs, in the order in which they follow each other: what is needed first.
    private func closure(of file: LuaFile) -> [LuaFile] {
        var found: [LuaFile] = []
        var seen: Set<String> = []
        func visit(_ file: LuaFile) {
            for name in file.needs where seen.insert(name).inserted {
                if let fragment = fragments[name] { visit(fragment) }
            }
            found.append(file)
        }
        visit(file)
        return found
    }

    /// What is declared and not there.
    private func problems(of script: LuaFile, with files: [LuaFile]) -> [String] {
        let arguments = Set(script.arguments + [script.rest].compactMap(\.self))
        return files.flatMap { file in
            file.needs.filter { fragments[$0] == nil }.map {
                "\(file.name).lua needs the fragment \($0): there is none"
            }
                + file.constants.filter { constants[$0] == nil }
                .map { "\(file.name).lua uses the constant \($0): there is none" }
                + file.uses.filter { !arguments.contains($0) }
                .map { "\(script.name).lua has no argument \($0), which \(file.name).lua uses" }
        }
    }
}
