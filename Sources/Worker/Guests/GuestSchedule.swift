/// When it is asked how far a guest has come after its start: often at first, then less, then at probes alone.
enum GuestSchedule {
    /// Until what age of the start, and how often.
    private static let steps: [(age: Duration, wait: Duration)] = [
        (.seconds(20), .seconds(1)), (.seconds(60), .seconds(2)), (.seconds(180), .seconds(5)),
        (.seconds(600), .seconds(20)),
    ]

    /// From when on the agent is asked: before, no guest has one.
    static let agentAge = Duration.seconds(8)
    /// From when on people are told why there is none.
    static let reasonAge = Duration.seconds(45)
    /// How long a PM whose commands fail is spared them.
    static let pause = Duration.seconds(20)
    /// Up to what age of its run a guest that is not ready is asked about at probes.
    static let longestBoot = Duration.seconds(3600)

    /// How long to wait until the next look; nil where probes do.
    static func wait(atAge age: Duration) -> Duration? { steps.first { age < $0.age }?.wait }
}
