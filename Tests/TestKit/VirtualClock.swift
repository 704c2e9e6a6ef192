import Foundation

/// A clock of the day that stands still until a test sets it, for a program that runs beside; its steady clocks go on.
package struct VirtualClock: Sendable {
    private let library: String
    private let directory: TemporaryDirectory
    private let file: FileHandle

    /// Makes a clock.
    ///
    /// - Parameter microseconds: what it shows, since 1970.
    /// - Throws: ``TestKitError`` where it cannot be built.
    package init(microseconds: Int) async throws {
        library = try await ClockLibrary.path()
        directory = try TemporaryDirectory()
        let path = directory.file("clock")
        try Data().write(to: URL(filePath: path))
        guard let file = FileHandle(forUpdatingAtPath: path) else { throw TestKitError("\(path) cannot be written") }
        self.file = file
        try show(microseconds: microseconds)
    }

    /// Sets it.
    package func show(microseconds: Int) throws {
        try file.seek(toOffset: 0)
        try file.write(contentsOf: withUnsafeBytes(of: Int64(microseconds)) { Data($0) })
    }

    /// The environment of a program that goes by it.
    package var environment: [String: String] {
        ["LD_PRELOAD": library, "CLOCK_FILE": directory.file("clock")]
    }
}
