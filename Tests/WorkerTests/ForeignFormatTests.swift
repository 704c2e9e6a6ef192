import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Files that are no images")
struct ForeignFormatTests {
    @Test(
        "Formats that qemu-img writes and we do not take are named, with the command that converts them",
        arguments: [
            ("vmdk", "VMDK"), ("vdi", "VDI"), ("vhdx", "VHDX"), ("vpc", "VHD"), ("qed", "QED"),
            ("parallels", "Parallels"),
        ]
    )
    func disks(format: String, name: String) async throws {
        try await withFolder { folder in
            let (path, converted) = (folder + "/disk", folder + "/new.qcow2")
            try await qemuImage(["create", "-q", "-f", format, path, "64M"])
            try await refuses(path, "is a \(name) image")
            try await refuses(path, "qemu-img convert -f \(format) -O qcow2")
            // The advice is right.
            try await qemuImage(["convert", "-f", format, "-O", "qcow2", path, converted])
            #expect(try await inspect(converted).virtualSize >= 64 << 20)
        }
    }

    @Test(
        "Archives are named, with the command that unpacks them",
        arguments: [
            ("gzip -k", "gz", "gunzip"), ("bzip2 -k", "bz2", "bunzip2"), ("xz -k", "xz", "xz -d"),
            ("zstd -q", "zst", "zstd -d"),
        ]
    )
    func compressed(command: String, ending: String, unpacks: String) async throws {
        try await withFolder { folder in
            try await qemuImage(["create", "-q", "-f", "qcow2", folder + "/disk", "1M"])
            let pack = try ChildProcess("sh", ["-c", "cd '\(folder)' && \(command) disk"])
            try #require(try await pack.waitForExit() == .status(0), "\(pack.text)")
            try await refuses(folder + "/disk." + ending, "is compressed")
            try await refuses(folder + "/disk." + ending, "`\(unpacks) FILE`")
        }
    }

    @Test(
        "A tar archive and an OVA in one are distinguished",
        arguments: [("disk.raw", "tar archive"), ("a.ovf", "OVA")]
    )
    func archives(member: String, name: String) async throws {
        try await withFolder { folder in
            try write([1, 2, 3], folder + "/" + member)
            let tar = try ChildProcess("tar", ["-C", folder, "-cf", folder + "/x", member])
            try #require(try await tar.waitForExit() == .status(0), "\(tar.text)")
            try await refuses(folder + "/x", name)
            try await refuses(folder + "/x", "tar -xf")
        }
    }

    @Test(
        "What stands there in place of an image is named",
        arguments: [
            ("", "is empty"),
            ("\u{FEFF}\r\n <!DOCTYPE html>\n<html>…", "web page"),
            ("<HTML><body>404", "web page"),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "git lfs pull"),
            ("/annex/objects/SHA256E-s1--a.qcow2\n", "git annex get"),
            ("root:x:0:0\n", "is text"),
            (#"{"message":"Not found"}"#, "is text"),
            ("PK\u{3}\u{4}", "unzip"),
            (String(repeating: "\0", count: 4096), "only zeros"),
            ("\u{1}\u{2}\u{3}", "neither a qcow2 header nor a boot sector"),
            ("LUKS\u{1}", "neither"),
            ("QFI", "is text"),
            ("hsqs\0", "squashfs"),
        ]
    )
    func others(content: String, words: String) async throws {
        try await withFolder { folder in
            try await refuses(write(Array(content.utf8), folder + "/x"), words)
        }
    }
}
