import API
import ArgumentParser

/// How long a command waits, and for what.
struct WaitOptions: ParsableArguments {
    @Flag(name: .customLong("no-wait"), help: "Prints the job and does not wait for it.")
    var doesNotWait = false

    @Option(help: ArgumentHelp("How long to wait, such as 90s, 5m or 1h.", valueName: "time"))
    var timeout: Span = Span(.seconds(300))

    /// When the wait is over.
    var deadline: ContinuousClock.Instant { .now + timeout.duration }
}

/// How far a VM is to come before a command ends.
struct LevelOption: ParsableArguments {
    @Option(
        name: .customLong("wait"),
        help: ArgumentHelp(
            "How far the VM is to come: \(VMLevel.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "level"
        ),
        completion: .list(VMLevel.allCases.map(\.rawValue))
    )
    var level: VMLevel?

    @Option(help: ArgumentHelp("What its guest is to write, with --wait console.", valueName: "text"))
    var match: String?

    func validate() throws {
        guard (level == .console) != (match != nil) else { return }
        throw ValidationError("--wait console needs --match with a text, and --match is for nothing else")
    }
}

extension VMLevel: ExpressibleByArgument {}

/// A span of time as people write it: `90`, `90s`, `5m`, `1h`, `7d`.
struct Span: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    let duration: Duration

    private static let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86400]
    private static let most = 315_360_000

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        let unit = argument.last.flatMap { Self.units[$0] }
        guard let number = Int(unit == nil ? argument[...] : argument.dropLast()), number >= 0, number <= Self.most,
            number * (unit ?? 1) <= Self.most
        else { return nil }
        duration = .seconds(number * (unit ?? 1))
    }

    var seconds: Int { Int(duration.components.seconds) }

    var description: String {
        let unit = [("d", 86400), ("h", 3600), ("m", 60)].first { seconds >= $0.1 && seconds.isMultiple(of: $0.1) }
        return unit.map { "\(seconds / $0.1)\($0.0)" } ?? "\(seconds)s"
    }

    var defaultValueDescription: String { description }
}
