import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import RedisClient
import ServiceLifecycle
import Store
import TestKit

@testable import APIGateway

/// The gateway without a socket: requests go straight to its router.
///
/// It follows a Redis server of its own.
final class InProcessGateway: PlayedFleet {
    let server: RedisServer
    let store: Store
    let http: InProcessCalls
    private let gateway: Gateway
    var events: EventLog { gateway.events }
    var levels: VMLevels { gateway.levels }
    var consoles: ConsoleFeed { gateway.consoles }
    var outcomes: JobOutcomes { gateway.outcomes }

    private init(environment: [String: String]) async throws {
        server = try await RedisServer.started()
        store = Store(redis: RedisClient(configuration: server.configuration))
        var settings = ["HVC_REDIS_URL": server.url, "HVC_LOG_LEVEL": "critical"]
        settings.merge(environment) { _, new in new }
        gateway = try Gateway(settings: GatewaySettings(environment: settings))
        http = InProcessCalls(gateway: gateway)
    }

    static func with(
        _ environment: [String: String] = [:],
        _ body: @Sendable (InProcessGateway) async throws -> Void
    ) async throws {
        let fixture = try await InProcessGateway(environment: environment)
        let result = await withThrowingTaskGroup(of: Void.self) { group in
            for loop in fixture.gateway.loops { group.addTask { try await loop.run() } }
            defer { group.cancelAll() }
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            return result
        }
        await fixture.store.redis.shutdown()
        try await fixture.server.stop()
        try result.get()
    }
}

/// Calls of a gateway's router.
struct InProcessCalls: Sendable {
    let base = "http://127.0.0.1:8080"
    fileprivate let gateway: Gateway

    /// Makes a call; the parameters are those of `HTTPCalls.call`.
    func call(
        _ path: String,
        method: String = "GET",
        headers: [String: String] = [:],
        body: String? = nil
    ) async throws -> HTTPAnswer {
        try await call(path, method: method, headers: headers, bytes: body.map { Array($0.utf8) })
    }

    /// Makes a call whose body may be no text.
    func call(
        _ path: String,
        method: String,
        headers: [String: String] = [:],
        bytes body: [UInt8]?
    ) async throws -> HTTPAnswer {
        guard let method = HTTPRequest.Method(method) else { throw TestKitError("no method: \(method)") }
        var head = HTTPRequest(method: method, scheme: "http", authority: "127.0.0.1:8080", path: path)
        for (name, value) in headers {
            guard let name = HTTPField.Name(name) else { throw TestKitError("no name of a field: \(name)") }
            head.headerFields.append(HTTPField(name: name, value: value))
        }
        let bytes = ByteBuffer(bytes: body ?? [])
        if body != nil { head.headerFields[.contentLength] = "\(bytes.readableBytes)" }
        let context = GatewayContext(
            source: ApplicationRequestContextSource(
                channel: NIOAsyncTestingChannel(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        let request = Request(head: head, body: RequestBody(buffer: bytes))
        let response = try await gateway.responder.respond(to: request, context: context)
        let writer = CollectingWriter()
        try await response.body.write(writer)
        return HTTPAnswer(
            status: response.status.code,
            body: String(buffer: writer.collected.withLockedValue { $0 }),
            headers: Dictionary(response.headers.map { ($0.name.canonicalName, $0.value) }) { first, _ in first }
        )
    }
}

private struct CollectingWriter: ResponseBodyWriter {
    let collected = NIOLockedValueBox(ByteBuffer())

    mutating func write(_ buffer: ByteBuffer) async throws {
        _ = collected.withLockedValue { $0.writeImmutableBuffer(buffer) }
    }

    consuming func finish(_ trailers: HTTPFields?) async throws {}
}
