import Foundation

/// A directory of a test's own, removed with all that is in it by ``remove()`` or when the object goes.
///
/// Its path is short, so that a unix socket's path (107 bytes at most) fits into it.
package final class TemporaryDirectory: Sendable {
    /// The directory's absolute path.
    package let path: String

    /// Makes a directory under the system's temporary directory.
    ///
    /// - Parameter prefix: How its name starts.
    /// - Throws: ``TestKitError`` where it cannot be made.
    package init(prefix: String = "hvc") throws {
        let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        var template = Array("\(parent)/\(prefix).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            let reason = String(cString: strerror(errno))
            throw TestKitError("cannot make a directory in \(parent): \(reason)")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        remove()
    }

    /// The path of something in the directory.
    ///
    /// - Parameter name: Its name, or its path relative to the directory.
    /// - Returns: The absolute path.
    package func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// Removes the directory and all that is in it; does nothing the second time.
    package func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
