import Model

extension HostMeasure {
    /// Reads what `script` printed.
    ///
    /// What stands before the first and behind the last of our lines is not read. Memory must be as the command prints
    /// it: missing or garbled, it is an error and never zero. Any other figure is nil then.
    ///
    /// - Throws: `Failure` with the code `machineUnreachable`.
    static func parse(output: String) throws(Failure) -> HostMeasure {
        let sections = try Sections(output: output)
        let memory = try memory(sections.lines(of: "memory"))
        let identity = sections.lines(of: "identity")
        return HostMeasure(
            totalMemoryMiB: memory.total,
            availableMemoryMiB: memory.available,
            cpus: cpus(sections.lines(of: "cpus")),
            load: load(sections.lines(of: "load")),
            disk: disk(sections.lines(of: "disk")),
            system: system(sections.lines(of: "system")),
            bootID: hexadecimal(after: "boot ", in: identity),
            machineID: hexadecimal(after: "machine ", in: identity),
            neighbours: neighbours(sections.lines(of: "neighbours")),
            bridges: bridges(sections.lines(of: "bridges")),
            chatter: PrintableText.line(sections.chatter, limit: 100)
        )
    }

    /// `free -m`: a header, and a row `Mem:` with a figure under each of its words.
    private static func memory(_ lines: [Substring]) throws(Failure) -> (total: Int, available: Int) {
        let rows = lines.map { $0.split(whereSeparator: \.isWhitespace) }
        guard let header = rows.first, let row = rows.first(where: { $0.first == "Mem:" })?.dropFirst(),
            row.count == header.count, let totalColumn = header.firstIndex(of: "total")
        else { throw garbled("memory", lines) }
        let figures = row.map(wholeNumber)
        guard let total = figures[totalColumn], total > 0 else { throw garbled("memory", lines) }
        let available: Int64?
        if let column = header.firstIndex(of: "available") {
            available = figures[column]
        } else {
            // Before procps 3.3.10 a row of its own says what is free when caches are given back.
            let row = rows.first { $0.starts(with: ["-/+", "buffers/cache:"]) }
            available = row.flatMap { $0.count == 4 ? wholeNumber($0[3]) : nil }
        }
        guard let available, available <= total else { throw garbled("memory", lines) }
        return (Int(total), Int(available))
    }

    /// `/sys/devices/system/cpu/online`: ranges with commas between, as `0-3,5`; or `n` and a number.
    private static func cpus(_ lines: [Substring]) -> Int? {
        guard lines.count == 1, let text = lines.first else { return nil }
        var count: Int64 = 0
        if text.hasPrefix("n ") {
            count = wholeNumber(text.dropFirst(2)) ?? 0
        } else {
            for range in text.split(separator: ",", omittingEmptySubsequences: false) {
                let ends = range.split(separator: "-", omittingEmptySubsequences: false).map(wholeNumber)
                guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
                    last < mostCPUs
                else { return nil }
                count += last - first + 1
            }
        }
        return (1...mostCPUs).contains(count) ? Int(count) : nil
    }

    private static let mostCPUs: Int64 = 65_536

    /// `/proc/loadavg`: three averages, running/all tasks, the last process id.
    private static func load(_ lines: [Substring]) -> LoadAverage? {
        let words = lines.first?.split(separator: " ") ?? []
        let averages = words.prefix(3).compactMap(decimal)
        guard lines.count == 1, words.count == 5, averages.count == 3 else { return nil }
        return LoadAverage(oneMinute: averages[0], fiveMinutes: averages[1], fifteenMinutes: averages[2])
    }

    /// `df -P -B1`: a header and one row; the three figures stand before a percentage, whatever blanks are around.
    private static func disk(_ lines: [Substring]) -> DiskSpace? {
        guard lines.count == 2 else { return nil }
        let words = lines[1].split(separator: " ")
        let places = words.indices.filter { index in
            index >= 4 && words[index].last == "%" && wholeNumber(words[index].dropLast()) != nil
                && words[index - 3..<index].allSatisfy { figure($0) != nil }
        }
        guard places.count == 1, let capacity = figure(words[places[0] - 3]), let free = figure(words[places[0] - 1]),
            capacity > 0, free <= capacity
        else { return nil }
        // Below zero stands for blocks that root took from its reserve.
        return DiskSpace(capacity: capacity, available: max(free, 0))
    }

