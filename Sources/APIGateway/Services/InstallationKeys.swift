import Foundation
import Model
import NIOConcurrencyHelpers

/// The SSH keys of guests whose creates name none, from a file of the form of `authorized_keys`.
final class InstallationKeys: Sendable {
    /// Nil for no keys.
    let path: String?
    private let keys: NIOLockedValueBox<[SSHPublicKey]>

    /// Reads the file.
    ///
    /// - Throws: `Failure` with `invalidRequest` that names the line.
    init(path: String?) throws(Failure) {
        self.path = path
        keys = NIOLockedValueBox(try Self.read(path))
    }

    /// As they were read last.
    var all: [SSHPublicKey] { keys.withLockedValue { $0 } }

    /// Reads the file anew; what was read before stays where it cannot be used.
    ///
    /// - Throws: `Failure` that says what is wrong with it.
    func reload() throws(Failure) {
        let new = try Self.read(path)
        keys.withLockedValue { $0 = new }
    }

    private static func read(_ path: String?) throws(Failure) -> [SSHPublicKey] {
        guard let path else { return [] }
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw Failure(
                .invalidRequest,
                "HVC_SSH_KEYS: \(path) cannot be read: name a file of public keys, one in a line",
                cause: "\(error)"
            )
        }
        do throws(Failure) { return try AuthorizedKeys.read(text) } catch {
            throw Failure(.invalidRequest, "HVC_SSH_KEYS: \(path): \(error.message)")
        }
    }
}
