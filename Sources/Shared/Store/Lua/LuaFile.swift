/// A file of Scripts/, with what its header declares.
///
/// The header is the comment at the file's beginning. Beside what it says to people it declares, in lines that may be
/// repeated:
///
/// - `-- ARGV name  what it is`: an argument, which the file uses by this name. `name...` stands for all that follow: the
///   file gets the index of the first one, in `ARGV`.
/// - `-- needs: fragment, …`: the fragments that it uses.
/// - `-- constants: name, …`: the numbers of Swift that it uses.
/// - `-- when full: …`: of a script, what becomes of it where the memory of Redis is full. `refused` is for what adds
///   records and need not be done; `nothing is written` for what only reads. All else is run.
/// - `-- uses: name, …`: of a fragment, the arguments that it takes from the script.
struct LuaFile: Sendable {
    /// Its name, without `.lua`.
    let name: String
    /// The arguments that come each by itself, in their order.
    let arguments: [String]
    /// What stands for all arguments that follow those; nil where none may.
    let rest: String?
    /// The fragments that it uses itself.
    let needs: [String]
    /// The constants that it uses itself.
    let constants: [String]
    /// The arguments that it expects of the script into which it is put.
    let uses: [String]
    /// Whether Redis is to run it though its memory is full.
    let writesWhenFull: Bool
    /// What comes after the header.
    let body: String
    /// The same in its statements.
    let statements: LuaStatements

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let header = lines.prefix { $0.hasPrefix("--") }
        let declared = header.compactMap { Self.text(of: $0, after: "-- ARGV ")?.split(separator: " ").first }
        arguments = declared.filter { !$0.hasSuffix("...") }.map(String.init)
        rest = declared.last { $0.hasSuffix("...") }.map { String($0.dropLast(3)) }
        needs = header.flatMap { Self.words(of: $0, after: "-- needs: ") }
        constants = header.flatMap { Self.words(of: $0, after: "-- constants: ") }
        uses = header.flatMap { Self.words(of: $0, after: "-- uses: ") }
        writesWhenFull = !header.contains { $0.hasPrefix("-- when full: ") }
        body = lines.dropFirst(header.count).joined(separator: "\n")
        statements = LuaStatements(body)
    }

    private static func text(of line: Substring, after start: String) -> Substring? {
        line.hasPrefix(start) ? line.dropFirst(start.count) : nil
    }

    private static func words(of line: Substring, after start: String) -> [String] {
        text(of: line, after: start)?.split { $0 == "," || $0 == " " }.map(String.init) ?? []
    }
}
