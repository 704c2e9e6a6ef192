import API
import ArgumentParser
import Testing

@testable import CLI

@Suite("The columns of hvctl")
struct NounTests {
    private func check<N: Noun>(_: N.Type) {
        let names = N.columns.map(\.name)
        #expect(Set(names).count == names.count, "\(N.word): \(names)")
        #expect(names.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "_" } }, "\(names)")
        for column in N.columns {
            for field in column.fields {
                #expect(N.isField(field), "\(N.word) has no field \(field), of column \(column.name)")
            }
        }
        #expect(N.isField(N.nameField), "\(N.word): \(N.nameField)")
        #expect(N.columns.contains { !$0.isWide })
    }

    @Test("Each column is made of fields that the API has, and has a name of its own")
    func columns() {
        check(VMNoun.self)
        check(PMNoun.self)
        check(ImageNoun.self)
        check(TypeNoun.self)
        check(NetworkNoun.self)
        check(GroupNoun.self)
        check(WorkerNoun.self)
        check(JobNoun.self)
        check(BatchNoun.self)
        check(HoldNoun.self)
        check(KeyNoun.self)
        check(ProjectNoun.self)
        check(TokenNoun.self)
        check(WebhookNoun.self)
        check(AuditNoun.self)
        for field in DeliveryColumns.columns.flatMap(\.fields) {
            #expect(Schema(of: DeliveryResponse.self)[field: field] != nil)
        }
    }

    @Test("Each list of the API has its command")
    func lists() throws {
        let shown = CommandPath.leaves.map(\.words)
        let commands = [
            "listVMs": ["list"], "listBatches": ["batch", "list"], "listHolds": ["hold", "list"],
            "listGroups": ["group", "list"], "listNetworks": ["network", "list"], "listPMs": ["pm", "list"],
            "listImages": ["image", "list"], "listTypes": ["type", "list"], "listWorkers": ["worker", "list"],
            "listTokens": ["token", "list"], "listProjects": ["project", "list"], "listSSHKeys": ["key", "list"],
            "listAudit": ["audit", "list"], "listWebhooks": ["webhook", "list"],
            "listDeliveries": ["webhook", "deliveries"],
            "listJobs": ["job", "list"],
        ]
        for endpoint in Endpoints.all where endpoint.name.hasPrefix("list") && endpoint.style == .v1 {
            let words = try #require(commands[endpoint.name], "\(endpoint.name) has no command")
            #expect(shown.contains(words), "\(words)")
        }
    }
}
