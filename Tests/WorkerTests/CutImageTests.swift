import Foundation
import Model
import TestKit
import Testing

@testable import Worker

/// Images that end before what they say is in them; qemu-img is asked what it makes of each.
@Suite("Images cut short")
struct CutImageTests {
    @Test(
        "A qcow2 file is refused wherever it is cut, as qemu-img check finds too, and taken whole",
        arguments: [
            [], ["-o", "compat=0.10"], ["-c"], ["-c", "-o", "compression_type=zstd"], ["-o", "cluster_size=512"],
            ["-o", "cluster_size=2M"], ["-o", "extended_l2=on,cluster_size=128k"],
        ]
    )
    func qcow2(options: [String]) async throws {
        try await withFolder { folder in
            // Ends within a cluster, and has holes.
            let raw = try write(disk(bytes: 1_500_000 / 512 * 512), folder + "/raw")
            let path = folder + "/disk"
            try await qemuImage(["convert", "-f", "raw", "-O", "qcow2"] + options + [raw, path])
            let whole = [UInt8](try Data(contentsOf: URL(filePath: path)))
            #expect(try await inspect(path).fileSize == Int64(whole.count))
            #expect(try await isWhole(path))
            let lengths = [200, 65_536, whole.count / 3, whole.count / 2, whole.count * 9 / 10]
            for length in lengths + [65_536, 4096, 1024].map({ whole.count - $0 }) {
                try write(Array(whole[..<length]), path)
                // Behind the disk's end, the last cluster holds nothing: a cut there loses nothing.
                if try await isSame(path, raw) {
                    #expect(length > whole.count - 2 << 20)
                    _ = try await inspect(path)
                } else {
                    try await refuses(path, "cut short")
                }
                // qemu-img lets the last cluster be partly there.
                if try await !isWhole(path) { try await refuses(path, "cut short") }
            }
        }
    }

    @Test("A cut through the clusters that a guest wrote, and through a snapshot's tables, is found")
    func guestData() async throws {
        try await withFolder { folder in
            let path = folder + "/disk"
            try await qemuImage(["create", "-q", "-f", "qcow2", path, "20G"])
            try await qemuIO(path, ["write -P 1 0 1M", "write -P 2 19G 64k", "write -z 3G 1M"])
            try await qemuImage(["snapshot", "-c", "before", path])
            try await qemuIO(path, ["write -P 3 0 512", "write -P 4 7G 4k"])
            #expect(try await inspect(path).virtualSize == 20 << 30)
            let length = try #require(fileSize(path))
            for cut in [1, 512, 65_536, 300_000] {
                #expect(truncate(path, Int(length) - cut) == 0)
                try await refuses(path, "cut short")
            }
        }
    }

    @Test("Tables that point beside clusters or map too little are damage, not a cut")
    func damagedTables() async throws {
        try await withFolder { folder in
            let path = folder + "/disk"
            try await qemuImage(["create", "-q", "-f", "qcow2", path, "1G"])
            try await qemuIO(path, ["write -P 1 0 64k"])
            var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            let l1 = Int(bytes[40..<48].reduce(0) { $0 << 8 | UInt64($1) })
            let l2 = Int(bytes[l1 + 1..<l1 + 8].reduce(0) { $0 << 8 | UInt64($1) })
            for (offset, value, reason) in [
                (l1 + 6, UInt8(2), "damaged"), (l2 + 6, 2, "damaged"), (39, 1, "damaged"),
                (l2 + 1, 1, "cut short"), (l1 + 1, 1, "cut short"), (49, 1, "cut short"),
            ] {
                let old = bytes[offset]
                bytes[offset] = value
                try await refuses(write(bytes, path), reason)
                bytes[offset] = old
            }
            // Two entries for one table: a file of a few KiB could have a terabyte of reads.
            let second = Array(bytes[l1 + 8..<l1 + 16])
            bytes.replaceSubrange(l1 + 8..<l1 + 16, with: bytes[l1..<l1 + 8])
            try await refuses(write(bytes, path), "damaged")
            bytes.replaceSubrange(l1 + 8..<l1 + 16, with: second)
            try write(bytes, path)
            #expect(try await isWhole(path))
            _ = try await inspect(path)
        }
    }

