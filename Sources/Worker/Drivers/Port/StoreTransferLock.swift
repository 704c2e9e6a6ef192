import Model
import RedisClient
import Store

/// Lets one worker at a time bring an image to a PM, by a key in Redis that runs out with its holder.
struct StoreTransferLock: ImageTransferLock {
    let store: Store
    let worker: String
    /// How long the key lasts beyond its last renewal: a holder that was killed holds the others up for so long.
    var duration = Duration.seconds(15)
    /// How long to wait here for another worker's transfer; then the job waits for it on the queue, where it takes no slot.
    var longestWait = Duration.seconds(30)
    /// How long to wait before it is asked again whether the other worker has ended, which takes it seconds to minutes.
    private static let backoff = Backoff(base: .milliseconds(100), limit: .seconds(2))

    func withLock<Value: Sendable>(
        pm: PMID,
        image: ImageID,
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        // One worker may ask twice, where a PM's settings changed during a transfer.
        let holder = "\(worker)/\(UInt32.random(in: .min ... .max))"
        let end = ContinuousClock.now + longestWait
        var tries = 0
        while try await !store.holdTransfer(of: image, to: pm, holder: holder, for: duration) {
            guard ContinuousClock.now < end else {
                throw Failure(.imageFetching, "another worker is bringing image \(image) to PM \(pm)")
            }
            do { try await Task.sleep(for: .milliseconds(50) + Self.backoff.delay(retry: tries)) } catch {
                throw Failure(.leaseLost, "the job was stopped while another worker brought image \(image) to PM \(pm)")
            }
            tries += 1
        }
        let renewal = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: duration / 3)
                _ = try? await store.holdTransfer(of: image, to: pm, holder: holder, for: duration)
            }
        }
        let result: Result<Value, Failure>
        do throws(Failure) { result = .success(try await body()) } catch { result = .failure(error) }
        renewal.cancel()
        _ = await renewal.result
        // A key that cannot be deleted runs out.
        await Task { try? await store.releaseTransfer(of: image, to: pm, holder: holder) }.value
        return try result.get()
    }
}
