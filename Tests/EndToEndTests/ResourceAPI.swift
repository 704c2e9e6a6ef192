import API
import Client
import Foundation
import Model
import TestKit
import Testing

/// The resource-style calls of a gateway, by their types; or as text, for what no client would send.
struct ResourceAPI: Sendable {
    let http: HTTPCalls
    private let client: APIClient

    init(http: HTTPCalls) throws {
        self.http = http
        client = try APIClient(base: http.base)
    }

    func call<Body, Answer>(
        _ endpoint: Endpoint<Body, Answer>,
        _ body: Body,
        id: Int? = nil
    ) async throws -> Answer {
        try await client.call(endpoint, id: id, body: body).answer
    }

    func call<Answer>(
        _ endpoint: Endpoint<NoBody, Answer>,
        _ id: Int? = nil,
        query: String? = nil
    ) async throws -> Answer {
        try await client.call(endpoint, id: id, query: query).answer
    }

    /// Makes a call that must fail.
    func problem<Answer>(_ call: () async throws -> Answer) async throws -> Problem {
        do {
            let answer = try await call()
            throw TestKitError("no failure: \(answer)")
        } catch ClientError.problem(let problem) {
            return problem
        }
    }

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
        try await body(try ResourceAPI(http: site.http), site)
    }
}

extension CreateVMRequest {
    /// A VM of the first type and the first image.
    static func vm(_ name: String = "a", _ placement: PlacementConstraints? = nil) throws -> Self {
        Self(name: name, type: TypeID(1), image: try #require(ImageID(100)), placement: placement)
    }

    /// A VM in the place of a hold.
    static func built(of hold: VMID) throws -> Self {
        Self(name: "mine", image: try #require(ImageID(100)), hold: hold)
    }
}

extension CreateHoldRequest {
    /// Room for a VM of the first type and the first image.
    static func hold(seconds: Int) throws -> Self {
        Self(type: try #require(TypeID(1)), image: try #require(ImageID(100)), seconds: seconds)
    }
}
