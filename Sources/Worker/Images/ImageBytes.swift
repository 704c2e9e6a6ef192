import Foundation

/// The bytes of an open file, read where they are asked for.
struct ImageBytes {
    let descriptor: Int32
    /// The file's length.
    let count: Int64

    /// `length` bytes from `offset` on (pread(2)); nil where the file has them not.
    func read(at offset: Int64, _ length: Int) throws(ImageHeader.Fault) -> [UInt8]? {
        guard offset >= 0, length >= 0, offset <= count - Int64(length) else { return nil }
        var bytes = [UInt8](repeating: 0, count: length)
        var filled = 0
        while filled < length {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    length - filled,
                    off_t(offset) + off_t(filled)
                )
            }
            if got == 0 { return nil }
            if got < 0 {
                if errno == EINTR { continue }
                throw ImageHeader.Fault(reason: "cannot be read", cause: String(cString: strerror(errno)))
            }
            filled += got
        }
        return bytes
    }
}

extension [UInt8] {
    /// The number of `length` bytes, eight at most, with the most significant first; nil where they are not all there.
    func bigEndian(at offset: Int, _ length: Int) -> UInt64? {
        guard offset >= 0, offset + length <= count else { return nil }
        return self[offset..<offset + length].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The number of `length` bytes, eight at most, with the least significant first; nil where they are not all there.
    func littleEndian(at offset: Int, _ length: Int) -> UInt64? {
        guard offset >= 0, offset + length <= count else { return nil }
        return self[offset..<offset + length].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// All of it as numbers of eight bytes, with the most significant first; what is left at the end is left out.
    var bigEndianWords: [UInt64] {
        withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map { index in
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
        }
    }
}
