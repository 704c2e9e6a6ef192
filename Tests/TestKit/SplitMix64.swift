/// A small generator of random numbers whose whole course follows from its seed, on every machine.
///
/// SplitMix64 of Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in a range.
    ///
    /// Its own arithmetic, since that of the standard library may change with the toolchain, and with it every seed.
    package mutating func number(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// A number from 0 to 1.
    package mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }

    /// True that many times in a hundred.
    package mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

    /// One of some.
    package mutating func element<Element>(of elements: [Element]) -> Element {
        elements[number(0...elements.count - 1)]
    }

    /// One of them; nil where there is none.
    package mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[number(0...elements.count - 1)]
    }

    /// One of them, each as often as its weight says.
    package mutating func pick<Element>(weighted elements: KeyValuePairs<Element, Int>) -> Element? {
        var left = number(1...max(1, elements.reduce(0) { $0 + $1.value }))
        for (element, weight) in elements {
            left -= weight
            if left <= 0 { return element }
        }
        return elements.last?.key
    }
}
