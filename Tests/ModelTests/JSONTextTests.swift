import Foundation
import Model
import Testing

@Suite("JSON text")
struct JSONTextTests {
    @Test(
        "A decoder reads back what was written",
        arguments: ["", "plain", "a\"b\\c/", "\u{0}\u{1}\n\r\t\u{1F}\u{7F}", "ä€😀\u{2028}", "\\u0041"]
    )
    func quoted(text: String) throws {
        let read = try JSONDecoder().decode([String].self, from: Data("[\(JSONText.quoted(text))]".utf8))
        #expect(read == [text])
    }

    @Test("An object has its members by name, with names quoted")
    func object() throws {
        #expect(JSONText.object([String: Int]()) { String($0) } == "{}")
        #expect(JSONText.object(["b": 2, "a\"": 1]) { String($0) } == #"{"a\"":1,"b":2}"#)
    }
}
