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

/// The fleet as one process follows it: what changed since the last look is taken in, and nothing else is read.
///
/// Each record of a PM has a version, and a look tells those that changed since a version. One that fell behind, however
/// far, catches up in the same way, in pieces, so that Redis never serves a whole fleet in one go. One whose connection
/// was lost begins anew: versions of before may mean something else.
package struct FleetView: Sendable {
    /// The fleet.
    package private(set) var fleet = FleetSnapshot()
    /// How far it is known.
    package private(set) var position = FleetPosition.start

    /// Knows nothing yet.
    package init() {}

    /// Takes in what a look tells.
    ///
    /// - Parameter peek: the look.
    package mutating func update(by peek: Peek) {
        if peek.isReset { (fleet, position) = (FleetSnapshot(), .start) }
        fleet.update(peek.changed + peek.claims.compactMap { $0.applied(to: fleet[$0.pm]) })
        fleet.time = peek.time
        let complete = peek.hasMore ? position.complete : peek.position.version
        position = peek.position
        position.complete = complete
    }
}

/// Follows the fleet for those who plan now and then.
package actor FleetFollower {
    private let store: Store
    private var view = FleetView()

    /// Makes a follower that knows nothing yet.
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
            let since = view.position
            let peek = try await store.peek(since: since, limit: 0)
            // Another caller may have gone on meanwhile; what it read is as good.
            if view.position == since { view.update(by: peek) }
            if !peek.hasMore, view.position.version >= peek.position.version { return view.fleet }
        }
    }
}
