/// A PM that is only pretended: the address `simulated:///NUMBER[?option=value&…]` as values.
///
/// What stands on it is known by its number alone, as a real PM's disks are its own whatever its address.
package struct SimulatedPM: Hashable, Sendable {
    package let number: Int
    /// How it behaves.
    package let options: SimulatedOptions

    /// The numbers there may be.
    package static let numbers = 1...1_000_000

    private static let start = "simulated:///"

    package init(number: Int, options: SimulatedOptions = SimulatedOptions()) {
        self.number = number
        self.options = options
    }

    /// Reads an address.
    ///
    /// - Parameter address: the address as written.
    /// - Throws: `Failure` with the code `invalidRequest`, which says what to write.
    package init(address: String) throws(Failure) {
        let parts = address.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard address.hasPrefix(Self.start), let first = parts.first,
            let number = wholeNumber(first.dropFirst(Self.start.count)), Self.numbers.contains(number)
        else {
            throw Failure(
                .invalidRequest,
                "'\(address)' is no simulated PM: write \(Self.start)NUMBER, from \(Self.numbers.lowerBound) to "
                    + "\(Self.numbers.upperBound), and options behind it as ?seed=7&latency_ms=5"
            )
        }
        self.number = number
        options = parts.count < 2 ? SimulatedOptions() : try SimulatedOptions(parts[1], separator: "&")
    }

    /// The address; options that are as usual are left out.
    package var address: String {
        let pairs = options.pairs
        return uri + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// What it is known by, whatever the options.
    package var uri: String { Self.start + String(number) }
}

/// How simulated PMs behave.
package struct SimulatedOptions: Hashable, Sendable {
    /// What chance is drawn from: the same seed, the same fleet and the same failures.
    package var seed = 1
    /// How long an operation takes, in ms; each draws from half of it to half more.
    package var latency = 5
    /// How many operations of a million fail.
    package var failures = 0
    /// CPUs of a PM of the middle class.
    package var cpu = 32
    /// Memory of a PM of the middle class, in MiB.
    package var ram = 131_072
    /// Disk of a PM of the middle class, in GiB.
    package var disk = 2000

    /// The usual ones.
    package init() {}

    /// Reads options.
    ///
    /// - Parameters:
    ///   - text: the options as `key=value`.
    ///   - separator: what stands between two of them.
    /// - Throws: `Failure` with the code `invalidRequest`, which says what to write.
    package init(_ text: Substring, separator: Character) throws(Failure) {
        var seen: Set<Key> = []
        for pair in text.split(separator: separator, omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let key = Key(rawValue: String(parts[0])) else {
                let names = Key.allCases.map { "\($0.rawValue)=" }.joined(separator: ", ")
                throw Failure(.invalidRequest, "'\(pair)' is no option of simulated PMs: write one of \(names)")
            }
            guard seen.insert(key).inserted else {
                throw Failure(.invalidRequest, "'\(key.rawValue)' is given twice for simulated PMs: keep one")
            }
            guard let value = key.value(parts[1]) else {
                throw Failure(.invalidRequest, "'\(pair)' of simulated PMs: write \(key.advice)")
            }
            self[keyPath: key.path] = value
        }
    }

    /// The options that are not as usual, as `key=value`, always in the same order.
    var pairs: [String] {
        let usual = SimulatedOptions()
        return Key.allCases.filter { self[keyPath: $0.path] != usual[keyPath: $0.path] }
            .map { "\($0.rawValue)=\($0.text(self[keyPath: $0.path]))" }
    }

    private enum Key: String, CaseIterable {
        case seed
        case latency = "latency_ms"
        case failures
        case cpu
        case ram
        case disk

        var path: WritableKeyPath<SimulatedOptions, Int> {
            switch self {
            case .seed: \.seed
            case .latency: \.latency
            case .failures: \.failures
            case .cpu: \.cpu
            case .ram: \.ram
            case .disk: \.disk
            }
        }

        private var range: ClosedRange<Int> {
            switch self {
            case .seed: 0...999_999_999
            case .latency: 0...60_000
            case .failures: 0...1_000_000
            case .cpu: 1...4096
            case .ram: 128...1 << 30
            case .disk: 1...1 << 20
            }
        }

        var advice: String {
            switch self {
            case .failures: "failures= and a share from 0 to 1 with at most six decimals, as 0.01"
            default: "\(rawValue)= and a whole number from \(range.lowerBound) to \(range.upperBound)"
            }
        }

        func value(_ text: Substring) -> Int? {
            let value = self == .failures ? millionths(text) : wholeNumber(text)
            return value.flatMap { range.contains($0) ? $0 : nil }
        }

        func text(_ value: Int) -> String {
            guard self == .failures, value < 1_000_000 else { return String(self == .failures ? 1 : value) }
            let digits = String(1_000_000 + value).dropFirst()
            let end = digits.lastIndex { $0 != "0" }.map { digits.index(after: $0) } ?? digits.startIndex
            return value == 0 ? "0" : "0." + digits[..<end]
        }
    }
}

/// A number in plain digits as Swift prints it; nil for `+1`, `01`, `1e3` and what is no number.
private func wholeNumber(_ text: Substring) -> Int? {
    Int(text).flatMap { String($0) == text ? $0 : nil }
}

/// A share such as `0.01` in millionths.
private func millionths(_ text: Substring) -> Int? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let whole = parts.first.flatMap(wholeNumber), (0...1).contains(whole), parts.count <= 2 else { return nil }
    guard parts.count == 2 else { return whole * 1_000_000 }
    guard (1...6).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
    }
    let padded = parts[1] + String(repeating: "0", count: 6 - parts[1].utf8.count)
    return Int(padded).map { whole * 1_000_000 + $0 }
}
