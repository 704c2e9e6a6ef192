import Foundation

/// The programs of this package: those in the folder that `HVC_TEST_PROGRAMS` names, else as they were built with the tests.
package enum BuiltProgram {
    /// The path of a product.
    ///
    /// - Parameters:
    ///   - name: its name, such as `hvc-gateway`.
    ///   - isOfTests: whether it must be the one that was built with the tests, since only that has their traits for certain.
    /// - Returns: its path.
    /// - Throws: ``TestKitError`` where it is not there.
    package static func path(_ name: String, ofTests isOfTests: Bool = false) throws -> String {
        let folder = ProcessInfo.processInfo.environment["HVC_TEST_PROGRAMS"]
        if let folder, !folder.isEmpty, !isOfTests {
            let path = URL(filePath: folder).appending(path: name).path()
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw TestKitError("HVC_TEST_PROGRAMS has no \(name): build it there")
            }
            return path
        }
        let places = CommandLine.arguments.filter { $0.hasSuffix(".xctest") } + CommandLine.arguments.prefix(1)
        for place in places {
            let path = URL(filePath: place).deletingLastPathComponent().appending(path: name).path()
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw TestKitError("\(name) is not beside the tests (\(places)): build the whole package")
    }
}
