import API

/// A terminal that is connected with the console of a VM.
struct ConsoleSession: Sendable {
    /// Why it ended.
    enum End {
        /// People left it.
        case left
        /// The VM is no more.
        case gone
    }

    /// How people call the VM.
    let name: String
    let session: Session
    let reader: ConsoleReader
    let writer: ConsoleWriter

    static let help = "at the start of a line ~. leaves, ~w takes the keyboard, ~~ types a tilde"

    /// Shows what the guest writes and sends what is typed, until people leave or the VM is no more.
    ///
    /// The terminal is as it was before, however it ends.
    ///
    /// - Throws: ``CommandFailure`` where the console cannot be read any more, or a signal ends it.
    func run() async throws -> End {
        let keyboard = try RawKeyboard()
        defer { keyboard.close() }
        do {
            let end = try await firstEnd(typed: keyboard.typed)
            guard Task.isCancelled else { return end }
        } catch  where Task.isCancelled {
            // A read that was cut off says no more than that.
        }
        throw CommandFailure(.interrupted, code: "interrupted", "left the console of \(name)")
    }

    private func firstEnd(typed: AsyncStream<[UInt8]>) async throws -> End {
        try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask {
                // It is for the guest to say what its terminal does.
                try await reader.read(in: session) { session.terminal.write($0) }
                return .gone
            }
            // Not one after the other: whoever leaves does not wait for a gateway that hangs.
            group.addTask {
                await follow(typed)
                return .left
            }
            group.addTask {
                await writer.run(in: session, say)
                return .left
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .left
        }
    }

    /// Does what is typed, until that ends.
    private func follow(_ typed: AsyncStream<[UInt8]>) async {
        var keys = ConsoleKeys()
        for await bytes in typed {
            for action in keys.actions(for: bytes) {
                switch action {
                case .leave: return
                case .help: say(Self.help)
                case .takeOver:
                    writer.takeOver()
                    say("the next key takes the keyboard")
                case .send(let bytes):
                    if !writer.send(bytes) { say("too much waits to be sent: \(bytes.count) bytes are left out") }
                }
            }
        }
    }

    /// Writes a line of the program's own among those of the guest.
    private func say(_ text: String) { session.terminal.say("\r\n[\(text.printable)]\r\n") }
}
