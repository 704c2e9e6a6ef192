public import Logging
public import Model

/// What both programs are told by their environment.
public struct CommonSettings: Sendable {
    /// Where Redis is.
    public let redisURL: String
    /// Redis' password, where the URL has none.
    public let redisPassword: String
    /// What every Redis key starts with.
    public let prefix: String
    /// From which level on log lines are written.
    public let logLevel: Logger.Level

    private static let redisURLSetting = Setting<String>.text(
        "HVC_REDIS_URL",
        kind: "redis://[user@]host[:port][/db], rediss://… or unix:///path[?db=N]",
        fallback: "redis://127.0.0.1:6379",
        meaning: "Where Redis is."
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

    /// The settings, for `--help` and the docs.
    public static var descriptions: [SettingDescription] {
        [redisURLSetting.about, redisPasswordSetting.about, prefixSetting.about, logLevelSetting.about]
    }

    /// Reads the settings.
    ///
    /// - Parameter environment: the variables.
    /// - Throws: `Failure` that names the variable and what it takes.
    public init(environment: [String: String]) throws(Failure) {
        redisURL = try Self.redisURLSetting.value(in: environment)
        redisPassword = try Self.redisPasswordSetting.value(in: environment)
        prefix = try Self.prefixSetting.value(in: environment)
        logLevel = try Self.logLevelSetting.value(in: environment)
    }
}
