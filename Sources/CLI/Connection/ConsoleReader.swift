import API
import Client
import Synchronization

/// Reads the console of a VM, and goes on at the same byte where the connection breaks.
final class ConsoleReader: Sendable {
    private let vm: String
    private let follows: Bool
    private let pause: Duration
    /// The next byte, and how many answers have begun.
    private let state: Mutex<(next: Int?, answers: Int)>

    /// How often it is tried again before it is given up, where no answer comes.
    private static let mostFailures = 30

    /// - Parameters:
    ///   - vm: its number or name.
    ///   - offset: the first byte; below zero so many before the end; nil for the last start of the VM.
    ///   - follows: whether it goes on with what comes.
    ///   - pause: how long it waits before it asks again.
    init(vm: String, offset: Int?, follows: Bool, pause: Duration = .seconds(1)) {
        (self.vm, self.follows, self.pause) = (vm, follows, pause)
        state = Mutex((offset, 0))
    }

    /// Hands on bytes until they end: with those that are there, or with the VM.
    ///
    /// - Throws: ``CommandFailure`` where they cannot be read.
    func read(in session: Session, _ deliver: @escaping @Sendable ([UInt8]) -> Void) async throws {
        var failures = 0
        while true {
            let before = state.withLock { $0 }
            do throws(CommandFailure) {
                let query = [before.next.map { "offset=\($0)" }, follows ? "follow=true" : nil].compactMap(\.self)
                let target =
                    "/v1/vms/\(Server.encoded(vm))/console" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
                _ = try await session.server.stream(target) { head, bytes in
                    self.advance(by: bytes, from: head)
                    deliver(bytes)
                    return true
                }
                // One that is followed ends with the VM, or with the gateway: another request says which.
                guard follows else { return }
                failures = 0
            } catch {
                let answers = state.withLock { $0.answers }
                guard follows, answers > 0 else { throw error }
                if error.code == "unknown_vm" { return }
                failures = answers == before.answers ? failures + 1 : 0
                guard error.exit == .unreachable || error.code == "malformed_answer", failures < Self.mostFailures
                else { throw error }
            }
            try await Task.sleep(for: pause)
        }
    }

    private func advance(by bytes: [UInt8], from head: HTTPResponse) {
        state.withLock { state in
            // The first piece of an answer is none: the head alone.
            if bytes.isEmpty {
                state.next = head["x-hvc-console-offset"].flatMap { Int($0) } ?? state.next
                state.answers += 1
            }
            state.next = state.next.map { $0 + bytes.count }
        }
    }
}
