/// A sorted set: members by score, equal scores by their bytes.
final class SortedSet {
    struct Element: Comparable {
        let score: Double
        let member: Bytes

        static func < (first: Element, second: Element) -> Bool {
            first.score != second.score ? first.score < second.score : first.member < second.member
        }
    }

    /// An end of a range of scores.
    struct Bound {
        let score: Double
        let isExclusive: Bool

        func isBelow(_ other: Double) -> Bool { isExclusive ? score < other : score <= other }
        func isAbove(_ other: Double) -> Bool { isExclusive ? score > other : score >= other }
    }

    private(set) var elements: [Element] = []
    private var scores: [Bytes: Double] = [:]

    var count: Int { elements.count }

    func score(of member: Bytes) -> Double? { scores[member] }

    /// Gives a member a score; returns true where the member is new.
    func set(_ member: Bytes, _ score: Double) -> Bool {
        let old = scores.updateValue(score, forKey: member)
        if let old {
            if old == score { return false }
            elements.remove(at: position(of: Element(score: old, member: member)))
        }
        let element = Element(score: score, member: member)
        elements.insert(element, at: position(of: element))
        return old == nil
    }

    func remove(_ member: Bytes) -> Bool {
        guard let score = scores.removeValue(forKey: member) else { return false }
        elements.remove(at: position(of: Element(score: score, member: member)))
        return true
    }

    func rank(of member: Bytes) -> Int? {
        scores[member].map { position(of: Element(score: $0, member: member)) }
    }

    /// The elements between two scores, the lowest first.
    func elements(from least: Bound, to most: Bound) -> ArraySlice<Element> {
        let first = partition { least.isBelow($0.score) }
        let end = partition { !most.isAbove($0.score) }
        return first < end ? elements[first..<end] : []
    }

    /// Where an element is, or would be.
    private func position(of element: Element) -> Int { partition { !($0 < element) } }

    /// The first position from which on a condition holds.
    private func partition(where holds: (Element) -> Bool) -> Int {
        var (low, high) = (0, elements.count)
        while low < high {
            let middle = (low + high) / 2
            if holds(elements[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
