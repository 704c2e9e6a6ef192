import Foundation
import RedisClient
import TestKit
import Testing

@Suite("Command lines")
struct CommandLineTests {
    private struct Result {
        let exit: ChildProcess.Exit
        let output: [String]
        let errors: [String]
    }

    private func run(_ name: String, _ arguments: [String], _ environment: [String: String] = [:]) async throws
        -> Result
    {
        let process = try ChildProcess(try BuiltProgram.path(name), arguments, environment: environment)
        let exit = try await process.waitForExit(within: .seconds(30))
        return Result(
            exit: exit,
            output: process.lines.filter { $0.stream == .output }.map(\.text),
            errors: process.lines.filter { $0.stream == .error }.map(\.text)
        )
    }

    @Test("--version prints the program and its version", arguments: ["hvc-gateway", "hvc-worker"])
    func version(program: String) async throws {
        let result = try await run(program, ["--version"])
        #expect(result.exit == .status(0))
        #expect(result.output.count == 1)
        #expect(result.output.first?.wholeMatch(of: #/hvc-[a-z]+ \d+\.\d+\.\d+(-[a-z0-9.]+)?/#) != nil, "\(result)")
        #expect(result.output.first?.hasPrefix(program + " ") == true)
    }

    @Test(
        "--check of good settings says so, warns of unknown ones, and needs no Redis",
        arguments: ["hvc-gateway", "hvc-worker"]
    )
    func goodSettings(program: String) async throws {
        let environment = ["HVC_REDIS_URL": "redis://127.0.0.1:1", "HVC_LEASES": "15"]
        let result = try await run(program, ["--check"], environment)
        #expect(result.exit == .status(0), "\(result)")
        #expect(result.output.first == "settings: OK")
        #expect(result.errors == ["\(program): warning: HVC_LEASES is no setting; did you mean HVC_LEASE?"])
    }

