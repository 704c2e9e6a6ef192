import Model
import NIOConcurrencyHelpers
import Store

@testable import APIGateway

/// A worker that reads and relays one console, which is here.
final class PlayedConsole: Sendable {
    private let store: Store
    private let state = NIOLockedValueBox(
        (bytes: [UInt8](), first: 0, boot: 0, pages: 0, keys: "", input: [([UInt8], Bool)]())
    )
    private let vm: VMID

    init(of vm: VMID, in store: Store) { (self.vm, self.store) = (vm, store) }

    /// All that was ever written.
    var written: [UInt8] { state.withLockedValue(\.bytes) }
    /// How many pages were read.
    var pages: Int { state.withLockedValue(\.pages) }

    /// What was typed, and whether by force.
    var input: [(bytes: [UInt8], isForced: Bool)] { state.withLockedValue { $0.input.map { ($0.0, $0.1) } } }
    var keys: String { state.withLockedValue(\.keys) }

    /// Answers what gateways ask until the task is cancelled.
    func run() async throws {
        while !Task.isCancelled {
            guard let ask = try await store.nextConsoleAsk(waiting: .milliseconds(100)) else { continue }
            switch ask.kind {
            case .page: try await store.answer(ask, page(ask))
            case .keys:
                state.withLockedValue { $0.keys += ask.key ?? "" }
                try await store.answer(ask, page(ask))
            case .write:
                while let input = try await store.nextInput(ofConsoleOf: ask.vm, waiting: .seconds(1)) {
                    state.withLockedValue { $0.input.append((input.bytes, input.isForced)) }
                    try await store.answer(input.ask, page(input.ask))
                }
            case .follow: continue
            }
        }
    }

    private func page(_ ask: ConsoleAsk) -> Result<ConsolePage, Failure> {
        state.withLockedValue { state in
            state.pages += 1
            let (first, size) = (state.first, state.bytes.count)
            var offset: Int
            switch ask.start ?? .boot {
            case .boot: offset = max(first, state.boot)
            case .last(let count): offset = max(first, size - count)
            case .offset(let number): offset = number
            }
            guard first...size ~= offset else {
                return .failure(Failure(.offsetNotKept, "kept from \(first) to \(size)"))
            }
            let bytes = Array(state.bytes[offset...].prefix(ask.limit))
            return .success(
                ConsolePage(offset: offset, first: first, size: size, boot: state.boot > 0 ? 2 : 1, bytes: bytes)
            )
        }
    }

    /// The guest writes, and the relay hands it on where it has the right.
    func write(_ bytes: [UInt8], isRelayed: Bool = true) async throws {
        let offset = state.withLockedValue { state in
            defer { state.bytes += bytes }
            return state.bytes.count
        }
        guard isRelayed else { return }
        _ = try await store.holdConsole(of: vm, by: "w", for: .seconds(30))
        _ = try await store.relay(
            ConsolePiece(offset: offset, bytes: bytes),
            ofConsoleOf: vm,
            by: "w",
            lease: .seconds(30)
        )
    }

    /// The VM starts again, and the PM keeps no more of what was before than from an offset on.
    func restart(keepingFrom first: Int) {
        state.withLockedValue { ($0.first, $0.boot) = (first, $0.bytes.count) }
    }
}
