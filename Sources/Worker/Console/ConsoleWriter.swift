import Model
import Store

/// Writes to one VM's console what gateways hand on, for as long as something comes and this worker has the right to.
///
/// The console stays open between: QEMU takes up to a second to see that somebody has opened it.
struct ConsoleWriter: Sendable {
    let vm: VirtualMachine
    let store: Store
    let holder: String
    let driver: any ConsoleDriver

    /// How long the right lasts after a sign of life.
    static let lease = Duration.seconds(8)
    /// After how long without anything to write the console is closed.
    private static let idle = Duration.seconds(30)
    /// How long input is waited for at once.
    private static let wait = Duration.seconds(2)

    /// Runs until nothing comes any more.
    func run() async throws(Failure) {
        var last = ContinuousClock.now
        var queue: ConsoleQueue?
        var opened: Task<Void, Never>?
        defer {
            queue?.close()
            opened?.cancel()
        }
        while !Task.isCancelled, .now < last + Self.idle {
            guard try await store.holdInput(ofConsoleOf: vm.id, by: holder, for: Self.lease) else { return }
            guard let input = try await store.nextInput(ofConsoleOf: vm.id, waiting: Self.wait) else { continue }
            last = .now
            if queue?.isClosed ?? true {
                let new = ConsoleQueue()
                (queue, opened) = (new, Task { await open(new, isForced: input.isForced) })
            }
            let result: Result<ConsolePage, Failure>
            do throws(Failure) {
                try await queue?.write(input.bytes)
                result = .success(ConsolePage(offset: 0, first: 0, size: 0, boot: 0))
            } catch {
                result = .failure(error)
            }
            try await store.answer(input.ask, result)
        }
    }

    private func open(_ queue: ConsoleQueue, isForced: Bool) async {
        do throws(Failure) {
            try await driver.write(queue, toConsoleOf: vm.uuid, isForced: isForced)
            queue.close()
        } catch {
            queue.close(error)
        }
    }
}