    /// `uname`'s three lines: a word each.
    private static func system(_ lines: [Substring]) -> System? {
        let areWords = lines.allSatisfy { line in
            (1...255).contains(line.utf8.count) && line.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
        guard lines.count == 3, areWords else { return nil }
        return System(architecture: String(lines[0]), hostname: String(lines[1]), kernel: String(lines[2]))
    }

    /// 32 hexadecimal digits behind a word, with or without dashes.
    private static func hexadecimal(after word: String, in lines: [Substring]) -> String? {
        let found = lines.filter { $0.hasPrefix(word) }
        guard found.count == 1, let text = found.first?.dropFirst(word.count) else { return nil }
        let digits = text.filter { $0 != "-" }
        guard digits.utf8.count == 32, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
        return text.lowercased()
    }

    /// The folders of Linux bridges, `/sys/class/net/NAME/bridge`, and the names of Open vSwitch's.
    private static func bridges(_ lines: [Substring]) -> [String] {
        lines.compactMap { line in
            let parts = line.split(separator: "/")
            let name = parts.count == 5 && parts.last == "bridge" ? String(parts[3]) : String(line)
            return PMListing.isLibvirtName(name) ? name : nil
        }
    }

    /// `ip neigh`: an address, `lladdr` and the network card's address, and last what became of it.
    private static func neighbours(_ lines: [Substring]) -> [MACAddress: [IPAddress]] {
        var found: [MACAddress: [IPAddress]] = [:]
        for words in lines.map({ $0.split(separator: " ") }) where !["FAILED", "INCOMPLETE"].contains(words.last) {
            guard let place = words.firstIndex(of: "lladdr"), words.count > place + 1,
                let mac = MACAddress(words[place + 1]), let address = IPAddress(words[0])
            else { continue }
            found[mac, default: []].append(address)
        }
        return found
    }

    private static func garbled(_ what: String, _ lines: [Substring]) -> Failure {
        let text = lines.isEmpty ? "nothing" : PrintableText.line(lines.joined(separator: " / "), limit: 300)
        return Failure(
            .machineUnreachable,
            "the machine's answer is garbled at its figures for \(what): see what the command prints there",
            cause: text
        )
    }

    /// Plain digits of at most 18, so that no figure overflows.
    private static func wholeNumber(_ text: Substring) -> Int64? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text)
    }

    private static func figure(_ text: Substring) -> Int64? {
        text.first == "-" ? wholeNumber(text.dropFirst()).map { -$0 } : wholeNumber(text)
    }

    /// Digits, a point, digits.
    private static func decimal(_ text: Substring) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ wholeNumber($0) != nil }) else { return nil }
        return Double(text)
    }
}

/// The answer's lines between our two marks, by section, each of which begins once and in order.
private struct Sections {
    private static let names = ["memory", "cpus", "load", "disk", "system", "identity", "neighbours", "bridges"]
    private var sections: [String: [Substring]] = [:]
    /// What stood before our lines.
    let chatter: String

    init(output: String) throws(Failure) {
        // By scalars: as characters, CRLF is one and would not be found. A last line without its end was cut short.
        let lines = output.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .map { Substring($0.last == "\r" ? $0.dropLast() : $0) }
        guard let begin = lines.firstIndex(where: { $0 == HostMeasure.beginMark }),
            let end = lines.lastIndex(where: { $0 == HostMeasure.endMark }), begin < end
        else {
            let text = PrintableText.line(output, limit: 300)
            throw Failure(
                .machineUnreachable,
                "the machine's answer is not whole: see whether a command given to ssh runs there at all",
                cause: text.isEmpty ? "it printed nothing" : text
            )
        }
        chatter = lines[..<begin].joined(separator: "\n")
        var open: [String] = []
        for line in lines[(begin + 1)..<end] {
            if open.count < Self.names.count, line == "@" + Self.names[open.count] {
                open.append(Self.names[open.count])
            } else if let name = open.last {
                sections[name, default: []].append(line)
            } else {
                throw Failure(.machineUnreachable, "the machine's answer is garbled: something else prints into it")
            }
        }
    }

    func lines(of name: String) -> [Substring] { sections[name] ?? [] }
}
