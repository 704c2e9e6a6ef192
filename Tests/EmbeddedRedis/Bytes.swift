/// A string of bytes, as Redis knows it: keys, fields, members and values.
package struct Bytes: Hashable, Sendable {
    let storage: [UInt8]

    init(_ storage: [UInt8]) {
        self.storage = storage
    }

    init(_ text: String) {
        storage = Array(text.utf8)
    }

    init(_ number: Int) {
        self.init(String(number))
    }

    /// What is no UTF-8 reads as U+FFFD.
    var text: String { String(decoding: storage, as: UTF8.self) }

    var count: Int { storage.count }

    package func hash(into hasher: inout Hasher) {
        // Array hashes element by element, which takes most of the time of a command.
        unsafe storage.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    }
}

extension Bytes: Comparable {
    package static func < (first: Bytes, second: Bytes) -> Bool {
        first.storage.lexicographicallyPrecedes(second.storage)
    }
}

extension Bytes: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) {
        self.init(text)
    }
}

// MARK: - Numbers

extension Bytes {
    /// The whole number that this spells as Redis reads one: no sign but a minus, no leading zero, no space.
    var integer: Int? {
        guard let first = storage.first, storage.count <= 20 else { return nil }
        let digits = first == UInt8(ascii: "-") ? storage.dropFirst() : storage[...]
        guard let leading = digits.first, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        // Neither 007 nor -0.
        if leading == UInt8(ascii: "0"), storage.count > 1 { return nil }
        return Int(text)
    }

    /// The number that this spells, as a score is read; infinities too.
    var double: Double? {
        guard let first = storage.first, !(first == 32 || (9...13).contains(first)) else { return nil }
        let text = text
        switch text.lowercased() {
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: break
        }
        guard let number = Double(text), !number.isNaN, !number.isInfinite else { return nil }
        return number
    }

    /// The bytes in capitals, as names of commands and options are compared.
    var uppercased: Bytes {
        let small = UInt8(ascii: "a")...UInt8(ascii: "z")
        guard storage.contains(where: small.contains) else { return self }
        return Bytes(storage.map { small.contains($0) ? $0 - 32 : $0 })
    }
}
