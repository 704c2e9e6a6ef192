import Model
import Store

extension EveryScript {
    /// Those of projects, and of the SSH keys in them.
    func projects() async throws {
        guard let name = ProjectName("a") else { return }
        for _ in 1...2 { do { try await store.createProject(name, quotas: [.vms: 1]) } catch {} }
        try await sshKeys(of: name)
        _ = try await store.update(name, ifVersion: nil, [.vms: nil, .vcpus: 2])
        let usage = ProjectUsage(vms: 1, needs: Resources(cpu: 1, ram: 1, disk: 1))
        try await store.repair(ProjectCorrection(project: name, from: .zero, to: usage))
        _ = try await store.deleteProject(name, ifVersion: nil)
        try await store.repair(ProjectCorrection(project: name, from: usage, to: .zero))
        _ = try await store.deleteProject(name, ifVersion: nil)
    }

    private func sshKeys(of project: ProjectName) async throws {
        guard let name = SSHKeyName("a") else { return }
        let key = try SSHPublicKey(Self.sshKey)
        for _ in 1...2 { do { try await store.createSSHKey(name, of: project, key, fingerprint: "f") } catch {} }
        _ = try await store.deleteProject(project, ifVersion: nil)
        for _ in 1...2 { _ = try await store.deleteSSHKey(name, of: project) }
    }

    private static let sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + String(repeating: "A", count: 43)
}
