import Foundation
import NIOConcurrencyHelpers

/// A place in the code at which a test may have the process killed as by a power loss.
///
/// Only `HVC_TEST_CRASH` arms one, as `create.disk.made` or, for the third time it is reached, `create.disk.made:3`;
/// without it, `reach` compares with nil and returns.
package struct CrashPoint: Hashable, Sendable {
    package let name: String

    /// Names a point.
    ///
    /// - Parameter name: words with dots between them, from the whole to the part.
    package init(_ name: String) {
        self.name = name
    }

    /// Kills the process (SIGKILL) where this point is armed and it is its turn.
    package func reach() {
        guard let armed = Self.armed, armed.name == name else { return }
        let passes = Self.passes.withLockedValue { passes in
            passes += 1
            return passes
        }
        if passes == armed.pass { kill(getpid(), SIGKILL) }
    }

    private static let armed: (name: String, pass: Int)? = {
        let parts = ProcessInfo.processInfo.environment["HVC_TEST_CRASH"]?.split(separator: ":") ?? []
        return parts.first.map { (String($0), parts.count > 1 ? Int(parts[1]) ?? 1 : 1) }
    }()
    private static let passes = NIOLockedValueBox(0)
}
