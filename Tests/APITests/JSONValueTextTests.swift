import API
import Foundation
import Testing

@Suite("JSON values as text")
struct JSONValueTextTests {
    @Test(
        "A text that is read and written again is the same, also by Foundation",
        arguments: [
            #"{}"#, #"[]"#, #"{"a":[1,-2,2.5,true,false,null],"b":{"c":"d"}}"#, #""\"\\""#, #"[9007199254740992]"#,
            #"["äöü 𝄞"]"#,
        ]
    )
    func roundTrip(text: String) throws {
        let value = try JSONValue(parsing: Array(text.utf8))
        #expect(value.text() == text)
        #expect(value == (try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))))
        #expect(value == (try JSONValue(parsing: Array(value.text(isIndented: true).utf8))))
    }

    @Test(
        "Numbers are whole, or are not, and true is none",
        arguments: [
            ("1", .integer(1)), ("1.0", .number(1)), ("true", .boolean(true)),
            ("-123456789012345678", .integer(-123_456_789_012_345_678)),
            ("9223372036854775807", .integer(.max)), ("18446744073709551615", .number(0x1p64)),
            ("1E2", .number(100)), ("-0.5e-3", .number(-0.0005)),
            ("123456789012345678901234567890", .number(1.2345678901234568e29)),
        ] as [(String, JSONValue)]
    )
    func numbers(text: String, value: JSONValue) throws { #expect(try JSONValue(parsing: Array(text.utf8)) == value) }

    @Test("Escapes, blanks and exponents are read")
    func escapes() throws {
        let text = " { \"a\" : \"\\u00e9\\n\\ud834\\udd1e\\/\" , \"b\" : 1e2 }\r\n"
        #expect(try JSONValue(parsing: Array(text.utf8)) == ["a": .string("é\n𝄞/"), "b": .number(100)])
    }

    @Test(
        "What is no JSON is refused",
        arguments: [
            "", "{", "[,1]", "{\"a\"}", "nul", "\"a", "1 2", "+1", "1.", "{\"a\":1,,}", "\"\\x\"", "\"\\ud834\"",
            "[1e999]", "-",
            String(repeating: "[", count: 10_000),
        ]
    )
    func refused(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test("Indented text has a member a line")
    func indented() {
        let value: JSONValue = ["b": [1, ["c": .null]], "a": .object([:])]
        #expect(
            value.text(isIndented: true)
                == "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": null\n    }\n  ]\n}"
        )
    }
}
