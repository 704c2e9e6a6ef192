import Glibc

/// Runs Swift's tasks on the thread that calls it, one job after another, in the order in which they became ready.
///
/// What the runtime would give to its threads goes to the loop of the thread on which it became ready (by the runtime's own
/// hook), so async code that waits for nothing but what a simulation resumes runs the same each time, unstructured tasks and
/// actors included. Each job belongs to a process; the jobs of a process that is frozen stay until it thaws.
final class TaskLoop {
    private var ready: [(job: UnownedJob, process: SimulatedProcess)] = []
    /// The process to which belongs what becomes ready now.
    private var current: SimulatedProcess?
    /// How many jobs a process may run in one go: more would not end.
    private static let limit = 100_000

    /// Has what becomes ready within a body belong to a process.
    func acting(as process: SimulatedProcess, _ body: () -> Void) {
        let before = current
        current = process
        defer { current = before }
        Self.install()
        let outer = pthread_getspecific(Self.key)
        pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque())
        defer { pthread_setspecific(Self.key, outer) }
        body()
    }

    /// Runs until nothing is ready that may run.
    func run() {
        var count = 0
        while !ready.isEmpty {
            let (job, process) = ready.removeFirst()
            if process.life == .frozen {
                process.frozenJobs.append(job)
                continue
            }
            count += 1
            precondition(count < Self.limit, "\(process.name) does not come to rest")
            acting(as: process) { runJob(job, generic) }
        }
    }

    /// Takes up what became ready for a process while it was frozen.
    func thaw(_ process: SimulatedProcess) {
        ready += process.frozenJobs.map { ($0, process) }
        process.frozenJobs = []
    }

    // MARK: - The runtime's hook

    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    /// Where each thread has the loop that runs on it.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    private static let isInstalled: Bool = {
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "swift_task_enqueueGlobal_hook") else { return false }
        symbol.assumingMemoryBound(to: Hook?.self).pointee = { job, original in
            guard let loop = pthread_getspecific(TaskLoop.key) else { return original(job) }
            Unmanaged<TaskLoop>.fromOpaque(loop).takeUnretainedValue().add(job)
        }
        return true
    }()

    private static func install() {
        precondition(isInstalled, "the Swift runtime has no swift_task_enqueueGlobal_hook")
    }

    private func add(_ job: UnownedJob) {
        guard let current else { preconditionFailure("a job became ready outside of any process") }
        ready.append((job, current))
    }

    /// The executor of tasks that belong to no actor.
    private let generic = unsafeBitCast((0, 0), to: UnownedSerialExecutor.self)
}

/// The runtime's own way to run a job on the thread that calls it.
@_silgen_name("swift_job_run")
private func runJob(_ job: UnownedJob, _ executor: UnownedSerialExecutor)
