package import Model
package import Placement

/// How far somebody knows the fleet.
package struct FleetPosition: Hashable, Sendable {
    /// The version up to which it is known; 0 for none.
    package internal(set) var version = 0
    /// The version as of which the records of all PMs are known; between the pieces of a long way, that before them.
    package internal(set) var complete = 0
    /// Which Redis' fleet it is: an emptied one counts anew.
    package internal(set) var generation = ""
    /// By which connection it is known: a Redis that is reached anew may have gone back, and on from there.
    var connection = 0

    /// Nothing is known.
    package static let start = FleetPosition()
}

/// One process' copy of the fleet, kept current by reading only what changed since the last poll.
///
/// Each record of a PM has a version, and a poll returns those that changed since a version. A cache that fell behind, however
/// far, catches up in the same way, in pieces, so that Redis never serves a whole fleet in one call. A cache whose connection
/// was lost begins anew: its versions may mean something else in the Redis that it reaches next.
package struct FleetCache: Sendable {
    /// The fleet.
    package private(set) var fleet = FleetSnapshot()
    /// How far it is known.
    package private(set) var position = FleetPosition.start

    /// Knows nothing yet.
    package init() {}

    /// Applies what a poll returned.
    ///
    /// - Parameter snapshot: the result of the poll.
    package mutating func update(by snapshot: QueueSnapshot) {
        if snapshot.isReset { (fleet, position) = (FleetSnapshot(), .start) }
        fleet.update(snapshot.changed + snapshot.claims.compactMap { $0.applied(to: fleet[$0.pm]) })
        fleet.time = snapshot.time
        let complete = snapshot.hasMore ? position.complete : snapshot.position.version
        position = snapshot.position
        position.complete = complete
    }
}

/// A fleet cache shared by callers who plan now and then.
package actor SharedFleetCache {
    private let store: Store
    private var cache = FleetCache()

    /// Makes an empty cache.
    ///
    /// - Parameter store: where the fleet's records are.
    package init(store: Store) {
        self.store = store
    }

    /// The fleet as it is now.
    ///
    /// - Returns: the fleet.
    /// - Throws: `Failure`.
    package func fleet() async throws(Failure) -> FleetSnapshot {
        while true {
            let since = cache.position
            let snapshot = try await store.poll(since: since, limit: 0)
            // Another caller may have gone on meanwhile; what it read is as good.
            if cache.position == since { cache.update(by: snapshot) }
            if !snapshot.hasMore, cache.position.version >= snapshot.position.version { return cache.fleet }
        }
    }
}
