import Foundation
import TestKit
import Testing

/// The resource-style calls of a gateway.
struct ResourceAPI: Sendable {
    let http: HTTPCalls

    func answer(_ method: String, _ path: String, _ body: String?) async throws -> HTTPAnswer {
        try await http.call(path, method: method, headers: ["Content-Type": "application/json"], body: body)
    }

    func call(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        _ status: Int = 200
    ) async throws -> [String: Any] {
        let answer = try await answer(method, path, body)
        #expect(answer.status == status, "\(method) \(path): \(answer)")
        let value = try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any]
        return try #require(value, "\(answer)")
    }
}

/// Runs a body on an installation whose PMs are simulated, once all of them are up; without workers none ever is.
func withSimulatedFleet(
    _ count: Int,
    _ options: String = "",
    type: (cpu: Int, ram: Int, disk: Int) = (1, 64, 1),
    workers: Int = 1,
    environment: [String: String] = [:],
    _ body: (ResourceAPI, Installation) async throws -> Void
) async throws {
    let folder = try TemporaryDirectory()
    var environment = environment
    environment["HVC_FLEET"] = "simulated:\(count),latency_ms=0\(options)"
    try await Installation.with(
        machines: [],
        images: [try HaltImage.write(to: folder.file("halt.img"))],
        types: #""types": [{"cpu": \#(type.cpu), "ram": \#(type.ram), "disk": \#(type.disk)}]"#,
        workers: workers,
        environment: environment
    ) { site, _ in
        if workers > 0 { for pm in 1...count { try await site.waitUntilUp(pm) } }
        try await body(ResourceAPI(http: site.http), site)
    }
}
