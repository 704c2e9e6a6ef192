import API
import ArgumentParser
import Glibc

/// Runs a command line, and ends as `ExitStatus` says.
@main
enum Main {
    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let outcome = await Invocation.run(arguments)
        if !outcome.output.isEmpty { Terminal.current.write(outcome.output) }
        if !outcome.message.isEmpty { Terminal.current.say(outcome.message) }
        exit(outcome.exit.rawValue)
    }
}

/// A command line that was run.
struct Invocation {
    let exit: ExitStatus
    /// What is left to be written to the output: a help text.
    var output = ""
    /// What is left to be written to the error stream.
    var message = ""

    static func run(_ arguments: [String]) async -> Self {
        do {
            var command = try HVCtl.parseAsRoot(try Arguments.sorted(arguments, for: HVCtl.self))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return Self(exit: .done)
        } catch let failure as CommandFailure {
            return Self(failure, arguments)
        } catch let failure as CancellationError {
            return Self(CommandFailure(.interrupted, code: "interrupted", "stopped (\(failure))"), arguments)
        } catch  where HVCtl.exitCode(for: error) == .success {
            return Self(exit: .done, output: HVCtl.fullMessage(for: error) + "\n")
        } catch {
            return Self(CommandFailure(parsing: error), arguments)
        }
    }

    private init(_ failure: CommandFailure, _ arguments: [String]) {
        let message = Arguments.wantsObjects(arguments) ? failure.json.text() : failure.text
        self.init(exit: failure.exit, message: message + "\n")
    }

    private init(exit: ExitStatus, output: String = "", message: String = "") {
        (self.exit, self.output, self.message) = (exit, output, message)
    }
}

extension CommandFailure {
    /// A command line that cannot be parsed.
    init(parsing error: any Error) {
        let lines = HVCtl.fullMessage(for: error).split(separator: "\n").map(String.init)
        let text = HVCtl.message(for: error)
        let usage = lines.first { $0.hasPrefix("Usage: ") }
        let help = lines.last { $0.contains(" --help' ") }.flatMap { $0.split(separator: "'").dropFirst().first }
        self = .usage(
            text.prefix(1).lowercased() + text.dropFirst(),
            next: [help.map(String.init) ?? "hvctl --help"]
        )
        if let usage { why = ["usage: " + usage.dropFirst("Usage: ".count)] }
    }
}
