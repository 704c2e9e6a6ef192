public import Model

/// Every Redis key, built in one place; docs/redis.md tells what stands under each.
public struct Keys: Hashable, Sendable {
    /// What every key starts with: `hvc:`, or with braces (`{eu1}:`) so that a cell lies in one cluster slot.
    public let prefix: String

    /// Keys under a prefix.
    ///
    /// - Parameter prefix: what every key starts with.
    public init(prefix: String = "hvc:") {
        self.prefix = prefix
    }

    /// List: the accepted jobs, newest left, oldest right; each a line of JSON.
    public var queue: String { prefix + "queue" }
    /// Sorted set: the jobs that workers hold, by the end of their lease in ms.
    public var leases: String { prefix + "leases" }
    /// Sorted set: the jobs that were put off, by the time in ms at which they are due.
    public var delayed: String { prefix + "delayed" }
    /// Sorted set: the holds, by the time in ms at which they end.
    public var holds: String { prefix + "holds" }
    /// Hash: how machines are chosen, as the workers were told.
    public var policy: String { prefix + "policy" }
    /// String: there for as long as nobody need compare processing lists with leases.
    public var repair: String { prefix + "repair" }
    /// Sorted set: UUIDs of VMs that were forgotten within the last ten minutes, by when, in ms.
    public var gone: String { prefix + "gone" }
    /// List: entries given up, newest left, each a line of JSON with the reason.
    public var dead: String { prefix + "dead" }
    /// List: the jobs that ended and have a record still, newest left.
    public var endedJobs: String { prefix + "jobs:ended" }
    /// Stream: what happened, for everybody who follows.
    public var events: String { prefix + "events" }
    /// Hash: the last number given of each kind, and the versions of the fleet.
    public var counters: String { prefix + "counters" }
    /// Sorted set: PMs by the version of the fleet at which they changed last.
    public var fleet: String { prefix + "fleet" }
    /// Hash: which PMs lead to a machine, by the machine's identity.
    public var identities: String { prefix + "identities" }
    /// Sorted set: PMs by the time in ms at which they are to be looked at next.
    public var discovery: String { prefix + "discovery" }
    /// Sorted set: the VMs there are.
    public var vms: String { prefix + "vms" }
    /// Sorted set: the PMs that are listed.
    public var pms: String { prefix + "pms" }
    /// Sorted set: the types that are listed.
    public var types: String { prefix + "types" }
    /// Sorted set: the images that are listed.
    public var images: String { prefix + "images" }
    /// Sorted set: workers by the time in ms at which they were last heard of.
    public var workers: String { prefix + "workers" }

    /// Hash: which number each address, path or size was given, for ever.
    public func numbers(of kind: CatalogKind) -> String { prefix + kind.rawValue + ":numbers" }
    /// List: the jobs that a worker holds.
    public func processing(_ worker: String) -> String { prefix + "processing:" + worker }
    /// Hash: a worker, gone by itself when it is not heard of.
    public func worker(_ name: String) -> String { prefix + "worker:" + name }
    /// Hash: a job.
    public func job(_ id: JobID) -> String { prefix + "job:\(id)" }
    /// Hash: a VM.
    public func vm(_ id: VMID) -> String { prefix + "vm:\(id)" }
    /// List: the jobs of a VM that wait for the one that is under way.
    public func waiting(_ id: VMID) -> String { prefix + "vm:\(id):waiting" }
    /// Hash: a PM.
    public func pm(_ id: PMID) -> String { prefix + "pm:\(id)" }
    /// Set: the VMs that hold room on a PM.
    public func vms(on id: PMID) -> String { prefix + "pm:\(id):vms" }
    /// Hash: the workers that could not reach a PM lately, with when and why.
    public func unreached(_ id: PMID) -> String { prefix + "pm:\(id):unreached" }
    /// Set: the jobs that were put off and have their VM on a PM.
    public func delayed(on id: PMID) -> String { prefix + "pm:\(id):delayed" }
    /// Hash: a group of VMs: its rule, how many there are, and how many of them are on a PM.
    public func group(_ name: String) -> String { prefix + "group:" + name }
    /// Hash: a type.
    public func type(_ id: TypeID) -> String { prefix + "type:\(id)" }
    /// Hash: an image.
    public func image(_ id: ImageID) -> String { prefix + "image:\(id)" }
    /// Hash: what stands on a simulated PM.
    public func simulated(_ number: Int) -> String { prefix + "simulated:\(number)" }
    /// String: who brings an image to a PM right now.
    public func transfer(of image: ImageID, to pm: PMID) -> String { prefix + "transfer:\(pm):\(image)" }
}

/// The three lists of the catalog.
public enum CatalogKind: String, Sendable, CaseIterable {
    /// Physical machines, by address.
    case pm
    /// Images, by path.
    case image
    /// Types, by size.
    case type
}
