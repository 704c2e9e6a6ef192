import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Image inspection")
struct ImageInspectionTests {
    /// What qemu-img makes is the real thing to read.
    @Test(
        "Images that qemu-img made are taken, with the size that it gave them",
        arguments: [
            ["-f", "qcow2"], ["-f", "qcow2", "-o", "compat=0.10"], ["-f", "qcow2", "-o", "cluster_size=512"],
            ["-f", "qcow2", "-o", "cluster_size=2M"], ["-f", "qcow2", "-o", "preallocation=metadata"],
            ["-f", "qcow2", "-o", "compression_type=zstd"], ["-f", "qcow2", "-o", "lazy_refcounts=on"],
        ],
        ["512", "1M", "1G", "37G"]
    )
    func qcow2(options: [String], size: String) async throws {
        try await withFolder { folder in
            let path = folder + "/disk.img"
            try await qemuImage(["create", "-q"] + options + [path, size])
            let file = try await inspect(path)
            let units = ["M": Int64(1) << 20, "G": Int64(1) << 30]
            let expected = try #require(
                size == "512" ? 512 : units[String(size.suffix(1))].map { $0 * (Int64(size.dropLast()) ?? 0) }
            )
            #expect(file.format == .qcow2)
            #expect(file.virtualSize == expected)
            #expect(file.fileSize == fileSize(path))
        }
    }

    @Test("A fixed VHD is not taken for the raw disk that it begins with")
    func fixedVHD() async throws {
        try await withFolder { folder in
            var disk = [UInt8](repeating: 0, count: 1 << 20)
            (disk[510], disk[511]) = (0x55, 0xAA)
            let raw = try write(disk, folder + "/raw")
            try await qemuImage([
                "convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed,force_size=on", raw, folder + "/vhd",
            ])
            try await refuses(folder + "/vhd", "VHD")
        }
    }

    @Test("An image that names other files, is encrypted, compressed or damaged is refused")
    func refusedQCOW2() async throws {
        try await withFolder { folder in
            let (base, path) = (folder + "/base", folder + "/disk")
            try await qemuImage(["create", "-q", "-f", "qcow2", base, "1M"])
            try await qemuImage(["create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", path])
            try await refuses(path, "backing file")
            try await qemuImage(["create", "-q", "-f", "qcow2", "-o", "data_file=\(folder)/data", path, "1M"])
            try await refuses(path, "data in another file")
            let secret = ["--object", "secret,id=s,data=x"]
            // For LUKS qemu-img measures the processor first, which fails on one that is busy.
            try await qemuImage(
                ["create", "-q"] + secret + [
                    "-f", "qcow2", "-o", "encrypt.format=aes,encrypt.key-secret=s", path, "1M",
                ]
            )
            try await refuses(path, "encrypted")
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: base)))
            for (offset, value, reason) in [
                (7, UInt8(4), "version"), (79, 1, "closed cleanly"), (79, 2, "corrupt"), (79, 0x20, "not known"),
                (72, 0x80, "not known"), (23, 8, "damaged"), (24, 0x80, "damaged"), (40, 0xFF, "cut short"),
            ] {
                let old = bytes[offset]
                bytes[offset] = value
                try await refuses(write(bytes, path), reason)
                bytes[offset] = old
            }
        }
    }

    @Test("Every header cut short is refused")
    func truncated() async throws {
        try await withFolder { folder in
            let path = folder + "/disk"
            try await qemuImage(["create", "-q", "-f", "qcow2", path, "1G"])
            let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
            for length in Array(0..<128) + [512, 65_536, whole.count - 1] {
                try write(Array(whole[..<length]), path)
                await #expect(throws: Failure.self, "\(length) bytes") { try await inspect(path) }
            }
            try write(whole, path)
            #expect(try await inspect(path).virtualSize == 1 << 30)
        }
    }

    @Test("Links are followed; what is no regular file is refused, a FIFO without waiting for its writer")
    func kindsOfFile() async throws {
        try await withFolder { folder in
            try await qemuImage(["create", "-q", "-f", "qcow2", folder + "/disk", "1M"])
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "disk")
            #expect(try await inspect(folder + "/link").fileSize == fileSize(folder + "/disk"))
            try #require(mkfifo(folder + "/fifo", 0o600) == 0)
            try await refuses(folder + "/fifo", "no regular file")
            try FileManager.default.createSymbolicLink(atPath: folder + "/device", withDestinationPath: "/dev/zero")
            try await refuses(folder + "/device", "no regular file")
            try await refuses(folder, "no regular file")
            try await refuses(folder + "/none", "No such file or directory")
            try await refuses(folder + "/disk/x", "Not a directory")
            try FileManager.default.createSymbolicLink(atPath: folder + "/loop", withDestinationPath: "loop")
            try await refuses(folder + "/loop", "symbolic links")
        }
    }

    @Test("Only files inside the roots are taken, wherever links lead")
    func roots() async throws {
        try await withFolder { folder in
            let root = folder + "/images"
            for name in ["images", "images-other", "outside"] {
                try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: false)
                try await qemuImage(["create", "-q", "-f", "qcow2", "\(folder)/\(name)/disk", "1M"])
            }
            try FileManager.default.createSymbolicLink(atPath: root + "/out", withDestinationPath: "../outside/disk")
            try FileManager.default.createSymbolicLink(atPath: folder + "/in", withDestinationPath: "images")
            let roots = [folder + "/nowhere", folder + "/in"]
            #expect(try await inspect(root + "/disk", roots: roots).format == .qcow2)
            #expect(try await inspect(folder + "/in/disk", roots: roots).format == .qcow2)
            try await refuses(root + "/out", "outside the folders", roots: roots)
            try await refuses(folder + "/images-other/disk", "outside the folders", roots: roots)
            try await refuses(root + "/../outside/disk", "outside the folders", roots: roots)
            #expect(try await inspect(root + "/disk", roots: ["/"]).format == .qcow2)
        }
    }

    @Test("The fingerprint is the file's length and time in hex, and changes with either")
    func fingerprint() async throws {
        try await withFolder { folder in
            let path = folder + "/disk"
            try await qemuImage(["create", "-q", "-f", "qcow2", path, "1M"])
            try setTime(path, seconds: 1, nanoseconds: 0x10)
            let first = try await inspect(path)
            #expect(
                first.fingerprint == String(first.fileSize, radix: 16) + "-" + String(1_000_000_000 + 0x10, radix: 16)
            )
            try setTime(path, seconds: 1, nanoseconds: 0x11)
            #expect(try await inspect(path).fingerprint != first.fingerprint)
            try setTime(path, seconds: -1, nanoseconds: 0)
            #expect(try await inspect(path).fingerprint.allSatisfy { $0 == "-" || $0.isHexDigit && !$0.isUppercase })
        }
    }
}
