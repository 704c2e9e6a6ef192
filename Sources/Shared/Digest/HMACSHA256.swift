private import CCrypto

/// A message authentication code by HMAC with SHA-256 (RFC 2104), which libcrypto makes (HMAC).
package struct HMACSHA256: Hashable, Sendable {
    package let bytes: [UInt8]

    /// The code of a text's UTF-8.
    ///
    /// - Returns: nil where libcrypto has no SHA-256, as under a provider that was configured without it.
    package init?(of text: String, key: [UInt8]) {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let data = Array(text.utf8)
        // Safe: the arrays live through the call, and SHA-256 writes the 32 bytes that there are.
        let made = unsafe HMAC(EVP_sha256(), key, Int32(key.count), data, data.count, &code, &length) != nil
        guard made, length == 32 else { return nil }
        bytes = code
    }
}
