import Model
import TestKit
import Testing

@testable import Worker

@Suite("What a console says of cloud-init")
struct CloudInitLogTests {
    private static let end = "finished at Fri, 27 Nov 2026 16:46:07 +0000. Datasource DataSourceNoCloud"
    private static let endTime = 1_795_797_967

    private func state(_ lines: String...) -> CloudInit? {
        var log = CloudInitLog()
        log.read(lines, length: 1, since: 0)
        return log.state
    }

    @Test("A boot that goes well runs, and is done with its last line, in cloud-init's words and in the tiny guest's")
    func well() {
        #expect(state("Debian GNU/Linux 12 host ttyS0", "login: ") == nil)
        let begun = "[    6.1] cloud-init[300]: Cloud-init v. 22.4.2 running 'init' at Fri, 27 Nov 2026 16:45:07"
        #expect(state(begun) == CloudInit(.running))
        let last = "[   20.0] cloud-init[456]: Cloud-init v. 22.4.2 \(Self.end) [seed=/dev/vdb].  Up 20.00 seconds\r"
        #expect(state(begun, last) == CloudInit(.done))
        #expect(state("hvc-guest: v. 1 \(Self.end)") == CloudInit(.done))
        // Advice is no failure.
        for advice in [
            "Deprecated cloud-config provided: use lists",
            "Invalid cloud-config provided: Please run 'sudo cloud-init schema --system' to see the schema errors.",
        ] {
            let line = "2026-11-27 16:46:07,123 - schema.py[WARNING]: \(advice)"
            #expect(state(line, "Cloud-init v. 24.1 \(Self.end)") == CloudInit(.done))
        }
    }

    @Test("What fails is told once it has ended, in its own words, without control characters")
    func failure() {
        let failed =
            "[   12.0] cloud-init[456]: 2026-11-27 16:46:07 - util.py[WARNING]: Failed running /var/x [1]\u{1B}[2J"
        #expect(state(failed) == CloudInit(.running))
        let found = state(failed, "cloud-init[4]: Cloud-init v. 22.4.2 \(Self.end)")
        #expect(found == CloudInit(.error, error: "Failed running /var/x [1] [2J"))
        let warning = "hvc-guest: [WARNING]: user data: /run/user-data ended with status 3"
        let own = state(warning, "hvc-guest: v. 1 \(Self.end)")
        #expect(own == CloudInit(.error, error: "user data: /run/user-data ended with status 3"))
        let many = state(
            "a.py[ERROR]: one",
            "b.py[CRITICAL]: two",
            "a.py[ERROR]: one",
            "c.py[ERROR]: \(String(repeating: "x", count: 900))",
            "d.py[ERROR]: four",
            "Cloud-init v. 1 \(Self.end)"
        )
        #expect(many?.error?.hasPrefix("one; two; xxx") == true && (many?.error?.count ?? 999) < 310)
        let missing = state("x.py[WARNING]: Used fallback datasource", "Cloud-init v. 1 \(Self.end)")
        #expect(missing == CloudInit(.error, error: "Used fallback datasource"))
    }

    @Test("What a log has of an earlier run is left out at first; what is added later counts, whatever its clock says")
    func runs() {
        let earlier = ["a.py[ERROR]: of before", "Cloud-init v. 1 \(Self.end)"]
        for (since, expected) in [(Self.endTime, CloudInit.State.error), (Self.endTime + 1, nil)] {
            var log = CloudInitLog()
            log.read(earlier, length: 100_000, since: since)
            #expect(log.state?.state == expected)
            #expect(log.offset == 100_000 - 4096)
        }
        var log = CloudInitLog()
        log.read(earlier, length: 10, since: Self.endTime + 100)
        log.read(["Cloud-init v. 1 \(Self.end)"], length: 20, since: Self.endTime + 100)
        #expect(log.state == CloudInit(.done))
        // One hour to the east it was an hour earlier.
        let east = "Cloud-init v. 1 finished at Fri, 27 Nov 2026 17:46:07 +0100. Up"
        #expect(CloudInitLine(east) == .ended(Self.endTime))
        #expect(CloudInitLine("Cloud-init v. 1 finished at some time") == .ended(nil))
    }

    @Test("However a console's output is cut into readings, the same is found in the end", arguments: 1...40)
    func cuts(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var lines: [String] = []
        for number in 0..<random.number(5...60) {
            switch random.number(0...9) {
            case 0: lines.append("[ \(number)] cloud-init[4]: 2026 - util.py[WARNING]: Failed number \(number) of all")
            case 1: lines.append("Cloud-init v. 22.4.2 running 'modules:\(number)' at some time")
            default: lines.append(String(repeating: "x", count: random.number(0...300)))
            }
        }
        if random.chance(70) { lines.append("Cloud-init v. 22.4.2 \(Self.end)") }
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
        var (whole, cut) = (CloudInitLog(), CloudInitLog())
        whole.read(lines, length: bytes.count, since: 0)
        var length = 0
        while length < bytes.count {
            length = min(bytes.count, length + random.number(1...700))
            let part = String(decoding: bytes[cut.offset..<length], as: UTF8.self)
            // As the PM picks them.
            let picked = part.split(whereSeparator: \.isNewline).map(String.init).filter { CloudInitLine($0) != nil }
            cut.read(picked, length: length, since: 0)
        }
        #expect(cut.state == whole.state)
    }
}
