import Glibc

/// What the program writes to, and how.
struct Terminal: Sendable {
    /// Whether results go to a terminal.
    let hasOutput: Bool
    /// Whether messages go to a terminal: only then is a line written over.
    let hasMessages: Bool
    /// Whether there is somebody to answer questions.
    let hasInput: Bool
    /// Whether colours are wanted (https://no-color.org).
    let hasColor: Bool

    static let current = Terminal(
        hasOutput: isatty(1) == 1,
        hasMessages: isatty(2) == 1,
        hasInput: isatty(0) == 1 && isatty(2) == 1,
        hasColor: isatty(1) == 1 && (Environment["NO_COLOR"] ?? "").isEmpty && Environment["TERM"] != "dumb"
    )

    /// How many columns it has now; nil where results go elsewhere.
    var width: Int? { hasOutput ? Self.size().columns : nil }

    static func size() -> (rows: Int, columns: Int) {
        var size = winsize()
        guard unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (24, 80) }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    /// Writes results.
    func write(_ text: String) { Self.write(text, to: 1) }

    /// Writes bytes as they are.
    func write(_ bytes: [UInt8]) { Self.write(bytes[...], to: 1) }

    /// Writes messages.
    func say(_ text: String) { Self.write(text, to: 2) }

    private static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8)[...], to: descriptor) }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            guard count > 0 else {
                guard errno == EINTR else { return }
                continue
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads a line from a terminal without showing it, or from whatever the input is.
    static func readSecret(_ prompt: String) -> String? {
        guard isatty(0) == 1 else { return readLine() }
        write(prompt, to: 2)
        var before = termios()
        guard unsafe tcgetattr(0, &before) == 0 else { return readLine() }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        _ = unsafe tcsetattr(0, TCSAFLUSH, &silent)
        defer {
            _ = unsafe tcsetattr(0, TCSAFLUSH, &before)
            write("\n", to: 2)
        }
        return readLine()
    }
}
