import Foundation

/// The bytes of a console as server-sent events (WHATWG HTML, 9.2).
enum ConsoleText {
    /// An event whose data are the bytes in Base64, and whose id is the offset behind them.
    static func event(_ bytes: [UInt8], end: Int) -> String {
        "id: \(end)\ndata: \(Data(bytes).base64EncodedString())\n\n"
    }

    /// An id without data, which is remembered and is no event; with a time after which to connect again.
    static func position(_ offset: Int) -> String { "retry: 2000\nid: \(offset)\n\n" }

    /// Says that the stream is alive.
    static let sign = ":\n\n"
}
