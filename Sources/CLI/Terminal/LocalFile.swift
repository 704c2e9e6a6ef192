import Glibc

/// Files of the user.
enum LocalFile {
    /// How much is read at most: keys, user data and settings are far smaller.
    private static let largest = 16 << 20

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// A path that holds from wherever it is used.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = Environment["PWD"] else { return path }
        return "\(folder)/\(path)"
    }

    /// The bytes of a file; those of the standard input for `-`.
    ///
    /// - Throws: ``CommandFailure`` where it cannot be read, or is too large.
    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        let descriptor = path == "-" ? 0 : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("read", path, errno) }
        defer { if path != "-" { _ = close(descriptor) } }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw failure("read", path, errno) }
            guard count > 0 else { return bytes }
            bytes += piece.prefix(count)
            guard bytes.count <= largest else { throw .usage("\(path) is larger than \(largest >> 20) MiB") }
        }
    }

    /// Writes a file that its owner alone may read, as a whole or not at all; its folder is made where it is missing.
    ///
    /// - Throws: ``CommandFailure`` where that fails.
    static func writePrivately(_ text: String, to path: String) throws(CommandFailure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        try makeFolder(folder)
        let draft = "\(path).\(getpid())"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", draft, errno) }
        let bytes = Array(text.utf8)
        let count = unsafe write(descriptor, bytes, bytes.count)
        let error = errno
        let isClosed = fsync(descriptor) == 0 && close(descriptor) == 0
        guard count == bytes.count, isClosed, unsafe rename(draft, path) == 0 else {
            let cause = count == bytes.count ? errno : error
            _ = unsafe unlink(draft)
            throw failure("write", path, cause)
        }
    }

    private static func makeFolder(_ path: String) throws(CommandFailure) {
        guard !path.isEmpty, !exists(path) else { return }
        if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make", path, errno) }
    }

    /// Whether others than its owner may read a file.
    static func isShared(_ path: String) -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & 0o077 != 0
    }

    fileprivate static func failure(_ what: String, _ path: String, _ error: Int32) -> CommandFailure {
        CommandFailure(.usage, code: "file", "cannot \(what) \(path): \(unsafe String(cString: strerror(error)))")
    }
}

extension LocalFile {
    /// Writes a file that anybody may read.
    ///
    /// - Throws: ``CommandFailure`` where that fails.
    static func writePublicly(_ text: String, to path: String) throws(CommandFailure) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure("write", path, errno) }
        let bytes = Array(text.utf8)
        let count = unsafe Glibc.write(descriptor, bytes, bytes.count)
        let error = errno
        guard close(descriptor) == 0, count == bytes.count else { throw failure("write", path, error) }
    }
}
