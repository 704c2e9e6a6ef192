import Model
import Store

/// One difference between what there is and what must be.
struct AuditFinding: Hashable, Sendable {
    /// What must hold; docs/faults.md numbers them.
    enum Invariant: String, Hashable, Sendable, Codable {
        /// Claims are the sum of VMs' needs, and not more than may be promised.
        case claims = "I1"
        /// A VM has one domain at most, as its record says.
        case domains = "I2"
        /// A job that has not ended stands in one place.
        case jobs = "I3"
        /// Nothing is without an owner.
        case owners = "I4"
        /// The jobs of a VM run one after another.
        case order = "I6"
        /// A PM could not be read, so nothing is known of what is on it.
        case unread
        /// The records are right, and somebody has to see to what they say.
        case attention
        /// A record is not as our scripts write it.
        case broken
    }

    /// What can be done about it without harm.
    enum Remedy: Hashable, Sendable {
        /// Counting claims anew from the VMs' records.
        case recount(PMID)
        /// Putting a VM into the index of VMs.
        case list(VMID)
        /// Putting jobs into the index of jobs.
        case listJobs([JobID])
        /// Correcting the counts of a group.
        case recountGroup(GroupCorrection)
        /// Correcting what a project counts.
        case recountProject(ProjectCorrection)
        /// Having a hold end at its time, and nothing else.
        case retime(VMID)
        /// Putting a job back to the queue.
        case requeue(JobID)
        /// Freeing a VM from a job that is lost.
        case free(VMID)
        /// Having a PM probed, which writes what is there.
        case probe(PMID)
        /// Deleting a disk.
        case deleteDisk(String, PMID)
    }

    /// What does not hold.
    let invariant: Invariant
    /// Where: a key of Redis, or a PM and what is on it.
    let row: String
    /// What is wrong, without figures that change from one pass to the next.
    let problem: String
    /// More for people, such as figures.
    var details = ""
    /// What can be done about it; nil where people must decide.
    var remedy: Remedy?
    /// What people are to do; empty where the problem says it.
    var advice = ""
    /// Figures that are the same in another pass where the difference is real; for what is counted over many pages.
    var figures: [Int] = []

    /// The same difference in another pass.
    var identity: [String] { [invariant.rawValue, row, problem] + figures.map(String.init) }

    /// One line for people.
    var text: String {
        "\(invariant.rawValue)  \(row): \(problem)" + (details.isEmpty ? "" : " (\(details))")
            + (advice.isEmpty ? "" : ": \(advice)")
    }
}
