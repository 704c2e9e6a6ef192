import Catalog
import Foundation
import Model
import TestKit
import Testing

@Suite("Reading files")
struct FileReadingTests {
    @Test("All three files as the installer's examples have them")
    func read() throws {
        let directory = try TemporaryDirectory(prefix: "catalog")
        defer { directory.remove() }
        let folder = directory.path
        let paths = ["pms", "images", "types"].map { folder + "/" + $0 }
        try Data("root@10.0.0.5\n".utf8).write(to: URL(filePath: paths[0]))
        try Data("/images/a.qcow2\n".utf8).write(to: URL(filePath: paths[1]))
        try Data("'types': [{'cpu': 1, 'ram': 512, 'disk': 1}]".utf8).write(to: URL(filePath: paths[2]))
        let pms = try PMFile.read(path: paths[0], defaults: .none).entries
        #expect(pms == [PMListing(address: try PMAddress("root@10.0.0.5"))])
        #expect(try ImageFileList.read(path: paths[1], roots: []).entries == [listing("a", "/images/a.qcow2")])
        #expect(
            try FlavorFile.read(path: paths[2]).entries.map(\.listing.needs) == [Resources(cpu: 1, ram: 512, disk: 1)]
        )
    }

    @Test("Ten thousand machines are read; the largest file is")
    func large() throws {
        let directory = try TemporaryDirectory(prefix: "catalog")
        defer { directory.remove() }
        let folder = directory.path
        let path = folder + "/pms"
        let lines = (0..<10_000).map { "root@10.\($0 / 65_536).\($0 / 256 % 256).\($0 % 256):22\n" }.joined()
        try Data(lines.utf8).write(to: URL(filePath: path))
        #expect(try PMFile.read(path: path, defaults: .none).entries.count == 10_000)
        let padding = String(repeating: "#", count: (1 << 20) - lines.utf8.count)
        try Data((lines + padding).utf8).write(to: URL(filePath: path))
        #expect(try PMFile.read(path: path, defaults: .none).entries.count == 10_000)
        try Data((lines + padding + "#").utf8).write(to: URL(filePath: path))
        try refuses(path, .unreadable, "larger than 1048576 bytes")
    }

    @Test("What is no readable regular file is refused by name, and a pipe without waiting for its writer")
    func unreadable() throws {
        let directory = try TemporaryDirectory(prefix: "catalog")
        defer { directory.remove() }
        let folder = directory.path
        try refuses(folder + "/none", .unreadable, "No such file or directory")
        try refuses(folder, .unreadable, "a folder")
        try #require(mkfifo(folder + "/pipe", 0o600) == 0)
        try refuses(folder + "/pipe", .unreadable, "a pipe")
        try refuses("/dev/zero", .unreadable, "a device")
        try FileManager.default.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: folder + "/loop")
        try refuses(folder + "/loop", .unreadable, "symbolic links")
        try refuses("", .unreadable, "no path")
        try refuses(folder + "\u{0}", .unreadable, "no path")
    }

    @Test("Bytes that are not UTF-8 are refused where they stand")
    func encodings() throws {
        let directory = try TemporaryDirectory(prefix: "catalog")
        defer { directory.remove() }
        let folder = directory.path
        let path = folder + "/f"
        try Data(Array("a\nb \u{E9}".utf8) + [0xFF, 0x0A]).write(to: URL(filePath: path))
        let error = try refuses(path, .notText, "UTF-8")
        #expect(error?.position?.description == "2:4")
        try #require("root@a\n".data(using: .utf16)).write(to: URL(filePath: path))
        try refuses(path, .notText, "UTF-8")
        try #require("root@a\n".data(using: .utf16LittleEndian)).write(to: URL(filePath: path))
        try refuses(path, .notText, "U+0000")
        // A surrogate, an overlong slash, and a character cut short.
        for bytes: [UInt8] in [[0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xE2, 0x82]] {
            try Data(bytes).write(to: URL(filePath: path))
            try refuses(path, .notText, "UTF-8")
        }
    }

    /// Expects all three readers to refuse the file alike.
    @discardableResult
    private func refuses(
        _ path: String,
        _ code: CatalogError.Code,
        _ words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> CatalogError? {
        let errors = [
            #expect(throws: CatalogError.self) { try PMFile.read(path: path, defaults: .none) },
            #expect(throws: CatalogError.self) { try ImageFileList.read(path: path, roots: []) },
            #expect(throws: CatalogError.self) { try FlavorFile.read(path: path) },
        ]
        for error in errors {
            #expect(error?.code == code, sourceLocation: sourceLocation)
            #expect(error?.file == path, sourceLocation: sourceLocation)
            #expect(
                error?.description.contains(words) == true,
                "\(String(describing: error))",
                sourceLocation: sourceLocation
            )
        }
        return errors[0]
    }
}
