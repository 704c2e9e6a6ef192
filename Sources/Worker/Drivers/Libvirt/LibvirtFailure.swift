import Libvirt
import Model

/// Turns what libvirt says of a PM into failures that name the PM and what to do.
struct LibvirtFailure: Sendable {
    /// The PM.
    let listing: PMListing

    private var pm: String { "PM \(listing.address)" }

    /// The failure for an error.
    ///
    /// - Parameters:
    ///   - error: what was thrown; a `Failure` stays as it is.
    ///   - doing: what was tried, as a clause: `starting VM 3`.
    /// - Returns: the failure.
    func callAsFunction(_ error: any Error, doing: String) -> Failure {
        if let failure = error as? Failure { return failure }
        guard let error = error as? LibvirtError else {
            if error is CancellationError { return .cancelled }
            return Failure(
                .internalFault,
                "\(pm): \(doing) failed in an unexpected way",
                cause: String(describing: error)
            )
        }
        return failure(for: error, doing: doing)
    }

    private func failure(for error: LibvirtError, doing: String) -> Failure {
        let uri = listing.address.libvirtURI
        let (code, advice): (FailureCode, String) =
            switch error.kind {
            case .cancelled: (.leaseLost, "given up: the job was stopped or lost its lease")
            case .deadline: (.deadline, "no answer in time: see what its libvirtd is at (journalctl -u libvirtd)")
            case .busy: (.deadline, "it is still busy with earlier calls: see what its libvirtd is at")
            case .authenticationFailed:
                (
                    .machineUnreachable,
                    "it refused to let us in: check keys and user with ssh, then 'virsh -c \(uri) uri'"
                )
            case .hostKeyRejected:
                (.machineUnreachable, "its ssh host key is unknown or changed: check it, then put it into known_hosts")
            case .connectionLost, .unreachable, .timeout:
                (.machineUnreachable, "its libvirt does not answer: try 'virsh -c \(uri) uri' from the worker")
            case .garbled: (.machineUnreachable, garbled)
            case .noSpace: (.storageFull, "pool '\(listing.pool)' has no room: free some space there")
            case .localFile: (.imageUnusable, "the image's file on this worker cannot be read whole: check it")
            default: (.hypervisor, "its libvirt refused: see libvirtd's log there")
            }
        return Failure(code, "\(pm): \(doing): \(advice)", cause: error.description)
    }

    /// What to do where something prints into libvirt's connection over ssh.
    private var garbled: String {
        var test = "ssh HOST true"
        if case .ssh(let destination) = listing.address.route { test = "ssh ssh://\(destination.authority) true" }
        return
            "a login profile there prints something when ssh runs a command, and libvirt takes it for its own: find it "
            + "with '\(test)', which must print nothing, in ~/.bashrc, /etc/bash.bashrc, ~/.zshenv, ~/.cshrc, ~/.ssh/rc or "
            + "sshd's ForceCommand, and let it print to terminals only"
    }

    /// A failure of this PM with words of its own.
    func callAsFunction(_ code: FailureCode, _ message: String, cause: String? = nil) -> Failure {
        Failure(code, "\(pm): \(message)", cause: cause)
    }
}
