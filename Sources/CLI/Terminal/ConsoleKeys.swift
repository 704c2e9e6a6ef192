/// What is typed at a console: bytes for the guest, and what a tilde asks of this program, as with ssh.
struct ConsoleKeys {
    enum Action: Hashable {
        case send([UInt8])
        case leave
        /// The keyboard is to be this terminal's.
        case takeOver
        case help
    }

    private var isAtStart = true
    private var hasTilde = false

    private static let tilde = UInt8(ascii: "~")

    /// What more typed bytes ask for; nothing is taken of those behind a leave.
    mutating func actions(for bytes: [UInt8]) -> [Action] {
        var actions: [Action] = []
        var kept: [UInt8] = []
        func add(_ action: Action?) {
            if !kept.isEmpty { actions.append(.send(kept)) }
            kept = []
            if let action { actions.append(action) }
        }
        for byte in bytes {
            if hasTilde {
                hasTilde = false
                if let action = Self.action(of: byte) {
                    add(action)
                    if action == .leave { return actions }
                    continue
                }
                if byte != Self.tilde { kept.append(Self.tilde) }
            } else if isAtStart, byte == Self.tilde {
                hasTilde = true
                continue
            }
            kept.append(byte)
            isAtStart = byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
        }
        add(nil)
        return actions
    }

    /// What a byte behind a tilde asks for; nil for one that is the guest's.
    private static func action(of byte: UInt8) -> Action? {
        switch byte {
        case UInt8(ascii: "."): .leave
        case UInt8(ascii: "w"): .takeOver
        case UInt8(ascii: "?"): .help
        default: nil
        }
    }
}