    @Test("A raw disk must hold its partitions, by MBR and by GPT", arguments: ["dos", "gpt"])
    func partitions(label: String) async throws {
        try await withFolder { folder in
            let path = folder + "/disk.raw"
            try write([UInt8](repeating: 0, count: 8 << 20), path)
            let table = "label: \(label)\nstart=2048, size=4096\nstart=6144, size=8192\n"
            let sfdisk = try ChildProcess("sh", ["-c", "printf '\(table)' | sfdisk -q '\(path)'"])
            try #require(try await sfdisk.waitForExit() == .status(0), "\(sfdisk.text)")
            #expect(try await inspect(path).virtualSize == 8 << 20)
            // The end of the last partition.
            #expect(truncate(path, 14_336 * 512) == 0)
            _ = try await inspect(path)
            #expect(truncate(path, 14_336 * 512 - 512) == 0)
            try await refuses(path, "cut short")
            #expect(truncate(path, 1024) == 0)
            try await refuses(path, "cut short")
        }
    }

    @Test("A raw disk is whole sectors; a boot sector without a table says nothing of its length")
    func rawDisk() async throws {
        try await withFolder { folder in
            var disk = [UInt8](repeating: 0, count: 4096)
            (disk[510], disk[511]) = (0x55, 0xAA)
            let path = try write(disk, folder + "/disk.raw")
            #expect(try await inspect(path).format == .raw)
            #expect(try await inspect(path).virtualSize == 4096)
            try await refuses(write(disk + [0], folder + "/odd"), "truncate -s %512")
            // A FAT file system's own boot sector has code where a table would be.
            disk.replaceSubrange(54..<59, with: Array("FAT16".utf8))
            disk.replaceSubrange(446..<462, with: [0x80, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1])
            _ = try await inspect(try write(disk, path))
            disk.replaceSubrange(54..<59, with: [0, 0, 0, 0, 0])
            try await refuses(write(disk, path), "cut short")
            disk[446] = 0x31
            _ = try await inspect(try write(disk, path))
        }
    }

    @Test("A hybrid CD must be as long as its volume; one that no disk starts from is named")
    func volumes() async throws {
        try await withFolder { folder in
            var volume = [UInt8](repeating: 0, count: 512 << 10)
            volume.replaceSubrange(32_769..<32_774, with: Array("CD001".utf8))
            // 256 blocks of 2048 bytes.
            volume.replaceSubrange(32_848..<32_852, with: [0, 1, 0, 0])
            volume.replaceSubrange(32_896..<32_898, with: [0, 8])
            try await refuses(write(volume, folder + "/cd.iso"), "CD image (ISO 9660)")
            (volume[510], volume[511]) = (0x55, 0xAA)
            let path = try write(volume, folder + "/hybrid.iso")
            #expect(try await inspect(path).format == .raw)
            #expect(truncate(path, 100 << 10) == 0)
            try await refuses(path, "cut short")
        }
    }

    /// Random bytes, zeros and a pattern by turns, behind a boot sector's mark.
    private func disk(bytes count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        var bytes = [UInt8](repeating: 0, count: count)
        for start in stride(from: 0, to: count, by: 100_000) where start / 100_000 % 3 != 1 {
            for index in start..<min(start + 100_000, count) {
                bytes[index] = start / 100_000 % 3 == 0 ? .random(in: 0...255, using: &generator) : UInt8(index & 15)
            }
        }
        (bytes[510], bytes[511]) = (0x55, 0xAA)
        return bytes
    }

    /// True where qemu-img finds nothing wrong: 3 is leaked clusters, which are no loss.
    private func isWhole(_ path: String) async throws -> Bool {
        let check = try ChildProcess("qemu-img", ["check", "-q", "-f", "qcow2", path])
        let exit = try await check.waitForExit(within: .seconds(60))
        return exit == .status(0) || exit == .status(3)
    }

    /// True where a guest reads the same from both.
    private func isSame(_ path: String, _ raw: String) async throws -> Bool {
        let compare = try ChildProcess("qemu-img", ["compare", "-q", "-f", "qcow2", "-F", "raw", path, raw])
        return try await compare.waitForExit(within: .seconds(60)) == .status(0)
    }

    private func qemuIO(_ path: String, _ commands: [String]) async throws {
        let process = try ChildProcess("qemu-io", ["-f", "qcow2"] + commands.flatMap { ["-c", $0] } + [path])
        let exit = try await process.waitForExit(within: .seconds(60))
        try #require(exit == .status(0), "\(process.text)")
    }
}
