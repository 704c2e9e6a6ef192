/// Rules that a run breaks on purpose, to see that the simulator finds out.
struct Sabotage: OptionSet, Hashable, Sendable, CustomStringConvertible {
    let rawValue: Int

    init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// An outcome is written whoever sends it.
    static let finishAsksNoEpoch = Sabotage(rawValue: 1 << 0)
    /// A claim takes a place that is full by now.
    static let claimAsksNoRoom = Sabotage(rawValue: 1 << 1)
    /// The room of a VM that goes is freed twice.
    static let roomIsFreedTwice = Sabotage(rawValue: 1 << 2)
    /// A step is begun whoever has the job.
    static let enterAsksNoEpoch = Sabotage(rawValue: 1 << 3)
    /// A job that comes back goes behind all others.
    static let comesBackLast = Sabotage(rawValue: 1 << 4)
    /// A claim takes entries from anywhere in the queue.
    static let claimAsksNoOrder = Sabotage(rawValue: 1 << 5)
    /// A job does not wait for the VM's job under way.
    static let nobodyWaits = Sabotage(rawValue: 1 << 6)
    /// Who waits for a VM's job is not woken at its end.
    static let nobodyIsWoken = Sabotage(rawValue: 1 << 7)
    /// A create moves on with its room on the first PM still taken.
    static let moveOnKeepsRoom = Sabotage(rawValue: 1 << 8)
    /// A create that may have left something forgets it.
    static let nothingIsOwed = Sabotage(rawValue: 1 << 9)
    /// A refusal counts though room was freed since the plan.
    static let refusalsNeverAge = Sabotage(rawValue: 1 << 10)
    /// A lease that ran out is left alone.
    static let nobodySweeps = Sabotage(rawValue: 1 << 11)
    /// A job is never given up.
    static let nothingIsGivenUp = Sabotage(rawValue: 1 << 12)
    /// A worker takes away what a failed create made without asking whether the job is still its own.
    static let undoAsksNobody = Sabotage(rawValue: 1 << 13)
    /// A worker refuses a create for its image before it knows what an earlier run has made.
    static let imageBeforeJournal = Sabotage(rawValue: 1 << 14)
    /// A worker that was frozen between the fence and the act does not look at the clock before it acts.
    static let actsWithoutClock = Sabotage(rawValue: 1 << 15)

    /// A permit for a step leaves the lease as it is, so that it may be over by then.
    static let enterKeepsNoLease = Sabotage(rawValue: 1 << 16)
    /// A claim does not make its worker known, so that the repair passes by what it holds.
    static let claimTellsNobody = Sabotage(rawValue: 1 << 17)

    /// Each of them alone.
    static let all = names.map(\.value)

    private static let names: KeyValuePairs<String, Sabotage> = [
        "finish asks no epoch": .finishAsksNoEpoch, "claim asks no room": .claimAsksNoRoom,
        "room is freed twice": .roomIsFreedTwice, "enter asks no epoch": .enterAsksNoEpoch,
        "a job comes back last": .comesBackLast, "claim asks no order": .claimAsksNoOrder,
        "nobody waits": .nobodyWaits, "nobody is woken": .nobodyIsWoken, "move on keeps the room": .moveOnKeepsRoom,
        "nothing is owed": .nothingIsOwed, "refusals never age": .refusalsNeverAge, "nobody sweeps": .nobodySweeps,
        "nothing is given up": .nothingIsGivenUp, "undo asks nobody": .undoAsksNobody,
        "the image comes before the journal": .imageBeforeJournal, "acts without a clock": .actsWithoutClock,
        "enter keeps no lease": .enterKeepsNoLease,
        "claim tells nobody": .claimTellsNobody,
    ]

    /// The rules that are broken, in words.
    var description: String {
        Self.names.filter { contains($0.value) }.map(\.key).joined(separator: ", ")
    }
}
