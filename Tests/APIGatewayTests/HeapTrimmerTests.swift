import Bootstrap
import Foundation
import TestKit
import Testing

@Suite("Memory after a burst")
struct HeapTrimmerTests {
    private func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    @Test("What was freed between blocks that stay in use goes back to the system")
    func trimmed() async throws {
        // The trimmer compares with what there was at its start, which is now: the task runs here up to its first wait.
        let trimmer = Task.immediate { await HeapTrimmer.run(every: .milliseconds(200)) }
        var blocks = (0..<200_000).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 1000) }
        let most = try resident()
        let kept = blocks.enumerated().filter { $0.offset.isMultiple(of: 100) }.map(\.element)
        blocks = []
        try await eventually("the memory to go back", deadline: .seconds(20)) { try resident() < most - (100 << 20) }
        #expect(kept.count == 2000)
        trimmer.cancel()
        await trimmer.value
    }
}
