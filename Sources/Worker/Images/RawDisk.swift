/// A raw image: the bytes of a disk, with a boot or partition sector at its start.
struct RawDisk {
    let bytes: ImageBytes
    /// Its first 512 bytes.
    let bootSector: [UInt8]

    private static let sectorSize: UInt64 = 512

    /// Sees that it is a disk from which a BIOS can start, and that its partitions lie within it.
    func check() throws(ImageHeader.Fault) {
        // MBR, and the protective one of GPT.
        let isBootable = bootSector.count == 512 && bootSector[510] == 0x55 && bootSector[511] == 0xAA
        if try bytes.read(at: 32_769, 5) == Array("CD001".utf8) {
            try checkVolume(isBootable: isBootable)
        } else if isBootable {
            try checkPartitions()
        } else {
            let advice = "list a disk image, as clouds use them; `qemu-img info` and `file` say what this one is"
            throw ImageHeader.Fault(reason: "has neither a qcow2 header nor a boot sector: \(advice)")
        }
        guard bytes.count % Int64(Self.sectorSize) == 0 else {
            let why = "is no whole number of sectors (\(bytes.count) bytes)"
            throw ImageHeader.Fault(
                reason: "\(why): \(ImageHeader.Fault.copyAnew); if it is whole, `truncate -s %512` completes it"
            )
        }
    }

    /// A CD's volume descriptor says how long it is (ECMA-119, 8.4.8 and 8.4.12); a disk starts from hybrid ones alone.
    private func checkVolume(isBootable: Bool) throws(ImageHeader.Fault) {
        guard isBootable else {
            let advice = "install from it elsewhere, and list the disk's image, or list a cloud image"
            throw ImageHeader.Fault(reason: "is a CD image (ISO 9660) that starts from CD drives alone: \(advice)")
        }
        let descriptor = try bytes.read(at: 32_768, 2048) ?? []
        guard let blocks = descriptor.littleEndian(at: 80, 4), let size = descriptor.littleEndian(at: 128, 2) else {
            throw .cutShort(bytes.count, needs: 32_768 + 2048)
        }
        // mkisofs counts a pad of 150 sectors, which some tools leave out.
        let pad: UInt64 = 150 * 2048
        guard blocks * size <= UInt64(bytes.count) + pad else { throw .cutShort(bytes.count, needs: blocks * size) }
    }

    private func checkPartitions() throws(ImageHeader.Fault) {
        guard let partitions else { return }
        if partitions.contains(where: { $0.kind == 0xEE }) { return try checkGPT() }
        for partition in partitions { try check(lastSector: partition.start + partition.length - 1) }
    }

    /// The used entries of the MBR's table; nil where there is none, but a file system's own boot sector.
    private var partitions: [(kind: UInt8, start: UInt64, length: UInt64)]? {
        let name = Array("FAT".utf8)
        guard !bootSector[54...].starts(with: name), !bootSector[82...].starts(with: name),
            !bootSector[3...].starts(with: Array("NTFS".utf8))
        else { return nil }
        var found: [(kind: UInt8, start: UInt64, length: UInt64)] = []
        for at in stride(from: 446, to: 510, by: 16) {
            // Other values are code, as in a boot sector without a table.
            guard bootSector[at] & 0x7F == 0 else { return nil }
            guard bootSector[at + 4] != 0, let start = bootSector.littleEndian(at: at + 8, 4),
                let length = bootSector.littleEndian(at: at + 12, 4), length > 0
            else { continue }
            found.append((bootSector[at + 4], start, length))
        }
        return found
    }

    /// The partitions of a GUID partition table (UEFI specification, 5.3).
    private func checkGPT() throws(ImageHeader.Fault) {
        guard let header = try bytes.read(at: 512, 92) else { throw .cutShort(bytes.count, needs: 1024) }
        // With sectors of 4 KiB it stands elsewhere, and the guest decides.
        guard header.starts(with: Array("EFI PART".utf8)), let first = header.littleEndian(at: 72, 8),
            let count = header.littleEndian(at: 80, 4), let size = header.littleEndian(at: 84, 4),
            (128...4096).contains(size), count <= 1024, first < UInt64(Int64.max) / Self.sectorSize
        else { return }
        let length = Int(count * size)
        guard let table = try bytes.read(at: Int64(first * Self.sectorSize), length) else {
            throw .cutShort(bytes.count, needs: first * Self.sectorSize + UInt64(length))
        }
        for at in stride(from: 0, to: length, by: Int(size)) where table[at..<at + 16].contains(where: { $0 != 0 }) {
            try check(lastSector: table.littleEndian(at: at + 40, 8) ?? 0)
        }
    }

    private func check(lastSector: UInt64) throws(ImageHeader.Fault) {
        guard lastSector < UInt64(bytes.count) / Self.sectorSize else {
            let (bytesNeeded, overflow) = (lastSector &+ 1).multipliedReportingOverflow(by: Self.sectorSize)
            throw .cutShort(bytes.count, needs: overflow ? .max : bytesNeeded)
        }
    }
}
