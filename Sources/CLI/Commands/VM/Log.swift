import API
import ArgumentParser
import Synchronization

/// `hvctl log`: what a guest has written to its console.
struct Log: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints what a guest has written to its serial console, from its last start on.",
        discussion: """
            On a terminal, what would move the cursor or change colours is left out; a pipe gets the bytes as they are. With \
            --follow it goes on with what comes, also where the connection breaks, until Ctrl-C.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name or number.", completion: VMNoun.completion)
    var vm: String

    @Flag(name: .shortAndLong, help: "Goes on with what comes.")
    var follow = false

    @Option(help: ArgumentHelp("The last so many bytes.", valueName: "bytes"))
    var tail: Int?

    @Option(help: ArgumentHelp("From this byte on, counted over the VM's life.", valueName: "byte"))
    var offset: Int?

    func validate() throws {
        guard tail == nil || offset == nil else { throw ValidationError("give --tail or --offset, and not both") }
        guard (tail ?? 1) > 0, (offset ?? 0) >= 0 else {
            throw ValidationError("--tail is 1 or more, --offset 0 or more")
        }
    }

    func run(in session: Session) async throws {
        let reader = ConsoleReader(vm: vm, offset: tail.map { -$0 } ?? offset, follows: follow)
        let terminal = session.terminal
        guard terminal.hasOutput else { return try await reader.read(in: session) { terminal.write($0) } }
        let text = Mutex(TerminalText())
        try await reader.read(in: session) { bytes in terminal.write(text.withLock { $0.plain(bytes) }) }
    }
}
