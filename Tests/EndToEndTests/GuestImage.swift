import Foundation
import TestKit

/// The tiny bootable image, built once a test run from Debian packages.
enum GuestImage {
    /// The image's path; made by deploy/guest/build.sh, which keeps what it fetched.
    static func path() async throws -> String { try await built.value }

    private static let built = Task {
        let path = root.appending(path: "var/test/hello.qcow2").path()
        let build = try ChildProcess("bash", [root.appending(path: "deploy/guest/build.sh").path(), path])
        guard try await build.waitForExit(within: .seconds(300)) == .status(0) else {
            throw TestKitError("deploy/guest/build.sh failed:\n\(build.text)")
        }
        return path
    }

    /// The project's folder.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
