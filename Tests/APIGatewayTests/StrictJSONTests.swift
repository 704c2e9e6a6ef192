import Foundation
import Model
import TestKit
import Testing

@testable import APIGateway

@Suite("JSON that two readers may take for two different things is refused")
struct StrictJSONTests {
    @Test(
        "What has one meaning is taken",
        arguments: [
            "{}", "[]", #"{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}"#, #" { "a" : "a" , "b" : "a:b" } "#,
            #"{"a":"\ud83d\ude00 \"\\ \u00e9"}"#, #"{"A":1,"a":2,"":3}"#, #"["a","a","a:"]"#, #"{"é":"日本語"}"#,
        ]
    )
    func taken(text: String) throws {
        try StrictJSON.check(Array(text.utf8))
        _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    }

    @Test(
        "What has two is not",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":1, "b":2, "\u0061" : 3}"#, #"{"x":{"y":[{"b":1,"c":[],"b":1}]}}"#,
            #"{"e\u0301":1,"é":2}"#, #"{"a\/b":1,"a/b":2}"#, #"{"\n":1,"\u000a":2}"#, #"{"a":"\ud800"}"#,
            #"{"a":"\udc00\ud800"}"#, #"{"\ud800\u0041":1}"#, #"{"a":"\u0000"}"#, #"{"a":"\u00"}"#, #"{"a":"\u+123"}"#,
            "\u{FEFF}{}", "{\"a\":\"\u{0}\"}", #"{"a":1,}"#, "[1, \n]", #"{"a":[{"b":[]},]}"#,
        ]
    )
    func refused(text: String) {
        expectRefusal(Array(text.utf8), text)
    }

    @Test("Other encodings than UTF-8, and what is none at all")
    func encodings() {
        for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32, .utf32LittleEndian] {
            let data = #"{"name":"a"}"#.data(using: encoding) ?? Data()
            expectRefusal(Array(data), "\(encoding)")
        }
        for bytes: [UInt8] in [[0xFF], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xE9, 0x22]] {
            expectRefusal(bytes, "\(bytes)")
        }
    }

    @Test("Ten thousand levels of nesting, and one too many")
    func depth() throws {
        let most = StrictJSON.maximumDepth
        try StrictJSON.check(Array(String(repeating: "[", count: most).utf8))
        for levels in [most + 1, 10_000] {
            expectRefusal(Array(String(repeating: "[", count: levels).utf8), "\(levels)")
            expectRefusal(Array(String(repeating: #"{"a":"#, count: levels).utf8), "\(levels)")
        }
    }

    @Test("Whatever the value, it is taken as it is, and refused with any one field given twice", arguments: 0..<200)
    func property(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let value = Value.random(depth: 4, &random)
        try StrictJSON.check(Array(value.text(&random).utf8))
        let fields = value.fieldCount
        guard fields > 0 else { return }
        var doubled = value
        var field = Int.random(in: 0..<fields, using: &random)
        doubled.double(&field)
        let text = doubled.text(&random)
        expectRefusal(Array(text.utf8), text)
    }

    @Test("No bytes end the program", arguments: 0..<200)
    func anyBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = Array(#"{}[]":,\u0dD8e+ "#.utf8) + [0, 0xFF, 0xC3, 0xA9]
        for _ in 0..<50 {
            let bytes = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            do throws(Failure) { try StrictJSON.check(bytes) } catch { #expect(error.code == .invalidRequest) }
        }
    }

    private func expectRefusal(_ bytes: [UInt8], _ what: String) {
        let failure = #expect(throws: Failure.self, "\(what)") { try StrictJSON.check(bytes) }
        #expect(failure?.code == .invalidRequest)
    }
}

/// A JSON value whose objects may have a field twice.
private indirect enum Value {
    case word(String)
    case list([Value])
    case object([(name: String, value: Value)])

    static func random(depth: Int, _ random: inout SplitMix64) -> Value {
        let names = ["a", "b", "é", "\"", "\\", "a:b", "", "日本", "😀", "x y"]
        switch Int.random(in: 0..<(depth == 0 ? 1 : 4), using: &random) {
        case 0: return .word(names.randomElement(using: &random) ?? "")
        case 1:
            return .list((0..<Int.random(in: 0..<4, using: &random)).map { _ in .random(depth: depth - 1, &random) })
        default:
            let chosen = names.shuffled(using: &random).prefix(Int.random(in: 0..<5, using: &random))
            return .object(chosen.map { ($0, .random(depth: depth - 1, &random)) })
        }
    }

    var fieldCount: Int {
        switch self {
        case .word: 0
        case .list(let values): values.map(\.fieldCount).reduce(0, +)
        case .object(let fields): fields.map { 1 + $0.value.fieldCount }.reduce(0, +)
        }
    }

    /// Repeats the field of this number, counted through all levels.
    mutating func double(_ number: inout Int) {
        switch self {
        case .word: return
        case .list(var values):
            for index in values.indices { values[index].double(&number) }
            self = .list(values)
        case .object(var fields):
            for index in fields.indices {
                number -= 1
                if number == -1 { fields.append((fields[index].name, .word("again"))) }
                fields[index].value.double(&number)
            }
            self = .object(fields)
        }
    }

    /// Its text, with blanks and escapes here and there.
    func text(_ random: inout SplitMix64) -> String {
        let blank = ["", "", " ", "\n\t"].randomElement(using: &random) ?? ""
        switch self {
        case .word(let word): return blank + Self.quoted(word, &random) + blank
        case .list(let values): return "[" + values.map { $0.text(&random) }.joined(separator: ",") + blank + "]"
        case .object(let fields):
            let texts = fields.map { Self.quoted($0.name, &random) + blank + ":" + $0.value.text(&random) }
            return "{" + blank + texts.joined(separator: "," + blank) + "}"
        }
    }

    private static func quoted(_ word: String, _ random: inout SplitMix64) -> String {
        let isEscaped = Bool.random(using: &random)
        let units = word.utf16.map { String($0, radix: 16) }
        let escaped = units.map { "\\u" + String(repeating: "0", count: 4 - $0.count) + $0 }.joined()
        return isEscaped ? "\"\(escaped)\"" : JSONText.quoted(word)
    }
}
