/// How far a job has come on its PM; its record keeps the furthest, in this order.
enum JobStep: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Bringing the image there; what it leaves belongs to no VM.
    case image
    /// Making the VM's disk.
    case disk
    /// Defining its domain.
    case domain
    /// Starting its domain.
    case start
    /// Taking domain and disk away.
    case remove

    /// Whether one comes before another.
    static func < (left: JobStep, right: JobStep) -> Bool { left.rank < right.rank }

    /// Its place in the order, from 1.
    var rank: Int { (Self.allCases.firstIndex(of: self) ?? 0) + 1 }
}
