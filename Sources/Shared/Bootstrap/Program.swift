import Foundation
package import Logging
package import ServiceLifecycle
import UnixSignals

/// What both programs do at their start and at their end.
package enum Program {
    /// Where all loggers of the process write.
    package static let logWriter = LogWriter()

    /// Makes the process' logger.
    ///
    /// - Parameters:
    ///   - label: the program's name.
    ///   - level: from which level on lines are written.
    ///   - format: how they are written.
    /// - Returns: the logger.
    package static func logger(label: String, level: Logger.Level, format: LogFormat = .text) -> Logger {
        logWriter.format = format
        var logger = Logger(label: label) { label -> any LogHandler in
            switch format {
            case .text: LineLogHandler(label: label, writer: logWriter)
            case .json: JSONLogHandler(label: label, writer: logWriter)
            }
        }
        logger.logLevel = level
        return logger
    }

    /// Runs services until SIGTERM or SIGINT; they stop in the reverse order.
    ///
    /// - Parameters:
    ///   - services: what runs, the depended-on first.
    ///   - grace: how long a graceful stop may take before tasks are cancelled.
    ///   - logger: gets a line for start and stop.
    /// - Throws: what the first service to fail throws.
    package static func run(_ services: [any Service], grace: Duration, logger: Logger) async throws {
        // A peer that goes away while we write is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        defer { logWriter.flush() }
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = grace
        try await ServiceGroup(configuration: configuration).run()
    }
}
