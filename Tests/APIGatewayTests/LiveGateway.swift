import Foundation
import RedisClient
import Store
import TestKit

/// The gateway as a process, for what takes sockets, signals or its log; all else is tested on an ``InProcessGateway``.
final class LiveGateway: PlayedFleet {
    let server: RedisServer
    let store: Store
    let process: ChildProcess
    let port: Int
    let http: HTTPCalls

    private init(environment: [String: String], descriptors: Int?, on server: RedisServer) async throws {
        self.server = server
        store = Store(redis: RedisClient(configuration: server.configuration))
        var settings = ["HVC_REDIS_URL": server.url, "HVC_PORT": "0", "PATH": "/usr/bin:/bin"]
        settings.merge(environment) { _, new in new }
        let program = try BuiltProgram.path("hvc-gateway", ofTests: settings["HVC_TLS_CERT_FILE"] != nil)
        let limit = descriptors.map { "ulimit -n \($0); " } ?? ""
        process = try ChildProcess("bash", ["-c", limit + #"exec "$0""#, program], environment: settings)
        let line = try await process.waitForLine(containing: "listening address=", within: .seconds(30))
        guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else { throw TestKitError(line) }
        self.port = port
        http = HTTPCalls(base: "http://127.0.0.1:\(port)")
    }

    static func with(
        _ environment: [String: String] = [:],
        descriptors: Int? = nil,
        on other: RedisServer? = nil,
        _ body: (LiveGateway) async throws -> Void
    ) async throws {
        let server = if let other { other } else { try await RedisServer.started() }
        let gateway = try await LiveGateway(environment: environment, descriptors: descriptors, on: server)
        let result: Result<Void, any Error>
        do { result = .success(try await body(gateway)) } catch { result = .failure(error) }
        _ = try await gateway.process.kill()
        await gateway.store.redis.shutdown()
        if other == nil { try await server.stop() }
        try result.get()
    }
}
