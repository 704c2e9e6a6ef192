import Foundation
import RedisClient
import TestKit
import Testing

@Suite("User data of guests")
struct SecretUserDataTests {
    private static let marker = "a-marker-that-stands-nowhere-else"

    /// What all keys hold, as text.
    private func everything(_ redis: RedisClient) async throws -> [String: String] {
        var found: [String: String] = [:]
        for key in try await redis.send(["KEYS", "*"]).strings ?? [] {
            let type = try await redis.send(["TYPE", key]).string
            let reply =
                switch type {
                case "hash": try await redis.send(["HGETALL", key])
                case "list": try await redis.send(["LRANGE", key, "0", "-1"])
                case "set": try await redis.send(["SMEMBERS", key])
                case "zset": try await redis.send(["ZRANGE", key, "0", "-1"])
                case "stream": try await redis.send(["XRANGE", key, "-", "+"])
                default: try await redis.send(["GET", key])
                }
            found[key] = "\(reply)"
        }
        return found
    }

    @Test(
        "After the create they stand in no key, with the domain's metadata among them, no log line and no answer",
        .timeLimit(.minutes(1))
    )
    func nowhere() async throws {
        let folder = try TemporaryDirectory()
        try await Installation.with(
            machines: [],
            images: [try HaltImage.write(to: folder.file("halt.img"))],
            types: #""types": [{"cpu": 1, "ram": 512, "disk": 1}]"#,
            workers: 0,
            environment: ["HVC_FLEET": "simulated:2", "HVC_LOG_LEVEL": "trace"]
        ) { site, _ in
            let worker = try await site.startWorker("w")
            for pm in 1...2 { try await site.waitUntilUp(pm) }
            let fields = #""name":"a","instance_type":1,"image_id":100"#
            let texts = [#""user_data":"\#(Self.marker)""#, #""network_config":"\#(Self.marker)""#]
            for (index, text) in texts.enumerated() {
                let answer = try await site.http.call("/v1/vms?wait=30", method: "POST", body: "{\(fields),\(text)}")
                #expect(answer.status == 201 && !answer.body.contains(Self.marker), "\(answer)")
                for path in [
                    "vms/\(index + 1)", "jobs/\(index + 1)", "jobs/\(index + 1)/explanation", "events?since=0-0&wait=0",
                ] {
                    #expect(try await !site.http.call("/v1/\(path)").body.contains(Self.marker), "\(path)")
                }
            }
            // One that fails, since nothing is so large, and one that is refused.
            let refused =
                #"{"name":"a","instance_type":1,"image_id":100,"user_data":"\#(Self.marker)","placement":{"tags":["x"]}}"#
            #expect(try await site.http.call("/v1/vms?wait=30", method: "POST", body: refused).status == 409)
            let invalid = #"{"name":"","instance_type":1,"image_id":100,"user_data":"\#(Self.marker)"}"#
            #expect(try await !site.http.call("/v1/vms", method: "POST", body: invalid).body.contains(Self.marker))
            let keys = try await everything(site.redis)
            #expect(keys.keys.contains { $0.hasPrefix("hvc:simulated:") }, "the metadata of the domains are among them")
            #expect(keys.filter { $0.key.contains(Self.marker) || $0.value.contains(Self.marker) }.isEmpty)
            #expect(keys["hvc:vm:1"]?.contains("user_data=33:") == true)
            for log in [worker.text, site.gateway.text] {
                #expect(!log.isEmpty && !log.contains(Self.marker))
            }
            for command in [["trace"], ["audit"]] {
                let program = try site.program("hvc-worker", command)
                _ = try await program.waitForExit(within: .seconds(30))
                #expect(!program.text.contains(Self.marker))
            }
        }
    }
}
