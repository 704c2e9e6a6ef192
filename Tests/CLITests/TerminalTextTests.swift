import Testing

@testable import CLI

@Suite("What a guest writes, on a terminal")
struct TerminalTextTests {
    @Test(
        "What would do something to the terminal is left out",
        arguments: [
            ("login: ", "login: "), ("a\r\nb\tc\n", "a\nb\tc\n"), ("\u{1B}[1;31mred\u{1B}[0m", "red"),
            ("\u{1B}]0;title\u{7}x", "x"), ("\u{1B}]0;title\u{1B}\\x", "x"), ("\u{1B}[2J\u{1B}[Hx\u{7}", "x"),
            ("\u{1B}(Bx\u{9B}2Jy", "Bx2Jy"), ("äö 𝄞", "äö 𝄞"), ("\u{1B}P$q\u{1B}\\x", "x"),
        ]
    )
    func plain(written: String, shown: String) {
        var whole = TerminalText()
        #expect(whole.plain(Array(written.utf8)) == shown)
        // Cut anywhere it is the same.
        var pieces = TerminalText()
        #expect(written.utf8.map { pieces.plain([$0]) }.joined() == shown)
    }
}
