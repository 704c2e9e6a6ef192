/// An image of a disk with a few files in one folder, as ECMA-119 (ISO 9660) has it.
///
/// It is the least that Linux mounts: no Rock Ridge and no Joliet, names in capitals, which Linux shows in small letters. The same
/// files give the same bytes. The folder takes one sector: some thirty files with short names.
struct ISO9660Image: Sendable {
    struct File: Sendable {
        /// Letters, digits and hyphens, up to 28 of them.
        let name: String
        let content: [UInt8]
    }

    /// By which the volume is found: up to 32 capitals, digits and underscores.
    let label: String
    let files: [File]

    private static let sector = 2048
    /// The sectors that none of the structures use: they are for boot code.
    private static let systemArea = 16
    private static let (littleEndianTable, bigEndianTable, folder, firstFile) = (18, 19, 20, 21)

    /// The image, a whole number of sectors.
    var bytes: [UInt8] {
        let sorted = files.map { (name: Array($0.name.uppercased().utf8) + Array(";1".utf8), content: $0.content) }
            .sorted { $0.name.lexicographicallyPrecedes($1.name) }
        var (records, contents): ([UInt8], [UInt8]) = ([], [])
        for file in sorted {
            let start = Self.firstFile + contents.count / Self.sector
            records += Self.record(file.name, at: start, length: file.content.count)
            contents += Self.padded(file.content.isEmpty ? [0] : file.content)
        }
        let sectors = Self.firstFile + contents.count / Self.sector
        let parts = [
            descriptor(sectors: sectors), [255] + Array("CD001".utf8) + [1], Self.pathTable(\.littleEndian),
            Self.pathTable(\.bigEndian), Self.folderRecord([0]) + Self.folderRecord([1]) + records,
        ]
        let area = [UInt8](repeating: 0, count: Self.systemArea * Self.sector)
        return area + parts.flatMap(Self.padded) + contents
    }

    /// The primary volume descriptor (ECMA-119, 8.4).
    private func descriptor(sectors: Int) -> [UInt8] {
        let blank = UInt8(ascii: " ")
        // No time at all, which is written in digits (8.4.26.1).
        let noTime = [UInt8](repeating: UInt8(ascii: "0"), count: 16) + [0]
        let tableLength = UInt32(Self.pathTable(\.littleEndian).count)
        var bytes: [UInt8] = [1] + Array("CD001".utf8) + [1, 0]
        bytes += [UInt8](repeating: blank, count: 32)
        bytes += Array((label + String(repeating: " ", count: 32)).utf8.prefix(32))
        bytes += [UInt8](repeating: 0, count: 8) + UInt32(sectors).bothEndian + [UInt8](repeating: 0, count: 32)
        // One volume of one, in logical blocks of a sector.
        bytes += UInt16(1).bothEndian + UInt16(1).bothEndian + UInt16(Self.sector).bothEndian
        bytes += tableLength.bothEndian
        bytes += UInt32(Self.littleEndianTable).littleEndian.bytes + UInt32(0).bytes
        bytes += UInt32(Self.bigEndianTable).bigEndian.bytes + UInt32(0).bytes
        bytes += Self.folderRecord([0])
        // Names of the set, the publisher and others, and of three files that say more.
        bytes += [UInt8](repeating: blank, count: 4 * 128 + 3 * 37)
        return bytes + noTime + noTime + noTime + noTime + [1, 0]
    }

    /// The path table (9.4), whose only entry is the root folder.
    private static func pathTable(_ order: (UInt32) -> UInt32) -> [UInt8] {
        let parent = order(1) == 1 ? UInt16(1).bytes : UInt16(1).byteSwapped.bytes
        return [1, 0] + order(UInt32(folder)).bytes + parent + [0, 0]
    }

    /// The record of the root folder, as itself or as its own parent.
    private static func folderRecord(_ name: [UInt8]) -> [UInt8] { record(name, at: folder, length: sector, flags: 2) }

    /// A directory record (9.1), an even number of bytes.
    private static func record(_ name: [UInt8], at start: Int, length: Int, flags: UInt8 = 0) -> [UInt8] {
        // 1 January 2000: no time is known, and the same files are to give the same bytes.
        let time: [UInt8] = [100, 1, 1, 0, 0, 0, 0]
        let filling: [UInt8] = name.count.isMultiple(of: 2) ? [0] : []
        let rest =
            [0] + UInt32(start).bothEndian + UInt32(length).bothEndian + time + [flags, 0, 0] + UInt16(1).bothEndian
            + [UInt8(name.count)] + name + filling
        return [UInt8(rest.count + 1)] + rest
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        let surplus = bytes.count % sector
        return surplus == 0 ? bytes : bytes + [UInt8](repeating: 0, count: sector - surplus)
    }
}

extension FixedWidthInteger {
    /// As this machine has it in memory.
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: self, Array.init) }
    /// With the lowest byte first, and again with the highest first (7.2.3, 7.3.3).
    fileprivate var bothEndian: [UInt8] { littleEndian.bytes + bigEndian.bytes }
}
