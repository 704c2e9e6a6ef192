import Foundation
import Model
import RedisClient
import Store

/// Puts creates on the queue at a steady rate and tells how long each took until a worker had started it.
///
/// Usage: `EnqueueToStart REDIS_URL JOBS_A_SECOND JOBS`. Prints for each job the seconds from the call of the enqueue
/// script to the arrival of its `job.started` here, and how many of them the script itself took; both by the clock of
/// this process. Once all VMs are there it destroys them, outside the measured time. Nobody else may use the queue.
@main
struct EnqueueToStart {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count == 3, let url = arguments.first, let rate = Double(arguments[2]), rate > 0,
            let count = Int(arguments[3]), count > 0
        else { throw Trouble("Usage: EnqueueToStart REDIS_URL JOBS_A_SECOND JOBS") }
        let redis = RedisClient(configuration: try RedisConfiguration(url: url))
        let caller = Caller(store: Store(redis: redis))
        var events = try await EventReader(redis: redis, stream: caller.store.keys.events)

        async let creating = caller.create(count, each: .seconds(1 / rate))
        let starts = try await events.starts(untilEndOf: count)
        let creates = try await creating
        for create in creates {
            guard let start = starts[create.accepted.job] else { throw Trouble("\(create.accepted) was not started") }
            print(seconds(start - create.sent), seconds(create.answered - create.sent))
        }

        async let destroying: Void = caller.destroy(creates.map(\.accepted.vm))
        _ = try await events.starts(untilEndOf: count)
        try await destroying
        await redis.shutdown()
    }

    private static func seconds(_ duration: Duration) -> String {
        String(format: "%.6f", duration / .seconds(1))
    }
}

/// Why there is no result.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
