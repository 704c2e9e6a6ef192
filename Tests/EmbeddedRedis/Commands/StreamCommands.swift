/// Commands about streams.
let streamCommands = [
    Command("XADD", -5) { keyspace, words throws(CommandError) in try keyspace.xadd(words) },
    Command("XLEN", 2) { keyspace, words throws(CommandError) in
        .integer(try keyspace.stream(at: words[1])?.entries.count ?? 0)
    },
    Command("XRANGE", -4) { keyspace, words throws(CommandError) in
        try keyspace.xrange(words, from: words[2], to: words[3], isReversed: false)
    },
    Command("XREVRANGE", -4) { keyspace, words throws(CommandError) in
        try keyspace.xrange(words, from: words[3], to: words[2], isReversed: true)
    },
    Command("XDEL", -3) { keyspace, words throws(CommandError) in
        guard let stream = try keyspace.stream(at: words[1]) else { return .integer(0) }
        var ids: [Stream.ID] = []
        for word in words.dropFirst(2) { ids.append(try Stream.ID(word, missing: 0)) }
        return .integer(ids.reduce(0) { $0 + (stream.remove($1) ? 1 : 0) })
    },
    Command("XTRIM", -4) { keyspace, words throws(CommandError) in
        var options = Options(words, from: 2)
        guard options.skip("MAXLEN") else { throw .syntax }
        let trim = try StreamTrim(&options)
        guard options.isAtEnd else { throw .syntax }
        guard let stream = try keyspace.stream(at: words[1]) else { return .integer(0) }
        return .integer(stream.trim(to: trim.count, isExact: trim.isExact))
    },
    Command("XREAD", -4) { keyspace, words throws(CommandError) in try keyspace.xread(words) },
]

/// `MAXLEN [=|~] count`, after the first word.
private struct StreamTrim {
    let count: Int
    let isExact: Bool

    init(_ options: inout Options) throws(CommandError) {
        isExact = !options.skip("~")
        if isExact { _ = options.skip("=") }
        count = try options.integer()
        guard count >= 0 else { throw CommandError("ERR The MAXLEN argument must be >= 0.") }
    }
}

extension Stream.ID {
    static let invalid = CommandError("ERR Invalid stream ID specified as stream command argument")

    /// `MS-SEQUENCE`, or `MS` alone.
    init(_ word: Bytes, missing sequence: UInt64) throws(CommandError) {
        let parts = word.text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first.flatMap({ UInt64($0) }) else { throw Self.invalid }
        guard parts.count == 2 else {
            self.init(milliseconds: first, sequence: sequence)
            return
        }
        guard let second = UInt64(parts[1]) else { throw Self.invalid }
        self.init(milliseconds: first, sequence: second)
    }

    /// The end of a range: `-`, `+`, `(ID`, or an id.
    init(bound word: Bytes, isFirst: Bool) throws(CommandError) {
        switch word {
        case "-": self = .zero
        case "+": self = .largest
        default:
            let isExclusive = word.storage.first == UInt8(ascii: "(")
            let text = isExclusive ? Bytes(Array(word.storage.dropFirst())) : word
            let id = try Self(text, missing: isFirst ? 0 : .max)
            guard isExclusive else {
                self = id
                return
            }
            guard let next = isFirst ? id.next : id.previous else {
                throw CommandError("ERR invalid \(isFirst ? "start" : "end") ID for the interval")
            }
            self = next
        }
    }

    fileprivate var next: Self? {
        if sequence < .max { return Self(milliseconds: milliseconds, sequence: sequence + 1) }
        return milliseconds < .max ? Self(milliseconds: milliseconds + 1, sequence: 0) : nil
    }

    private var previous: Self? {
        if sequence > 0 { return Self(milliseconds: milliseconds, sequence: sequence - 1) }
        return milliseconds > 0 ? Self(milliseconds: milliseconds - 1, sequence: .max) : nil
    }
}

extension Keyspace {
    fileprivate func xadd(_ words: [Bytes]) throws(CommandError) -> Reply {
        var options = Options(words, from: 2)
        var (trim, makes) = (StreamTrim?.none, true)
        while true {
            if options.skip("NOMKSTREAM") {
                makes = false
                continue
            }
            guard options.skip("MAXLEN") else { break }
            trim = try StreamTrim(&options)
        }
        let word = try options.value()
        let chosen = word == "*" ? nil : try Stream.ID(word, missing: 0)
        let fields = Array(options.rest)
        guard !fields.isEmpty, fields.count.isMultiple(of: 2) else { throw .arity("xadd") }
        if chosen == .zero { throw CommandError("ERR The ID specified in XADD must be greater than 0-0") }
        let old = try stream(at: words[1])
        guard old != nil || makes else { return .null }
        let stream = old ?? Stream()
        let id = chosen ?? stream.idAfterLast(at: UInt64(milliseconds))
        guard id > stream.last else {
            throw CommandError("ERR The ID specified in XADD is equal or smaller than the target stream top item")
        }
        if old == nil { set(words[1], .stream(stream)) }
        stream.append(Stream.Entry(id: id, fields: fields))
        if let trim { _ = stream.trim(to: trim.count, isExact: trim.isExact) }
        return .bulk(id.bytes)
    }

    fileprivate func xrange(
        _ words: [Bytes],
        from first: Bytes,
        to last: Bytes,
        isReversed: Bool
    ) throws(CommandError) -> Reply {
        let (start, end) = (try Stream.ID(bound: first, isFirst: true), try Stream.ID(bound: last, isFirst: false))
        var options = Options(words, from: 4)
        var count = Int.max
        while let option = options.name() {
            guard option == "COUNT" else { throw .syntax }
            count = max(0, try options.integer())
        }
        guard let stream = try stream(at: words[1]) else { return .array([]) }
        // The null array is what Redis answers here, not an empty one.
        guard count > 0 else { return .null }
        let found = stream.entries(from: start, to: end)
        return .array((isReversed ? Array(found.suffix(count).reversed()) : Array(found.prefix(count))).map(\.reply))
    }

    /// Never blocks: who waits asks again later.
    fileprivate func xread(_ words: [Bytes]) throws(CommandError) -> Reply {
        var options = Options(words, from: 1)
        var count = Int.max
        while !options.skip("STREAMS") {
            switch options.name() {
            case "COUNT":
                let number = try options.integer()
                count = number > 0 ? number : .max
            case "BLOCK": _ = try options.integer()
            default: throw .syntax
            }
        }
        let rest = Array(options.rest)
        guard !rest.isEmpty, rest.count.isMultiple(of: 2) else {
            throw CommandError(
                "ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
            )
        }
        var found: [Reply] = []
        for index in 0..<rest.count / 2 {
            let (key, word) = (rest[index], rest[index + rest.count / 2])
            let stream = try stream(at: key)
            let position = word == "$" ? stream?.last ?? .zero : try Stream.ID(word, missing: 0)
            guard let stream, let start = position.next else { continue }
            let entries = stream.entries(from: start, to: .largest).prefix(count)
            if !entries.isEmpty { found.append(.array([.bulk(key), .array(entries.map(\.reply))])) }
        }
        return found.isEmpty ? .null : .array(found)
    }
}

extension Stream {
    /// The id that `*` stands for.
    fileprivate func idAfterLast(at milliseconds: UInt64) -> ID {
        milliseconds > last.milliseconds
            ? ID(milliseconds: milliseconds, sequence: 0)
            : ID(milliseconds: last.milliseconds, sequence: last.sequence + 1)
    }
}

extension Stream.Entry {
    fileprivate var reply: Reply { .array([.bulk(id.bytes), .bulks(fields)]) }
}
