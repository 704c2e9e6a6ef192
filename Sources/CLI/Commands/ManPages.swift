import API
import ArgumentParser
import Model

/// `hvctl man`: the manual, as man(1) reads it.
struct ManPages: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "Writes a page of the manual for each command into a folder, such as /usr/local/share/man/man1."
    )

    @Argument(help: "The folder.", completion: .directory)
    var folder: String

    func run() async throws {
        let pages = try ManPage.all()
        for page in pages { try LocalFile.writePublicly(page.text, to: "\(folder)/\(page.name).1") }
        Terminal.current.write("\(pages.count) pages in \(folder)\n")
    }
}

/// The page of one command, made of what its help says.
struct ManPage {
    private let words: [String]
    private let command: JSONValue

    var name: String { words.joined(separator: "-") }

    /// The pages of all commands.
    ///
    /// - Throws: ``CommandFailure`` where the parser's own description cannot be read.
    static func all() throws(CommandFailure) -> [ManPage] {
        do throws(JSONSyntaxError) {
            let tree = try JSONValue(parsing: Array(HVCtl._dumpHelp().utf8))
            return below(tree["command"] ?? .null, [])
        } catch {
            throw CommandFailure(.failed, code: "internal", "the description of the commands: \(error)")
        }
    }

    private static func below(_ command: JSONValue, _ words: [String]) -> [ManPage] {
        let words = words + [command["commandName"]?.string ?? ""]
        let others = (command["subcommands"]?.items ?? []).filter { $0["commandName"]?.string != "help" }
        return [ManPage(words: words, command: command)] + others.flatMap { below($0, words) }
    }

    /// The page in the language of man(7).
    var text: String {
        var lines = [
            ".TH \"\(name.uppercased())\" 1 \"\" \"Hypervisor-Coordinator \(Release.version)\"", ".SH NAME",
            Self.escaped("\(name) - \(command["abstract"]?.string ?? "")"), ".SH SYNOPSIS",
            ".B " + Self.escaped(words.joined(separator: " ")),
            Self.escaped(synopsis),
        ]
        if let discussion = command["discussion"]?.string, !discussion.isEmpty {
            lines +=
                [".SH DESCRIPTION"] + discussion.split(separator: "\n").flatMap { [Self.escaped(String($0)), ".br"] }
        }
        let arguments = command["arguments"]?.items ?? []
        if !arguments.isEmpty { lines.append(".SH OPTIONS") }
        for argument in arguments where argument["shouldDisplay"]?.flag != false {
            lines += [".TP", ".B " + Self.escaped(Self.form(of: argument))]
            lines.append(Self.escaped(Self.meaning(of: argument)))
        }
        let others = (command["subcommands"]?.items ?? []).filter { $0["commandName"]?.string != "help" }
        if !others.isEmpty { lines.append(".SH COMMANDS") }
        for other in others {
            let name = other["commandName"]?.string ?? ""
            lines += [
                ".TP", ".B " + Self.escaped((words + [name]).joined(separator: " ")),
                Self.escaped(other["abstract"]?.string ?? ""),
            ]
        }
        let parent = words.count > 1 ? words.dropLast().joined(separator: "-") : nil
        let related = [parent].compactMap(\.self) + others.map { name + "-" + ($0["commandName"]?.string ?? "") }
        if !related.isEmpty {
            lines += [".SH SEE ALSO", Self.escaped(related.map { "\($0)(1)" }.joined(separator: ", "))]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var synopsis: String {
        guard command["subcommands"] == nil else { return "COMMAND ..." }
        let positional = (command["arguments"]?.items ?? []).filter { $0["kind"]?.string == "positional" }
        let words = positional.map { argument in
            let word =
                (argument["valueName"]?.string ?? "value") + (argument["isRepeating"]?.flag == true ? " ..." : "")
            return argument["isOptional"]?.flag == true ? "[\(word)]" : word
        }
        return (["[options]"] + words).joined(separator: " ")
    }

    private static func form(of argument: JSONValue) -> String {
        let value = argument["valueName"]?.string ?? ""
        guard argument["kind"]?.string != "positional" else { return value }
        let names = (argument["names"]?.items ?? []).map { name in
            (name["kind"]?.string == "long" ? "--" : "-") + (name["name"]?.string ?? "")
        }
        return names.joined(separator: ", ") + (argument["kind"]?.string == "option" ? " \(value)" : "")
    }

    private static func meaning(of argument: JSONValue) -> String {
        var text = argument["abstract"]?.string ?? ""
        if let values = argument["allValues"]?.items, !values.isEmpty {
            text += " One of: \(values.map(\.cell).joined(separator: ", "))."
        }
        if let value = argument["defaultValue"]?.string { text += " Without it: \(value)." }
        return text
    }

    /// Text in which nothing is taken for a request of the language.
    static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\n", with: " ")
        return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&" + plain : plain
    }
}
