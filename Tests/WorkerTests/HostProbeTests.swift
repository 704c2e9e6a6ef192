import Foundation
import Model
import TestKit
import Testing

@testable import Worker

@Suite("Measuring over ssh", .serialized)
struct HostProbeTests {
    @Test("This machine measures itself")
    func local() async throws {
        let measure = try await LocalHostProbe().measure()
        try expectThisMachine(measure)
    }

    @Test("A machine over ssh; the second measure takes the first one's connection")
    func normal() async throws {
        try await withProbe { server, probe in
            let clock = ContinuousClock()
            let first = try await clock.measure { try expectThisMachine(try await probe.measure()) }
            var next = Duration.seconds(100)
            for _ in 0..<5 { next = min(next, try await clock.measure { _ = try await probe.measure() }) }
            print("ssh measure: first \(first), next \(next)")
            #expect(server.log.split(separator: "\n").count { $0.contains("Accepted publickey") } == 1)
        }
    }

    @Test("After close nothing is left, and measuring goes on")
    func close() async throws {
        try await withProbe { server, probe in
            _ = try await probe.measure()
            #expect(!(try processes(naming: server.directory.file("s")).isEmpty))
            await probe.close()
            try await eventually("the end of the shared connection") {
                try processes(naming: server.directory.file("s")).isEmpty
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: server.directory.file("s")).isEmpty)
            _ = try await probe.measure()
        }
    }

    @Test(
        "Banners, noisy profiles and other shells' locales change nothing",
        arguments: [
            "echo Welcome; printf 'no line end'; bash -c \"$SSH_ORIGINAL_COMMAND\"; echo bye; echo gone >&2",
            "echo 'echo @cpus; echo 99; echo noise >&2; set -v' >\"$0.rc\"; BASH_ENV=\"$0.rc\" bash -c \"$SSH_ORIGINAL_COMMAND\"",
            "busybox sh -c \"$SSH_ORIGINAL_COMMAND\"",
            "cat >/dev/null; bash -c \"$SSH_ORIGINAL_COMMAND\"",
        ]
    )
    func noise(shell: String) async throws {
        let banner = "Permission denied to all but staff. Connection refused otherwise.\n"
        try await withProbe(SSHServer.Options(shell: shell, banner: banner)) { _, probe in
            try expectThisMachine(try await probe.measure())
        }
    }

    @Test("A machine with another language answers in the one that is read")
    func locale() async throws {
        // Stands for a translated free, and answers as one.
        let shell = """
            mkdir -p "$0.d"; export PATH="$0.d:$PATH" LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 LANGUAGE=de
            cat >"$0.d/free" <<'END'
            #!/bin/sh
            if [ "$LC_ALL" = C ]; then exec /usr/bin/free "$@"; fi
            echo '               gesamt       benutzt     frei'; echo 'Speicher:       7937         1234      6123'
            END
            chmod +x "$0.d/free"; bash -c "$SSH_ORIGINAL_COMMAND"
            """
        try await withProbe(SSHServer.Options(shell: shell)) { _, probe in
            try expectThisMachine(try await probe.measure())
        }
    }

    @Test("The CPUs are the machine's, whatever number the session may use")
    func sessionLimits() async throws {
        let shell = """
            export OMP_NUM_THREADS=77 OMP_THREAD_LIMIT=1
            taskset -c "$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')" bash -c "$SSH_ORIGINAL_COMMAND"
            """
        try await withProbe(SSHServer.Options(shell: shell)) { _, probe in
            try expectThisMachine(try await probe.measure())
        }
    }

    @Test("A login that takes long is waited for as long as is set, and the reason names the setting")
    func slowLogin() async throws {
        let shell = SSHServer.Options(shell: "sleep 3; bash -c \"$SSH_ORIGINAL_COMMAND\"")
        try await withProbe(shell, deadline: .seconds(1)) { _, probe in
            await expectFailure(probe, "HVC_PROBE_TIMEOUT")
        }
        try await withProbe(shell, deadline: .seconds(20)) { _, probe in
            try expectThisMachine(try await probe.measure())
        }
        let settings = try WorkerSettings(environment: ["HVC_PROBE_TIMEOUT": "45"])
        #expect(settings.probeTimeout == .seconds(45))
    }

    @Test("Many measures at once over one connection, and no answer is lost or mixed up")
    func many() async throws {
        try await withProbe { _, probe in
            _ = try await probe.measure()
            for _ in 0..<10 {
                try await withThrowingTaskGroup(of: HostMeasure.self) { group in
                    for _ in 0..<8 { group.addTask { try await probe.measure() } }
                    for try await measure in group { try expectThisMachine(measure) }
                }
            }
        }
    }
}
