/// What a guest writes, without what would do something to the terminal: it is not to be trusted with that.
struct TerminalText {
    private enum State {
        case text
        /// Behind ESC.
        case escape
        /// Within a control sequence (ECMA-48, 5.4), which ends with a byte from `@` on.
        case sequence
        /// Within a string such as a window's title, which ends with BEL or ESC and a backslash.
        case string
    }

    private var state = State.text
    /// The first bytes of a character whose others are still to come.
    private var begun: [UInt8] = []

    /// The text of more bytes.
    mutating func plain(_ bytes: [UInt8]) -> String {
        var kept = begun
        for byte in bytes {
            switch state {
            case .text:
                if byte == 0x1B {
                    state = .escape
                } else if byte >= 0x20 && byte != 0x7F || byte == 0x0A || byte == 0x09 {
                    kept.append(byte)
                }
            case .escape:
                state = byte == UInt8(ascii: "[") ? .sequence : "]PX^_".utf8.contains(byte) ? .string : .text
            case .sequence:
                if (0x40...0x7E).contains(byte) { state = .text }
            case .string:
                if byte == 0x07 { state = .text } else if byte == 0x1B { state = .escape }
            }
        }
        let whole = Self.wholeCharacters(kept)
        begun = Array(kept[whole...])
        // Controls beyond ASCII, too.
        let text = String(decoding: kept[..<whole], as: UTF8.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { !(0x80...0x9F).contains($0.value) }))
    }

    /// How many bytes there are before a character of UTF-8 that is cut off at the end.
    private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
        for length in 1...3 where bytes.count >= length {
            let byte = bytes[bytes.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > length ? bytes.count - length : bytes.count
        }
        return bytes.count
    }
}
