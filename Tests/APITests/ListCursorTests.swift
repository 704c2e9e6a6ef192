import API
import Testing

@Suite("The cursor of a list")
struct ListCursorTests {
    @Test(
        "It is read as it was written, and needs no encoding in a query",
        arguments: ["1", "", "wörker:1", "a b&c=d"]
    )
    func roundTrip(position: String) {
        let cursor = ListCursor(list: "listVMs", position: position)
        #expect(ListCursor(cursor.description) == cursor)
        #expect(cursor.description.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    @Test("What it has not written is none", arguments: ["", "7", "zz", "+1+2", "6c", "ff3a31", "6C6cé"])
    func others(text: String) { #expect(ListCursor(text) == nil) }

    @Test("A long one is none") func long() { #expect(ListCursor(String(repeating: "3a", count: 2000)) == nil) }
}
