import Foundation
import TestKit
import Testing

@Suite("The form of the resource-style calls, with workers on simulated PMs")
struct ResourceFormTests {
    @Test("What was made says where it is, and can be read and ended there", .timeLimit(.minutes(1)))
    func resources() async throws {
        try await withSimulatedFleet(1) { api, site in
            let constraints = #"{"groups":{"db":"spread"}}"#
            let wish = #"{"name":"a <b>","instance_type":1,"image_id":100,"placement":\#(constraints)}"#
            let answer = try await api.answer("POST", "/v1/vms", wish)
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
            let gone = try await api.call("DELETE", place)
            #expect(gone["state"] as? String == "gone" && gone["job_id"] as? Int == 2)
            #expect(try await api.call("GET", place, nil, 404)["code"] as? String == "unknown_vm")
            #expect(try await api.call("DELETE", place, nil, 404)["code"] as? String == "unknown_vm")
        }
    }

    @Test("Who does not want to wait is told where to look", .timeLimit(.minutes(1)))
    func accepted() async throws {
        // Nobody works: whoever waits would wait to the end.
        try await withSimulatedFleet(1, workers: 0) { api, site in
            let worker = try await site.startWorker("w")
            try await site.waitUntilUp(1)
            try await worker.terminate()
            let hold = #"{"instance_type":1,"image_id":100,"expires_in_s":3600}"#
            let calls = [
                ("POST", "/v1/vms", #"{"name":"a","instance_type":1,"image_id":100}"#), ("POST", "/v1/holds", hold),
                ("DELETE", "/v1/vms/1", nil),
            ]
            for (number, (method, path, body)) in calls.enumerated() {
                let answer = try await api.http.call(
                    path,
                    method: method,
                    headers: ["Content-Type": "application/json", "Prefer": "respond-async"],
                    body: body
                )
                #expect(answer.status == 202, "\(answer)")
                let place = "/v1/jobs/\(number + 1)/explanation"
                #expect(answer.headers["location"] == place)
                #expect(answer.body.contains(#""state":"accepted""#))
                #expect(try await api.call("GET", place)["state"] as? String == "queued")
            }
        }
    }

    @Test("A method that a path does not take is refused with those it takes", .timeLimit(.minutes(1)))
    func methods() async throws {
        try await withSimulatedFleet(1) { api, _ in
            let allowed = [
                "/v1/vms": "POST", "/v1/vms/1": "GET, DELETE", "/v1/holds": "POST", "/v1/holds/1": "GET, DELETE",
                "/v1/pms/1": "GET", "/v1/pms/1/tags": "PUT", "/v1/pms/1:cordon": "POST", "/v1/pms/1:drain": "POST",
                "/v1/placements:dry-run": "POST", "/v1/capacity": "GET", "/v1/jobs/1/explanation": "GET",
            ]
            for (path, list) in allowed {
                for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] where !list.contains(method) {
                    let answer = try await api.answer(method, path, nil)
                    #expect(answer.status == 405, "\(method) \(path): \(answer)")
                    #expect(answer.headers["allow"] == list, "\(method) \(path)")
                    #expect(answer.body.contains(#""code":"method_not_allowed""#), "\(answer)")
                }
            }
            for path in ["/v1/pms/1:dance", "/v1/vms/1:cordon"] {
                for method in ["GET", "POST"] {
                    let answer = try await api.answer(method, path, nil)
                    #expect(
                        answer.status == 404 && answer.body.contains("unknown_call"),
                        "\(method) \(path): \(answer)"
                    )
                }
            }
        }
    }

    @Test("Bad bodies, numbers and paths get problem documents", .timeLimit(.minutes(1)))
    func problems() async throws {
        try await withSimulatedFleet(1) { api, _ in
            let bad = [
                ("POST", "/v1/vms", "{", 400, "no JSON"),
                ("POST", "/v1/vms", #"{"name":"a","image_id":100}"#, 400, "instance_type"),
                (
                    "POST", "/v1/vms", #"{"name":"a","image_id":"x","instance_type":1}"#, 400,
                    "image_id is no whole number"
                ),
                ("POST", "/v1/vms", #"{"name":"a","image_id":100,"instance_type":1,"extra":1}"#, 400, "extra"),
                ("POST", "/v1/vms", #"{"name":"a","image_id":100,"instance_type":9}"#, 404, "no type 9"),
                (
                    "POST", "/v1/vms", #"{"name":"a","image_id":100,"instance_type":1,"placement":{"tags":["a b"]}}"#,
                    400,
                    "a b"
                ),
                (
                    "POST", "/v1/vms", #"{"name":"a","image_id":100,"instance_type":1,"placement":{"tag":[]}}"#, 400,
                    "tag"
                ),
                ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"policy":"best"}"#, 400, "spread"),
                ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"policy":"pack:a=1"}"#, 400, "WEIGHER=FACTOR"),
                ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"count":0}"#, 400, "count"),
                ("POST", "/v1/placements:dry-run", #"{"instance_type":1,"image_id":999}"#, 404, "no image 999"),
                ("POST", "/v1/placements:dry-run", "[]", 400, "the body is no"),
                (
                    "POST", "/v1/placements:dry-run", #"{"instance_type":1,"placement":{"groups":{"a":"bad"}}}"#, 400,
                    "affinity, anti_affinity, spread"
                ),
                ("POST", "/v1/holds", #"{"instance_type":1,"image_id":100,"expires_in_s":-1}"#, 400, "expires_in_s"),
                ("PUT", "/v1/pms/1/tags", #"{"tags":["x,y"]}"#, 400, "x,y"),
                ("GET", "/v1/pms/0", nil, 400, "number"),
                ("PUT", "/v1/pms/1/tags", #"{"tags":"ssd"}"#, 400, "tags is no list"),
                ("GET", "/v1/pms/7", nil, 404, "no PM 7"),
                ("GET", "/v1/jobs/7/explanation", nil, 404, "no job 7"),
                ("GET", "/v1/nothing", nil, 404, "no call"),
            ]
            for (method, path, body, status, word) in bad {
                let answer = try await api.answer(method, path, body)
                #expect(answer.status == status, "\(method) \(path) \(body ?? ""): \(answer)")
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(answer.body.contains(word), "\(answer)")
                #expect(answer.headers["x-hvc-reason"]?.contains(word) == true, "\(answer)")
                let code = try #require(answer.headers["x-hvc-code"])
                #expect(answer.body.contains(#""code":"\#(code)""#), "\(answer)")
            }
        }
    }
}
