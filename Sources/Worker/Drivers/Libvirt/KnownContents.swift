import Foundation
import Model

/// What earlier inventories read of a PM's domains and volumes.
struct KnownContents: Sendable {
    /// What shows that a domain may be another than it was when it was read.
    struct DomainStamp: Hashable, Sendable {
        var name: String
        /// libvirt's number of its run; nil while it does not run.
        var run: UInt32?
    }

    /// What is read of one domain.
    struct DomainReading: Hashable, Sendable {
        var cpus: Int
        var memoryMiB: Int
        /// Our record in its metadata.
        var record: VirtualMachine?
        /// The installation that made it.
        var cell: String?
        /// The MAC addresses of its network cards, where it is ours.
        var macs: [MACAddress] = []
    }

    /// How many domains, and how many volumes, are read anew in each inventory although nothing shows a change.
    ///
    /// What libvirt reports by no event, as CPUs that are plugged into a guest that runs, is found that way: at once on a PM
    /// with no more than these, and in a dozen inventories with a hundred.
    static let rereads = 8

    /// By UUID.
    var domains = ReadingCache<UUID, DomainStamp, DomainReading>(rereads: rereads)
    /// What each volume takes, in bytes, by name, which is all that a listing says of one.
    var volumes = ReadingCache<String, String, Int64>(rereads: rereads)
}
