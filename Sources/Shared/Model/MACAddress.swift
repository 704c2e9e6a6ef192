/// The address of a network card, as `52:54:00:0a:1b:2c`.
package struct MACAddress: Hashable, Sendable, CustomStringConvertible {
    /// Six pairs of lower-case hexadecimal digits with colons between.
    package let description: String

    /// Reads an address, in letters of either case; nil where the text is none of a single card.
    package init?(_ text: some StringProtocol) {
        let pairs = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard pairs.count == 6, pairs.allSatisfy({ $0.count == 2 && $0.allSatisfy(Self.isHexadecimal) }) else {
            return nil
        }
        let address = text.lowercased()
        // The lowest bit of the first byte stands for a group of cards.
        guard let first = UInt8(address.prefix(2), radix: 16), first & 1 == 0 else { return nil }
        description = address
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}

extension [MACAddress] {
    /// Reads a list as records have it: with commas between; nil where a part is no address.
    package init?(words: String) {
        let parts = words.split(separator: ",", omittingEmptySubsequences: false)
        let addresses = parts.compactMap { MACAddress($0) }
        guard addresses.count == parts.count, !addresses.isEmpty else { return nil }
        self = addresses
    }

    /// As records have the list.
    package var words: String { map(\.description).joined(separator: ",") }
}
