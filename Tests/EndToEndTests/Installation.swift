import Foundation
import Logging
import NIOConcurrencyHelpers
import RedisClient
import TestKit

/// A whole installation: a Redis server, the gateway and workers as processes, on machines that the test names.
final class Installation: Sendable {
    let redisServer: RedisServer
    let redis: RedisClient
    let gateway: ChildProcess
    let http: HTTPCalls
    let directory: TemporaryDirectory
    private let environment: [String: String]
    private let workers = NIOLockedValueBox<[ChildProcess]>([])

    /// Starts the gateway and writes the three files; workers come by `startWorker`.
    init(machines: [String], images: [String], types: String, environment: [String: String] = [:]) async throws {
        directory = try TemporaryDirectory()
        redisServer = try await RedisServer.started(RedisServer.Options(appendOnly: true))
        redis = RedisClient(configuration: redisServer.configuration)
        let files = [
            ("pm", machines.joined(separator: "\n")), ("image", images.joined(separator: "\n")), ("flavor", types),
        ]
        var settings = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HVC_") }
        settings["HVC_REDIS_URL"] = redisServer.url
        settings["HVC_PORT"] = "0"
        // Machines of a test's own have no network, unless it asks for one.
        settings["HVC_NETWORK"] = "none"
        settings.merge(environment) { _, new in new }
        // Without machines of its own a test names a fleet.
        for (name, text) in files where !text.isEmpty {
            let path = directory.file("\(name)_file")
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            settings["HVC_\(name.uppercased())_FILE"] = path
        }
        self.environment = settings
        gateway = try ChildProcess(try BuiltProgram.path("hvc-gateway"), environment: settings)
        let line = try await gateway.waitForLine(containing: "listening address=", within: .seconds(30))
        http = HTTPCalls(base: "http://127.0.0.1:" + (line.split(separator: ":").last.map(String.init) ?? ""))
    }

    /// Starts a worker and waits until it is at work; it ends with the installation, at the latest.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - more: settings of its own.
    ///   - descriptors: how many descriptors it may open, by both limits (prlimit(1)); nil for as many as this process.
    /// - Returns: the worker.
    /// - Throws: ``TestKitError`` where it does not come to work.
    func startWorker(
        _ name: String,
        environment more: [String: String] = [:],
        descriptors: Int? = nil
    ) async throws -> ChildProcess {
        var settings = environment.merging(more) { _, new in new }
        settings["HVC_WORKER_NAME"] = name
        let program = try BuiltProgram.path("hvc-worker")
        let worker =
            if let descriptors {
                try ChildProcess("prlimit", ["--nofile=\(descriptors):\(descriptors)", program], environment: settings)
            } else {
                try ChildProcess(program, environment: settings)
            }
        workers.withLockedValue { $0.append(worker) }
        try await worker.waitForLine(containing: "at work", within: .seconds(30))
        return worker
    }

    /// Starts another of our programs with the settings of this installation.
    func program(
        _ name: String,
        _ arguments: [String],
        environment more: [String: String] = [:]
    ) throws -> ChildProcess {
        try ChildProcess(
            try BuiltProgram.path(name),
            arguments,
            environment: environment.merging(more) { _, new in new }
        )
    }

    /// Runs a body on an installation with workers, and ends all of it.
    static func with(
        machines: [String],
        images: [String],
        types: String,
        workers: Int,
        environment: [String: String] = [:],
        _ body: (Installation, [ChildProcess]) async throws -> Void
    ) async throws {
        let installation = try await Installation(
            machines: machines,
            images: images,
            types: types,
            environment: environment
        )
        let result: Result<Void, any Error>
        do {
            var processes: [ChildProcess] = []
            for number in 0..<workers { processes.append(try await installation.startWorker("worker-\(number + 1)")) }
            result = .success(try await body(installation, processes))
        } catch {
            let logs = installation.workers.withLockedValue { $0 }.map { $0.text.suffix(4000) }.joined(
                separator: "\n---\n"
            )
            result = .failure(TestKitError("\(error)\nlogs of the workers:\n\(logs)"))
        }
        for worker in installation.workers.withLockedValue({ $0 }) { _ = try await worker.kill() }
        _ = try await installation.gateway.kill()
        await installation.redis.shutdown()
        try await installation.redisServer.stop()
        try result.get()
    }

    /// Waits until a PM is up by the records.
    func waitUntilUp(_ pm: Int, within limit: Duration = .seconds(60)) async throws {
        try await eventually("PM \(pm) to be up", deadline: limit, every: .milliseconds(100)) {
            try await redis.send(["HGET", "hvc:pm:\(pm)", "state"]).string == "up"
        }
    }

    /// A field of a hash.
    func field(_ key: String, _ field: String) async throws -> String? {
        try await redis.send(["HGET", key, field]).string
    }

    /// `/pm/query` of a PM.
    func machine(_ pm: Int) async throws -> MachineAnswer {
        let answer = try await http.call("/pm/query?pmid=\(pm)")
        return try JSONDecoder().decode(MachineAnswer.self, from: Data(answer.body.utf8))
    }
}

/// The body of `/pm/query`.
struct MachineAnswer: Decodable, Equatable {
    struct Amount: Decodable, Equatable {
        let cpu: Int
        let ram: Int
        let disk: Int
    }

    let pmid: Int
    let capacity: Amount
    let free: Amount
    let vms: Int
}

/// The body of `/vm/create`.
struct CreateAnswer: Decodable {
    let vmid: Int
}
