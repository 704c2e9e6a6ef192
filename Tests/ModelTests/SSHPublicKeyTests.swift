import Foundation
import Model
import Testing

@Suite("Public keys of SSH")
struct SSHPublicKeyTests {
    private static func key(_ algorithm: String, _ fields: [UInt8]...) -> String {
        let bytes = ([Array(algorithm.utf8)] + fields).flatMap { field in
            withUnsafeBytes(of: UInt32(field.count).bigEndian, Array.init) + field
        }
        return "\(algorithm) \(Data(bytes).base64EncodedString())"
    }

    private static func filler(_ count: Int, first: UInt8 = 7) -> [UInt8] {
        [first] + [UInt8](repeating: 7, count: count - 1)
    }

    private static let ed25519 = key("ssh-ed25519", filler(32))

    /// One key of each kind.
    private static let kinds = [
        ed25519, key("ssh-rsa", [1, 0, 1], filler(257, first: 0)),
        key("ecdsa-sha2-nistp256", Array("nistp256".utf8), filler(65, first: 4)),
        key("ecdsa-sha2-nistp384", Array("nistp384".utf8), filler(97, first: 4)),
        key("ecdsa-sha2-nistp521", Array("nistp521".utf8), filler(133, first: 4)),
        key("sk-ssh-ed25519@openssh.com", filler(32), Array("ssh:".utf8)),
        key("sk-ecdsa-sha2-nistp256@openssh.com", Array("nistp256".utf8), filler(65, first: 4), Array("ssh:".utf8)),
    ]

    @Test("Keys of each kind are taken, and written as they were, with their comment", arguments: kinds)
    func taken(line: String) throws {
        for comment in ["", " me@host", " two  words \"<&>\" \\"] {
            let key = try SSHPublicKey(line + comment)
            #expect(key.line == (line + comment).trimmingCharacters(in: .whitespaces))
            #expect(try SSHPublicKey(key.line) == key)
        }
        #expect(try SSHPublicKey("  \t\(line)\t c \r\n").line == "\(line) c")
    }

    @Test("What cannot be printed of a comment is left out, and a long one is cut")
    func comments() throws {
        #expect(try SSHPublicKey("\(Self.ed25519) jos\u{E9} \u{202E}x").comment == "jos x")
        #expect(try SSHPublicKey(Self.ed25519 + " " + String(repeating: "c", count: 500)).comment.count == 128)
    }

    @Test("Every key that is cut, or longer, or of another kind than it says, is refused", arguments: kinds)
    func cut(line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let whole = try #require(Data(base64Encoded: words[1]))
        for count in 0..<whole.count {
            #expect(throws: Failure.self) {
                _ = try SSHPublicKey("\(words[0]) \(whole.prefix(count).base64EncodedString())")
            }
        }
        #expect(throws: Failure.self) { _ = try SSHPublicKey("\(words[0]) \((whole + [0]).base64EncodedString())") }
        for other in Self.kinds where other != line {
            let kind = other.split(separator: " ")[0]
            #expect(throws: Failure.self) { _ = try SSHPublicKey("\(kind) \(words[1])") }
        }
    }

    @Test(
        "What is no public key is refused, in words that say what to do and repeat none of it",
        arguments: [
            ("", "empty"), ("   ", "empty"), ("ssh-ed25519", "base64"), ("ssh-ed25519 !!!", "base64"),
            ("no-pty \(ed25519)", "options"), ("command=\"sh -c 'x y'\" \(ed25519)", "options"),
            ("from=\"*\",restrict \(ed25519)", "options"), ("cert-authority \(ed25519)", "options"),
            (key("ssh-dss", filler(32)), "ssh-dss"), (key("ssh-rsa", [1, 0, 1], filler(64)), "cut short"),
            ("secret-word", "no kind of key"), ("\(ed25519)\n\(ed25519)", "line break"),
            ("\(ed25519) a\u{0}b", "controls"), ("\(ed25519) a\rb", "line break"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret-word\n-----END OPENSSH PRIVATE KEY-----", "private key"),
            (String(repeating: "secret-word ", count: 1000), "longer"),
        ]
    )
    func refused(text: String, word: String) throws {
        let failure = #expect(throws: Failure.self) { _ = try SSHPublicKey(text) }
        #expect(failure?.code == .invalidRequest)
        #expect(failure?.message.contains(word) == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains("secret-word") == false)
    }

    @Test("A file of keys is read with its comments and empty lines, each key once")
    func file() throws {
        let text = "# ours\r\n\n\(Self.kinds[0]) a\n  \t\n  \(Self.kinds[1])\n#\(Self.kinds[2])\n\(Self.kinds[0]) b\n"
        #expect(try AuthorizedKeys.read(text).map(\.line) == ["\(Self.kinds[0]) a", Self.kinds[1]])
        #expect(try AuthorizedKeys.read("").isEmpty)
    }

    @Test("A file with a bad line is refused, and the line is named")
    func badFile() throws {
        let failure = #expect(throws: Failure.self) {
            _ = try AuthorizedKeys.read("# ours\n\(Self.kinds[0])\n\nno-pty \(Self.kinds[1])\n")
        }
        #expect(failure?.message.hasPrefix("line 4: ") == true)
        #expect(failure?.message.contains("options") == true)
        let many = (0...GuestSeed.mostKeys).map { Self.key("ssh-ed25519", Self.filler(32, first: UInt8($0))) }
        #expect(throws: Failure.self) { _ = try AuthorizedKeys.read(many.joined(separator: "\n")) }
        #expect(try AuthorizedKeys.read(many.dropLast().joined(separator: "\n")).count == GuestSeed.mostKeys)
    }
}
