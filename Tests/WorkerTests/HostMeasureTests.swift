import Model
import Testing

@testable import Worker

@Suite("What a machine's own commands print")
struct HostMeasureTests {
    /// As Debian 12 prints it.
    static let good = """

        hvc-measure-1-begin-9d41c7e2b05f
        @memory
                       total        used        free      shared  buff/cache   available
        Mem:            7937        1234        2345          67        4357        6123
        Swap:           2047           0        2047
        @cpus
        0-2,7
        @load
        0.52 1.58 10.59 2/812 40123
        @disk
        Filesystem        1-blocks        Used    Available Capacity Mounted on
        /dev/vda1      84419837952 20480000000  60000000000      26% /
        @system
        x86_64
        pm-1.example
        6.1.0-18-amd64
        @identity
        boot 11111111-2222-3333-4444-AAAABBBBCCCC
        machine 0123456789abcdef0123456789abcdef
        hvc-measure-1-end-9d41c7e2b05f

        """

    static let expected = HostMeasure(
        totalMemoryMiB: 7937,
        availableMemoryMiB: 6123,
        cpus: 4,
        load: .init(oneMinute: 0.52, fiveMinutes: 1.58, fifteenMinutes: 10.59),
        disk: .init(capacity: 84_419_837_952, available: 60_000_000_000),
        system: .init(architecture: "x86_64", hostname: "pm-1.example", kernel: "6.1.0-18-amd64"),
        bootID: "11111111-2222-3333-4444-aaaabbbbcccc",
        machineID: "0123456789abcdef0123456789abcdef"
    )

    /// What a login prints is beside the figures.
    private static func figures(of output: String) throws -> HostMeasure {
        var measure = try HostMeasure.parse(output: output)
        measure.chatter = ""
        return measure
    }

    @Test("A whole answer, also between noise and with CRLF")
    func whole() throws {
        let good = Self.good
        let noise = "Welcome!\n@cpus\n99\nMem: 1 2 3\n\u{1B}[0m hvc-measure-1-begin-9d41c7e2b05f"
        for output in [
            good, noise + good, good + "bye\n@memory", "no line end" + good + "\u{0}\u{FFFD}",
            good.replacing("\n", with: "\r\n"),
        ] {
            #expect(try Self.figures(of: output) == Self.expected)
        }
        let noisy = try HostMeasure.parse(output: "Welcome\u{7}!\n" + Self.good)
        #expect(noisy.chatter == "Welcome !" && noisy.missing.isEmpty)
    }

    @Test(
        "CPUs as the kernel lists them",
        arguments: [
            ("0", 1), ("0-3", 4), ("0,2-3", 3), ("0-65535", 65_536), ("n 4", 4), ("", nil), ("n", nil), ("n 0", nil),
            ("n 65537", nil), ("0-65536", nil), ("3-0", nil), ("0-1-2", nil), ("-1", nil), ("0,", nil), ("four", nil),
            ("+4", nil), ("0 1", nil), ("０", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)]
    )
    func cpus(text: String, count: Int?) throws {
        #expect(try parse(section: "cpus", text).cpus == count)
    }

    @Test("The forms of other versions of free and df")
    func forms() throws {
        let old = """
                         total       used       free     shared    buffers     cached
            Mem:          7937       7000        937          0        300       4000
            -/+ buffers/cache:       2700       5237
            Swap:         2047          0       2047
            """
        #expect(try parse(section: "memory", old).availableMemoryMiB == 5237)
        let spaced = """
            Filesystem 1-blocks Used Available Capacity Mounted on
            //nas/my share 1000 400 -25 100% /mnt/my share 7
            """
        #expect(try parse(section: "disk", spaced).disk == .init(capacity: 1000, available: 0))
    }

    @Test("Every answer cut short is refused")
    func truncated() throws {
        let bytes = Array(("Welcome\n" + Self.good).utf8)
        for length in 0..<bytes.count {
            let output = String(decoding: bytes[..<length], as: UTF8.self)
            #expect(throws: Failure.self, "\(length) bytes") { try HostMeasure.parse(output: output) }
        }
        #expect(try Self.figures(of: String(decoding: bytes, as: UTF8.self)) == Self.expected)
    }

    @Test("Every answer that lacks a line, or has one twice, is refused, or lacks figures, or means the same")
    func lines() throws {
        let lines = Self.good.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // Of swap nothing is read, and what stands outside of the marks does not count.
        let swap = try #require(lines.firstIndex { $0.hasPrefix("Swap") })
        let free = [0, swap, lines.count - 1]
        for index in lines.indices where !free.contains(index) {
            var less = lines
            less.remove(at: index)
            if let measure = try? Self.figures(of: less.joined(separator: "\n")) {
                #expect(index > swap && !measure.missing.isEmpty, "without \(lines[index])")
                expectNothingElse(measure)
            } else {
                #expect(index < swap || index >= lines.count - 2, "without \(lines[index])")
            }
            var more = lines
            more.insert(lines[index], at: index)
            // A second line of memory is passed over, as there are several that do not matter.
            if let measure = try? Self.figures(of: more.joined(separator: "\n")) { expectNothingElse(measure) }
        }
    }

