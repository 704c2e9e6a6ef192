import API
import Model

/// The HTTP status of a code that an answer names without one.
enum FailureStatus {
    /// - Returns: 500 for a code of a newer release.
    static func of(_ code: String) -> Int { FailureCode(rawValue: code)?.status ?? 500 }
}
