import API

/// What a command works with: the server, the user's project, and where its results go.
struct Session: Sendable {
    let server: Server
    /// The project that is meant; nil for that of the token.
    let project: String?
    let format: OutputFormat
    let columns: String?
    let hasHeader: Bool
    let terminal: Terminal

    /// Whether messages about the progress are wanted: a program that reads the results sees errors alone.
    var isTalkative: Bool { !format.isForPrograms || terminal.hasMessages }

    /// Writes an object.
    func show(_ object: JSONValue) {
        switch format {
        case .json: terminal.write(object.text(isIndented: true) + "\n")
        case .jsonl: terminal.write(object.text() + "\n")
        case .table, .wide, .yaml, .csv: terminal.write(YAMLText.document(object))
        case .name: terminal.write((object["name"]?.cell ?? object["id"]?.cell ?? "").printable + "\n")
        }
    }

    /// Writes what was done: a line for people, the object for programs.
    func show(_ object: JSONValue, as line: String) {
        if format.isForPrograms || format == .name { show(object) } else { terminal.write(line.printable + "\n") }
    }

    /// Writes an object of a kind: with columns as a list of one.
    func show(_ object: JSONValue, of columns: [Column], named nameField: String, isField: (String) -> Bool)
        throws(CommandFailure)
    {
        guard format.hasColumns && format != .table || self.columns != nil else {
            if format == .name {
                terminal.write((object[nameField]?.cell ?? "").printable + "\n")
            } else {
                show(object)
            }
            return
        }
        var text = try list(columns, named: nameField, isField: isField)
        terminal.write(text.add([object]) + text.end())
    }

    /// The text of a list in the form that is asked for.
    func list(_ columns: [Column], named nameField: String, isField: (String) -> Bool) throws(CommandFailure)
        -> ListText
    {
        let chosen = try columns.chosen(by: self.columns, isWide: format != .table, isField: isField)
        return ListText(
            format,
            chosen,
            isChosen: self.columns != nil,
            nameField: nameField,
            width: terminal.width,
            hasHeader: hasHeader
        )
    }

    /// Writes rows that are no objects of the API.
    func show(_ rows: [JSONValue], _ columns: [Column]) throws(CommandFailure) {
        var text = try list(columns, named: columns.first?.name ?? "name") { _ in false }
        terminal.write(text.add(rows) + text.end())
    }

    /// Asks before something is lost; without a terminal nobody is asked.
    ///
    /// - Throws: ``CommandFailure`` where the answer is not yes.
    func confirm(_ question: String, isSure: Bool) throws(CommandFailure) {
        guard !isSure, terminal.hasInput else { return }
        terminal.say("\(question.printable) [y/N] ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandFailure(.interrupted, "nothing was done")
        }
    }
}
