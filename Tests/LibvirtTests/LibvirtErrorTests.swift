import Testing

@testable import Libvirt

@Suite("Errors of libvirt")
struct LibvirtErrorTests {
    /// What libvirt 9.0.0 said when these were provoked.
    @Test(
        "Errors are sorted by code, errno and words",
        arguments: [
            (42, 10, 0, "Domain not found", LibvirtError.Kind.noSuchDomain),
            (80, 20, 0, "metadata not found: Requested metadata element is not present", .noMetadata),
            (50, 18, 0, "Storage volume not found", .noSuchVolume),
            (49, 18, 0, "Storage pool not found", .noSuchPool),
            (43, 19, 0, "Network not found", .noSuchNetwork),
            (90, 18, 0, "storage volume 'a' exists already", .alreadyExists),
            (9, 20, 0, "operation failed: domain 'a' already exists with uuid 1", .alreadyExists),
            (55, 10, 0, "Requested operation is not valid: domain is not running", .operationInvalid),
            (38, 18, 28, "cannot write data to file 'a': Nothing", .noSpace),
            (1, 18, 0, "internal error: qemu-img: a.qcow2: No space left on device", .noSpace),
            (38, 7, 2, "Failed to connect socket to '/run/a': No such file or directory", .unreachable),
            (38, 7, 104, "Cannot recv data: Host key verification failed.: Connection reset by peer", .hostKeyRejected),
            (38, 7, 104, "Cannot recv data: a@b: Permission denied (publickey).", .authenticationFailed),
            (38, 7, 104, "Cannot recv data: ssh: Could not resolve hostname a: Name or service", .unreachable),
            (38, 7, 104, "Cannot recv data: ssh: connect to host a port 22: Connection refused", .unreachable),
            (38, 7, 104, "Cannot recv data: ssh: connect to host a port 22: Connection timed out", .timeout),
            (38, 7, 0, "packet 1466264940 bytes received from server too large, want 33554432", .garbled),
            (39, 7, 0, "Unable to decode message header", .garbled),
            (1, 7, 0, "internal error: connection closed due to keepalive timeout", .connectionLost),
            (1, 7, 0, "internal error: client socket is closed", .connectionLost),
            (1, 7, 0, "internal error: received hangup event on socket", .connectionLost),
            (45, 7, 0, "authentication failed: no", .authenticationFailed),
            (3, 12, 0, "this function is not supported by the connection driver: a", .unsupported),
            (8, 12, 0, "unsupported flags (0x10) in function a", .invalidArgument),
            (1, 10, 0, "internal error: process exited while connecting to monitor", .other),
        ]
    )
    func kinds(code: Int, domain: Int, errno: Int32, message: String, kind: LibvirtError.Kind) {
        #expect(LibvirtError.Kind(code: code, domain: domain, errno: errno, message: message) == kind)
    }

    @Test("Versions read as people write them, and are ordered")
    func versions() {
        #expect(LibvirtVersion(number: 9_000_000).description == "9.0.0")
        #expect(LibvirtVersion(number: 10_002_003).description == "10.2.3")
        #expect(LibvirtVersion(number: 8_000_000) < LibvirtVersion(number: 9_000_000))
    }
}
