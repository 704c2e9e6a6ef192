public import Logging
public import Model
public import RedisClient

extension CommonSettings {
    /// Makes the client for the Redis that the settings name.
    ///
    /// - Parameters:
    ///   - name: what `CLIENT LIST` shows.
    ///   - patience: how long a call waits for a connection while there is none.
    ///   - logger: hears of connections made and lost.
    /// - Returns: the client, not connected yet.
    /// - Throws: `Failure` where the URL is none.
    public func makeRedisClient(
        name: String,
        patience: Duration,
        logger: Logger
    ) throws(Failure) -> RedisClient {
        do {
            var configuration = try RedisConfiguration(url: redisURL)
            if configuration.password == nil, !redisPassword.isEmpty { configuration.password = redisPassword }
            configuration.clientName = name
            configuration.waitForConnection = patience
            return RedisClient(configuration: configuration, logger: logger)
        } catch {
            throw Failure(.invalidRequest, "HVC_REDIS_URL cannot be used: mend it", cause: "\(error)")
        }
    }
}
