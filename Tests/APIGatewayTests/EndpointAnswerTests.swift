import API
import Foundation
import Model
import TestKit
import Testing

@testable import APIGateway

@Suite("What every call answers is what its type in the table writes")
struct EndpointAnswerTests {
    /// A call that is made, with a job that the workers do meanwhile.
    private struct Step {
        let call: EndpointDescription
        var id = 1
        /// What stands in the path in place of a number.
        var name: String?
        var query = ""
        var body: (any APIRequest)?
        var status = 200
        /// Whether workers have a job to do, and the files that it leaves.
        var work = false
        var left: [String] = []
        /// Whether a worker gives the next job up before.
        var givesUp = false
    }

    private static let token = "0123456789abcdef"
    private static let headers = ["Authorization": "Bearer \(token)"]

    @Test("Each call, by a life of two VMs and a hold")
    func life() async throws {
        let type = try #require(TypeID(1))
        let image = try #require(ImageID(100))
        let web = try #require(ProjectName("web"))
        let vm = CreateVMRequest(
            name: "b",
            type: type,
            image: image,
            placement: PlacementConstraints(groups: ["g": .spread]),
            guest: GuestRequest(userData: "#!/bin/sh", networkConfig: "version: 1")
        )
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)
        let sshKey = CreateSSHKeyRequest(name: try #require(SSHKeyName("alice")), key: key)
        let steps = [
            Step(call: Endpoints.readHealth.description), Step(call: Endpoints.readReadiness.description),
            Step(call: Endpoints.readOpenAPI.description), Step(call: Endpoints.legacyListPMs.description),
            Step(call: Endpoints.legacyListTypes.description), Step(call: Endpoints.legacyListImages.description),
            Step(
                call: Endpoints.legacyCreateVM.description,
                query: "name=%C3%BC%22&instance_type=1&image_id=100",
                work: true
            ),
            Step(call: Endpoints.legacyQueryVM.description, query: "vmid=1"),
            Step(call: Endpoints.legacyListVMs.description, query: "pmid=1"),
            Step(call: Endpoints.legacyQueryPM.description, query: "pmid=1"),
            Step(call: Endpoints.createVM.description, body: vm, status: 201, work: true),
            Step(call: Endpoints.readVM.description, id: 2), Step(call: Endpoints.explainJob.description, id: 2),
            Step(call: Endpoints.readJob.description, id: 2, query: "wait=1"),
            Step(call: Endpoints.listJobs.description, query: "vm_id=2&state=done&kind=create&pm_id=1"),
            Step(
                call: Endpoints.createHold.description,
                body: CreateHoldRequest(type: type, image: image, seconds: 60),
                status: 201,
                work: true
            ),
            Step(call: Endpoints.readHold.description, id: 3), Step(call: Endpoints.listHolds.description),
            Step(call: Endpoints.listGroups.description), Step(call: Endpoints.listNetworks.description),
            Step(call: Endpoints.updateVM.description, id: 2, body: UpdateVMRequest(labels: ["env": "prod"])),
            Step(call: Endpoints.releaseHold.description, id: 3, work: true),
            Step(call: Endpoints.dryRun.description, body: DryRunRequest(type: type, image: image, count: 9)),
            Step(call: Endpoints.readCapacity.description), Step(call: Endpoints.readPM.description),
            Step(call: Endpoints.readRefusals.description, query: "window=1h"),
            Step(call: Endpoints.pauseQueue.description, body: PauseRequest(reason: "r")),
            Step(call: Endpoints.resumeQueue.description),
            Step(
                call: Endpoints.setQueueRule.description,
                body: QueueRuleRequest(kind: "start", action: .deferred, reason: "r")
            ),
            Step(call: Endpoints.readQueue.description),
            Step(call: Endpoints.dropQueueRule.description, query: "kind=start"),
            Step(
                call: Endpoints.writeConsole.description,
                id: 2,
                body: CreateVMRequest(name: "any bytes", image: image)
            ),
            Step(call: Endpoints.breakConsole.description, id: 2, body: ConsoleBreakRequest(key: "h")),
            Step(call: Endpoints.listVMs.description), Step(call: Endpoints.listPMs.description),
            Step(call: Endpoints.listImages.description), Step(call: Endpoints.readImage.description, id: 100),
            Step(call: Endpoints.listTypes.description), Step(call: Endpoints.readType.description),
            Step(call: Endpoints.listWorkers.description),
            Step(call: Endpoints.readEvents.description, query: "since=0-0&wait=0"),
            Step(call: Endpoints.setTags.description, body: SetTagsRequest(tags: ["ssd"])),
            Step(call: Endpoints.cordonPM.description),
            Step(call: Endpoints.drainPM.description, query: "dry_run=true"),
            Step(call: Endpoints.uncordonPM.description),
            Step(call: Endpoints.legacyDestroyVM.description, query: "vmid=1", work: true),
            Step(call: Endpoints.destroyVM.description, id: 2, work: true, left: ["/a", "/b"]),
            Step(call: Endpoints.createVM.description, body: vm, status: 202),
            Step(call: Endpoints.cancelJob.description, id: 7),
            Step(call: Endpoints.createVM.description, body: vm, status: 202),
            Step(call: Endpoints.retryJob.description, id: 8, givesUp: true),
            Step(call: Endpoints.dropJob.description, id: 8, givesUp: true),
            Step(call: Endpoints.explainJob.description, id: 6), Step(call: Endpoints.readJob.description, id: 6),
            Step(
                call: Endpoints.createToken.description,
                body: CreateTokenRequest(name: "ü", role: .op, seconds: 60),
                status: 201
            ),
            Step(call: Endpoints.listTokens.description), Step(call: Endpoints.readOwnToken.description),
            Step(
                call: Endpoints.createWebhook.description,
                body: CreateWebhookRequest(name: "ü", url: "https://a.test/?b", types: ["vm.*"]),
                status: 201
            ),
            Step(call: Endpoints.testWebhook.description, status: 201), Step(call: Endpoints.readDelivery.description),
            Step(call: Endpoints.redeliver.description), Step(call: Endpoints.listDeliveries.description),
            Step(call: Endpoints.enableWebhook.description), Step(call: Endpoints.readWebhook.description),
            Step(call: Endpoints.listWebhooks.description), Step(call: Endpoints.deleteWebhook.description),
            Step(
                call: Endpoints.createProject.description,
                body: CreateProjectRequest(name: web, quotas: ProjectQuotas([.vms: 5, .ram: 512])),
                status: 201
            ),
            Step(call: Endpoints.listProjects.description),
            Step(call: Endpoints.readProject.description, name: "web"),
            Step(
                call: Endpoints.updateProject.description,
                name: "web",
                body: UpdateProjectRequest(quotas: ProjectQuotas([.disk: 7]))
            ),
            Step(call: Endpoints.deleteProject.description, name: "web"),
            Step(call: Endpoints.createSSHKey.description, body: sshKey, status: 201),
            Step(call: Endpoints.listSSHKeys.description),
            Step(call: Endpoints.readSSHKey.description, name: "alice"),
            Step(call: Endpoints.deleteSSHKey.description, name: "alice"),
            Step(call: Endpoints.listAudit.description),
            Step(call: Endpoints.revokeToken.description), Step(call: Endpoints.confirmTokens.description),
            Step(
                call: Endpoints.createBatch.description,
                body: CreateBatchRequest(vms: [.init(name: "b", type: type, image: image, count: 2)]),
                status: 202
            ),
            Step(call: Endpoints.listBatches.description), Step(call: Endpoints.readBatch.description, id: 9),
            Step(call: Endpoints.cancelBatch.description, id: 9),
        ]
        let json = Endpoints.all.filter { $0.mediaType == "application/json" }
        #expect(Set(steps.map(\.call.name)) == Set(json.map(\.name)))
        try await InProcessGateway.with(["HVC_API_TOKEN": Self.token]) { gateway in
            try await gateway.fill()
            try await gateway.announceWorker(lease: .seconds(60))
            let console = PlayedConsole(of: try #require(VMID(2)), in: gateway.store)
            let consoles = Task { try await console.run() }
            defer { consoles.cancel() }
            for step in steps {
                if step.givesUp { try await gateway.giveUp() }
                let answer = try await make(step, gateway)
                try expectForm(answer, of: step)
                guard !step.left.isEmpty else { continue }
                let gone = try JSONDecoder().decode(VMGone.self, from: Data(answer.body.utf8))
                #expect(gone.left == step.left)
                let explained = try await gateway.http.call(
                    "/v1/jobs/\(try #require(gone.jobID))/explanation",
                    headers: Self.headers
                )
                let job = try JSONDecoder().decode(ExplanationResponse.self, from: Data(explained.body.utf8))
                #expect(job.left == step.left && job.kind == "destroy")
            }
        }
    }

    private func make(_ step: Step, _ gateway: InProcessGateway) async throws -> HTTPAnswer {
        let waits = step.work && step.call.style == .v1
        let query = waits ? "?wait=20" : step.query.isEmpty ? "" : "?" + step.query
        let body = try step.body.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        async let answer = gateway.http.call(
            step.call.path.filled(with: step.name ?? "\(step.id)") + query,
            method: step.call.methods[0].rawValue,
            headers: Self.headers,
            body: body
        )
        if step.work { try await gateway.work(left: step.left) }
        return try await answer
    }

    /// The answer is read as its type and written again: that is what was there, and the document's form has all of it.
    private func expectForm(_ answer: HTTPAnswer, of step: Step) throws {
        #expect(
            answer.status == step.status && step.call.statuses.contains(answer.status),
            "\(step.call.name): \(answer)"
        )
        let data = Data(answer.body.utf8)
        let there = try JSONDecoder().decode(JSONValue.self, from: data)
        let type = try #require(step.call.answers(with: step.status).first)
        let value = try JSONDecoder().decode(type, from: data)
        let written = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
        #expect(there == written, "\(step.call.name)")
        #expect(Schema(of: type).has(there), "\(step.call.name): \(answer.body)")
    }
}

extension Schema {
    /// Whether a value is of this form.
    fileprivate func has(_ value: JSONValue) -> Bool {
        switch (self, value) {
        case (.object(_, let fields), .object(let members)):
            members.allSatisfy { name, value in self[field: name]?.has(value) == true }
                && fields.allSatisfy { !$0.isRequired || members[$0.name] != nil }
        case (.map(let form, _), .object(let members)): members.values.allSatisfy(form.has)
        case (.list(let form, _), .array(let values)): values.allSatisfy(form.has)
        case (.string(let words), .string(let text)): words.isEmpty || words.contains(text)
        case (.pattern(_, let longest), .string(let text)): text.count <= longest
        case (.integer(let range), .integer(let number)): range?.contains(number) != false
        case (.number, .number), (.number, .integer), (.boolean, .boolean), (.any, _): true
        default: false
        }
    }
}
