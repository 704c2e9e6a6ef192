import Foundation
import TestKit
import Testing

@Suite("How many files and sockets a program may have open")
struct DescriptorLimitTests {
    @Test(
        "Both programs raise the limit of 1,024 with which systems start them",
        arguments: ["hvc-gateway", "hvc-worker"]
    )
    func raised(program: String) async throws {
        let server = try await RedisServer.started()
        let process = try ChildProcess(
            "bash",
            ["-c", #"ulimit -Sn 1024; ulimit -Hn 4096; exec "$0""#, try BuiltProgram.path(program)],
            environment: [
                "HVC_REDIS_URL": server.url, "HVC_PORT": "0", "HVC_FLEET": "simulated:1", "PATH": "/usr/bin:/bin",
            ]
        )
        try await eventually("\(program) to raise its limit") {
            let limits = try String(contentsOfFile: "/proc/\(process.pid)/limits", encoding: .utf8)
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
            return line?.split(separator: " ").dropFirst(3).first == "4096" && process.exit == nil
        }
        _ = try await process.kill()
        try await server.stop()
    }
}
