import Model
import Testing

@Suite("Names of hosts")
struct HostnameTests {
    @Test(
        "Names of RFC 1123 are taken as they are",
        arguments: [
            "a", "7", "Web-1", "3com.example", "a.b-c.d", String(repeating: "a", count: 63),
            "a." + String(repeating: "b", count: 63),
        ]
    )
    func taken(text: String) throws { #expect(try Hostname(text).description == text) }

    @Test(
        "Others are refused",
        arguments: [
            "", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a_b", "a b", "a\nb", "\u{FC}", "a/../b", "a\"b",
            "10.0.0.1", "a.1",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 126) + "ab",
        ]
    )
    func refused(text: String) throws { #expect(throws: Failure.self) { _ = try Hostname(text) } }

    @Test(
        "One is made of a VM's name",
        arguments: [
            ("web", "web"), ("Web 1!", "web-1"), ("  a  ", "a"), ("caf\u{E9} \u{FB01}x", "cafe-fix"),
            ("db.example.com", "db.example.com"),
            ("release 1.2", "release-1-2"), ("a_b__c", "a-b-c"), ("--x--", "x"), ("...a", "a"), ("<x>&\"y\"", "x-y"),
        ]
    )
    func made(name: String, hostname: String) throws { #expect(Hostname(of: name)?.description == hostname) }

    @Test("What is made of any name is a host's name, of up to 63 characters; of some there is none")
    func anyName() throws {
        let parts = ["a", "-", ".", " ", "\u{E9}", "7", "_", "\u{65E5}", String(repeating: "x", count: 40), "\"", "\n"]
        for first in parts {
            for second in parts {
                for third in parts {
                    guard let made = Hostname(of: first + second + third) else { continue }
                    #expect(try Hostname(made.description) == made)
                    #expect(made.description.utf8.count <= 63)
                }
            }
        }
        for name in ["", "\u{65E5}\u{672C}", "...", "!!!", "-"] { #expect(Hostname(of: name) == nil) }
        #expect(Hostname(of: String(repeating: "x", count: 62) + ".example.com")?.description.utf8.count == 62)
    }
}
