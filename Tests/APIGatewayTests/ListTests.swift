import API
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("Lists come in pages")
struct ListTests {
    /// A page, whatever its items are.
    private struct AnyPage: Decodable {
        let items: [JSONValue]
        let nextCursor: String?
        let eventsCursor: String

        private enum CodingKeys: String, CodingKey {
            case items
            case nextCursor = "next_cursor"
            case eventsCursor = "events_cursor"
        }
    }

    private static let lists = Endpoints.all.filter {
        $0.query.contains(.optional("cursor")) && !$0.path.description.contains("{")
    }

    private static let settings = ["HVC_API_TOKEN": "0123456789abcdef"]
    private static let headers = ["Authorization": "Bearer 0123456789abcdef"]

    private func page(_ path: String, _ gateway: InProcessGateway) async throws -> AnyPage {
        let answer = try await gateway.http.call(path, headers: Self.headers)
        #expect(answer.status == 200, "\(path): \(answer)")
        return try JSONDecoder().decode(AnyPage.self, from: Data(answer.body.utf8))
    }

    private func post(_ path: String, _ body: String, _ gateway: InProcessGateway) async throws {
        let answer = try await gateway.http.call(path, method: "POST", headers: Self.headers, body: body)
        #expect(200..<300 ~= answer.status, "\(path): \(answer)")
    }

    private static let sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)

    /// Seven objects or more of each kind.
    private func fill(_ gateway: InProcessGateway) async throws {
        let listings = try (1...7).map { PMListing(address: try PMAddress("host\($0)")) }
        let pms = try await gateway.store.register(machines: listings)
        _ = try await gateway.store.register(types: (1...7).map { Resources(cpu: $0, ram: 512, disk: 1) })
        let facts = ImageRegistration.Facts(format: .qcow2, fileBytes: 1, diskBytes: 1, fingerprint: "a")
        _ = try await gateway.store.register(
            images: (1...7).map { ImageRegistration(path: "/\($0).qcow2", name: "i\($0)", facts: facts) }
        )
        let capacity = Resources(cpu: 64, ram: 65536, disk: 160)
        for pm in pms {
            let report = DiscoveryReport(state: .up, measure: PMMeasure(capacity: capacity, available: capacity))
            try await gateway.store.record(report, of: pm, next: .seconds(60))
        }
        let (type, image) = (try #require(TypeID(1)), try #require(ImageID(100)))
        try await gateway.store.register(
            networks: (1...7).map { ("n\($0)", VMNetwork(kind: .libvirt, name: "n\($0)")) }
        )
        for _ in 1...7 {
            _ = try await gateway.store.enqueueHold(type: type, image: image, seconds: 600, request: "r")
            try await gateway.work()
        }
        for number in 1...7 {
            try await post("/v1/projects", #"{"name":"p\#(number)"}"#, gateway)
            try await post("/v1/ssh-keys", #"{"name":"k\#(number)","key":"\#(Self.sshKey)"}"#, gateway)
            try await post(
                "/v1/webhooks",
                #"{"name":"w\#(number)","url":"https://receiver.example/\#(number)"}"#,
                gateway
            )
            try await post("/v1/batches", #"{"vms":[{"name":"b","instance_type":1,"image_id":100}]}"#, gateway)
            _ = try await gateway.store.enqueueCreate(
                name: "v\(number)",
                type: type,
                image: image,
                constraints: PlacementConstraints(groups: ["g\(number)": .spread]),
                request: "r"
            )
            let digest = String(repeating: "\(number)", count: 64)
            _ = try await gateway.store.createToken(name: "t", role: .viewer, digest: digest, seconds: nil)
            try await gateway.store.announce(
                worker: "w\(number)",
                fields: ["lease_ms": "60000"],
                lifetime: .seconds(60)
            )
        }
    }

    @Test("Page by page each object comes once, in the order of the whole list")
    func pages() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            try await fill(gateway)
            for list in Self.lists {
                let path = list.path.description
                let whole = try await page(path, gateway)
                #expect(whole.items.count >= 7 && whole.nextCursor == nil, "\(path)")
                for limit in [1, 3, 7, 500] {
                    var items: [JSONValue] = []
                    var cursor: String?
                    repeat {
                        let more = cursor.map { "&cursor=\($0)" } ?? ""
                        let part = try await page("\(path)?limit=\(limit)\(more)", gateway)
                        #expect(part.items.count <= limit && !part.items.isEmpty, "\(path)")
                        #expect(part.eventsCursor == whole.eventsCursor, "\(path)")
                        items += part.items
                        cursor = part.nextCursor
                    } while cursor != nil
                    #expect(items == whole.items, "\(path) by \(limit)")
                }
            }
        }
    }

    @Test("A page after the last object that has gone meanwhile goes on behind it")
    func gone() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            try await fill(gateway)
            let first = try await page("/v1/vms?limit=3", gateway)
            let cursor = try #require(first.nextCursor)
            _ = try await gateway.store.redis.send(["ZREM", "hvc:vms", "3", "4"])
            let second = try await page("/v1/vms?limit=2&cursor=\(cursor)", gateway)
            #expect(second.items.compactMap { $0["id"] } == [5, 6])
            // The index has it still, and the record is gone.
            _ = try await gateway.store.redis.send(["DEL", "hvc:vm:5"])
            let third = try await page("/v1/vms?limit=2&cursor=\(cursor)", gateway)
            #expect(third.items.compactMap { $0["id"] } == [6] && third.nextCursor != nil)
        }
    }

    @Test("A cursor of another list, one that is none and a limit out of range are refused")
    func refusals() async throws {
        try await InProcessGateway.with(Self.settings) { gateway in
            try await fill(gateway)
            let other = ListCursor(list: "another", position: "1").description
            let queries = [
                "cursor=\(other)", "cursor=1", "cursor=", "cursor=zz", "limit=0", "limit=501", "limit=+1",
            ]
            for list in Self.lists {
                for query in queries {
                    let answer = try await gateway.http.call("\(list.path)?\(query)", headers: Self.headers)
                    #expect(answer.status == 400 && answer.body.contains("invalid_request"), "\(query): \(answer)")
                }
            }
        }
    }
}
