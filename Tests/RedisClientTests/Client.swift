import Logging
import RedisClient
import TestKit
import Testing

/// Runs a test with a client that is shut down at its end.
///
/// - Parameters:
///   - configuration: How the client reaches the server.
///   - body: The test.
/// - Returns: What the body returns.
/// - Throws: What the body throws.
@discardableResult
func withClient<Result>(
    _ configuration: RedisConfiguration,
    _ body: (RedisClient) async throws -> Result
) async throws -> Result {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let client = RedisClient(configuration: configuration, logger: logger)
    do {
        let result = try await body(client)
        await client.shutdown()
        return result
    } catch {
        await client.shutdown()
        throw error
    }
}

/// Expects a call to fail with a certain code.
///
/// - Parameters:
///   - code: The code.
///   - sourceLocation: Where the expectation stands.
///   - call: The call.
/// - Returns: The error, for a closer look.
@discardableResult
func expectError(
    _ code: RedisError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () async throws -> Void
) async -> RedisError? {
    do {
        try await call()
        Issue.record("no error where \(code) is due", sourceLocation: sourceLocation)
    } catch let error as RedisError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record("\(error) where \(code) is due", sourceLocation: sourceLocation)
    }
    return nil
}

extension Result where Failure == RedisError {
    /// The error of a failure.
    var error: RedisError? {
        if case .failure(let error) = self { error } else { nil }
    }
}

extension RedisConfiguration {
    /// This configuration with one setting changed.
    ///
    /// - Parameters:
    ///   - setting: The setting.
    ///   - value: Its value.
    /// - Returns: The changed configuration.
    func with<Value>(_ setting: WritableKeyPath<RedisConfiguration, Value>, _ value: Value) -> RedisConfiguration {
        var changed = self
        changed[keyPath: setting] = value
        return changed
    }
}
