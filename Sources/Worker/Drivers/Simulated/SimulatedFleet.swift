import Model

/// Many simulated PMs in place of the pm_file: `simulated:COUNT[,option=value…]`.
struct SimulatedFleet: Hashable, Sendable {
    /// How many PMs.
    let count: Int
    /// How they behave.
    let options: SimulatedOptions

    /// How many there may be: listing them keeps Redis for 20 µs each.
    static let counts = 1...20_000

    private static let form =
        "write simulated:COUNT, COUNT from \(counts.lowerBound) to \(counts.upperBound), and options behind it as "
        + "simulated:1000,seed=7,latency_ms=5,failures=0.01"

    /// Reads a fleet.
    ///
    /// - Parameter text: the fleet as written.
    /// - Throws: `Failure` with the code `invalidRequest`, which says what to write.
    init(_ text: String) throws(Failure) {
        let parts = text.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
        let words = parts[0].split(separator: ":", omittingEmptySubsequences: false)
        guard words.count == 2, words[0] == "simulated", let count = Int(words[1]), String(count) == words[1],
            Self.counts.contains(count)
        else { throw Failure(.invalidRequest, "'\(text)' is no fleet: \(Self.form)") }
        self.count = count
        options = parts.count < 2 ? SimulatedOptions() : try SimulatedOptions(parts[1], separator: ",")
    }

    /// The PMs, as a pm_file would list them.
    ///
    /// - Parameter overcommit: how many times over their resources may be promised.
    /// - Returns: the listings.
    /// - Throws: `Failure`.
    func listings(overcommit: Overcommit) throws(Failure) -> [PMListing] {
        var listings: [PMListing] = []
        listings.reserveCapacity(count)
        for number in 1...count {
            let pm = SimulatedPM(number: number, options: options)
            listings.append(PMListing(address: try PMAddress(pm.address), overcommit: overcommit))
        }
        return listings
    }
}
