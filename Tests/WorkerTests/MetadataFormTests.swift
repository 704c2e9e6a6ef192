import Libvirt
import Model
import TestKit
import Testing
import XML

@testable import Worker

@Suite("Forms of the record in a domain's metadata")
struct MetadataFormTests {
    @Test("Each form that was ever written is read, from libvirt itself")
    func forms() async throws {
        let forms = try await records(of: try SavedInstallation.formsOfRecords())
        #expect(forms.keys.sorted() == ["form-1", "form-2", "form-3", "form-4", "form-5", "form-6", "form-7"])
        for number in 41...47 {
            let name = "form-\(number - 40)"
            let (vm, cell) = try #require(forms[name] ?? nil, "\(name)")
            #expect(vm.id.value == number)
            #expect(vm.name == (number == 42 ? "back\\slash \u{FEFF}mark" : "back\\slash"))
            #expect(vm.needs == Resources(cpu: 1, ram: 64, disk: 1))
            #expect(cell == (number < 43 ? "default" : "rack"))
            #expect((vm.createdAt != nil) == (number >= 43))
            #expect(vm.createJob?.value == (number >= 43 ? number : nil))
            #expect(vm.constraints.groups == (number >= 44 ? ["web": .spread] : [:]))
            #expect(vm.constraints.tags == (number >= 44 ? ["ssd"] : []))
            #expect(vm.macs.words == (number >= 46 ? "52:54:00:00:00:2e,52:54:00:00:00:2f" : ""))
            #expect(
                vm.seed?.hostname?.description == (number == 47 ? "web" : nil)
                    && vm.seed?.userData?.bytes == (number == 47 ? 7 : nil)
            )
            #expect(vm.notes.labels == (number >= 45 ? ["env": "prod", "tier": "web"] : [:]))
            #expect(vm.notes.description == (number >= 45 ? "first\nsecond \\ <b>" : nil))
        }
    }

    @Test("The domains of a saved installation are read, and those of others are not", arguments: [0])
    func savedDomains(schema: Int) async throws {
        for (name, record) in try await records(of: try SavedInstallation(schema: schema).domains()) {
            let number = name.firstMatch(of: /^hvc-(\d+)-/).map { String($0.1) }
            #expect(record?.vm.id.description == number, "\(name)")
            #expect(record == nil || record?.cell == "fixture")
        }
    }

    private typealias Record = (vm: VirtualMachine, cell: String)

    /// The records that libvirt gives of the domains, once it knows them.
    private func records(of domains: [String: String]) async throws -> [String: Record?] {
        let threads = BlockingThreads(name: "test", limit: 1)
        let connection = try await Connection.open("test:///default", threads: threads, deadline: .seconds(10))
        return try await connection.run(deadline: .seconds(60)) { session in
            var records: [String: Record?] = [:]
            for (name, xml) in domains {
                let root = try #require(XMLElement.root(of: xml))
                let metadata = xml.firstMatch(of: /<metadata>[\s\S]*<\/metadata>/).map { String($0.output) } ?? ""
                // libvirt's test driver knows no other type and machine; what matters is how it keeps the metadata.
                let description = """
                    <domain type='test'><name>\(name)</name><uuid>\(root.child("uuid")?.text ?? "")</uuid>
                    \(metadata)<memory>65536</memory><os><type>hvm</type></os></domain>
                    """
                let domain = try session.defineDomain(xml: description)
                defer { try? domain.undefine() }
                let text = try domain.metadata(namespace: VirtualMachine.metadataNamespace)
                records[name] = .some(text.flatMap(VirtualMachine.read(metadata:)))
            }
            return records
        }
    }
}
