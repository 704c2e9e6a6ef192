import Foundation
import Model
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test(
        "Plain digits from 1 to 2^53 are read",
        arguments: [("1", 1), ("38201", 38_201), ("9007199254740992", 1 << 53)]
    )
    func read(text: String, value: Int) {
        #expect(VMID(text)?.value == value)
        #expect(VMID(text)?.description == text)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "0", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "１", "1\u{0}", "1\n", "9007199254740993",
            "9223372036854775808",
            "99999999999999999999", "00000000000000001", "1_000", "٣",
        ]
    )
    func refused(text: String) {
        #expect(VMID(text) == nil)
    }

    @Test("They order by number, not by text")
    func order() {
        #expect(["10", "9", "100"].compactMap { PMID($0) }.sorted().map(\.value) == [9, 10, 100])
    }

    @Test("In JSON they are numbers, and others than positive whole ones are refused")
    func coding() throws {
        let ids = try JSONDecoder().decode([ImageID].self, from: Data("[100,101]".utf8))
        #expect(ids.map(\.value) == [100, 101])
        #expect(String(decoding: try JSONEncoder().encode(ids), as: UTF8.self) == "[100,101]")
        for text in ["[0]", "[-1]", "[1.5]", "[\"1\"]", "[null]", "[1e30]"] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode([ImageID].self, from: Data(text.utf8)) }
        }
    }
}
