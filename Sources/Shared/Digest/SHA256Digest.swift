private import CCrypto

/// A digest by SHA-256 (FIPS 180-4), which libcrypto makes (EVP_Digest).
package struct SHA256Digest: Sendable {
    package let bytes: [UInt8]

    /// The digest of a text's UTF-8.
    ///
    /// - Returns: nil where libcrypto has no SHA-256, as under a provider that was configured without it.
    package init?(of text: String) { self.init(of: Array(text.utf8)) }

    /// The digest of some bytes.
    ///
    /// - Returns: nil where libcrypto has no SHA-256.
    package init?(of data: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        // Safe: both arrays live through the call, and SHA-256 writes the 32 bytes that there are.
        guard unsafe EVP_Digest(data, data.count, &digest, &length, EVP_sha256(), nil) == 1, length == 32 else {
            return nil
        }
        bytes = digest
    }

    /// The digest in lower-case hexadecimal digits.
    package var hex: String {
        bytes.reduce(into: "") { text, byte in
            let digits = String(byte, radix: 16)
            text += digits.count == 1 ? "0" + digits : digits
        }
    }

    /// Compares in constant time, which does not reveal where they differ (CRYPTO_memcmp).
    package static func == (left: Self, right: Self) -> Bool {
        // Safe: both arrays live through the call and have 32 bytes.
        unsafe CRYPTO_memcmp(left.bytes, right.bytes, 32) == 0
    }
}
