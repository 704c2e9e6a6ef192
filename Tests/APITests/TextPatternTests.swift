import Foundation
import Model
import Testing

@testable import API

@Suite("The document's patterns take what the code takes")
struct TextPatternTests {
    private func takes(_ pattern: String, _ text: String) throws -> Bool {
        takes(try NSRegularExpression(pattern: pattern), text)
    }

    /// Of the whole text: `$` stands before a line break at the end, too.
    private func takes(_ expression: NSRegularExpression, _ text: String) -> Bool {
        let whole = NSRange(text.startIndex..., in: text)
        return expression.firstMatch(in: text, range: whole)?.range == whole
    }

    @Test("Names, of all characters where some are refused")
    func names() throws {
        let expression = try NSRegularExpression(pattern: TextPattern.name)
        let ranges: [ClosedRange<UInt32>] = [
            0...0x3200, 0xFD00...0x10010, 0x110B0...0x110D0, 0x13420...0x13450, 0x1BC90...0x1BCB0, 0x1D160...0x1D190,
            0x1FFF0...0x20010, 0xDFFF0...0xE1010, 0x10FFF0...0x10FFFF,
        ]
        for value in ranges.joined() {
            guard let scalar = Unicode.Scalar(value) else { continue }
            for text in ["\(scalar)", "a\(scalar)"] {
                let isTaken = (try? VMName.validated(text)) != nil
                guard isTaken != takes(expression, text) else { continue }
                Issue.record("U+\(String(value, radix: 16)) of '\(text)': taken is \(isTaken)")
            }
        }
    }

    @Test(
        "Descriptions",
        arguments: [
            "", "a\nb", "a\r\nb", "\u{85}", "\u{2028}", "\t", "a\u{7}", String(repeating: "x", count: 300) + "\u{1}",
        ]
    )
    func descriptions(text: String) throws {
        let isTaken = (try? VMNotes(description: text).validate()) != nil
        #expect(try takes(TextPattern.description, text) == isTaken)
    }

    @Test("Cursors are those that lists write")
    func cursors() throws {
        let numbered = TextPattern.cursor(of: "listVMs", isNumbered: true)
        #expect(try takes(numbered, ListCursor(list: "listVMs", position: "17").description))
        #expect(try !takes(numbered, ListCursor(list: "listPMs", position: "17").description))
        let named = TextPattern.cursor(of: "listGroups", isNumbered: false)
        #expect(try takes(named, ListCursor(list: "listGroups", position: "web-1.a").description))
    }

    @Test(
        "Times are those of RFC 3339",
        arguments: [
            "2030-01-31T12:00:00Z": true, "2030-01-31T12:00:00.5+05:30": true, "2030-01-31t12:00:00z": false,
            "2030-01-31 12:00:00Z": false, "2030-13-01T12:00:00Z": false, "2030-01-31T12:00Z": false,
            "2030-01-31T12:00:00": false, "2030-01-31T12:00:00Z\n": false, "2030-01-31T12:00:00Zx": false,
            "soon": false, "": false,
        ]
    )
    func times(text: String, isTaken: Bool) throws {
        #expect(try takes(TextPattern.time, text) == isTaken)
        let request = CreateVMRequest(
            name: "a",
            type: TypeID(1),
            image: try #require(ImageID(1)),
            whenFull: .wait,
            deadlineAt: text
        )
        #expect(((try? request.validate()) != nil) == isTaken)
    }

    @Test(
        "A label of a queue rule is one pair",
        arguments: ["env=prod", "env", "env=", "=a", "a=b,c=d", "a=b,", "a=b c"]
    )
    func ruleLabels(text: String) throws {
        let rule = QueueRuleRequest(label: text, action: .deferred, reason: "why")
        let isTaken = (try? rule.validate()) != nil
        #expect(try takes(TextPattern.labelPair, text) == isTaken)
    }
}
