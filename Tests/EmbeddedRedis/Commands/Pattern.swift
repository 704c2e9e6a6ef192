/// A glob as KEYS and SCAN take it: `*`, `?`, `[a-c]`, `[^a]`, and a backslash before what stands for itself.
struct Pattern {
    private let pattern: [UInt8]

    init(_ pattern: Bytes) {
        self.pattern = pattern.storage
    }

    func matches(_ key: Bytes) -> Bool { matches(pattern[...], key.storage[...]) }

    private func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        var (pattern, text) = (pattern, text)
        while let first = pattern.popFirst() {
            switch first {
            case UInt8(ascii: "*"):
                while pattern.first == first { pattern.removeFirst() }
                if pattern.isEmpty { return true }
                return (text.startIndex...text.endIndex).contains { matches(pattern, text[$0...]) }
            case UInt8(ascii: "?"):
                guard text.popFirst() != nil else { return false }
            case UInt8(ascii: "["):
                guard let byte = text.popFirst(), takeClass(&pattern, byte) else { return false }
            case UInt8(ascii: "\\") where !pattern.isEmpty:
                guard pattern.popFirst() == text.popFirst() else { return false }
            default:
                guard text.popFirst() == first else { return false }
            }
        }
        return text.isEmpty
    }

    /// Reads a class after its bracket; true where the byte is of it.
    private func takeClass(_ pattern: inout ArraySlice<UInt8>, _ byte: UInt8) -> Bool {
        let isNegated = pattern.first == UInt8(ascii: "^")
        if isNegated { pattern.removeFirst() }
        var isFound = false
        while let first = pattern.popFirst(), first != UInt8(ascii: "]") {
            if first == UInt8(ascii: "\\"), let escaped = pattern.popFirst() {
                isFound = isFound || escaped == byte
            } else if pattern.first == UInt8(ascii: "-"), let last = pattern.dropFirst().first,
                last != UInt8(ascii: "]")
            {
                pattern.removeFirst(2)
                isFound = isFound || (min(first, last)...max(first, last)).contains(byte)
            } else {
                isFound = isFound || first == byte
            }
        }
        return isFound != isNegated
    }
}