    /// Expects each figure to be the right one or none.
    private func expectNothingElse(_ measure: HostMeasure) {
        let right = Self.expected
        #expect(
            measure.totalMemoryMiB == right.totalMemoryMiB && measure.availableMemoryMiB == right.availableMemoryMiB
        )
        #expect([nil, right.cpus].contains(measure.cpus) && [nil, right.load].contains(measure.load))
        #expect([nil, right.disk].contains(measure.disk) && [nil, right.system].contains(measure.system))
        #expect([nil, right.bootID].contains(measure.bootID) && [nil, right.machineID].contains(measure.machineID))
    }

    @Test(
        "Memory that is garbled, missing or absurd is an error and never zero",
        arguments: [
            ("7937", ""), ("7937", "0"), ("7937", "-1"), ("7937", "7,9Gi"), ("7937", "6122"),
            ("6123", "99999999999999999999"),
            ("6123", ""), ("6123", "x"), ("6123", "-5"), ("available", ""), ("total", "gesamt"), ("Mem:", "Speicher:"),
            ("@memory\n", "warning: something\n@memory\n"), ("@memory", "@Memory"),
        ]
    )
    func garbledMemory(part: String, replacement: String) throws {
        try #require(Self.good.contains(part))
        let failure = #expect(throws: Failure.self) {
            try HostMeasure.parse(output: Self.good.replacing(part, with: replacement, maxReplacements: 1))
        }
        #expect(failure?.code == .machineUnreachable)
    }

    @Test(
        "Another figure that is garbled, missing or absurd is none, and the rest stays",
        arguments: [
            ("0-2,7", "", ["cpus"]), ("0-2,7", "many", ["cpus"]), ("@cpus\n0-2,7", "@cpus", ["cpus"]),
            ("0.52", "0,52", ["load"]), ("0.52", "nan", ["load"]), ("0.52", "-0.5", ["load"]), ("0.52", "", ["load"]),
            ("0.52", "1e5", ["load"]), (" 40123", "", ["load"]), ("84419837952", "0", ["disk"]),
            ("84419837952", "84G", ["disk"]), ("60000000000", "84419837953", ["disk"]), ("60000000000", "", ["disk"]),
            ("26%", "26", ["disk"]), ("26%", "-", ["disk"]), ("/dev/vda1", "", ["disk"]), ("x86_64", "", ["system"]),
            ("x86_64", "x86 64", ["system"]), ("x86_64", "\u{1B}[0m", ["system"]),
            ("pm-1.example", "\u{E9}", ["system"]),
            ("pm-1.example", String(repeating: "x", count: 256), ["system"]),
            ("@load", "@Load", ["cpus", "load", "disk", "system", "boot_id", "machine_id"]),
            ("boot 1", "boot g", ["boot_id"]), ("boot 1", "boot", ["boot_id"]), ("boot 1", "1", ["boot_id"]),
            ("0123456789abcdef0123456789abcdef", "uninitialized", ["machine_id"]),
            ("0123456789abcdef0123456789abcdef", "", ["machine_id"]),
        ]
    )
    func garbledFigure(part: String, replacement: String, missing: [String]) throws {
        try #require(Self.good.contains(part))
        let measure = try Self.figures(of: Self.good.replacing(part, with: replacement, maxReplacements: 1))
        #expect(measure.missing == missing)
        expectNothingElse(measure)
    }

    @Test("An answer with one byte changed is refused, or differs only where the byte was; garbage never traps")
    func mutated() {
        let bytes = Array(Self.good.utf8)
        for index in bytes.indices {
            for byte in [0, 0x0A, 0x0D, 0x20, 0x2D, 0x39, 0x40, 0x7F, 0xC3, 0xFF] as [UInt8] {
                var mutated = bytes
                mutated[index] = byte
                guard let measure = try? HostMeasure.parse(output: String(decoding: mutated, as: UTF8.self)) else {
                    continue
                }
                #expect(measure.totalMemoryMiB > 0 && (measure.cpus ?? 1) > 0)
                #expect(measure.availableMemoryMiB <= measure.totalMemoryMiB)
                if let disk = measure.disk { #expect(disk.capacity > 0 && disk.available <= disk.capacity) }
            }
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let garbage = (0..<200).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = String(decoding: garbage, as: UTF8.self)
            #expect(throws: Failure.self) { try HostMeasure.parse(output: text) }
            let inside = Self.good.replacing("Mem: ", with: "\(text) ")
            #expect(throws: Failure.self) { try HostMeasure.parse(output: inside) }
        }
    }

    @Test("The command is one line that any login shell hands on within single quotes")
    func script() {
        #expect(!HostMeasure.script.contains { "\n'!\\".contains($0) })
        #expect(HostMeasure.script.contains("free -m") && !HostMeasure.script.contains("nproc"))
    }

    @Test("Text of a machine is shown without control characters, on one line, within its limit")
    func printable() {
        #expect(PrintableText.line("a\u{1B}[31m\r\n\n b\u{202E}c\td ", limit: 50) == "a [31m / b c d")
        #expect(PrintableText.line(String(repeating: "x", count: 50), limit: 10) == "xxxxxxxxx…")
    }

    private func parse(section: String, _ text: String) throws -> HostMeasure {
        let parts = Self.good.split(separator: "@\(section)\n", maxSplits: 1).map(String.init)
        let rest = try #require(parts[1].firstIndex(of: "@"))
        return try HostMeasure.parse(output: parts[0] + "@\(section)\n" + text + "\n" + parts[1][rest...])
    }
}
