package import Logging
package import Model

extension Failure {
    /// The level at which a part that tries again logs this.
    ///
    /// That Redis is away or refuses calls, its client reports once for the whole process.
    package var retryLogLevel: Logger.Level { code == .storeUnavailable ? .debug : .warning }
}
