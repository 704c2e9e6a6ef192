import CoreMetrics
import Foundation
import Model
import RedisClient
import Store
import Telemetry
import TestKit
import Testing

@testable import APIGateway

@Suite("The metrics")
struct MetricsTests {
    /// The samples of a text by their names with labels.
    private func samples(_ gateway: InProcessGateway) async throws -> [String: Double] {
        let answer = try await gateway.http.call("/metrics")
        #expect(answer.status == 200 && answer.headers["content-type"] == PrometheusText.mediaType)
        let check = try await Promtool.run(["check", "metrics"], input: answer.body)
        #expect(check.isFine && check.text.isEmpty, "\(check.text)")
        return Dictionary(
            uniqueKeysWithValues: answer.body.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { line in
                line.lastIndex(of: " ").flatMap { space in
                    Double(line[line.index(after: space)...]).map { (String(line[..<space]), $0) }
                }
            }
        )
    }

    @Test("They say what there is: queues, jobs, PMs, capacity, VMs and requests")
    func installation() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0"]) { gateway in
            try await gateway.fill()
            try await gateway.announceWorker(lease: .seconds(60))
            for name in ["a", "b"] {
                let path = "/vm/create?name=\(name)&instance_type=1&image_id=100"
                #expect(try await gateway.http.call(path).status == 202)
            }
            try await gateway.work()
            #expect(try await gateway.http.call("/v1/vms/1").status == 200)
            #expect(try await gateway.http.call("/v1/vms/99").status == 404)
            #expect(try await gateway.http.call("/nothing").status == 404)
            #expect(try await gateway.http.call("/else", method: "BREW").status == 404)
            let done = #"hvc_jobs_finished_total{kind="create",outcome="done",code=""}"#
            // `/metrics` was not asked yet, so that it has no answer from before the job ended.
            try await eventually("the events to be counted") {
                let queue = try await gateway.http.call("/v1/queue").body
                return queue.contains(#""accepted":2"#) && queue.contains(#""finished":1"#)
            }
            let found = try await samples(gateway)
            let expected: [String: Double] = [
                "hvc_redis_up": 1, #"hvc_queue_depth{queue="capacity"}"#: 1, #"hvc_queue_depth{queue="direct"}"#: 0,
                #"hvc_pms{state="up"}"#: 1, #"hvc_pms{state="unknown"}"#: 0, "hvc_workers": 1, "hvc_vms": 2,
                #"hvc_capacity{resource="cpu"}"#: 4, #"hvc_capacity_claimed{resource="cpu"}"#: 1,
                #"hvc_capacity_headroom{resource="ram_mib"}"#: 4096 - 512, "hvc_jobs_running": 0,
                #"hvc_jobs_accepted_total{kind="create"}"#: 2, done: 1,
                #"hvc_vm_info{vm_id="1",name="a",pm_id="1",instance_type="1",state="running"}"#: 1,
                #"hvc_vm_info{vm_id="2",name="b",pm_id="",instance_type="1",state="queued"}"#: 1,
                #"hvc_http_requests_total{method="GET",route="/v1/vms/{id}",status="200"}"#: 1,
                #"hvc_http_requests_total{method="GET",route="/v1/vms/{id}",status="404"}"#: 1,
                #"hvc_http_requests_total{method="other",route="other",status="404"}"#: 2,
            ]
            for (name, value) in expected { #expect(found[name] == value, "\(name)") }
            #expect((found[#"hvc_http_request_seconds_count{method="GET",route="/v1/vms/{id}"}"#] ?? 0) == 2)
            #expect((found[#"hvc_redis_script_seconds_count{script="enqueue_create"}"#] ?? 0) == 2)
        }
    }

    @Test("What workers publish is answered with their names, and goes with them; what cannot be read is left out")
    func workers() async throws {
        try await InProcessGateway.with { gateway in
            try await gateway.fill()
            try await gateway.announceWorker(lease: .seconds(60))
            let registry = MetricsRegistry()
            let counters = LabeledMetric<CoreMetrics.Counter>(.attempts, in: registry)
            counters["create", "done"].increment(by: 4)
            let text = String(decoding: try JSONEncoder().encode(registry.snapshot()), as: UTF8.self)
            try await gateway.store.publish(metrics: text, of: "w", for: .milliseconds(1500))
            try await gateway.store.announce(worker: "broken", fields: ["jobs": "3"], lifetime: .seconds(60))
            try await gateway.store.publish(metrics: "{", of: "broken", for: .seconds(60))
            let series = #"hvc_job_attempts_total{worker="w",kind="create",outcome="done"}"#
            let found = try await samples(gateway)
            #expect(found[series] == 4)
            #expect(found[#"hvc_worker_jobs{worker="broken"}"#] == 3)
            try await eventually("the series to go", every: .milliseconds(100)) {
                try await samples(gateway)[series] == nil
            }
        }
    }

