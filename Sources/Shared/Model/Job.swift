/// One accepted request on its way.
package enum Job {
    /// What a job does, by the name of its operation: each operation's file adds its own.
    package struct Kind: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral,
        CustomStringConvertible
    {
        /// The operation's name.
        package let rawValue: String

        /// Takes a name; nil where no operation could be called so.
        package init?(rawValue: String) {
            let letters = rawValue.utf8
            guard (1...32).contains(letters.count),
                letters.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") })
            else { return nil }
            self.rawValue = rawValue
        }

        package init(stringLiteral name: StaticString) { rawValue = "\(name)" }

        /// The name.
        package var description: String { rawValue }
    }

    /// Where a job is; it is in exactly one of these places.
    package enum State: String, Hashable, Sendable, CaseIterable {
        /// On the queue.
        case queued
        /// Behind another job of the same VM.
        case waiting
        /// On a worker's processing list.
        case running
        /// Deferred: its PM does not answer now.
        case delayed
        /// Ended as asked.
        case done
        /// Ended without success; its effects are undone.
        case failed
        /// Given up; kept for people to inspect.
        case dead

        /// True for a state that no job leaves.
        package var isFinal: Bool { self == .done || self == .failed || self == .dead }
    }
}

/// A job as it stands on the queue, in full, so that a snapshot of the list is all that planning needs.
package struct QueueEntry: Hashable, Sendable, Codable {
    /// The job's number.
    package let job: JobID
    /// What it does.
    package let kind: Job.Kind
    /// The VM it is about.
    package let vm: VMID
    /// CPUs it needs; 0 where it claims nothing.
    package let cpu: Int
    /// Memory it needs, in MiB.
    package let ram: Int
    /// Disk it needs, in GiB.
    package let disk: Int
    /// The image that the VM starts from; nil where it claims nothing.
    package let image: ImageID?
    /// Where the VM may go; nil for anywhere.
    package let constraints: PlacementConstraints?
    /// The PMs that failed it, which are not asked again; nil for none.
    package let excludedPMs: [PMID]?
    /// The batch with which its VM gets its place, or not at all; nil where it gets one by itself.
    package let batch: BatchID?

    /// What the job needs of a PM.
    package var needs: Resources { Resources(cpu: cpu, ram: ram, disk: disk) }

    /// Makes an entry.
    ///
    /// - Parameters:
    ///   - job: the job's number.
    ///   - kind: what it does.
    ///   - vm: the VM it is about.
    ///   - needs: what it needs of a PM.
    ///   - image: the image that the VM starts from.
    ///   - constraints: where the VM may go.
    ///   - excludedPMs: the PMs that failed it; nil for none.
    ///   - batch: the batch with which its VM gets its place.
    package init(
        job: JobID,
        kind: Job.Kind,
        vm: VMID,
        needs: Resources,
        image: ImageID? = nil,
        constraints: PlacementConstraints? = nil,
        excludedPMs: [PMID]? = nil,
        batch: BatchID? = nil
    ) {
        self.job = job
        self.kind = kind
        self.vm = vm
        cpu = needs.cpu
        ram = needs.ram
        disk = needs.disk
        self.image = image
        self.constraints = constraints
        self.excludedPMs = excludedPMs
        self.batch = batch
    }

    private enum CodingKeys: String, CodingKey {
        case job, kind, vm, cpu, ram, disk, image, batch
        case constraints = "where"
        case excludedPMs = "tried"
    }
}

extension QueueEntry {
    /// Reads an entry; people can write to the queue, too, so its amounts are checked.
    ///
    /// - Parameter decoder: the decoder to read from.
    /// - Throws: `DecodingError` where a key is missing or a value is none that we write.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func amount(_ key: CodingKeys) throws -> Int {
            let amount = try container.decode(Int.self, forKey: key)
            guard (0...1 << 53).contains(amount) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "no amount")
            }
            return amount
        }
        self.init(
            job: try container.decode(JobID.self, forKey: .job),
            kind: try container.decode(Job.Kind.self, forKey: .kind),
            vm: try container.decode(VMID.self, forKey: .vm),
            needs: Resources(cpu: try amount(.cpu), ram: try amount(.ram), disk: try amount(.disk)),
            image: try container.decodeIfPresent(ImageID.self, forKey: .image),
            constraints: try container.decodeIfPresent(PlacementConstraints.self, forKey: .constraints),
            excludedPMs: try container.decodeIfPresent([PMID].self, forKey: .excludedPMs),
            batch: try container.decodeIfPresent(BatchID.self, forKey: .batch)
        )
    }
}
