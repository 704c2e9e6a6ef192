import API
import Client
import Synchronization

/// Reads the console of a VM, and goes on at the same byte where the connection breaks.
final class ConsoleReader: Sendable {
    private let vm: String
    private let follows: Bool
    private let state: Mutex<(next: Int?, hasBegun: Bool)>

    /// How often it is tried again before it is given up, a second apart, where nothing comes.
    private static let mostFailures = 30

    /// - Parameters:
    ///   - vm: its number or name.
    ///   - offset: the first byte; below zero so many before the end; nil for the last start of the VM.
    ///   - follows: whether it goes on with what comes.
    init(vm: String, offset: Int?, follows: Bool) {
        (self.vm, self.follows) = (vm, follows)
        state = Mutex((offset, false))
    }

    /// Hands on bytes until they end: with those that are there, or with the VM.
    ///
    /// - Throws: ``CommandFailure`` where they cannot be read.
    func read(in session: Session, _ deliver: @escaping @Sendable ([UInt8]) -> Void) async throws {
        var failures = 0
        while true {
            let before = state.withLock { $0.next }
            do throws(CommandFailure) {
                let query = [before.map { "offset=\($0)" }, follows ? "follow=true" : nil].compactMap(\.self)
                let target =
                    "/v1/vms/\(Server.encoded(vm))/console" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
                _ = try await session.server.stream(target) { head, bytes in
                    self.advance(by: bytes, from: head)
                    deliver(bytes)
                    return true
                }
                return
            } catch {
                let (next, hasBegun) = state.withLock { $0 }
                failures = next == before ? failures + 1 : 0
                guard follows, error.exit == .unreachable || error.code == "malformed_answer", hasBegun,
                    failures < Self.mostFailures
                else { throw error }
            }
            try await Task.sleep(for: .seconds(1))
        }
    }

    private func advance(by bytes: [UInt8], from head: HTTPResponse) {
        state.withLock { state in
            // The first piece of an answer is none: the head alone.
            if bytes.isEmpty { state.next = head["x-hvc-console-offset"].flatMap { Int($0) } ?? state.next }
            state.hasBegun = true
            state.next = state.next.map { $0 + bytes.count }
        }
    }
}
