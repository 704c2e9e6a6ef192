/// Where a VM is in its life.
///
/// What may follow a state is not said here: `StateTable` derives it from the operations.
package enum VMState: String, Hashable, Sendable, CaseIterable {
    /// Accepted; not yet placed.
    case queued
    /// Placed, and not to be built yet: it holds its claim until a time.
    case held
    /// Placed: its PM holds a claim for it, and a worker builds it.
    case building
    /// Its domain runs.
    case running
    /// Its domain is there and its guest is held: by an I/O error, by somebody, or asleep.
    case paused
    /// Its guest or its process ended by a fault.
    case crashed
    /// Its domain is defined and does not run.
    case stopped
    /// Its domain was not found where it should be.
    case missing
    /// A worker takes it down, or will when its PM answers.
    case destroying
    /// Its job was given up; what it left is found by a destroy.
    case error

    /// The states that follow from what a PM has, and change with it.
    package static let observed: Set<VMState> = [.running, .paused, .crashed, .stopped, .missing]

    /// The states in which the PM has a domain of the VM, as its record says.
    package static let withDomain = observed.subtracting([.missing])
}
