import Foundation
import Model
import Testing

@Suite("What is known of seed disks")
struct SeedSummaryTests {
    private static let digest = String(repeating: "0f", count: 32)

    @Test("A summary is written and read back")
    func roundTrip() throws {
        let whole = SeedSummary(
            hostname: try Hostname("web-1.example"),
            sshKeys: ["SHA256:" + String(repeating: "+/a", count: 14) + "b"],
            userData: SeedSummary.Content(bytes: 65_536, sha256: Self.digest),
            networkConfig: SeedSummary.Content(bytes: 1, sha256: Self.digest)
        )
        for summary in [SeedSummary(), whole] {
            #expect(SeedSummary(words: summary.words) == summary)
            #expect(!summary.words.contains("\n"))
        }
        #expect(whole.hasContent && !SeedSummary().hasContent)
    }

    @Test(
        "What others may have written into a domain is refused",
        arguments: [
            "", "{}", "hostname", "a=b", "ssh_key=x,hostname=", "hostname=-", "hostname=a,ssh_key=a", "hostname=a,b=c",
            "hostname=a,user_data=1:x", "hostname=a,user_data=0:\(digest)", "hostname=a,user_data=1", "hostname=a,",
            "hostname=" + String(repeating: ",ssh_key=SHA256:\(String(repeating: "a", count: 43))", count: 33),
        ]
    )
    func refused(text: String) { #expect(SeedSummary(words: text) == nil) }

    @Test("The guest's name is the one that was asked for, or follows from the VM's number; without a seed it has none")
    func hostname() throws {
        func vm(_ seed: SeedSummary?) throws -> VirtualMachine {
            VirtualMachine(
                id: try #require(VMID(7)),
                uuid: UUID(),
                name: "a",
                type: try #require(TypeID(1)),
                image: try #require(ImageID(1)),
                needs: .zero,
                seed: seed
            )
        }
        #expect(try vm(nil).hostname == nil)
        #expect(try vm(SeedSummary()).hostname == "vm-7")
        #expect(try vm(SeedSummary(hostname: try Hostname("x"))).hostname == "x")
    }
}
