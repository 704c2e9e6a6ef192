import Model
import Testing

@Suite("Where the files of a console's log lie in all that its guest has written")
struct ConsoleChainTests {
    /// A log as virtlogd writes it: a full file gets another name, and the oldest goes; ids are given again.
    private struct Log {
        var files: [(id: String, base: Int, size: Int)] = [("0", 0, 0)]
        var free: [String] = []
        var written = 0
        var next = 1
        static let (full, most) = (100, 4)

        mutating func write(_ count: Int) {
            for _ in 0..<count {
                if files[files.count - 1].size == Self.full { rotate() }
                files[files.count - 1].size += 1
                written += 1
            }
        }

        private mutating func rotate() {
            if files.count == Self.most { free.append(files.removeFirst().id) }
            // As file systems do: an inode that was freed is taken first.
            let id = free.popLast() ?? "\(next)"
            next += 1
            files.append((id, written, 0))
        }

        var seen: [ConsoleFile] { files.map { ConsoleFile(id: $0.id, size: $0.size) } }
    }

    @Test("Offsets are those of the bytes, however the files were renamed between two looks", arguments: 0..<200)
    func offsets(_ seed: UInt64) {
        var random = Random(seed)
        var log = Log()
        var chain = ConsoleChain()
        chain.observe(log.seen)
        for _ in 0..<30 {
            log.write(Int.random(in: 0...250, using: &random))
            chain.observe(log.seen)
            #expect(chain.end == log.written && chain.first == log.files[0].base)
            for file in log.files where file.size > 0 {
                let offset = file.base + Int.random(in: 0..<file.size, using: &random)
                let place = chain.place(of: offset)
                #expect(place?.link.id == file.id && place?.skip == offset - file.base)
            }
            #expect(chain.place(of: chain.first - 1) == nil && chain.place(of: chain.end + 1) == nil)
            #expect(ConsoleChain(chain.text) == chain)
        }
    }

    @Test("Where more was written unseen than is kept, no byte has an offset that another one had", arguments: 0..<50)
    func unseen(_ seed: UInt64) {
        var random = Random(seed)
        var log = Log()
        var chain = ConsoleChain()
        var handedOut = 0
        for _ in 0..<10 {
            chain.observe(log.seen)
            #expect(chain.first >= 0 && chain.end >= handedOut)
            handedOut = chain.end
            let before = chain
            log.write(Int.random(in: 500...900, using: &random))
            // Ids of their own, as the time of a file's birth makes them.
            log.files = log.files.map { ("\($0.id)-\($0.base)", $0.base, $0.size) }
            let isNew = chain.observe(log.seen)
            #expect(isNew && chain.first >= before.end, "\(before.text) and \(chain.text)")
            handedOut = chain.end
        }
    }

    @Test("A log that was emptied, or lies on another PM, goes on behind what there was")
    func emptied() {
        var chain = ConsoleChain()
        func observe(_ id: String, _ size: Int) -> Bool { chain.observe([ConsoleFile(id: id, size: size)]) }
        let isFirst = observe("a", 50)
        let isGrown = observe("a", 60)
        #expect(isFirst && !isGrown && chain.end == 60 && chain.first == 0)
        let isEmptied = observe("a", 5)
        #expect(isEmptied && chain.first == ConsoleChain.gap && chain.end == ConsoleChain.gap + 5)
        // Nothing is there for a moment, while it gets another name.
        let isNothing = chain.observe([])
        let isOther = observe("b", 7)
        #expect(!isNothing && isOther && chain.first == 2 * ConsoleChain.gap)
        for text in ["a", "a 1", "a x 1", "a 1 x", "a -1 1"] { #expect(ConsoleChain(text) == nil, "\(text)") }
        #expect(ConsoleChain("")?.links.isEmpty == true)
    }

    @Test("Runs are counted from 1, each from where it begins, and a start that is tried again is one")
    func boots() {
        var boots = ConsoleBoots()
        #expect(boots.last.number == 1 && boots.last.offset == 0)
        for offset in [70, 70, 90] { boots.note(at: offset) }
        #expect(boots.last.number == 3 && boots.last.offset == 90)
        #expect(ConsoleBoots(boots.text) == boots)
        for offset in 100..<200 { boots.note(at: offset) }
        #expect(boots.last.number == 103 && boots.all.count == 16)
        for text in ["1", "x 1", "1 x"] { #expect(ConsoleBoots(text) == nil, "\(text)") }
    }

    @Test("A text is found however the bytes around it are split, and no other one", arguments: 0..<200)
    func matcher(_ seed: UInt64) {
        var random = Random(seed)
        func letters(_ count: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: count, using: &random)).map { _ in UInt8.random(in: 97...98, using: &random) }
        }
        let (text, bytes) = (letters(1...6), letters(0...40))
        var matcher = ConsoleMatcher(String(decoding: text, as: UTF8.self))
        var rest = bytes[...]
        var isFound = false
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...7, using: &random))
            isFound = matcher.find(in: piece)
            rest = rest.dropFirst(piece.count)
        }
        #expect(isFound == bytes.contains(text))
    }
}

/// Numbers that follow from a seed, by SplitMix64.
private struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
