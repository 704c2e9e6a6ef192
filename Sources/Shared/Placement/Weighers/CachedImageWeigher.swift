import Model

/// Prefers machines that have a copy of the request's image.
public struct CachedImageWeigher: PlacementWeigher {
    /// `image_cached`.
    public let name = "image_cached"

    /// Makes the weigher.
    public init() {}

    /// Requests that name an image.
    public func concerns(_ request: PlacementRequest) -> Bool { request.image != nil }

    /// 0 where the machine has a copy of the image, 1 where one would have to be brought.
    public func weight(
        of row: PMRow,
        at index: Int,
        in fleet: FleetSnapshot,
        for request: PlacementRequest
    ) -> Double {
        request.image.map { fleet.entries[index].machine.cachedImages.contains($0) ? 0 : 1 } ?? 0
    }
}
