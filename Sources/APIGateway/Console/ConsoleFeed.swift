import Model
import NIOConcurrencyHelpers
import Store

/// What guests write to their consoles, for all clients of this gateway that follow one.
///
/// A console costs one read of Redis however many follow it; a reader costs its position. One that lags further than what
/// is kept here reads pages of the PM's log until it has caught up.
final class ConsoleFeed: Sendable {
    private struct Followed: Identifiable {
        let id: VMID
    }

    private struct Console {
        var window = ConsoleWindow()
        /// Grows with whatever is new.
        var version = 0
        var readers = 0
        var isGone = false
        var task: Task<Void, Never>?
    }

    private struct State {
        var consoles: [VMID: Console] = [:]
        var readers = 0
        var isStopping = false

        func hasRoom(for vm: VMID) -> Bool {
            readers < mostReaders && (consoles[vm] != nil || consoles.count < mostConsoles) && !isStopping
        }
    }

    private let store: Store
    private let readers = WaitingCallers<Followed, Void>()
    private let state = NIOLockedValueBox(State())

    /// How many consoles and how many readers there are at once.
    private static let (mostConsoles, mostReaders) = (64, 4000)
    /// How long workers relay a console after the last sign of a reader, and how often there is one.
    private static let (interest, refresh) = (Duration.seconds(12), Duration.seconds(3))

    init(store: Store) { self.store = store }

    /// Ends waits that are over until the task is cancelled; then all that is followed.
    func run() async {
        await readers.run()
        stop()
        let tasks = state.withLockedValue { $0.consoles.values.compactMap(\.task) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }

    /// Waits until the gateway is to stop, and ends all streams then: the server waits for them.
    func endWithGateway() async {
        // A cancelled sleep ends the loop.
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        stop()
    }

    private func stop() {
        state.withLockedValue { $0.isStopping = true }
        readers.endAll(with: ())
    }

    /// Whether streams are to end.
    var isStopping: Bool { state.withLockedValue(\.isStopping) }

    /// How many clients follow a console now.
    var readerCount: Int { state.withLockedValue(\.readers) }

    /// Whether one more reader may follow a console.
    func hasRoom(for vm: VMID) -> Bool { state.withLockedValue { $0.hasRoom(for: vm) } }

    /// Follows a console for a reader, who must leave.
    ///
    /// - Returns: false where there is no room.
    func enter(_ vm: VMID) -> Bool {
        state.withLockedValue { state in
            guard state.hasRoom(for: vm) else { return false }
            state.readers += 1
            var console = state.consoles[vm] ?? Console()
            console.readers += 1
            if console.task == nil { console.task = Task { await follow(vm) } }
            state.consoles[vm] = console
            return true
        }
    }

    /// A reader follows no more.
    func leave(_ vm: VMID) {
        state.withLockedValue { state in
            state.readers -= 1
            state.consoles[vm]?.readers -= 1
        }
    }

    /// What there is behind an offset of a console that is followed.
    func reading(of vm: VMID, after offset: Int) -> ConsoleWindow.Reading {
        state.withLockedValue { $0.consoles[vm]?.window.reading(after: offset) ?? .unknown }
    }

    /// The offset behind the last byte that was relayed of a console; nil where none is known.
    func end(of vm: VMID) -> Int? { state.withLockedValue { $0.consoles[vm]?.window.end } }

    /// Whether the VM of a console that is followed is no more.
    func isGone(_ vm: VMID) -> Bool { state.withLockedValue { $0.consoles[vm]?.isGone ?? true } }

    /// What changes with whatever is new of a console.
    func version(of vm: VMID) -> Int { state.withLockedValue { $0.consoles[vm]?.version ?? 0 } }

    /// Waits until there is something new of a console, or the gateway stops.
    func wait(for vm: VMID, since version: Int, until deadline: ContinuousClock.Instant) async {
        _ = await readers.wait(for: Followed(id: vm), until: deadline) {
            self.version(of: vm) == version && !isStopping ? nil : ()
        }
    }

    // MARK: One console

    /// Takes what is relayed of a console until nobody follows it.
    private func follow(_ vm: VMID) async {
        var position = "0-0"
        var next = ContinuousClock.now
        while !Task.isCancelled, !isOver(vm) {
            do throws(Failure) {
                if .now >= next {
                    if try await store.follow(consoleOf: vm, for: Self.interest) == .gone {
                        change(vm) { $0.isGone = true }
                        // Its readers leave now.
                        try? await Task.sleep(for: Self.refresh)
                        continue
                    }
                    next = .now + Self.refresh
                }
                let (pieces, last) = try await store.consolePieces(of: vm, after: position, waiting: Self.refresh)
                position = last
                guard !pieces.isEmpty else { continue }
                change(vm) { console in for piece in pieces { console.window.add(piece) } }
            } catch {
                // A cancelled sleep ends the loop.
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func change(_ vm: VMID, _ body: (inout Console) -> Void) {
        state.withLockedValue { state in
            guard var console = state.consoles[vm] else { return }
            body(&console)
            console.version += 1
            state.consoles[vm] = console
        }
        readers.end(vm, with: ())
    }

    /// Whether nobody follows a console any more, which is forgotten then.
    private func isOver(_ vm: VMID) -> Bool {
        state.withLockedValue { state in
            guard state.consoles[vm]?.readers == 0 else { return false }
            state.consoles[vm] = nil
            return true
        }
    }
}

extension Failure {
    /// No more clients can follow consoles.
    static let tooManyFollow = Failure(
        .overloaded,
        "as many clients follow consoles at this gateway as may: try again later, or read without follow"
    )
}
