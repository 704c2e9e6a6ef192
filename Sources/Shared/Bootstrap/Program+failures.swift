import ArgumentParser
import Foundation
import Model

extension Program {
    /// The version of both programs, for `--version`.
    package static let version = Release.version

    /// Runs a command; what it fails with is printed as `NAME: reason`, a line each and without the usage text.
    ///
    /// - Parameters:
    ///   - name: the program's name.
    ///   - body: the command.
    /// - Throws: `ExitCode` 64 (`EX_USAGE` of sysexits.h) after a failure that was printed; what else the body throws.
    package static func reportingFailures(as name: String, _ body: () async throws -> Void) async throws {
        let failures: [Failure]
        do {
            return try await body()
        } catch let input as InvalidInput {
            failures = input.failures
        } catch let failure as Failure {
            failures = [failure]
        }
        // What was logged before comes first.
        logWriter.flush()
        for failure in failures { print(failure.text, as: name) }
        throw ExitCode(64)
    }

    /// Prints warnings as a check does.
    ///
    /// - Parameters:
    ///   - warnings: the warnings.
    ///   - name: the program's name.
    package static func print(warnings: [String], as name: String) {
        for warning in warnings { print("warning: \(warning)", as: name) }
    }

    private static func print(_ text: String, as name: String) {
        logWriter.write("\(name): \(LogText.escaped(text))\n", isUrgent: true)
    }
}
