import Testing

@testable import CLI

@Suite("What is typed at a console")
struct ConsoleKeyTests {
    @Test(
        "A tilde at the start of a line is for this program, any other one for the guest",
        arguments: [
            ("ls\r", [.send(Array("ls\r".utf8))]), ("~.", [.leave]), ("a~.", [.send(Array("a~.".utf8))]),
            ("a\r~.b", [.send(Array("a\r".utf8)), .leave]), ("~~x", [.send(Array("~x".utf8))]),
            ("~x", [.send(Array("~x".utf8))]), ("~w~", [.takeOver]), ("~?", [.help]), ("", []),
            ("~\r~.", [.send(Array("~\r".utf8)), .leave]),
            ("~.rm x\r", [.leave]), ("\u{3}", [.send([3])]),
        ] as [(String, [ConsoleKeys.Action])]
    )
    func actions(typed: String, actions: [ConsoleKeys.Action]) {
        var keys = ConsoleKeys()
        #expect(keys.actions(for: Array(typed.utf8)) == actions)
    }

    @Test("It is the same however the bytes come")
    func pieces() {
        var keys = ConsoleKeys()
        let actions = "a\r~.".utf8.flatMap { keys.actions(for: [$0]) }
        #expect(actions == [.send([0x61]), .send([0x0D]), .leave])
    }
}
