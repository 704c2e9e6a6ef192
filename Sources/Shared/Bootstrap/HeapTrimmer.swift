import CMalloc
import Dispatch
import Foundation

/// Gives memory back to the system that a burst of work has left free.
///
/// The C library keeps what is freed between blocks that are in use, for as long as the process lives: without this a
/// gateway that had 5,000 callers for a moment kept 250 MB.
package enum HeapTrimmer {
    /// How much may be held that nobody uses: less is needed again soon.
    private static let slack = 32 << 20

    /// Checks from time to time until the task is cancelled.
    ///
    /// - Parameter period: how often.
    package static func run(every period: Duration = .seconds(10)) async {
        let fixed = resident() - Int(mallinfo2().uordblks)
        while !Task.isCancelled {
            // A cancelled sleep ends the loop.
            try? await Task.sleep(for: period)
            let resident = resident()
            // Counting what is in use takes a walk through the heap.
            guard resident > fixed + slack else { continue }
            await onOwnThread {
                let info = mallinfo2()
                guard resident - fixed - Int(info.uordblks + info.hblkhd) > slack else { return }
                _ = malloc_trim(0)
            }
        }
    }

    /// Both calls lock the heap and touch all of it, so they are nothing for the threads that tasks share.
    private static func onOwnThread(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                body()
                continuation.resume()
            }
        }
    }

    /// How many bytes of the process are in memory (proc(5), statm); 0 where the system does not say.
    private static func resident() -> Int {
        guard let text = FileManager.default.contents(atPath: "/proc/self/statm") else { return 0 }
        let fields = String(decoding: text, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
