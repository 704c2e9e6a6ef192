import Foundation

/// A console's log as virtlogd writes it: a file that is full gets the name of the next older one, and the oldest goes.
final class RotatedLog {
    let path: String
    private let full: Int
    private var file: Int32 = -1
    private var size = 0
    /// All that was ever written.
    private(set) var written: [UInt8] = []

    /// The rotated files that are kept.
    private static let kept = 3

    init(_ path: String, full: Int) {
        (self.path, self.full) = (path, full)
        open()
    }

    deinit { close(file) }

    private func open() {
        file = Foundation.open(path, O_CREAT | O_WRONLY | O_APPEND, 0o600)
        size = 0
    }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if size == full { rotate() }
            let part = Array(rest.prefix(full - size))
            _ = Foundation.write(file, part, part.count)
            size += part.count
            written += part
            rest = rest.dropFirst(part.count)
        }
    }

    private func rotate() {
        close(file)
        for number in (0..<Self.kept).reversed() {
            rename(number == 0 ? path : "\(path).\(number - 1)", "\(path).\(number)")
        }
        open()
    }

    /// The offset of the first byte that is kept.
    var first: Int {
        let older = written.count - size
        return max(0, older - Self.kept * full)
    }
}
