import Foundation
import Model
import TestKit
import Testing

@testable import Worker

func inspect(_ path: String, roots: [String] = []) async throws -> ImageFile {
    let image = Image(id: try #require(ImageID(100)), name: "x", path: path)
    return try await ImageInspection(roots: roots).inspect(image)
}

func refuses(
    _ path: String,
    _ words: String,
    roots: [String] = [],
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let failure = await #expect(throws: Failure.self, sourceLocation: sourceLocation) {
        try await inspect(path, roots: roots)
    }
    #expect(failure?.code == .imageUnusable, sourceLocation: sourceLocation)
    #expect(
        failure?.description.contains(words) == true,
        "\(failure?.description ?? "")",
        sourceLocation: sourceLocation
    )
    #expect(failure?.message.contains(path) == true, sourceLocation: sourceLocation)
}

@discardableResult
func write(_ bytes: [UInt8], _ path: String) throws -> String {
    try Data(bytes).write(to: URL(filePath: path))
    return path
}

func fileSize(_ path: String) -> Int64? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int64
}

func setTime(_ path: String, seconds: Int, nanoseconds: Int) throws {
    let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
    try #require(utimensat(AT_FDCWD, path, [time, time], 0) == 0)
}

func qemuImage(_ arguments: [String]) async throws {
    let process = try ChildProcess("qemu-img", arguments)
    let exit = try await process.waitForExit(within: .seconds(60))
    try #require(exit == .status(0), "qemu-img \(arguments.joined(separator: " ")): \(process.text)")
}

func withFolder(_ body: (String) async throws -> Void) async throws {
    let directory = try TemporaryDirectory(prefix: "images")
    defer { directory.remove() }
    try await body(directory.path)
}
