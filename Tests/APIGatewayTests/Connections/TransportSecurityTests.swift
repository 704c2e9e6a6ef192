import Foundation
import RedisClient
import Store
import TestKit
import Testing

#if TLS
    /// HTTPS by the programs that people use, against the gateway as a process.
    @Suite("TLS at the gateway")
    struct TransportSecurityTests {
        private func settings(_ files: TemporaryCertificates, _ folder: TemporaryDirectory) throws -> [String: String] {
            try install(files, folder)
            return [
                "HVC_TLS_CERT_FILE": folder.file("cert.pem"), "HVC_TLS_KEY_FILE": folder.file("key.pem"),
                "HVC_API_TOKEN": "0123456789abcdef",
            ]
        }

        /// Puts a certificate and its key where the gateway reads them.
        private func install(_ files: TemporaryCertificates, _ folder: TemporaryDirectory) throws {
            for (from, to) in [(files.certificate, "cert.pem"), (files.key, "key.pem")] {
                let text = try String(contentsOfFile: from, encoding: .utf8)
                try text.write(toFile: folder.file(to), atomically: true, encoding: .utf8)
            }
        }

        /// What a program says, and whether it ended well.
        private func run(_ program: String, _ arguments: [String]) async throws -> (isWell: Bool, text: String) {
            let process = try ChildProcess(program, arguments)
            let exit = try await process.waitForExit(within: .seconds(30))
            return (exit == .status(0), process.text)
        }

        private func curl(_ gateway: LiveGateway, _ files: TemporaryCertificates, _ more: [String] = []) async throws
            -> (isWell: Bool, text: String)
        {
            let options = ["-sS", "--max-time", "20", "--noproxy", "*", "--cacert", files.authority]
            return try await run("curl", options + more + ["https://localhost:\(gateway.port)/healthz"])
        }

        @Test("curl and openssl are served over TLS 1.2 and 1.3 alone, and plain HTTP is not")
        func served() async throws {
            let (files, folder) = (try await TemporaryCertificates(), try TemporaryDirectory(prefix: "tls"))
            try await LiveGateway.with(try settings(files, folder)) { gateway in
                for version in ["1.2", "1.3"] {
                    let answer = try await curl(gateway, files, ["--tlsv\(version)", "--tls-max", version])
                    #expect(answer.isWell && answer.text.contains("\"status\""), "\(answer)")
                }
                let stranger = try await TemporaryCertificates()
                #expect(try await !curl(gateway, stranger).isWell)
                let target = [
                    "-connect", "127.0.0.1:\(gateway.port)", "-CAfile", files.authority, "-verify_return_error",
                ]
                #expect(try await run("openssl", ["s_client", "-brief"] + target).text.contains("Verification: OK"))
                #expect(try await !run("openssl", ["s_client", "-tls1_1", "-brief"] + target).isWell)
                let plain = try await run(
                    "curl",
                    ["-s", "--max-time", "20", "http://localhost:\(gateway.port)/healthz"]
                )
                #expect(!plain.isWell, "\(plain)")
            }
        }

        @Test(
            "hvctl is served where the certificate is of an authority that it trusts, and of the host; else it sends nothing"
        )
        func hvctl() async throws {
            let folder = try TemporaryDirectory(prefix: "tls")
            let (files, elsewhere) = (
                try await TemporaryCertificates(), try await TemporaryCertificates(names: "DNS:elsewhere")
            )
            for (certificates, trusted, isServed) in [
                (files, files.authority, true), (files, elsewhere.authority, false), (files, nil, false),
                (elsewhere, elsewhere.authority, false),
            ] {
                try await LiveGateway.with(try settings(certificates, folder)) { gateway in
                    for host in ["localhost", "127.0.0.1"] {
                        var environment = [
                            "HVCTL_SERVER": "https://\(host):\(gateway.port)", "HVCTL_TOKEN": "0123456789abcdef",
                            "HVCTL_CONFIG": folder.file("none.json"),
                        ]
                        environment["HVCTL_CA_FILE"] = trusted
                        let program = try BuiltProgram.path("hvctl", ofTests: true)
                        let process = try ChildProcess(program, ["token", "self"], environment: environment)
                        let exit = try await process.waitForExit(within: .seconds(30))
                        #expect(exit == .status(isServed ? 0 : 7), "\(host): \(process.text)")
                        #expect(
                            process.text.contains(isServed ? "role admin" : "certificate is not trusted"),
                            "\(process.text)"
                        )
                    }
                }
            }
        }

        @Test(
            "SIGHUP has new connections get the new certificate, and one that is open goes on; a bad file changes nothing"
        )
        func reloaded() async throws {
            let (first, second) = (try await TemporaryCertificates(), try await TemporaryCertificates())
            let folder = try TemporaryDirectory(prefix: "tls")
            try await LiveGateway.with(try settings(first, folder)) { gateway in
                // A stream that is open over all of it.
                let url = "https://localhost:\(gateway.port)/v1/events"
                let headers = ["-H", "Authorization: Bearer 0123456789abcdef"]
                let stream = try ChildProcess(
                    "curl",
                    ["-sSN", "--noproxy", "*", "--cacert", first.authority] + headers + [url]
                )
                try await stream.waitForLine(containing: "retry:", within: .seconds(20))

                try install(second, folder)
                gateway.process.signal(SIGHUP)
                try await gateway.process.waitForLine(containing: "have the certificate", within: .seconds(20))
                #expect(try await curl(gateway, second).isWell)
                #expect(try await !curl(gateway, first).isWell)

                // A key of another certificate.
                let text = try String(contentsOfFile: first.key, encoding: .utf8)
                for broken in [text, "none"] {
                    try broken.write(toFile: folder.file("key.pem"), atomically: true, encoding: .utf8)
                    gateway.process.signal(SIGHUP)
                    let line = try await gateway.process.waitForLine(
                        containing: "stays as it was",
                        within: .seconds(20)
                    )
                    #expect(line.contains("HVC_TLS_KEY_FILE"), "\(line)")
                    #expect(try await curl(gateway, second).isWell)
                }
                _ = try await gateway.store.redis.send(["XADD", "hvc:events", "*", "type", "test.event"])
                try await stream.waitForLine(containing: "test.event", within: .seconds(20))
                _ = try await stream.kill()
            }
        }

        @Test("Files that cannot be used, and one without the other, are refused at the start")
        func refused() async throws {
            let files = try await TemporaryCertificates()
            let program = try BuiltProgram.path("hvc-gateway", ofTests: true)
            let wrong = [
                ["HVC_TLS_CERT_FILE": files.certificate],
                ["HVC_TLS_CERT_FILE": files.certificate, "HVC_TLS_KEY_FILE": "/none"],
                ["HVC_TLS_CERT_FILE": files.authority, "HVC_TLS_KEY_FILE": files.key],
            ]
            for environment in wrong {
                let process = try ChildProcess(program, ["--check"], environment: environment)
                #expect(try await process.waitForExit(within: .seconds(20)) != .status(0))
                #expect(process.text.contains("HVC_TLS_KEY_FILE"), "\(process.text)")
            }
        }
    }
#else
    @Suite("TLS at the gateway, in a build without it")
    struct TransportSecurityTests {
        @Test("A certificate is refused at the start")
        func refused() async throws {
            let files = ["HVC_TLS_CERT_FILE": "/a", "HVC_TLS_KEY_FILE": "/b"]
            let process = try ChildProcess(
                try BuiltProgram.path("hvc-gateway", ofTests: true),
                ["--check"],
                environment: files
            )
            #expect(try await process.waitForExit(within: .seconds(20)) != .status(0))
            #expect(process.text.contains("--traits TLS"), "\(process.text)")
        }
    }
#endif
