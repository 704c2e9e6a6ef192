import ServiceLifecycle

/// A service that is a loop: it runs until its task is cancelled.
package struct LoopService: Service {
    private let body: @Sendable () async throws -> Void

    /// Makes a service.
    ///
    /// - Parameter body: the loop; it returns when its task is cancelled.
    package init(_ body: @escaping @Sendable () async throws -> Void) {
        self.body = body
    }

    /// Runs the loop until a graceful shutdown or cancellation.
    ///
    /// - Throws: what the loop throws.
    package func run() async throws {
        try await cancelWhenGracefulShutdown { try await body() }
    }
}
