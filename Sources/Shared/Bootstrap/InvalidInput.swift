package import Model

/// All that is wrong with a program's settings and files.
package struct InvalidInput: Error {
    /// The faults, in the order in which they were found; one at least.
    package let failures: [Failure]

    package init(_ failures: [Failure]) {
        self.failures = failures
    }

    /// The faults as one, for a log that has one line for them.
    package var failure: Failure {
        Failure(.invalidRequest, failures.map(\.text).joined(separator: "; "))
    }
}

extension Failure {
    /// Message and cause, without the code: what a person reads at a terminal.
    var text: String { cause.map { "\(message) (\($0))" } ?? message }
}
