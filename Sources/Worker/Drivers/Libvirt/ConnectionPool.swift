import Model

/// Which of the connections to one PM serves whom, and when one is opened or closed; pure.
///
/// Each connection carries one call at a time. A caller that finds all of them busy waits in line, and meanwhile one more is
/// opened, up to a limit and one at a time, so that a burst of callers does not become a burst of logins. What nobody has
/// used for a while is closed.
struct ConnectionPool: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Names one connection, from before it is opened until after it is closed.
    struct ID: Hashable, Sendable {
        fileprivate let number: Int
    }

    /// How a pool behaves.
    struct Limits: Hashable, Sendable {
        /// The most connections at once.
        var most: Int
        /// After how long without use a connection is closed beside which there are others.
        var idleTime: Duration
        /// After how long without use the last connection is closed.
        var lastIdleTime: Duration
        /// How long nobody tries to connect after an attempt failed; doubles with each failure.
        var retryPause: Duration
        /// The longest such pause.
        var longestRetryPause: Duration
    }

    /// What the owner is to do.
    enum Action: Hashable, Sendable {
        /// Open a connection, and report how that ended; with the right to wait for a slot where there is no other one.
        case open(ID, isOnly: Bool)
        /// Let a waiter have a connection, which may never have been used before; where the waiter has left, give it back.
        case serve(Int, with: ID, isFresh: Bool)
        /// Let a waiter fail.
        case refuse(Int, Failure)
        /// Close a connection.
        case close(ID)
    }

    private struct Connection {
        /// Since when nobody uses it; nil while somebody does.
        var idleSince: Instant?
        /// True until its first use.
        var isFresh = true
        /// False for one that broke, or is as old as one that did.
        var isSound = true
        /// How many read events over it.
        var readers = 0
    }

    private struct Refusal {
        let failure: Failure
        /// Until when nobody tries again; nil where somebody may.
        var until: Instant?
        let pause: Duration
    }

    private let limits: Limits
    private var connections: [ID: Connection] = [:]
    private var waiting: [Int] = []
    private var opening: ID?
    private var refusal: Refusal?
    private var last = 0
    /// When the PM was measured last, as far as is known here.
    private var measuredAt = 0
    /// True once the PM is no longer listed: then nothing is kept.
    private var isRetired = false

    /// Grows whenever a connection broke or the last one was closed: what was learned from the PM's libvirt before may be
    /// outdated.
    private(set) var generation = 0

    init(limits: Limits) {
        self.limits = limits
    }

    /// How many connections there are.
    var count: Int { connections.count }

    /// Takes an idle connection, the one that was used last, so that the others become superfluous.
    ///
    /// - Returns: the connection, and whether it was never used before; nil where the caller has to wait in line.
    mutating func takeIdle() -> (id: ID, isFresh: Bool)? {
        guard waiting.isEmpty else { return nil }
        let idle = connections.filter { $0.value.idleSince != nil && $0.value.isSound }
        guard let id = idle.max(by: { ($0.value.idleSince ?? .now) < ($1.value.idleSince ?? .now) })?.key else {
            return nil
        }
        return (id, take(id))
    }

    /// Puts a caller in line.
    mutating func arrive(_ ticket: Int, at now: Instant) -> [Action] {
        if let idle = takeIdle() { return [.serve(ticket, with: idle.id, isFresh: idle.isFresh)] }
        waiting.append(ticket)
        return settle(at: now)
    }

    /// Takes a caller out of the line.
    mutating func leave(_ ticket: Int) {
        waiting.removeAll { $0 == ticket }
    }

    /// Takes a connection that was opened.
    mutating func opened(_ id: ID, at now: Instant) -> [Action] {
        guard opening == id else { return [.close(id)] }
        opening = nil
        refusal = nil
        connections[id] = Connection(idleSince: now)
        return passOn(id, at: now) + settle(at: now)
    }

    /// Takes note that a connection could not be opened.
    ///
    /// - Parameters:
    ///   - failure: why.
    ///   - isAboutPM: whether that says anything of the PM, which then is left alone for a while.
    ///   - now: the time.
    /// - Returns: what to do; whoever waits fails with it where no other connection will serve.
    mutating func openingFailed(_ failure: Failure, isAboutPM: Bool, at now: Instant) -> [Action] {
        opening = nil
        if isAboutPM {
            let pause = min(refusal.map { $0.pause * 2 } ?? limits.retryPause, limits.longestRetryPause)
            refusal = Refusal(failure: failure, until: now + pause, pause: pause)
        }
        return hasSound ? [] : refuseAll(with: failure)
    }

    /// Takes a connection back.
    mutating func giveBack(_ id: ID, at now: Instant) -> [Action] {
        guard let connection = connections[id] else { return [] }
        guard connection.isSound else { return close(id) + settle(at: now) }
        connections[id]?.idleSince = now
        return passOn(id, at: now)
    }

    /// Takes note that a connection broke: those beside it lead to the same libvirt, and are used no more either.
    mutating func broke(_ id: ID, at now: Instant) -> [Action] {
        guard connections[id]?.isSound == true else { return [] }
        generation += 1
        for other in connections.keys { connections[other]?.isSound = false }
        return closeUnsound() + settle(at: now)
    }

    /// Keeps a connection while events are read over it.
    mutating func beginReading(over id: ID) { connections[id]?.readers += 1 }

    /// Ends what `beginReading` began.
    mutating func endReading(over id: ID) { connections[id]?.readers -= 1 }

    /// Takes note that somebody has measured the PM: that it refused this worker before says nothing any more.
    ///
    /// - Parameter time: when that was, in ms since 1970 by the clock of Redis.
    mutating func wasMeasured(at time: Int) {
        guard time > measuredAt else { return }
        measuredAt = time
        refusal?.until = nil
    }

    /// Closes what was not used for too long.
    ///
    /// - Parameters:
    ///   - now: the time.
    ///   - isPressed: whether others in this process wait for room: then all that is idle is closed.
    /// - Returns: what to do.
    mutating func closeIdle(at now: Instant, isPressed: Bool = false) -> [Action] {
        var actions: [Action] = []
        let oldestFirst = connections.sorted { ($0.value.idleSince ?? now) < ($1.value.idleSince ?? now) }
        for (id, connection) in oldestFirst {
            guard let since = connection.idleSince, connection.readers == 0 || isRetired else { continue }
            let limit = isRetired || isPressed ? .zero : connections.count > 1 ? limits.idleTime : limits.lastIdleTime
            if since.duration(to: now) >= limit { actions += close(id) }
        }
        return actions
    }

    /// Keeps nothing from now on: what is idle is closed, and the rest when it is given back.
    mutating func retire(at now: Instant) -> [Action] {
        isRetired = true
        return closeIdle(at: now)
    }

    // MARK: Parts

    /// Marks a connection as used.
    ///
    /// - Returns: whether it was never used before.
    private mutating func take(_ id: ID) -> Bool {
        defer {
            connections[id]?.idleSince = nil
            connections[id]?.isFresh = false
        }
        return connections[id]?.isFresh ?? false
    }

    /// Gives an idle connection to whoever waits longest.
    private mutating func passOn(_ id: ID, at now: Instant) -> [Action] {
        guard !waiting.isEmpty else { return isRetired ? closeIdle(at: now) : [] }
        return [.serve(waiting.removeFirst(), with: id, isFresh: take(id))]
    }

    /// Opens one more connection where somebody waits; lets all fail where there is none and none is to be opened yet.
    private mutating func settle(at now: Instant) -> [Action] {
        guard !waiting.isEmpty, opening == nil, connections.values.count(where: \.isSound) < limits.most,
            // Dead ones whose calls have not returned yet count for so long only.
            connections.count < limits.most * 2
        else { return [] }
        if let refusal, let until = refusal.until, now < until {
            return hasSound ? [] : refuseAll(with: refusal.failure)
        }
        last += 1
        let id = ID(number: last)
        opening = id
        return [.open(id, isOnly: !hasSound)]
    }

    private var hasSound: Bool { connections.values.contains(where: \.isSound) }

    private mutating func refuseAll(with failure: Failure) -> [Action] {
        defer { waiting = [] }
        return waiting.map { .refuse($0, failure) }
    }

    private mutating func closeUnsound() -> [Action] {
        connections.filter { $0.value.idleSince != nil && !$0.value.isSound }.keys.flatMap { close($0) }
    }

    private mutating func close(_ id: ID) -> [Action] {
        connections[id] = nil
        if connections.isEmpty { generation += 1 }
        return [.close(id)]
    }
}
