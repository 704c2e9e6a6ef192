import Model
import Testing

@Suite("MAC addresses")
struct MACAddressTests {
    @Test("One of a single card is read in either case, and nothing else")
    func read() {
        #expect(MACAddress("52:54:00:AB:cd:0f")?.description == "52:54:00:ab:cd:0f")
        for text in [
            "", "52:54:00:ab:cd", "52:54:00:ab:cd:0f:00", "52-54-00-ab-cd-0f", "5:54:00:ab:cd:0ff", "52:54:00:ab:cd:0g",
            "53:54:00:ab:cd:0f", "52:54:00:ab:cd:0f ", "ff:ff:ff:ff:ff:ff", "\u{FF15}2:54:00:ab:cd:0f",
        ] {
            #expect(MACAddress(text) == nil, "\(text)")
        }
    }

    @Test("A list is as it was written, and a broken one is none")
    func list() throws {
        let words = "52:54:00:00:00:01,52:54:00:00:00:02"
        #expect([MACAddress](words: words)?.words == words)
        for text in ["", ",", "52:54:00:00:00:01,", "52:54:00:00:00:01 52:54:00:00:00:02"] {
            #expect([MACAddress](words: text) == nil, "\(text)")
        }
    }
}
