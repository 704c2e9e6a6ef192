import Foundation
import TestKit
import Testing

@Suite("What the tiny guest reads of a seed")
struct TinyGuestSeedTests {
    /// YAML and JSON, and what the guest makes of it; without lines it is refused.
    private static let forms: [(String, [String]?)] = [
        ("#cloud-config\nhostname: web # name\n", ["hostname web"]),
        (
            "keys:\n- ssh-ed25519 AAAA me@x\n- \"b: \\\"c\\\" # d\"\nlast: 'it''s'\n",
            ["keys/0 ssh-ed25519 AAAA me@x", "keys/1 b: \"c\" # d", "last it's"]
        ),
        (
            "run:\n  - - ls\n    - /\n  - [sh, -c, \"a, b\"]\n",
            ["run/0/0 ls", "run/0/1 /", "run/1/0 sh", "run/1/1 -c", "run/1/2 a, b"]
        ),
        ("a: |\n  one\n    two\n\n  three\nb: >-\n  x\n  y\n", [#"a one\n  two\n\nthree\n"#, "b x y"]),
        ("l:\n  - k: v\n    m:\n      - n: 1\n", ["l/0/k v", "l/0/m/0/n 1"]),
        (
            #"{"a": {"b": [1, null, true, "\u00fc\\ \n"]}, "c": "d\/e"}"#,
            ["a/b/0 1", "a/b/2 true", #"a/b/3 ü\\ \n"#, "c d/e"]
        ),
        ("{\n  \"a\" : [\n    {\n      \"b\" : \"c\"\n    }\n  ]\n}\n", ["a/0/b c"]),
        ("a: ~\nb: []\nc:\n", []),
        ("", []),
        ("a: 1\n   b: 2\n", nil), ("a:\n  b:\n c: 1\n", nil), ("a: *b\n", nil), ("{\"a\": [1, 2\n", nil),
        ("a: \"b\n", nil),
        ("words\n", nil), ("a: 1\n---\nb: 2\n", nil), ("a:\n\t- b\n", nil), ("{a: b} c\n", nil),
        (#"{"a": "\ud800"}"#, nil),
    ]

    @Test("It reads the YAML and JSON that seeds are written in, and refuses what it does not know", arguments: forms)
    func reads(text: String, lines: [String]?) async throws {
        let files = try TemporaryDirectory()
        let file = files.file("seed")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let reader = GuestImage.root.appending(path: "deploy/guest/root/guest/yaml.awk").path()
        let awk = try ChildProcess("busybox", ["awk", "-f", reader, file])
        let exit = try await awk.waitForExit()
        #expect(exit == .status(lines == nil ? 1 : 0), "\(awk.text)")
        if let lines { #expect(awk.lines.map { $0.text.replacing("\t", with: " ") } == lines) }
    }
}
