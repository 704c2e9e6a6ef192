/// A certificate authority of a test's own, and a server's certificate by it.
///
/// Made by the openssl program; the files go with the object.
package final class TemporaryCertificates: Sendable {
    private let directory: TemporaryDirectory

    /// The authority's certificate, a PEM file.
    package var authority: String { directory.file("ca.pem") }

    /// The server's certificate, a PEM file.
    package var certificate: String { directory.file("server.pem") }

    /// The server's key, a PEM file.
    package var key: String { directory.file("server.key") }

    /// Makes the files.
    ///
    /// - Parameter names: What the server's certificate is for, in openssl's form.
    /// - Throws: ``TestKitError`` with openssl's output where that fails.
    package init(names: String = "DNS:localhost,IP:127.0.0.1") async throws {
        directory = try TemporaryDirectory(prefix: "tls")
        let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-x509"]
        try await openssl(
            ["req"] + newKey + ["-keyout", directory.file("ca.key"), "-out", authority, "-subj", "/CN=Test authority"]
        )
        let subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=\(names)"]
        let limits = ["-addext", "basicConstraints=critical,CA:FALSE"]
        let signer = ["-CA", authority, "-CAkey", directory.file("ca.key")]
        try await openssl(["req"] + newKey + signer + ["-keyout", key, "-out", certificate] + subject + limits)
    }

    private func openssl(_ arguments: [String]) async throws {
        let process = try ChildProcess("openssl", arguments)
        let exit = try await process.waitForExit(within: .seconds(30))
        guard exit == .status(0) else { throw TestKitError("openssl failed (\(exit)):\n\(process.text)") }
    }
}
