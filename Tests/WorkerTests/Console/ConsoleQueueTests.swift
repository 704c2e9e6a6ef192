import Model
import Testing

@testable import Worker

@Suite("What is to be written to a console")
struct ConsoleQueueTests {
    @Test("Whoever writes waits until all was taken, in order; what is left when it closes fails with the reason")
    func order() async throws {
        let queue = ConsoleQueue()
        async let first: Void = queue.write(Array("abcdef".utf8))
        var taken: [UInt8] = []
        // The port takes a few bytes at a time, and now and then none.
        for count in [0, 1, 3, 0, 9] {
            while try !queue.send(by: { bytes in
                let part = bytes.prefix(count)
                taken += part
                return part.count
            }), count > 0 { await Task.yield() }
        }
        try await first
        #expect(taken == Array("abcdef".utf8))
        let second = Task { try await queue.write([1]) }
        // It waits for the port, or comes when it is closed already.
        queue.close(Failure(.wrongState, "off"))
        let result = await second.result
        let failure = #expect(throws: Failure.self) { try result.get() }
        #expect(failure?.code == .wrongState && queue.isClosed)
        await #expect(throws: Failure.self) { try await queue.write([2]) }
    }

    @Test("Letters and digits have the numbers of Linux")
    func keys() {
        #expect(LinuxKey.codes.count == 36)
        let known: [(Character, UInt32)] = [
            ("1", 2), ("0", 11), ("q", 16), ("p", 25), ("a", 30), ("l", 38), ("z", 44), ("m", 50),
        ]
        for (key, code) in known { #expect(LinuxKey.codes[key] == code) }
    }
}
