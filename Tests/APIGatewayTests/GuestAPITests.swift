import API
import Bootstrap
import Foundation
import Model
import RedisClient
import Store
import TestKit
import Testing

@testable import APIGateway

@Suite("What creates ask of their guests, and SSH keys with names")
struct GuestAPITests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)
    private static let other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "B", count: 42) + "A"
    private static let marker = "a-marker-that-stands-nowhere-else"

    private func call(
        _ gateway: InProcessGateway,
        _ path: String,
        method: String = "GET",
        _ body: String? = nil
    ) async throws -> HTTPAnswer {
        try await gateway.http.call(path, method: body == nil ? method : "POST", body: body)
    }

    private func create(_ gateway: InProcessGateway, name: String = "Web 1", _ fields: String = "") async throws
        -> HTTPAnswer
    {
        let more = fields.isEmpty ? "" : "," + fields
        return try await call(gateway, "/v1/vms", #"{"name":"\#(name)","instance_type":1,"image_id":100\#(more)}"#)
    }

    /// What the seed of a VM is made of, while its create goes on.
    private func givenSeed(_ gateway: InProcessGateway, _ vm: Int) async throws -> GuestSeed? {
        let id = try #require(VMID(vm))
        let status = try #require(try await gateway.store.vm(id))
        return try await gateway.store.seed(of: status.vm)
    }

    private func shownSeed(_ gateway: InProcessGateway, _ vm: Int) async throws -> SeedResponse? {
        let answer = try await call(gateway, "/v1/vms/\(vm)")
        return try JSONDecoder().decode(VMResponse.self, from: Data(answer.body.utf8)).seed
    }

    @Test("Each create makes a seed, with the name of the VM and the keys of the installation, unless it is turned off")
    func defaults() async throws {
        let files = try TemporaryDirectory()
        let path = files.file("keys")
        try "# ours\n\(Self.key) ops\n".write(toFile: path, atomically: true, encoding: .utf8)
        for kind in SeedKind.allCases {
            let environment = ["HVC_SSH_KEYS": path, "HVC_SEED": kind.rawValue, "HVC_WAIT": "0"]
            try await InProcessGateway.with(environment) { (gateway) async throws in
                try await gateway.fill()
                _ = try await create(gateway)
                _ = try await call(gateway, "/vm/create?name=Web%201&instance_type=1&image_id=100", method: "GET")
                _ = try await create(gateway, #""count":2"#)
                let batch = #"{"vms":[{"name":"Web 1","instance_type":1,"image_id":100}]}"#
                _ = try await call(gateway, "/v1/batches", batch)
                for (vm, name) in [(1, "web-1"), (2, "web-1"), (3, "web-1-1"), (4, "web-1-2"), (5, "web-1")] {
                    let seed = try await givenSeed(gateway, vm)
                    #expect(seed?.summary.hostname?.description == (kind == .nocloud ? name : nil))
                    #expect(seed?.sshKeys.map(\.line) == (kind == .nocloud ? ["\(Self.key) ops"] : nil))
                    #expect(try await shownSeed(gateway, vm)?.hostname == (kind == .nocloud ? name : nil))
                }
                _ = try await create(gateway, #""seed":"none""#)
                #expect(try await givenSeed(gateway, 6) == nil)
                _ = try await create(gateway, name: "日本", #""ssh_keys":[]"#)
                #expect(try await givenSeed(gateway, 7)?.sshKeys.isEmpty == true)
                #expect(try await shownSeed(gateway, 7)?.hostname == "vm-7")
                _ = try await create(gateway, #""seed":"nocloud""#)
                #expect(try await givenSeed(gateway, 8)?.summary.hostname?.description == "web-1")
            }
        }
    }

    @Test("A bad file of keys is refused with its line, and keeps those that are known when it is read anew")
    func installationKeys() throws {
        let files = try TemporaryDirectory()
        let path = files.file("keys")
        try "\(Self.key)\n\nno-pty \(Self.other)\n".write(toFile: path, atomically: true, encoding: .utf8)
        for bad in [path, files.file("none")] {
            let failure = #expect(throws: InvalidInput.self) {
                _ = try GatewaySettings(environment: ["HVC_SSH_KEYS": bad])
            }
            let text = try #require(failure).failure.message
            #expect(text.contains("HVC_SSH_KEYS: \(bad)"))
            #expect(bad != path || text.contains("line 3") && !text.contains("AAAA"))
        }
        try "\(Self.key)\n".write(toFile: path, atomically: true, encoding: .utf8)
        let keys = try InstallationKeys(path: path)
        try "nonsense\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: Failure.self) { try keys.reload() }
        #expect(keys.all.map(\.line) == [Self.key])
        try "\(Self.other)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try keys.reload()
        #expect(keys.all.map(\.line) == [Self.other])
    }

    @Test("64 KiB of any bytes are taken, as text or as base64, and one byte more is refused")
    func sizes() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let most = GuestSeed.mostUserData
            let binary = (0..<most).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 8) }
            let text = String(repeating: "é", count: most / 2)
            func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
            let lines = Data(binary).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
            let taken: [(String, [UInt8])] = [
                (#""user_data_base64":"\#(base64(binary))""#, binary), (#""user_data":"\#(text)""#, Array(text.utf8)),
                (#""user_data_base64":"\#(lines.replacing("\n", with: "\\n"))\n""#, binary),
                (#""user_data":"""#, []),
            ]
            for (index, (field, bytes)) in taken.enumerated() {
                #expect(try await create(gateway, field).status == 202)
                #expect(try await givenSeed(gateway, index + 1)?.userData == bytes)
                let shown = try await shownSeed(gateway, index + 1)?.userData
                #expect(shown?.bytes == (bytes.isEmpty ? nil : bytes.count))
            }
            let refused: [(String, String)] = [
                (#""user_data_base64":"\#(base64(binary + [0]))""#, "/user_data_base64"),
                (#""user_data":"\#(text)a""#, "/user_data"), (#""user_data_base64":"a""#, "/user_data_base64"),
                (#""user_data_base64":"YQ=="# + " YQ==\"", "/user_data_base64"),
                (#""user_data":"a","user_data_base64":"YQ==""#, ""),
                (
                    #""network_config":"\#(String(repeating: "a", count: GuestSeed.longestNetworkConfig + 1))""#,
                    "/network_config"
                ),
                (#""hostname":"a b""#, "/hostname"),
                (#""hostname":"\#(String(repeating: "a", count: 63))","count":2"#, "/hostname"),
                (#""seed":"none","user_data":"a""#, "/seed"), (#""ssh_keys":["\#(Self.key)","no key"]"#, "/ssh_keys/1"),
                (#""ssh_keys":[\#(Array(repeating: "\"a\"", count: 33).joined(separator: ","))]"#, "/ssh_keys"),
            ]
            for (field, pointer) in refused {
                let answer = try await create(gateway, field)
                #expect(
                    answer.status == 400 && answer.body.contains(#""pointer":"\#(pointer)""#),
                    "\(answer) \(pointer)"
                )
                #expect(!answer.body.contains(Self.key))
            }
            let large = try await create(gateway, #""description":"\#(String(repeating: "a", count: 256 << 10))""#)
            #expect(large.status == 413 && large.body.contains("256 KiB"))
            #expect(try await gateway.store.vms(after: nil, limit: 99).records.count == taken.count)
        }
    }

    @Test("Hosts' names of several VMs are numbered before their domain")
    func hostnames() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            #expect(try await create(gateway, #""hostname":"db.example.com","count":2"#).status == 202)
            #expect(try await givenSeed(gateway, 1)?.summary.hostname?.description == "db-1.example.com")
            #expect(try await givenSeed(gateway, 2)?.summary.hostname?.description == "db-2.example.com")
        }
    }

    @Test("What is secret is shown nowhere, and the sizes, digests and fingerprints are right")
    func secret() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let fields = #""ssh_keys":["\#(Self.key) me"],"user_data":"\#(Self.marker)","network_config":"version: 1""#
            let created = try await create(gateway, fields)
            #expect(created.status == 202 && !created.body.contains(Self.marker))
            let paths = [
                "/v1/vms/1", "/v1/vms", "/v1/jobs/1", "/v1/jobs", "/v1/events?since=0-0&wait=0", "/v1/queue",
                "/v1/audit",
                "/vm/query?vmid=1", "/metrics", "/v1/jobs/1/explanation",
            ]
            for path in paths { #expect(try await !call(gateway, path).body.contains(Self.marker), "\(path)") }
            let shown = try #require(try await shownSeed(gateway, 1))
            #expect(shown.userData?.bytes == Self.marker.utf8.count)
            // By sha256sum and ssh-keygen -l.
            #expect(shown.userData?.sha256 == "\(Self.digest)")
            #expect(
                shown.sshKeys.allSatisfy { $0.hasPrefix("SHA256:") && $0.utf8.count == 50 } && shown.sshKeys.count == 1
            )
            #expect(shown.networkConfig?.bytes == 10)
            try await gateway.work()
            let keys = try await gateway.store.redis.send(["KEYS", "*seed*"]).strings
            #expect(keys?.isEmpty == true, "\(keys ?? [])")
            #expect(try await shownSeed(gateway, 1) == shown)
        }
    }

    private static let digest = "97efc0ae1225f287f512e1a7e6d58eac91851543ebb304f66c5f7f58ebacabb1"

    @Test("Keys are kept under names of their project, and creates of it call them so")
    func named() async throws {
        try await InProcessGateway.with { (gateway) async throws in
            try await gateway.fill()
            let body = #"{"name":"alice","key":"  \#(Self.key) me@host\n"}"#
            let made = try await call(gateway, "/v1/ssh-keys", body)
            #expect(made.status == 201 && made.headers["location"] == "/v1/ssh-keys/alice", "\(made)")
            #expect(made.body.contains(#""key":"\#(Self.key) me@host""#) && made.body.contains(#""project":"default""#))
            #expect(try await call(gateway, "/v1/ssh-keys", body).headers["x-hvc-code"] == "ssh_key_exists")
            let elsewhere = try await call(
                gateway,
                "/v1/ssh-keys",
                #"{"name":"a","key":"\#(Self.key)","project":"web"}"#
            )
            #expect(elsewhere.headers["x-hvc-code"] == "unknown_project")
            for bad in ["-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-ed25519 AAAA", "restrict \(Self.key)"] {
                let answer = try await call(gateway, "/v1/ssh-keys", #"{"name":"b","key":"\#(bad)"}"#)
                #expect(answer.status == 400 && answer.body.contains(#""pointer":"/key""#), "\(answer)")
            }
            #expect(try await call(gateway, "/v1/ssh-keys").body.contains(#""name":"alice""#))
            _ = try await create(gateway, #""ssh_keys":["alice","\#(Self.other)","\#(Self.key) again"]"#)
            #expect(try await givenSeed(gateway, 1)?.sshKeys.map(\.line) == ["\(Self.key) me@host", Self.other])
            let unknown = try await create(gateway, #""ssh_keys":["bob"]"#)
            #expect(unknown.status == 404 && unknown.headers["x-hvc-code"] == "unknown_ssh_key", "\(unknown)")
            #expect(try await call(gateway, "/v1/ssh-keys/alice", method: "DELETE").status == 200)
            for path in ["/v1/ssh-keys/alice", "/v1/ssh-keys/17", "/v1/ssh-keys/a%2Fb"] {
                #expect(try await call(gateway, path).headers["x-hvc-code"] == "unknown_ssh_key", "\(path)")
            }
            // What was settled at acceptance stays.
            #expect(try await givenSeed(gateway, 1)?.sshKeys.count == 2)
        }
    }

    @Test("A token of one project has the keys of that one")
    func projects() async throws {
        let admin = ["Authorization": "Bearer 0123456789abcdef"]
        try await InProcessGateway.with(["HVC_API_TOKEN": "0123456789abcdef"]) { (gateway) async throws in
            func call(_ path: String, _ method: String = "GET", _ headers: [String: String], _ body: String? = nil)
                async throws
                -> HTTPAnswer
            { try await gateway.http.call(path, method: method, headers: headers, body: body) }
            try await gateway.fill()
            #expect(try await call("/v1/projects", "POST", admin, #"{"name":"web"}"#).status == 201)
            let made = try await call("/v1/tokens", "POST", admin, #"{"name":"t","role":"operator","project":"web"}"#)
            let token = try #require(made.body.firstMatch(of: /"token":"([^"]+)"/)?.1)
            let own = ["Authorization": "Bearer \(token)"]
            let key = #""key":"\#(Self.key)""#
            #expect(try await call("/v1/ssh-keys", "POST", admin, #"{"name":"a",\#(key)}"#).status == 201)
            #expect(try await call("/v1/ssh-keys/a", "GET", own).status == 404)
            #expect(
                try await call("/v1/ssh-keys", "POST", own, #"{"name":"a",\#(key)}"#).body.contains(#""project":"web""#)
            )
            #expect(
                try await call("/v1/ssh-keys", "POST", own, #"{"name":"b",\#(key),"project":"default"}"#).status == 404
            )
            #expect(try await call("/v1/ssh-keys", "GET", own).body.components(separatedBy: "fingerprint").count == 2)
            #expect(try await call("/v1/ssh-keys", "GET", admin).body.components(separatedBy: "fingerprint").count == 3)
            #expect(try await call("/v1/ssh-keys/a?project=default", "DELETE", own).status == 404)
            #expect(try await call("/v1/projects/web", "DELETE", admin).headers["x-hvc-code"] == "project_in_use")
            #expect(try await call("/v1/ssh-keys/a?project=web", "DELETE", admin).status == 200)
            #expect(try await call("/v1/ssh-keys/a", "GET", admin).status == 200)
        }
    }
}
