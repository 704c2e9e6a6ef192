package import Logging
import Model
package import RedisClient

/// The settings of both programs, read from their environment.
package struct CommonSettings: Sendable {
    /// Where Redis is and how to log in there.
    package let redis: RedisConfiguration
    /// What every Redis key starts with.
    package let prefix: String
    /// From which level on log lines are written.
    package let logLevel: Logger.Level
    /// How they are written.
    package let logFormat: LogFormat
    /// Whether webhooks may have URLs without TLS.
    package let allowsWebhooksOverHTTP: Bool

    private static let redisURLSetting = Setting<String>.text(
        "HVC_REDIS_URL",
        kind: "redis://[user@]host[:port][/db], rediss://… or unix:///path[?db=N]",
        fallback: "redis://127.0.0.1:6379",
        meaning: "Where Redis is, 7.0 or newer."
    )
    private static let redisPasswordSetting = Setting<String>.text(
        "HVC_REDIS_PASSWORD",
        kind: "a password",
        isSecret: true,
        meaning: "Redis' password, where the URL has none."
    )
    private static let prefixSetting = Setting<String>(
        SettingDescription(
            "HVC_PREFIX",
            kind: "1 to 64 printable characters without a space",
            fallback: "hvc:",
            meaning: "What every Redis key starts with; `{name}:` keeps a cell in one slot of a Redis Cluster."
        ),
        fallback: "hvc:"
    ) { text in
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        return isPlain && (1...64).contains(text.utf8.count) ? text : nil
    }
    private static let logLevelSetting = Setting<Logger.Level>.choice(
        "HVC_LOG_LEVEL",
        fallback: .info,
        meaning: "From which level on log lines are written to standard error."
    )
    private static let logFormatSetting = Setting<LogFormat>.choice(
        "HVC_LOG_FORMAT",
        fallback: .text,
        meaning: "How log lines are written: for people, or as an object of JSON each."
    )

    private static let webhookHTTPSetting = Setting<Choice>.choice(
        "HVC_WEBHOOK_HTTP",
        fallback: .off,
        meaning:
            "Whether webhooks may have URLs with `http://`, whose messages anybody on the way can read; for all programs."
    )

    private enum Choice: String, CaseIterable, Sendable {
        case on
        case off
    }

    /// The settings, for `--help` and the docs.
    package static var descriptions: [SettingDescription] {
        [
            redisURLSetting.about, redisPasswordSetting.about, prefixSetting.about, logLevelSetting.about,
            logFormatSetting.about, webhookHTTPSetting.about,
        ]
    }

    /// Reads the settings.
    ///
    /// - Parameter reader: where they stand; it keeps what is wrong with them.
    package init(from reader: inout SettingsReader) {
        let url = reader.value(Self.redisURLSetting)
        let password = reader.value(Self.redisPasswordSetting)
        let redis = reader.attempt { () throws(Failure) in try Self.redis(at: url, password: password) }
        self.redis = redis ?? RedisConfiguration(endpoint: .tcp(host: "", port: 0))
        prefix = reader.value(Self.prefixSetting)
        logLevel = reader.value(Self.logLevelSetting)
        logFormat = reader.value(Self.logFormatSetting)
        allowsWebhooksOverHTTP = reader.value(Self.webhookHTTPSetting) == .on
    }

    private static func redis(at url: String, password: String) throws(Failure) -> RedisConfiguration {
        do {
            var configuration = try RedisConfiguration(url: url)
            if configuration.password == nil, !password.isEmpty { configuration.password = password }
            return configuration
        } catch {
            throw Failure(.invalidRequest, "HVC_REDIS_URL cannot be used: correct it", cause: "\(error)")
        }
    }
}
