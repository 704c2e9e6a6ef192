package import Model

/// Reads settings from an environment and keeps what is wrong with them, so that all faults are reported at once.
package struct SettingsReader: Sendable {
    /// The variables.
    package let environment: [String: String]
    private var failures: [Failure] = []

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// A setting's value.
    ///
    /// - Returns: what it is set to; its fallback where that cannot be taken, which `finish` then reports.
    package mutating func value<Value>(_ setting: Setting<Value>) -> Value {
        let environment = environment
        return attempt { () throws(Failure) in try setting.value(in: environment) } ?? setting.fallback
    }

    /// Runs a part of the reading and keeps its fault.
    ///
    /// - Parameter body: the part.
    /// - Returns: what it returns; nil where it throws.
    package mutating func attempt<Value>(_ body: () throws(Failure) -> Value) -> Value? {
        do throws(Failure) {
            return try body()
        } catch {
            failures.append(error)
            return nil
        }
    }

    /// Keeps faults that were found elsewhere.
    package mutating func note(_ faults: [Failure]) {
        failures += faults
    }

    /// Ends the reading: what was read may be used where this does not throw.
    ///
    /// - Throws: `InvalidInput` with all faults.
    package func finish() throws(InvalidInput) {
        guard failures.isEmpty else { throw InvalidInput(failures) }
    }
}
