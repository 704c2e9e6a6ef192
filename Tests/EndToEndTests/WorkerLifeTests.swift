import Foundation
import RedisClient
import TestKit
import Testing

@Suite("A worker's life")
struct WorkerLifeTests {
    private let types = #""types": [{"cpu": 1, "ram": 100, "disk": 1}]"#

    @Test("A bad file is refused whole, with file, line, column and reason")
    func badFile() async throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("pms")
        try "host1\nhost2 overcommit_cpu=lots\n".write(toFile: path, atomically: true, encoding: .utf8)
        let worker = try ChildProcess(
            try BuiltProgram.path("hvc-worker"),
            ["--pm-file", path],
            environment: ["HVC_REDIS_URL": "redis://127.0.0.1:1"]
        )
        #expect(try await worker.waitForExit(within: .seconds(30)) != .status(0))
        #expect(worker.text.contains("\(path):2:"), "\(worker.text)")
    }

    @Test("A Redis that may drop what it acknowledged is refused, with what to do", .timeLimit(.minutes(1)))
    func evictingRedis() async throws {
        let server = try await RedisServer.started(.init(settings: [("maxmemory-policy", "allkeys-lru")]))
        for program in ["hvc-gateway", "hvc-worker"] {
            let child = try ChildProcess(
                try BuiltProgram.path(program),
                environment: ["HVC_REDIS_URL": server.url, "HVC_PORT": "0"]
            )
            #expect(try await child.waitForExit(within: .seconds(30)) != .status(0))
            #expect(child.text.contains("CONFIG SET maxmemory-policy noeviction"), "\(program): \(child.text)")
        }
        try await server.stop()
    }

    @Test("SIGHUP reads the files anew; numbers stay; a bad file changes nothing", .timeLimit(.minutes(2)))
    func reload() async throws {
        try await Installation.with(
            machines: ["127.0.0.1:1", "test:///default"],
            images: ["/nowhere/a.qcow2"],
            types: types,
            workers: 1
        ) { site, workers in
            #expect(try await site.http.call("/pm/list").body == #"{"pmids":[1,2]}"#)
            let path = site.directory.file("pm_file")
            try "test:///default\n127.0.0.1:2\n".write(toFile: path, atomically: true, encoding: .utf8)
            workers[0].signal(SIGHUP)
            try await workers[0].waitForLine(containing: "read the files anew")
            #expect(try await site.http.call("/pm/list").body == #"{"pmids":[2,3]}"#)
            try "host x y\n".write(toFile: path, atomically: true, encoding: .utf8)
            workers[0].signal(SIGHUP)
            try await workers[0].waitForLine(containing: "what was known stays")
            #expect(try await site.http.call("/pm/list").body == #"{"pmids":[2,3]}"#)
            // The gateway has none, and goes on.
            site.gateway.signal(SIGHUP)
            #expect(try await site.http.call("/pm/list").body == #"{"pmids":[2,3]}"#)
        }
    }

    @Test(
        "A second worker of the same name, or of another policy, ends with the reason; one that was killed is followed at once",
        .timeLimit(.minutes(2))
    )
    func registration() async throws {
        try await Installation.with(machines: ["simulated:///1"], images: [], types: types, workers: 1) {
            site,
            workers in
            for (environment, words) in [
                (["HVC_WORKER_NAME": "worker-1"], "a worker named worker-1 is alive since"),
                (["HVC_WORKER_NAME": "worker-2", "HVC_POLICY": "pack"], "worker worker-1 has HVC_POLICY=seed"),
            ] {
                let second = try site.program("hvc-worker", [], environment: environment)
                #expect(try await second.waitForExit(within: .seconds(20)) != .status(0))
                #expect(second.text.contains(words), "\(second.text)")
            }
            #expect(try await site.field("hvc:policy", "name") == "seed")
            _ = try await workers[0].kill()
            let heir = try await within(.seconds(10), "the heir to be at work") {
                try await site.startWorker("worker-1")
            }
            // One that stops in order gives its name back.
            heir.signal(SIGTERM)
            #expect(try await heir.waitForExit(within: .seconds(30)) == .status(0))
            #expect(try await site.redis.send(["EXISTS", "hvc:worker:worker-1"]).int == 0)
        }
    }

    @Test(
        "A PM that does not resolve, or refuses, is unknown with the reason, and never empty",
        .timeLimit(.minutes(2))
    )
    func unreachable() async throws {
        try await Installation.with(
            machines: ["no-such-host.invalid", "127.0.0.1:1"],
            images: ["/nowhere/a.qcow2"],
            types: types,
            workers: 1
        ) { site, _ in
            let answer = try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(answer.status == 503 && answer.headers["x-hvc-code"] == "no_machine", "\(answer)")
            for pm in [1, 2] {
                #expect(try await site.field("hvc:pm:\(pm)", "state") == "unknown")
                #expect(try await site.field("hvc:pm:\(pm)", "reason")?.contains("ssh") == true)
                #expect(try await site.field("hvc:pm:\(pm)", "cpu") == nil)
            }
        }
    }

    @Test("SIGTERM ends an idle worker at once; the queue goes on with the others", .timeLimit(.minutes(2)))
    func stop() async throws {
        let machine = try await PrivateLibvirtd.started()
        let image = try await GuestImage.path()
        try await Installation.with(
            machines: [machine.testURI + " overcommit_ram=10"],
            images: [image],
            types: types,
            workers: 2
        ) { site, workers in
            try await site.waitUntilUp(1)
            #expect(try await workers[0].terminate(grace: .seconds(10)) == .status(0))
            let answer = try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            #expect(answer.body == #"{"vmid":1}"#, "\(answer)")
        }
        try await machine.stop()
    }

    @Test("A job whose worker was killed is taken by another after its lease", .timeLimit(.minutes(2)))
    func killed() async throws {
        let machine = try await PrivateLibvirtd.started()
        let image = try await GuestImage.path()
        try await Installation.with(
            machines: [machine.testURI + " overcommit_ram=10"],
            images: [image],
            types: types,
            workers: 1,
            environment: ["HVC_LEASE": "2"]
        ) { site, workers in
            try await site.waitUntilUp(1)
            // Its libvirt stands still, so that the job is under way when the worker dies.
            try machine.signal(SIGSTOP)
            async let created = site.http.call("/vm/create?name=a&instance_type=1&image_id=100")
            try await eventually("the job to be taken") {
                try await site.field("hvc:job:1", "worker") == "worker-1"
            }
            _ = try await workers[0].kill()
            try machine.signal(SIGCONT)
            let second = try await site.startWorker("worker-2")
            #expect(try await created.body == #"{"vmid":1}"#)
            #expect(try await site.field("hvc:job:1", "attempts") == "2")
            _ = try await second.kill()
        }
        try await machine.stop()
    }
}
