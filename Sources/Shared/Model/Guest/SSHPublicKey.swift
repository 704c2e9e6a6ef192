import Foundation

/// A public key of SSH, as a line of `authorized_keys` without options has it.
package struct SSHPublicKey: Hashable, Sendable {
    /// Its kind, as `ssh-ed25519`.
    package let algorithm: String
    /// The key itself, of which fingerprints are made (RFC 4253, 6.6).
    package let blob: [UInt8]
    /// What its owner wrote behind it, as far as it is printable ASCII; empty for nothing.
    package let comment: String

    /// The longest line that is read, in bytes.
    package static let longest = 8192
    private static let longestComment = 128

    /// Reads a line.
    ///
    /// What is refused is not repeated: it may be a private key.
    ///
    /// - Throws: `Failure` with `invalidRequest` that says what is wrong with it.
    package init(_ line: String) throws(Failure) {
        let text = line.trimmingCharacters(in: .whitespacesAndNewlines)
        guard text.utf8.count <= Self.longest else {
            throw Self.refusal("is longer than \(Self.longest) bytes: give one public key")
        }
        guard !text.contains("-----BEGIN") else {
            throw Self.refusal(
                "is a private key or a certificate: give the public key, the line of the file that ends in .pub"
            )
        }
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F || $0 == "\t" }) else {
            throw Self.refusal("holds a line break or another character that controls: give one public key in one line")
        }
        let words = text.split(maxSplits: 2) { $0 == " " || $0 == "\t" }
        guard let first = words.first.map(String.init) else { throw Self.refusal("is empty: give a public key") }
        guard Self.algorithms.contains(first) else { throw Self.refusal(Self.problem(of: first, in: text)) }
        guard words.count > 1, let blob = Data(base64Encoded: String(words[1])) else {
            throw Self.refusal("has no base64 behind '\(first)': copy the whole line")
        }
        guard Self.isWhole(Array(blob), of: first) else {
            throw Self.refusal("is cut short, or no key of the kind '\(first)': copy the whole line")
        }
        algorithm = first
        self.blob = Array(blob)
        let scalars = (words.count > 2 ? words[2] : "").unicodeScalars.filter { (0x20...0x7E).contains($0.value) }
        comment = String(String.UnicodeScalarView(scalars.prefix(Self.longestComment))).trimmingCharacters(
            in: .whitespaces
        )
    }

    /// The line, without what surrounded it.
    package var line: String {
        "\(algorithm) \(Data(blob).base64EncodedString())" + (comment.isEmpty ? "" : " \(comment)")
    }

    private static func refusal(_ problem: String) -> Failure { Failure(.invalidRequest, "the SSH key \(problem)") }

    private static func problem(of first: String, in text: String) -> String {
        if first == "ssh-dss" {
            return "is of the kind 'ssh-dss', which SSH servers take no more: make one of ssh-ed25519"
        }
        if algorithms.contains(where: { text.contains("\($0) ") }) {
            return "begins with options, which are not taken: leave them out"
        }
        return
            "begins with no kind of key that is known: give a line as ssh-keygen writes it into the file that ends in .pub"
    }
}

/// What makes a key whole.
extension SSHPublicKey {
    /// The curves of ECDSA, each with the length of its points.
    private static let points = ["nistp256": 65, "nistp384": 97, "nistp521": 133]
    private static let algorithms: Set<String> = Set(
        ["ssh-ed25519", "ssh-rsa", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"]
            + points.keys.map { "ecdsa-sha2-\($0)" }
    )
    /// The lengths of moduli that SSH servers take, in bits.
    private static let moduli = 1024...16_384

    private static func isWhole(_ blob: [UInt8], of algorithm: String) -> Bool {
        guard let fields = strings(in: blob), fields.first == Array(algorithm.utf8) else { return false }
        let rest = fields.dropFirst().map(\.self)
        switch algorithm {
        case "ssh-ed25519": return rest.map(\.count) == [32]
        // Hardware keys name their application behind the key.
        case "sk-ssh-ed25519@openssh.com": return rest.count == 2 && rest[0].count == 32 && !rest[1].isEmpty
        case "sk-ecdsa-sha2-nistp256@openssh.com":
            return rest.count == 3 && isPoint(rest[1], on: rest[0], "nistp256") && !rest[2].isEmpty
        case "ssh-rsa": return rest.count == 2 && !rest[0].isEmpty && moduli.contains(bits(of: rest[1]))
        default:
            return rest.count == 2 && isPoint(rest[1], on: rest[0], String(algorithm.dropFirst("ecdsa-sha2-".count)))
        }
    }

    /// An uncompressed point (SEC 1, 2.3.3) on the curve that is named.
    private static func isPoint(_ point: [UInt8], on name: [UInt8], _ curve: String) -> Bool {
        name == Array(curve.utf8) && point.count == points[curve] && point.first == 4
    }

    /// The length of a whole number (RFC 4251, 5).
    private static func bits(of number: [UInt8]) -> Int {
        let digits = number.drop { $0 == 0 }
        guard let first = digits.first else { return 0 }
        return digits.count * 8 - first.leadingZeroBitCount
    }

    /// The strings (RFC 4251, 5) of which a text consists; nil where it is cut.
    private static func strings(in blob: [UInt8]) -> [[UInt8]]? {
        var found: [[UInt8]] = []
        var rest = blob[...]
        while !rest.isEmpty {
            guard rest.count >= 4 else { return nil }
            let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard rest.count >= length else { return nil }
            found.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return found
    }
}
