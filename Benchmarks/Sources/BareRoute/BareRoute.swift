import HTTPTypes
import Hummingbird
import NIOCore
import RedisClient

/// What `/vm/query` would cost with nothing around it: one Hummingbird route, one HMGET through the same client.
///
/// Usage: `BareRoute REDIS_URL`. Hummingbird logs the address that it listens on.
@main
struct BareRoute {
    static func main() async throws {
        let redis = RedisClient(configuration: try RedisConfiguration(url: CommandLine.arguments.last ?? ""))
        let router = Router()
        router.get("/vm/query") { request, _ -> Response in
            guard let vm = request.uri.queryParameters["vmid"] else { throw HTTPError(.badRequest) }
            // As `Store.summary(of:)` asks, and `VMController.query` answers.
            let fields = try await redis.send(["HMGET", "hvc:vm:\(vm)", "name", "type", "pm"]).array ?? []
            guard fields.count == 3, let name = fields[0].string, let type = fields[1].int else {
                throw HTTPError(.notFound)
            }
            let json = "{\"vmid\":\(vm),\"name\":\"\(name)\",\"instance_type\":\(type),\"pmid\":\(fields[2].int ?? 0)}"
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: json))
            )
        }
        try await Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0), backlog: 1024)
        )
        .runService()
    }
}
