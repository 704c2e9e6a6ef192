import Foundation

/// A shared library that a program loads before all others, so that what it defines is called instead of theirs (ld.so(8)).
struct PreloadedLibrary {
    private let directory: TemporaryDirectory

    /// For `LD_PRELOAD`.
    let path: String

    /// Builds it with the C compiler, which Swift needs anyway.
    init(source text: String) async throws {
        directory = try TemporaryDirectory()
        path = directory.file("library.so")
        let source = directory.file("library.c")
        try text.write(toFile: source, atomically: true, encoding: .utf8)
        let compiler = try ChildProcess("/usr/bin/cc", ["-shared", "-fPIC", "-O1", "-o", path, source])
        guard try await compiler.waitForExit(within: .seconds(30)) == .status(0) else {
            throw TestKitError("cc: \(compiler.text)")
        }
    }
}
