import Foundation
import Model

/// The folder for the sockets of shared connections: whoever can reach such a socket can use the connection.
struct ControlDirectory {
    let path: String

    /// A folder for this process whose path ssh can take.
    ///
    /// Under the usual folder for temporary files; where its path is too long for a socket (unix(7)) or nobody may write
    /// there, under a short one, made by mkdtemp(3): with mode 0700, and never through anybody's link.
    ///
    /// - Parameters:
    ///   - name: the folder's name.
    ///   - temporary: the usual folder for temporary files (`TMPDIR`).
    /// - Returns: the path; where no folder does, the usual one, of which `prepare` says what is wrong.
    static func path(named name: String, in temporary: String) -> String {
        let usual = (temporary.last == "/" ? String(temporary.dropLast()) : temporary) + "/" + name
        if isUsable(usual), access(temporary, W_OK | X_OK) == 0 { return usual }
        for folder in ["/tmp", "/var/tmp", "/dev/shm"] {
            var template = Array("\(folder)/hvc-ssh-XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else { continue }
            return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return usual
    }

    /// ssh expands % and ${} in the path of a socket.
    private static func isUsable(_ path: String) -> Bool {
        path.hasPrefix("/") && path.utf8.count <= SSHCommand.longestDirectory
            && !path.contains(where: { "%$\"".contains($0) || $0.isNewline })
    }

    /// Removes the folder where nothing is in it any more (rmdir(2)).
    func remove() {
        rmdir(path)
    }

    /// Makes the folder where it is missing (mkdir(2), mode 0700) and checks that it is ours alone (lstat(2)).
    ///
    /// - Throws: `Failure` with the code `internalFault`.
    func prepare() throws(Failure) {
        guard Self.isUsable(path) else {
            let length = "at most \(SSHCommand.longestDirectory) bytes"
            throw fault("is no folder for ssh's sockets: give a full path of \(length) without %, $ and quotes")
        }
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            let cause = String(cString: strerror(errno))
            throw fault("cannot be made: make it, owned by the worker's user, with mode 0700", cause: cause)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw fault("cannot be examined", cause: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw fault("is not a folder of the worker's user alone: run `chown` and `chmod 700` on it")
        }
    }

    private func fault(_ reason: String, cause: String? = nil) -> Failure {
        Failure(.internalFault, "'\(path)' \(reason)", cause: cause)
    }
}
