import Foundation
import Logging
import Model
import NIOConcurrencyHelpers
import RedisClient
import Store
import TestKit
import Testing

@testable import Worker

/// Answers as a test says, and keeps what it was sent.
final class PlayedReceiver: WebhookSender {
    private struct State {
        var answers: [WebhookAnswer] = []
        var messages: [WebhookMessage] = []
        var isStuck = false
    }

    private let state = NIOLockedValueBox(State())

    var messages: [WebhookMessage] { state.withLockedValue(\.messages) }

    /// What it answers next; 200 where nothing is said.
    func answer(_ answers: WebhookAnswer...) { state.withLockedValue { $0.answers += answers } }

    /// From now on it takes in messages, and answers none.
    func stick() { state.withLockedValue { $0.isStuck = true } }

    func send(_ message: WebhookMessage) async throws(Failure) -> WebhookAnswer {
        let (answer, isStuck) = state.withLockedValue { state in
            state.messages.append(message)
            return (state.answers.isEmpty ? .status(200) : state.answers.removeFirst(), state.isStuck)
        }
        // A cancelled sleep ends it.
        if isStuck { try? await Task.sleep(for: .seconds(3600)) }
        return answer
    }
}

extension WebhookMessage {
    struct Body: Decodable {
        struct Item: Decodable {
            let id: String
            let type: String
        }

        let kind: String
        let items: [Item]
    }

    var contents: Body {
        get throws { try JSONDecoder().decode(Body.self, from: Data(body.utf8)) }
    }
}

/// A Redis with a webhook, whose messages a holder sends to a receiver while a body runs.
final class WebhookSite: Sendable {
    let store: Store
    let webhook: WebhookID
    let receiver = PlayedReceiver()
    private let wake = WakeSignal()
    private let tasks = NIOLockedValueBox([Task<Void, Never>]())

    init(_ server: RedisServer, types: [String] = [], project: ProjectName? = nil) async throws {
        store = Store(redis: RedisClient(configuration: server.configuration))
        webhook = try await store.createWebhook(
            name: "a",
            url: "https://a/",
            types: types,
            project: project,
            secret: WebhookSecret()
        ).id
    }

    /// Begins to send, as a worker that has the right to.
    func start(_ holder: String = "w", policy: WebhookPolicy = .quick) async throws {
        for old in ["w", "other"] { try await store.release(.webhooks, holder: old) }
        #expect(try await store.hold(.webhooks, holder: holder, for: .seconds(60)))
        let queue = WebhookQueue(
            id: webhook,
            store: store,
            sender: receiver,
            holder: holder,
            policy: policy,
            wake: wake,
            logger: Self.logger
        )
        let wake = wake
        let ticks = Task {
            while !Task.isCancelled {
                wake.fire()
                try? await Task.sleep(for: .milliseconds(10))
            }
        }
        tasks.withLockedValue { $0 += [Task { await queue.run() }, ticks] }
    }

    func stop() async {
        for task in tasks.withLockedValue({ $0 }) {
            task.cancel()
            await task.value
        }
    }

    /// Has events happen, all at once.
    func happen(_ types: String...) async throws {
        _ = try await store.redis.pipeline(types.map { ["XADD", "hvc:events", "*", "type", $0, "vm", "1"] })
    }

    func until(_ count: Int) async throws {
        try await eventually("\(count) messages", every: .milliseconds(10)) { receiver.messages.count >= count }
    }

    var status: WebhookStatus {
        get async throws { try #require(try await store.webhookStatus(webhook)) }
    }

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func with(
        types: [String] = [],
        project: ProjectName? = nil,
        _ body: (WebhookSite) async throws -> Void
    ) async throws {
        let server = try await RedisServer.started()
        let site = try await WebhookSite(server, types: types, project: project)
        let result: Result<Void, any Error>
        do { result = .success(try await body(site)) } catch { result = .failure(error) }
        await site.stop()
        await site.store.redis.shutdown()
        try await server.stop()
        try result.get()
    }
}

extension WebhookPolicy {
    static var quick: Self {
        var policy = WebhookPolicy()
        (policy.firstDelay, policy.longestDelay) = (.milliseconds(5), .milliseconds(20))
        return policy
    }
}
