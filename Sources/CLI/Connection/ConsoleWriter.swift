import API
import Synchronization

/// Sends what is typed to the console of a VM, a request at a time: what is typed meanwhile goes with the next one.
///
/// No request is sent twice, since the guest may have got the first one.
final class ConsoleWriter: Sendable {
    private struct Waiting {
        var bytes: [UInt8] = []
        var takesOver = false
    }

    private let vm: String
    /// Of two terminals with one token each is a writer of its own.
    private let name = "hvctl-" + String(UInt64.random(in: 0 ... .max), radix: 36)
    private let waiting = Mutex(Waiting())
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// How many bytes wait at most: as many as a request may have.
    static let most = 64 << 10
    /// How long an answer takes at most; the gateway waits for a worker for 12 s.
    private static let limit: Duration = .seconds(20)

    init(vm: String) {
        self.vm = vm
        (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Has bytes sent.
    ///
    /// - Returns: whether they will be; none of them are where too much waits.
    func send(_ bytes: [UInt8]) -> Bool {
        let hasRoom = waiting.withLock { waiting in
            guard waiting.bytes.count + bytes.count <= Self.most else { return false }
            waiting.bytes += bytes
            return true
        }
        wakeUp.yield()
        return hasRoom
    }

    /// Has the next bytes take the right to write from whoever has it.
    func takeOver() { waiting.withLock { $0.takesOver = true } }

    /// Sends until the task is cancelled.
    ///
    /// - Parameters:
    ///   - session: where to.
    ///   - say: takes what people should know: who has the keyboard, and what was not sent.
    func run(in session: Session, _ say: (String) -> Void) async {
        var lastFault: String?
        for await _ in wakeUps {
            while let next = taken() {
                do throws(CommandFailure) {
                    let answer = try await write(next, in: session)
                    lastFault = nil
                    guard next.takesOver else { continue }
                    let (writer, time) = (answer["writer"]?.cell ?? name, answer["until"]?.cell ?? "")
                    say("'\(writer)' has the keyboard until \(time), unless it writes more")
                } catch {
                    guard !Task.isCancelled else { return }
                    // Those behind them make no sense without them.
                    waiting.withLock { if !$0.takesOver { $0.bytes = [] } }
                    // Once, and not for each key.
                    guard error.what != lastFault else { continue }
                    lastFault = error.what
                    say(error.what + (error.code == "console_busy" ? "; ~w takes the keyboard" : ""))
                }
            }
        }
    }

    private func taken() -> Waiting? {
        waiting.withLock { waiting in
            guard !waiting.bytes.isEmpty else { return nil }
            defer { waiting = Waiting() }
            return waiting
        }
    }

    private func write(_ typed: Waiting, in session: Session) async throws(CommandFailure) -> JSONValue {
        try await session.server.call(
            Endpoints.writeConsole,
            [vm],
            query: [("writer", name), ("take", typed.takesOver ? "true" : nil)],
            body: BytesBody(typed.bytes),
            within: Self.limit
        ).value
    }
}
