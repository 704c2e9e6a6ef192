/// Looks for a text in bytes that come in pieces, by the algorithm of Knuth, Morris and Pratt.
package struct ConsoleMatcher: Sendable {
    private let text: [UInt8]
    /// For each prefix of the text, how long the longest other prefix is that it ends with.
    private let borders: [Int]
    /// How much of the text the bytes so far end with.
    private var matched = 0

    /// - Parameter text: what to look for; an empty text is found at once.
    package init(_ text: String) {
        let text = Array(text.utf8)
        var borders = [Int](repeating: 0, count: text.count)
        var length = 0
        for index in text.indices.dropFirst() {
            while length > 0, text[index] != text[length] { length = borders[length - 1] }
            if text[index] == text[length] { length += 1 }
            borders[index] = length
        }
        (self.text, self.borders) = (text, borders)
    }

    /// Takes in what comes next.
    ///
    /// - Returns: whether the text is in what has come so far.
    package mutating func find(in bytes: some Sequence<UInt8>) -> Bool {
        guard matched < text.count else { return true }
        for byte in bytes {
            while matched > 0, byte != text[matched] { matched = borders[matched - 1] }
            if byte == text[matched] { matched += 1 }
            if matched == text.count { return true }
        }
        return false
    }
}
