import Model
import RedisClient
import TestKit
import Testing

@testable import Store

@Suite("SSH keys with names")
struct SSHKeyTests {
    private static let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)

    private func code(_ body: () async throws -> Void) async throws -> FailureCode? {
        do { try await body() } catch let failure as Failure { return failure.code }
        return nil
    }

    private func add(_ name: String, _ project: ProjectName, _ fixture: StoreFixture) async throws {
        let name = try #require(SSHKeyName(name))
        try await fixture.store.createSSHKey(
            name,
            of: project,
            SSHPublicKey("\(Self.key) \(name)"),
            fingerprint: "SHA256:x"
        )
    }

    @Test("A name is of its project, and is taken once there")
    func names() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, web) = (fixture.store, try #require(ProjectName("web")))
            let alice = try #require(SSHKeyName("alice"))
            #expect(try await code { try await add("alice", web, fixture) } == .unknownProject)
            try await store.createProject(web, quotas: [:])
            try await add("alice", web, fixture)
            #expect(try await code { _ = try await store.sshKey(alice, of: .default) } == .unknownSSHKey)
            try await add("alice", .default, fixture)
            #expect(try await code { try await add("alice", web, fixture) } == .sshKeyExists)
            let found = try await store.sshKey(alice, of: web)
            #expect(found.key.line == "\(Self.key) alice" && found.project == web && found.createdAt != nil)
            #expect(try await store.deleteSSHKey(alice, of: web))
            #expect(try await !store.deleteSSHKey(alice, of: web))
            #expect(try await store.sshKey(alice, of: .default).name == alice)
        }
    }

    @Test("Lists are in pages, of one project or of all")
    func pages() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let projects = try ["web", "web-2", "web0"].map { try #require(ProjectName($0)) }
            for project in projects {
                try await fixture.store.createProject(project, quotas: [:])
                for name in ["b", "a", "c"] { try await add(name, project, fixture) }
            }
            for project in projects {
                let page = try await fixture.store.sshKeys(of: project, after: nil, limit: 2)
                #expect(page.records.map(\.name.description) == ["a", "b"] && page.next == "\(project)/b")
                let rest = try await fixture.store.sshKeys(of: project, after: page.next, limit: 2)
                #expect(rest.records.map(\.name.description) == ["c"] && rest.next == nil)
                #expect(rest.records.allSatisfy { $0.project == project })
            }
            #expect(try await fixture.store.sshKeys(of: nil, after: nil, limit: 100).records.count == 9)
        }
    }

    @Test("A project is not deleted while it has keys, which another one of its name would get")
    func project() async throws {
        try await StoreFixture.with { (fixture) async throws in
            let (store, web) = (fixture.store, try #require(ProjectName("web")))
            try await store.createProject(web, quotas: [:])
            try await add("alice", web, fixture)
            let alice = try #require(SSHKeyName("alice"))
            #expect(try await store.deleteProject(web, ifVersion: nil) == .hasSSHKey(alice))
            #expect(try await store.deleteSSHKey(alice, of: web))
            #expect(try await store.deleteProject(web, ifVersion: nil) == .deleted)
        }
    }
}
