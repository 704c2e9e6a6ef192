import API
import Foundation
import RedisClient
import TestKit
import Testing

extension ResourceAPITests {
    @Test("By the policy that placed them a trace's VMs find their places again, and what was refused stays refused")
    func sameReplay() async throws {
        let options = ",cpu=4,ram=64000,disk=400"
        let overcommit = ["HVC_OVERCOMMIT_CPU": "2"]
        try await withSimulatedFleet(1, options, type: (2, 64, 1), environment: overcommit) { api, site in
            // CPUs are promised twice over: there is room for four.
            for _ in 0..<4 { _ = try await api.call(Endpoints.createVM, .vm()) }
            for _ in 0..<3 { _ = try await api.problem { try await api.call(Endpoints.createVM, .vm()) } }
            _ = try await api.call(Endpoints.destroyVM, 1)
            _ = try await api.call(Endpoints.createVM, .vm())
            let trace = try site.program("hvc-worker", ["trace"])
            #expect(try await trace.waitForExit(within: .seconds(30)) == .status(0))
            // Those that were refused have their ends, or they would fill a larger fleet for ever.
            for vm in 5...7 { #expect(trace.text.contains(#"{"kind":"gone","vm":\#(vm)}"#), "\(trace.text)") }
            let path = site.directory.file("trace")
            // As an editor of another system saves it.
            try trace.text.replacing("\n", with: "\r\n").write(toFile: path, atomically: true, encoding: .utf8)
            let replay = try site.program("hvc-worker", ["replay", path, "--policy", "seed", "--json"])
            #expect(try await replay.waitForExit(within: .seconds(30)) == .status(0), "\(replay.text)")
            #expect(replay.text.contains(#""placed":5,"policy":"seed","refused":3"#), "\(replay.text)")
            let larger = try site.program(
                "hvc-worker",
                ["replay", path, "--policy", "seed", "--json", "--on", "simulated:1,cpu=16,ram=64000,disk=400"]
            )
            #expect(try await larger.waitForExit(within: .seconds(30)) == .status(0), "\(larger.text)")
            #expect(larger.text.contains(#""placed":8,"policy":"seed","refused":0"#), "\(larger.text)\n\(trace.text)")
        }
    }

    @Test("A trace has what was asked for, and policies are compared on it", .timeLimit(.minutes(1)))
    func replay() async throws {
        try await withSimulatedFleet(2) { api, site in
            let first = try await api.call(Endpoints.createVM, .vm())
            _ = try await site.http.call("/vm/destroy?vmid=\(first.id)")
            for _ in 0..<3 { _ = try await site.http.call("/vm/create?name=a&instance_type=1&image_id=100") }
            let trace = try site.program("hvc-worker", ["trace"])
            #expect(try await trace.waitForExit(within: .seconds(30)) == .status(0))
            let lines = trace.text.split(separator: "\n").map(String.init)
            #expect(lines.count == 5 && lines[1].hasPrefix(#"{"job":2,"kind":"destroy","vm":1"#), "\(lines)")
            let path = site.directory.file("trace")
            try trace.text.write(toFile: path, atomically: true, encoding: .utf8)

            func figures(_ options: String...) async throws -> [[String: Any]] {
                let child = try site.program("hvc-worker", ["replay", path, "--json"] + options)
                #expect(try await child.waitForExit(within: .seconds(30)) == .status(0), "\(child.text)")
                let rows = try JSONSerialization.jsonObject(with: Data(child.text.utf8)) as? [[String: Any]]
                return try #require(rows, "\(child.text)")
            }
            let here = try await figures()
            #expect(here.map { $0["policy"] as? String } == ["seed", "spread", "pack", "random"])
            #expect(here.allSatisfy { $0["placed"] as? Int == 4 && $0["refused"] as? Int == 0 })
            #expect(here[0]["empty"] as? Double == 0 && here[2]["empty"] as? Double == 0.5)
            // Turned around, what fills a PM best comes last.
            let turned = try await figures("--policy", "pack", "--policy", "pack:packing=-1,image_cached=0")
            #expect(turned.map { $0["policy"] as? String } == ["pack", "pack:image_cached=0.0,packing=-1.0"])
            #expect(turned.map { $0["empty"] as? Double } == [0.5, 0])
            let tiny = try await figures("--on", "simulated:1,cpu=1,ram=1000,disk=9", "--policy", "pack")
            #expect(tiny.count == 1 && (tiny[0]["refused"] as? Int ?? 0) > 0, "\(tiny)")

            // A hold that is built is one VM, and closed PMs are open to a replay.
            for _ in 0..<2 {
                let id = try await api.call(Endpoints.createHold, .hold(seconds: 600)).id
                _ = try await api.call(Endpoints.createVM, .built(of: id))
                _ = try await site.http.call("/vm/destroy?vmid=\(id)")
            }
            let over = try await api.call(Endpoints.createHold, .hold(seconds: 1)).id
            try await eventually("the hold to end") {
                try await site.http.call("/v1/holds/\(over)").status == 404
            }
            _ = try await api.call(Endpoints.cordonPM, 1)
            let longer = try site.program("hvc-worker", ["trace"])
            #expect(try await longer.waitForExit(within: .seconds(30)) == .status(0))
            #expect(longer.text.hasSuffix(#"{"kind":"gone","vm":\#(over)}"#), "\(longer.text)")
            try longer.text.write(toFile: path, atomically: true, encoding: .utf8)
            let emptied = try await figures("--policy", "seed")
            #expect(emptied[0]["placed"] as? Int == 7 && emptied[0]["refused"] as? Int == 0, "\(emptied)")
            #expect(emptied[0]["empty"] as? Double == 0)

            let unknown = try site.program("hvc-worker", ["replay", path, "--policy", "pack:weight=1"])
            #expect(try await unknown.waitForExit(within: .seconds(30)) != .status(0))
            #expect(unknown.text.contains("there is no policy 'pack:weight=1'"), "\(unknown.text)")
            try "nonsense\n".write(toFile: path, atomically: true, encoding: .utf8)
            let bad = try site.program("hvc-worker", ["replay", path])
            #expect(try await bad.waitForExit(within: .seconds(30)) != .status(0))
            #expect(bad.text.contains("trace:1: this is no line of a trace"), "\(bad.text)")
        }
    }
}
