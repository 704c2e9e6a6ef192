package import Logging
package import RedisClient

extension CommonSettings {
    /// Makes the client for the Redis that the settings name.
    ///
    /// - Parameters:
    ///   - name: what `CLIENT LIST` shows.
    ///   - waitForConnection: how long a call waits for a connection while there is none.
    ///   - logger: gets a line for each connection made or lost.
    /// - Returns: the client, not connected yet.
    package func makeRedisClient(name: String, waitForConnection: Duration, logger: Logger) -> RedisClient {
        var configuration = redis
        configuration.clientName = name
        configuration.waitForConnection = waitForConnection
        return RedisClient(configuration: configuration, logger: logger)
    }
}
