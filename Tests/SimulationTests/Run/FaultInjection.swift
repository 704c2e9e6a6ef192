import RedisClient

/// Something that is broken on purpose, to see that the simulator finds out.
struct FaultInjection: Sendable, CustomStringConvertible {
    struct Change: Sendable {
        let script: String
        let text: String
        let replacement: String
    }

    let description: String
    /// What shows it.
    let invariant: Invariant
    let changes: [Change]
    /// Workers do not notice how long they were frozen.
    let clocksStandStill: Bool
    /// The first seed that is tried: what few runs show would take long from the first one on.
    let firstSeed: UInt64

    init(
        _ description: String,
        breaks invariant: Invariant,
        from firstSeed: UInt64 = 1,
        _ changes: (script: String, text: String, replacement: String)...,
        clocksStandStill: Bool = false
    ) {
        self.description = description
        self.invariant = invariant
        self.clocksStandStill = clocksStandStill
        self.firstSeed = firstSeed
        self.changes = changes.map { Change(script: $0.script, text: $0.text, replacement: $0.replacement) }
    }

    /// The script as it runs with the fault.
    func changed(_ script: RedisScript) -> RedisScript {
        let changes = changes.filter { $0.script == script.name }
        guard !changes.isEmpty else { return script }
        let source = changes.reduce(script.source) { source, change in
            source.replacing(change.text, with: change.replacement)
        }
        return RedisScript(name: "\(script.name), changed", source: source)
    }
}
