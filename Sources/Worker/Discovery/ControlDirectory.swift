import Foundation
import Model

/// The folder for the sockets of shared connections: whoever can reach such a socket can use the connection.
struct ControlDirectory {
    let path: String

    /// Makes the folder where it is missing (mkdir(2), mode 0700) and checks that it is ours alone (lstat(2)).
    ///
    /// - Throws: `Failure` with the code `internalFault`.
    func prepare() throws(Failure) {
        // ssh expands % and ${} in the path of a socket.
        guard path.hasPrefix("/"), path.utf8.count <= SSHCommand.longestDirectory,
            !path.contains(where: { "%$\"".contains($0) || $0.isNewline })
        else {
            let length = "at most \(SSHCommand.longestDirectory) bytes"
            throw fault("is no folder for ssh's sockets: give a full path of \(length) without %, $ and quotes")
        }
        if mkdir(path, 0o700) != 0, errno != EEXIST {
            let cause = String(cString: strerror(errno))
            throw fault("cannot be made: make it, owned by the worker's user, with mode 0700", cause: cause)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw fault("cannot be looked at", cause: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw fault("is not a folder of the worker's user alone: run `chown` and `chmod 700` on it")
        }
    }

    private func fault(_ reason: String, cause: String? = nil) -> Failure {
        Failure(.internalFault, "'\(path)' \(reason)", cause: cause)
    }
}
