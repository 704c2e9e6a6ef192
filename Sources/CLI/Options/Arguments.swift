import ArgumentParser
import Model

/// The words of a command line, before they are parsed.
enum Arguments {
    /// Options that people write before the command, with a value each.
    private static let valued: Set<String> = [
        "-s", "--server", "-p", "--project", "-o", "--output", "-c", "--columns", "-l", "--label", "--timeout",
        "--wait",
    ]

    /// The words with those options that stand before the command behind it, where each command has its own.
    ///
    /// - Throws: ``CommandFailure`` where a word is no command.
    static func sorted(_ words: [String], for root: any ParsableCommand.Type) throws(CommandFailure) -> [String] {
        var words = words[...]
        var options: [String] = []
        while let word = words.first, word.hasPrefix("-"), !["-h", "--help", "--version", "--"].contains(word),
            !word.hasPrefix("--generate-completion-script")
        {
            options.append(words.removeFirst())
            if valued.contains(word), !words.isEmpty { options.append(words.removeFirst()) }
        }
        var path: [String] = []
        var command = root
        while let word = words.first, !word.hasPrefix("-"), !command.configuration.subcommands.isEmpty {
            if word == "help" { break }
            guard let next = command.subcommand(word) else {
                guard command.configuration.defaultSubcommand == nil else { break }
                throw unknown(word, of: command, after: path)
            }
            path.append(words.removeFirst())
            command = next
        }
        return path + options + words
    }

    private static func unknown(
        _ word: String,
        of command: any ParsableCommand.Type,
        after path: [String]
    ) -> CommandFailure {
        let names = command.configuration.subcommands.map { $0._commandName }
        let called = (["hvctl"] + path).joined(separator: " ")
        return .usage("'\(called) \(word)' is no command\(names.didYouMean(word))", next: ["\(called) --help"])
    }

    /// Whether a command line asks for results that programs read; it may be one that cannot be parsed.
    static func wantsObjects(_ words: [String]) -> Bool {
        for (index, word) in words.enumerated() {
            var value: Substring?
            if word == "-o" || word == "--output" { value = words.dropFirst(index + 1).first.map { $0[...] } }
            if word.hasPrefix("--output=") { value = word.dropFirst("--output=".count) }
            if word.hasPrefix("-o"), word.count > 2 { value = word.dropFirst(2) }
            if let value { return OutputFormat(rawValue: String(value))?.isForPrograms ?? false }
        }
        return false
    }
}

extension ParsableCommand {
    fileprivate static func subcommand(_ name: String) -> (any ParsableCommand.Type)? {
        configuration.subcommands.first { $0._commandName == name || $0.configuration.aliases.contains(name) }
    }
}
