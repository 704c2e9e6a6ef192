import API
import HTTPTypes
import Hummingbird
import Model
import NIOConcurrencyHelpers

/// What a handler answers: at once, or after a wait.
///
/// A wait begins once the handler and all that called it have returned, so that their frames are not in memory for as long as
/// the caller waits.
enum Answer<Value: Sendable>: Sendable {
    case ready(Value)
    case awaited(@Sendable () async throws(Failure) -> Value)

    /// The value, once what is awaited has ended.
    func value() async throws(Failure) -> Value {
        switch self {
        case .ready(let value): value
        case .awaited(let wait): try await wait()
        }
    }

    /// The answer to which a further step leads.
    func map<Next>(
        _ step: @escaping @Sendable (Value) async throws(Failure) -> Next
    ) async throws(Failure) -> Answer<Next> {
        switch self {
        case .ready(let value): .ready(try await step(value))
        case .awaited(let wait): .awaited { () async throws(Failure) in try await step(try await wait()) }
        }
    }
}

/// The wait that the handler of a request leaves to be done when it has returned.
final class RemainingWait: Sendable {
    /// A wait; a value of its own, since each closure that is kept as one of any type costs a frame at its call.
    struct Wait: Sendable {
        let run: @Sendable () async -> Response
    }

    private let wait = NIOLockedValueBox(Wait?.none)

    /// Leaves a wait.
    ///
    /// - Returns: what stands for the answer on its way out; nobody sees it.
    func leave(_ wait: @escaping @Sendable () async -> Response) -> Response {
        self.wait.withLockedValue { $0 = Wait(run: wait) }
        return Response(status: .accepted)
    }

    /// Takes the wait over; nil where there is none.
    func take() -> Wait? {
        wait.withLockedValue { wait in
            defer { wait = nil }
            return wait
        }
    }
}

extension GatewayContext {
    /// The response to a call, or what stands for it while its wait is left.
    func response<Value>(
        _ answer: Answer<Value>,
        _ written: @escaping @Sendable (Value) -> Response,
        failed: @escaping @Sendable (Failure) -> Response
    ) -> Response {
        switch answer {
        case .ready(let value): return written(value)
        case .awaited(let wait):
            return remainingWait.leave {
                do throws(Failure) { return written(try await wait()) } catch { return failed(error) }
            }
        }
    }
}

/// Answers requests: waits where their handlers have left that to be done.
struct WaitingResponder: HTTPResponder {
    let router: RouterResponder<GatewayContext>

    func respond(to request: Request, context: GatewayContext) async throws -> Response {
        let response =
            if request.mayWait {
                try await respondApart(to: request, context)
            } else {
                try await router.respond(to: request, context: context)
            }
        guard let wait = context.remainingWait.take() else { return response }
        return await wait.run()
    }

    /// Answers in a task of its own.
    ///
    /// A task keeps its stack at its largest until it ends, and that of the connection goes on through the wait. For a
    /// request that does not wait this would only cost time.
    @inline(never)
    private func respondApart(to request: Request, _ context: GatewayContext) async throws -> Response {
        async let response = router.respond(to: request, context: context)
        return try await response
    }
}

extension Request {
    /// Whether its handler may leave a wait.
    fileprivate var mayWait: Bool {
        uri.query?.contains("wait=") == true || headers[.prefer] != nil || Self.waitingPaths.contains(uri.path)
    }

    /// The calls of the legacy API that wait without being asked to.
    private static let waitingPaths: Set<String> = [
        Endpoints.legacyCreateVM.description.path.description,
        Endpoints.legacyDestroyVM.description.path.description,
    ]
}
