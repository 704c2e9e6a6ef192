import Foundation

/// The programs of this package, as they were built with the tests.
public enum BuiltProgram {
    /// The path of a product.
    ///
    /// - Parameter name: its name, such as `hvc-gateway`.
    /// - Returns: its path.
    /// - Throws: ``TestKitError`` where it is not beside the tests.
    public static func path(_ name: String) throws -> String {
        let places = CommandLine.arguments.filter { $0.hasSuffix(".xctest") } + CommandLine.arguments.prefix(1)
        for place in places {
            let path = URL(filePath: place).deletingLastPathComponent().appending(path: name).path()
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw TestKitError("\(name) is not beside the tests (\(places)): build the whole package")
    }
}
