import API
import ArgumentParser
import Testing

@testable import CLI

/// A command of the tree with the words that call it.
struct CommandPath: Sendable, CustomTestStringConvertible {
    let words: [String]
    let type: any ParsableCommand.Type

    var testDescription: String { words.joined(separator: " ") }

    static let all = below(HVCtl.self, [])
    static let leaves = all.filter { $0.type.configuration.subcommands.isEmpty }

    private static func below(_ type: any ParsableCommand.Type, _ words: [String]) -> [CommandPath] {
        type.configuration.subcommands.reduce(into: [CommandPath(words: words, type: type)]) { paths, next in
            paths += below(next, words + [next._commandName])
        }
    }
}

@Suite("Command lines of hvctl")
struct UsageTests {
    @Test("Each command says what it does, and its help is printed", arguments: CommandPath.all)
    func help(command: CommandPath) async {
        let outcome = await Invocation.run(command.words + ["--help"])
        #expect(outcome.exit == .done && outcome.message.isEmpty)
        #expect(
            outcome.output.contains("USAGE: \((["hvctl"] + command.words).joined(separator: " "))"),
            "\(outcome.output)"
        )
        #expect(command.type.configuration.abstract.hasSuffix("."), "\(command.testDescription)")
    }

    @Test(
        "An unknown option of each command ends with 2, a line that names it, and a command to go on",
        arguments: CommandPath.all
    )
    func unknownOption(command: CommandPath) async {
        let outcome = await Invocation.run(command.words + ["--no-such-option"])
        #expect(outcome.exit == .usage && outcome.output.isEmpty, "\(outcome)")
        #expect(
            outcome.message.hasPrefix("error: ") && Self.isUseful(outcome.message),
            "\(outcome.message)"
        )
        #expect(outcome.message.contains("next: hvctl"), "\(outcome.message)")
    }

    /// A required argument that is missing is found before an option that is unknown.
    private static func isUseful(_ message: String) -> Bool {
        message.contains("no-such-option") || message.contains("missing expected argument") || message.contains("give ")
    }

    @Test(
        "A word too many of each command ends with 2 and says so",
        // What stands behind the name of a VM there is the command of ssh.
        arguments: CommandPath.leaves.filter { $0.words != ["ssh"] }
    )
    func tooMany(command: CommandPath) async {
        let outcome = await Invocation.run(command.words + Array(repeating: "x", count: 9) + ["--bad="])
        #expect(outcome.exit == .usage && outcome.message.hasPrefix("error: "), "\(outcome)")
    }

    @Test("A word that is no command names the one that was meant")
    func unknownCommand() async {
        let outcome = await Invocation.run(["imag", "list"])
        #expect(outcome.exit == .usage)
        #expect(outcome.message == "error: 'hvctl imag' is no command; did you mean image?\n  next: hvctl --help\n")
        let below = await Invocation.run(["pm", "lst"])
        #expect(below.message == "error: 'hvctl pm lst' is no command; did you mean list?\n  next: hvctl pm --help\n")
    }

    @Test(
        "Wrong values end with 2, and the line says what is right",
        arguments: [
            (["create", "a"], "--image"), (["create", "a", "-i", "1"], "--type"),
            (["create", "a", "-t", "1", "-i", "1", "--wait", "soon"], "soon"),
            (["create", "a", "-t", "1", "-i", "1", "--no-wait", "--wait", "running"], "not both"),
            (["create", "a", "-t", "1", "-i", "1", "--timeout", "5x"], "5x"), (["list", "-o", "xml"], "xml"),
            (["list", "--limit", "0"], "1 or more"), (["set", "web"], "nothing to change"),
            (["api", "FETCH", "/"], "no method"), (["api", "GET", "v1"], "no path"), (["completion", "csh"], "csh"),
            (["token", "create", "a", "--role", "boss"], "boss"),
            (["queue", "rule", "add", "--reason", "x"], "--action"), (["wait", "a", "--wait", "console"], "--match"),
            (["wait", "a", "--match", "x"], "--wait console"),
        ]
    )
    func wrongValue(words: [String], part: String) async {
        let outcome = await Invocation.run(words)
        #expect(outcome.exit == .usage && outcome.message.contains(part), "\(words): \(outcome.message)")
    }

    @Test("With -o json an error is an object, also that of a command line that cannot be parsed")
    func objects() async throws {
        for words in [["list", "-o", "json", "--nope"], ["-o", "json", "lst"], ["list", "-ojson", "--nope"]] {
            let outcome = await Invocation.run(words)
            let error = try JSONValue(parsing: Array(outcome.message.utf8))
            #expect(
                error[path: "error.exit"] == 2 && error[path: "error.code"] == "usage",
                "\(words): \(outcome.message)"
            )
        }
    }

    @Test(
        "Options before the command mean the same as behind it",
        arguments: [
            (["-s", "lab", "pm", "list", "--limit", "1"], ["pm", "list", "-s", "lab", "--limit", "1"]),
            (["-o", "json", "queue"], ["queue", "-o", "json"]), (["--help"], ["--help"]), (["list"], ["list"]),
            (["-p", "a", "-ojson", "create", "list"], ["create", "-p", "a", "-ojson", "list"]),
            (["help", "pm"], ["help", "pm"]),
        ]
    )
    func optionsBefore(words: [String], sorted: [String]) throws {
        #expect(try Arguments.sorted(words, for: HVCtl.self) == sorted)
    }

    @Test("Each shell gets a script that asks for live names", arguments: ["bash", "zsh", "fish"])
    func completion(shell: String) throws {
        let script = HVCtl.completionScript(for: try #require(CompletionShell(rawValue: shell)))
        #expect(script.contains("hvctl list -o name") && script.contains("cordon"))
    }
}