    @Test("--check says what is in each file, and warns of images that cannot be used")
    func goodFiles() async throws {
        let files = try Files(
            pms: "root@10.0.0.5\nroot@10.0.0.6\n",
            images: "/nowhere/a.qcow2\n",
            types: "'types': [{'cpu': 1, 'ram': 1, 'disk': 1}]"
        )
        let result = try await run("hvc-worker", ["--check"] + files.options)
        #expect(result.exit == .status(0), "\(result)")
        #expect(
            result.output == [
                "settings: OK", "\(files.pms): 2 PMs", "\(files.images): 1 image", "\(files.types): 1 type",
            ]
        )
        #expect(result.errors.count == 1)
        #expect(result.errors.first?.hasPrefix("hvc-worker: warning: image '/nowhere/a.qcow2'") == true, "\(result)")
    }

    @Test(
        "Faults of settings and of all files are reported at once, a line each, without the usage text",
        arguments: [["--check"], []]
    )
    func faults(arguments: [String]) async throws {
        let files = try Files(
            pms: "host1\nhost2 pool=../x\n",
            images: "http://h/a.qcow2\n",
            types: "'types': [{'cpu': 1}]"
        )
        let environment = ["HVC_REDIS_URL": "redis://127.0.0.1:1", "HVC_POLICY": "packed"]
        let result = try await run("hvc-worker", arguments + files.options, environment)
        #expect(result.exit == .status(64))
        #expect(result.output == [])
        let starts = [
            "HVC_POLICY: 'packed'", "\(files.pms):2:7: ", "\(files.images):1:1: ", "\(files.types):1:11: ",
        ]
        #expect(result.errors.count == starts.count, "\(result)")
        for (line, start) in zip(result.errors, starts) { #expect(line.hasPrefix("hvc-worker: \(start)"), "\(line)") }
    }

    @Test(
        "A tid that contradicts the numbers in Redis is refused at its place, and nothing is changed",
        .timeLimit(.minutes(1))
    )
    func numbersGivenEarlier() async throws {
        let server = try await RedisServer.started()
        let redis = RedisClient(configuration: server.configuration)
        _ = try await redis.send(["HSET", "hvc:type:numbers", "1/2/3", "3"])
        _ = try await redis.send(["HSET", "hvc:type:3", "cpu", "1", "ram", "2", "disk", "3"])
        let types =
            "{'types': [{'cpu': 9, 'ram': 9, 'disk': 9, 'tid': 4},\n {'tid': 1, 'cpu': 1, 'ram': 2, 'disk': 3},\n"
            + "{'tid': 3, 'cpu': 8, 'ram': 8, 'disk': 8}]}"
        let files = try Files(pms: "simulated:///1", images: "/nowhere/a.qcow2", types: types)
        for arguments in [["--check"], []] {
            let result = try await run("hvc-worker", arguments + files.options, ["HVC_REDIS_URL": server.url])
            #expect(result.exit == .status(64))
            let text = result.errors.joined(separator: "\n")
            #expect(text.contains("\(files.types):2:2: tid 1: this size was given the number 3 earlier"), "\(text)")
            #expect(text.contains("\(files.types):3:1: tid 3: this number was given to the type of cpu 1"), "\(text)")
            // That a worker was there is history; its name is free again.
            let keys = try await redis.send(["KEYS", "hvc:*"]).strings ?? []
            let schema: Set = ["hvc:schema", "hvc:gone"]
            #expect(Set(keys).subtracting(schema.union(["hvc:workers"])) == ["hvc:type:numbers", "hvc:type:3"])
        }
        await redis.shutdown()
        try await server.stop()
    }

    @Test("--check says where tids are not compared with Redis, and warns of what is listed twice")
    func withoutRedis() async throws {
        let types = "types = [{'cpu': 9, 'ram': 9, 'disk': 9, 'tid': 4}, {'cpu': 9, 'ram': 9, 'disk': 9}]"
        let files = try Files(pms: "a\na\n", images: "/nowhere/a.qcow2", types: types)
        let environment = ["HVC_REDIS_URL": "redis://127.0.0.1:1"]
        let result = try await run("hvc-worker", ["--check"] + files.options, environment)
        #expect(result.exit == .status(0))
        #expect(result.output.contains { $0.hasPrefix("\(files.types): 1 type (Redis does not answer") }, "\(result)")
        #expect(result.output.contains("\(files.pms): 1 PM"))
        #expect(result.errors.contains { $0.hasPrefix("hvc-worker: warning: \(files.pms):2:1: ") }, "\(result)")
        #expect(result.errors.contains { $0.hasPrefix("hvc-worker: warning: \(files.types):1:53: ") }, "\(result)")
    }

    @Test(
        "What cannot be taken is one line that names the program, without the usage text",
        arguments: [
            ("hvc-gateway", [], ["HVC_PORT": "http"]), ("hvc-gateway", ["--check"], ["HVC_PORT": "http"]),
            ("hvc-worker", ["audit"], ["HVC_LEASE": "x"]), ("hvc-worker", ["trace"], ["HVC_PREFIX": "a b"]),
            ("hvc-worker", ["replay", "/nowhere"], [:]),
            ("hvc-worker", ["--fleet", "simulated:1", "--pm-file", "/nowhere"], [:]),
        ] as [(String, [String], [String: String])]
    )
    func oneLine(program: String, arguments: [String], environment: [String: String]) async throws {
        let result = try await run(program, arguments, environment)
        #expect(result.exit == .status(64))
        #expect(result.errors.count == 1 && result.output == [], "\(result)")
        #expect(result.errors.first?.hasPrefix("\(program): ") == true, "\(result)")
    }
}

/// The three files in a folder of their own.
private final class Files {
    let pms: String
    let images: String
    let types: String
    private let directory: TemporaryDirectory

    init(pms: String, images: String, types: String) throws {
        directory = try TemporaryDirectory(prefix: "files")
        self.pms = directory.file("pms")
        self.images = directory.file("images")
        self.types = directory.file("types")
        for (path, text) in [(self.pms, pms), (self.images, images), (self.types, types)] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    var options: [String] { ["--pm-file", pms, "--image-file", images, "--flavor-file", types] }
}
