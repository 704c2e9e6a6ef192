import Model

/// What a disk image is, by its own bytes.
enum ImageHeader {
    /// Why no VM can start from a file: words that follow the file's name.
    struct Fault: Error {
        let reason: String
        var cause: String?

        /// The file ends before what it says is in it.
        static func cutShort(_ length: Int64, needs: UInt64) -> Fault {
            Fault(reason: "is cut short, with \(length) of at least \(needs) bytes: \(copyAnew)")
        }

        /// What its tables say cannot be.
        static func damaged(_ what: String) -> Fault {
            Fault(reason: "has a damaged qcow2 \(what): see `qemu-img check`, and copy it anew")
        }

        static let copyAnew = "copy it anew, under another name until it is whole"
    }

    /// The format, and the size of the disk that a guest would see, in bytes, of an image that is whole.
    static func read(_ bytes: ImageBytes) throws(Fault) -> (format: ImageFormat, virtualSize: Int64) {
        guard bytes.count > 0 else { throw Fault(reason: "is empty: copy it anew") }
        let start = try bytes.read(at: 0, Int(min(bytes.count, 512))) ?? []
        if start.starts(with: QCOW2Header.magic) {
            let header = try QCOW2Header(start, fileSize: bytes.count)
            try QCOW2Tables(header: header, bytes: bytes).check()
            return (.qcow2, header.virtualSize)
        }
        if let other = try ForeignFormat(start, bytes) { throw Fault(reason: other.reason) }
        try RawDisk(bytes: bytes, bootSector: start).check()
        return (.raw, bytes.count)
    }
}
