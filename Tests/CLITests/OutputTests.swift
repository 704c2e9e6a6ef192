import API
import Model
import Testing

@testable import CLI

@Suite("The forms of results")
struct OutputTests {
    private static let columns: [Column] = [
        .field("id", number: true), .field("name"), .field("place", "at.pm"), .field("labels", wide: true),
    ]
    private static let objects: [JSONValue] = [
        ["id": 7, "name": "web-1", "at": ["pm": 3], "labels": ["env": "prod", "tier": "a"]],
        ["id": 1207, "name": "say \"hi\", twice", "at": ["pm": 12], "labels": [:]],
        ["id": 8, "name": "=1+1", "labels": [:]],
    ]

    private func text(_ format: OutputFormat, width: Int? = nil, chosen: String? = nil) throws -> String {
        let columns = try Self.columns.chosen(by: chosen, isWide: format != .table) { $0 == "at" }
        var list = ListText(format, columns, isChosen: chosen != nil, width: width)
        // In two pages, as lists come.
        return list.add(Array(Self.objects.prefix(2))) + list.add(Array(Self.objects.dropFirst(2))) + list.end()
    }

    @Test("A list in each format is as its golden file shows", arguments: OutputFormat.allCases)
    func golden(format: OutputFormat) throws { try Golden.expect(try text(format), "list.\(format.rawValue)") }

    @Test("Chosen columns, also fields of objects, are the same in each format", arguments: OutputFormat.allCases)
    func chosen(format: OutputFormat) throws {
        try Golden.expect(try text(format, chosen: "name,at.pm"), "chosen.\(format.rawValue)")
    }

    @Test("A list without objects has its form still", arguments: OutputFormat.allCases)
    func empty(format: OutputFormat) throws {
        var list = ListText(format, Self.columns)
        try Golden.expect(list.add([]) + list.end(), "empty.\(format.rawValue)")
    }

    @Test("A table fits into a narrow terminal, whose lines are never longer", arguments: [20, 26, 30, 200])
    func narrow(width: Int) throws {
        let lines = try text(.wide, width: width).split(separator: "\n")
        let least = 4 * 6 + 3 * 2
        #expect(lines.allSatisfy { $0.count <= max(width, least) }, "\(lines)")
        #expect(width < 200 || !lines.joined().contains("…"))
    }

    @Test("What an object of another release does to a terminal is taken out")
    func controlCharacters() throws {
        var list = ListText(.table, [.field("name")])
        #expect(list.add([["name": "a\u{1B}[2Jb\u{202E}c"]]) == "NAME\na\u{FFFD}[2Jb\u{FFFD}c\n")
        #expect(CommandFailure(.failed, "x\u{7}y").text == "error: x\u{FFFD}y")
    }

    @Test("An unknown column is refused with the one that was meant")
    func unknownColumn() {
        let error = #expect(throws: CommandFailure.self) {
            try Self.columns.chosen(by: "nam", isWide: false) { _ in false }
        }
        #expect(
            error?.exit == .usage && error?.what.contains("did you mean name?") == true,
            "\(String(describing: error))"
        )
    }

    @Test(
        "YAML keeps words that mean something else in quotes",
        arguments: [
            ("on", "\"on\""), ("web-1", "web-1"), ("1.5", "\"1.5\""), ("a: b", "\"a: b\""), ("", "\"\""),
            ("- x", "\"- x\""), ("running", "running"), ("a #b", "\"a #b\""), ("null", "\"null\""),
            ("10.0.0.1", "\"10.0.0.1\""),
        ]
    )
    func yaml(text: String, written: String) {
        #expect(YAMLText.document(["x": .string(text)]) == "x: \(written)\n")
    }

    @Test("Nested YAML")
    func nestedYAML() throws {
        let value: JSONValue = [
            "name": "a", "id": 1, "steps": [["name": "disk", "pm_id": 3], ["name": "start"]], "none": [],
            "more": ["k": ["v": [1, 2]]],
        ]
        try Golden.expect(YAMLText.document(value), "nested.yaml")
    }

    @Test(
        "Base64 is that of RFC 4648",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
    )
    func base64(text: String, encoded: String) { #expect(Base64.text(Array(text.utf8)) == encoded) }

    @Test("Times are read, and spans written for people")
    func times() throws {
        #expect(Timestamp("1970-01-02T00:00:00Z")?.seconds == 86400)
        #expect(Timestamp("2024-02-29T12:00:00.250Z")?.seconds == 1_709_208_000.25)
        #expect(Timestamp("soon") == nil && Timestamp("2024-02-29T12:00:00") == nil)
        #expect([0.04, 6.84, 119, 240, 7300].map(Timestamp.text) == ["0.0 s", "6.8 s", "119.0 s", "4 min", "2 h"])
    }

    @Test(
        "Spans are read with their unit",
        arguments: [("90", 90), ("5m", 300), ("1h", 3600), ("7d", 604_800), ("0s", 0)]
    )
    func spans(text: String, seconds: Int) { #expect(Span(argument: text)?.seconds == seconds) }

    @Test("What is no span is refused", arguments: ["", "m", "-5s", "5x", "1.5h", "99999999999999999999d", "5 m"])
    func noSpan(text: String) { #expect(Span(argument: text) == nil) }
}
