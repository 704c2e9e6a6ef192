import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Answers the requests of all connections.
///
/// In place of Hummingbird's own, which makes a logger for each request and keeps it, and larger frames, for as long as a
/// caller waits.
struct RequestAnswers: Sendable {
    let responder: WaitingResponder
    let logger: Logger
    private let date = DateField()

    init(responder: WaitingResponder, logger: Logger) {
        (self.responder, self.logger) = (responder, logger)
    }

    /// Answers one request.
    @concurrent
    func answer(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        var response = try await responder.respond(
            to: request,
            context: GatewayContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        )
        response.headers[.date] = date.now
        try await writer.write(response: response.head, body: response.body)
    }
}
