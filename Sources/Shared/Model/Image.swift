/// A disk image from which VMs start.
package struct Image: Hashable, Sendable {
    /// Its number, from 100 in the order of the image file.
    package let id: ImageID
    /// The file's name without its ending.
    package let name: String
    /// Where the file lies, as ``ImageLocation`` writes it: a full path on the workers, or `user@host:/path`.
    package let path: String

    package init(id: ImageID, name: String, path: String) {
        self.id = id
        self.name = name
        self.path = path
    }
}

/// The formats of disk image that are taken.
package enum ImageFormat: String, Hashable, Sendable {
    /// QEMU's copy-on-write format, version 2 or 3.
    case qcow2
    /// Bytes as the disk has them, with a boot or partition sector.
    case raw
}
