public import Model

/// How machines are chosen: filters say which are fit, weighers which of the fit comes first.
///
/// A new policy is a value of this type with a name of its own; a new filter or weigher is a type of its own.
public struct PlacementPolicy: Sendable {
    /// The name by which configuration asks for it.
    public let name: String
    /// Every one of them must pass a machine.
    public let filters: [any PlacementFilter]
    /// The first decides; the next decide among equals, and at the end the lower number.
    public let weighers: [any PlacementWeigher]

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - name: the name by which configuration asks for it.
    ///   - filters: what a machine must pass.
    ///   - weighers: what orders the machines that passed, the weightiest first.
    public init(name: String, filters: [any PlacementFilter], weighers: [any PlacementWeigher]) {
        self.name = name
        self.filters = filters
        self.weighers = weighers
    }

    /// The original wish: the machine used least recently goes first, least load decides among equals.
    ///
    /// A machine on which creates failed lately comes after those on which none did, lest it swallow the queue.
    public static let seed = PlacementPolicy(
        name: "seed",
        filters: [AvailabilityFilter(), TriedFilter(), RoomFilter()],
        weighers: [RecentFailuresWeigher(), LeastRecentlyUsedWeigher(), LoadWeigher()]
    )

    /// Every policy that configuration may name.
    public static let all = [seed]
}

/// Says whether a machine is fit for a request.
public protocol PlacementFilter: Sendable {
    /// Looks at one machine.
    ///
    /// - Parameters:
    ///   - machine: the machine as it is known.
    ///   - request: who wants a place.
    /// - Returns: why the machine is not fit; nil where it is.
    func objection(to machine: PhysicalMachine, for request: PlacementRequest) -> PlacementObjection?
}

/// Orders machines that are fit.
public protocol PlacementWeigher: Sendable {
    /// The name under which the term stands in explanations.
    var name: String { get }
    /// Weighs one machine; the lightest comes first.
    ///
    /// - Parameters:
    ///   - machine: the machine as it is known.
    ///   - request: who wants a place.
    /// - Returns: its weight.
    func weight(of machine: PhysicalMachine, for request: PlacementRequest) -> Double
}

/// Why a machine is not fit.
public struct PlacementObjection: Hashable, Sendable {
    /// What kind of objection it is; the kinds tell "full" from "away".
    public enum Kind: Hashable, Sendable {
        /// The machine takes no VMs now.
        case unavailable
        /// The machine has not been looked at yet.
        case unexplored
        /// The machine lacks room.
        case noRoom
    }

    /// What kind of objection it is.
    public let kind: Kind
    /// The objection in words, with its numbers.
    public let text: String

    /// Makes an objection.
    ///
    /// - Parameters:
    ///   - kind: what kind it is.
    ///   - text: the objection in words, with its numbers.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
