import API
import Foundation
import Model

/// What distinguishes a request from another one: a hash (FNV-1a, 128 bits) of its path, arguments and body.
///
/// A client that looks for two requests with the same hash harms only itself.
struct RequestFingerprint {
    private var hash: UInt128 = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013B

    /// Takes a part of the request in; parts do not run together.
    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { hash = (hash ^ UInt128(byte)) &* Self.prime }
        // No byte of UTF-8.
        hash = (hash ^ 0xFF) &* Self.prime
    }

    /// The hash in hex.
    var text: String { String(hash, radix: 16) }
}
