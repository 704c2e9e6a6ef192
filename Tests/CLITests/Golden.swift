import Foundation
import Testing

/// Texts that stand in files of `Golden/`, one each, to be read by people.
enum Golden {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    /// Expects a text to be that of a file; with `HVC_TEST_GOLDEN=write` the file is written anew, for people to compare.
    static func expect(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let file = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["HVC_TEST_GOLDEN"] == "write" {
            try Data(text.utf8).write(to: file)
        }
        let golden = (try? Data(contentsOf: file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(text == golden, "Golden/\(name)", sourceLocation: sourceLocation)
    }
}
