import Dispatch
import Glibc

/// The keyboard without its line: each byte as it is typed, Ctrl-C too, until it is closed.
final class RawKeyboard {
    /// What is typed; it ends with the terminal.
    let typed: AsyncStream<[UInt8]>
    /// The terminal as it was.
    private var before: termios
    private let source: any DispatchSourceRead

    /// How many pieces wait at most for whoever takes them, which is at once.
    private static let mostPieces = 256

    /// - Throws: ``CommandFailure`` where the input is no terminal.
    init() throws(CommandFailure) {
        var raw = termios()
        guard unsafe tcgetattr(0, &raw) == 0 else { throw Self.noTerminal }
        before = raw
        unsafe cfmakeraw(&raw)
        guard unsafe tcsetattr(0, TCSADRAIN, &raw) == 0 else { throw Self.noTerminal }
        let (stream, continuation) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingOldest(Self.mostPieces)
        )
        typed = stream
        source = DispatchSource.makeReadSource(fileDescriptor: 0, queue: DispatchQueue(label: "keyboard"))
        source.setEventHandler {
            guard let bytes = Self.read() else { return continuation.finish() }
            if !bytes.isEmpty { continuation.yield(bytes) }
        }
        source.resume()
    }

    private static var noTerminal: CommandFailure {
        .usage("the input is no terminal: \(unsafe String(cString: strerror(errno)))", next: ["hvctl log"])
    }

    /// Gives the line back; what was typed for the guest and not taken is dropped, so that no shell runs it.
    func close() {
        source.cancel()
        _ = unsafe tcsetattr(0, TCSAFLUSH, &before)
    }

    /// What was typed; nil at the end.
    private static func read() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(0, &bytes, bytes.count)
        if count > 0 { return Array(bytes.prefix(count)) }
        return count < 0 && (errno == EINTR || errno == EAGAIN) ? [] : nil
    }
}
