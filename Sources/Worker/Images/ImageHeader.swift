import Model

/// What the first bytes of a disk image say.
enum ImageHeader {
    /// Why no VM can start from a file: words that follow the file's name.
    struct Fault: Error {
        let reason: String
        var cause: String?
    }

    /// Tells the format and the size of the disk that a guest would see, in bytes.
    static func read(_ bytes: ImageBytes) throws(Fault) -> (format: ImageFormat, virtualSize: Int64) {
        guard bytes.count > 0 else { throw Fault(reason: "is empty: copy it anew") }
        let start = try bytes.read(at: 0, Int(min(bytes.count, 512))) ?? []
        if start.starts(with: QCOW2Header.magic) {
            return (.qcow2, try QCOW2Header(start, fileSize: bytes.count).virtualSize)
        }
        if let name = try foreignFormat(start, bytes) {
            throw Fault(reason: "is \(name), not qcow2 or raw: \(advice)")
        }
        guard bytes.count % 512 == 0, try isBootable(start, bytes) else {
            let why = "has neither a qcow2 header nor a boot sector nor an ISO 9660 volume in whole sectors"
            throw Fault(reason: "\(why): \(advice)")
        }
        return (.raw, bytes.count)
    }

    static let advice = "convert it with `qemu-img convert -O qcow2 OLD NEW.qcow2`, and list the new file"

    /// A boot or partition sector ends in 55 AA (MBR; GPT has a protective one); CDs have `CD001` in sector 16.
    private static func isBootable(_ start: [UInt8], _ bytes: ImageBytes) throws(Fault) -> Bool {
        if start.count == 512, start[510] == 0x55, start[511] == 0xAA { return true }
        return try bytes.read(at: 32_769, 5) == Array("CD001".utf8)
    }

    /// The name of a format that is not taken, by its magic bytes as QEMU's block drivers have them.
    private static func foreignFormat(_ start: [UInt8], _ bytes: ImageBytes) throws(Fault) -> String? {
        for (offset, magic, name) in foreignMagics where start.dropFirst(offset).starts(with: magic) {
            return name
        }
        // A fixed VHD is a raw disk, boot sector and all, with a footer behind it.
        if try bytes.read(at: bytes.count - 512, 8) == Array("conectix".utf8) { return "a VHD image" }
        return nil
    }

    private static let foreignMagics: [(offset: Int, magic: [UInt8], name: String)] = [
        (0, Array("KDMV".utf8), "a VMDK image"),
        (0, Array("COWD".utf8), "a VMDK image"),
        (0, Array("# Disk DescriptorFile".utf8), "a VMDK descriptor"),
        (64, [0x7F, 0x10, 0xDA, 0xBE], "a VDI image"),
        (0, Array("conectix".utf8), "a VHD image"),
        (0, Array("vhdxfile".utf8), "a VHDX image"),
        (0, Array("QED\0".utf8), "a QED image"),
        (0, Array("LUKS".utf8) + [0xBA, 0xBE], "an encrypted disk (LUKS)"),
        (0, [0x1F, 0x8B], "compressed (gzip; unpack it first)"),
        (0, [0xFD] + Array("7zXZ\0".utf8), "compressed (xz; unpack it first)"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "compressed (zstd; unpack it first)"),
        (0, Array("BZh".utf8), "compressed (bzip2; unpack it first)"),
        (0, Array("PK\u{3}\u{4}".utf8), "a zip archive (unpack it first)"),
    ]
}

/// The header of a qcow2 file (docs/interop/qcow2.txt of QEMU), all numbers big-endian.
struct QCOW2Header {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xFB]

    /// The size of the disk in bytes.
    let virtualSize: Int64

    /// Reads the header and refuses what no VM should start from.
    ///
    /// A backing file and a data file are names, and could be those of any file on a PM.
    init(_ bytes: [UInt8], fileSize: Int64) throws(ImageHeader.Fault) {
        let header = BigEndianBytes(bytes)
        guard let version = header.number(at: 4, 4), version == 2 || version == 3 else {
            throw ImageHeader.Fault(reason: "is qcow in a version other than 2 and 3: \(ImageHeader.advice)")
        }
        guard let backingOffset = header.number(at: 8, 8), let clusterBits = header.number(at: 20, 4),
            let size = header.number(at: 24, 8), let encryption = header.number(at: 32, 4),
            let tableLength = header.number(at: 36, 4), let tableOffset = header.number(at: 40, 8),
            let features = version == 3 ? header.number(at: 72, 8) : 0
        else { throw Self.truncated }
        guard backingOffset == 0 else {
            throw ImageHeader.Fault(reason: "has a backing file, which is not taken along: \(ImageHeader.advice)")
        }
        guard encryption == 0 else {
            throw ImageHeader.Fault(reason: "is encrypted, and there is no key for it: \(ImageHeader.advice)")
        }
        try Self.check(features: features)
        guard (9...21).contains(clusterBits), let bytes = Int64(exactly: size), bytes > 0 else {
            throw ImageHeader.Fault(reason: "has a damaged qcow2 header: look with `qemu-img check`, and copy it anew")
        }
        // The first-level table maps the whole disk, so a file without it whole was cut short.
        let (end, overflow) = tableOffset.addingReportingOverflow(tableLength * 8)
        guard tableLength > 0, tableOffset > 0, !overflow, end <= UInt64(fileSize) else { throw Self.truncated }
        virtualSize = bytes
    }

    private static var truncated: ImageHeader.Fault {
        ImageHeader.Fault(reason: "is cut short: copy it anew, under another name until it is whole")
    }

    /// Bits of `incompatible_features`: whoever does not know one must not open the file.
    private static func check(features: UInt64) throws(ImageHeader.Fault) {
        let faults: [(bit: UInt64, reason: String)] = [
            (1 << 0, "was not closed cleanly or is in use: stop its user, and run `qemu-img check -r all` on it"),
            (1 << 1, "is marked corrupt: run `qemu-img check -r all` on a copy, or copy it anew"),
            (1 << 2, "keeps its data in another file: \(ImageHeader.advice)"),
        ]
        for fault in faults where features & fault.bit != 0 { throw ImageHeader.Fault(reason: fault.reason) }
        // Bit 3 is the compression type, bit 4 extended L2 entries: the QEMU on the PM decides about these.
        guard features < 1 << 5 else {
            throw ImageHeader.Fault(reason: "uses features of qcow2 that are not known here: \(ImageHeader.advice)")
        }
    }
}

/// Numbers in bytes, the most significant first.
private struct BigEndianBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The number of `length` bytes, eight at most; nil where they are not all there.
    func number(at offset: Int, _ length: Int) -> UInt64? {
        guard offset + length <= bytes.count else { return nil }
        return bytes[offset..<offset + length].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
