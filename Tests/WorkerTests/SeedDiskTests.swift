import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Seed disks")
struct SeedDiskTests {
    private typealias File = ISO9660Image.File

    /// The files of an image by their names as Linux shows them, read by nothing that wrote it.
    private func contents(of image: [UInt8], label: String) throws -> [String: [UInt8]] {
        func number(_ at: Int, _ count: Int) throws -> Int {
            // Each number stands there twice, the second time with its highest byte first.
            let bytes = Array(image[at..<(at + 2 * count)])
            let little = bytes.prefix(count).reversed().reduce(0) { $0 << 8 | Int($1) }
            #expect(bytes.suffix(count).reduce(0) { $0 << 8 | Int($1) } == little, "at \(at)")
            return little
        }
        #expect(image.count.isMultiple(of: 2048))
        #expect(image.prefix(16 * 2048).allSatisfy { $0 == 0 })
        let descriptor = 16 * 2048
        #expect(Array(image[descriptor..<(descriptor + 7)]) == [1] + Array("CD001".utf8) + [1])
        let name = String(decoding: image[(descriptor + 40)..<(descriptor + 72)], as: UTF8.self)
        #expect(name.trimmingCharacters(in: .whitespaces) == label)
        #expect(try number(descriptor + 80, 4) == image.count / 2048)
        #expect(try number(descriptor + 128, 2) == 2048)
        #expect(Array(image[(17 * 2048)..<(17 * 2048 + 7)]) == [255] + Array("CD001".utf8) + [1])
        let root = descriptor + 156
        #expect(image[root] == 34 && image[root + 25] == 2)
        var at = try number(root + 2, 4) * 2048
        #expect(try number(root + 10, 4) == 2048)
        var (found, names): ([String: [UInt8]], [String]) = ([:], [])
        while image[at] != 0 {
            let length = Int(image[at + 32])
            let name = String(decoding: image[(at + 33)..<(at + 33 + length)], as: UTF8.self)
            if length > 1 {
                let (start, size) = (try number(at + 2, 4) * 2048, try number(at + 10, 4))
                found[name.lowercased().replacing(";1", with: "")] = Array(image[start..<(start + size)])
                names.append(name)
            }
            #expect(image[at].isMultiple(of: 2))
            at += Int(image[at])
        }
        #expect(names == names.sorted())
        return found
    }

    @Test(
        "An image has its files, of any size and content, and is the same each time",
        arguments: [0, 1, 2047, 2048, 2049, 65_536]
    )
    func image(size: Int) throws {
        let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let files = [
            File(name: "user-data", content: content), File(name: "meta-data", content: [1]),
            File(name: "a", content: []),
        ]
        let image = ISO9660Image(label: "CIDATA", files: files)
        #expect(try contents(of: image.bytes, label: "CIDATA") == ["user-data": content, "meta-data": [1], "a": []])
        #expect(image.bytes == ISO9660Image(label: "CIDATA", files: files.reversed()).bytes)
    }

    @Test("blkid finds the label by which cloud-init finds the disk")
    func label() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/seed.iso"
        try Data(try seed(userData: [])).write(to: URL(fileURLWithPath: path))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/sbin/blkid")
        process.arguments = ["-p", "-o", "export", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = output.split(separator: "\n")
        #expect(lines.contains("LABEL=CIDATA") && lines.contains("TYPE=iso9660"), "\(output)")
    }

    private func vm(_ seed: SeedSummary) throws -> VirtualMachine {
        VirtualMachine(
            id: try #require(VMID(7)),
            uuid: try #require(UUID(uuidString: "0B5A4E1C-7D0E-4B53-9C1A-2F6E8D3C4B5A")),
            name: "a",
            type: try #require(TypeID(1)),
            image: try #require(ImageID(1)),
            needs: .zero,
            seed: seed
        )
    }

    private func seed(userData: [UInt8], networkConfig: String = "", keys: [String] = []) throws -> [UInt8] {
        let summary = SeedSummary(hostname: try Hostname("web"))
        var sshKeys: [SSHPublicKey] = []
        for key in keys { sshKeys.append(try SSHPublicKey(key)) }
        let seed = GuestSeed(summary: summary, sshKeys: sshKeys, userData: userData, networkConfig: networkConfig)
        return NoCloudSeed(seed, of: try vm(summary)).image
    }

    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)

    @Test(
        "The user data are the caller's, byte for byte, whatever they are; keys and name stand in the metadata, as JSON"
    )
    func contents() throws {
        let every = (0...255).map { UInt8($0) } + Array("#cloud-config\n{}".utf8)
        let image = try seed(userData: every, networkConfig: "version: 1\n", keys: ["\(Self.key) \"a\": #\\ b"])
        let files = try contents(of: image, label: "CIDATA")
        #expect(files.keys.sorted() == ["meta-data", "network-config", "user-data"])
        #expect(files["user-data"] == every)
        #expect(files["network-config"].map { String(decoding: $0, as: UTF8.self) } == "version: 1\n")
        let metadata = try #require(files["meta-data"])
        let read = try JSONSerialization.jsonObject(with: Data(metadata)) as? [String: Any]
        #expect(read?["instance-id"] as? String == "0b5a4e1c-7d0e-4b53-9c1a-2f6e8d3c4b5a")
        #expect(read?["local-hostname"] as? String == "web")
        #expect(read?["public-keys"] as? [String] == ["\(Self.key) \"a\": #\\ b"])
    }

    @Test("Without more it has the two files that must be there, and fits into 48 KiB")
    func least() throws {
        let image = try seed(userData: [])
        #expect(
            try contents(of: image, label: "CIDATA").mapValues(\.isEmpty) == ["meta-data": false, "user-data": true]
        )
        #expect(image.count <= 49_152)
    }
}
