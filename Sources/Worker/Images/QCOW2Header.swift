/// The header of a qcow2 file (docs/interop/qcow2.txt of QEMU), all numbers big-endian.
struct QCOW2Header {
    static let magic: [UInt8] = [0x51, 0x46, 0x49, 0xFB]

    /// The size of the disk in bytes.
    let virtualSize: Int64
    /// The size of a cluster in bytes: 512 to 2 MiB.
    let clusterSize: UInt64
    let clusterBits: UInt64
    /// True where an entry of an L2 table has 16 bytes: the second eight describe the cluster's 32 parts.
    let hasSubclusters: Bool
    /// The active L1 table: where it is, and how many entries of eight bytes it has.
    let l1: (offset: UInt64, entries: UInt64)
    /// The refcount table: where it is, and how many clusters it has.
    let refcounts: (offset: UInt64, clusters: UInt64)
    let snapshots: (offset: UInt64, count: UInt64)

    /// Entries of an L2 table, which fills one cluster.
    var entriesPerL2: UInt64 { clusterSize / (hasSubclusters ? 16 : 8) }

    /// QEMU opens no larger L1 table (`QCOW_MAX_L1_SIZE`), refcount table (`QCOW_MAX_REFTABLE_SIZE`), or list of
    /// snapshots (`QCOW_MAX_SNAPSHOTS`).
    private static let limits = (l1: UInt64(32 << 20), refcounts: UInt64(8 << 20), snapshots: UInt64(65_536))

    /// Reads the header and refuses what no VM should start from.
    ///
    /// A backing file and a data file are names, and could be those of any file on a PM.
    init(_ bytes: [UInt8], fileSize: Int64) throws(ImageHeader.Fault) {
        guard let version = bytes.bigEndian(at: 4, 4) else { throw .cutShort(fileSize, needs: 72) }
        guard version == 2 || version == 3 else {
            let convert = ForeignFormat.convert(from: "qcow")
            throw ImageHeader.Fault(reason: "is qcow in a version other than 2 and 3: \(convert)")
        }
        guard let backingOffset = bytes.bigEndian(at: 8, 8), let clusterBits = bytes.bigEndian(at: 20, 4),
            let size = bytes.bigEndian(at: 24, 8), let encryption = bytes.bigEndian(at: 32, 4),
            let l1Entries = bytes.bigEndian(at: 36, 4), let l1Offset = bytes.bigEndian(at: 40, 8),
            let refcountOffset = bytes.bigEndian(at: 48, 8), let refcountClusters = bytes.bigEndian(at: 56, 4),
            let snapshotCount = bytes.bigEndian(at: 60, 4), let snapshotOffset = bytes.bigEndian(at: 64, 8),
            let features = version == 3 ? bytes.bigEndian(at: 72, 8) : 0
        else { throw .cutShort(fileSize, needs: version == 3 ? 104 : 72) }
        guard backingOffset == 0 else {
            throw ImageHeader.Fault(
                reason: "has a backing file, which is not taken along: \(ForeignFormat.convert(from: "qcow2"))"
            )
        }
        guard encryption == 0 else {
            throw ImageHeader.Fault(
                reason: "is encrypted, and there is no key for it: \(ForeignFormat.convert(from: "qcow2"))"
            )
        }
        try Self.check(features: features)
        guard (9...21).contains(clusterBits), let virtualSize = Int64(exactly: size), virtualSize > 0,
            l1Entries * 8 <= Self.limits.l1, refcountClusters << clusterBits <= Self.limits.refcounts,
            snapshotCount <= Self.limits.snapshots
        else { throw .damaged("header") }
        self.virtualSize = virtualSize
        self.clusterBits = clusterBits
        clusterSize = 1 << clusterBits
        hasSubclusters = features & 1 << 4 != 0
        l1 = (l1Offset, l1Entries)
        refcounts = (refcountOffset, refcountClusters)
        snapshots = (snapshotOffset, snapshotCount)
    }

    /// Bits of `incompatible_features`: whoever does not know one must not open the file.
    private static func check(features: UInt64) throws(ImageHeader.Fault) {
        let faults: [(bit: UInt64, reason: String)] = [
            (1 << 0, "was not closed cleanly or is in use: stop its user, and run `qemu-img check -r all` on it"),
            (1 << 1, "is marked corrupt: run `qemu-img check -r all` on a copy, or copy it anew"),
            (1 << 2, "keeps its data in another file: \(ForeignFormat.convert(from: "qcow2"))"),
        ]
        for fault in faults where features & fault.bit != 0 { throw ImageHeader.Fault(reason: fault.reason) }
        // Bit 3 is the compression type: the QEMU on the PM decides about it. Bit 4 is extended L2 entries.
        guard features < 1 << 5 else {
            throw ImageHeader.Fault(
                reason: "uses features of qcow2 that are not known here: \(ForeignFormat.convert(from: "qcow2"))"
            )
        }
    }
}
