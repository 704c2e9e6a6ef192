import API
import ArgumentParser

/// `hvctl NOUN list`: all objects of a kind, page by page.
struct ListCommand<N: Noun>: ClientCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list",
            abstract: "Lists the \(N.plural).",
            discussion: "Columns: \(N.columns.map(\.name).joined(separator: ", ")).",
            aliases: ["ls"]
        )
    }

    @OptionGroup var common: CommonOptions

    @Option(
        name: [.customShort("f"), .customLong("filter")],
        help: ArgumentHelp(
            "Only those with this value: of what the API filters by, or of a column.",
            valueName: "field=value"
        )
    )
    var filters: [String] = []

    @Option(
        name: [.customShort("l"), .customLong("label")],
        help: ArgumentHelp("Only those with this label.", valueName: "key=value")
    )
    var labels: [String] = []

    @Option(help: "At most so many.")
    var limit: Int?

    func validate() throws {
        guard let limit, limit < 1 else { return }
        throw ValidationError("--limit is \(limit): give 1 or more")
    }

    func run(in session: Session) async throws {
        let known = Set(N.list.description.query.map(\.name))
        var query: Server.Query = []
        var own: [Pair] = []
        for pair in try filters.map({ try Pair($0, of: "filter") }) {
            if known.contains(pair.key), !ListQuery.parameters.contains(where: { $0.name == pair.key }) {
                query.append((pair.key, pair.value))
            } else {
                own.append(pair)
            }
        }
        for label in labels {
            guard known.contains("label") else {
                throw CommandFailure.usage("\(N.plural) have no labels: leave out -l")
            }
            query.append(("label", label))
        }
        if known.contains("project"), !filters.contains(where: { $0.hasPrefix("project=") }) {
            query.append(("project", session.project))
        }
        let matches = try Self.matching(own)
        var text = try session.list(N.columns, named: N.nameField, isField: N.isField)
        var left = limit ?? .max
        try await session.server.eachPage(of: N.list, query: query) { items in
            let shown = items.filter(matches).prefix(left)
            left -= shown.count
            session.terminal.write(text.add(Array(shown)))
            return left > 0
        }
        session.terminal.write(text.end())
    }

    /// Whether an object has these values in its columns or fields.
    private static func matching(_ pairs: [Pair]) throws(CommandFailure) -> (JSONValue) -> Bool {
        var wanted: [(column: Column, value: String)] = []
        for pair in pairs {
            let column = try N.columns.chosen(by: pair.key, isWide: false, isField: N.isField)[0]
            wanted.append((column, pair.value))
        }
        return { object in wanted.allSatisfy { $0.column.cell(of: object) == $0.value } }
    }
}

extension Server {
    /// How many objects the first page has, which is to be there at once, and the others.
    private static var pageSizes: (first: Int, others: Int) { (100, 500) }

    /// Reads a list page by page, none of which is kept.
    ///
    /// - Parameters:
    ///   - endpoint: the list.
    ///   - names: the values in its path.
    ///   - query: its filters.
    ///   - body: what to do with the objects of a page; false ends it.
    /// - Throws: ``CommandFailure`` where a page cannot be read; what the body throws.
    func eachPage<Item>(
        of endpoint: Endpoint<NoBody, Page<Item>>,
        _ names: [String] = [],
        query: Query = [],
        _ body: ([JSONValue]) throws -> Bool
    ) async throws {
        var cursor: String?
        var size = Self.pageSizes.first
        repeat {
            let page: Query = [("limit", "\(size)"), ("cursor", cursor)]
            let answer = try await call(endpoint, names, query: query + page)
            guard try body(answer.value["items"]?.items ?? []) else { return }
            cursor = answer.value["next_cursor"]?.string
            size = Self.pageSizes.others
        } while cursor != nil
    }
}
