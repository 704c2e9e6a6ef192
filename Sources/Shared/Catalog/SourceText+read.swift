import Foundation

extension SourceText {
    /// The largest file that is read: 1 MiB, enough for some ten thousand entries.
    static let maximumBytes = 1 << 20

    /// Reads a regular file whole (open(2), fstat(2), read(2)).
    ///
    /// The file is opened without blocking, so that a FIFO cannot hold up the start of a program.
    static func read(path: String) throws(CatalogError) -> SourceText {
        func refusal(_ reason: String, cause: String? = nil) -> CatalogError {
            CatalogError(code: .unreadable, file: path, position: nil, reason: reason, cause: cause)
        }
        guard !path.isEmpty, !path.utf8.contains(0) else { throw refusal("this is no path: give the file's path") }
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw refusal("cannot be opened: give the path of a file that may be read", cause: lastSystemError())
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw refusal("cannot be examined", cause: lastSystemError()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw refusal("is \(kind(of: status.st_mode)): give the path of a regular file")
        }
        guard let bytes = readBytes(from: descriptor) else {
            throw refusal("cannot be read", cause: lastSystemError())
        }
        guard bytes.count <= maximumBytes else {
            throw refusal("is larger than \(maximumBytes) bytes: this is no list of ours")
        }
        return try SourceText(file: path, bytes: bytes)
    }

    /// At most one byte more than is taken, so that a file which grew since fstat is noticed; nil with errno set.
    private static func readBytes(from descriptor: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= maximumBytes {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            bytes += buffer[..<count]
        }
        return bytes
    }

    private static func lastSystemError() -> String { String(cString: strerror(errno)) }

    private static func kind(of mode: mode_t) -> String {
        switch mode & S_IFMT {
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe"
        case S_IFSOCK: "a socket"
        case S_IFBLK, S_IFCHR: "a device"
        default: "no regular file"
        }
    }
}
