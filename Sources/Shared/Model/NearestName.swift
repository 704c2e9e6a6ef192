extension Sequence<String> {
    /// The one that was probably meant by a name that is none of these.
    ///
    /// One that begins or ends as the written name does as a whole comes first, then the one that the fewest changes of
    /// a letter make of it (Levenshtein distance, without case).
    ///
    /// - Parameter name: the name as written.
    /// - Returns: the nearest; nil where more than half of the longer name would have to change.
    package func nearest(to name: String) -> String? {
        let written = Array(name.prefix(64).lowercased().utf8)
        let candidates = map { candidate in
            let known = Array(candidate.lowercased().utf8)
            let distance = distance(from: written, to: known)
            return (name: candidate, isPart: isPart(written, of: known), distance: distance, length: known.count)
        }
        let best = candidates.min { ($0.isPart ? 0 : 1, $0.distance) < ($1.isPart ? 0 : 1, $1.distance) }
        guard let best, best.isPart || best.distance <= Swift.max(written.count, best.length) / 2 else { return nil }
        return best.name
    }

    /// `; did you mean NAME?` behind a message, where one is near.
    ///
    /// - Parameter name: the name as written.
    /// - Returns: the question; empty where none is near.
    package func didYouMean(_ name: String) -> String {
        nearest(to: name).map { "; did you mean \($0)?" } ?? ""
    }
}

/// True where one begins or ends with all of the other, which has three letters at least.
private func isPart(_ first: [UInt8], of second: [UInt8]) -> Bool {
    let (short, long) = first.count < second.count ? (first, second) : (second, first)
    return short.count >= 3 && (long.starts(with: short) || long.reversed().starts(with: short.reversed()))
}

/// How many bytes are to be put in, taken out or changed to make one of the other.
private func distance(from first: [UInt8], to second: [UInt8]) -> Int {
    var row = Array(0...second.count)
    for (index, byte) in first.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in second.indices {
            let changed = diagonal + (byte == second[column] ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(changed, row[column] + 1, diagonal + 1)
        }
    }
    return row[second.count]
}
