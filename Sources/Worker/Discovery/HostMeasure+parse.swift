import Model

extension HostMeasure {
    /// Reads what `script` printed.
    ///
    /// What stands before the first and behind the last of our lines is not looked at. Within, every line must be as
    /// the command prints it: a figure that is missing or garbled is an error and never zero.
    ///
    /// - Throws: `Failure` with the code `machineUnreachable`.
    static func parse(output: String) throws(Failure) -> HostMeasure {
        let sections = try Sections(output: output)
        let memory = try memory(sections.lines(of: "memory"))
        let disk = try disk(sections.lines(of: "disk"))
        let machine = try words(sections.lines(of: "machine"))
        return HostMeasure(
            totalMemoryMiB: memory.total,
            availableMemoryMiB: memory.available,
            cpus: try cpus(sections.lines(of: "cpus")),
            load: try load(sections.lines(of: "load")),
            diskCapacity: disk.capacity,
            diskAvailable: disk.available,
            architecture: machine[0],
            hostname: machine[1],
            kernel: machine[2]
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

    private static func cpus(_ lines: [Substring]) throws(Failure) -> Int {
        guard lines.count == 1, let count = wholeNumber(lines[0]), (1...65_536).contains(count) else {
            throw garbled("CPUs", lines)
        }
        return Int(count)
    }

    /// `/proc/loadavg`: three averages, running/all tasks, the last process id.
    private static func load(_ lines: [Substring]) throws(Failure) -> LoadAverage {
        let words = lines.first?.split(separator: " ") ?? []
        let averages = words.prefix(3).compactMap(decimal)
        guard lines.count == 1, words.count == 5, averages.count == 3 else { throw garbled("load", lines) }
        return LoadAverage(oneMinute: averages[0], fiveMinutes: averages[1], fifteenMinutes: averages[2])
    }

    /// `df -P -B1`: a header and one row; the three figures stand before a percentage, whatever blanks are around.
    private static func disk(_ lines: [Substring]) throws(Failure) -> (capacity: Int64, available: Int64) {
        guard lines.count == 2 else { throw garbled("disk", lines) }
        let words = lines[1].split(separator: " ")
        let places = words.indices.filter { index in
            index >= 4 && words[index].last == "%" && wholeNumber(words[index].dropLast()) != nil
                && words[index - 3..<index].allSatisfy { figure($0) != nil }
        }
        guard places.count == 1, let capacity = figure(words[places[0] - 3]), let free = figure(words[places[0] - 1]),
            capacity > 0, free <= capacity
        else { throw garbled("disk", lines) }
        // Below zero stands for blocks that root took from its reserve.
        return (capacity, max(free, 0))
    }

    /// `uname`'s three lines: a word each.
    private static func words(_ lines: [Substring]) throws(Failure) -> [String] {
        let areWords = lines.allSatisfy { line in
            (1...255).contains(line.utf8.count) && line.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        }
        guard lines.count == 3, areWords else { throw garbled("machine", lines) }
        return lines.map(String.init)
    }

    private static func garbled(_ what: String, _ lines: [Substring]) -> Failure {
        let text = lines.isEmpty ? "nothing" : PrintableText.line(lines.joined(separator: " / "), limit: 300)
        return Failure(
            .machineUnreachable,
            "the machine's answer is garbled at its figures for \(what): look at what the command prints there",
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

/// The answer's lines between our two marks, by section, each of which must be there once and in order.
private struct Sections {
    private static let names = ["memory", "cpus", "load", "disk", "machine"]
    private var sections: [String: [Substring]] = [:]

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
