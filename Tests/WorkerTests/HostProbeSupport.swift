import Foundation
import Model
import TestKit
import Testing

@testable import Worker

func withProbe(
    _ options: SSHServer.Options = SSHServer.Options(),
    deadline: Duration = .seconds(20),
    _ body: (SSHServer, SSHHostProbe) async throws -> Void
) async throws {
    let server = try await SSHServer.started(options)
    let probe = try probe(of: server, config: server.clientConfig(), deadline: deadline)
    do {
        try await body(server, probe)
    } catch {
        await probe.close()
        throw error
    }
    await probe.close()
    try await server.stop()
}

func probe(
    of server: SSHServer,
    config: String,
    deadline: Duration = .seconds(20)
) throws -> SSHHostProbe {
    let configuration = SSHConfiguration(
        configFile: config,
        controlDirectory: server.directory.file("s"),
        deadline: deadline
    )
    return SSHHostProbe(destination: try SSHDestination(server.address), configuration: configuration)
}

func expectFailure(
    _ probe: SSHHostProbe,
    _ words: String,
    code: FailureCode = .machineUnreachable,
    sourceLocation: SourceLocation = #_sourceLocation
) async {
    let failure = await #expect(throws: Failure.self, sourceLocation: sourceLocation) { try await probe.measure() }
    #expect(failure?.code == code, sourceLocation: sourceLocation)
    let text = failure?.description ?? ""
    #expect(text.contains(words), "\(text)", sourceLocation: sourceLocation)
    #expect(code == .internalFault || failure?.cause?.isEmpty == false, "\(text)", sourceLocation: sourceLocation)
}

/// Compares with what this process knows of the machine on which both it and the test's sshd run.
func expectThisMachine(_ measure: HostMeasure, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let info = ProcessInfo.processInfo
    #expect(measure.cpus == info.activeProcessorCount, sourceLocation: sourceLocation)
    #expect(measure.system?.hostname == info.hostName, sourceLocation: sourceLocation)
    let text = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8)
    let kibibytes = text.split(separator: "\n").first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    #expect(measure.totalMemoryMiB == kibibytes.map { $0 / 1024 }, sourceLocation: sourceLocation)
    #expect((1...measure.totalMemoryMiB).contains(measure.availableMemoryMiB), sourceLocation: sourceLocation)
    let disk = try #require(measure.disk, sourceLocation: sourceLocation)
    #expect(disk.capacity > 1 << 20 && (0...disk.capacity).contains(disk.available), sourceLocation: sourceLocation)
    #expect(measure.load.map { $0.oneMinute >= 0 } == true, sourceLocation: sourceLocation)
    let boot = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
    #expect(measure.bootID == boot.trimmingCharacters(in: .whitespacesAndNewlines), sourceLocation: sourceLocation)
}

/// Expects that no ssh of ours lives and no child of this process waits to be reaped.
func expectNothingLeft(_ server: SSHServer) async throws {
    try await eventually("the end of all that ssh started") {
        try processes(naming: server.directory.file("client")).isEmpty
            && processes(naming: server.directory.file("s")).isEmpty && zombies(named: "ssh").isEmpty
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: server.directory.file("s")).isEmpty)
}

/// The processes that have a text in their command line or in their title; zombies have neither.
func processes(naming text: String) throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
        guard let pid = pid_t(name), let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
            String(decoding: data, as: UTF8.self).contains(text + "/")
                || String(decoding: data, as: UTF8.self).contains(text + "-")
        else { return nil }
        return pid
    }
}

/// Children of this process that ended and were not reaped (proc(5), /proc/PID/stat: name, state, parent).
func zombies(named name: String) throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { entry in
        guard let pid = pid_t(entry), let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else {
            return nil
        }
        return String(decoding: data, as: UTF8.self).contains("(\(name)) Z \(getpid()) ") ? pid : nil
    }
}
