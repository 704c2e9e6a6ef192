import Bootstrap
import Foundation
import Model
import RedisClient
import TestKit
import Testing

@testable import APIGateway

@Suite("Secrets in settings")
struct SecretSettingTests {
    @Test("A secret that is blank is refused, not taken for none", arguments: ["HVC_API_TOKEN", "HVC_REDIS_PASSWORD"])
    func blank(name: String) throws {
        let folder = try TemporaryDirectory()
        for (number, text) in ["", "\n", " \t\r\n"].enumerated() {
            let path = folder.file("secret-\(number)")
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            expectRefusal([name + "_FILE": path], named: name + "_FILE")
        }
        expectRefusal([name: "  "], named: name)
        expectRefusal([name + "_FILE": folder.file("none")], named: name + "_FILE")
        #expect(try GatewaySettings(environment: [name: "", name + "_FILE": ""]).token == "")
    }

    @Test("A secret that is set twice is refused with both names", arguments: ["HVC_API_TOKEN", "HVC_REDIS_PASSWORD"])
    func twice(name: String) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("secret")
        try "a-secret-of-some-length".write(toFile: path, atomically: true, encoding: .utf8)
        for value in ["another-secret", "a-secret-of-some-length"] {
            expectRefusal([name: value, name + "_FILE": path], named: "\(name) and \(name)_FILE")
        }
        #expect(throws: Never.self) { try GatewaySettings(environment: [name: "", name + "_FILE": path]) }
        #expect(throws: Never.self) { try GatewaySettings(environment: [name: "a-secret", name + "_FILE": ""]) }
    }

    @Test("A token that no header carries is refused", arguments: ["a b", "a\tb", "tökén", "a\nb"])
    func unusable(token: String) {
        expectRefusal(["HVC_API_TOKEN": token], named: "HVC_API_TOKEN")
    }

    @Test("A token file ends in a newline or not; one that others can read is warned of")
    func files() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("token")
        try "a-token-of-some-length\r\n".write(toFile: path, atomically: true, encoding: .utf8)
        for (mode, count) in [(0o600, 0), (0o640, 0), (0o644, 1), (0o602, 1)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            let settings = try GatewaySettings(environment: [
                "HVC_API_TOKEN_FILE": path, "HVC_REDIS_PASSWORD_FILE": path,
            ])
            #expect(settings.token == "a-token-of-some-length" && settings.common.redis.password == settings.token)
            #expect(settings.warnings.count == count * 2, "\(settings.warnings)")
            #expect(!"\(settings.warnings)".contains(settings.token))
        }
    }

    @Test("A token that can be guessed is warned of where others can reach the gateway")
    func short() throws {
        for (host, token, count) in [
            ("0.0.0.0", "fifteen-letters", 1), ("0.0.0.0", "sixteen-letters-", 0), ("127.0.0.1", "short", 0),
        ] {
            let settings = try GatewaySettings(environment: ["HVC_HOST": host, "HVC_API_TOKEN": token])
            #expect(settings.warnings.count == count, "\(settings.warnings)")
        }
    }

    @Test("The programs say it and go on")
    func warned() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("token")
        try "tok".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        try await LiveGateway.with(["HVC_API_TOKEN_FILE": path]) { (gateway) async throws in
            try await gateway.process.waitForLine(containing: "HVC_API_TOKEN_FILE: every user")
            #expect(try await gateway.http.call("/vm/types").status == 401)
        }
    }

    private func expectRefusal(_ environment: [String: String], named name: String) {
        let failure = #expect(throws: InvalidInput.self, "\(environment)") {
            try GatewaySettings(environment: environment)
        }
        #expect(failure?.failure.message.contains(name) == true, "\(String(describing: failure))")
    }
}
