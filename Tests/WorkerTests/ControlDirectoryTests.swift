import Foundation
import TestKit
import Testing

@testable import Worker

@Suite("Where ssh keeps its sockets")
struct ControlDirectoryTests {
    @Test("A short folder of the usual kind is taken as it is, and made with nobody else let in")
    func usual() throws {
        let folder = try TemporaryDirectory(prefix: "t")
        for temporary in [folder.path, folder.path + "/"] {
            #expect(ControlDirectory.path(named: "hvc-ssh-1", in: temporary) == folder.path + "/hvc-ssh-1")
        }
        let directory = ControlDirectory(path: folder.file("hvc-ssh-1"))
        try directory.prepare()
        #expect(try mode(folder.file("hvc-ssh-1")) == 0o700)
        directory.remove()
        #expect(!FileManager.default.fileExists(atPath: folder.file("hvc-ssh-1")))
    }

    @Test("One that ssh cannot take, or nobody may write to, gives way to a short one of our own")
    func fallback() throws {
        let folder = try TemporaryDirectory(prefix: "t")
        let long = folder.file(String(repeating: "d", count: 60))
        try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)
        for temporary in [long, long + "/", "relative", folder.path + "/%h", "/nowhere/at/all"] {
            let path = ControlDirectory.path(named: "hvc-ssh-1", in: temporary)
            let directory = ControlDirectory(path: path)
            defer { directory.remove() }
            #expect(path.hasPrefix("/tmp/hvc-ssh-") && path.utf8.count < 40, "\(path)")
            #expect(try mode(path) == 0o700)
            // Never the same twice, so nobody can lay a link in its way.
            let other = ControlDirectory.path(named: "hvc-ssh-1", in: temporary)
            #expect(other != path)
            ControlDirectory(path: other).remove()
            try directory.prepare()
        }
    }

    @Test("A link, a folder of somebody else's, and one that others may enter are refused")
    func refused() throws {
        let folder = try TemporaryDirectory(prefix: "t")
        try FileManager.default.createDirectory(atPath: folder.file("theirs"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"),
            withDestinationPath: folder.file("theirs")
        )
        chmod(folder.file("theirs"), 0o755)
        for name in ["link", "theirs"] {
            #expect(throws: (any Error).self) { try ControlDirectory(path: folder.file(name)).prepare() }
        }
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o7777
    }
}
