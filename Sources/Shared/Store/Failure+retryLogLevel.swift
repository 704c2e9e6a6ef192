public import Logging
public import Model

extension Failure {
    /// The level at which a part that tries again logs this.
    ///
    /// That Redis is away or refuses calls is said once for the whole process, by its client.
    public var retryLogLevel: Logger.Level { code == .storeUnavailable ? .debug : .warning }
}
