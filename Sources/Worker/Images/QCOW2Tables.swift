/// The tables of a qcow2 file, checked against its length: a file that was cut short has a whole header all the same.
///
/// Everything that a guest could read must lie in the file: L1 table, L2 tables and the clusters they name. So must the
/// refcounts and the snapshots' own L1 tables, which no VM of ours reads, but which show a cut as well. Reading all of
/// it costs 2.5 MB of a disk of 20 GiB with clusters of 64 KiB.
struct QCOW2Tables {
    let header: QCOW2Header
    let bytes: ImageBytes

    /// Bits 9 to 55 of an entry of an L1 or L2 table.
    private static let offsetMask: UInt64 = 0x00FF_FFFF_FFFF_FE00

    func check() throws(ImageHeader.Fault) {
        try checkRefcounts()
        try checkSnapshots()
        let size = UInt64(header.virtualSize)
        let mappedByTable = header.clusterSize * header.entriesPerL2
        guard header.l1.offset > 0, header.l1.entries >= size / mappedByTable + (size % mappedByTable > 0 ? 1 : 0)
        else { throw .damaged("L1 table") }
        let l1 = try read(at: header.l1.offset, header.l1.entries * 8, "L1 table")
        // In the order of the file, whatever the order of the disk: a spinning disk seeks less.
        let tables = l1.bigEndianWords.enumerated()
            .map { (offset: $1 & Self.offsetMask, start: UInt64($0) * mappedByTable) }
            .filter { $0.offset > 0 && $0.start < size }
            .sorted { $0.offset < $1.offset }
        // Each is named once, so no more is read than the file has, whatever its L1 table says.
        guard zip(tables, tables.dropFirst()).allSatisfy({ $0.offset != $1.offset }) else { throw .damaged("L1 table") }
        for table in tables { try check(table: table.offset, mappingFrom: table.start) }
    }

    /// Sees that every cluster that an L2 table names is in the file.
    ///
    /// The last cluster of the disk may end where the disk does, and one with subclusters behind the last that is in use.
    private func check(table: UInt64, mappingFrom start: UInt64) throws(ImageHeader.Fault) {
        try check(table, header.clusterSize, "L1 table")
        let words = try read(at: table, header.clusterSize, "L2 table").bigEndianWords
        let step = header.hasSubclusters ? 2 : 1
        let inSectors = (UInt64(header.virtualSize) + 511) & ~511
        var position = start
        for index in stride(from: 0, to: words.count, by: step) {
            let entry = words[index]
            defer { position += header.clusterSize }
            guard entry != 0, position < inSectors else { continue }
            if entry & 1 << 62 != 0 {
                try checkCompressed(entry)
                continue
            }
            let offset = entry & Self.offsetMask
            let used: UInt64
            if header.hasSubclusters {
                let allocated = UInt32(truncatingIfNeeded: words[index + 1])
                used = UInt64(32 - allocated.leadingZeroBitCount) * (header.clusterSize / 32)
            } else {
                // Bit 0: it reads as zeros, whatever is there.
                used = entry & 1 == 0 ? header.clusterSize : 0
            }
            guard offset > 0, used > 0 else { continue }
            try check(offset, min(used, inSectors - position), "L2 table")
        }
    }

    /// A compressed cluster: where it begins, and in how many sectors it ends; the last one may be partly there.
    private func checkCompressed(_ entry: UInt64) throws(ImageHeader.Fault) {
        let offsetBits = 62 - (header.clusterBits - 8)
        let offset = entry & ((1 << offsetBits) - 1)
        let sectors = (entry & ((1 << 62) - 1)) >> offsetBits
        let lastSector = (offset & ~511) + sectors * 512
        guard max(offset, lastSector) < UInt64(bytes.count) else {
            throw .cutShort(bytes.count, needs: max(offset, lastSector) + 1)
        }
    }

    private func checkRefcounts() throws(ImageHeader.Fault) {
        let length = header.refcounts.clusters << header.clusterBits
        let table = try read(at: header.refcounts.offset, length, "refcount table")
        for block in table.bigEndianWords where block & ~511 != 0 {
            try check(block & ~511, header.clusterSize, "refcount table")
        }
    }

    /// Each snapshot has a record of 40 bytes, then what its lengths say, padded to eight.
    private func checkSnapshots() throws(ImageHeader.Fault) {
        var offset = header.snapshots.offset
        for _ in 0..<header.snapshots.count {
            let record = try read(at: offset, 40, "snapshot table")
            guard let l1Offset = record.bigEndian(at: 0, 8), let l1Entries = record.bigEndian(at: 8, 4),
                let idLength = record.bigEndian(at: 12, 2), let nameLength = record.bigEndian(at: 14, 2),
                let extraLength = record.bigEndian(at: 36, 4)
            else { throw .damaged("snapshot table") }
            let length = (40 + extraLength + idLength + nameLength + 7) & ~7
            // The padding behind the last one need not be there.
            try checkInFile(offset, 40 + extraLength + idLength + nameLength)
            try check(l1Offset, l1Entries * 8, "snapshot table")
            offset += length
        }
    }

    private func read(at offset: UInt64, _ length: UInt64, _ what: String) throws(ImageHeader.Fault) -> [UInt8] {
        try checkInFile(offset, length)
        guard let found = try bytes.read(at: Int64(offset), Int(length)) else { throw .damaged(what) }
        return found
    }

    /// Sees that what begins at a cluster is in the file.
    private func check(_ offset: UInt64, _ length: UInt64, _ what: String) throws(ImageHeader.Fault) {
        guard offset & (header.clusterSize - 1) == 0 else { throw .damaged(what) }
        try checkInFile(offset, length)
    }

    private func checkInFile(_ offset: UInt64, _ length: UInt64) throws(ImageHeader.Fault) {
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard !overflow, end <= UInt64(bytes.count) else {
            throw .cutShort(bytes.count, needs: overflow ? offset : end)
        }
    }
}
