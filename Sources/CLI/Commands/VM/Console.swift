import API
import ArgumentParser
import Glibc

/// `hvctl console`: the keyboard and the screen of a guest.
struct Console: ClientCommand {
    static let configuration = CommandConfiguration(
        abstract: "Connects the terminal with a guest's serial console; ~. leaves it.",
        discussion: """
            What the guest writes is shown as it is, from its last lines on, and what is typed goes to the guest, Ctrl-C too. \
            One at a time may type. At the start of a line ~. leaves, ~w takes the keyboard from somebody else who types, \
            ~~ types a tilde, and ~? lists these.
            """
    )

    @OptionGroup var common: CommonOptions

    @Argument(help: "Its name or number.", completion: VMNoun.completion)
    var vm: String

    @Flag(help: "Begins with its last start, in place of its last lines.")
    var boot = false

    @Flag(help: "Takes the keyboard from somebody else who types.")
    var take = false

    /// How much of what was written before is shown, in bytes.
    private static let shownBefore = 2048
    private static let signals = [SIGINT, SIGTERM, SIGHUP]

    func run(in session: Session) async throws {
        let terminal = session.terminal
        guard terminal.hasInput, terminal.hasOutput else {
            throw CommandFailure.usage("a console needs a terminal", next: ["hvctl log \(vm) --follow"])
        }
        // What is wrong with the VM is said before the terminal changes.
        let object = try await session.server.vm(vm)
        let id = object["id"]?.cell ?? vm
        let name = object["name"]?.cell ?? vm
        let reader = ConsoleReader(vm: id, offset: boot ? nil : -Self.shownBefore, follows: true)
        let writer = ConsoleWriter(vm: id)
        if take { writer.takeOver() }
        let console = ConsoleSession(name: name, session: session, reader: reader, writer: writer)
        terminal.say("[\(Session.line(of: object)); \(ConsoleSession.help)]".printable + "\n")
        let end: ConsoleSession.End
        do { end = try await Interrupt.cancelling(by: Self.signals) { try await console.run() } } catch {
            terminal.say("\n")
            throw error
        }
        let last = end == .left ? "left the console of \(name)" : "\(name) is no more"
        terminal.say("\n[\(last.printable)]\n")
    }
}
