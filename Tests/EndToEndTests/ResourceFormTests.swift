import Foundation
import TestKit
import Testing

@Suite("The form of the resource-style calls, with workers on simulated PMs")
struct ResourceFormTests {
    @Test("What was made says where it is, and can be read and ended there", .timeLimit(.minutes(1)))
    func resources() async throws {
        try await withSimulatedFleet(1) { api, site in
            let constraints = #"{"groups":{"db":"spread"}}"#
            let request = #"{"name":"a <b>","instance_type":1,"image_id":100,"placement":\#(constraints)}"#
            let answer = try await site.http.call("/v1/vms?wait=60", method: "POST", body: request)
            #expect(answer.status == 201)
            let place = try #require(answer.headers["location"])
            let vm = try await api.call("GET", place)
            let made = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? NSDictionary
            #expect(made == vm as NSDictionary, "what a create answers is the VM")
            #expect(vm["id"] as? Int == 1 && vm["name"] as? String == "a <b>" && vm["state"] as? String == "running")
            #expect(vm["instance_type"] as? Int == 1 && vm["image_id"] as? Int == 100 && vm["pm_id"] as? Int == 1)
            #expect(vm["needs"] as? [String: Int] == ["cpu": 1, "ram_mib": 64, "disk_gib": 1])
            #expect((vm["placement"] as? [String: [String: String]])?["groups"] == ["db": "spread"])
            #expect(vm["job_id"] as? Int == 1)
            for name in ["uuid", "domain", "created_at"] {
                #expect(try await site.field("hvc:vm:1", name) == vm[name] as? String, "\(name)")
            }
            let gone = try await api.call("DELETE", place + "?wait=60")
            #expect(gone["state"] as? String == "gone" && gone["job_id"] as? Int == 2)
            #expect(try await api.call("GET", place, nil, 404)["code"] as? String == "unknown_vm")
            #expect(try await api.call("DELETE", place, nil, 404)["code"] as? String == "unknown_vm")
        }
    }
}
