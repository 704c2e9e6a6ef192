import CLibvirt
import Foundation

extension LibvirtError {
    /// What went wrong, as far as callers act on it.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// No domain has this UUID or name.
        case noSuchDomain
        /// The domain has no metadata of this kind.
        case noMetadata
        /// The pool has no volume of this name.
        case noSuchVolume
        /// No pool has this name.
        case noSuchPool
        /// No network has this name.
        case noSuchNetwork
        /// Something of this name or UUID is there already.
        case alreadyExists
        /// The connection broke, or was never made.
        case connectionLost
        /// The machine refused the user or the key.
        case authenticationFailed
        /// The machine's ssh host key is unknown or another than before.
        case hostKeyRejected
        /// No machine of this name or address answers.
        case unreachable
        /// libvirt or the network below it timed out.
        case timeout
        /// What came over the connection is no message of libvirt's: something on the machine prints into it.
        case garbled
        /// The machine's storage has no room.
        case noSpace
        /// The driver does not do this.
        case unsupported
        /// An argument or a flag that this libvirt does not take.
        case invalidArgument
        /// Not possible in the state in which the object is.
        case operationInvalid
        /// A file of this machine could not be read.
        case localFile
        /// The caller's deadline passed while the call ran.
        case deadline
        /// The caller's deadline passed before a thread was free.
        case busy
        /// The caller was cancelled.
        case cancelled
        /// Anything else; the message says what.
        case other

        /// True where the same call may do on a new connection.
        package var isConnectionFault: Bool {
            switch self {
            case .connectionLost, .authenticationFailed, .hostKeyRejected, .unreachable, .timeout, .garbled: true
            default: false
            }
        }
    }
}

extension LibvirtError.Kind {
    private static let byCode: [Int: Self] = [
        Int(VIR_ERR_NO_DOMAIN.rawValue): .noSuchDomain,
        Int(VIR_ERR_NO_DOMAIN_METADATA.rawValue): .noMetadata,
        Int(VIR_ERR_NO_STORAGE_VOL.rawValue): .noSuchVolume,
        Int(VIR_ERR_NO_STORAGE_POOL.rawValue): .noSuchPool,
        Int(VIR_ERR_NO_NETWORK.rawValue): .noSuchNetwork,
        Int(VIR_ERR_STORAGE_VOL_EXIST.rawValue): .alreadyExists,
        Int(VIR_ERR_STORAGE_POOL_BUILT.rawValue): .alreadyExists,
        Int(VIR_ERR_DOM_EXIST.rawValue): .alreadyExists,
        Int(VIR_ERR_NETWORK_EXIST.rawValue): .alreadyExists,
        Int(VIR_ERR_NO_CONNECT.rawValue): .connectionLost,
        Int(VIR_ERR_INVALID_CONN.rawValue): .connectionLost,
        Int(VIR_ERR_AUTH_FAILED.rawValue): .authenticationFailed,
        Int(VIR_ERR_AUTH_CANCELLED.rawValue): .authenticationFailed,
        Int(VIR_ERR_AUTH_UNAVAILABLE.rawValue): .authenticationFailed,
        Int(VIR_ERR_OPERATION_TIMEOUT.rawValue): .timeout,
        Int(VIR_ERR_NO_SUPPORT.rawValue): .unsupported,
        Int(VIR_ERR_OPERATION_UNSUPPORTED.rawValue): .unsupported,
        Int(VIR_ERR_CONFIG_UNSUPPORTED.rawValue): .unsupported,
        Int(VIR_ERR_ARGUMENT_UNSUPPORTED.rawValue): .unsupported,
        Int(VIR_ERR_INVALID_ARG.rawValue): .invalidArgument,
        Int(VIR_ERR_OPERATION_INVALID.rawValue): .operationInvalid,
    ]

    /// What ssh and the system's resolver say; libvirt passes their words on and has no codes for them.
    private static let byWords: [(words: String, kind: Self)] = [
        ("Host key verification failed", .hostKeyRejected),
        ("REMOTE HOST IDENTIFICATION HAS CHANGED", .hostKeyRejected),
        ("Permission denied (", .authenticationFailed),
        ("Too many authentication failures", .authenticationFailed),
        ("Could not resolve hostname", .unreachable),
        ("Name or service not known", .unreachable),
        ("No route to host", .unreachable),
        ("Network is unreachable", .unreachable),
        ("Connection refused", .unreachable),
        ("Connection timed out", .timeout),
        ("Failed to connect socket", .unreachable),
        ("No space left on device", .noSpace),
        ("Disk quota exceeded", .noSpace),
        // The first four bytes of other text, read as the length of a message (virnetmessage.c).
        ("received from server too large", .garbled),
        ("received from server too small", .garbled),
        ("Unable to decode message", .garbled),
        ("keepalive timeout", .connectionLost),
        ("client socket is closed", .connectionLost),
        ("End of file while reading data", .connectionLost),
        ("Cannot recv data", .connectionLost),
        ("Cannot write data", .connectionLost),
        ("unexpected hangup", .connectionLost),
        ("received hangup", .connectionLost),
        ("Connection reset by peer", .connectionLost),
        ("already exists with uuid", .alreadyExists),
        ("existing dhcp host entry", .alreadyExists),
        ("storage vol already exists", .alreadyExists),
    ]

    /// Sorts an error of libvirt's by its code, else by errno, else by its words.
    ///
    /// - Parameters:
    ///   - code: the `virErrorNumber`.
    ///   - domain: the `virErrorDomain`.
    ///   - errno: `int1` of the error, which system errors carry errno in.
    ///   - message: the error's text.
    init(code: Int, domain: Int, errno: Int32, message: String) {
        if let kind = Self.byCode[code] {
            self = kind
        } else if code == Int(VIR_ERR_SYSTEM_ERROR.rawValue), errno == ENOSPC || errno == EDQUOT {
            self = .noSpace
        } else if let match = Self.byWords.first(where: { message.contains($0.words) }) {
            self = match.kind
        } else if domain == Int(VIR_FROM_RPC.rawValue) {
            // What the transport itself reports means that this connection is of no more use.
            self = .connectionLost
        } else {
            self = .other
        }
    }
}
