import Model

/// Reads what scripts about a console's log print.
struct ConsoleListing {
    private var text: [UInt8] = []
    /// The files, once all of them are named.
    private(set) var files: [ConsoleFile]?
    private(set) var isReadable = true
    /// What comes behind them.
    private(set) var bytes: [UInt8] = []

    mutating func add(_ more: [UInt8]) {
        guard files == nil else {
            bytes += more
            return
        }
        text += more
        let end = Array("\n\n".utf8)
        let isEmpty = text.first == UInt8(ascii: "\n")
        guard isEmpty || text.firstRange(of: end) != nil else { return }
        let split = isEmpty ? 1 : (text.firstRange(of: end)?.upperBound ?? text.count)
        var found: [ConsoleFile] = []
        for line in String(decoding: text[..<split], as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words == ["unreadable"] { isReadable = false }
            guard words.count == 2, let size = Int(words[1]) else { continue }
            found.append(ConsoleFile(id: String(words[0]), size: size))
        }
        bytes = Array(text[split...])
        text = []
        files = found
    }
}
