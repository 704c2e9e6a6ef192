import Model

/// A volume of ours in a PM's pool.
struct VolumeSummary: Hashable, Sendable {
    /// Its name: an image's copy, an image's marker or a VM's disk.
    var name: String
    /// What it takes of the pool, in bytes.
    var allocation: Int64

    /// The image of which it says that a copy is whole, by `hvc-image-<number>-….ready`; nil where it says that of none.
    var cachedImage: ImageID? {
        guard name.utf8.starts(with: "hvc-image-".utf8), name.hasSuffix(".ready") else { return nil }
        return ImageID(name.dropFirst("hvc-image-".count).prefix { $0 != "-" })
    }

    /// The domain of the VM after which it is called; nil for an image and what else there is.
    var domainName: String? { VolumeName(name).domainName }

    /// True where it is a VM's disk as it was made: `hvc-<number>-<eight hexadecimal digits>.qcow2`.
    var isDisk: Bool { domainName.map { name == "\($0).qcow2" } ?? false }
}
