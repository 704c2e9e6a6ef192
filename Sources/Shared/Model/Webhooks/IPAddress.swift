import Foundation

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes, in the order of the network.
    package let bytes: [UInt8]

    package var isIPv6: Bool { bytes.count == 16 }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Reads `192.0.2.1` or `2001:db8::1` and nothing else: no other notation of numbers, no zone (inet_pton).
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        let (family, count) = text.contains(":") ? (AF_INET6, 16) : (AF_INET, 4)
        var bytes = [UInt8](repeating: 0, count: count)
        // A text with a zero byte would end there.
        guard !text.utf8.contains(0), inet_pton(family, text, &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }
}

extension IPAddress {
    /// In its shortest form, as `2001:db8::1` (inet_ntop).
    package var canonical: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes, &text, socklen_t(text.count)) != nil else {
            return description
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        guard isIPv6 else { return bytes.map(String.init).joined(separator: ".") }
        return stride(from: 0, to: 16, by: 2)
            .map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
            .joined(separator: ":")
    }
}

/// The addresses that begin with the same bits, such as `10.0.0.0/8`.
package struct IPNetwork: Hashable, Sendable {
    private let address: IPAddress
    private let bits: Int

    /// Reads an address with the number of its bits; an address alone is a network of one.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(parts[0]) else { return nil }
        let most = address.bytes.count * 8
        let bits = parts.count == 2 ? Int(parts[1]) ?? -1 : most
        guard (0...most).contains(bits) else { return nil }
        (self.address, self.bits) = (address, bits)
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.bytes.count == address.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            (other.bytes[bit / 8] ^ address.bytes[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }
}
