import Model

/// Says whether a machine is fit for a request.
///
/// A new filter is one file: a type with its objections, and a line in the policies that use it.
package protocol PlacementFilter: Sendable {
    /// The ways in which it objects.
    associatedtype Objection: PlacementObjection

    /// The name under which its verdicts stand in explanations.
    var name: String { get }

    /// Whether the request asks anything of it; where not, all machines pass.
    ///
    /// - Parameter request: who wants a place.
    /// - Returns: false where it says the same of all machines.
    func concerns(_ request: PlacementRequest) -> Bool

    /// Whether it says the same whoever asks and whatever was planned, so that a plan asks it once.
    var isSameForAll: Bool { get }

    /// Judges one machine; called for each machine of the fleet, so it must be cheap.
    ///
    /// - Parameters:
    ///   - row: the machine.
    ///   - index: where it is in the fleet.
    ///   - fleet: the fleet.
    ///   - request: who wants a place.
    /// - Returns: why the machine is not fit; nil where it is.
    func objection(to row: PMRow, at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> Objection?

    /// The numbers behind its verdict on one machine, for people.
    ///
    /// - Parameters:
    ///   - index: where the machine is in the fleet.
    ///   - fleet: the fleet.
    ///   - request: who wants a place.
    /// - Returns: the numbers.
    func figures(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String

    /// Keeps the machines that pass, and counts the others by objection.
    ///
    /// All filters do this in the same way. It stands here so that each gets a loop of its own, in which its objection is
    /// no call: that is five times as fast.
    ///
    /// - Parameters:
    ///   - candidates: the machines' indices, in their order.
    ///   - fleet: the fleet.
    ///   - request: who wants a place.
    ///   - tally: where the others are counted.
    func narrow(
        _ candidates: inout ContiguousArray<Int32>,
        of fleet: FleetSnapshot,
        for request: PlacementRequest,
        _ tally: inout PlacementTally
    )
}

/// Why a machine is not fit: the cases of an enumeration from 0 on.
package protocol PlacementObjection: Sendable, CaseIterable, RawRepresentable where RawValue == Int {
    /// What kind of objection it is.
    var kind: PlacementObjectionKind { get }
    /// The objection in a few words, the same for all machines that it is made to.
    var text: String { get }
}

/// The kinds of objections, which distinguish a full fleet from an unavailable one.
package enum PlacementObjectionKind: Hashable, Sendable {
    /// The machine takes no VMs now.
    case unavailable
    /// The machine is not known well enough; a probe may change that.
    case unprobed
    /// The machine lacks headroom.
    case noHeadroom
    /// The machine does not satisfy the constraints of the request.
    case excluded
}

extension PlacementFilter {
    /// It concerns every request.
    package var isSameForAll: Bool { false }

    /// All requests concern it.
    package func concerns(_ request: PlacementRequest) -> Bool { true }

    /// Keeps the machines that pass, and counts the others by objection.
    package func narrow(
        _ candidates: inout ContiguousArray<Int32>,
        of fleet: FleetSnapshot,
        for request: PlacementRequest,
        _ tally: inout PlacementTally
    ) {
        var counts = [Int](repeating: 0, count: Objection.allCases.count)
        var kept = 0
        fleet.rows.withUnsafeBufferPointer { rows in
            candidates.withUnsafeMutableBufferPointer { candidates in
                for position in candidates.indices {
                    let index = Int(candidates[position])
                    if let objection = objection(to: rows[index], at: index, of: fleet, for: request) {
                        counts[objection.rawValue] += 1
                    } else {
                        candidates[kept] = Int32(truncatingIfNeeded: index)
                        kept += 1
                    }
                }
            }
        }
        guard kept < candidates.count else { return }
        candidates.removeLast(candidates.count - kept)
        for objection in Objection.allCases where counts[objection.rawValue] > 0 {
            tally.add(objection.text, of: objection.kind, count: counts[objection.rawValue])
        }
    }

    /// Of what kind its objection to one machine is; nil where there is none.
    func objectionKind(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> PlacementObjectionKind?
    {
        objection(to: fleet.rows[index], at: index, of: fleet, for: request)?.kind
    }

    /// Its verdict on one machine: the objection in words, nil where there is none.
    func verdict(at index: Int, of fleet: FleetSnapshot, for request: PlacementRequest) -> String? {
        objection(to: fleet.rows[index], at: index, of: fleet, for: request)?.text
    }
}

/// How many machines each objection kept out.
package struct PlacementTally: Sendable {
    private(set) var counts: [String: Int] = [:]
    private(set) var kinds: Set<PlacementObjectionKind> = []

    mutating func add(_ text: String, of kind: PlacementObjectionKind, count: Int) {
        counts[text, default: 0] += count
        kinds.insert(kind)
    }
}
