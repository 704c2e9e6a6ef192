import Foundation
import Model
import Testing

@Suite("Virtual machines")
struct VirtualMachineTests {
    @Test("The domain's name holds the number and the start of the UUID")
    func domainName() throws {
        let vm = VirtualMachine(
            id: try #require(VMID(38_201)),
            uuid: try #require(UUID(uuidString: "6F1C0E7A-2B05-4F9D-8C41-C7E2B05F9D41")),
            name: "</name>",
            type: try #require(TypeID(3)),
            image: try #require(ImageID(100)),
            needs: .zero
        )
        #expect(vm.domainName == "hvc-38201-6f1c0e7a")
    }

    @Test(
        "Names are data: all of Unicode is taken",
        arguments: [
            "a", "test_vm", "</name><x>", "a'b\"c&d", "../../etc", "名前", "🚀", "e\u{301}", "%0A", " a b ", "עברית",
            "العربية",
            String(repeating: "x", count: 255),
        ]
    )
    func names(name: String) throws {
        #expect(try VMName.validated(name) == name)
    }

    @Test(
        "Names that are empty, long, or hold what XML or a log line cannot",
        arguments: [
            "", "a\nb", "\u{0}", "\u{7F}", "\u{85}", "\t", "\u{1B}[31m", "\u{2028}", "\u{FFFE}", "\u{1FFFF}", "a\r\n",
            " ", "\u{A0}\u{3000}",
            // What turns the direction of text, and what cannot be seen.
            "a\u{202E}gpj", "\u{2066}a", "\u{61C}", "a\u{200F}", "a\u{200B}b", "a\u{200D}b", "a\u{2060}", "\u{FEFF}a",
            "a\u{AD}b", "a\u{34F}", "\u{3164}", "\u{115F}", "\u{180E}", "a\u{FE0F}", "a\u{E0001}", "\u{E0100}a",
            "\u{2800}",
            String(repeating: "x", count: 256), String(repeating: "é", count: 128),
        ]
    )
    func refusedNames(name: String) {
        let failure = #expect(throws: Failure.self) { try VMName.validated(name) }
        #expect(failure?.code == .invalidRequest)
    }
}
