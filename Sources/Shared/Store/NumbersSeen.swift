import Model
import NIOConcurrencyHelpers

/// The highest numbers of jobs and VMs that this process has seen: in what it asked for, and in events.
///
/// Scripts that give numbers get them as floors, so that a Redis that lost its data or went back gives none of them again.
final class NumbersSeen: Sendable {
    private let highest = NIOLockedValueBox((job: 0, vm: 0))

    /// The highest number of a job; 0 for none.
    var job: Int { highest.withLockedValue(\.job) }
    /// The highest number of a VM; 0 for none.
    var vm: Int { highest.withLockedValue(\.vm) }

    /// Takes numbers in; one that is too large to be given is left out, or no other could follow it.
    func note(job: JobID?, vm: VMID?) {
        highest.withLockedValue { highest in
            if let job, job.value <= LuaLibrary.largestNumber { highest.job = max(highest.job, job.value) }
            if let vm, vm.value <= LuaLibrary.largestNumber { highest.vm = max(highest.vm, vm.value) }
        }
    }
}
