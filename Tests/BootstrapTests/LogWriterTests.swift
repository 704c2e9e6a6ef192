import Bootstrap
import Foundation
import Logging
import Testing

@Suite("The log writer")
struct LogWriterTests {
    /// Both ends of a pipe.
    private struct Ends {
        let pipe = Pipe()
        var writer: LogWriter { LogWriter(to: pipe.fileHandleForWriting) }

        /// All that was written, once nobody writes any more.
        func text() throws -> String {
            try pipe.fileHandleForWriting.close()
            return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
    }

    @Test("Lines of many threads come whole, each once, and those of one thread in their order")
    func order() async throws {
        let ends = Ends()
        let writer = ends.writer
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for line in 0..<100 { writer.write("\(task) \(line)\n") } }
            }
        }
        writer.flush()
        let lines = try ends.text().split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
        #expect(lines.count == 800 && lines.allSatisfy { $0.count == 2 })
        for task in 0..<8 { #expect(lines.filter { $0[0] == task }.map { $0[1] } == Array(0..<100)) }
    }

    @Test("An urgent line is written before the call returns, behind those that came before it")
    func urgent() throws {
        let ends = Ends()
        let writer = ends.writer
        writer.write("first\n")
        writer.write("last words\n", isUrgent: true)
        #expect(String(decoding: ends.pipe.fileHandleForReading.availableData, as: UTF8.self) == "first\nlast words\n")
    }

    @Test(
        "A reader that hangs costs a bounded amount of memory: what is beyond it is counted and dropped, and reported later"
    )
    func hanging() async throws {
        let ends = Ends()
        let writer = ends.writer
        let line = String(repeating: "x", count: 1 << 16) + "\n"
        // The pipe takes 64 KiB; the rest waits, up to 4 MiB at a time.
        for _ in 1...200 { writer.write(line) }
        let (texts, continuation) = AsyncStream.makeStream(of: String.self)
        let reader = ends.pipe.fileHandleForReading
        // A thread of its own: the writes below wait for it.
        Thread.detachNewThread {
            continuation.yield(String(decoding: (try? reader.readToEnd()) ?? Data(), as: UTF8.self))
            continuation.finish()
        }
        writer.flush()
        writer.flush()
        try ends.pipe.fileHandleForWriting.close()
        var text = ""
        for await each in texts { text += each }
        let lines = text.split(separator: "\n")
        let whole = lines.count { $0.count == 1 << 16 }
        let dropped = lines.compactMap { $0.firstMatch(of: /^\(([0-9]+) log lines dropped/).flatMap { Int($0.1) } }
        #expect(whole + dropped.reduce(0, +) == 200 && dropped.reduce(0, +) > 50, "\(whole), \(dropped)")
    }

    @Test("A log line is one line whatever is in it, and its values are words or quoted")
    func handler() throws {
        let ends = Ends()
        let writer = ends.writer
        var handler = LineLogHandler(label: "test", writer: writer)
        handler.metadata = ["worker": "w 1"]
        let logger = Logger(label: "test") { _ in handler }
        logger.notice("two\nlines", metadata: ["b": "say \"x\"", "a": "plain"])
        logger.debug("not at this level")
        writer.flush()
        let text = try ends.text()
        #expect(text.hasSuffix(#" notice test: two\u{a}lines worker="w 1" a=plain b="say \"x\"""# + "\n"), "\(text)")
        #expect(text.split(separator: "\n").count == 1)
    }

    @Test("Who writes to an end that nobody reads any more goes on")
    func gone() throws {
        signal(SIGPIPE, SIG_IGN)
        let ends = Ends()
        try ends.pipe.fileHandleForReading.close()
        let writer = ends.writer
        writer.write("into the void\n", isUrgent: true)
        writer.flush()
    }
}
