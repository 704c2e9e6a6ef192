import Model

/// Orders machines that are fit.
///
/// A new weigher is one file: a type, and a line in `PlacementPolicy.weighers`.
package protocol PlacementWeigher: Sendable {
    /// The name under which the term stands in explanations and in configuration.
    var name: String { get }

    /// Whether it distinguishes machines for this request.
    ///
    /// - Parameters:
    ///   - request: who wants a place.
    ///   - fleet: the fleet.
    /// - Returns: false where it says the same of all machines.
    func concerns(_ request: PlacementRequest, in fleet: FleetSnapshot) -> Bool

    /// Weighs one machine; the lightest comes first. Called for each machine that is fit, so it must be cheap.
    ///
    /// - Parameters:
    ///   - row: the machine.
    ///   - index: where it is in the fleet.
    ///   - fleet: the fleet.
    ///   - request: who wants a place.
    /// - Returns: its weight, a finite number; from 0 to 1 where it is to be summed up with others.
    func weight(of row: PMRow, at index: Int, in fleet: FleetSnapshot, for request: PlacementRequest) -> Double

    /// Adds its weights, times a factor, to the sums of the candidates.
    ///
    /// All weighers do this and the next in the same way; they stand here so that each gets a loop of its own.
    ///
    /// - Parameters:
    ///   - sums: the sums, a candidate each.
    ///   - factor: the factor.
    ///   - candidates: the machines' indices.
    ///   - fleet: the fleet.
    ///   - request: who wants a place.
    func add(
        to sums: inout ContiguousArray<Double>,
        times factor: Double,
        of candidates: ContiguousArray<Int32>,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    )

    /// Keeps the lightest of the candidates.
    ///
    /// - Parameters:
    ///   - candidates: the machines' indices.
    ///   - fleet: the fleet.
    ///   - request: who wants a place.
    func keepLightest(
        of candidates: inout ContiguousArray<Int32>,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    )
}

extension PlacementWeigher {
    /// All requests concern it.
    package func concerns(_ request: PlacementRequest, in fleet: FleetSnapshot) -> Bool { true }

    /// Adds its weights, times a factor, to the sums of the candidates.
    package func add(
        to sums: inout ContiguousArray<Double>,
        times factor: Double,
        of candidates: ContiguousArray<Int32>,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) {
        fleet.rows.withUnsafeBufferPointer { rows in
            candidates.withUnsafeBufferPointer { candidates in
                sums.withUnsafeMutableBufferPointer { sums in
                    for position in candidates.indices {
                        let index = Int(candidates[position])
                        sums[position] += factor * weight(of: rows[index], at: index, in: fleet, for: request)
                    }
                }
            }
        }
    }

    /// Keeps the lightest of the candidates.
    package func keepLightest(
        of candidates: inout ContiguousArray<Int32>,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) {
        let kept = fleet.rows.withUnsafeBufferPointer { rows in
            candidates.withUnsafeMutableBufferPointer { candidates in
                var (least, kept) = (Double.infinity, 0)
                for position in candidates.indices {
                    let index = Int(candidates[position])
                    let weight = weight(of: rows[index], at: index, in: fleet, for: request)
                    guard weight <= least else { continue }
                    if weight < least { (least, kept) = (weight, 0) }
                    candidates[kept] = Int32(truncatingIfNeeded: index)
                    kept += 1
                }
                return kept
            }
        }
        candidates.removeLast(candidates.count - kept)
    }
}
