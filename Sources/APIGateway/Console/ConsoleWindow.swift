import Store

/// The last bytes of a console that were relayed, in one piece.
struct ConsoleWindow: Sendable {
    /// What there is behind an offset.
    enum Reading: Hashable, Sendable {
        case bytes([UInt8])
        case upToDate
        /// Not all that lies behind it is here.
        case unknown
    }

    private var pieces: [ConsolePiece] = []
    private var size = 0
    /// The offset behind the last byte; nil before anything was relayed.
    private(set) var end: Int?

    /// How many bytes are kept.
    static let limit = 256 << 10

    /// Takes in what was relayed; where it does not go on from what is here, that is dropped.
    mutating func add(_ piece: ConsolePiece) {
        if end != piece.offset { (pieces, size) = ([], 0) }
        end = piece.end
        guard !piece.bytes.isEmpty else { return }
        pieces.append(piece)
        size += piece.bytes.count
        while size > Self.limit, pieces.count > 1 { size -= pieces.removeFirst().bytes.count }
    }

    /// What lies behind an offset, a piece at a time.
    func reading(after offset: Int) -> Reading {
        guard let end else { return .unknown }
        if offset == end { return .upToDate }
        guard let piece = pieces.last(where: { $0.offset <= offset }), offset < piece.end else { return .unknown }
        return .bytes(Array(piece.bytes[(offset - piece.offset)...]))
    }
}
