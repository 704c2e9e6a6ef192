import Foundation

/// A lock on a file (flock(2)), which ends with this object, and with the process.
final class FileLock: Sendable {
    /// Who may hold it beside us.
    enum Kind {
        /// Others that read.
        case shared
        /// Nobody.
        case exclusive
    }

    private let descriptor: Int32

    /// Takes the lock; nil where it is taken, or the file is not there (any more).
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - kind: who may hold it beside us.
    ///   - create: true to make the file where it is missing.
    ///   - waits: true to block the thread while it is taken, for locks that are held for moments.
    init?(_ path: String, _ kind: Kind, create: Bool = false, waits: Bool = false) {
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW
        descriptor = open(path, create ? flags | O_CREAT : flags, 0o600)
        guard descriptor >= 0 else { return nil }
        let operation = (kind == .shared ? LOCK_SH : LOCK_EX) | (waits ? 0 : LOCK_NB)
        while flock(descriptor, operation) != 0 {
            guard errno == EINTR else { return nil }
        }
        // Its name may have been taken away between the two calls.
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
