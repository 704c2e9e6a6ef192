import Model

/// What happens by chance on a simulated PM, drawn from its seed: the same for the same operation on the same thing.
struct SimulatedChance: Sendable {
    /// What is done there.
    enum Operation: String, Sendable, CaseIterable {
        case inventory
        case image
        case disk
        case seed
        case domain
        case start
        case remove
        case deleteDisk

        /// Whether it may be refused, and then every time; a removal ends at last, as on a real PM.
        fileprivate var mayBeRefused: Bool { self != .remove && self != .deleteDisk }
    }

    /// How an operation fails that has something to do.
    enum Fault: Hashable, Sendable {
        /// The PM refuses it, each time.
        case refused
        /// The PM does it, and its answer is lost; who repeats it finds it done.
        case unanswered
    }

    let pm: SimulatedPM

    /// How long an operation takes.
    func latency(of operation: Operation, on subject: String = "") -> Duration {
        let fraction = fraction("latency", operation.rawValue, subject)
        return .microseconds(Int(Double(pm.options.latency * 1000) * (0.5 + fraction)))
    }

    /// How an operation fails; nil where it does not.
    func fault(of operation: Operation, on subject: String) -> Fault? {
        let share = Double(pm.options.failures) / 1_000_000
        guard fraction("fault", operation.rawValue, subject) < share else { return nil }
        guard operation.mayBeRefused else { return .unanswered }
        return fraction("kind", operation.rawValue, subject) < 0.5 ? .refused : .unanswered
    }

    /// What the PM has: half of them are of the middle class, a quarter each have half and twice as much.
    var capacity: Resources {
        let options = pm.options
        let size = [1, 2, 2, 4][Int(fraction("class") * 4)]
        return Resources(
            cpu: max(1, options.cpu * size / 2),
            ram: max(1, options.ram * size / 2),
            disk: max(1, options.disk * size / 2)
        )
    }

    /// The share of its CPUs that a guest keeps busy.
    func busyShare(of uuid: String) -> Double { 0.1 + 0.8 * fraction("load", uuid) }

    /// A number from 0 up to 1 that follows from the seed, the PM and the words.
    func fraction(_ words: String...) -> Double {
        // FNV-1a, then the finisher of splitmix64: Swift's own hashes differ from run to run.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        for word in ["\(pm.options.seed)", "\(pm.number)"] + words {
            for byte in word.utf8 { add(byte) }
            add(0)
        }
        hash = (hash ^ (hash >> 30)) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ (hash >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((hash ^ (hash >> 31)) >> 11) / Double(1 << 53)
    }
}