    @Test("Webhooks are told by state and by the age of what was not sent to them; creates that wait for room, too")
    func webhooks() async throws {
        try await InProcessGateway.with { gateway in
            for name in ["a", "b"] {
                let webhook = try await gateway.store.createWebhook(
                    name: name,
                    url: "https://\(name)/",
                    types: [],
                    secret: WebhookSecret()
                )
                // All that has happened was sent to the second one.
                guard name == "b", let status = try await gateway.store.webhookStatus(webhook.id) else { continue }
                #expect(try await gateway.store.hold(.webhooks, holder: "w", for: .seconds(60)))
                let last = try await gateway.store.lastEvent()
                #expect(try await gateway.store.passEvents(of: status, upTo: last, by: "w") == .ok)
            }
            _ = try await gateway.store.redis.pipeline([
                ["HSET", "hvc:webhook:3", "id", "3", "name", "c", "state", "disabled", "position", "0-0"],
                ["ZADD", "hvc:webhooks", "3", "3"], ["ZADD", "hvc:queue:room", "7", "7"],
            ])
            let found = try await samples(gateway)
            #expect(found[#"hvc_webhooks{state="active"}"#] == 2 && found[#"hvc_webhooks{state="disabled"}"#] == 1)
            #expect((found[#"hvc_webhook_oldest_age_seconds{webhook_id="1",name="a"}"#] ?? 0) > 0)
            #expect(found[#"hvc_webhook_oldest_age_seconds{webhook_id="2",name="b"}"#] == 0)
            #expect(found.keys.count { $0.hasPrefix("hvc_webhook_oldest_age_seconds") } == 2)
            #expect(found["hvc_jobs_waiting_for_room"] == 1 && found["hvc_room_oldest_age_seconds"] == 0)
        }
    }

    @Test("Beyond the limit VMs are counted and not told, and what Redis has is left out where it is away")
    func limits() async throws {
        try await InProcessGateway.with(["HVC_WAIT": "0", "HVC_METRICS_VMS": "2"]) { gateway in
            try await gateway.fill()
            for _ in 0..<5 { _ = try await gateway.http.call("/vm/create?name=a&instance_type=1&image_id=100") }
            let found = try await samples(gateway)
            #expect(found.keys.count { $0.hasPrefix("hvc_vm_info{") } == 2)
            #expect(found["hvc_vm_info_omitted"] == 3 && found["hvc_vms"] == 5)
            try await gateway.server.stop()
            try await eventually("the answer without Redis", every: .milliseconds(100)) {
                let found = try await samples(gateway)
                return found["hvc_redis_up"] == 0 && found["hvc_vms"] == nil
                    && found.keys.contains { $0.hasPrefix("hvc_redis_failures_total") }
            }
        }
    }

    @Test("They need the token as any other call")
    func token() async throws {
        try await InProcessGateway.with(["HVC_API_TOKEN": "a-token-that-nobody-guesses"]) { (gateway) async throws in
            #expect(try await gateway.http.call("/metrics").status == 401)
            let headers = ["Authorization": "Bearer a-token-that-nobody-guesses"]
            #expect(try await gateway.http.call("/metrics", headers: headers).status == 200)
        }
    }

    @Test("Rates are of the last minute, by the second")
    func rates() {
        let start = ContinuousClock.now
        var rates = MinuteRates(since: start)
        for second in 0..<200 {
            rates.noteAccepted(at: start + .seconds(second))
            if second.isMultiple(of: 2) { rates.noteFinished(at: start + .seconds(second)) }
            let seen = min(second + 1, 60)
            let reading = rates.reading(at: start + .seconds(second))
            #expect(reading.accepted == seen && reading.window == .seconds(min(second, 60)))
        }
        #expect(rates.reading(at: start + .seconds(199)).finished == 30)
        #expect(rates.reading(at: start + .seconds(230)).accepted == 29)
        #expect(rates.reading(at: start + .seconds(500)).accepted == 0)
    }
}
