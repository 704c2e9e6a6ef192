import Model

/// What happens to the domains of a PM.
protocol EventDriver: Sendable {
    /// Reports what happens to the domains, until the connection breaks or the task is cancelled.
    ///
    /// - Parameters:
    ///   - begun: called before the first change is reported; from then on none is missed.
    ///   - change: called for each change.
    /// - Returns: false where this hypervisor reports nothing.
    /// - Throws: `Failure` where the PM cannot be asked.
    func watch(
        begun: () async -> Void,
        change: (DomainChange) async -> Void
    ) async throws(Failure) -> Bool
}

/// Something that happened to a domain on a PM.
struct DomainChange: Hashable, Sendable {
    /// What happened.
    enum What: String, Hashable, Sendable {
        /// Its definition was made or changed.
        case defined
        /// Its definition was removed.
        case undefined
        /// It began to run.
        case started
        /// It ended, in whatever way.
        case stopped
        /// Its guest is held, or asleep.
        case paused
        /// Its guest goes on; also reported just before `started`.
        case resumed
        /// Its guest crashed.
        case crashed
        /// Something may have happened that was not reported.
        case lost
    }

    /// What happened.
    var what: What
    /// The domain's UUID, lower-case.
    var uuid: String
    /// The domain's name.
    var name: String
}
