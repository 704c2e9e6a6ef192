/// The lines about what goes on, on the stream for messages; on a terminal the last one is written over.
struct Progress {
    private let terminal: Terminal
    private let isWanted: Bool
    private var hasLive = false

    init(_ session: Session) { (terminal, isWanted) = (session.terminal, session.isTalkative) }

    mutating func add(_ line: String) {
        guard isWanted else { return }
        clear()
        terminal.say(line + "\n")
    }

    /// Says what goes on now, where that can be taken back.
    mutating func show(_ line: String) {
        guard isWanted, terminal.hasMessages else { return }
        let width = Terminal.size().columns
        terminal.say("\r" + line.printable.prefix(max(0, width - 1)) + "\u{1B}[K")
        hasLive = true
    }

    mutating func clear() {
        guard hasLive else { return }
        terminal.say("\r\u{1B}[K")
        hasLive = false
    }
}
