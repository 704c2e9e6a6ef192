package import Model

/// A policy as people ask for it: its name, with factors of weighers that differ from its own.
///
/// As text, the factors follow a colon: `spread:load=0.5,image_cached=0`.
package struct PolicyChoice: Hashable, Sendable {
    /// The policy's name.
    package let name: String
    /// Factors by weighers' names; 0 takes a weigher out.
    package let weights: [String: Double]

    /// The names of the policies.
    package static let names = PlacementPolicy.all.map(\.name)

    package init(name: String, weights: [String: Double] = [:]) {
        self.name = name
        self.weights = weights
    }

    /// Reads a choice; nil where it names a policy or a weigher that is none of ours, or a factor out of its range.
    ///
    /// - Parameter text: the choice as text.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard Self.names.contains(String(parts[0])),
            let weights = parts.count == 1 ? [:] : Self.weights(String(parts[1]))
        else { return nil }
        self.init(name: String(parts[0]), weights: weights)
    }

    /// Reads a choice that somebody made.
    ///
    /// - Parameter text: the choice as text.
    /// - Returns: the choice.
    /// - Throws: `Failure` with `invalidRequest` that names the choices.
    package static func named(_ text: String) throws(Failure) -> PolicyChoice {
        if let choice = PolicyChoice(text) { return choice }
        let weighers = PlacementPolicy.weighers.map(\.name).joined(separator: ", ")
        throw Failure(
            .invalidRequest,
            "there is no policy '\(text.prefix(80))': give one of \(names.joined(separator: ", ")); and if need be, after a "
                + "colon, WEIGHER=FACTOR,… from -1000 to 1000, of \(weighers)"
        )
    }

    /// Reads factors.
    ///
    /// - Parameter text: `NAME=FACTOR` with commas between.
    /// - Returns: the factors; nil where one is none, not from -1000 to 1000, or given twice.
    package static func weights(_ text: String) -> [String: Double]? {
        var weights: [String: Double] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2, let factor = Double(parts[1]), (-1000...1000).contains(factor),
                PlacementPolicy.weighers.contains(where: { $0.name == parts[0] }),
                weights.updateValue(factor, forKey: String(parts[0])) == nil
            else { return nil }
        }
        return weights
    }

    /// The factors as text, in the order of names.
    package var weightsText: String {
        weights.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }

    /// The policy; `seed` where the name is none of ours.
    ///
    /// - Parameters:
    ///   - oldest: how old a PM's measure may be, in ms.
    ///   - seed: what chance is drawn from.
    /// - Returns: the policy.
    package func policy(oldest: Int = .max, seed: UInt64 = 0) -> PlacementPolicy {
        let known = PlacementPolicy.all.first { $0.name == name } ?? .seed
        return known.configured(oldest: oldest, weights: weights, seed: seed)
    }
}

extension PolicyChoice: CustomStringConvertible {
    /// The choice as text.
    package var description: String { weights.isEmpty ? name : "\(name):\(weightsText)" }
}
